"""Trunks as a table that a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

HEADINGS = ("trunk", "state", "for", "calls", "server", "reason")

_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def trunk_table(trunks: Sequence[Mapping[str, Any]], now: float) -> str:
    """The answer of ``GET /v1/trunks``, one line each; ``now`` is seconds since 1970."""
    rows = [HEADINGS, *(_row(trunk, now) for trunk in trunks)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(trunk: Mapping[str, Any], now: float) -> tuple[str, ...]:
    limit = trunk.get("channel_limit")
    calls = str(trunk.get("calls", 0))
    since = trunk.get("since")
    return (
        str(trunk.get("name")),
        str(trunk.get("state")),
        "" if since is None else _duration(now - float(since)),
        calls if limit is None else f"{calls} of {limit}",
        str(trunk.get("server") or trunk.get("uri")),
        str(trunk.get("reason") or ""),
    )


def _duration(seconds: float) -> str:
    """A time in the largest unit that it has two of."""
    whole = max(0, int(seconds))
    for unit, size in _UNITS:
        if whole >= 2 * size or size == 1:
            return f"{whole // size} {unit}"
    return ""
