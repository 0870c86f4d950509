"""SIP messages: read lazily, written at once, with no way to smuggle a header in.

A message is its start line, a dict of header values by canonical lower-case name
(``"call-id"``, ``"via"``; compact forms resolved), and a body. Values are kept as text exactly as
they stood on the wire; what they mean is read by whoever asks (:mod:`~cordboard.sip.address`,
:mod:`~cordboard.sip.via`, ...). Bytes that are not UTF-8 survive a round trip by
``surrogateescape``.

Writing counts the line breaks of the finished head once: if any value carried a CR, LF or NUL the
count is off and :class:`SipBuildError` is raised, so that header injection is impossible whatever
the caller handed in.
"""

from __future__ import annotations

from typing import Final

from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.grammar import is_token, split_list

SIP_VERSION: Final = "SIP/2.0"

# Precedents: Kamailio 64 KiB a message, PJSIP 4,000 octets over UDP, nginx 8 KiB a header line.
MAX_MESSAGE_SIZE: Final = 65_535
MAX_HEADER_LINES: Final = 256
MAX_CSEQ: Final = 2**31 - 1  # RFC 3261 8.1.1.5

# RFC 3261 7.3.3, 20 and the registry of header fields
_COMPACT: Final = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
}

_LABELS: Final = {
    "call-id": "Call-ID",
    "cseq": "CSeq",
    "www-authenticate": "WWW-Authenticate",
    "mime-version": "MIME-Version",
    "rseq": "RSeq",
    "rack": "RAck",
    "p-asserted-identity": "P-Asserted-Identity",
}

# Comma-separated lists (RFC 3261 7.3.1, 20); any other header's commas are its own.
LIST_HEADERS: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "alert-info",
        "allow",
        "allow-events",
        "call-info",
        "contact",
        "content-encoding",
        "content-language",
        "error-info",
        "in-reply-to",
        "path",
        "proxy-require",
        "reason",
        "record-route",
        "require",
        "route",
        "service-route",
        "supported",
        "unsupported",
        "via",
        "warning",
    }
)

# Names as written -> canonical, filled as names are met; bounded so that no peer can grow it.
_MAX_KNOWN_NAMES: Final = 1024
_canonical_names: dict[str, str] = {}

Headers = dict[str, list[str]]


def canonical_name(name: str) -> str:
    """The lower-case long form of a header name as written; raises :class:`SipParseError`."""
    known = _canonical_names.get(name)
    if known is not None:
        return known
    stripped = name.rstrip(" \t")
    if not is_token(stripped):
        raise SipParseError("malformed header name")
    lowered = stripped.lower()
    canonical = _COMPACT.get(lowered, lowered)
    if len(_canonical_names) < _MAX_KNOWN_NAMES:
        _canonical_names[name] = canonical
    return canonical


class Message:
    """What requests and responses share. Header names are canonical: lower case, long form."""

    __slots__ = ("body", "headers")

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.body = body

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
        words = self.need("cseq").split()
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
        super().__init__({} if headers is None else headers, body)
        self.method = method
        self.uri = uri

    @property
    def start_line(self) -> str:
        """``METHOD uri SIP/2.0``."""
        return f"{self.method} {self.uri} {SIP_VERSION}"


class Response(Message):
    """A response: status code 100 to 699, reason phrase, headers, body."""

    __slots__ = ("reason", "status")

    def __init__(
        self, status: int, reason: str, headers: Headers | None = None, body: bytes = b""
    ) -> None:
        super().__init__({} if headers is None else headers, body)
        self.status = status
        self.reason = reason

    @property
    def start_line(self) -> str:
        """``SIP/2.0 status reason``."""
        return f"{SIP_VERSION} {self.status} {self.reason}"


def label_of(name: str) -> str:
    """A header name as written on the wire; raises :class:`SipBuildError` where it is no name."""
    label = _LABELS.get(name)
    if label is None:
        if not is_token(name):
            raise SipBuildError("malformed header name")
        label = "-".join(word.capitalize() for word in name.split("-"))
        if len(_LABELS) < _MAX_KNOWN_NAMES:
            _LABELS[name] = label
    return label


