"""What offers and answers make of a channel's audio: holds in all their forms, versions."""

from __future__ import annotations

from typing import Any, cast

import pytest

from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.media.audio import AudioParameters
from cordboard.sip.codecs import find_codec
from cordboard.sip.errors import SipParseError
from cordboard.sip.sdp import parse_sdp

PHONE = "192.0.2.10"


class Session:
    """A media session that takes notes."""

    address = ("198.51.100.1", 20000)
    own_ports = frozenset({20000, 20002})

    def __init__(self) -> None:
        self.configured: list[AudioParameters] = []

    def configure(self, audio: AudioParameters) -> None:
        self.configured.append(audio)


def audio_of_a_call() -> tuple[ChannelAudio, Session]:
    """The audio of a channel whose first offer is answered."""
    session = Session()
    audio = ChannelAudio(cast("Any", session), "198.51.100.1", PHONE, 1, strict=False)
    audio.offer()
    audio.take_answer(sdp())
    return audio, session


def sdp(*lines: str, port: int = 4000, host: str = PHONE) -> bytes:
    attributes = "".join(f"{line}\r\n" for line in lines)
    return (
        f"v=0\r\no=- 1 1 IN IP4 {PHONE}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 8\r\n{attributes}"
    ).encode()


def state(audio: ChannelAudio) -> ChannelAudio:
    """The audio as it is now."""
    return audio


def last(session: Session) -> AudioParameters:
    """What was agreed on last."""
    return session.configured[-1]


def direction(body: bytes) -> str:
    return parse_sdp(body).media[0].direction


def version(body: bytes) -> int:
    return int(parse_sdp(body).origin.split()[2])


HOLDS = {
    "sendonly": sdp("a=sendonly"),
    "inactive": sdp("a=inactive"),
    "the address of nobody": sdp(host="0.0.0.0"),  # noqa: S104 - RFC 2543's way to hold
    "both": sdp("a=inactive", host="0.0.0.0"),  # noqa: S104
    "switched off": sdp(port=0),
}


@pytest.mark.parametrize("hold", HOLDS.values(), ids=HOLDS)
def test_every_form_of_hold_holds_and_every_form_of_resume_ends_it(hold: bytes) -> None:
    for resume in (sdp("a=sendrecv"), sdp(), sdp(port=4002)):
        audio, session = audio_of_a_call()
        answer = audio.answer(hold)
        assert state(audio).held
        assert state(audio).silent
        assert not last(session).sends, "who holds is sent nothing"
        assert last(session).held
        assert direction(answer) in ("recvonly", "inactive") or b"m=audio 0 " in answer
        answer = audio.answer(resume)
        assert not state(audio).held
        assert not state(audio).silent
        assert last(session).sends
        assert direction(answer) == "sendrecv"


@pytest.mark.parametrize("answer", ["recvonly", "inactive", "sendrecv", "sendonly"])
def test_whatever_answers_our_hold_holds_nobody_else(answer: str) -> None:
    audio, session = audio_of_a_call()
    offer = audio.hold(True)
    assert offer is not None
    assert direction(offer) == "sendonly"
    audio.take_answer(sdp(f"a={answer}"))
    assert not state(audio).held
    assert state(audio).silent
    assert not last(session).receives
    offer = audio.hold(False)
    assert offer is not None
    assert direction(offer) == "sendrecv"
    audio.take_answer(sdp())
    assert not state(audio).silent


def test_our_hold_answered_by_switching_the_audio_off() -> None:
    audio, session = audio_of_a_call()
    audio.hold(True)
    audio.take_answer(sdp(port=0))
    assert last(session).direction == "inactive"
    audio.hold(False)
    audio.take_answer(sdp())
    assert not state(audio).held
    assert last(session).direction == "sendrecv"


def test_both_hold_and_who_held_last_resumes_last() -> None:
    audio, session = audio_of_a_call()
    audio.answer(sdp("a=sendonly"))
    offer = audio.hold(True)
    assert offer is not None
    assert direction(offer) == "inactive"
    audio.take_answer(sdp("a=inactive"))
    assert state(audio).held, "an answer to a hold says nothing"
    assert direction(audio.answer(sdp("a=sendrecv"))) == "sendonly"
    assert not state(audio).held
    assert state(audio).silent, "we hold still"
    audio.hold(False)
    audio.take_answer(sdp())
    assert not state(audio).silent
    assert last(session).direction == "sendrecv"


