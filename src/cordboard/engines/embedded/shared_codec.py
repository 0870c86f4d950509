"""A better codec than G.711 for two bridged channels: which one, and how both come to it.

Theory. Every channel begins with G.711, which we can make, hear and convert. Once two are bridged
and nobody but the two needs their audio, what both have beyond it is passed on untouched. What a
party has is known from the directory (``codecs``) and from what it offered by itself in the call,
for our INVITE, which offers G.711 only, does not tell. Nobody is moved to what the directory lists
for neither: many phones offer all that they have at each hold, and not all of it is better.

The second party is asked first, then the first with the second's own parameters: as soon as both
have the codec the audio flows again, so the gap is one round trip of the first party. Who refuses,
answers with something else, or leaves the codec later, has it no more in this call: the next one
that both have is tried, or both go back to G.711. So each party is asked at most twice per codec,
and no exchange goes round in a circle.

An offer of a party's own that has neither G.711 nor the shared codec, but one that the other party
has, waits while that one is asked; where it refuses the offer gets 488, and the call stays as it
was.

:meth:`SharedCodec.settle` looks at where both are and does the next step. It is called after each
exchange, whoever began it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cordboard.engines.embedded.channel_audio import G711_KEYS
from cordboard.sip.errors import SipParseError
from cordboard.sip.offer import offered_codecs
from cordboard.sip.sdp import parse_sdp

if TYPE_CHECKING:
    from cordboard.engines.embedded.channel_offers import ChannelOffers
    from cordboard.sip.codecs import Codec

_BACK: Final = "G.711"  # what a party is asked for in place of a codec's key


class SharedCodec:
    """The codec of two bridged channels; ``first`` is the party whose list decides."""

    def __init__(self, first: ChannelOffers, second: ChannelOffers) -> None:
        self._first = first
        self._second = second
        self._target: Codec | None = None
        self._asked: set[tuple[int, str]] = set()
        self._dead: set[str] = set()
        self._waiting: tuple[ChannelOffers, bytes, Codec] | None = None
        self._released = False
        first.shared = second.shared = self

    def settle(self) -> None:
        """Do the next step, if no step is under way."""
        if not self._asked and self._is_idle:
            return
        self._end_waiting()
        if self._first.audio.offering or self._second.audio.offering:
            return  # its end brings us here again
        self._follow()
        if self._target is None and not self._released:
            self._target = self._choose()
        while self._target is not None:
            behind = self._behind(self._target)
            if behind is None:
                break
            if self._ask(behind, self._target.key, self._target):
                return
            self._dead.add(self._target.key)
            self._target = self._choose()
        for leg in (self._second, self._first):
            if self._target is None and leg.audio.codec.key not in G711_KEYS:
                self._ask(leg, f"{_BACK} after {leg.audio.codec.key}", None)
            leg.audio.allow(() if self._target is None else (self._target,))

    @property
    def _is_idle(self) -> bool:
        """Whether both have G.711, and there is nothing beyond it that both could have."""
        first, second = self._first.audio, self._second.audio
        if first.codec.key not in G711_KEYS or second.codec.key not in G711_KEYS:
            return False
        return not (first.codecs and second.codecs)

    def release(self) -> None:
        """Go back to G.711 for good: somebody needs the audio."""
        if not self._released:
            self._released = True
            self._target = None
            self.settle()

    def adopt(self, leg: ChannelOffers, sdp: bytes) -> bool:
        """Whether an offer that can't be answered yet may be, once the other party is asked."""
        other = self._second if leg is self._first else self._first
        if self._released or self._waiting is not None:
            return False
        if leg.audio.offering or other.audio.offering:
            return False  # ours would wait for this one's answer, and that for ours
        has = {codec.key for codec in other.audio.codecs} - self._dead
        for codec in offered_codecs(parse_sdp(sdp)):
            if codec.key in has and self._ask(other, codec.key, codec):
                self._waiting = (leg, sdp, codec)
                return True
        return False

    def _end_waiting(self) -> None:
        """Answer the offer that waited for the other party, or refuse it."""
        if self._waiting is None:
            return
        leg, sdp, codec = self._waiting
        other = self._second if leg is self._first else self._first
        if other.audio.offering:
            return
        self._waiting = None
        if not other.audio.codec.same_packets(codec):
            self._dead.add(codec.key)
            leg.refuse(488)
            return
        leg.audio.allow((other.audio.codec,))
        try:
            leg.accept(sdp)
        except SipParseError as error:
            leg.refuse(error.status)

    def _follow(self) -> None:
        """Take over a codec that a party came to by itself."""
        for leg in (self._first, self._second):
            codec = leg.audio.codec
            if codec.key in G711_KEYS or codec.key in self._dead or self._released:
                continue
            if self._target is None or self._target.key != codec.key:
                self._target = codec
                self._asked.add((id(leg), codec.key))

    def _choose(self) -> Codec | None:
        if self._released:
            return None
        first, second = self._first.audio, self._second.audio
        has = {codec.key for codec in second.codecs} & (first.listed | second.listed)
        has -= self._dead
        return next((codec for codec in first.codecs if codec.key in has), None)

    def _behind(self, target: Codec) -> ChannelOffers | None:
        """Who has not come to the codec yet; from the second party on, with its parameters."""
        second, first = self._second.audio.codec, self._first.audio.codec
        if second.key != target.key:
            return self._second
        self._target = second
        return None if first.same_packets(second) else self._first

    def _ask(self, leg: ChannelOffers, what: str, codec: Codec | None) -> bool:
        """Let a party be offered something, but not twice; False where it was already."""
        if (id(leg), what) in self._asked:
            return False
        self._asked.add((id(leg), what))
        leg.wish(codec)
        return True
