"""Two bridged channels and the codec that both come to, or don't."""

from __future__ import annotations

import gc

import pytest

from cordboard.calls.ports import PlayEnded, Prompt, Tone, ToneKind
from cordboard.engines.embedded.shared_codec import SharedCodec
from cordboard.sip.events import EndedBy, SessionEnded
from cordboard.sip.sdp import parse_sdp
from support.codec_party import Party, bridged, codecs, settle


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


def test_nobody_is_moved_to_what_is_listed_for_neither() -> None:
    a, b = Party("a", "G729", "PCMU"), Party("b", "G729", "PCMU")
    bridged(a, b)
    a.reoffer("PCMU", "G729")
    b.reoffer("PCMU", "G729")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"]
    assert a.offers == b.offers == []
    a.reoffer("G729")
    settle(a, b)
    assert codecs(a, b) == ["G729/8000"] * 2, "unless a party wants nothing else"


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


def test_a_hold_meanwhile_comes_after_it() -> None:
    a = Party("a", "opus", "PCMU")
    b = Party("b", "opus", "PCMU", says=("opus",))
    bridged(a, b)
    a.reoffer("opus")
    a.channel.hold(True)
    waiting, a.waiting = a.waiting, []  # the stack sends it when the peer's own is answered
    settle(b)
    assert len(a.answers) == 1
    assert b"a=sendonly" in a.answers[0]
    a.waiting = a.waiting or waiting
    settle(a, b)
    assert codecs(a, b) == ["OPUS/48000/2"] * 2


def test_an_offer_is_refused_rather_than_wait_for_one_of_ours() -> None:
    a = Party("a", "opus", "PCMU")
    b = Party("b", "opus", "PCMU", says=("opus",))
    bridged(a, b)
    a.channel.hold(True)
    a.reoffer("opus")
    assert a.rejections == [488]
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"]


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
    assert "play" not in a.session.done
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMA"]
    assert a.session.done.count("play") == 1
    a.reoffer("PCMU", "G722")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMA"]


def test_who_refuses_to_go_back_is_not_asked_for_ever() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.refuses = True
    a.channel.play(Prompt("a.wav"), 1)
    assert a.told[-1:] != [PlayEnded("a", 1, complete=False)]
    settle(a, b)
    assert codecs(a, b) == ["G722/8000", "PCMU"]
    assert a.told[-1] == PlayEnded("a", 1, complete=False)
    a.channel.play(Prompt("b.wav"), 2)
    assert a.told[-1] == PlayEnded("a", 2, complete=False)
    assert "play" not in a.session.done


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


def test_what_two_channels_shared_is_freed_with_them() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    gc.collect()
    gc.disable()
    try:
        bridged(a, b)
        before = [one for one in gc.get_objects() if isinstance(one, SharedCodec)]
        assert len(before) == 1
        del before
        a.channel.on_ended(SessionEnded("a", EndedBy.REMOTE))
        assert not [one for one in gc.get_objects() if isinstance(one, SharedCodec)]
    finally:
        gc.enable()


def test_who_records_needs_g711_of_both() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    a.channel.record(b.channel, "demo/call-1-1.wav")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"]
    assert a.recorded == [("demo/call-1-1.wav", a.session, b.session)]
    a.reoffer("G722", "PCMU")
    settle(a, b)
    assert codecs(a, b) == ["PCMU", "PCMU"], "for the rest of the call"


def test_who_goes_on_with_somebody_else_comes_to_a_codec_with_him() -> None:
    a, b = Party("a", "G722", "PCMU", says=("G722",)), Party("b", "G722", "PCMU", says=("G722",))
    bridged(a, b)
    assert codecs(a, b) == ["G722/8000", "G722/8000"]
    b.channel.on_ended(SessionEnded("b", EndedBy.REMOTE))
    a.channel.play(Tone(ToneKind.RINGBACK, "us"), 0)
    settle(a)
    assert codecs(a) == ["PCMU"], "to hear ringback"
    c = Party("c", "G722", "PCMU", says=("G722",))
    bridged(c, a)
    assert codecs(a, c) == ["G722/8000", "G722/8000"]
