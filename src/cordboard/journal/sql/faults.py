"""What keeps a batch from being written, and how long to wait until it is tried again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

from sqlalchemy import bindparam, delete
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout

from cordboard.journal.sql.statement import Change, Statement, adding
from cordboard.journal.sql.tables import meta

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
"""Seconds until a failed batch is tried again: first and, doubled each time, at most."""

ROOM: Final = 262_144
"""Octets that a database has to take before requests are let in again. The largest of them is a
quarter of that, and SQLite writes each page that it touches."""

_NAME: Final = "room"
_LEAVE = Statement(delete(meta).where(meta.c.name == bindparam("left")), "left")
_TAKE = adding(meta, "name", "value")


def is_of_the_data(error: Exception) -> bool:
    """Whether an error is of what was to be written, and none of the database's condition."""
    if isinstance(error, DataError | IntegrityError | ProgrammingError):
        return True
    return not isinstance(error, DBAPIError | DatabaseTimeout | OSError)


def fault_of(reason: str) -> str:
    """Why nothing can be written, as it is told."""
    return f"the journal can't be written: {reason}"


def pauses() -> Iterator[float]:
    """Seconds between the attempts."""
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * 2, LONGEST_PAUSE)


def room_for_requests() -> Iterator[list[Change]]:
    """Two transactions that a database takes where it has room: something that can't be compressed
    is written, and goes again. (That a row can be changed says nothing: it needs no room.)"""
    leave: Change = (_LEAVE, [(_NAME,)])
    yield [leave, (_TAKE, [(_NAME, secrets.token_hex(ROOM // 2))])]
    yield [leave]
