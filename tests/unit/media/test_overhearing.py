"""Who hears whom when somebody overhears two: by tones that each of them says, in packets."""

from __future__ import annotations

from array import array
from itertools import count

import pytest

from cordboard.media import g711
from cordboard.media.audio import AudioParameters
from cordboard.media.bridging import bridge, unbridge
from cordboard.media.g711 import FRAME_OCTETS, PCMA, PCMU
from cordboard.media.overhearing import MOST_EAVESDROPPERS, EavesdropMode, Overhearing
from cordboard.media.recorder import Recorder
from cordboard.media.rtp import RtpPacket
from cordboard.media.sources import Tone
from cordboard.media.stream import MediaStream
from cordboard.media.tone_plans import TONE_KINDS

LISTEN, WHISPER, JOIN = EavesdropMode.LISTEN, EavesdropMode.WHISPER, EavesdropMode.JOIN
NUMBERS = {PCMU: 0, PCMA: 8}
BEATS = 12


class Phone:
    """A phone that says the same sample all the time, and takes what it is sent."""

    def __init__(self, port: int, level: int, codec: str = PCMU) -> None:
        self.codec = codec
        self.level = level
        self.source = ("127.0.0.1", port)
        self.stream = MediaStream(port)
        self.heard: list[RtpPacket] = []
        number = NUMBERS.get(codec, 9)
        self.configure(AudioParameters(self.source, codec, number, {number: codec}, 101, 101))
        self.stream.answered(0.0)

    def configure(self, audio: AudioParameters) -> None:
        self.stream.configure(audio, 0.0)

    def says(self, beat: int) -> bytes:
        payload = b"\x55" * FRAME_OCTETS
        if self.codec in g711.CODECS:
            payload = g711.encode(array("h", [self.level]) * FRAME_OCTETS, self.codec)
        number = NUMBERS.get(self.codec, 9)
        return bytes(RtpPacket(number, beat, beat * FRAME_OCTETS, self.source[1], payload))

    @property
    def told(self) -> float:
        """What it has heard last, as a sample."""
        if not self.heard:
            return 0.0
        return g711.decode(self.heard[-1].payload, self.codec)[0]


class House:
    """Two who talk with each other, and others; each says a level of its own."""

    def __init__(self, codec: str = PCMU) -> None:
        self.jessica = Phone(4000, 1000, codec)
        self.caller = Phone(5000, 100, codec)
        self.boss = Phone(6000, 8000)
        self.trainer = Phone(7000, 20000, PCMA)
        self.phones = (self.jessica, self.caller, self.boss, self.trainer)
        bridge(self.jessica.stream, self.caller.stream)
        self.overhearing = Overhearing(self.jessica.stream, self.caller.stream)
        self._beats = count()

    def let(self, who: Phone, mode: EavesdropMode, watched: Phone | None = None) -> bool:
        stream = (watched or self.jessica).stream
        return self.overhearing.let(who.stream, stream, mode)

    def talk(self, beats: int = BEATS) -> None:
        """Let everybody speak, and the server tick."""
        for _ in range(beats):
            beat = next(self._beats)
            now = beat * 0.02
            for phone in self.phones:
                packet = phone.stream.receive_rtp(phone.says(beat), phone.source, now)
                listener = phone.stream.listener
                if packet is not None and listener is not None:
                    self._reaches(listener, packet)
            for phone in self.phones:
                if phone.stream.playing and (packet := phone.stream.tick(now)) is not None:
                    self._reaches(phone.stream, packet)

    def hear(self) -> tuple[float, ...]:
        """What each of them hears by now."""
        for phone in self.phones:
            phone.heard.clear()
        self.talk()
        return tuple(phone.told for phone in self.phones)

    def _reaches(self, stream: object, packet: bytes) -> None:
        phone = next(one for one in self.phones if one.stream is stream)
        parsed = RtpPacket.parse(packet)
        assert parsed is not None
        phone.heard.append(parsed)


def sample(*levels: int) -> float:
    """What levels are together, through G.711 as often as they went through it."""
    through = [g711.decode(g711.encode(array("h", [one]), PCMU), PCMU)[0] for one in levels]
    return g711.decode(g711.encode(array("h", [sum(through)]), PCMU), PCMU)[0]


J, C, B = 1000, 100, 8000


def test_two_alone_have_no_mix() -> None:
    house = House()
    assert house.hear() == (sample(C), sample(J), 0, 0)
    assert not house.jessica.stream.playing
    assert not house.overhearing


def test_listen_is_heard_by_nobody() -> None:
    house = House()
    assert house.let(house.boss, LISTEN)
    assert house.hear() == (sample(C), sample(J), sample(J, C), 0)
    assert not house.overhearing.mixes_for(house.jessica.stream)
    assert not house.overhearing.mixes_for(house.caller.stream)


def test_whisper_is_heard_by_the_watched_party_alone() -> None:
    house = House()
    house.let(house.boss, WHISPER)
    assert house.hear() == (sample(C, B), sample(J), sample(J, C), 0)
    assert house.overhearing.mixes_for(house.jessica.stream)
    house.let(house.boss, WHISPER, house.caller)
    assert house.hear() == (sample(C), sample(J, B), sample(J, C), 0)


