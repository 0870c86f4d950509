"""Who is parked for a time, and is given back to whom he was talking with when that is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import isfinite
from typing import Final

LONGEST_SECONDS: Final = 21_600.0
"""As long as Basix's XML parks anybody, and nearly as long as a call may last."""

MAX_PARKED: Final = 10_000
"""Times that run at once: each keeps some 300 octets until it is over, whatever its call does."""


def seconds_of(timeout: object) -> float | None:
    """How long somebody is to be parked; None: until he is taken back. Raises
    :class:`ValueError` for what is no time."""
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float | str):
        raise ValueError("the timeout is no number")
    seconds = float(timeout)
    if not isfinite(seconds) or seconds <= 0:
        raise ValueError("the timeout is no time")
    return min(seconds, LONGEST_SECONDS)


class Parking:
    """The times that run, by their channels."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.TimerHandle] = {}

    @property
    def full(self) -> bool:
        """Whether no more can be parked for now."""
        return len(self._running) >= MAX_PARKED

    def park(self, channel: str, seconds: float | None, give_back: Callable[[], object]) -> None:
        """Have a channel's party given back after so long, and not when it was said before."""
        before = self._running.pop(channel, None)
        if before is not None:
            before.cancel()
        if seconds is None:
            return

        def over() -> None:
            del self._running[channel]
            give_back()

        self._running[channel] = asyncio.get_running_loop().call_later(seconds, over)
