"""Audio past the server: when the two are told of each other, and when they are asked back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from cordboard.calls.ports import Answered, Bridge, MediaRouted, TerminalEndpoint
from cordboard.engines.embedded.direct_media import (
    STILL_HERE,
    STILL_HERE_AFTER,
    TALK_FIRST,
    DirectMedia,
    DirectState,
)
from cordboard.engines.embedded.media_route import MediaRoute, PeersEnd
from cordboard.sip.codecs import PCMA, PCMU
from cordboard.sip.offer import LocalAudio
from support.engine_rigs import EmbeddedRig, SipFar, embedded_rig

HERE = PeersEnd("192.0.2.1", 4000, PCMU, 101, 8000)
THERE = PeersEnd("192.0.2.2", 5000, PCMU, 101, 8000)
OURS = LocalAudio("192.0.2.9", 9000, 1)


@dataclass
class Leg:
    """A channel's offers, whose peer answers as a test says; ``moves`` are where it is after each
    exchange."""

    end: PeersEnd | None
    accepts: bool = True
    moves: list[PeersEnd] = field(default_factory=list)
    packets: int = 0
    offers: int = 0
    under_way: bool = False
    direct: DirectMedia | None = None

    def __post_init__(self) -> None:
        self.route = MediaRoute()
        self.audio: Any = self
        self.session: Any = SimpleNamespace(
            figures=lambda: SimpleNamespace(packets_received=self.packets)
        )

    @property
    def offering(self) -> bool:
        return self.under_way

    @property
    def direct_end(self) -> PeersEnd | None:
        return self.end

    def say_what_is_new(self) -> None:
        if not self.under_way and self.route.wanted != self.route.agreed:
            self.under_way = True
            self.offers += 1
            self.route.offer(OURS)

    def answer(self) -> None:
        """The exchange that is under way ends."""
        assert self.under_way
        self.under_way = False
        if self.accepts:
            self.route.answered()
            if self.moves:
                self.end = self.moves.pop(0)
        else:
            self.route.refused()
        if self.direct is not None:
            self.direct.settle()


class Two:
    """Both legs, and what was told."""

    def __init__(self, first: Leg, second: Leg) -> None:
        self.first, self.second = first, second
        self.told: list[bool] = []
        self.waiting: dict[float, Callable[[], None]] = {}
        self.direct = DirectMedia(first, second, self.told.append, self.waiting.__setitem__)  # type: ignore[arg-type]  # what of them is asked
        self.direct.settle()
        assert not first.offers, "they have not talked yet"
        self.waiting[TALK_FIRST]()

    def answer_all(self) -> None:
        for _ in range(9):
            for leg in (self.first, self.second):
                if leg.under_way:
                    leg.answer()

    @property
    def past_us(self) -> tuple[PeersEnd | None, PeersEnd | None]:
        return self.first.route.agreed, self.second.route.agreed


def test_the_first_is_told_of_the_second_and_then_the_second_of_the_first() -> None:
    two = Two(Leg(HERE), Leg(THERE))
    assert (two.first.offers, two.second.offers) == (1, 0)
    two.first.answer()
    assert (two.first.offers, two.second.offers) == (1, 1)
    assert two.told == []
    two.second.answer()
    assert two.past_us == (THERE, HERE)
    assert (two.direct.state, two.told) == (DirectState.DIRECT, [True])


def test_who_answers_from_elsewhere_is_told_of_there() -> None:
    moved = replace(THERE, port=5002)
    two = Two(Leg(HERE), Leg(THERE, moves=[moved]))
    two.answer_all()
    assert two.past_us == (moved, HERE)
    assert two.told == [True]


def test_who_moves_each_time_is_relayed() -> None:
    everywhere = [replace(THERE, port=port) for port in range(6000, 6020, 2)]
    two = Two(
        Leg(HERE, moves=[replace(HERE, port=port) for port in (7000, 7002, 7004)]), Leg(THERE)
    )
    two.second.moves = everywhere
    two.answer_all()
    assert (two.direct.state, two.told) == (DirectState.RELAYED, [])
    assert two.past_us == (None, None)


@pytest.mark.parametrize("who", ["first", "second"])
def test_who_refuses_is_not_asked_again_and_the_other_is_asked_back(who: str) -> None:
    two = Two(Leg(HERE), Leg(THERE))
    refusing = two.first if who == "first" else two.second
    refusing.accepts = False
    two.answer_all()
    assert refusing.offers == 1
    assert two.past_us == (None, None)
    assert (two.direct.state, two.told) == (DirectState.RELAYED, [])


def test_what_needs_the_audio_waits_until_it_is_back() -> None:
    two = Two(Leg(HERE), Leg(THERE))
    two.answer_all()
    done: list[str] = []
    two.direct.when_relayed(lambda: done.append("sent"))
    assert (done, two.told) == ([], [True])
    two.answer_all()
    assert (done, two.told) == (["sent"], [True, False])
    assert two.past_us == (None, None)
    two.direct.settle()
    two.waiting[STILL_HERE_AFTER]()
    assert two.told == [True, False]


def test_it_may_be_needed_on_the_way() -> None:
    two = Two(Leg(HERE), Leg(THERE))
    two.direct.release()
    two.answer_all()
    assert two.past_us == (None, None)
    assert (two.direct.state, two.told) == (DirectState.RELAYED, [])


def test_who_goes_on_sending_to_us_is_relayed() -> None:
    two = Two(Leg(HERE), Leg(THERE))
    two.answer_all()
    two.second.packets += STILL_HERE
    two.waiting[STILL_HERE_AFTER]()
    two.answer_all()
    assert (two.past_us, two.told) == ((None, None), [True, False])


def test_a_few_late_packets_are_nothing() -> None:
    two = Two(Leg(HERE), Leg(THERE))
    two.answer_all()
    two.second.packets += STILL_HERE - 1
    two.waiting[STILL_HERE_AFTER]()
    assert two.direct.state is DirectState.DIRECT


def test_when_one_has_gone_the_other_one_is_left_alone() -> None:
    two = Two(Leg(HERE), Leg(THERE))
    two.answer_all()
    offers = two.second.offers
    two.direct.end()
    assert (two.second.offers, two.second.direct, two.second.route.wanted) == (offers, None, None)


@pytest.mark.parametrize(
    ("other", "goes"),
    [
        (THERE, True),
        (replace(THERE, codec=PCMA), False),
        (replace(THERE, event=96), False),
        (replace(THERE, event=None), False),
        (replace(THERE, host="2001:db8::2"), False),
        (replace(THERE, host="127.0.0.1"), False),
        (replace(THERE, host="8.8.8.8"), False),
        (replace(THERE, host="pbx.example.com"), False),
    ],
)
def test_ends_that_go_with_each_other(other: PeersEnd, goes: bool) -> None:
    assert HERE.goes_with(other) is goes
    assert other.goes_with(HERE) is goes


class TestWithPhones:
    """The same with the engine and phones on the loopback."""

    pytestmark = pytest.mark.anyio

    async def answered(self, rig: EmbeddedRig, name: str) -> tuple[str, SipFar]:
        contact = await rig.register(name)
        channel = rig.dial(TerminalEndpoint(contact, direct_media=True))
        far = await rig.far(channel)
        await far.answer()
        await rig.event(Answered, channel)
        assert isinstance(far, SipFar)
        return channel, far

    def state(self, rig: EmbeddedRig, channel: str) -> DirectState | None:
        talk = rig.embedded._channels[channel]._talk
        assert talk is not None
        return None if talk.offers.direct is None else talk.offers.direct.state

    def came_here(self, rig: EmbeddedRig, *channels: str) -> int:
        """How many packets of these came to the server so far."""
        audios = [rig.embedded._channels[channel].audio for channel in channels]
        return sum(one.session.figures().packets_received for one in audios if one is not None)

    async def test_not_a_packet_comes_here_and_a_refresh_changes_nothing(self) -> None:
        async with embedded_rig() as rig:
            first, jessica = await self.answered(rig, "desk")
            second, thomas = await self.answered(rig, "soft")
            rig.execute(Bridge(first, second))
            await rig.event(MediaRouted, first)
            await rig.until(lambda: jessica.hears(thomas))
            here, heard = self.came_here(rig, first, second), jessica.call.packets
            await rig.until(lambda: jessica.call.packets >= heard + 50)
            assert self.came_here(rig, first, second) - here < 10
            offers = jessica.call.offers
            thomas.call.offer(thomas.call.audio.offer())
            await rig.until(lambda: not thomas.call.audio.offering)
            assert self.state(rig, first) is DirectState.DIRECT
            assert jessica.call.offers == offers
            heard = thomas.call.packets
            await rig.until(lambda: thomas.call.packets >= heard + 25)
            await rig.until(lambda: thomas.hears(jessica))

    async def test_a_phone_that_refuses_is_relayed(self) -> None:
        async with embedded_rig() as rig:
            first, jessica = await self.answered(rig, "desk")
            second, thomas = await self.answered(rig, "soft")
            thomas.call.accepts_offers = False
            rig.execute(Bridge(first, second))
            await rig.until(lambda: self.state(rig, first) is DirectState.RELAYED)
            await rig.until(lambda: jessica.hears(thomas))
            await rig.until(lambda: thomas.hears(jessica))
            assert not [one for one in rig.events if isinstance(one, MediaRouted)]