def test_both_hold_and_who_held_first_resumes_last() -> None:
    audio, session = audio_of_a_call()
    audio.answer(sdp("a=sendonly"))
    audio.hold(True)
    audio.take_answer(sdp("a=inactive"))
    offer = audio.hold(False)
    assert offer is not None
    assert direction(offer) == "sendrecv"
    audio.take_answer(sdp("a=sendonly"))
    assert state(audio).held
    assert direction(audio.answer(sdp())) == "sendrecv"
    assert last(session).direction == "sendrecv"
    assert not state(audio).held


def test_a_call_whose_audio_is_off_from_the_start_is_none() -> None:
    session = Session()
    audio = ChannelAudio(cast("Any", session), "198.51.100.1", PHONE, 1, strict=False)
    audio.offer()
    with pytest.raises(SipParseError) as caught:
        audio.take_answer(sdp(port=0))
    assert caught.value.status == 488
    assert not audio.configured
    with pytest.raises(SipParseError):
        audio.answer(sdp(port=0))


def test_a_fax_is_refused_and_the_call_stays_as_it_was() -> None:
    audio, session = audio_of_a_call()
    with pytest.raises(SipParseError) as caught:
        audio.answer(sdp(port=0) + b"m=image 5000 udptl t38\r\n")
    assert caught.value.status == 488
    assert not state(audio).held
    assert len(session.configured) == 1


def test_an_offer_that_is_refused_for_its_address_changes_nothing() -> None:
    audio, session = audio_of_a_call()
    with pytest.raises(SipParseError) as caught:
        audio.answer(sdp("a=sendonly", host="239.1.1.1"))
    assert caught.value.status == 488
    assert not state(audio).held
    assert len(session.configured) == 1


def test_nobody_may_have_us_talk_to_ourselves() -> None:
    audio, session = audio_of_a_call()
    with pytest.raises(SipParseError) as caught:
        audio.answer(sdp(host="198.51.100.1", port=20002))
    assert caught.value.status == 488
    assert len(session.configured) == 1
    audio.answer(sdp(host="198.51.100.1", port=20004))
    assert len(session.configured) == 2, "a phone on our own machine"


def test_the_version_goes_up_by_one_when_what_we_say_changes_and_only_then() -> None:
    audio, _ = audio_of_a_call()
    first = audio.answer(sdp())
    again = audio.answer(sdp())
    assert first == again
    held = audio.answer(sdp("a=sendonly"))
    assert version(held) == version(first) + 1
    assert audio.answer(sdp("a=sendonly")) == held
    resumed = audio.answer(sdp())
    assert version(resumed) == version(held) + 1
    offer = audio.hold(True)
    assert offer is not None
    assert version(offer) == version(resumed) + 1
    audio.offer_refused()
    assert audio.next_offer() is None, "what was refused is not asked for again"


def test_a_peer_that_uses_up_all_numbers_is_offered_what_needs_none() -> None:
    audio, _ = audio_of_a_call()
    numbers = range(96, 128)
    maps = "".join(f"a=rtpmap:{number} L{number}/16000\r\n" for number in numbers)
    listed = " ".join(map(str, numbers)).encode()
    audio.answer(sdp().replace(b"RTP/AVP 0 8", b"RTP/AVP 0 8 " + listed) + maps.encode())
    offer = audio.wish(find_codec("opus"))
    assert offer is not None
    assert b"RTP/AVP 0 8\r\n" in offer
    audio.take_answer(sdp())
    assert audio.next_offer() is None


def test_events_keep_out_of_the_way_of_the_peers_numbers() -> None:
    audio, _ = audio_of_a_call()
    body = sdp("a=rtpmap:101 opus/48000/2").replace(b"RTP/AVP 0 8", b"RTP/AVP 0 8 101")
    audio.answer(body)
    offer = audio.hold(True)
    assert offer is not None
    assert b"RTP/AVP 0 8 96\r\n" in offer
    assert b"a=rtpmap:96 telephone-event/8000\r\n" in offer


def test_a_wish_that_comes_while_an_offer_is_under_way_is_offered_after_it() -> None:
    audio, _ = audio_of_a_call()
    assert audio.hold(True) is not None
    assert audio.hold(False) is None
    audio.take_answer(sdp("a=recvonly"))
    offer = audio.next_offer()
    assert offer is not None
    assert direction(offer) == "sendrecv"
    audio.take_answer(sdp())
    assert audio.next_offer() is None
