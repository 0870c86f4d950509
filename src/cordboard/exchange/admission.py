"""At the door: whoever wants to begin a call is let in, now or in his turn, or told at once that
there is too much.

Where a request comes in, before anything of it is read, :meth:`Admission.enter` has it wait for
its turn; who can't wait asks :meth:`Admission.busy`. Where the call begins, :meth:`Admission.take`
looks once more whether as much is carried as may be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

import structlog

from cordboard.calls.overload import Begin, Overload
from cordboard.calls.overload_limits import OverloadLimits, Strain
from cordboard.calls.refusals import RefusalId, Refused

RETRY_SECONDS: Final = 2
"""After which somebody who was refused may ask again: the server is back to what it can bear by
then (:mod:`cordboard.calls.overload`)."""

TOLD_SECONDS: Final = 10.0
"""How often the log says that refusing goes on: once for all who were refused meanwhile."""

PAUSE_SECONDS: Final = 0.005
"""Between two turns of the queue where it moves by a rate: within it one call at most begins."""

_WHY: Final = {
    Strain.LAG: "the server has more to do than it can",
    Strain.COMMIT: "the journal does not keep up",
    Strain.LIVE_LEGS: "too many live calls",
    Strain.CALLBACKS: "too many callbacks wait for their delivery",
}

_log = structlog.get_logger(__name__)


class Admission:
    """Lets calls begin. ``legs`` says how many legs live now."""

    def __init__(
        self,
        limits: OverloadLimits,
        legs: Callable[[], int],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._overload = Overload(limits)
        self._legs = legs
        self._clock = clock
        self._turning = False
        self._began_at: float | None = None
        self._told_at = 0.0
        self._told: int = 0

    def follow(self, limits: OverloadLimits) -> None:
        """Judge by other limits from now on."""
        self._overload.follow(limits)

    def look(self, lag: float, commit: float, callbacks: int) -> None:
        """How late the event loop is, for how long the journal is at its commit, and how many
        callbacks are owed; fifty times a second."""
        now = self._clock()
        self._overload.look(now, lag, commit, callbacks)
        if self._overload.strained or self._began_at is not None:
            self._tell(now)

    def enter(self, begin: Begin | None) -> Refused | None:
        """Have a call begin, now or in its turn; or say why it is refused, which counts as that."""
        now = self._clock()
        strain = self._overload.strain(now, self._legs())
        if strain is not None:
            self._overload.refuse(strain, now)
            return _refusal(strain)
        if self._overload.enter(now, begin) and begin is not None:
            begin()
        self._turn_soon()
        return None

    def busy(self) -> Refused | None:
        """Why a call that can't wait is refused now; None: it may begin."""
        return self.enter(None)

    def busy_seconds(self) -> int | None:
        """The same for who only hears when he may call again."""
        return None if self.busy() is None else RETRY_SECONDS

    def take(self) -> None:
        """A call begins that was let in, or is of our own; raises :class:`Refused`."""
        strain = self._overload.burden(self._legs())
        if strain is not None:
            self._overload.refuse(strain, self._clock())
            raise _refusal(strain)

    def explained(self) -> None:
        """Raises :class:`Refused` where a call would be refused now, and takes nothing."""
        strain = self._overload.strain(self._clock(), self._legs())
        if strain is not None:
            raise _refusal(strain)

    @property
    def legs(self) -> int:
        """How many legs live."""
        return self._legs()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._overload.waiting

    @property
    def strained(self) -> bool:
        """Whether fewer calls may begin than want to."""
        return self._overload.strained

    @property
    def rate(self) -> float | None:
        """How many calls a second may begin; None: any number."""
        return self._overload.rate

    @property
    def refused(self) -> dict[Strain, int]:
        """How many were refused so far, by what for."""
        return self._overload.refused

    def _turn_soon(self) -> None:
        overload = self._overload
        if self._turning or not overload.turns:
            return
        self._turning = True
        loop = asyncio.get_running_loop()
        if overload.slow:
            loop.call_later(PAUSE_SECONDS, self._turn)
        else:
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        """A turn of the event loop."""
        self._turning = False
        for begin in self._overload.turn(self._clock()):
            begin()
        self._turn_soon()

    def _tell(self, now: float) -> None:
        """One line when refusing begins, one when it is over, and one now and then between."""
        refused = sum(self._overload.refused.values())
        if self._began_at is None:
            if refused > self._told:
                self._began_at, self._told_at = now, now
                _log.warning("overload.began", refused=refused - self._told, **self._standing())
                self._told = refused
        elif not self._overload.strained:
            seconds = round(now - self._began_at, 1)
            _log.warning("overload.over", seconds=seconds, refused=refused - self._told)
            self._began_at, self._told = None, refused
        elif now - self._told_at >= TOLD_SECONDS and refused > self._told:
            _log.warning("overload.goes_on", refused=refused - self._told, **self._standing())
            self._told_at, self._told = now, refused

    def _standing(self) -> dict[str, float | int | None]:
        rate = self._overload.rate
        return {
            "legs": self._legs(),
            "waiting": self.waiting,
            "rate": None if rate is None else round(rate, 1),
        }


def _refusal(strain: Strain) -> Refused:
    parameter = f"overload.{strain.value}"
    return Refused(RefusalId.OVERLOADED, _WHY[strain], parameter, retry_after=RETRY_SECONDS)
