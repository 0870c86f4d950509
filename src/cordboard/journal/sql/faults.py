"""What keeps a batch from being written, and how long to wait until it is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 2.0
"""Seconds until a failed batch is tried again: first and, doubled each time, at most."""


class Unwritable(Exception):
    """No attempt will write this batch."""


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
