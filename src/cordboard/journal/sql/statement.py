"""A statement of the writer, and the rows that it is executed for."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Delete, Insert, Table, Update, insert

Row = tuple[Any, ...]
"""Values in the order that their statement names them in."""


class Statement:
    """A statement with parameters (:func:`sqlalchemy.bindparam`), whose rows give their values in
    the order of ``names``."""

    __slots__ = ("names", "sql")

    def __init__(self, sql: Insert | Update | Delete, *names: str) -> None:
        self.sql: Final = sql
        self.names: Final = names


Change = tuple[Statement, list[Row]]
"""A statement with all the rows that it is executed for."""


def adding(table: Table, *columns: str) -> Statement:
    """A statement that adds rows to a table."""
    return Statement(insert(table), *columns)
