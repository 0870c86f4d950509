"""Offers and answers: whatever comes, every line is answered, numbers keep their meaning, and the
version tells of changes."""

from __future__ import annotations

import contextlib
from typing import Any, cast

from hypothesis import example, given
from hypothesis import strategies as st

from cordboard.calls.ports import Tone, ToneKind
from cordboard.engines.embedded.channel_audio import ChannelAudio
from cordboard.sip.codecs import G711, PCMA, PCMU, find_codec
from cordboard.sip.errors import SipParseError
from cordboard.sip.offer import LocalAudio, NoCommonCodec, answer_offer, make_offer, read_answer
from cordboard.sip.sdp import DIRECTIONS, Media, parse_sdp
from support.codec_party import MAPS, Party, Session, codecs, process, settle

US = LocalAudio("192.0.2.1", 4000, 77)

ENCODINGS = ("PCMU/8000", "PCMA/8000", "opus/48000/2", "G729/8000", "telephone-event/8000",
             "telephone-event/48000", "L16/44100/2", "broken", "")  # fmt: skip
FORMAT = st.tuples(
    st.sampled_from(["0", "8", "9", "18", "96", "97", "101", "127", "128", "x"]),
    st.none() | st.sampled_from(ENCODINGS),
)
ATTRIBUTES = st.lists(
    st.sampled_from(
        [*(f"a={one}" for one in sorted(DIRECTIONS)), "a=rtcp-mux", "a=rtcp:5009", "a=ptime:30",
         "a=maxptime:10", "a=ptime:0", "c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.7", "a=unknown:x",
         "b=AS:64", "a=fmtp:96 useinbandfec=1", "a=fmtp:101 0-15"]
    ),
    max_size=5,
)  # fmt: skip


@st.composite
def media_lines(draw: st.DrawFn) -> str:
    """An m= line and what stands under it."""
    kind = draw(st.sampled_from(["audio", "audio", "audio", "video", "image", "application"]))
    port = draw(st.sampled_from([0, 5000, 5002]))
    protocol = draw(st.sampled_from(["RTP/AVP", "RTP/AVP", "RTP/AVPF", "RTP/SAVP", "udptl"]))
    formats = draw(st.lists(FORMAT, min_size=1, max_size=6, unique_by=lambda one: one[0]))
    numbers = " ".join(number for number, _ in formats)
    maps = [f"a=rtpmap:{number} {name}" for number, name in formats if name is not None]
    return "\r\n".join([f"m={kind} {port} {protocol} {numbers}", *maps, *draw(ATTRIBUTES), ""])


@st.composite
def offers(draw: st.DrawFn) -> bytes:
    """A description as a phone might send one, if a strange one."""
    lines = "".join(draw(st.lists(media_lines(), max_size=4)))
    session = "".join(f"{line}\r\n" for line in draw(ATTRIBUTES))
    start = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    return (start + session + lines).encode()


def meanings(media: Media) -> dict[str, tuple[str, int, int]]:
    return {number: media.encoding_of(number) for number in media.formats}


@given(offers(), st.sampled_from(sorted(DIRECTIONS)))
def test_every_line_is_answered_in_its_place(offer: bytes, direction: str) -> None:
    described = parse_sdp(offer)
    local = LocalAudio("192.0.2.1", 4000, 77, direction=direction)
    try:
        body, agreed = answer_offer(described, local)
    except NoCommonCodec:
        return
    answered = parse_sdp(body)
    assert len(answered.media) == len(described.media)
    taken = [media for media in answered.media if media.port]
    assert len(taken) == (agreed is not None)
    for theirs, ours in zip(described.media, answered.media, strict=True):
        assert (ours.kind, ours.protocol) == (theirs.kind, theirs.protocol)
        if not ours.port:
            continue
        assert theirs.usable
        assert set(ours.formats) <= set(theirs.formats)
        for number, meaning in meanings(ours).items():
            assert meanings(theirs)[number] == meaning
        # RFC 3264 6.1
        if theirs.direction in ("sendonly", "inactive"):
            assert ours.direction in ("recvonly", "inactive")
        if theirs.direction in ("recvonly", "inactive"):
            assert ours.direction in ("sendonly", "inactive")
        assert agreed is not None
        assert ours.direction == agreed.direction
        assert 10 <= agreed.ptime <= 120
        assert ours.rtcp_mux == theirs.rtcp_mux


@given(
    st.lists(st.sampled_from(["opus", "G722", "G729", "AMR"]), max_size=2, unique=True),
    st.sampled_from([G711, (PCMA, PCMU), (PCMA,)]),
    st.sampled_from(sorted(DIRECTIONS)),
    st.sampled_from(sorted(DIRECTIONS)),
)
def test_what_is_offered_is_read_alike_by_both_ends(
    beyond: list[str], law: tuple[Any, ...], offered: str, wanted: str
) -> None:
    extra = tuple(
        codec if codec.payload_type else type(codec)(codec.name, 96 + place, codec.rate,
                                                     codec.channels, codec.fmtp)
        for place, codec in enumerate(map(find_codec, beyond))
    )  # fmt: skip
    ours = LocalAudio("192.0.2.1", 4000, 1, direction=offered, codecs=(*extra, *law))
    theirs = LocalAudio("2001:db8::2", 6000, 2, direction=wanted, codecs=(*extra, *G711))
    body, at_theirs = answer_offer(parse_sdp(make_offer(ours)), theirs)
    at_ours = read_answer(parse_sdp(body), ours)
    assert at_ours is not None
    assert at_theirs is not None
    assert at_ours.codec.same_packets(at_theirs.codec)
    assert at_ours.codec.payload_type in dict(at_theirs.receive_payload_types)
    assert at_theirs.codec.payload_type in dict(at_ours.receive_payload_types)
    if at_ours.codec.rate == 8000:
        assert at_ours.dtmf_send == at_theirs.dtmf_receive == 101
    mirrored = {"sendonly": "recvonly", "recvonly": "sendonly"}
    assert at_ours.direction == mirrored.get(at_theirs.direction, at_theirs.direction)


