"""Header lines made once and kept: the unchanging part of a dialog's messages is text, not parsed
structure, and a message is written by joining such texts.

No line break can come in by a value: every text that was not written here goes through
:func:`clean` (what our user hands in) or :func:`clean_copy` (what a peer sent and wants back).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cordboard.addresses import written
from cordboard.sip.errors import SipBuildError
from cordboard.sip.headers import label_of
from cordboard.sip.media_type import SDP
from cordboard.sip.via import MAGIC_COOKIE

MAX_FORWARDS = "Max-Forwards: 70\r\n"  # RFC 3261 8.1.1.6
SDP_LINE: Final = f"Content-Type: {SDP}\r\n"

SECURED: Final = {"tls": "", "wss": ";transport=ws"}
"""What a SIPS URI says besides: its scheme is TLS's (RFC 5630 3.1.3), WebSocket has to be named."""

MAX_KNOWN_ADDRESSES: Final = 1024
"""Of ours, whose lines are remembered: one a listener, times the users of trunks in Contacts."""


def clean(value: str) -> str:
    """``value`` itself; raises :class:`SipBuildError` if it holds CR, LF or NUL."""
    if "\n" in value or "\r" in value or "\0" in value:
        raise SipBuildError("a value carries a line break or NUL")
    return value


def clean_copy(value: str) -> str:
    """The same for a value that must go back as it came: NUL may stand in a quoted pair
    (RFC 3261 25.1), a line break nowhere."""
    if "\n" in value or "\r" in value:
        raise SipBuildError("a value carries a line break")
    return value


def line(name: str, value: str) -> str:
    """One header line; ``name`` in canonical lower case."""
    return f"{label_of(name)}: {clean(value)}\r\n"


def lines_of(headers: tuple[tuple[str, str], ...]) -> str:
    """Header lines of (name, value) pairs."""
    return "".join([line(name, value) for name, value in headers])


def route_lines(routes: tuple[str, ...]) -> str:
    """Route lines in the order in which they are visited (RFC 3261 20.34)."""
    return "".join([f"Route: {clean(route)}\r\n" for route in routes])


def reason_line(reason: str | None) -> str:
    """A Reason header (RFC 3326), or nothing."""
    return "" if reason is None else f"Reason: {clean(reason)}\r\n"


def content_type_line(content_type: str, body: bytes) -> str:
    """The Content-Type of a body that is not empty."""
    return f"Content-Type: {clean(content_type)}\r\n" if body else ""


def encode(head: str, body: bytes = b"") -> bytes:
    """The finished message: ``head`` is its start line and header lines, each with its line break.

    Raises :class:`SipBuildError` where the text can't be encoded.
    """
    try:
        return (
            f"{head}Content-Length: {len(body)}\r\n\r\n".encode("utf-8", "surrogateescape") + body
        )
    except UnicodeEncodeError:
        raise SipBuildError("a value is not encodable text") from None


@lru_cache(maxsize=MAX_KNOWN_ADDRESSES)
def via_start(transport: str, host: str, port: int) -> str:
    """A Via line up to where the branch's own text follows (RFC 3261 8.1.1.7, RFC 3581 3)."""
    where = clean(written(host, port))
    return f"Via: SIP/2.0/{transport.upper()} {where};rport;branch={MAGIC_COOKIE}"


@lru_cache(maxsize=MAX_KNOWN_ADDRESSES)
def contact_line(transport: str, host: str, port: int, user: str, *, secured: bool) -> str:
    """Our Contact line, with a SIPS URI where ``secured`` is wanted and the transport has it."""
    where = clean(f"{user}@{written(host, port)}")
    if secured and transport in SECURED:
        return f"Contact: <sips:{where}{SECURED[transport]}>\r\n"
    # The secured WebSocket has no name of its own there (RFC 7118 5.2.2).
    named = "ws" if transport == "wss" else transport
    return f"Contact: <sip:{where}{'' if named == 'udp' else f';transport={named}'}>\r\n"


class InviteLines:
    """What the ACK of a refusal and the CANCEL of an INVITE repeat of it (RFC 3261 9.1, 17.1.1.3):
    Request-URI, top Via, Route, From, To, Call-ID, the CSeq number, and the credentials: neither
    can be challenged, so both carry what the INVITE carried (22.1)."""

    __slots__ = ("call_id", "credentials", "from_", "number", "routes", "to", "uri", "via")

    def __init__(
        self,
        uri: str,
        via: str,
        routes: str,
        from_: str,
        to: str,
        call_id: str,
        number: int,
        credentials: str = "",
    ) -> None:
        self.uri = uri
        self.via = via
        self.routes = routes
        self.from_ = from_
        self.to = to
        self.call_id = call_id
        self.number = number
        self.credentials = credentials

    def ack(self, to: str) -> bytes:
        """The ACK of a final response other than 2xx, with that response's To value."""
        return encode(
            f"ACK {self.uri} SIP/2.0\r\n{self.via}{self.routes}{MAX_FORWARDS}{self.from_}"
            f"To: {clean_copy(to)}\r\n{self.call_id}CSeq: {self.number} ACK\r\n"
            f"{self.credentials}"
        )

    def cancel(self, reason: str | None) -> bytes:
        """The CANCEL, with a Reason value where given (RFC 3326)."""
        return encode(
            f"CANCEL {self.uri} SIP/2.0\r\n{self.via}{self.routes}{MAX_FORWARDS}{self.from_}"
            f"{self.to}{self.call_id}CSeq: {self.number} CANCEL\r\n{reason_line(reason)}"
            f"{self.credentials}"
        )