def build(start_line: str, headers: Headers, body: bytes) -> bytes:
    """The wire form of a message; Content-Length is added here and nowhere else.

    Raises :class:`SipBuildError` if any part carries a CR, LF or NUL or is not encodable.
    """
    lines = [start_line]
    for name, values in headers.items():
        if name == "content-length":
            continue
        label = _LABELS.get(name) or label_of(name)
        if len(values) == 1:
            lines.append(f"{label}: {values[0]}")
        else:
            lines.extend([f"{label}: {value}" for value in values])
    lines.append(f"Content-Length: {len(body)}\r\n\r\n")
    head = "\r\n".join(lines)
    breaks = len(lines) + 1
    if head.count("\n") != breaks or head.count("\r") != breaks or "\0" in head:
        raise SipBuildError("a value carries a line break or NUL")
    try:
        return head.encode("utf-8", "surrogateescape") + body
    except UnicodeEncodeError:
        raise SipBuildError("a value is not encodable text") from None


def parse(data: bytes) -> Request | Response:
    """Read one whole message (a datagram, or what :mod:`~cordboard.sip.framing` cut out).

    Leading line breaks are skipped (RFC 3261 7.5); octets after Content-Length are dropped, a body
    shorter than it is an error (18.3). Raises :class:`SipParseError` with the status to answer.
    """
    if len(data) > MAX_MESSAGE_SIZE:
        raise SipParseError("message too large", 513)
    head, separator, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        head = head.removesuffix(b"\r\n")
    text = head.decode("utf-8", "surrogateescape")
    if "\0" in text:
        raise SipParseError("NUL in a header")
    if "\r\n " in text or "\r\n\t" in text:
        text = _unfold(text)
    lines = text.split("\r\n")
    if len(lines) > MAX_HEADER_LINES:
        raise SipParseError("too many header lines", 400)
    message = _parse_start_line(lines[0])
    message.headers = _parse_headers(lines)
    length = message.headers.get("content-length")
    if length is not None:
        body = _cut_body(body, length)
    message.body = body
    return message


def _unfold(text: str) -> str:
    """Join continuation lines (RFC 3261 7.3.1)."""
    unfolded: list[str] = []
    for line in text.split("\r\n"):
        if line[:1] in (" ", "\t") and unfolded:
            unfolded[-1] = f"{unfolded[-1].rstrip()} {line.strip()}"
        else:
            unfolded.append(line)
    return "\r\n".join(unfolded)


def _parse_start_line(line: str) -> Request | Response:
    if line[:4].upper() == "SIP/":
        return _parse_status_line(line)
    words = line.split(" ")
    if len(words) != 3:
        raise SipParseError("malformed request line")
    method, uri, version = words
    if version.upper() != SIP_VERSION:
        raise SipParseError("SIP version not supported", 505)
    if not is_token(method) or not uri:
        raise SipParseError("malformed request line")
    return Request(method, uri)


def _parse_status_line(line: str) -> Response:
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
    return Response(int(status), reason)


def _parse_headers(lines: list[str]) -> Headers:
    headers: Headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        canonical = _canonical_names.get(name)
        if canonical is None:
            if not colon:
                raise SipParseError("header line without a colon")
            canonical = canonical_name(name)
        value = value.strip(" \t")
        values = headers.get(canonical)
        if values is None:
            headers[canonical] = [value]
        else:
            values.append(value)
    return headers


def _cut_body(body: bytes, values: list[str]) -> bytes:
    text = values[0]
    if not text.isascii() or not text.isdigit() or len(text) > 9 or len(set(values)) > 1:
        raise SipParseError("malformed Content-Length")
    length = int(text)
    if length > len(body):
        raise SipParseError("body shorter than Content-Length")
    return body[:length]
