"""What is fuzzed, and what has to hold for any bytes. Each target takes bytes and returns nothing;
one that raises has found a fault.

They need no fuzzer: the tests play the corpus to them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cordboard.api.basix.cti.reading import MalformedTerm, read_frame
from cordboard.api.basix.cti.terms import UnwritableTerm, frame
from cordboard.media.bridging import bridge
from cordboard.media.stream import MediaStream
from cordboard.sip.digest import Credentials, answer_challenge, parse_digest
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.framing import StreamFramer
from cordboard.sip.message import parse
from cordboard.sip.offer import LocalAudio, answer_offer, read_answer
from cordboard.sip.sdp import parse_sdp
from cordboard.sip.stun import answer_stun, parse_stun
from support.audio import PHONE as AUDIO_PHONE
from support.audio import negotiated
from support.sip_network import PHONE, SERVER
from support.sip_peer import CONTACT, Peer
from support.sip_world import bounded_end, registrar

SEPARATOR: Final = b"\n--\n"
"""Between the messages of one input."""

MAX_MESSAGES: Final = 8
MAX_ANSWER_GROWTH: Final = 2_000
"""Octets that an answer to a stranger may be longer than what he sent: our own headers."""

MAX_STUN_GROWTH: Final = 44
"""An error with its reason and the list of what was not understood."""

PACKET_LENGTH: Final = 2
STRANGER: Final = ("203.0.113.66", 40_000)
LOCAL: Final = LocalAudio("192.0.2.1", 20_000, 1)


def message(data: bytes) -> None:
    """Whatever can be read can be written, and then reads as before."""
    try:
        written = bytes(parse(data))
    except (SipParseError, SipBuildError):
        return
    again = parse(written)
    assert bytes(again) == written


def stack(data: bytes) -> None:
    """A server in the middle of two calls is told things by a phone and by a stranger: it stays
    within its bounds, answers no answer, and is quiet again after a while."""
    peer = Peer(bounded_end(SERVER, "srv", registrar()))
    peer.ask("INVITE", branch="up", sdp=b"v=0\r\n", extra=(CONTACT, ("supported", "100rel")))
    peer.stack.accept("in-1", b"v=0\r\n", peer.now)
    peer.take()
    for number, said in enumerate(data.split(SEPARATOR, MAX_MESSAGES)[:MAX_MESSAGES]):
        source = PHONE if number % 2 else STRANGER
        peer.stack.receive(said, Flow("udp", SERVER, source), peer.now)
        is_response = said.lstrip(b"\r\n").upper().startswith(b"SIP/")
        for flow, answer in peer.stack.messages_to_send():
            assert not said.startswith(b"ACK "), "an ACK was answered"
            assert not is_response, "a response was answered"
            if flow.remote == STRANGER:
                assert len(answer) <= len(said) + MAX_ANSWER_GROWTH
        peer.events()
        peer.wait(0.3)
        peer.take_flows()  # repeats of what was said before
    peer.stack.shut_down(peer.now)
    peer.wait(7200.0 * 2)
    left = (peer.stack.sessions(), peer.stack.transactions(), peer.stack.timers())
    assert left == (0, 0, 0), left


def description(data: bytes) -> None:
    """Any description can be answered or is refused, and our answer answers every line."""
    try:
        offer = parse_sdp(data)
    except SipParseError:
        return
    try:
        answer, _ = answer_offer(offer, LOCAL)
    except SipParseError:
        pass
    else:
        assert len(parse_sdp(answer).media) == len(offer.media)
    try:
        read_answer(offer, LOCAL)
    except SipParseError:
        return


def digest(data: bytes) -> None:
    """A challenge is answered or not; an answer is judged, and never found good by chance."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        answered = answer_challenge(
            [text], Credentials("u", "p"), "INVITE", "sip:a", cnonce="c", nonce_count=1
        )
    except SipBuildError:
        answered = None
    if answered is not None:
        assert parse_digest(answered)["username"] == "u"
    server = DigestServer(b"s")
    for algorithm in ("MD5", "SHA-256"):
        verdict = server.verify(text, "REGISTER", "r", "u", "0" * 64, 1.0, algorithm=algorithm)
        assert verdict.value != "good"


def rtp(data: bytes) -> None:
    """Two bridged legs take packets from the phone, from elsewhere and as RTCP; what is relayed is
    a packet, and no longer than what came."""
    first, second = MediaStream(1), MediaStream(2)
    for stream, port in ((first, 4000), (second, 5000)):
        stream.configure(negotiated(port), 0.0)
        stream.answered(0.0)
    bridge(first, second)
    now, at, number = 0.0, 0, 0
    while at + PACKET_LENGTH <= len(data) and number < 64:
        length = int.from_bytes(data[at : at + PACKET_LENGTH], "big") % 2048
        packet = data[at + PACKET_LENGTH : at + PACKET_LENGTH + length]
        at += PACKET_LENGTH + length
        source = STRANGER if number % 5 == 4 else (AUDIO_PHONE, 4000)
        if number % 7 == 6:
            first.receive_rtcp(packet, source, now)
        else:
            relayed = first.receive_rtp(packet, source, now)
            assert relayed is None or (source != STRANGER and len(relayed) <= len(packet) + 12)
        now, number = now + 0.02, number + 1
        first.handle_timer(now)
    first.report(now)
    first.figures()


def stream(data: bytes) -> None:
    """A TCP stream yields the same messages however it is cut."""
    whole = _framed([data])
    assert _framed([data[i : i + 7] for i in range(0, len(data), 7)]) == whole


def _framed(pieces: list[bytes]) -> list[bytes]:
    framer = StreamFramer()
    messages: list[bytes] = []
    for piece in pieces:
        try:
            messages += framer.feed(piece)
        except SipParseError:
            break
    return messages


def stun(data: bytes) -> None:
    """What is read can be written and reads as before; an answer is short, and has none itself."""
    read = parse_stun(data)
    if read is not None:
        assert parse_stun(bytes(read)) == read
    answer = answer_stun(data, STRANGER)
    if answer is not None:
        assert len(answer) <= len(data) + MAX_STUN_GROWTH
        assert answer_stun(answer, STRANGER) is None


def term(data: bytes) -> None:
    """What the vendor's client reads can be written again, and reads as before."""
    try:
        read = read_frame(data)
    except MalformedTerm:
        return
    try:
        octets = frame(read)
    except UnwritableTerm:
        return  # what it takes and we never write: large numbers, and atoms that are words of ours
    assert read_frame(octets) == read


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "message": message,
    "stack": stack,
    "description": description,
    "digest": digest,
    "rtp": rtp,
    "stream": stream,
    "stun": stun,
    "term": term,
}
