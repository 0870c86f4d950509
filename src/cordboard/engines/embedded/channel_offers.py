"""The offers of an answered channel, ours and the peer's, and what follows from each exchange."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.calls.ports import EngineEvent, HoldChanged
from cordboard.engines.embedded.channel_audio import G711_KEYS
from cordboard.sip.errors import SipParseError

if TYPE_CHECKING:
    from cordboard.engines.embedded.channel_audio import ChannelAudio
    from cordboard.engines.embedded.direct_media import DirectMedia
    from cordboard.engines.embedded.shared_codec import SharedCodec
    from cordboard.sip.codecs import Codec
    from cordboard.sip.stack import SipStack


class ChannelOffers:
    """Carries one channel's offers and answers between its audio and the SIP stack.

    ``shared`` is what brings it and the channel that it is bridged with to one codec, ``direct``
    what has the two send to each other.
    """

    __slots__ = ("_channel", "_clock", "_held", "_stack", "_tell", "audio", "direct", "shared")

    def __init__(
        self,
        channel: str,
        audio: ChannelAudio,
        stack: SipStack,
        clock: Callable[[], float],
        tell: Callable[[EngineEvent], None],
    ) -> None:
        self.audio = audio
        self.shared: SharedCodec | None = None
        self.direct: DirectMedia | None = None
        self._channel = channel
        self._stack = stack
        self._clock = clock
        self._tell = tell
        self._held = False

    def hold(self, on: bool) -> None:
        """Put the peer on hold, or take it off."""
        if on and self.direct is not None:
            self.direct.let_go()
        self._send(self.audio.hold(on))
        if self.direct is not None:
            self.direct.settle()

    def wish(self, codec: Codec | None) -> None:
        """Have a codec beyond G.711, or G.711 alone."""
        self._send(self.audio.wish(codec))

    def need_g711(self) -> None:
        """A sound is to be heard, which we can make in G.711 only; or the audio is needed here."""
        if self.direct is not None:
            self.direct.release()
        if self.shared is not None:
            self.shared.release()
        elif self.audio.codec.key not in G711_KEYS:
            self.wish(None)
        self.say_what_is_new()

    def say_what_is_new(self) -> None:
        """Offer what is wanted and was not said yet, unless an offer is under way."""
        offer = self.audio.next_offer()
        if offer is not None:
            self._send(offer)

    def part(self) -> None:
        """Be bridged with nobody any more: whatever is heard next is made by us."""
        self.need_g711()
        self.shared = self.direct = None
        self.audio.allow(())

    # The peer's offers

    def received(self, sdp: bytes | None) -> None:
        """The peer offers, or wants us to offer in our answer."""
        try:
            self.accept(sdp)
        except SipParseError as error:
            if sdp is None or self.shared is None or not self._adopt(self.shared, sdp):
                self.refuse(error.status)
            return
        self.settle()

    def accept(self, sdp: bytes | None) -> None:
        """Answer the peer's offer; raises :class:`SipParseError`, with 488 for no codec."""
        waiting = self.audio.offering  # ours, which has not reached the peer, comes after this one
        answer = self.audio.offer() if sdp is None else self.audio.answer(sdp)
        self._stack.answer_offer(self._channel, answer, self._clock())
        if waiting:
            self._send(self.audio.offer())

    def refuse(self, status: int) -> None:
        """Refuse the peer's offer; all stays as it was."""
        self._stack.reject_offer(self._channel, status, self._clock())

    # The ends of ours

    def answered(self, sdp: bytes | None) -> None:
        """The peer answered our offer; without a description all stays as it was."""
        try:
            if sdp is None:
                self.audio.offer_refused()
            else:
                self.audio.take_answer(sdp)
        except SipParseError:
            self.audio.offer_refused()
        self.settle()

    def refused(self) -> None:
        """The peer refused our offer; the session stays as it was."""
        self.audio.offer_refused()
        self.settle()

    def settle(self) -> None:
        """Tell what has changed, and offer what is still to be offered."""
        if self.audio.held != self._held:
            self._held = self.audio.held
            self._tell(HoldChanged(self._channel, self._held))
        if self.shared is not None:
            self.shared.settle()
        if self.direct is not None:
            self.direct.settle()
        self.say_what_is_new()

    def _adopt(self, shared: SharedCodec, sdp: bytes) -> bool:
        try:
            return shared.adopt(self, sdp)
        except SipParseError:
            return False

    def _send(self, sdp: bytes | None) -> None:
        if sdp is not None:
            self._stack.offer(self._channel, sdp, self._clock())
