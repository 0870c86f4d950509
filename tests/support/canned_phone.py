"""The outside network in as few lines as it takes: answers at once, says nothing, hangs up.

Every INVITE gets 180 and 200; the leg whose number begins with ``hangs_up`` says BYE as soon as its
200 is acknowledged. Nothing depends on time, so that what a server does for a call is always the
same.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from support.block import Block
from support.ports import LOOPBACK

RECEIVE_SECONDS = 0.2
SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 9 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


class CannedPhone(Block):
    """Listens on a UDP port of its own; :attr:`datagrams` counts those of both directions."""

    def __init__(self, hangs_up: str) -> None:
        self._hangs_up = hangs_up
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self._socket.settimeout(RECEIVE_SECONDS)
        self.port = self._socket.getsockname()[1]
        self.datagrams = 0
        self._dialogs: dict[str, str] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _begin(self) -> None:
        self._thread.start()

    def _end(self) -> None:
        self._stopped.set()
        self._thread.join(5.0)
        self._socket.close()

    def _run(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                data, source = self._socket.recvfrom(65_535)
                self.datagrams += 1
                for answer in self._answers(data.decode()):
                    self._socket.sendto(answer.encode(), source)
                    self.datagrams += 1

    def _answers(self, text: str) -> list[str]:
        start, *lines = text.partition("\r\n\r\n")[0].split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.lower(), value.strip())
        call = headers["call-id"]
        if start.startswith("INVITE"):
            number = start.partition(":")[2].partition("@")[0]
            if number.startswith(self._hangs_up):
                self._dialogs[call] = self._bye(headers)
            return [
                self._reply("180 Ringing", headers, ""),
                self._reply("200 OK", headers, SDP),
            ]
        if start.startswith("ACK"):
            bye = self._dialogs.pop(call, None)
            return [] if bye is None else [bye]
        return [] if start.startswith("SIP/2.0") else [self._reply("200 OK", headers, "")]

    def _reply(self, status: str, headers: dict[str, str], body: str) -> str:
        kind = "Content-Type: application/sdp\r\n" if body else ""
        to = headers["to"] if ";tag=" in headers["to"] else f"{headers['to']};tag=far"
        return (
            f"SIP/2.0 {status}\r\nVia: {headers['via']}\r\nFrom: {headers['from']}\r\n"
            f"To: {to}\r\nCall-ID: {headers['call-id']}\r\nCSeq: {headers['cseq']}\r\n"
            f"Contact: <sip:far@{LOOPBACK}:{self.port}>\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _bye(self, headers: dict[str, str]) -> str:
        target = headers["contact"].partition("<")[2].partition(">")[0]
        return (
            f"BYE {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self.port};branch=z9hG4bK{headers['call-id']}\r\n"
            f"From: {headers['to']};tag=far\r\nTo: {headers['from']}\r\n"
            f"Call-ID: {headers['call-id']}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\n"
            "Content-Length: 0\r\n\r\n"
        )
