"""What can be asked of a live call, and when: hold and resume, keys, a
transfer, a recording.

A wish either is carried out or is refused with :class:`WrongState`, which names the stage that the
call is in; a wish for what is so already changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from enum import Enum

from cordboard.calls.causes import Cause
from cordboard.calls.planning.plan import ProgramPlan
from cordboard.calls.ports import SendDigits
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg
from cordboard.calls.ringing.legs import other
from cordboard.calls.ringing.switchboard import Consultation, Rerouted
from cordboard.calls.running import climbing, deflecting, into_program
from cordboard.calls.running.parts import Apply, Parts
from cordboard.calls.running.recording import Recording
from cordboard.calls.running.referring import MAX_TRANSFERS
from cordboard.calls.stages import Stage, Trigger
from cordboard.media.overhearing import EavesdropMode

MAX_DIGITS = 64
"""Keys of one leg that wait to be sent: twice the longest number that anybody dials."""

MAX_RECORDINGS = 100
"""Files of one call: a client that begins more forgets that it can pause."""

DIGIT_MS = (40, 2000)
"""How long a key may last, and the pause after it: shorter ones are taken for noise (ITU-T Q.24),
longer ones hold up the parties."""

_TALKING = frozenset({Stage.BRIDGED})
_EAVESDROPPING = frozenset({Stage.RINGING_FIRST, Stage.SCREENING_FIRST, Stage.EAVESDROPPING})
_ANSWERED = frozenset(
    {
        Stage.RINGING_SECOND,
        Stage.SCREENING_SECOND,
        Stage.PROGRAM,
        Stage.ANNOUNCING,
        Stage.BRIDGED,
        Stage.TRANSFERRING,
        Stage.EAVESDROPPING,
    }
)


class RecordAction(Enum):
    """What can be done about a recording."""

    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"


class WrongState(Exception):
    """A call is in a ``stage`` that does not allow what was asked of it; the message says why."""

    def __init__(self, stage: Stage, message: str) -> None:
        super().__init__(message)
        self.stage = stage


class Wishes:
    """The wishes of one call; each raises :class:`WrongState`."""

    __slots__ = ("_apply", "_parts", "_sent")

    def __init__(self, parts: Parts, apply: Apply) -> None:
        self._parts = parts
        self._apply = apply
        self._sent: dict[Leg, deque[float]] = {}  # when each key will have been

    def label(self, leg: Leg | None, labels: Mapping[str, str]) -> None:
        """Have the parties of a leg, or of the call, told by other words; all else stays."""
        self._parts.log.labelled(leg, labels)

    def hold(self, leg: Leg, on: bool) -> None:
        """Put a party on hold, or take it off."""
        self._need(_TALKING, "only parties that talk with each other can be put on hold")
        self._parts.bridged.park(leg, on)

    def send_digits(
        self, leg: Leg, digits: str, now: float, *, duration_ms: int, gap_ms: int
    ) -> None:
        """Let a party's end have keys pressed, after those that wait."""
        channel = self._parts.legs.winner(leg)
        if channel is None or self._parts.stage not in _ANSWERED:
            message = f"the {leg.value} leg has not answered, or is gone"
            raise WrongState(self._parts.stage, message)
        waiting = self._sent.setdefault(leg, deque())
        while waiting and waiting[0] <= now:
            waiting.popleft()
        if len(waiting) + len(digits) > MAX_DIGITS:
            raise WrongState(self._parts.stage, f"more than {MAX_DIGITS} keys would wait")
        at = waiting[-1] if waiting else now
        for _ in digits:
            at += (duration_ms + gap_ms) / 1000
            waiting.append(at)
        self._parts.command(SendDigits(channel, digits, duration_ms, gap_ms))
        self._parts.log.digits_sent(leg, channel, len(digits))

    def record(self, action: RecordAction) -> Recording:
        """Begin to record the two, pause, go on, or end it; how it stands then. Raises
        :class:`~cordboard.calls.refusals.Refused` for those who are never recorded."""
        recording = self._parts.recording
        self._need(_TALKING, "only parties that talk with each other can be recorded")
        if action is RecordAction.START:
            if not recording.terms.allowed:
                raise Refused(RefusalId.RECORDING_NOT_ALLOWED, recording.terms.because)
            if recording.file is None and recording.made >= MAX_RECORDINGS:
                raise WrongState(self._parts.stage, f"there are {MAX_RECORDINGS} files already")
            self._parts.bridged.record(recording)
        elif action is RecordAction.STOP:
            recording.stop()
        elif recording.file is None:
            raise WrongState(self._parts.stage, "nothing is being recorded")
        else:
            goes_on = recording.paused and action is RecordAction.RESUME
            recording.pause(action is RecordAction.PAUSE)
            if goes_on and recording.terms.beep:
                self._parts.bridged.beep()
        return recording

    def decline(self, channel: str, now: float) -> bool:
        """Have a phone that rings do so no longer, as if it had declined: the others of its leg
        ring on, and where there are none the leg has failed. False where it does not ring."""
        parts = self._parts
        known = parts.legs.find(channel)
        if known is None or not parts.is_hunted(*known):
            return False
        leg, hunt = known
        if not parts.hunting.declined(channel, leg, Cause.REJECTED):
            return False
        if not hunt.open:
            climbing.failed(leg, hunt.verdict(), parts, self._apply, now)
        return True

    def transfer(self, kept: Leg, to: str, now: float) -> tuple[str, ...]:
        """Connect a party with somebody else, and hang up the other one, or have somebody else rung
        for it; the channels that ring then, none for a context. Raises
        :class:`~cordboard.calls.refusals.Refused` for whom it can't be connected with; then nothing
        changes."""
        parts, leg = self._parts, other(kept)
        if deflecting.may_be_sent_on(leg, parts):
            self._need_another_transfer()
            return deflecting.send_on(leg, to, parts, self._apply, now)
        self._need_transferable()
        return self._send(parts.dialling.find_target(leg, to), leg, now)

    def join(self, kept: Leg, call: str, other_kept: Leg | None, now: float) -> tuple[str, ...]:
        """Connect a party with that of another ``call``, whose leg ``other_kept`` is (None: the one
        who is not whom this call lets go); both calls lose their other one, and the other call
        ends. Gives the channels of who comes, none for a program. Raises
        :class:`~cordboard.calls.refusals.Refused`; then nothing changes."""
        parts, leg = self._parts, other(kept)
        self._need_transferable()
        winner = parts.legs.winner(leg)
        user = None if winner is None else parts.legs.hunt(leg).channels[winner].planned.user
        consultation = Consultation(user=user, call=call, kept=other_kept)
        return self._send(parts.dialling.take_over(leg, consultation), leg, now)

    def eavesdrop(self, call: str | None, leg: Leg | None, mode: EavesdropMode) -> None:
        """Overhear the two of another ``call`` from now on, or (None) the same ones, in a mode;
        ``leg`` is who is watched, None: whoever may be. Raises
        :class:`~cordboard.calls.refusals.Refused` for whom its user may not overhear."""
        eavesdropping = self._parts.eavesdropping
        self._need(_EAVESDROPPING, "it overhears nobody")
        if eavesdropping is None:
            raise WrongState(self._parts.stage, "it overhears nobody")
        eavesdropping.turn_to(call, leg, mode)

    def _send(self, route: Rerouted | ProgramPlan, leg: Leg, now: float) -> tuple[str, ...]:
        if not isinstance(route, ProgramPlan):
            return self._go_to(route, now)
        self._sent.pop(leg, None)
        into_program.transfer(leg, route, Cause.NORMAL, self._parts, self._apply, now)
        return ()

    def _go_to(self, route: Rerouted, now: float) -> tuple[str, ...]:
        parts = self._parts
        parts.route = route
        parts.transfers += 1
        self._sent.pop(route.plan.leg, None)
        self._apply(Trigger.TRANSFERRED, now)
        return tuple(channel.id for channel in route.channels)

    def _need_transferable(self) -> None:
        self._need(_TALKING, "only who talks with somebody, or waits for him, can be transferred")
        self._need_another_transfer()

    def _need_another_transfer(self) -> None:
        if self._parts.transfers >= MAX_TRANSFERS:
            message = f"it was transferred {MAX_TRANSFERS} times already"
            raise WrongState(self._parts.stage, message)

    def _need(self, stages: frozenset[Stage], otherwise: str) -> None:
        if self._parts.stage not in stages:
            raise WrongState(self._parts.stage, otherwise)
