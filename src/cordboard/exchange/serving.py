"""Those who wait for a group are served when somebody of it may be free: one after the other, who
came first first."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Callable
from typing import Final

from cordboard.calls.people.lines import Lines
from cordboard.exchange.alarm import Alarm

LOOK_AGAIN: Final = 1.0
"""Seconds after which those who wait look again: by then somebody may have wrapped up, or a phone
may have registered, which no call tells of."""


class Serving:
    """Knows whose lines are to be looked at; ``wake`` lets a call go on, ``due`` is called when it
    is time to look without anything having happened."""

    def __init__(self, lines: Lines, wake: Callable[[str], None], due: Callable[[], None]) -> None:
        self._lines = lines
        self._wake = wake
        self._due = due
        self.stirred: set[str] = set()
        """Those tenants."""
        self._alarm = Alarm(self._look_again)

    def stir(self, tenant: str) -> None:
        """Something has happened to somebody of a tenant."""
        if self._lines.callers:
            self.stirred.add(tenant)

    def serve(self) -> None:
        """Let those who wait look whether somebody is free for them."""
        while self.stirred:
            tenant = self.stirred.pop()
            if self._lines.serve_idle(tenant, self._wake):
                self._alarm.set(tenant, get_running_loop().time() + LOOK_AGAIN)

    def close(self) -> None:
        """Serve nobody any more."""
        self.stirred.clear()
        self._alarm.close()

    def _look_again(self, tenant: str) -> None:
        self.stir(tenant)
        self._due()
