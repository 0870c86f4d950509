"""What all lists have in common: ``limit``, ``offset``, ``count``, ``sort``, ``descending``.

All values of a row are texts, as in the examples of 015pbx (``"id": "1"``); what is unknown is "".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.fields import Fields
from cordboard.api.enswitch.replies import told

MAX_ROWS: Final = 10_000
"""Of one reply, also where the client sets no limit: some 10 MB."""

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list a client wants, and in what order; ``limit`` 0 is all of them. With
    ``counted`` it wants their number alone."""

    limit: int
    offset: int
    counted: bool
    sort: str
    descending: bool

    def of(self, rows: Iterable[Row]) -> Answer:
        """The reply with these rows."""
        ordered = sorted(rows, key=lambda row: _rank(row[self.sort]), reverse=self.descending)
        if self.counted:
            return told({"count": str(len(ordered))})
        wanted = min(self.limit or MAX_ROWS, MAX_ROWS)
        return told([{**row} for row in ordered[self.offset : self.offset + wanted]])


def page_of(fields: Fields, columns: Sequence[str], default: str) -> Page:
    """The page that is wanted of a list with these columns."""
    return Page(
        limit=fields.whole("limit"),
        offset=fields.whole("offset"),
        counted=fields.switch("count"),
        sort=fields.one_of("sort", tuple(columns)) or default,
        descending=fields.switch("descending"),
    )


def _rank(value: str) -> tuple[int, float, str]:
    """Numbers by their value and before texts: a list by ``start`` is one by time."""
    try:
        return (0, float(value), value) if value[:1].isdigit() else (1, 0.0, value)
    except ValueError:
        return (1, 0.0, value)


def unix(at: float | None) -> str:
    """A time as whole seconds since 1970, 0 for none."""
    return "0" if at is None else str(int(at))


def flag(on: bool) -> str:
    """1 or 0."""
    return "1" if on else "0"
