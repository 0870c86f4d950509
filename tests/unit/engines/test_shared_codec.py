"""Two bridged channels and the codec that both come to, or don't."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from cordboard.calls.ports import EngineEvent, Tone, ToneKind
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.engines.embedded.channels import Channel
from cordboard.engines.embedded.surroundings import Surroundings
from cordboard.media.audio import AudioParameters
from cordboard.sip.codecs import find_codec
from cordboard.sip.events import InviteAnswered, OfferAnswered, OfferReceived, OfferRejected
from cordboard.sip.sdp import parse_sdp

MAPS = {
    "PCMU": (0, "PCMU/8000"),
    "PCMA": (8, "PCMA/8000"),
    "G722": (9, "G722/8000"),
    "G729": (18, "G729/8000"),
    "opus": (111, "opus/48000/2"),
    "AMR": (98, "AMR/8000"),
}
TOO_MANY = 20  # exchanges; more would never end


class Session:
    """A media session that takes notes."""

    address = ("198.51.100.1", 20000)
    takes_events = True

    def __init__(self) -> None:
        self.configured: list[AudioParameters] = []
        self.done: list[str] = []

    def configure(self, audio: AudioParameters) -> None:
        self.configured.append(audio)

    def __getattr__(self, name: str) -> Callable[..., None]:
        def note(*_arguments: Any, **_named: Any) -> None:
            self.done.append(name)

        return note


class Party:
    """One far end and its channel. ``has`` is what it can receive, the best first, with its own
    parameters by name in ``fmtp``; ``refuses``: it answers 488 to whatever it is offered."""

    def __init__(self, name: str, *has: str, says: tuple[str, ...] = (), shift: int = 0) -> None:
        self.name = name
        self.has = list(has)
        self.fmtp: dict[str, str] = {}
        self.refuses = False
        self.shift = shift  # of its own dynamic numbers
        self.told: list[EngineEvent] = []
        self.offers: list[bytes] = []
        self.answers: list[bytes] = []
        self.rejections: list[int] = []
        self.waiting: list[bytes] = []
        self.session = Session()
        surroundings = Surroundings(
            stack=cast("Any", self),
            clock=lambda: 1.0,
            prompts=cast("Any", None),
            tell=self.told.append,
            forget=lambda _: None,
        )
        self.channel = Channel(name, surroundings)
        codecs = tuple(find_codec(one) for one in says)
        host = f"192.0.2.{10 + shift}"
        audio = ChannelAudio(
            cast("Any", self.session), "198.51.100.1", host, 1, strict=False, codecs=codecs
        )
        first = audio.offer()
        self.channel.invited(audio)
        self.channel.on_answered(InviteAnswered(name, self.answer_to(first), None))

    # As the SIP stack

    def offer(self, _call_id: str, sdp: bytes, _now: float) -> None:
        self.offers.append(sdp)
        self.waiting.append(sdp)

    def answer_offer(self, _call_id: str, sdp: bytes, _now: float) -> None:
        self.answers.append(sdp)

    def reject_offer(self, _call_id: str, status: int, _now: float) -> None:
        self.rejections.append(status)

    # As the far end

    def describe(self, *names: str) -> bytes:
        """What it says when it names these."""
        numbers = {name: self.number(name) for name in names}
        lines = [f"a=rtpmap:{numbers[name]} {MAPS[name][1]}" for name in names]
        lines += [f"a=fmtp:{numbers[n]} {self.fmtp[n]}" for n in names if n in self.fmtp]
        listed = " ".join(str(number) for number in numbers.values())
        return (
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
            f"m=audio 4000 RTP/AVP {listed}\r\n" + "".join(f"{line}\r\n" for line in lines)
        ).encode()

    def number(self, name: str) -> int:
        number = MAPS[name][0]
        return number + self.shift if number >= 96 else number

    def answer_to(self, offer: bytes) -> bytes:
        media = parse_sdp(offer).media[0]
        offered = [media.encoding_of(text).name for text in media.formats]
        taken = next(name for name in self.has if name.upper() in offered)
        return self.describe(taken)

    def reoffer(self, *names: str) -> None:
        """A re-INVITE of its own."""
        self.channel.on_offer(OfferReceived(self.name, self.describe(*names)))

    @property
    def sends_to(self) -> str:
        """What it is sent."""
        return self.session.configured[-1].codec


def settle(*parties: Party) -> None:
    """Let the parties answer until nothing is under way."""
    for _ in range(TOO_MANY):
        busy = next((party for party in parties if party.waiting), None)
        if busy is None:
            return
        offer = busy.waiting.pop(0)
        if busy.refuses:
            busy.channel.on_offer_rejected(OfferRejected(busy.name, 488))
        else:
            answer = busy.answer_to(offer)
            busy.channel.on_offer_answered(OfferAnswered(busy.name, answer))
    raise AssertionError("it never ends")


def bridged(a: Party, b: Party, *, needs_audio: bool = False) -> None:
    a.channel.bridge(b.channel, needs_audio=needs_audio)
    settle(a, b)


def codecs(*parties: Party) -> list[str]:
    return [party.sends_to for party in parties]


def test_both_come_to_the_codec_that_both_have() -> None:
    a = Party("a", "opus", "G722", "PCMU", says=("opus", "G722"))
    b = Party("b", "G722", "PCMA", says=("G722",))
    bridged(a, b)
    assert codecs(a, b) == ["G722/8000", "G722/8000"]
    assert [len(party.offers) for party in (a, b)] == [1, 1]
    assert b"RTP/AVP 9 0 8 101" in a.offers[0]
    assert b"RTP/AVP 9 8 0 101" in b.offers[0], "the law in use is offered first"


def test_numbers_and_parameters_are_each_partys_own() -> None:
    a = Party("a", "opus", "PCMU", says=("opus",), shift=5)
    b = Party("b", "opus", "PCMU", says=("opus",))
    a.fmtp["opus"] = "useinbandfec=1;maxplaybackrate=16000"
    b.fmtp["opus"] = "stereo=0;sprop-stereo=0"
    bridged(a, b)
    assert codecs(a, b) == ["OPUS/48000/2"] * 2
    assert a.session.configured[-1].payload_type == 116
    assert b.session.configured[-1].payload_type == 111
    assert a.session.configured[-1].rate == 48000
    offered = parse_sdp(a.offers[0]).media[0]
    assert offered.parameters[offered.formats[0]] == "stereo=0;sprop-stereo=0"
    assert b"telephone-event/48000" in a.offers[0]
    assert b"telephone-event/8000" in a.offers[0]


def test_g729_is_offered_without_silence_compression() -> None:
    a = Party("a", "G729", "PCMU", says=("G729",))
    b = Party("b", "G729", "PCMU", says=("G729",))
    bridged(a, b)
    assert codecs(a, b) == ["G729/8000"] * 2
    assert b"a=fmtp:18 annexb=no\r\n" in b.offers[0]


def test_who_says_nothing_stays_with_g711_and_is_never_asked() -> None:
    a = Party("a", "opus", "PCMU", says=("opus",))
    b = Party("b", "PCMA")
    bridged(a, b)
    assert codecs(a, b) == ["PCMU", "PCMA"]
    assert a.offers == b.offers == []


def test_somebody_else_needs_the_audio() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b, needs_audio=True)
    assert a.offers == b.offers == []


def test_the_second_refuses_and_the_first_is_not_troubled() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    b.refuses = True
    bridged(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"]
    assert [len(party.offers) for party in (a, b)] == [0, 1]


@pytest.mark.parametrize("how", ["488", "G.711"])
def test_the_first_refuses_and_the_second_goes_back(how: str) -> None:
    a = Party("a", "PCMU", says=("G722",))
    b = Party("b", "G722", "PCMA", says=("G722",))
    a.refuses = how == "488"
    bridged(a, b)
    assert codecs(a, b) == ["PCMU", "PCMA"]
    assert [len(party.offers) for party in (a, b)] == [1, 2]
    assert b"RTP/AVP 0 8 101" in b.offers[1]


def test_the_next_codec_is_tried_when_the_first_is_refused() -> None:
    a = Party("a", "G722", "PCMU", says=("opus", "G722"))
    b = Party("b", "opus", "G722", "PCMU", says=("opus", "G722"))
    bridged(a, b)
    assert codecs(a, b) == ["G722/8000"] * 2


def test_packets_of_another_shape_are_not_the_same_codec() -> None:
    a, b = Party("a", "AMR", "PCMU", says=("AMR",)), Party("b", "AMR", "PCMU", says=("AMR",))
    a.fmtp["AMR"], b.fmtp["AMR"] = "octet-align=0", "octet-align=1"
    bridged(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"]
    a, b = Party("a", "AMR", "PCMU", says=("AMR",)), Party("b", "AMR", "PCMU", says=("AMR",))
    a.fmtp["AMR"] = b.fmtp["AMR"] = "octet-align=1"
    bridged(a, b)
    assert codecs(a, b) == ["AMR/8000"] * 2


def test_a_codec_that_a_party_offers_by_itself_is_taken_up() -> None:
    a = Party("a", "G722", "PCMU")
    b = Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.reoffer("PCMU", "G722")
    settle(a, b)
    assert b"RTP/AVP 0\r\n" in a.answers[0], "at once what both speak now"
    assert codecs(a, b) == ["G722/8000"] * 2


def test_a_codec_that_a_party_gives_up_is_given_up_by_both() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.has = ["PCMU"]
    a.reoffer("PCMU")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"]
    a.reoffer("PCMU")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"], "and not asked for again"


def test_an_offer_of_nothing_in_common_is_refused_and_the_call_stays() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.reoffer("opus")
    settle(a, b)
    assert a.rejections == [488]
    assert codecs(a, b) == ["G722/8000"] * 2
    lone = Party("lone", "PCMU")
    lone.reoffer("opus", "G729")
    assert lone.rejections == [488]
    assert lone.sends_to == "PCMU"


def test_an_offer_of_what_the_other_has_waits_until_it_is_asked() -> None:
    a = Party("a", "opus", "PCMU")
    b = Party("b", "opus", "PCMU", says=("opus",))
    bridged(a, b)
    a.reoffer("opus")
    assert (a.answers, a.rejections) == ([], [])
    settle(a, b)
    assert codecs(a, b) == ["OPUS/48000/2"] * 2
    assert a.rejections == []


def test_it_is_refused_where_the_other_refuses() -> None:
    a = Party("a", "opus", "PCMU")
    b = Party("b", "PCMU", says=("opus",))
    bridged(a, b)
    a.reoffer("opus")
    settle(a, b)
    assert a.rejections == [488]
    assert codecs(a, b) == ["PCMU", "PCMU"]
    a.reoffer("opus")
    assert a.rejections == [488, 488], "the other is not asked twice"
    assert len(b.offers) == 1


def test_the_codec_in_use_stays_when_a_party_offers_it_last() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.reoffer("PCMU", "opus", "G722")
    settle(a, b)
    assert codecs(a, b) == ["G722/8000"] * 2
    assert [len(party.offers) for party in (a, b)] == [1, 1]


def test_a_sound_brings_both_back_to_g711() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMA", says=("G722",))
    bridged(a, b)
    a.channel.play(Tone(ToneKind.BUSY, "us"), 1)
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMA"]
    assert "play" in a.session.done
    a.reoffer("PCMU", "G722")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMA"]


def test_who_refuses_to_go_back_is_not_asked_for_ever() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.refuses = True
    a.channel.play(Tone(ToneKind.BUSY, "us"), 1)
    settle(a, b)
    assert codecs(a, b) == ["G722/8000", "PCMU"]


def test_a_hold_keeps_the_codec() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    b.channel.hold(True)
    settle(a, b)
    assert b"RTP/AVP 9 0 8 101" in b.offers[-1]
    assert b"a=sendonly" in b.offers[-1]
    b.channel.hold(False)
    settle(a, b)
    assert codecs(a, b) == ["G722/8000"] * 2


def test_a_hold_while_the_codec_is_asked_for_comes_after_it() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    a.channel.bridge(b.channel, needs_audio=False)
    b.channel.hold(True)
    assert len(b.offers) == 1
    settle(a, b)
    assert codecs(a, b) == ["G722/8000"] * 2
    assert b"a=sendonly" in b.offers[-1]


def test_an_offer_that_collides_with_ours_does_not_lose_the_codec() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    a.channel.bridge(b.channel, needs_audio=False)
    b.reoffer("PCMU")  # ours got 491
    b.waiting = b.waiting[-1:]  # and is replaced by the newer one
    settle(a, b)
    assert codecs(a, b) == ["G722/8000"] * 2


def test_offers_are_never_repeated_with_another_meaning_of_a_number() -> None:
    a = Party("a", "opus", "AMR", "PCMU", says=("opus", "AMR"))
    b = Party("b", "AMR", "PCMU", says=("opus", "AMR"), shift=1)
    bridged(a, b)
    for party in (a, b):
        meanings: dict[str, set[tuple[str, int, int]]] = {}
        for body in (*party.offers, *party.answers):
            media = parse_sdp(body).media[0]
            for number in media.formats:
                meanings.setdefault(number, set()).add(media.encoding_of(number))
        assert all(len(meaning) == 1 for meaning in meanings.values()), meanings
