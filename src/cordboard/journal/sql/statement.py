"""A statement of the writer, and the rows that it is executed for."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Delete, Insert, Table, Update, insert

Row = tuple[Any, ...]
"""Values in the order that their statement names them in."""


class Statement:
    """A statement with parameters (:func:`sqlalchemy.bindparam`), whose rows give their values in
    the order of ``names``. ``adds`` is whether it does nothing but add them to a table."""

    __slots__ = ("adds", "names", "sql")

    def __init__(self, sql: Insert | Update | Delete, *names: str, adds: bool = False) -> None:
        self.sql: Final = sql
        self.names: Final = names
        self.adds: Final = adds


Change = tuple[Statement, list[Row]]
"""A statement with all the rows that it is executed for."""


def adding(table: Table, *columns: str) -> Statement:
    """A statement that adds rows to a table."""
    return Statement(insert(table), *columns, adds=True)
