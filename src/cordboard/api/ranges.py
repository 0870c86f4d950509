"""Which octets of something a client wants: ``Range``, ``If-Range`` and ``If-None-Match`` (RFC 9110
13 and 14), for what has a size and perhaps a strong entity tag.

One span is given at most: a request for several is answered with all of it, as 14.2 allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

LONGEST_HEADER: Final = 1_000
"""Characters; a longer one is no range of ours."""

_UNIT: Final = re.compile(r"bytes[ \t]*=", re.IGNORECASE)
_FROM: Final = re.compile(r"([0-9]{1,20})-([0-9]{0,20})")
_LAST: Final = re.compile(r"-([0-9]{1,20})")
_TAG: Final = re.compile(r'(?:W/)?"[^"]*"')


@dataclass(frozen=True, slots=True)
class Span:
    """Octets from ``start`` on, before ``end``."""

    start: int
    end: int


class Unsatisfiable(Exception):
    """There is nothing where the client wants something: 416."""


def span_of(header: str | None, size: int) -> Span | None:
    """The octets that a ``Range`` wants; None: all of them, also where it is no range of octets.

    Raises :class:`Unsatisfiable`.
    """
    if header is None or len(header) > LONGEST_HEADER:
        return None
    unit = _UNIT.match(header.strip())
    if unit is None:
        return None
    wanted = [one.strip() for one in header.strip()[unit.end() :].split(",") if one.strip()]
    if not wanted or not all(map(_is_range, wanted)):
        return None
    spans = [span for span in (_span(one, size) for one in wanted) if span is not None]
    if not spans:
        raise Unsatisfiable
    return spans[0] if len(wanted) == 1 else None


def still_the_same(if_range: str | None, tag: str | None) -> bool:
    """Whether a range is of what the client has the rest of: by strong comparison, and we tell no
    dates that it could go by."""
    return if_range is None or (tag is not None and if_range.strip() == tag)


def is_known(if_none_match: str | None, tag: str | None) -> bool:
    """Whether the client has it already: by weak comparison."""
    if if_none_match is None or tag is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return any(one.removeprefix("W/") == tag for one in _TAG.findall(if_none_match))


def _is_range(one: str) -> bool:
    """14.1.1: the last position may not be before the first."""
    found = _FROM.fullmatch(one)
    if found is None:
        return _LAST.fullmatch(one) is not None
    return not found[2] or int(found[2]) >= int(found[1])


def _span(one: str, size: int) -> Span | None:
    found = _FROM.fullmatch(one)
    if found is None:
        count = min(int(one[1:]), size)
        return Span(size - count, size) if count else None
    start = int(found[1])
    end = min(int(found[2]) + 1, size) if found[2] else size
    return Span(start, end) if start < size else None
