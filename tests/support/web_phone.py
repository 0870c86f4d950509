"""A phone as a page in a browser has one: SIP over WebSocket, written the way JsSIP writes it.

It knows nothing of our own SIP core. What it hears comes from a thread of the library's; tests go
step by step. Its audio is plain RTP, of which it only counts the packets.
"""

from __future__ import annotations

import itertools
import re
import secrets
import socket
import ssl
from contextlib import ExitStack
from dataclasses import dataclass

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from cordboard.sip.digest import Credentials, answer_challenge
from support.block import Block
from support.ports import LOOPBACK
from support.server import DOMAIN

SECONDS = 10.0
"""Longer than a leg hears why the other one has failed."""
SIP = Subprotocol("sip")
REPEATED = ("Via", "From", "To", "Call-ID", "CSeq")


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the server's."""

    text: str

    @property
    def start(self) -> str:
        """The first line."""
        return self.text.partition("\r\n")[0]

    @property
    def method(self) -> str:
        """Of a request."""
        return self.start.partition(" ")[0]

    @property
    def status(self) -> int:
        """Of a response; 0 for a request."""
        return int(self.start.split(" ")[1]) if self.start.startswith("SIP/2.0 ") else 0

    def header(self, name: str) -> str:
        """The value of the first header of this name."""
        found = re.search(rf"^{name}: (.*?)\r$", self.text, re.MULTILINE)
        assert found is not None, f"no {name} in:\n{self.text}"
        return found.group(1)


class WebPhone(Block):
    """A phone at ``server``, registered while it is entered.

    ``contact`` is its host in Contact, a name that leads nowhere as browsers know no better one;
    ``source`` is the address that it connects from, ``path`` what it asks for.
    """

    def __init__(
        self,
        user: str,
        server: tuple[str, int],
        *,
        contact: str | None = None,
        trust: ssl.SSLContext | None = None,
        origin: str | None = None,
        source: str = LOOPBACK,
        path: str = "/",
    ) -> None:
        self.user = user
        self.host = contact or f"{secrets.token_hex(6)}.invalid"
        self._via = "WS" if trust is None else "WSS"
        self._scheme = self._via.lower()
        self._server = server
        self._trust = trust
        self._source = source
        self._path = path
        self._origin = None if origin is None else Origin(origin)
        self._numbers = itertools.count(1)
        self._call_id = secrets.token_hex(11)
        self._tag = secrets.token_hex(5)
        self._open = ExitStack()
        self._connection: ClientConnection | None = None
        self._audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def _begin(self) -> None:
        self._audio.bind((LOOPBACK, 0))
        self._audio.settimeout(SECONDS)
        self.connect()
        self.register()

    def _end(self) -> None:
        self._audio.close()
        self._open.close()

    # The connection

    def connect(self) -> None:
        """Open a WebSocket; one that is open is left to itself."""
        host, port = self._server
        opening = connect(
            f"{self._scheme}://{host}:{port}{self._path}",
            subprotocols=[SIP],
            ssl=self._trust,
            origin=self._origin,
            open_timeout=SECONDS,
            source_address=(self._source, 0),
        )
        self._connection = self._open.enter_context(opening)

    @property
    def _socket(self) -> ClientConnection:
        assert self._connection is not None, "the phone is not connected"
        return self._connection

    def vanish(self) -> None:
        """Break the connection without a word, as a closed lid does."""
        self._socket.socket.shutdown(socket.SHUT_RDWR)

    def say(self, text: str) -> None:
        """Send a message."""
        self._socket.send(text)

    def hear(self) -> Said:
        """The next message."""
        heard = self._socket.recv(SECONDS)
        assert isinstance(heard, str), "SIP that is text comes as text"
        return Said(heard)

    def expect(self, what: str | int) -> Said:
        """The next message, which has to be a request of this method or a response of this kind."""
        heard = self.hear()
        assert what in (heard.method, heard.status), f"{what} was expected, heard:\n{heard.text}"
        return heard

    # SIP

    def register(self, expires: int = 600) -> Said:
        """Register, with the credentials that are asked for; the answer, a 200."""
        self.say(self._register(expires))
        challenge = self.expect(401).header("WWW-Authenticate")
        credentials = answer_challenge(
            [challenge],
            Credentials(self.user, f"demo-{self.user}"),
            "REGISTER",
            f"sip:{DOMAIN}",
            cnonce=secrets.token_hex(4),
        )
        self.say(self._register(expires, f"Authorization: {credentials}\r\n"))
        return self.expect(200)

    def answer(self, request: Said, status: int, reason: str, *, with_audio: bool = False) -> None:
        """Answer a request."""
        lines = [f"{name}: {request.header(name)}\r\n" for name in REPEATED]
        if status > 100 and ";tag=" not in request.header("To"):
            lines[2] = f"To: {request.header('To')};tag={self._tag}\r\n"
        body = self._sdp() if with_audio else ""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self.say(
            f"SIP/2.0 {status} {reason}\r\n{''.join(lines)}{self._contact}{kind}"
            f"Supported: outbound\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )

    def hang_up(self, invite: Said) -> None:
        """Say BYE in the dialog of an INVITE that was answered, and hear 200."""
        target = invite.header("Contact").strip("<>")
        self.say(
            f"BYE {target} SIP/2.0\r\n{self._top}"
            f"To: {invite.header('From')}\r\nFrom: {invite.header('To')};tag={self._tag}\r\n"
            f"Call-ID: {invite.header('Call-ID')}\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n"
        )
        self.expect(200)

    def hears_audio(self) -> bool:
        """Wait for some packets."""
        return all(self._audio.recv(2048) for _ in range(10))

    def _register(self, expires: int, credentials: str = "") -> str:
        return (
            f"REGISTER sip:{DOMAIN} SIP/2.0\r\n{self._top}"
            f"To: <sip:{self.user}@{DOMAIN}>\r\n"
            f"From: <sip:{self.user}@{DOMAIN}>;tag={self._tag}\r\n"
            f"Call-ID: {self._call_id}\r\nCSeq: {next(self._numbers)} REGISTER\r\n"
            f"{self._contact}Expires: {expires}\r\n{credentials}"
            "Supported: path,gruu,outbound\r\nUser-Agent: WebPhone 3.10.1\r\n"
            "Content-Length: 0\r\n\r\n"
        )

    @property
    def _top(self) -> str:
        branch = f"z9hG4bK{secrets.randbelow(10**7)}"
        return f"Via: SIP/2.0/{self._via} {self.host};branch={branch}\r\nMax-Forwards: 69\r\n"

    @property
    def _contact(self) -> str:
        return (
            f"Contact: <sip:{self.user}@{self.host};transport=ws>;reg-id=1;"
            f'+sip.instance="<urn:uuid:{self._call_id}>";expires=600\r\n'
        )

    def _sdp(self) -> str:
        port = self._audio.getsockname()[1]
        return (
            f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
        )
