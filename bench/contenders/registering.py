"""Registers phones from the port on which SIPp will answer for them."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from bench.harness.phones import OURS
from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.message import Request, Response, parse

TIMEOUT_SECONDS = 5.0


def register(names: Iterable[str], secret: str, sip_port: int, port: int = OURS.first_port) -> None:
    """Register them all there, with a digest each; ``port`` is where they are."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        phone.bind(("127.0.0.1", port))
        phone.settimeout(TIMEOUT_SECONDS)
        for name in names:
            challenge = _ask(phone, sip_port, name, 1, None).first("www-authenticate")
            assert challenge is not None, "no challenge came"
            authorization = answer_challenge(
                [challenge], Credentials(name, secret), "REGISTER", "sip:bench", cnonce="c0"
            )
            answer = _ask(phone, sip_port, name, 2, authorization)
            assert answer.start_line.startswith("SIP/2.0 200"), answer.start_line


def _ask(
    phone: socket.socket, sip_port: int, name: str, cseq: int, authorization: str | None
) -> Request | Response:
    port = phone.getsockname()[1]
    request = Request("REGISTER", "sip:bench")
    request.put("via", f"SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{name}x{cseq};rport")
    request.put("from", f"<sip:{name}@bench>;tag=bench")
    request.put("to", f"<sip:{name}@bench>")
    request.put("call-id", f"bench-register-{name}")
    request.put("cseq", f"{cseq} REGISTER")
    request.put("contact", f"<sip:{name}@127.0.0.1:{port}>;expires=3600")
    request.put("max-forwards", "70")
    if authorization is not None:
        request.put("authorization", authorization)
    phone.sendto(bytes(request), ("127.0.0.1", sip_port))
    return parse(phone.recv(65_535))
