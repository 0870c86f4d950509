"""SIP messages: read lazily, written at once, with no way to smuggle a header in.

A message is its start line, a dict of header values by canonical lower-case name
(``"call-id"``, ``"via"``; compact forms resolved), and a body. Values are kept as text exactly as
they stood on the wire; what they mean is read by whoever asks (:mod:`~cordboard.sip.address`,
:mod:`~cordboard.sip.via`, ...). Bytes that are not UTF-8 survive a round trip by
``surrogateescape``.

Writing counts the line breaks of the finished head once: if any value carried a CR, LF or NUL the
count is off and :class:`SipBuildError` is raised, so that header injection is impossible whatever
the caller handed in. Reading counts them too, so that a lone CR or LF never gets into a value. NUL
alone has an exception: RFC 3261 25.1 lets a quoted pair hold it, so it is read there, and a
response that gives such a value back may carry it there. We never write one of our own.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.grammar import is_token, split_list
from cordboard.sip.headers import (
    LIST_HEADERS,
    canonical_name,
    known_labels,
    known_names,
    label_of,
)

SIP_VERSION: Final = "SIP/2.0"

MAX_MESSAGE_SIZE: Final = 65_535  # the largest datagram; Kamailio 64 KiB, PJSIP 4,000 over UDP
MAX_HEADER_LINES: Final = 256  # Apache 100 fields, nginx 32 KiB; RFC 4475 3.1.1.7 needs 60
MAX_LINE_LENGTH: Final = 8192  # nginx 8 KiB, Apache 8190
MAX_KNOWN_STATUS_LINES: Final = 64  # what was read of them; a phone has a dozen
MAX_CSEQ: Final = 2**31 - 1  # RFC 3261 8.1.1.5

Headers = dict[str, list[str]]

_BLANK: Final = " \t"


class Message:
    """What requests and responses share. Header names are canonical: lower case, long form."""

    __slots__ = ("body", "headers")

    headers: Headers
    body: bytes

    def first(self, name: str) -> str | None:
        """The first value of a header as written, or None."""
        values = self.headers.get(name)
        return values[0] if values else None

    def need(self, name: str) -> str:
        """The one value of a header that must be there; raises :class:`SipParseError`."""
        values = self.headers.get(name)
        if not values:
            raise SipParseError(f"missing {label_of(name)}")
        return values[0]

    def each(self, name: str) -> list[str]:
        """All values of a header, comma-separated lists taken apart (RFC 3261 7.3.1)."""
        values = self.headers.get(name)
        if not values:
            return []
        if name not in LIST_HEADERS:
            return values
        return [entry for value in values for entry in split_list(value)]

    def add(self, name: str, value: str) -> None:
        """Append a value after those that are there."""
        self.headers.setdefault(name, []).append(value)

    def put(self, name: str, value: str) -> None:
        """Make ``value`` the only one of its header."""
        self.headers[name] = [value]

    @property
    def call_id(self) -> str:
        """The Call-ID; raises :class:`SipParseError` where there is none."""
        return self.need("call-id")

    @property
    def cseq(self) -> tuple[int, str]:
        """CSeq number and method; raises :class:`SipParseError`."""
        values = self.headers.get("cseq")
        words = values[0].split() if values else ()
        if len(words) != 2 or not words[0].isascii() or not words[0].isdigit():
            raise SipParseError("malformed CSeq")
        if len(words[0]) > 10 or int(words[0]) > MAX_CSEQ:
            raise SipParseError("CSeq out of range")
        return int(words[0]), words[1]

    @property
    def start_line(self) -> str:
        """The request or status line."""
        raise NotImplementedError

    def __bytes__(self) -> bytes:
        """The wire form; raises :class:`SipBuildError`, see :func:`build`."""
        return build(self.start_line, self.headers, self.body)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.start_line!r}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        return (self.start_line, self.headers, self.body) == (
            other.start_line,
            other.headers,
            other.body,
        )

    __hash__ = None  # type: ignore[assignment]  # messages are mutable


class Request(Message):
    """A request: method, Request-URI as text, headers, body."""

    __slots__ = ("method", "uri")

    def __init__(
        self, method: str, uri: str, headers: Headers | None = None, body: bytes = b""
    ) -> None:
        self.method = method
        self.uri = uri
        self.headers = {} if headers is None else headers
        self.body = body

    @property
    def start_line(self) -> str:
        """``METHOD uri SIP/2.0``."""
        return f"{self.method} {self.uri} {SIP_VERSION}"


class Response(Message):
    """A response: status code 100 to 699, reason phrase, headers, body; ``to_tag`` is known of one
    that was received."""

    __slots__ = ("reason", "status", "to_tag")

    def __init__(
        self, status: int, reason: str, headers: Headers | None = None, body: bytes = b""
    ) -> None:
        self.status = status
        self.reason = reason
        self.headers = {} if headers is None else headers
        self.body = body
        self.to_tag: str | None = None

    @property
    def start_line(self) -> str:
        """``SIP/2.0 status reason``."""
        return f"{SIP_VERSION} {self.status} {self.reason}"

    def __bytes__(self) -> bytes:
        """The wire form; a NUL may stand where a peer's quoted pair is given back to it."""
        return build(self.start_line, self.headers, self.body, copied=True)


