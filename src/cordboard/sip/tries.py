"""The servers of one request, tried one after the other until one takes it (RFC 3263 4.3).

A server that says nothing at all is given up early while there is another one: four INVITEs without
a word say enough. The last one has what is left of the time that a single silent server may take,
64*T1, so that all of them together keep nobody waiting for longer than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from cordboard.sip.locating import Target
from cordboard.sip.timers import Timers

PATIENCE_IN_T1: Final = 10
"""How many times T1 a server may be silent while there is another: 5 s, in which four INVITEs are
sent over UDP, and TCP has asked for its connection three times."""


class Tries:
    """The tries of one request; times in seconds of ``now``. ``current`` is the server that is
    being tried."""

    def __init__(self, targets: Sequence[Target], timers: Timers, now: float) -> None:
        self._left = list(targets)
        self._patience = PATIENCE_IN_T1 * timers.t1
        self._ends_at = now + timers.timeout
        self._faults: list[tuple[Target, str]] = []
        self.current: Target | None = None

    def next(self, now: float) -> Target | None:
        """Go on to the next server; None where there is no other, or no time for it."""
        in_time = self.current is None or now < self._ends_at
        self.current = self._left.pop(0) if self._left and in_time else None
        return self.current

    def patience(self, now: float) -> float | None:
        """How many seconds the current server may be silent; None for as long as any."""
        if not self._left and not self._faults:
            return None
        left = max(self._ends_at - now, 0.0)
        return min(self._patience, left) if self._left else left

    def failed(self, fault: str) -> None:
        """The current server has failed, for a reason in words."""
        if self.current is not None:
            self._faults.append((self.current, fault))

    @property
    def several(self) -> bool:
        """Whether more than one server has failed."""
        return len(self._faults) > 1

    @property
    def story(self) -> str:
        """Which servers have failed and how, in order."""
        return ", ".join(f"{target} ({fault})" for target, fault in self._faults)
