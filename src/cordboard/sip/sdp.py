"""Session descriptions: read what phones send, write what we mean (RFC 4566, RFC 8866).

Reading is generous (line ends, missing lines, order), for phones differ; it is bounded all the
same. Only what calls need is kept: addresses, media lines with their formats and attributes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.sip.errors import SipParseError

MAX_SDP_SIZE: Final = 16_384  # browsers' offers stay below 10 KB
MAX_LINES: Final = 512
MAX_MEDIA: Final = 16
MAX_FORMATS: Final = 64

DIRECTIONS: Final = ("sendrecv", "sendonly", "recvonly", "inactive")

# Payload types that need no rtpmap (RFC 3551 6).
STATIC_FORMATS: Final = {
    0: ("PCMU", 8000),
    8: ("PCMA", 8000),
    9: ("G722", 8000),
    18: ("G729", 8000),
}


@dataclass(frozen=True, slots=True)
class Format:
    """One payload type of a media line; ``name`` in upper case."""

    payload_type: int
    name: str
    rate: int
    fmtp: str = ""


@dataclass(frozen=True, slots=True)
class Media:
    """One media line with its attributes. ``host`` is None where no c= line applies."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    host: str | None
    direction: str
    attributes: tuple[tuple[str, str], ...] = ()

    def attribute(self, name: str) -> str | None:
        """The first value of an attribute (empty for a flag), or None."""
        return next((value for key, value in self.attributes if key == name), None)

    def audio_formats(self) -> tuple[Format, ...]:
        """The payload types of an RTP line, in the peer's order of preference."""
        maps = _by_payload_type(self.attributes, "rtpmap")
        fmtps = _by_payload_type(self.attributes, "fmtp")
        found = []
        for text in self.formats:
            if not text.isascii() or not text.isdigit() or int(text) > 127:
                continue
            number = int(text)
            name, rate = (
                _rtpmap(maps[number]) if number in maps else STATIC_FORMATS.get(number, ("", 0))
            )
            if name:
                found.append(Format(number, name, rate, fmtps.get(number, "")))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """The media lines of a description and who made it (``origin``: the value of the o= line)."""

    origin: str
    media: tuple[Media, ...]

    def audio(self) -> Media | None:
        """The first audio line that is not refused, over plain RTP."""
        for media in self.media:
            if media.kind == "audio" and media.port and media.protocol.upper() == "RTP/AVP":
                return media
        return None


def parse_sdp(body: bytes) -> SessionDescription:
    """Read a description; raises :class:`SipParseError` (400) for what is none."""
    if len(body) > MAX_SDP_SIZE:
        raise SipParseError("session description too large", 413)
    text = body.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = [line for line in text.split("\n") if line]
    if not lines or not lines[0].startswith("v=") or len(lines) > MAX_LINES:
        raise SipParseError("not a session description")
    session, sections = _sections(lines)
    origin = next((line[2:] for line in session if line.startswith("o=")), "")
    host = _connection(session)
    direction = _direction(session, "sendrecv")
    return SessionDescription(
        origin, tuple(_parse_media(section, host, direction) for section in sections)
    )


def _sections(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    session: list[str] = []
    sections: list[list[str]] = []
    for line in lines:
        if len(line) < 2 or line[1] != "=":
            raise SipParseError("malformed line in a session description")
        if line.startswith("m="):
            sections.append([line])
        else:
            (sections[-1] if sections else session).append(line)
    if len(sections) > MAX_MEDIA:
        raise SipParseError("too many media lines")
    return session, sections


def _parse_media(section: list[str], host: str | None, direction: str) -> Media:
    words = section[0][2:].split()
    if len(words) < 4 or len(words) > MAX_FORMATS + 3:
        raise SipParseError("malformed media line")
    port = words[1].partition("/")[0]
    if not port.isascii() or not port.isdigit() or int(port[:6]) > 65535:
        raise SipParseError("malformed media port")
    attributes = []
    for line in section[1:]:
        if line.startswith("a="):
            name, _, value = line[2:].partition(":")
            attributes.append((name.strip().lower(), value.strip()))
    return Media(
        kind=words[0].lower(),
        port=int(port),
        protocol=words[2],
        formats=tuple(words[3:]),
        host=_connection(section) or host,
        direction=_direction(section, direction),
        attributes=tuple(attributes),
    )


def _connection(lines: list[str]) -> str | None:
    for line in lines:
        if line.startswith("c="):
            words = line[2:].split()
            if len(words) != 3 or words[0].upper() != "IN":
                raise SipParseError("malformed connection line")
            return words[2].partition("/")[0]
    return None


def _direction(lines: list[str], default: str) -> str:
    for line in lines:
        if line.startswith("a=") and line[2:].strip().lower() in DIRECTIONS:
            return line[2:].strip().lower()
    return default


def _by_payload_type(attributes: tuple[tuple[str, str], ...], name: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for key, value in attributes:
        number, _, rest = value.partition(" ")
        if key == name and number.isascii() and number.isdigit() and len(number) <= 3:
            found.setdefault(int(number), rest.strip())
    return found


def _rtpmap(value: str) -> tuple[str, int]:
    words = value.split("/")
    rate = words[1] if len(words) > 1 else ""
    return words[0].upper(), int(rate) if rate.isascii() and rate.isdigit() and len(rate) < 7 else 0