def test_join_is_heard_by_both() -> None:
    house = House()
    house.let(house.boss, JOIN)
    assert house.hear() == (sample(C, B), sample(J, B), sample(J, C), 0)


def test_modes_follow_each_other() -> None:
    house = House()
    house.let(house.boss, JOIN)
    house.hear()
    house.let(house.boss, LISTEN)
    assert house.hear() == (sample(C), sample(J), sample(J, C), 0)
    house.let(house.boss, WHISPER)
    assert house.hear() == (sample(C, B), sample(J), sample(J, C), 0)


def test_who_leaves_hears_nothing_and_leaves_the_two_as_they_were() -> None:
    house = House()
    house.let(house.boss, JOIN)
    house.hear()
    house.overhearing.leave(house.boss.stream)
    assert house.hear() == (sample(C), sample(J), 0, 0)
    assert not any(phone.stream.playing for phone in house.phones)
    assert all(phone.stream._sink is None for phone in house.phones)


def test_several_overhear_and_hear_who_has_joined() -> None:
    house = House()
    house.let(house.boss, JOIN)
    house.let(house.trainer, LISTEN)
    jessica, caller, boss, trainer = house.hear()
    assert (jessica, caller, boss) == (sample(C, B), sample(J, B), sample(J, C))
    assert trainer == pytest.approx(J + C + B, rel=0.03)
    house.let(house.trainer, WHISPER)
    jessica, caller, boss, trainer = house.hear()
    assert (caller, boss) == (sample(J, B), sample(J, C))
    assert jessica == pytest.approx(C + B + 20000, rel=0.03)


def test_so_many_and_no_more() -> None:
    house = House()
    others = [Phone(8000 + number, 5) for number in range(MOST_EAVESDROPPERS)]
    assert all(house.let(one, JOIN) for one in others)
    assert not house.let(house.boss, LISTEN)
    assert not house.overhearing.has(house.boss.stream)
    assert house.let(others[0], LISTEN)
    house.overhearing.leave(others[0].stream)
    assert house.let(house.boss, LISTEN)


def test_parted_the_eavesdropper_hears_silence_until_he_leaves() -> None:
    house = House()
    house.let(house.boss, JOIN)
    house.hear()
    unbridge(house.jessica.stream, house.caller.stream)
    house.overhearing.part()
    assert house.hear() == (0, 0, 0, 0)
    assert house.boss.heard[-1].payload == g711.silence(PCMU)
    assert house.jessica.heard == []
    house.overhearing.leave(house.boss.stream)
    house.hear()
    assert house.boss.heard == []


def test_a_sound_goes_before_the_mix_which_goes_on_after_it() -> None:
    house = House()
    house.let(house.boss, WHISPER)
    house.hear()
    house.jessica.stream.play(1, Tone("us", TONE_KINDS[0]), loop=True)
    house.hear()
    assert house.jessica.told != sample(C, B)
    house.jessica.stream.stop_play()
    assert house.hear() == (sample(C, B), sample(J), sample(J, C), 0)


def test_the_numbers_of_what_is_sent_go_on_through_all_modes() -> None:
    house = House()
    house.talk(5)
    for mode in (LISTEN, WHISPER, JOIN, LISTEN):
        house.let(house.boss, mode)
        house.talk(5)
    house.overhearing.leave(house.boss.stream)
    house.talk(5)
    for phone in (house.jessica, house.caller):
        sequences = [packet.sequence for packet in phone.heard]
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        assert len({packet.ssrc for packet in phone.heard}) == 1


def test_who_is_on_hold_is_sent_nothing_and_hears_on_afterwards() -> None:
    house = House()
    house.let(house.boss, JOIN)
    house.hear()
    source = house.boss.source
    held = AudioParameters(source, PCMU, 0, {0: PCMU}, 101, 101, direction="inactive", held=True)
    house.boss.configure(held)
    assert house.hear() == (sample(C), sample(J), 0, 0)
    house.boss.configure(AudioParameters(source, PCMU, 0, {0: PCMU}, 101, 101))
    assert house.hear() == (sample(C, B), sample(J, B), sample(J, C), 0)


def test_who_is_recorded_is_overheard_as_well() -> None:
    house = House()
    recorder = Recorder()
    house.jessica.stream.record(recorder)
    house.let(house.boss, JOIN)
    assert house.hear() == (sample(C, B), sample(J, B), sample(J, C), 0)
    house.overhearing.leave(house.boss.stream)
    house.hear()
    house.jessica.stream.record(None)
    assert recorder.seconds == pytest.approx(2 * BEATS * 0.02)
    assert house.jessica.stream._sink is None


def test_another_codec_of_the_two_is_passed_on_and_not_overheard() -> None:
    house = House("G722/8000")
    house.let(house.boss, JOIN)
    house.talk()
    assert [packet.payload for packet in house.jessica.heard[-3:]] == [b"\x55" * FRAME_OCTETS] * 3
    assert house.boss.told == 0