# A whole session

STEPS = st.lists(
    st.sampled_from(["hold", "unhold", "wish", "unwish", "refused"])
    | st.tuples(st.just("answer"), offers())
    | st.tuples(st.just("offer"), offers()),
    max_size=12,
)


def content(body: bytes) -> list[bytes]:
    """A description without who made it and which version it is."""
    return [line for line in body.split(b"\r\n") if not line.startswith(b"o=")]


def take(step: Any, audio: ChannelAudio) -> bytes | None:
    """Let a step happen, and give what is said then."""
    if step in ("hold", "unhold"):
        return audio.hold(step == "hold")
    if step in ("wish", "unwish"):
        return audio.wish(find_codec("opus") if step == "wish" else None)
    if step == "refused":
        audio.offer_refused()
        return audio.next_offer()
    name, body = step
    if name == "offer":
        return audio.answer(body)
    audio.take_answer(body)
    return audio.next_offer()


@given(STEPS)
@example(
    [
        (
            "offer",
            b"v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 5000 RTP/AVP 0 8\r\na=rtpmap:8 opus/48000/2\r\n",
        ),
        "wish",
    ]
)
def test_the_version_goes_up_by_one_with_each_change_and_numbers_keep_their_meaning(
    steps: list[Any],
) -> None:
    codec = find_codec("opus")
    session = Session()
    audio = ChannelAudio(
        cast("Any", session), "192.0.2.1", "192.0.2.9", 7, strict=False, codecs=(codec,)
    )
    offered = [audio.offer()]
    said = offered[:]
    audio.take_answer(
        b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 0 101\r\n"
    )
    for step in steps:
        body = None
        with contextlib.suppress(SipParseError):
            body = take(step, audio)
        if body is not None:
            said.append(body)
            if step[0] != "offer":
                offered.append(body)
    versions = [int(parse_sdp(body).origin.split()[2]) for body in said]
    for place in range(1, len(said)):
        change = content(said[place]) != content(said[place - 1])
        assert versions[place] - versions[place - 1] == change
    assert all(b"o=cordboard 7 " in body for body in said)
    known: dict[str, tuple[str, int, int]] = {}
    for body in offered:
        for number, meaning in meanings(parse_sdp(body).media[0]).items():
            assert known.setdefault(number, meaning) == meaning
    for audio_parameters in session.configured:
        assert audio_parameters.remote[1] > 0
        if audio_parameters.remote[0] == "0.0.0.0":  # noqa: S104 - RFC 2543's way to hold
            assert not audio_parameters.sends


# Two bridged parties

NAMES = sorted(MAPS)
HAS = st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(lambda has: [*has, "PCMU"])
WHO = st.sampled_from("ab")
HAPPENINGS = st.lists(
    st.tuples(WHO, st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    | st.tuples(WHO, st.sampled_from(["answer", "answer", "hold", "unhold", "tone"])),
    max_size=12,
)


def happen(party: Party, what: str | list[str]) -> None:
    """Let one thing happen to a party."""
    if what == "answer":
        process(party)
    elif what in ("hold", "unhold"):
        party.channel.hold(what == "hold")
    elif what == "tone":
        party.channel.play(Tone(ToneKind.BUSY, "us"), 1)
    elif not party.waiting and not party.unanswered:  # else the stacks part them
        party.has = [*what, *(["PCMU"] if "PCMU" not in what else [])]
        party.reoffer(*what)


@given(HAS, HAS, HAS, HAS, st.sets(WHO), HAPPENINGS)
def test_bridged_parties_always_understand_each_other_in_the_end(
    has_a: list[str],
    has_b: list[str],
    says_a: list[str],
    says_b: list[str],
    refusing: set[str],
    happenings: list[tuple[str, Any]],
) -> None:
    beyond = [[one for one in says if one not in ("PCMU", "PCMA")] for says in (says_a, says_b)]
    a = Party("a", *has_a, says=tuple(beyond[0]))
    b = Party("b", *has_b, says=tuple(beyond[1]), shift=1)
    a.refuses, b.refuses = "a" in refusing, "b" in refusing
    a.channel.bridge(b.channel, needs_audio=False)
    for who, what in happenings:
        happen({"a": a, "b": b}[who], what)
    settle(a, b)
    for party in (a, b):
        assert not party.unanswered
        assert party.channel.audio is not None
        assert not party.channel.audio.offering
    used = codecs(a, b)
    if not refusing:
        assert used[0] == used[1] or set(used) <= {"PCMU", "PCMA"}
