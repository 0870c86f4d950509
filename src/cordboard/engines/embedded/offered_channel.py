"""A channel that was offered to us: the INVITE of a phone or trunk, until its last word.

It begins where a dialled one waits for its answer, DIALLING, but the answer is ours; from then on
the two are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cordboard.calls.causes import Cause
from cordboard.calls.ports import Failed
from cordboard.engines.embedded.channel_audio import G711_KEYS
from cordboard.engines.embedded.channel_states import ChannelState, ChannelTrigger
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.reasons import reason_of, said_in
from cordboard.engines.embedded.talk import Talk
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import EndedBy, SessionConfirmed, SessionEnded
from cordboard.sip.responses import reason_of as phrase_of

if TYPE_CHECKING:
    from cordboard.calls.ports import Prompt, Tone
    from cordboard.engines.embedded.channel_audio import ChannelAudio
    from cordboard.engines.embedded.surroundings import Surroundings
    from cordboard.engines.embedded.talking_end import TalkingEnd

HUNG_UP: Final = (480, "Temporarily Unavailable")
"""How a caller is refused whom nobody says a better status for."""


class OfferedChannel(Channel):
    """One call in. ``answer`` is ours to the caller's offer; None where he wants one from us."""

    __slots__ = ("_accepted", "_answer", "_early_talk")

    def __init__(
        self, channel: str, surroundings: Surroundings, audio: ChannelAudio, answer: bytes | None
    ) -> None:
        super().__init__(channel, surroundings)
        self.audio = audio
        self._invited = True
        self._answer = answer
        self._accepted = False
        self._early_talk: Talk | None = None  # what he hears before we answer

    def ring(self, status: int) -> None:
        """Send 180 to 183, without audio."""
        if self._is_open:
            now = self._with.clock()
            self._with.stack.ring(self.id, now, status, phrase_of(status))

    def listen(self, source: TalkingEnd) -> None:
        """Let him hear another channel's early media: before our answer by 183 with it."""
        talk = self._hearing()
        if talk is None:
            super().listen(source)
        elif source.audio is not None:
            talk.listen(source.audio)

    def play(self, sound: Tone | Prompt, play_id: int) -> None:
        """Let him hear a sound; before our answer only where he hears us already."""
        if self._early_talk is not None:
            self._early_talk.play(sound, play_id)
        else:
            super().play(sound, play_id)

    def _hearing(self) -> Talk | None:
        """What he hears before our answer; None where he is answered, or can't hear us."""
        if not self._is_open or self.audio is None or self._answer is None:
            return None
        if self._early_talk is None and self.audio.codec.key in G711_KEYS:
            self._early_talk = Talk(self.id, self.audio, self._with)
            now = self._with.clock()
            self._with.stack.ring(self.id, now, 183, phrase_of(183), self._answer)
        return self._early_talk

    def accept(self) -> None:
        """Send 200."""
        if not self._is_open or self.audio is None:
            return
        self._accepted = True
        self._end_early_talk()
        described = self.audio.offer() if self._answer is None else self._answer
        self._with.stack.accept(self.id, described, self._with.clock())
        if self._answer is not None:
            self._begin_to_talk(self.audio)

    def reject(self, status: int, reason: str, retry_after: int | None = None) -> None:
        """Send a final refusal, perhaps with when it is worth calling again."""
        if self._is_open:
            self._failure = (status, reason)
            later = () if retry_after is None else (("Retry-After", str(retry_after)),)
            self._with.stack.reject(self.id, status, reason, self._with.clock(), later)

    def hang_up(self, cause: Cause) -> None:
        """BYE, or a refusal."""
        if self.state is not ChannelState.DIALLING:
            super().hang_up(cause)
            return
        self._failure = HUNG_UP
        self._early_talk = None
        self._move(ChannelTrigger.HUNG_UP)
        self._silence()
        self._with.stack.hang_up(self.id, self._with.clock(), reason_of(cause))

    def on_confirmed(self, event: SessionConfirmed) -> None:
        """The ACK, with the answer where our 200 held the offer."""
        if self._talk is not None or self.audio is None:
            super().on_confirmed(event)
            return
        try:
            if event.sdp is None:
                raise SipParseError("an ACK without the answer")
            self.audio.take_answer(event.sdp)
        except SipParseError:
            self._refuse_answer()
            return
        self._begin_to_talk(self.audio)

    def on_ended(self, event: SessionEnded) -> None:
        """The SIP session is over: the caller gave up, or was refused."""
        if self.state is ChannelState.DIALLING and event.by is not EndedBy.LOCAL:
            said = said_in(event.reason_header)
            failed = Failed(self.id, 487, "Request Terminated", said=said)
            self._end(lambda: failed)
        else:
            super().on_ended(event)

    def _end_early_talk(self) -> None:
        if self._early_talk is not None:
            self._early_talk.stop_play()
            self._early_talk.session.listen_to(None)
            self._early_talk = None

    @property
    def _is_open(self) -> bool:
        """Whether the caller still waits for our answer."""
        return self.state is ChannelState.DIALLING and not self._accepted
