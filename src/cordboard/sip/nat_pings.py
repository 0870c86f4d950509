"""Pings to phones that registered over UDP: a NAT on the way forgets them after a silence, often of
half a minute (RFC 4787 4.3 asks for two, and many keep less), and then no call gets through.

A ping is two line breaks, as over connections (RFC 5626 3.5.1); over UDP nobody answers them (RFC
3261 7.5 has them passed over), so silence says nothing. It lasts as long as the phone is registered
over that flow.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from cordboard.sip.framing import PING

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow
    from cordboard.sip.registrar import Registrar
    from cordboard.sip.wheel import Timer

PAUSE: Final = 0.25
"""Seconds: what is due meanwhile goes together, so that no timer is set for each of many phones."""


class NatPings:
    """The pings of all phones, ``every`` so many seconds for each."""

    __slots__ = ("_core", "_every", "_followed", "_registrar", "_timer", "_turns")

    def __init__(self, core: Core, registrar: Registrar, every: float) -> None:
        self._core = core
        self._registrar = registrar
        self._every = every
        self._followed: set[tuple[str, Flow]] = set()
        self._turns: deque[tuple[float, str, Flow]] = deque()  # all wait equally long: in order
        self._timer: Timer | None = None

    def follow(self, account: str, flow: Flow, now: float) -> None:
        """Ping a phone of an account over its flow from now on."""
        if (account, flow) not in self._followed:
            self._followed.add((account, flow))
            self._turns.append((now + self._every, account, flow))
            self._arm(now)

    def _arm(self, now: float) -> None:
        if self._turns and self._timer is None:
            due = max(self._turns[0][0], now + PAUSE)
            self._timer = self._core.wheel.schedule(due, self._on_timer)

    def _on_timer(self, now: float) -> None:
        self._timer = None
        turns = self._turns
        while turns and turns[0][0] <= now:
            _, account, flow = turns.popleft()
            bindings = self._registrar.bindings(account, now)
            if any(binding.flow == flow for binding in bindings):
                self._core.layer.outbox.append((flow, PING))
                turns.append((now + self._every, account, flow))
            else:
                self._followed.discard((account, flow))
        self._arm(now)
