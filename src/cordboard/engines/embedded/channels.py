"""A channel: one dial, its SIP session and its media session, from the INVITE to the last word.

A channel's id is its Call-ID, so the SIP stack's events find it without a table of names. What may
happen to it is in :mod:`~cordboard.engines.embedded.channel_states`. The one
:class:`~cordboard.calls.ports.Failed` or :class:`~cordboard.calls.ports.Released` is told on
entering OVER, after the channel is forgotten, so that its id may be dialled again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cordboard.calls.causes import Cause
from cordboard.calls.ports import (
    Answered,
    EarlyMedia,
    EngineEvent,
    Failed,
    MediaLost,
    Ringing,
    Trying,
)
from cordboard.engines.embedded import last_words
from cordboard.engines.embedded.channel_states import (
    CHANNEL_TRANSITIONS,
    ChannelState,
    ChannelTrigger,
)
from cordboard.engines.embedded.early_audio import EarlyAudio
from cordboard.engines.embedded.reasons import reason_of
from cordboard.engines.embedded.talk import Talk
from cordboard.engines.embedded.talking_end import TalkingEnd
from cordboard.media import events as media_events
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import (
    InfoReceived,
    InviteAnswered,
    InviteFailed,
    InviteRinging,
    InviteTrying,
    OfferAnswered,
    OfferReceived,
    OfferRejected,
    SessionConfirmed,
    SessionEnded,
)

if TYPE_CHECKING:
    from cordboard.engines.embedded.channel_audio import ChannelAudio
    from cordboard.engines.embedded.surroundings import Surroundings
    from cordboard.engines.embedded.trunk_servers import TrunkServers
    from cordboard.media.figures import MediaFigures

RINGING_STATUSES: Final = frozenset({180, 181, 182, 183})


class Channel(TalkingEnd):
    """One dial. Methods named for SIP events take them, the others carry out commands; what can be
    commanded while it talks is in :class:`TalkingEnd`."""

    __slots__ = (
        "_early",
        "_failure",
        "_figures",
        "_hang_up_cause",
        "_invited",
        "_peer",
        "_rang",
        "_servers",
        "_with",
        "id",
        "state",
    )

    def __init__(self, channel: str, surroundings: Surroundings) -> None:
        super().__init__()
        self.id = channel
        self.state = ChannelState.DIALLING
        self._with = surroundings
        self._invited = False
        self._peer = ""
        self._rang = False
        self._servers: TrunkServers | None = None
        self._failure: tuple[int, str] | None = None
        self._hang_up_cause = Cause.NORMAL
        self._figures: MediaFigures | None = None
        self._early: EarlyAudio | None = None  # once there may be any, until the answer

    # Commands

    def invited(self, audio: ChannelAudio, peer: str, servers: TrunkServers | None = None) -> None:
        """Take note that the INVITE is on its way to an address, and of the audio it offers.

        ``servers`` are asked for another one where that fails.
        """
        self.audio = audio
        self._peer = peer
        self._servers = servers
        self._invited = True

    def fail(self, status: int, reason: str) -> None:
        """End a channel that was never invited."""
        self._failure = (status, reason)
        self._end(self._own_failure)

    def hang_up(self, cause: Cause) -> None:
        """End the channel in whatever state it is."""
        talking = self.state is ChannelState.TALKING
        if not self._move(ChannelTrigger.HUNG_UP):
            return
        self._hang_up_cause = cause
        self._silence()
        if not self._invited:
            self.fail(487, "Request Terminated")
        elif talking:
            self._with.stack.hang_up(self.id, self._with.clock(), reason_of(cause))
        else:
            self._with.stack.cancel(self.id, self._with.clock(), reason_of(cause))

    # SIP events

    def on_trying(self, _event: InviteTrying) -> None:
        """100."""
        if self._servers is not None:
            self._servers.heard()
        if self.state is ChannelState.DIALLING:
            self._with.tell(Trying(self.id))

    def on_ringing(self, event: InviteRinging) -> None:
        """101 to 199, with or without early media."""
        self._rang = True
        if self._servers is not None:
            self._servers.heard()
        if self.state is not ChannelState.DIALLING or self.audio is None:
            return
        described = event.sdp is not None
        if event.sdp is not None and (event.early_dialogs == 1 or not self.audio.configured):
            self._take_early_answer(event.sdp)
        if event.status in RINGING_STATUSES:
            self._with.tell(Ringing(self.id, event.status))
        if described and self._early is None:
            self._early = EarlyAudio()
        early = self._early
        if early is not None and early.ringing(event.status, described, event.early_dialogs):
            self._tell_early_media(early)

    def on_answered(self, event: InviteAnswered) -> None:
        """2xx, acknowledged."""
        if self._servers is not None:
            self._servers.heard()
            self._servers = None
        if self.state is not ChannelState.DIALLING or self.audio is None:
            return
        try:
            if event.sdp is not None:
                self.audio.take_answer(event.sdp)
        except SipParseError:
            self._refuse_answer()
            return
        if not self.audio.configured:
            self._refuse_answer()
            return
        self._begin_to_talk(self.audio)

    def on_failed(self, event: InviteFailed) -> None:
        """The INVITE ended without a call."""
        if self.state not in (ChannelState.DIALLING, ChannelState.LEAVING):
            return
        if self.state is ChannelState.DIALLING and self._is_taken_by_another(event):
            return
        if self._failure is not None:
            self._end(self._own_failure)
            return
        tried = "" if self._servers is None else self._servers.what_was_tried(event)
        failed = last_words.of_failure(self.id, event, tried, self._redirecting_hosts)
        self._end(lambda: failed)

    def on_ended(self, event: SessionEnded) -> None:
        """The SIP session is over."""
        if self.state in (ChannelState.DIALLING, ChannelState.LEAVING):
            self._end(self._own_failure)
            return
        cause = self._hang_up_cause if self.state is ChannelState.PARTING else None
        self._end(lambda: last_words.of_release(self.id, event, cause, self._figures))

    def on_offer(self, event: OfferReceived) -> None:
        """A re-INVITE of the peer, or its UPDATE, which may come before its answer (RFC 3311)."""
        if self.audio is not None and event.flow is not None:
            self.audio.heard_over(event.flow)
        if self._talk is not None:
            self._talk.offers.received(event.sdp)
        else:
            self._answer_early(event.sdp)

    def on_confirmed(self, event: SessionConfirmed) -> None:
        """The ACK of our 2xx, with the answer where that held our offer."""
        if self._talk is not None:
            self._talk.offer_answered(event.sdp)

    def on_offer_answered(self, event: OfferAnswered) -> None:
        """The peer accepted our re-INVITE."""
        if self._talk is not None:
            self._talk.offer_answered(event.sdp)

    def on_offer_rejected(self, _event: OfferRejected) -> None:
        """The peer refused our re-INVITE; the session stays as it was."""
        if self._talk is not None:
            self._talk.offer_refused()

    def on_info(self, event: InfoReceived) -> None:
        """A digit, if it is one."""
        if self._talk is not None:
            self._talk.info(event.content_type, event.body)

    # Media events

    def on_media(self, event: media_events.MediaEvent) -> None:
        """What the media session noticed."""
        if isinstance(event, media_events.EarlyMedia):
            if self.state is ChannelState.DIALLING:
                early = self._early = self._early or EarlyAudio()
                if early.present(event.started):
                    self._tell_early_media(early)
        elif self._talk is None or self.audio is None:
            return
        elif isinstance(event, media_events.Digit):
            self._talk.key_pressed(event)
        elif isinstance(event, media_events.PlayEnded):
            self._talk.play_ended(event)
        elif not self.audio.silent:
            self._with.tell(MediaLost(self.id))

    # Within

    def _begin_to_talk(self, audio: ChannelAudio) -> None:
        self._move(ChannelTrigger.ANSWERED)
        self._early = None
        audio.session.answered()
        talk = self._talk = Talk(self.id, audio, self._with)
        self._with.tell(Answered(self.id))
        if self._talk is talk:  # else it was hung up at once
            talk.offers.settle()

    def _own_failure(self) -> Failed:
        """The last word where it was us who failed the channel, or gave it up."""
        status, reason = self._failure or (487, "Request Terminated")
        return Failed(self.id, status, reason, local=True)

    def _redirecting_hosts(self) -> frozenset[str]:
        """The hosts of a redirect that need no trunk: ours, and the peer's own."""
        return self._with.own_hosts() | {self._peer}

    def _is_taken_by_another(self, event: InviteFailed) -> bool:
        """Whether the call goes on with another server of its trunk."""
        servers = self._servers
        if servers is None or not servers.has_failed(event) or self._rang:
            return False
        self._silence()
        return servers.go_on()

    def _move(self, trigger: ChannelTrigger) -> bool:
        following = CHANNEL_TRANSITIONS[self.state].get(trigger)
        if following is None:
            return False
        self.state = following
        return True

    def _end(self, last_word: Callable[[], EngineEvent]) -> None:
        """Let go of everything, then tell how it ended."""
        if self._move(ChannelTrigger.ENDED):
            self._servers = None  # which know the way back to us
            if self.audio is not None:
                self._silence()
            early, self._early = self._early, None
            if early is not None and early.flowing:  # who listens to it is to hear something else
                self._with.tell(EarlyMedia(self.id, False))
            self._with.forget(self)
            self._with.tell(last_word())

    def _silence(self) -> None:
        """Close the media session and keep its figures."""
        if self._talk is not None:
            self._talk.end()
            self._talk = None
        if self.audio is not None:
            self._figures = self.audio.session.close()
            self.audio = None

    def _refuse_answer(self) -> None:
        """There is no audio in common: the call that the peer believes in is ended."""
        self._move(ChannelTrigger.UNUSABLE)
        self._failure = (488, "Not Acceptable Here")
        self._silence()
        reason = reason_of(Cause.INCOMPATIBLE)
        self._with.stack.hang_up(self.id, self._with.clock(), reason)

    def _answer_early(self, sdp: bytes | None) -> None:
        stack, now = self._with.stack, self._with.clock()
        dialling = self.state is ChannelState.DIALLING
        if sdp is None or self.audio is None or not dialling or not self.audio.configured:
            stack.reject_offer(self.id, 488, now)
            return
        try:
            stack.answer_offer(self.id, self.audio.answer(sdp), now)
        except SipParseError as error:
            stack.reject_offer(self.id, error.status, now)

    def _take_early_answer(self, sdp: bytes) -> None:
        assert self.audio is not None
        try:
            self.audio.take_answer(sdp)
        except SipParseError:
            return  # the 2xx decides

    def _tell_early_media(self, early: EarlyAudio) -> None:
        if self.state is ChannelState.DIALLING:
            self._with.tell(EarlyMedia(self.id, early.flowing))
