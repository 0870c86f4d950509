"""Two bridged channels whose peers send their audio to each other, past us.

Theory. It is done where both peers may (``direct_media`` of their terminals or trunks) and nobody
but the two needs their audio, once they have come to one codec and have talked for a moment: the
first is told of the second's end by an offer of ours, and then the second of the first's, as its
answer has it. From the moment that somebody needs the audio, or a peer comes with something new, it
is relayed again, and stays so until they are bridged anew: whoever is recorded or held once is so
again, and each change is heard. A peer that agrees and goes on sending to us is relayed as well:
some send to wherever the last packet came from.

=========  ===========================================  =========
state      what happened                                then
=========  ===========================================  =========
WAITING    both talk in one codec, and it can be done   GOING
GOING      an exchange ended as wanted: the next one    GOING
GOING      both send to each other                      DIRECT
GOING      a peer refused, or answered another thing    RELAYED
DIRECT     a peer came with another description, or     RELAYED
           still sends to us
any        somebody needs the audio                     RELAYED
RELAYED    whoever still sends past us is asked back    RELAYED
=========  ===========================================  =========

:meth:`DirectMedia.settle` does the next step, after each exchange, whoever began it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cordboard.engines.embedded.channel_offers import ChannelOffers
    from cordboard.engines.embedded.media_route import PeersEnd

TALK_FIRST: Final = 1.0
"""Seconds: by then phones are done with offers of their own, and know by fifty packets where we
are, so that a late one does not lead them back."""

STILL_HERE_AFTER: Final = 2.0
STILL_HERE: Final = 50
"""Packets that came to us within so many seconds since they send to each other: what was under way
is fewer, and a phone that speaks to us all the time sends a hundred."""

MOST_ASKED: Final = 2
"""How often each peer is told of the other's end: once more where that has moved meanwhile."""


Later = Callable[[float, Callable[[], None]], object]


class DirectState(Enum):
    """How far the two have come."""

    WAITING = "waiting"
    GOING = "going"
    DIRECT = "direct"
    RELAYED = "relayed"


class DirectMedia:
    """Brings two channels together and back; ``tell`` is told when they send to each other, and
    when they do no more; ``later`` calls back after so many seconds."""

    __slots__ = (
        "_asked",
        "_first",
        "_later",
        "_ripe",
        "_second",
        "_tell",
        "_told",
        "_when_back",
        "state",
    )

    def __init__(
        self,
        first: ChannelOffers,
        second: ChannelOffers,
        tell: Callable[[bool], None],
        later: Later,
    ) -> None:
        self.state = DirectState.WAITING
        self._ripe = False
        self._later = later
        self._first = first
        self._second = second
        self._tell = tell
        self._told = False
        self._asked: dict[int, list[PeersEnd]] = {id(first): [], id(second): []}
        self._when_back: list[Callable[[], None]] = []
        first.direct = second.direct = self
        later(TALK_FIRST, self._ripen)

    @property
    def goes_past_us(self) -> bool:
        """Whether a peer sends past us, or is about to."""
        return any(leg.audio.route.agreed or leg.audio.route.wanted for leg in self._legs)

    def settle(self) -> None:
        """Do the next step, if no step is under way."""
        if any(leg.audio.offering for leg in self._legs):
            return  # its end brings us here again
        if self.state is DirectState.WAITING and self._ripe and self._is_possible():
            self.state = DirectState.GOING
        if self.state is DirectState.GOING:
            self._go_on()
        elif self.state is DirectState.DIRECT and not self._is_agreed():
            self.release()
        elif self.state is DirectState.RELAYED:
            self._come_back()

    def _ripen(self) -> None:
        """They have talked for a moment, unless one has gone or is with somebody else by now."""
        self._ripe = True
        if self._first.direct is self is self._second.direct:
            self.settle()

    def release(self) -> None:
        """Have the audio relayed again, for good: somebody needs it."""
        self.let_go()
        self._come_back()

    def let_go(self) -> None:
        """Want that, and leave it to :meth:`settle` to say so."""
        self.state = DirectState.RELAYED
        for leg in self._legs:
            leg.audio.route.wanted = None

    def when_relayed(self, do: Callable[[], None]) -> None:
        """Have it relayed again, and do something once it is."""
        self._when_back.append(do)
        self.release()

    def end(self) -> None:
        """One of the two is gone: the other one is asked back when it is to hear anything."""
        self.let_go()
        self._when_back.clear()
        for leg in self._legs:
            leg.direct = None

    @property
    def _legs(self) -> tuple[ChannelOffers, ChannelOffers]:
        return self._first, self._second

    def _is_possible(self) -> bool:
        first, second = self._first.audio.direct_end, self._second.audio.direct_end
        return first is not None and second is not None and first.goes_with(second)

    def _is_agreed(self) -> bool:
        """Whether each sends to where the other one is."""
        first, second = self._first.audio, self._second.audio
        return (
            first.direct_end is not None
            and first.direct_end == second.route.agreed
            and second.direct_end is not None
            and second.direct_end == first.route.agreed
        )

    def _go_on(self) -> None:
        if not self._is_possible():
            self.release()
            return
        for leg, other in ((self._first, self._second), (self._second, self._first)):
            wanted = other.audio.direct_end
            if wanted is None or leg.audio.route.agreed == wanted:
                continue
            asked = self._asked[id(leg)]
            if wanted not in asked and len(asked) < MOST_ASKED:
                asked.append(wanted)
                leg.audio.route.wanted = wanted
                leg.say_what_is_new()
            else:
                self.release()  # it was asked, and does not do it
            return
        self.state = DirectState.DIRECT
        self._told = True
        self._tell(True)
        before = self._heard_here()

        def look() -> None:
            if self.state is DirectState.DIRECT and any(
                now - then >= STILL_HERE
                for now, then in zip(self._heard_here(), before, strict=True)
            ):
                self.release()

        self._later(STILL_HERE_AFTER, look)

    def _heard_here(self) -> tuple[int, ...]:
        """How many packets of each came to us so far."""
        return tuple(leg.audio.session.figures().packets_received for leg in self._legs)

    def _come_back(self) -> None:
        for leg in self._legs:
            leg.say_what_is_new()
        if any(leg.audio.offering or leg.audio.route.agreed for leg in self._legs):
            return
        if self._told:
            self._told = False
            self._tell(False)
        waiting, self._when_back = self._when_back, []
        for do in waiting:
            do()
