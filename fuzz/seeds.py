"""Puts sane inputs into the corpus, for a fuzzer to start from: ``python -m fuzz.seeds``."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SDP = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n"
    b"m=audio 4000 RTP/AVP 0 8 9 96 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:96 opus/48000/2\r\n"
    b"a=fmtp:96 useinbandfec=1\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
    b"a=ptime:20\r\na=rtcp:4001 IN IP4 192.0.2.7\r\na=rtcp-mux\r\na=sendonly\r\n"
    b"m=video 0 RTP/SAVPF 97\r\nm=image 4002 udptl t38\r\n"
)
CHALLENGE = b'Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth,auth-int", opaque="o"'
ANSWER = (
    b'Digest username="u", realm="r", nonce="n", uri="sip:a", response="0", nc=00000001, '
    b'cnonce="c", qop=auth, algorithm=MD5'
)
TERMS = (
    "83680364000a6669656c645f737065636b00087465726d696e616c6c0000000264000269646400046e616d656a",
    "83680264000a73797374656d5f6d73676b0006756e6b6e6f77",
    "836e0700075e8187d77e05",
    "836200989ad7",
    "836c000000027304747275656d000000036162636a",
)
"""Terms of the CTI WebSocket."""


def seeds() -> Iterator[tuple[str, bytes]]:
    """Target names and inputs."""
    from cordboard.api.basix.cti.terms import Atom, frame
    from cordboard.sip.message import Response
    from fuzz.targets import SEPARATOR
    from support.audio import voice
    from support.sip_network import SERVER
    from support.sip_peer import CONTACT, Peer
    from support.sip_world import bounded_end, registrar

    yield "description", SDP
    yield "description", SDP.replace(b"192.0.2.7", b"0.0.0.0").replace(b"IP4", b"IP6")
    yield "digest", ANSWER
    for vector in TERMS:
        yield "term", bytes.fromhex(vector)
    yield "term", frame((1.5, -3, -(2**40), b"x" * 300, [], [(Atom("a"), "b")], True, None))
    packets = [bytes(voice(number)) for number in range(8)]
    yield "rtp", b"".join(len(packet).to_bytes(2, "big") + packet for packet in packets)
    peer = Peer(bounded_end(SERVER, "srv", registrar()))
    supported = ("supported", "100rel")
    said = [peer.ask("INVITE", branch="up", sdp=b"v=0\r\n", extra=(CONTACT, supported))]
    peer.stack.accept("in-1", b"v=0\r\n", peer.now)
    answer = peer.take()[-1]
    assert isinstance(answer, Response)
    within = [("ACK", None), ("INVITE", SDP), ("UPDATE", SDP), ("INFO", b"Signal=1"), ("BYE", None)]
    for number, (method, sdp) in enumerate(within, 1):
        said.append(peer.ask_back(answer, method, number, sdp=sdp))
    said.append(peer.ask("REGISTER", call_id="r", to="<sip:jessica@demo>", uri="sip:demo"))
    written = [bytes(one) for one in said]
    for one in written:
        yield "message", one
        yield "stream", one
        yield "stack", one
    yield "stack", SEPARATOR.join(written[1:5])
    yield "stack", SEPARATOR.join([b"x", *written[1:]])


def main() -> None:
    """Write them."""
    for name, data in seeds():
        folder = HERE / "corpus" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha1(data, usedforsecurity=False).hexdigest()).write_bytes(data)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent / "tests"))
    main()
