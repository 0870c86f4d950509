"""The relay with its native part and without it: the same packets, figures, reports and events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.media.audio import AudioParameters
from cordboard.media.dtmf import event_payloads
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import Silence, Tone
from support.audio import EVENT_TYPE, negotiated
from support.native import NATIVE, NOT_BUILT
from support.relay_rig import ELSEWHERE, OWN, STRANGER, Leg, RelayRig

pytestmark = pytest.mark.skipif(not NATIVE, reason=NOT_BUILT)

HOST: Final = "127.0.0.1"
SETTLED: Final = 8
"""Packets after which a source is certain and the stream is lent; not all of them pass Python."""


class Line:
    """What a phone says: a stream whose numbers go on, unless they are told not to."""

    def __init__(self, leg: Leg, number: int) -> None:
        self.leg = leg
        self.ssrc, self.sequence, self.timestamp = 7000 + number, 65_500 + number, 2**32 - 3000

    def say(self, payload: bytes | None = None, payload_type: int = 0, place: int = OWN) -> None:
        """The next packet; without a payload one that is like no other."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
        audio = self.sequence.to_bytes(2, "big") * 80 if payload is None else payload
        packet = RtpPacket(payload_type, self.sequence, self.timestamp, self.ssrc, audio)
        self.leg.say(bytes(packet), place)


class Heard:
    """An audio sink."""

    def __init__(self) -> None:
        self.packets: list[tuple[bytes, str, int]] = []

    def write(self, payload: bytes, codec: str, timestamp: int) -> None:
        self.packets.append((payload, codec, timestamp))


class House:
    """A rig, what its phones say, and who listens in."""

    def __init__(self, native: bool, legs: int = 2, seed: int = 0) -> None:
        self.rig = RelayRig(native, legs, seed)
        self.legs = self.rig.legs
        self.lines = [Line(leg, number) for number, leg in enumerate(self.legs)]
        self.sinks = [Heard() for _ in self.legs]
        self.told: list[Any] = []

    def agree(self, leg: int, **more: Any) -> None:
        """Offer and answer with one phone, which is answered."""
        self.legs[leg].session.configure(self.parameters(leg, **more))
        self.legs[leg].session.answered()

    def parameters(self, leg: int, **more: Any) -> AudioParameters:
        one = self.legs[leg]
        port = one.phone[more.pop("place", OWN)].getsockname()[1]
        return negotiated(port, host=HOST, signalling=HOST, **more)

    def connect(self, **more: Any) -> None:
        """Let the first two talk, until each is known."""
        for leg in range(len(self.legs)):
            self.agree(leg, **more)
        self.legs[0].session.bridge(self.legs[1].session)
        self.talk(SETTLED)

    def talk(self, packets: int, legs: tuple[int, ...] = (0, 1), **more: Any) -> int:
        """Let some say so many packets in their time; how many were passed on natively."""
        before = self.rig.passed
        for _ in range(packets):
            for leg in legs:
                self.lines[leg].say(**more)
            self.rig.loop.read()
            self.rig.loop.wait(0.02)
        return self.rig.passed - before

    def wait(self, seconds: float) -> None:
        """Let time pass, so little at once that no phone gets more than its socket holds."""
        while seconds > 0:
            self.rig.loop.wait(min(seconds, 1.0))
            self.rig.collect()
            seconds -= 1.0

    def everything(self) -> list[Any]:
        """All that can be seen of it from outside."""
        self.rig.collect()
        return [
            [leg.heard for leg in self.legs],
            self.rig.reports,
            [leg.events for leg in self.legs],
            [sink.packets for sink in self.sinks],
            [leg.session.figures() for leg in self.legs],
            self.told,
        ]


@pytest.fixture
def made() -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def make(native: bool = True, **more: Any) -> House:
        houses.append(House(native, **more))
        return houses[-1]

    yield make
    for house in houses:
        house.rig.close()


def both(act: Callable[[House], None], legs: int = 2, seed: int = 0) -> int:
    """Do the same in a house with the native part and in one without; how many packets the former
    passed on."""
    seen = []
    for native in (False, True):
        house = House(native, legs, seed)
        try:
            act(house)
            seen.append(house.everything())
            passed = house.rig.passed
        finally:
            house.rig.close()
    for python, natively in zip(*seen, strict=True):
        assert natively == python
    return passed


