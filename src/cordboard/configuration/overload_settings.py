"""When the server takes no more calls: the keys of ``[overload]``."""

from __future__ import annotations

from typing import Any, Final

from cordboard.calls.overload_limits import (
    DEFAULT_CALLBACKS,
    DEFAULT_COMMIT,
    DEFAULT_LAG,
    DEFAULT_LIVE_LEGS,
    OverloadLimits,
)
from cordboard.directory.shape import Field, integer, number

MOST_LAG: Final = 5.0
"""Seconds; phones have repeated everything several times by then."""

MOST_LEGS: Final = 1_000_000
MOST_CALLBACKS: Final = 100_000_000
"""No machine carries more."""

OVERLOAD_FIELDS: Final = {
    "lag": Field(number(0.0, MOST_LAG, "seconds"), DEFAULT_LAG),
    "commit": Field(number(0.0, MOST_LAG, "seconds"), DEFAULT_COMMIT),
    "live_legs": Field(integer(0, MOST_LEGS), DEFAULT_LIVE_LEGS),
    "callbacks": Field(integer(0, MOST_CALLBACKS), DEFAULT_CALLBACKS),
}


def overload_limits(overload: dict[str, Any]) -> OverloadLimits:
    """What the table says."""
    return OverloadLimits(**overload)
