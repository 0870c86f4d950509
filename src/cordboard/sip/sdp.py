"""Session descriptions as phones send them (RFC 4566, RFC 8866).

Reading is generous (line ends, missing and unknown lines, their order, case), for phones differ; it
is bounded all the same. Only what audio calls need is kept. What we write is in
:mod:`~cordboard.sip.offer`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from cordboard.sip.codecs import EVENT_NAME, Codec
from cordboard.sip.errors import SipParseError

MAX_SDP_SIZE: Final = 16_384  # browsers' offers stay below 10 KB
MAX_LINES: Final = 512
MAX_MEDIA: Final = 16
MAX_FORMATS: Final = 64
MAX_FMTP: Final = 255  # octets; AMR's longest is below 100
MAX_KNOWN_SECTIONS: Final = 256
"""What was read of them, as many as there are kinds of phones with their settings."""

LONGEST_REMEMBERED: Final = 1024
"""Characters of a section; a browser's is longer, and another each time."""

DIRECTIONS: Final = frozenset({"sendrecv", "sendonly", "recvonly", "inactive"})

# Profiles whose packets are plain RTP; the feedback of AVPF (RFC 4585) may be left out.
_PLAIN_RTP: Final = frozenset({"RTP/AVP", "RTP/AVPF"})
_NAME: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,31}")


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


class Media(msgspec.Struct, frozen=True, gc=False):
    """One media line with what stands under it or holds for the whole session.

    ``kind`` is in lower case (``audio``), ``protocol`` in upper case; ``port`` 0 means refused.
    ``host`` is the address or name of the c= line, or of the o= line where there is none.
    ``direction`` is the peer's. ``usable``: it is audio over plain RTP that is not refused.
    ``codecs`` are those that it describes, in its order, ``events`` the number of its
    telephone-event by clock. ``encodings`` and ``parameters`` are the values of rtpmap and fmtp by
    payload type. ``rtcp_port`` is None where RTCP goes to the port after RTP's.
    """

    usable: bool
    port: int
    host: str
    direction: str
    kind: str
    protocol: str
    formats: tuple[str, ...]
    codecs: tuple[Codec, ...]
    events: dict[int, int]
    encodings: dict[str, str]
    parameters: dict[str, str]
    ptime: int | None
    maxptime: int | None
    rtcp_port: int | None
    rtcp_mux: bool

    def encoding_of(self, payload_type: str) -> Encoding:
        """What a payload type stands for; ``("", 0, 0)`` where it is unknown."""
        return _encoding(payload_type, self.encodings)


class SessionDescription(msgspec.Struct, frozen=True, gc=False):
    """The media lines of a description and who made it (``origin``: the value of the o= line)."""

    origin: str
    media: list[Media]


_UNKNOWN: Final = Encoding("", 0, 0)


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
    text = text.strip()
    if not text.startswith("v="):
        raise SipParseError("not a session description")
    session, *sections = text.split("\nm=")
    if text.count("\n") >= MAX_LINES:
        raise SipParseError("too many lines in a session description", 413)
    if len(sections) > MAX_MEDIA:
        raise SipParseError("too many media lines")
    origin, *defaults = _read_session(session)
    return SessionDescription(origin, [_media(section, *defaults) for section in sections])


def _read_session(session: str) -> tuple[str, str, str]:
    """The values of the o= line, the host and the direction of what comes before the media."""
    origin = host = ""
    direction = "sendrecv"
    for line in session.split("\n"):
        start = line[:2]
        if start == "o=":
            origin = line[2:].strip()
        elif start == "c=":
            host = _host_of(line)
        elif start == "a=":
            name = line[2:].partition(":")[0].strip().lower()
            if name in DIRECTIONS:
                direction = name
    if not host:
        words = origin.split()
        host = words[5] if len(words) > 5 else ""
    return origin, host, direction


