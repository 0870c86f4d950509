"""Pages of what is listed by name: each begins behind the last name of the one before, so that
whatever comes and goes meanwhile, nothing that stays is missed or shown twice."""

from __future__ import annotations

import binascii
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from typing import Annotated, Final, TypeVar

from fastapi import Query

from cordboard.api.v1.problems import Fault, Problem, wrong

PAGE: Final = 100
LONGEST_PAGE: Final = 500
LONGEST_CURSOR: Final = 1_000
"""Characters: a name of 255, at three octets each, in base64."""

T = TypeVar("T")

Limit = Annotated[int, Query(ge=1, le=LONGEST_PAGE, description="how many at most")]
Cursor = Annotated[
    str | None, Query(max_length=LONGEST_CURSOR, description="the `next` of the page before")
]


def page_of(
    things: Iterable[T], name: Callable[[T], str], limit: int, cursor: str | None
) -> tuple[list[T], str | None]:
    """The things behind a cursor by their names, and the cursor of the next page if there is one;
    raises :class:`Problem`."""
    behind = None if cursor is None else _read(cursor)
    left = sorted((one for one in things if behind is None or name(one) > behind), key=name)
    page = left[:limit]
    return page, _written(name(page[-1])) if len(left) > limit else None


def _written(name: str) -> str:
    return urlsafe_b64encode(name.encode()).rstrip(b"=").decode()


def _read(cursor: str) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return b64decode(padded, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise _no_cursor() from None


def _no_cursor() -> Problem:
    return wrong([Fault(where="query", path="cursor", detail="is no cursor of ours")])