def test_plain_audio_of_settled_legs_is_passed_on_natively(made: Callable[..., House]) -> None:
    house = made()
    house.connect()
    assert house.talk(40) == 80
    house.rig.collect()
    first, second = (leg.heard[OWN] for leg in house.legs)
    assert len(first) == len(second) == SETTLED + 40
    heard = [RtpPacket.parse(data) for data in second]
    assert [packet.payload[:2] for packet in heard if packet] == [
        ((65_501 + number) & 0xFFFF).to_bytes(2, "big") for number in range(SETTLED + 40)
    ]
    figures = house.legs[0].session.figures()
    assert (figures.packets_received, figures.packets_sent) == (SETTLED + 40, SETTLED + 40)
    assert figures.last_received == pytest.approx(house.rig.loop.time() - 0.02)


def test_both_laws_are_passed_on_natively(made: Callable[..., House]) -> None:
    house = made()
    house.agree(0, codec="PCMA")
    house.agree(1, codec="PCMU")
    house.legs[0].session.bridge(house.legs[1].session)
    house.talk(SETTLED)
    assert house.talk(10) == 20


def connected(house: House) -> None:
    house.connect()
    house.talk(5)


NOT_NATIVE: Final[dict[str, tuple[Callable[[House], Any], Callable[[House], Any]]]] = {
    "recorded": (
        lambda house: house.legs[0].session.record(house.sinks[0]),
        lambda house: house.legs[0].session.record(None),
    ),
    "overheard": (
        lambda house: house.legs[0].session.speak_to(house.sinks[0]),
        lambda house: house.legs[0].session.speak_to(None),
    ),
    "played to": (
        lambda house: house.legs[1].session.play(1, Tone("us", "busy")),
        lambda house: house.legs[1].session.stop_play(),
    ),
    "mixed": (
        lambda house: house.legs[1].session.hear_mix(Silence()),
        lambda house: house.legs[1].session.hear_mix(None),
    ),
    "held": (
        lambda house: house.agree(1, direction="inactive"),
        lambda house: house.agree(1),
    ),
    "parted": (
        lambda house: house.legs[0].session.unbridge(),
        lambda house: house.legs[0].session.bridge(house.legs[1].session),
    ),
}


@pytest.mark.parametrize("how", NOT_NATIVE)
def test_what_has_to_be_looked_at_is_not_passed_on_natively(
    how: str, made: Callable[..., House]
) -> None:
    begin, end = NOT_NATIVE[how]
    house = made()
    connected(house)
    begin(house)
    assert house.talk(10, legs=(0,)) == 0
    end(house)
    house.talk(SETTLED)
    assert house.talk(5, legs=(0,)) == 5

    def act(house: House) -> None:
        connected(house)
        begin(house)
        house.talk(10)
        end(house)
        house.talk(SETTLED)

    assert both(act) > 20


def test_a_key_goes_through_python_and_audio_goes_on_natively() -> None:
    def act(house: House) -> None:
        connected(house)
        line = house.lines[0]
        for payload, _ in event_payloads("5", 100):
            line.timestamp -= 160  # an event has one timestamp
            line.say(payload, EVENT_TYPE)
            house.rig.loop.read()
            house.rig.loop.wait(0.02)
        house.told.append(house.talk(10, legs=(0,)) > 0 or not house.rig.poll.relay)

    assert both(act) > 15


def test_silence_and_its_end_are_noticed_of_what_is_passed_on() -> None:
    def act(house: House) -> None:
        connected(house)
        house.rig.loop.wait(30)
        house.talk(60)  # it goes on: no leg is lost
        assert house.legs[0].events == []
        house.rig.loop.wait(61)
        assert house.legs[0].events != []

    both(act)


