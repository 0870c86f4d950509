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
from cordboard.feeds.enswitch.told_call import Row

MAX_ROWS: Final = 10_000
"""Of one reply, also where the client sets no limit: some 10 MB."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of a list a client wants, and in what order; ``limit`` 0 is all of them. With
    ``counted`` it wants their number alone, with ``pages`` only what a page selector shows."""

    limit: int
    offset: int
    counted: bool
    sort: str
    descending: bool
    pages: bool = False

    def of(self, rows: Iterable[Row]) -> Answer:
        """The reply with these rows."""
        ordered = sorted(rows, key=lambda row: _rank(row[self.sort]), reverse=self.descending)
        if self.counted:
            return told({"count": str(len(ordered))})
        wanted = min(self.limit or MAX_ROWS, MAX_ROWS)
        shown = ordered[self.offset : self.offset + wanted]
        if self.pages:
            return told([{name: row[name] for name in self._selector(row)} for row in shown])
        return told([{**row} for row in shown])

    def _selector(self, row: Row) -> tuple[str, ...]:
        """The columns that a page selector shows: how the row is called, and what it is sorted
        by."""
        return tuple(dict.fromkeys((next(iter(row)), self.sort)))


def page_of(fields: Fields, columns: Sequence[str], default: str) -> Page:
    """The page that is wanted of a list with these columns."""
    return Page(
        limit=fields.whole("limit"),
        offset=fields.whole("offset"),
        counted=fields.switch("count"),
        sort=fields.one_of("sort", tuple(columns)) or default,
        descending=fields.switch("descending"),
        pages=fields.switch("pages"),
    )


def _rank(value: str) -> tuple[int, float, str]:
    """Numbers by their value and before texts: a list by ``start`` is one by time."""
    try:
        return (0, float(value), value) if value[:1].isdigit() else (1, 0.0, value)
    except ValueError:
        return (1, 0.0, value)


def flag(on: bool) -> str:
    """1 or 0."""
    return "1" if on else "0"
