"""Who is at the other end of the engine in memory: a far end that does what a test tells it to, at
once or by a behaviour that is given beforehand."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Accept,
    Answered,
    Dial,
    Digit,
    EarlyMedia,
    EngineEvent,
    Failed,
    HoldChanged,
    Listen,
    MediaLost,
    Play,
    Prompt,
    RedirectTarget,
    Referred,
    Reject,
    Released,
    Ring,
    Ringing,
    Tone,
    TrunkEndpoint,
    Trying,
)
from cordboard.calls.said import NOTHING, Said
from cordboard.media.figures import MediaFigures

if TYPE_CHECKING:
    from cordboard.engines.memory import MemoryEngine


class FarState(Enum):
    """Where the far end of a channel is."""

    CALLED = "called"
    TALKING = "talking"
    OVER = "over"


class AnyEnd:
    """Who is at the other end of a channel, and what reached him. Each method is one thing he does.

    ``hears`` is the tone or prompt played to him, the id of the channel he hears, those of several
    that he hears at once, or None;
    ``on_hold`` says whether we hold him, ``direct_media`` whether his audio may go past us,
    ``keys`` are those that we sent him. Doing something that
    his state does not allow has no effect, as with a real phone whose message crosses ours.
    """

    def __init__(self, engine: MemoryEngine, channel: str) -> None:
        self.channel = channel
        self.state = FarState.CALLED
        self.hears: Tone | Prompt | str | frozenset[str] | None = None
        self.on_hold = False
        self.direct_media = False
        self.keys = ""
        self.flowing = False
        self.hung_up_for: Cause | None = None
        self._referrals = 0
        self._news: list[int] | None = None
        self._engine = engine

    def hang_up(self, cause: Cause = Cause.NORMAL, said: Said = NOTHING) -> None:
        """BYE."""
        if self.state is FarState.TALKING:
            self._over(Released(self.channel, True, cause, MediaFigures(), said), "BYE")

    def hold(self, on: bool = True) -> None:
        """Put us on hold, or take us off."""
        if self.state is FarState.TALKING:
            self._engine.routes.needed(self.channel)
            self._say("INVITE", HoldChanged(self.channel, on))

    def press(self, digit: str) -> None:
        """A key."""
        if self.state is FarState.TALKING:
            self._engine.tell(Digit(self.channel, digit))

    def refer(
        self, target: RedirectTarget, *, replaces: str | None = None, elsewhere: bool = False
    ) -> list[int]:
        """Have the other party connected with somebody else; gives what he is told of it, first of
        all 202 or a refusal."""
        told: list[int] = []
        if self.state is not FarState.TALKING:
            return told
        if self._news is not None:
            return [491]
        self._referrals += 1
        self._news = told
        referred = Referred(self.channel, self._referrals, target, replaces, elsewhere)
        self._say("REFER", referred)
        return told

    def told_of_referral(self, number: int, status: int) -> None:
        """What becomes of it."""
        told = self._news
        if told is None or number != self._referrals:
            return
        if not told and status < 300:
            told.append(202)
        told.append(status)
        if status >= 200:
            self._news = None

    def vanish(self) -> None:
        """Send no audio any more."""
        if self.state is FarState.TALKING:
            self._engine.tell(MediaLost(self.channel))

    def left_over(self) -> None:
        """The process after ours ends the call."""
        self.dropped(Cause.INTERRUPTED)

    def dropped(self, cause: Cause) -> None:
        """We hang up."""
        self.hung_up_for = cause
        if self.state is FarState.TALKING:
            self._over(Released(self.channel, False, cause, MediaFigures()), "BYE", sent=True)

    def leave(self, channel: str) -> None:
        """Who was heard is bridged with another."""
        if self.hears == channel:
            self.hears = None

    def goes_on_with(self, engine: MemoryEngine) -> bool:
        """Let there be another engine at our end; whether this far end is still in a call."""
        self._engine = engine
        return self.state is not FarState.OVER

    def _say(self, summary: str, event: EngineEvent) -> None:
        self._engine.note(self.channel, summary, sent=False)
        self._engine.tell(event)

    def _over(self, event: EngineEvent, summary: str, *, sent: bool = False) -> None:
        self.state = FarState.OVER
        self.hears = None
        self._engine.over(self)
        self._engine.note(self.channel, summary, sent=sent)
        self._engine.forget(self.channel)
        self._engine.tell(event)


class FarEnd(AnyEnd):
    """Who was dialled."""

    def __init__(self, engine: MemoryEngine, dial: Dial) -> None:
        super().__init__(engine, dial.channel)
        self.dial = dial
        end = dial.endpoint
        self.direct_media = (end.trunk if isinstance(end, TrunkEndpoint) else end).direct_media

    def take(self) -> None:
        """100."""
        if self.state is FarState.CALLED:
            self._say("SIP/2.0 100 Trying", Trying(self.channel))

    def ring(self, status: int = 180) -> None:
        """180, or another sign that the call progresses."""
        if self.state is FarState.CALLED:
            self._say(f"SIP/2.0 {status} Ringing", Ringing(self.channel, status))

    def early(self, flowing: bool = True) -> None:
        """Let audio flow before the answer, or cease."""
        if self.state is FarState.CALLED and flowing != self.flowing:
            self.flowing = flowing
            self._engine.tell(EarlyMedia(self.channel, flowing))

    def answer(self) -> None:
        """200."""
        if self.state is FarState.CALLED:
            self.state = FarState.TALKING
            self._engine.keep(self.channel, "talking")
            self._say("SIP/2.0 200 OK", Answered(self.channel))

    def reject(
        self,
        status: int = 486,
        reason: str = "",
        *,
        local: bool = False,
        redirects: tuple[RedirectTarget, ...] = (),
        said: Said = NOTHING,
    ) -> None:
        """A final refusal; ``local``: as if nobody had answered at all."""
        if self.state is FarState.CALLED:
            self.early(False)
            self._over(
                Failed(self.channel, status, reason, local, redirects, said),
                f"SIP/2.0 {status} {reason}",
            )

    def dropped(self, cause: Cause) -> None:
        """We hang up."""
        super().dropped(cause)
        if self.state is FarState.CALLED:
            self._over(Failed(self.channel, 487, "Request Terminated"), "CANCEL", sent=True)


class CallingEnd(AnyEnd):
    """Who calls us. ``rung`` are the statuses that he was told of, ``refused`` the last one, with
    which he perhaps heard after how many seconds he may call again."""

    def __init__(self, engine: MemoryEngine, channel: str) -> None:
        super().__init__(engine, channel)
        self.rung: list[int] = []
        self.refused: int | None = None
        self.retry_after: int | None = None

    def told(self, command: Ring | Accept | Reject) -> None:
        """What becomes of his call."""
        if isinstance(command, Ring):
            self.told_ringing(command.status)
        elif isinstance(command, Accept):
            self.accepted()
        else:
            self.retry_after = command.retry_after
            self.told_refusal(command.status, command.reason)

    def turned_away(self, status: int, retry_after: int | None = None) -> None:
        """A refusal of which nothing is kept, nor told to anybody."""
        self.state, self.refused, self.retry_after = FarState.OVER, status, retry_after

    def told_ringing(self, status: int) -> None:
        """180, or another sign that the call progresses."""
        if self.state is FarState.CALLED:
            self.rung.append(status)
            self._engine.note(self.channel, f"SIP/2.0 {status} Ringing", sent=True)

    def is_to_hear(self, command: Listen | Play) -> None:
        """Early media by 183, or a tone in its place."""
        if isinstance(command, Listen):
            if self.hears is None:
                self.told_ringing(183)
            self.hears = command.source
        elif self.hears is not None and isinstance(command.sound, Tone):
            self.hears = command.sound

    def accepted(self) -> None:
        """200."""
        if self.state is FarState.CALLED:
            self.state = FarState.TALKING
            self._engine.keep(self.channel, "talking")
            self._engine.note(self.channel, "SIP/2.0 200 OK", sent=True)
            self._engine.tell(Answered(self.channel))

    def told_refusal(self, status: int, reason: str) -> None:
        """A final refusal."""
        if self.state is FarState.CALLED:
            self.refused = status
            failed = Failed(self.channel, status, reason, local=True)
            self._over(failed, f"SIP/2.0 {status} {reason}", sent=True)

    def give_up(self, said: Said = NOTHING) -> None:
        """CANCEL."""
        if self.state is FarState.CALLED:
            self.refused = 487
            failed = Failed(self.channel, 487, "Request Terminated", said=said)
            self._over(failed, "CANCEL")

    def left_over(self) -> None:
        """The process after ours ends the call, or refuses it."""
        if self.state is FarState.CALLED:
            self.told_refusal(503, "Service Unavailable")
        else:
            super().left_over()

    def dropped(self, cause: Cause) -> None:
        """We hang up."""
        super().dropped(cause)
        self.told_refusal(480, "Temporarily Unavailable")


Behaviour = tuple[tuple[float, Callable[[FarEnd], None]], ...]
"""What a far end does, each with the seconds after the dial."""

ANSWERS: Final[Behaviour] = ((0.0, FarEnd.take), (0.0, FarEnd.ring), (1.0, FarEnd.answer))
RINGS: Final[Behaviour] = ((0.0, FarEnd.take), (0.0, FarEnd.ring))
IS_BUSY: Final[Behaviour] = ((0.0, FarEnd.take), (0.0, FarEnd.reject))
