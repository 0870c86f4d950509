"""A statement of the writer in the words of a database, and its execution by the driver's cursor.

The driver lets go of the interpreter for each execution, and has to wait for it afterwards where
the event loop is busy. So rows are added many at a time, by a text for each number of them.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.engine.interfaces import DBAPICursor

from cordboard.journal.sql.statement import Row, Statement

AT_ONCE: Final = 16
"""Rows that are added by one execution: the events of a call. More of them would be more texts, of
which SQLite's driver has 128 at hand."""

_VALUES: Final = " VALUES "


class Translation:
    """A statement for the database of ``engine``, translated once."""

    __slots__ = ("_constants", "_order", "_sql", "_texts")

    def __init__(self, statement: Statement, engine: Engine) -> None:
        given = list(statement.names)
        compiled = statement.sql.compile(engine, column_keys=given, for_executemany=True)
        wanted = list(compiled.positiontup or ())
        own = {name: one.value for one, name in compiled.bind_names.items() if not one.required}
        self._sql = str(compiled)
        self._constants = tuple(own.values())
        self._order = [] if wanted == given else [[*given, *own].index(one) for one in wanted]
        self._texts: list[str] = []
        if statement.adds:
            head, _, values = self._sql.partition(_VALUES)
            several = (", ".join([values] * number) for number in range(1, AT_ONCE + 1))
            self._texts = [head + _VALUES + text for text in several]

    def execute(self, cursor: DBAPICursor, rows: list[Row]) -> None:
        """Execute it for all rows."""
        if self._order:
            rows = list(map(self._ordered, rows))
        if not self._texts:
            cursor.executemany(self._sql, rows)
            return
        for first in range(0, len(rows), AT_ONCE):
            some = rows[first : first + AT_ONCE]
            cursor.execute(self._texts[len(some) - 1], tuple(chain.from_iterable(some)))

    def _ordered(self, row: Row) -> Row:
        """The values in the order in which the text has them, with those that it has itself."""
        values = row + self._constants
        return tuple([values[place] for place in self._order])