def build(start_line: str, headers: Headers, body: bytes, *, copied: bool = False) -> bytes:
    """The wire form of a message; Content-Length is added here and nowhere else.

    ``copied`` says that values are a peer's own, given back: NUL may then stand in a quoted pair.
    Raises :class:`SipBuildError` if any part carries a CR, LF or NUL or is not encodable.
    """
    lines = [start_line]
    for name, values in headers.items():
        if name == "content-length":
            continue
        label = known_labels.get(name) or label_of(name)
        if len(values) == 1:
            lines.append(f"{label}: {values[0]}")
        else:
            lines.extend([f"{label}: {value}" for value in values])
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    head = "\r\n".join(lines)
    breaks = len(lines) + 1
    if head.count("\n") != breaks or head.count("\r") != breaks:
        raise SipBuildError("a value carries a line break")
    if "\0" in head and not (copied and _only_quoted_nul(head)):
        raise SipBuildError("a value carries a NUL")
    try:
        return head.encode("utf-8", "surrogateescape") + body
    except UnicodeEncodeError:
        raise SipBuildError("a value is not encodable text") from None


def _only_quoted_nul(text: str) -> bool:
    return text.count("\0") == text.count("\\\0")


def parse(data: bytes) -> Request | Response:
    """Read one whole message (a datagram, or what :mod:`~cordboard.sip.framing` cut out).

    Leading line breaks are skipped (RFC 3261 7.5); octets after Content-Length are dropped, a body
    shorter than it is an error (18.3). A head may lack its empty line if it ends with a line break
    (RFC 4475 3.1.2.15 is sent like that). What headers mean is not looked at; see
    :mod:`~cordboard.sip.validity`. Raises :class:`SipParseError` with the status to answer;
    :func:`~cordboard.sip.validity.salvage` then finds what the answer needs.
    """
    if len(data) > MAX_MESSAGE_SIZE:
        raise SipParseError("message too large", 513)
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        if not head.endswith(b"\r\n"):
            raise SipParseError("headers end within a line")
        head = head[:-2]
    lines = _lines_of(head)
    start = lines[0]
    message: Request | Response
    if start[:4].upper() == "SIP/":
        message = Response(*_parse_status_line(start))
    else:
        message = Request(*_parse_request_line(start))
    message.headers = headers = _parse_headers(lines)
    length = headers.get("content-length")
    if length is not None and length != [str(len(body))]:
        body = _cut_body(body, length)
    message.body = body
    return message


def _lines_of(head: bytes) -> list[str]:
    text = head.decode("utf-8", "surrogateescape")
    lines = text.split("\r\n")
    if len(lines) > MAX_HEADER_LINES:
        raise SipParseError("too many header lines")
    content = "".join(lines)
    if "\n" in content or "\r" in content:
        raise SipParseError("lone CR or LF in a header")
    if "\0" in content and not _only_quoted_nul(text):
        raise SipParseError("NUL in a header")
    if min(lines) < "!":  # one begins with a blank, and so goes on from the one before
        lines = unfold(lines)
    if len(text) > MAX_LINE_LENGTH and max(map(len, lines)) > MAX_LINE_LENGTH:
        raise SipParseError("header line too long")
    return lines


def unfold(lines: list[str]) -> list[str]:
    """Join continuation lines (RFC 3261 7.3.1)."""
    unfolded: list[str] = []
    for line in lines:
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] = f"{unfolded[-1].rstrip(_BLANK)} {line.strip(_BLANK)}"
        else:
            unfolded.append(line)
    return unfolded


def _parse_request_line(line: str) -> tuple[str, str]:
    words = line.split(" ")
    if len(words) != 3:
        raise SipParseError("malformed request line")
    method, uri, version = words
    if version.upper() != SIP_VERSION:
        raise SipParseError("SIP version not supported", 505)
    if not is_token(method) or not uri:
        raise SipParseError("malformed request line")
    return method, uri


@lru_cache(maxsize=MAX_KNOWN_STATUS_LINES)
def _parse_status_line(line: str) -> tuple[int, str]:
    version, _, rest = line.partition(" ")
    status, _, reason = rest.partition(" ")
    if version.upper() != SIP_VERSION:
        raise SipParseError("SIP version not supported", 505)
    if (
        len(status) != 3
        or not status.isascii()
        or not status.isdigit()
        or not 100 <= int(status) < 700
    ):
        raise SipParseError("malformed status line")
    return int(status), reason


def _parse_headers(lines: list[str]) -> Headers:
    headers: Headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise SipParseError("header line without a colon")
        canonical = known_names.get(name) or canonical_name(name)
        if canonical in headers:
            headers[canonical].append(value.strip(_BLANK))
        else:
            headers[canonical] = [value.strip(_BLANK)]
    return headers


def _cut_body(body: bytes, values: list[str]) -> bytes:
    text = values[0]
    if not text.isascii() or not text.isdigit() or len(text) > 9 or len(set(values)) > 1:
        raise SipParseError("malformed Content-Length")
    length = int(text)
    if length > len(body):
        raise SipParseError("body shorter than Content-Length")
    return body[:length]
