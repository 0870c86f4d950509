"""A phone that registers and unregisters over and over, each time from another port."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading

from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.errors import SipParseError
from cordboard.sip.message import Request, Response, parse
from support.server import DOMAIN, CordboardServer

NAME = "roamer"
SECRET = f"demo-{NAME}"
PAUSE = 0.5
"""Seconds between two registrations."""

ANSWER_SECONDS = 2.0
MOST_OCTETS = 65_535


class Registering:
    """Does so in a thread of its own, between entering the block and leaving it; ``done`` counts
    how often it was registered and unregistered."""

    def __init__(self, server: CordboardServer) -> None:
        self.done = 0
        self._server = server.sip
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Registering:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10.0)

    def _run(self) -> None:
        while not self._stopping.wait(PAUSE):
            with contextlib.suppress(OSError, SipParseError):
                self._once()

    def _once(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind((self._server[0], 0))
            phone.settimeout(ANSWER_SECONDS)
            call_id = secrets.token_hex(8)
            for place, expires in enumerate((60, 0)):
                if not self._register(phone, call_id, 2 * place + 1, expires):
                    return
        self.done += 1

    def _register(self, phone: socket.socket, call_id: str, cseq: int, expires: int) -> bool:
        """Register once, for so long; whether it was granted."""
        answer = self._ask(phone, call_id, cseq, expires, None)
        challenge = answer.first("www-authenticate")
        if challenge is not None:
            credentials, uri = Credentials(NAME, SECRET), f"sip:{DOMAIN}"
            proof = answer_challenge(
                [challenge], credentials, "REGISTER", uri, cnonce=secrets.token_hex(8)
            )
            answer = self._ask(phone, call_id, cseq + 1, expires, proof)
        return answer.start_line.startswith("SIP/2.0 200")

    def _ask(
        self, phone: socket.socket, call_id: str, cseq: int, expires: int, proof: str | None
    ) -> Request | Response:
        host, port = phone.getsockname()
        request = Request("REGISTER", f"sip:{DOMAIN}")
        branch = f"z9hG4bK{call_id}{cseq}"
        request.put("via", f"SIP/2.0/UDP {host}:{port};branch={branch};rport")
        request.put("from", f"<sip:{NAME}@{DOMAIN}>;tag={call_id}")
        request.put("to", f"<sip:{NAME}@{DOMAIN}>")
        request.put("call-id", call_id)
        request.put("cseq", f"{cseq} REGISTER")
        request.put("contact", f"<sip:{NAME}@{host}:{port}>;expires={expires}")
        request.put("max-forwards", "70")
        if proof is not None:
            request.put("authorization", proof)
        phone.sendto(bytes(request), self._server)
        return parse(phone.recv(MOST_OCTETS))