def _media(section: str, host: str, direction: str) -> Media:
    """A media line with what stands under it; ``host`` and ``direction`` hold for the session."""
    line, _, attributes = section.partition("\n")
    words = line.split(None, 2)
    if len(words) < 3:
        raise SipParseError("malformed media line")
    kind, number, rest = words
    number = number.partition("/")[0]
    if not _is_number(number, 5) or int(number) > 65535:
        raise SipParseError("malformed media port")
    port = int(number)
    read = _remembered if len(section) <= LONGEST_REMEMBERED else _Section
    said = read(kind, rest, attributes)
    if port and not said.formats:  # what is refused some phones describe no further
        raise SipParseError("media line without formats")
    return Media(
        said.plain_audio and port > 0,
        port,
        said.host or host,
        said.direction or direction,
        said.kind,
        said.protocol,
        said.formats,
        said.codecs,
        said.events,
        said.encodings,
        said.parameters,
        said.ptime,
        said.maxptime,
        said.rtcp_port,
        said.rtcp_mux,
    )


class _Section:
    """What a media line and those under it say, but for the port: a phone writes the same in every
    call."""

    def __init__(self, kind: str, rest: str, attributes: str) -> None:
        protocol, *formats = rest.split()
        if len(formats) > MAX_FORMATS:
            raise SipParseError("too many formats in a media line")
        self.kind = kind.lower()
        self.protocol = protocol.upper()
        self.formats = tuple(formats)
        self.plain_audio = self.kind == "audio" and self.protocol in _PLAIN_RTP
        self.host = ""
        self.direction = ""
        self.encodings: dict[str, str] = {}
        self.parameters: dict[str, str] = {}
        self.ptime: int | None = None
        self.maxptime: int | None = None
        self.rtcp_port: int | None = None
        self.rtcp_mux = False
        for line in attributes.split("\n"):
            start = line[:2]
            if start == "a=":
                name, _, value = line[2:].partition(":")
                self._attribute(name.strip().lower(), value.strip())
            elif start == "c=":
                self.host = _host_of(line)
        self.codecs, self.events = self._meanings()

    def _attribute(self, name: str, value: str) -> None:
        if name in DIRECTIONS:
            self.direction = name
        elif name in ("rtpmap", "fmtp"):
            words = value.split(None, 1)
            if len(words) == 2:
                known = self.encodings if name == "rtpmap" else self.parameters
                known.setdefault(words[0], words[1])
        elif name == "ptime":
            self.ptime = _milliseconds(value)
        elif name == "maxptime":
            self.maxptime = _milliseconds(value)
        elif name == "rtcp":
            port = value.partition(" ")[0]
            if _is_number(port, 5) and 0 < int(port) <= 65535:
                self.rtcp_port = int(port)
        elif name == "rtcp-mux":
            self.rtcp_mux = True

    def _meanings(self) -> tuple[tuple[Codec, ...], dict[int, int]]:
        codecs: list[Codec] = []
        events: dict[int, int] = {}
        for number in self.formats:
            written = self.encodings.get(number, "")
            encoding = _encoding(number, self.encodings)
            codec = _codec(number, encoding, written, self.parameters.get(number, ""))
            if codec is None:
                continue
            if encoding.name == EVENT_NAME:
                events.setdefault(codec.rate, codec.payload_type)
            else:
                codecs.append(codec)
        return tuple(codecs), events


_remembered = lru_cache(maxsize=MAX_KNOWN_SECTIONS)(_Section)


def _host_of(line: str) -> str:
    words = line[2:].split()
    if len(words) < 3 or words[0].upper() != "IN":
        raise SipParseError("malformed connection line")
    return words[2].partition("/")[0].strip("[]")


def _encoding(number: str, encodings: dict[str, str]) -> Encoding:
    text = encodings.get(number)
    return _STATIC.get(number, _UNKNOWN) if text is None else _read_encoding(text)


def _codec(text: str, encoding: Encoding, written: str, fmtp: str) -> Codec | None:
    """What a payload type stands for; None where it is none, or stands for nothing."""
    name, rate, channels = encoding
    if not _is_payload_type(text) or not _NAME.fullmatch(name):
        return None
    if len(fmtp) > MAX_FMTP or not fmtp.isprintable() or not fmtp.isascii():
        fmtp = ""
    return Codec(written.partition("/")[0] or name, int(text), rate, channels, fmtp)


def _is_payload_type(text: str) -> bool:
    return _is_number(text, 3) and int(text) <= 127


def _milliseconds(text: str) -> int | None:
    return int(text) if _is_number(text, 4) else None


def _is_number(text: str, digits: int) -> bool:
    return len(text) <= digits and text.isascii() and text.isdigit()
