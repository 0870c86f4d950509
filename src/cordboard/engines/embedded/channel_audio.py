"""A channel's audio: what offer and answer make of its media session, and who holds whom.

Held is learned from what the peer says of its own accord: its offers, and its answers to our offers
of both directions. An answer to our own hold says nothing, for many phones answer ``inactive``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cordboard.engines.embedded.names import is_address
from cordboard.media.audio import AudioParameters, Direction
from cordboard.sip.errors import SipParseError
from cordboard.sip.offer import (
    LocalAudio,
    NegotiatedAudio,
    answer_offer,
    make_offer,
    read_answer,
)
from cordboard.sip.sdp import parse_sdp

if TYPE_CHECKING:
    from cordboard.engines.embedded.local_media import MediaSession

_CODECS = ("PCMU", "PCMA")


class ChannelAudio:
    """One channel's end of its audio stream.

    ``host`` is ours in SDP, ``signalling_host`` the peer's, from which audio is taken too.
    ``strict``: the peer sends from exactly the address of its SDP.
    """

    def __init__(
        self,
        session: MediaSession,
        host: str,
        signalling_host: str,
        number: int,
        *,
        strict: bool,
    ) -> None:
        self.session = session
        self.held = False
        self.configured = False
        self._signalling_host = signalling_host
        self._strict = strict
        self._local = LocalAudio(host, session.address[1], number)
        self._last_answer: bytes | None = None
        self._offered: LocalAudio | None = None
        self._holding = False
        self._told_hold = False

    @property
    def silent(self) -> bool:
        """Whether the peer may rightly send nothing, since one holds the other."""
        return self.held or self._holding

    def offer(self) -> bytes:
        """An offer of what we want now; the answer goes to :meth:`take_answer`."""
        hold = "inactive" if self.held else "sendonly"
        self._offered = self._next(hold if self._holding else "sendrecv")
        self._told_hold = self._holding
        return make_offer(self._offered)

    def take_answer(self, sdp: bytes) -> None:
        """Take the answer to our offer; raises :class:`SipParseError`, with 488 for no codec."""
        if self._offered is None and sdp == self._last_answer:
            return  # a 200 that repeats its 183 does not open the question of addresses again
        offered = self._offered or self._local
        agreed = read_answer(parse_sdp(sdp), offered)
        self._settle(offered, agreed)
        self._last_answer = sdp
        if offered.direction == "sendrecv":
            self.held = agreed.held

    def answer(self, sdp: bytes) -> bytes:
        """Our answer to the peer's offer; raises :class:`SipParseError`, with 488 for no codec."""
        local = self._next("sendonly" if self._holding else "sendrecv")
        body, agreed = answer_offer(parse_sdp(sdp), local)
        self._settle(local, agreed)
        self._told_hold = self._holding
        self._last_answer = None
        self.held = agreed.held
        return body

    def hold(self, on: bool) -> bytes | None:
        """Hold the peer or no longer; the offer to send, None where there is none to send now."""
        self._holding = on
        return self.next_offer()

    def offer_refused(self) -> None:
        """The peer refused our offer: all stays as it was, until something else changes."""
        if self._offered is not None:
            self._local = self._offered
            self._offered = None

    def next_offer(self) -> bytes | None:
        """What is still to be offered, since what we want is not what we last said."""
        if self._offered is not None or self._told_hold == self._holding:
            return None
        return self.offer()

    def _next(self, direction: str) -> LocalAudio:
        local = self._local
        version = local.version + 1 if self.configured else local.version
        return LocalAudio(local.host, local.port, local.session, version, direction, local.codecs)

    def _settle(self, local: LocalAudio, agreed: NegotiatedAudio) -> None:
        """Let the media session know; from now on the codec in use is offered first."""
        host = agreed.remote_host if is_address(agreed.remote_host) else self._signalling_host
        try:
            parameters = AudioParameters(
                remote=(host, agreed.remote_port),
                codec=agreed.codec,
                payload_type=agreed.send_payload_type,
                receive_payload_types=dict(agreed.receive_payload_types),
                dtmf_send_pt=agreed.dtmf_send,
                dtmf_receive_pt=agreed.dtmf_receive,
                direction=cast("Direction", agreed.direction),
                ptime_ms=agreed.ptime,
                rtcp_mux=agreed.rtcp_mux,
                rtcp_port=agreed.rtcp_port,
                signalling_host=self._signalling_host,
                strict=self._strict,
            )
        except ValueError as error:
            raise SipParseError(str(error), 488) from None
        self.session.configure(parameters)
        self.configured = True
        codecs = (agreed.codec, *(codec for codec in _CODECS if codec != agreed.codec))
        self._local = LocalAudio(
            local.host, local.port, local.session, local.version, local.direction, codecs
        )
        self._offered = None
