"""A call whose first party overhears others, who talk with each other in a call of theirs.

He hears them from his answer on while they talk. Whatever else goes on there (a transfer, a
program) is not for him: he hears a tone now and then, and them again as soon as two talk, if he may
overhear these. His call ends with theirs; but where no call was named to begin with (a *media
plug*) it waits for the next one.

The other call knows nothing of him. What its log says of him is written here, with the rest, while
it is alive.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.events import Json
from cordboard.calls.planning.overhearing import Watched
from cordboard.calls.planning.plan import CallPlan, EavesdropPlan
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import (
    Eavesdrop,
    EavesdropMode,
    EngineCommand,
    Play,
    StopEavesdropping,
    Tone,
    ToneKind,
)
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.legs import other
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.ringing.switchboard import Switchboard
from cordboard.calls.running import eavesdropping_log
from cordboard.calls.running.eavesdropping_log import Heard


class Eavesdropping:
    """Says it to the engine by ``command``, and writes it to the log."""

    __slots__ = (
        "_call",
        "_channel",
        "_command",
        "_hears",
        "_log",
        "_plan",
        "_switchboard",
        "_terms",
        "_watched",
        "leg",
        "mode",
    )

    def __init__(
        self,
        plan: CallPlan,
        terms: EavesdropPlan,
        switchboard: Switchboard,
        log: CallLog,
        command: Callable[[EngineCommand], None],
    ) -> None:
        self.leg = terms.leg
        self.mode = terms.mode
        self._plan = plan
        self._terms = terms
        self._switchboard = switchboard
        self._log = log
        self._command = command
        self._call: str | None = None  # whose two are overheard
        self._watched: Watched | None = None  # while they talk, and may be overheard
        self._channel: str | None = None  # his own, once he has answered
        self._hears: bool | None = None  # as he was told, once he was

    def begin(self) -> bool:
        """Follow the call that was named, if one was; whether it is still there."""
        call = self._terms.call
        if call is None:
            return True
        try:
            self._watched = self._switchboard.overhear(self._plan, call, self.leg)
        except Refused:
            return False
        self._call = call
        return True

    def answered(self, channel: str) -> None:
        """He has answered: he hears them, or waits."""
        self._channel = channel
        self._follow()

    def turn_to(self, call: str | None, leg: Leg | None, mode: EavesdropMode) -> None:
        """Overhear the two of another call, or (None) the same ones, in a mode; raises
        :class:`~cordboard.calls.refusals.Refused`, and then nothing changes."""
        watched, target = self._watched, self._call if call is None else call
        if target is not None and (call is not None or watched is not None):
            same = target == self._call
            wanted = self.leg if leg is None and same else leg
            watched = self._switchboard.overhear(self._plan, target, wanted)
            if not same:
                self._say_over(alive=True)
            self._call = target
        if watched is not None:
            self.leg = watched.leg
        self._watched, self.mode = watched, mode
        self._follow()

    def told(self, talkers: Conversation | None, *, over: bool) -> bool:
        """Others talk in that call now, or (None) nobody does; whether his own call is over with
        it."""
        if self._call is None:
            return False
        self._watched = None
        if over:
            if self._terms.call is not None:
                return True
            self._call = None
        elif talkers is not None:
            self._watched = self._find(self._call)
        self._follow(alive=not over)
        return False

    def over(self) -> None:
        """His call ends."""
        self._say_over(alive=self._watched is not None)

    def _find(self, call: str) -> Watched | None:
        """Whom he may overhear there: who was watched, else the other one."""
        for leg in (self.leg, other(self.leg)):
            try:
                found = self._switchboard.overhear(self._plan, call, leg)
            except Refused:
                continue
            self.leg = found.leg
            return found
        return None

    def _follow(self, *, alive: bool = True) -> None:
        """Let him hear whom he is to hear."""
        if self._channel is None:
            return
        watched = self._watched
        if watched is None:
            self._hear_nobody(alive=alive)
            return
        talkers, leg = watched.talkers, watched.leg
        pair = talkers.of(leg).channel, talkers.of(other(leg)).channel
        self._command(Eavesdrop(self._channel, *pair, self.mode))
        eavesdropping_log.overhears(
            self._log, self._channel, self._call, leg, Heard(*pair, self.mode)
        )
        if self._call is not None:
            eavesdropping_log.overheard(self._log, self._call, leg, self._by, self.mode)
        self._hears = True

    def _hear_nobody(self, *, alive: bool) -> None:
        assert self._channel is not None
        if self._hears:
            self._command(StopEavesdropping(self._channel))
            self._say_over(alive=alive)
        elif self._hears is not None:
            return
        self._hears = False
        self._command(Play(self._channel, Tone(ToneKind.HOLD, self._plan.country)))
        eavesdropping_log.overhears(self._log, self._channel, self._call, self.leg, None)

    def _say_over(self, *, alive: bool) -> None:
        """The log of the call that he has overheard says that he does no longer."""
        if self._hears and alive and self._call is not None:
            eavesdropping_log.overheard(self._log, self._call, self.leg, self._by, None)

    @property
    def _by(self) -> Json:
        return {"id": self._terms.user, "name": self._plan.first.party.name}