@pytest.mark.parametrize(
    ("steps", "units", "octets", "native"),
    [
        *((2999, 160, 160, 1), (3000, 160, 160, 0), (0, 160, 160, 0), (-1, 160, 160, 0)),
        *((1, 480_000, 160, 1), (1, 480_001, 160, 0), (1, 0, 160, 1), (1, -1, 160, 0)),
        *((1, 160, 1488, 1), (1, 160, 1489, 0), (1, 160, 0, 1)),
    ],
)
def test_what_is_plain_ends_where_the_core_ends_it(
    steps: int, units: int, octets: int, native: int
) -> None:
    passed = []

    def act(house: House) -> None:
        connected(house)
        before = house.rig.passed
        _odd(house, 0, RtpPacket(0, 0, 0, 0, bytes(octets)), steps, units, OWN)
        passed.append(house.rig.passed - before)
        house.talk(5)

    both(act)
    assert passed == [0, native]


def test_strangers_are_counted_and_change_nothing() -> None:
    def act(house: House) -> None:
        connected(house)
        for place in (STRANGER, ELSEWHERE):
            house.lines[0].leg.say(bytes(RtpPacket(0, 1, 1, 1, bytes(160))), place)
            house.rig.loop.read()
        house.talk(5)
        assert house.legs[0].session.figures().wrong_source == 2

    assert both(act) > 10


def test_a_leg_that_goes_is_passed_nothing(made: Callable[..., House]) -> None:
    house = made()
    connected(house)
    assert house.legs[1].session.close().packets_sent == SETTLED + 5
    assert house.talk(5, legs=(0,)) == 0
    house.legs[0].session.close()


def test_a_leg_that_moves_is_read_where_it_is(made: Callable[..., House]) -> None:
    house = made()
    connected(house)
    house.legs[0].session.move(house.rig.lodgings)
    house.talk(SETTLED)
    assert house.talk(5) == 10


# Anything at all, in any order.


@dataclass(frozen=True)
class Step:
    """Something that happens; what it is on which leg, and what is said of it."""

    what: str
    leg: int
    details: tuple[Any, ...] = ()

    def do(self, house: House) -> None:
        """Let it happen."""
        DEEDS[self.what](house, self.leg, *self.details)
        house.rig.loop.settle()
        house.rig.collect()


def _talk(house: House, _: int, packets: int) -> None:
    """All say something, one after the other: of what is read at one look the native part passes on
    its own first, and a packet may go to where its phone was a moment before."""
    for _ in range(packets):
        for line in house.lines:
            line.say()
            house.rig.loop.read()
        house.rig.loop.wait(0.02)


def _odd(house: House, leg: int, packet: RtpPacket, steps: int, units: int, place: int) -> None:
    line = house.lines[leg]
    said = replace(
        packet,
        sequence=(line.sequence + steps) & 0xFFFF,
        timestamp=(line.timestamp + units) & 0xFFFFFFFF,
        ssrc=line.ssrc + packet.ssrc,
    )
    if steps > 0 and not packet.ssrc:
        line.sequence, line.timestamp = said.sequence, said.timestamp
    line.leg.say(bytes(said), place)
    house.rig.loop.read()


def _raw(house: House, leg: int, data: bytes, place: int) -> None:
    house.legs[leg].say(data, place)
    house.rig.loop.read()


def _anew(house: House, leg: int, restarted: int) -> None:
    house.lines[leg].ssrc += restarted


def _listen(house: House, leg: int, other: int | None) -> None:
    to = None if other is None or other == leg else house.legs[other].session
    house.legs[leg].session.listen_to(to)


def _agree(house: House, leg: int, more: tuple[tuple[str, Any], ...]) -> None:
    house.agree(leg, **dict(more))


def _opaque(house: House, leg: int) -> None:
    """An encoding that we only pass on."""
    agreed = house.parameters(leg)
    house.legs[leg].session.configure(
        replace(
            agreed, codec="opus", payload_type=96, receive_payload_types={0: "opus"}, rate=48000
        )
    )


