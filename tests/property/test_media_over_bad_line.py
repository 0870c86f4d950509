"""What a leg makes of a phone's packets that come over a bad line, in virtual time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.media.bridging import bridge
from cordboard.media.dtmf import event_payloads
from cordboard.media.events import Digit
from cordboard.media.latch import LatchState
from cordboard.media.rtp import RtpPacket
from cordboard.media.stream import MediaStream
from support.audio import EVENT_TYPE, PHONE, negotiated, parsed, voice
from support.impairment import BadLine, Impairment

FRAME = 0.02
SOURCE = (PHONE, 4000)
FRAMES = 100
BRISK = 0.1
"""s between two looks at what has not come, as the engine has them."""

seeds = st.integers(0, 2**32)
bad_lines = st.builds(
    Impairment,
    loss=st.sampled_from([0.0, 0.1, 0.3]),
    delay=st.just(0.02),
    jitter=st.sampled_from([0.0, 0.03, 0.1]),
    duplication=st.sampled_from([0.0, 0.1]),
)


class Leg:
    """A bridged leg, its phone's packets coming over a line."""

    def __init__(self, line: BadLine) -> None:
        self.stream, self.other = MediaStream(1, 65_500, 7), MediaStream(2, 65_520, 2**32 - 900)
        for stream, port in ((self.stream, 4000), (self.other, 5000)):
            stream.configure(negotiated(port), 0.0)
            stream.answered(0.0)
        bridge(self.stream, self.other)
        self.relayed: list[RtpPacket] = []
        self.digits: list[str] = []
        self._line = line
        self._looked = 0.0

    def run(self, packets: list[bytes]) -> None:
        """The phone sends one each 20 ms; all that comes is taken."""
        for number in range(len(packets) + 50):
            now = number * FRAME
            if number < len(packets):
                self._line.put(packets[number], now)
            for packet in self._line.take(now):
                relayed = self.stream.receive_rtp(packet, SOURCE, now)
                if relayed is not None:
                    self.relayed.append(parsed(relayed))
            if now - self._looked >= BRISK:
                self._looked = now
                self.stream.handle_timer(now)
            told = self.stream.take_events()
            self.digits += [event.digit for event in told if isinstance(event, Digit)]


@given(bad_lines, seeds, st.integers(0, 0xFFFF))
def test_the_other_leg_gets_what_came_under_numbers_as_far_apart(
    bad: Impairment, seed: int, first: int
) -> None:
    leg = Leg(BadLine(bad, seed))
    leg.run([voice(n, first=first, payload=bytes([n + 1]) * 160) for n in range(FRAMES)])
    assert len(leg.relayed) > FRAMES // 3
    begin = leg.relayed[0]
    for packet in leg.relayed:
        apart = packet.payload[0] - begin.payload[0]
        assert (packet.sequence - begin.sequence) & 0xFFFF == apart & 0xFFFF
        assert (packet.timestamp - begin.timestamp) & 0xFFFFFFFF == 160 * apart & 0xFFFFFFFF


@given(bad_lines, seeds)
def test_nothing_but_what_the_first_has_overtaken_is_left_out(bad: Impairment, seed: int) -> None:
    line, twin = BadLine(bad, seed), BadLine(bad, seed)
    packets = [voice(n) for n in range(FRAMES)]
    leg = Leg(line)
    leg.run(packets)
    for number, packet in enumerate(packets):
        twin.put(packet, number * FRAME)
    came = [parsed(packet).sequence for packet in twin.take(1000.0)]
    assert len(leg.relayed) == len([number for number in came if number >= came[0]])


@given(bad_lines, seeds)
def test_the_source_is_certain_within_a_second(bad: Impairment, seed: int) -> None:
    leg = Leg(BadLine(bad, seed))
    leg.run([voice(n) for n in range(50)])
    assert leg.stream._admission._latch.state is LatchState.LOCKED


@given(st.sampled_from([0.0, 0.03, 0.1]), seeds, st.text("0123456789*#", min_size=1, max_size=8))
def test_each_key_is_told_once_and_in_order(jitter: float, seed: int, keys: str) -> None:
    """At a tenth of loss; the longest run of losses that can hide a key is eight."""
    packets: list[bytes] = [voice(number) for number in range(10)]
    for key in keys:
        timestamp = 160 * len(packets)
        for payload, _ in event_payloads(key):
            packets.append(bytes(RtpPacket(EVENT_TYPE, len(packets), timestamp, 7, payload)))
        packets += [voice(len(packets) + pause) for pause in range(5)]
    leg = Leg(BadLine(Impairment(0.1, 0.02, jitter, 0.05), seed))
    leg.run(packets)
    assert "".join(leg.digits) == keys
