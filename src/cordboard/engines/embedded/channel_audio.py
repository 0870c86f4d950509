"""A channel's audio: what offer and answer make of its media session, and who holds whom.

Held is learned from what the peer says of its own accord: its offers, and its answers to our offers
of both directions. An answer to our own hold says nothing, for many phones answer ``inactive``. A
peer that switches its audio off (port 0) holds us as well, until it offers again.

What we want (to hold, to have a codec) and what was last said are compared after each exchange, so
that a wish that came while an offer was under way is not lost, and one refused is not repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from msgspec import structs

from cordboard.addresses import canonical
from cordboard.engines.embedded.agreed_audio import parameters_of
from cordboard.engines.embedded.media_route import MediaRoute, PeersEnd, end_of
from cordboard.engines.embedded.meeting_point import MeetingPoint, Move
from cordboard.engines.embedded.offered_numbers import with_numbers
from cordboard.media.audio import AudioParameters
from cordboard.sip.codecs import G711, PCMA, PCMU, Codec, PayloadTypes
from cordboard.sip.offer import (
    EVENT,
    LocalAudio,
    NegotiatedAudio,
    NoCommonCodec,
    answer_offer,
    make_offer,
    read_answer,
)
from cordboard.sip.sdp import SessionDescription, parse_sdp

if TYPE_CHECKING:
    from cordboard.engines.embedded.local_media import MediaSession
    from cordboard.sip.flow import Flow

NO_CODECS: Final[frozenset[str]] = frozenset()

MAX_KNOWN: Final = 16  # codecs that a peer is remembered to have; the longest lists are of 12

G711_KEYS: Final = tuple(codec.key for codec in G711)

# The law in use is offered first.
_LAWS: Final = {PCMU.key: G711, PCMA.key: (PCMA, PCMU)}

# What stands among codecs and is none.
_NO_AUDIO: Final = frozenset({"CN", "RED", "RTX", "ULPFEC"})


class ChannelAudio:
    """One channel's end of its audio stream.

    ``host`` is ours in SDP, ``signalling_host`` the peer's, from which audio is taken too.
    ``move`` has the session met on another family's address.
    ``strict``: the peer sends from exactly the address of its SDP. ``codecs``: what the peer has
    beyond G.711; what it offers by itself is added. ``direct``: its audio may go past us.
    """

    def __init__(
        self,
        session: MediaSession,
        host: str,
        signalling_host: str,
        number: int,
        *,
        strict: bool,
        codecs: tuple[Codec, ...] = (),
        move: Move | None = None,
        direct: bool = False,
    ) -> None:
        self.session = session
        self.held = False
        self.codec = PCMU
        """What is sent, as the peer describes it, once that is agreed on."""
        self.codecs = codecs
        self.listed = frozenset([codec.key for codec in codecs]) if codecs else NO_CODECS
        """The keys of those that the directory says it has."""
        self._meeting = MeetingPoint(host, signalling_host, move)
        self._strict = strict
        self._local = LocalAudio(host, session.address[1], number)
        self._types = PayloadTypes()
        self._parameters: AudioParameters | None = None
        self._last_said: bytes | None = None
        self._last_answer: bytes | None = None
        self._offered: LocalAudio | None = None
        self._last_offer = self._local
        self._holding = False
        self._wish: Codec | None = None
        self._allowed: tuple[Codec, ...] = ()
        self._direct = direct
        self._agreed: NegotiatedAudio | None = None
        self.route = MediaRoute()
        """Whose end the peer is told of in place of ours."""
        self._told: tuple[bool, str, PeersEnd | None] = (False, "", None)

    @property
    def configured(self) -> bool:
        """Whether anything has been agreed on."""
        return self._parameters is not None

    @property
    def silent(self) -> bool:
        """Whether the peer may rightly send nothing, since one holds the other."""
        if self.held or self.route.agreed is not None:
            return True
        return self._parameters is not None and not self._parameters.receives

    @property
    def may_go_past_us(self) -> bool:
        """Whether the directory lets the peer's audio go past us."""
        return self._direct

    @property
    def direct_end(self) -> PeersEnd | None:
        """The peer's end where another peer may send to it: it sends and hears, and is where its
        signalling is, so that there is no NAT between us; or is a trunk, whose audio may be at
        another address of the same network."""
        agreed = self._agreed
        if agreed is None or not self._direct or self.held or agreed.direction != "sendrecv":
            return None
        end = end_of(agreed)
        return end if self._strict or end.host == canonical(self._meeting.peer) else None

    @property
    def offering(self) -> bool:
        """Whether an offer of ours is not answered yet."""
        return self._offered is not None

    # Our offers

    def offer(self) -> bytes:
        """An offer of what we want now; the answer goes to :meth:`take_answer`."""
        if self._meeting.is_elsewhere:
            self._follow()
        direction = "sendrecv"
        if self._holding:
            direction = "inactive" if self.held else "sendonly"
        local = self._local
        if direction != local.direction:
            local = structs.replace(local, direction=direction)
        elsewhere = self.route.offer(local) if self._direct else None
        if elsewhere is not None:
            local = elsewhere
        elif self._wish is not None or not self._types.blank:
            local, self._wish = with_numbers(local, self._wish, self._types)
        self._told = self._want
        self._offered = self._last_offer = local
        return self._say(make_offer(local), lambda: make_offer(self._at_next_version(local)))

    def take_answer(self, sdp: bytes) -> None:
        """Take the answer to our offer; raises :class:`SipParseError`, with 488 for no codec."""
        if self._offered is None and sdp == self._last_answer:
            return  # a 200 that repeats its 183 does not open the question of addresses again
        offered = self._offered or self._last_offer
        agreed = read_answer(parse_sdp(sdp), offered)
        tells = agreed is None or offered.direction == "sendrecv"
        if self._direct and self._offered is not None:
            self.route.answered()
        self._settle(agreed, held=agreed is None or agreed.held if tells else self.held)
        self._last_answer = sdp

    def offer_refused(self) -> None:
        """The peer refused our offer: all stays as it was, until something else changes."""
        self._offered = None
        self.route.refused()
        self._settle_wish()

    def next_offer(self) -> bytes | None:
        """What is still to be offered, since what we want is not what we last said."""
        if self._offered is not None or self._told == self._want:
            return None
        return self.offer()

    # The peer's offers

    def answer(self, sdp: bytes) -> bytes:
        """Our answer to the peer's offer; raises :class:`SipParseError`, with 488 for no codec."""
        offer = parse_sdp(sdp)
        local = self._past_us(offer) or self._answering
        body, agreed = answer_offer(offer, local)
        if self._meeting.is_elsewhere and self._follow():
            local = self._answering
            body, agreed = answer_offer(offer, local)
        if self._offered is not None:
            # Ours has not reached the peer: its wishes stand.
            self._told = (self._told[0], "", self.route.agreed)
        self._settle(agreed, held=agreed is None or agreed.held)
        if agreed is not None:
            self._learn(agreed)
        self._told = (self._holding, self._told[1], self.route.agreed)
        self._last_answer = None
        return self._say(body, lambda: answer_offer(offer, self._at_next_version(local))[0])

    def heard_over(self, flow: Flow) -> None:
        """Take note of the flow that the peer's offer, or its wish for one, came over."""
        self._meeting.hear(flow)

    # Wishes

    def hold(self, on: bool) -> bytes | None:
        """Hold the peer or no longer; the offer to send, None where there is none to send now."""
        self._holding = on
        return self.next_offer()

    def wish(self, codec: Codec | None) -> bytes | None:
        """Have a codec beyond G.711, or G.711 alone; the offer to send likewise."""
        self._wish = codec
        return self.next_offer()

    def allow(self, codecs: tuple[Codec, ...]) -> None:
        """Let the peer's offers have these beyond G.711."""
        self._allowed = codecs

    # Within

    @property
    def _answering(self) -> LocalAudio:
        """Our end as an answer of ours says it."""
        current = self.codec.key
        return structs.replace(
            self._local,
            direction="sendonly" if self._holding else "sendrecv",
            codecs=(*self._local.codecs, *self._allowed),
            preferred=(G711_KEYS if current in G711_KEYS else (current,)) if self._allowed else (),
        )

    def _past_us(self, offer: SessionDescription) -> LocalAudio | None:
        """The other peer's end, where the peer sends to that one and says nothing new."""
        route = self.route.agreed
        if route is None:
            return None
        local = route.in_place_of(self._answering)
        with suppress(NoCommonCodec):
            _, agreed = answer_offer(offer, local)
            again = agreed is not None and not agreed.held and end_of(agreed) == self.direct_end
            if again and not self._meeting.is_elsewhere:
                return local
        self.route.drop()  # it is ours to answer
        return None

    def _follow(self) -> bool:
        """Go where the peer has gone; whether our end is another one by that."""
        if not self._meeting.follow():
            return False
        port = self.session.address[1]
        self._local = structs.replace(self._local, host=self._meeting.host, port=port)
        return True

    @property
    def _want(self) -> tuple[bool, str, PeersEnd | None]:
        return self._holding, "" if self._wish is None else self._wish.key, self.route.wanted

    def _say(self, body: bytes, rewritten: Callable[[], bytes]) -> bytes:
        """Say a description, with a higher version if it is another than the last (RFC 3264 8)."""
        if self._last_said is not None and body != self._last_said:
            body = rewritten()
        self._last_said = body
        return body

    def _at_next_version(self, local: LocalAudio) -> LocalAudio:
        version = self._local.version + 1
        self._local = structs.replace(self._local, version=version)
        return structs.replace(local, version=version)

    def _settle(self, agreed: NegotiatedAudio | None, *, held: bool) -> None:
        """Let the media session know; from now on the law in use is offered first."""
        if agreed is None:
            if self._parameters is None:
                raise NoCommonCodec
            parameters = replace(self._parameters, direction="inactive", held=True)
        else:
            meeting, ports = self._meeting, self.session.own_ports
            parameters = parameters_of(agreed, meeting, ports, strict=self._strict, held=held)
            self.codec = agreed.codec
        self._agreed = agreed
        self.session.configure(self.route.heard_here(parameters) if self._direct else parameters)
        self._parameters = parameters
        self.held = held
        laws = _LAWS.get(self.codec.key, G711)
        if laws is not self._local.codecs:
            self._local = structs.replace(self._local, codecs=laws)
        self._offered = None
        self._settle_wish()

    def _settle_wish(self) -> None:
        """Wish for what there is, unless something else was wished for meanwhile."""
        beyond = "" if self.codec.key in G711_KEYS else self.codec.key
        if self._told[1] == ("" if self._wish is None else self._wish.key):
            self._wish = self.codec if beyond else None
        self._told = (self._told[0], beyond, self.route.agreed)

    def _learn(self, agreed: NegotiatedAudio) -> None:
        """Remember what the peer can receive, and the numbers that it has given."""
        if agreed.dtmf_send is not None:
            event = replace(EVENT, payload_type=agreed.dtmf_send, rate=agreed.event_rate)
            self._types.learn(event)
        others = [one for one in agreed.theirs if one.key not in G711_KEYS]
        for codec in others:
            self._types.learn(codec)
        known = {codec.key: codec for codec in self.codecs}
        known.update({one.key: one for one in others if one.name.upper() not in _NO_AUDIO})
        self.codecs = tuple(known.values())[:MAX_KNOWN]
