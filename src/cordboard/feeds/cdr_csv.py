"""Call detail records as CSV (RFC 4180) that no spreadsheet takes for formulas.

UTF-8 without a byte order mark, CRLF at the end of lines, a header line. Times are ISO 8601 in UTC.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from typing import Final

from cordboard.calls.events import Json
from cordboard.feeds.cdr import COLUMNS, Cdr

CONTENT_TYPE: Final = "text/csv; charset=utf-8; header=present"
"""RFC 4180 3, RFC 7111 5.1."""

_FORMULA = re.compile(r"[\s\x00-\x1f\x7f'\"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n|%]")
"""What makes a spreadsheet calculate (OWASP, "CSV Injection"), also behind what it skips, and in
the full width of Japanese keyboards."""

_HARMLESS = re.compile(r"[+-]?[0-9][0-9.]*")
"""A number stays as it is, also one with a plus as telephone numbers have it: there is nothing to
calculate in it."""


def header() -> bytes:
    """The names of the columns."""
    return _line(COLUMNS)


def rows(cdrs: Iterable[Cdr]) -> bytes:
    """A line for each."""
    return b"".join(_line(_cells(cdr)) for cdr in cdrs)


def _cells(cdr: Cdr) -> list[str]:
    return [_cell(name, getattr(cdr, name)) for name in COLUMNS]


def _cell(name: str, value: Json | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    if value is None:
        return ""
    if isinstance(value, float):
        return _time(value) if name.endswith("_at") else f"{value:.3f}"
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) and not _HARMLESS.fullmatch(text) else text


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(cells: Iterable[str]) -> bytes:
    out = StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8", "replace")
