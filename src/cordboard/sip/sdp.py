"""Session descriptions as phones send them (RFC 4566, RFC 8866), read in one pass.

Reading is generous (line ends, missing and unknown lines, their order, case), for phones differ; it
is bounded all the same. Only what audio calls need is kept. What we write is in
:mod:`~cordboard.sip.offer`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from cordboard.sip.errors import SipParseError

MAX_SDP_SIZE: Final = 16_384  # browsers' offers stay below 10 KB
MAX_LINES: Final = 512
MAX_MEDIA: Final = 16
MAX_FORMATS: Final = 64

DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})

# Profiles whose packets are plain RTP; the feedback of AVPF (RFC 4585) may be left out.
_PLAIN_RTP: Final = frozenset({"RTP/AVP", "RTP/AVPF"})


class Encoding(NamedTuple):
    """What a payload type stands for: name in upper case, clock rate in Hz, channels."""

    name: str
    rate: int
    channels: int = 1


# Payload types that need no rtpmap (RFC 3551 6), of those that telephones use.
_STATIC: Final = {
    "0": Encoding("PCMU", 8000),
    "3": Encoding("GSM", 8000),
    "8": Encoding("PCMA", 8000),
    "9": Encoding("G722", 8000),
    "18": Encoding("G729", 8000),
}


@dataclass(slots=True)  # filled line by line; whoever reads it changes nothing
class Media:
    """One media line with what stands under it or holds for the whole session.

    ``kind`` is in lower case (``audio``), ``protocol`` in upper case; ``port`` 0 means refused.
    ``host`` is the address or name of the c= line, or of the o= line where there is none.
    ``direction`` is the peer's. ``rtcp_port`` is None where RTCP goes to the port after RTP's.
    """

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str
    direction: str
    encodings: dict[str, str] = field(default_factory=dict)
    """The values of rtpmap by payload type."""
    parameters: dict[str, str] = field(default_factory=dict)
    """The values of fmtp by payload type."""
    ptime: int | None = None
    maxptime: int | None = None
    rtcp_port: int | None = None
    rtcp_mux: bool = False

    @property
    def usable(self) -> bool:
        """Whether it is audio over plain RTP that is not refused."""
        return self.port > 0 and self.kind == "audio" and self.protocol in _PLAIN_RTP

    def encoding_of(self, payload_type: str) -> Encoding:
        """What a payload type stands for; ``("", 0, 0)`` where it is unknown."""
        encoding = self.encodings.get(payload_type)
        if encoding is None:
            return _STATIC.get(payload_type, _UNKNOWN)
        return _read_encoding(encoding)


@dataclass(slots=True)
class SessionDescription:
    """The media lines of a description and who made it (``origin``: the value of the o= line)."""

    origin: str
    media: list[Media]


_UNKNOWN: Final = Encoding("", 0, 0)


@lru_cache(maxsize=256)
def _read_encoding(text: str) -> Encoding:
    """An rtpmap's ``name/rate`` or ``name/rate/channels``."""
    name, _, rest = text.partition("/")
    rate, _, channels = rest.partition("/")
    if not _is_number(rate, 6) or channels not in ("", "1", "2"):
        return _UNKNOWN
    return Encoding(name.upper(), int(rate), int(channels or "1"))


def parse_sdp(body: bytes) -> SessionDescription:
    """Read a description.

    Raises :class:`SipParseError`: 413 for one past the bounds, 400 for what is none.
    """
    if len(body) > MAX_SDP_SIZE:
        raise SipParseError("session description too large", 413)
    text = body.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\r" in text:
        text = text.replace("\r", "\n")
    lines = text.strip().split("\n", MAX_LINES)
    if not lines[0].startswith("v="):
        raise SipParseError("not a session description")
    if len(lines) > MAX_LINES:
        raise SipParseError("too many lines in a session description", 413)
    return _Reading(lines).session


class _Reading:
    """One pass over the lines of a description."""

    __slots__ = ("direction", "host", "media", "session")

    def __init__(self, lines: list[str]) -> None:
        self.session = SessionDescription("", [])
        self.media: Media | None = None
        self.direction = "sendrecv"
        self.host = ""
        for line in lines:
            start = line[:2]
            if start == "a=":
                self._attribute(line)
            elif start == "m=":
                self._media(line)
            elif start == "c=":
                self._connection(line)
            elif start == "o=" and self.media is None:
                self.session.origin = line[2:].strip()
        origin = self.session.origin.split()
        for media in self.session.media:
            if not media.host and len(origin) > 5:
                media.host = origin[5]

    def _media(self, line: str) -> None:
        words = line[2:].split()
        if not 3 <= len(words) <= MAX_FORMATS + 3 or len(self.session.media) >= MAX_MEDIA:
            raise SipParseError("malformed media line, or too many")
        kind, port, protocol, *formats = words
        port = port.partition("/")[0]
        if not _is_number(port, 5) or int(port) > 65535:
            raise SipParseError("malformed media port")
        if not formats and int(port):  # what is refused some phones describe no further
            raise SipParseError("media line without formats")
        self.media = Media(
            kind.lower(), int(port), protocol.upper(), tuple(formats), self.host, self.direction
        )
        self.session.media.append(self.media)

    def _connection(self, line: str) -> None:
        words = line[2:].split()
        if len(words) < 3 or words[0].upper() != "IN":
            raise SipParseError("malformed connection line")
        host = words[2].partition("/")[0].strip("[]")
        if self.media is None:
            self.host = host
        else:
            self.media.host = host

    def _attribute(self, line: str) -> None:
        name, _, value = line[2:].partition(":")
        name = name.strip().lower()
        media = self.media
        if name in DIRECTIONS:
            if media is None:
                self.direction = name
            else:
                media.direction = name
        elif media is not None:
            _media_attribute(media, name, value.strip())


def _media_attribute(media: Media, name: str, value: str) -> None:
    if name in ("rtpmap", "fmtp"):
        words = value.split(None, 1)
        if len(words) == 2:
            known = media.encodings if name == "rtpmap" else media.parameters
            known.setdefault(words[0], words[1])
    elif name == "ptime":
        media.ptime = _milliseconds(value)
    elif name == "maxptime":
        media.maxptime = _milliseconds(value)
    elif name == "rtcp":
        port = value.partition(" ")[0]
        if _is_number(port, 5) and 0 < int(port) <= 65535:
            media.rtcp_port = int(port)
    elif name == "rtcp-mux":
        media.rtcp_mux = True


def _milliseconds(text: str) -> int | None:
    return int(text) if _is_number(text, 4) else None


def _is_number(text: str, digits: int) -> bool:
    return len(text) <= digits and text.isascii() and text.isdigit()