DEEDS: Final[dict[str, Callable[..., Any]]] = {
    "talk": _talk,
    "odd": _odd,
    "raw": _raw,
    "anew": _anew,
    "wait": lambda house, _, seconds: house.wait(seconds),
    "listen": _listen,
    "bridge": lambda house, leg: house.legs[leg].session.bridge(
        house.legs[(leg + 1) % len(house.legs)].session
    ),
    "agree": _agree,
    "opaque": _opaque,
    "play": lambda house, leg, seconds: house.legs[leg].session.play(
        1, Tone("us", "busy", seconds)
    ),
    "stop": lambda house, leg: house.legs[leg].session.stop_play(),
    "digit": lambda house, leg: house.legs[leg].session.send_digit("7"),
    "info": lambda house, leg: house.legs[leg].session.receive_info("7", 100),
    "record": lambda house, leg, on: house.legs[leg].session.record(
        house.sinks[leg] if on else None
    ),
    "speak": lambda house, leg, on: house.legs[leg].session.speak_to(
        house.sinks[leg] if on else None
    ),
    "mix": lambda house, leg, on: house.legs[leg].session.hear_mix(Silence() if on else None),
    "figures": lambda house, leg: house.told.append(house.legs[leg].session.figures()),
    "move": lambda house, leg: house.legs[leg].session.move(house.rig.lodgings),
    "close": lambda house, leg: house.told.append(house.legs[leg].session.close()),
}

PLACES: Final = st.sampled_from((OWN, OWN, OWN, ELSEWHERE, STRANGER))
LENGTHS: Final = st.sampled_from((0, 1, 80, 160, 160, 160, 1488))
PAYLOADS: Final = st.binary(max_size=40) | LENGTHS.map(bytes)
ODD: Final = st.tuples(
    st.builds(
        RtpPacket,
        st.sampled_from((0, 0, 0, 8, 13, 72, 96, EVENT_TYPE)),
        st.just(0),
        st.just(0),
        st.sampled_from((0, 0, 0, 1)),
        PAYLOADS,
        st.booleans(),
    ),
    st.sampled_from((1, 1, 2, 0, -1, -40, 100, 2999, 3000, 40_000)),
    st.sampled_from((160, 160, 0, -160, 480_000, 480_001, 2**31)),
    PLACES,
)
RAW: Final = st.tuples(
    st.builds(
        lambda start, rest: start + rest,
        st.sampled_from((b"", b"\x80", b"\x80\x00", b"\x90\x00", b"\xa0\x00", b"\x81\xc9\0\x07")),
        st.binary(max_size=40) | st.just(bytes(1600)),
    ),
    PLACES,
)
AGREED: Final = st.fixed_dictionaries(
    {},
    optional={
        "codec": st.sampled_from(("PCMU", "PCMA")),
        "direction": st.sampled_from(("sendrecv", "sendonly", "recvonly", "inactive")),
        "strict": st.booleans(),
        "events": st.booleans(),
        "rtcp_mux": st.booleans(),
        "held": st.booleans(),
        "place": st.sampled_from((OWN, ELSEWHERE)),
    },
).map(lambda more: (tuple(more.items()),))
WAITS: Final = st.sampled_from((0.005, 0.15, 0.5, 3.0, 61.0))
DETAILS: Final[dict[str, st.SearchStrategy[tuple[Any, ...]]]] = {
    "talk": st.tuples(st.integers(1, 12)),
    "odd": ODD,
    "raw": RAW,
    "anew": st.tuples(st.just(1)),
    "wait": st.tuples(WAITS),
    "listen": st.tuples(st.none() | st.integers(0, 2)),
    "agree": AGREED,
    "play": st.tuples(st.sampled_from((None, 0.1))),
    **{name: st.tuples(st.booleans()) for name in ("record", "speak", "mix")},
}
OFTEN: Final = ("talk", "talk", "talk", "talk", "odd", "odd", "raw")
STEPS: Final = st.lists(
    st.sampled_from((*OFTEN, *DEEDS)).flatmap(
        lambda what: st.builds(
            Step, st.just(what), st.integers(0, 2), DETAILS.get(what, st.just(()))
        )
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 2**32))
def test_whatever_happens_both_do_the_same(steps: list[Step], seed: int) -> None:
    def act(house: House) -> None:
        house.connect()
        for step in chain(steps, [Step("talk", 0, (SETTLED,))]):
            step.do(house)

    both(act, legs=3, seed=seed)
