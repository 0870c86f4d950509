"""The parts of a multipart body (RFC 2046 5.1, RFC 5621).

Networks that carry ISUP along (RFC 3204), and phones that send their place with an emergency call,
put the session description among other parts. Of these only the one of the type that is looked for
is taken, as it stands: transfer encodings are not for SIP (RFC 5621 3.2).
"""

from __future__ import annotations

from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.grammar import parse_parameters, unquote

MAX_PARTS: Final = 16  # SIP-I has two or three
MAX_BOUNDARY: Final = 70  # RFC 2046 5.1.1

_TYPE_NAMES: Final = (b"content-type", b"c")


def part_of(body: bytes, content_type: str, wanted: str) -> bytes | None:
    """The first part of the type ``wanted`` (lower case); None where there is none, or where the
    body can't be taken apart by what ``content_type`` says of it."""
    boundary = _boundary_of(content_type)
    if boundary is None:
        return None
    for part in (b"\n" + body).split(b"\n--" + boundary, MAX_PARTS + 1)[1 : MAX_PARTS + 1]:
        if part.startswith(b"--"):
            return None  # the closing delimiter: what follows is no part
        head, content = _split(part)
        if _type_of(head) == wanted:
            return content
    return None


def _boundary_of(content_type: str) -> bytes | None:
    try:
        text = parse_parameters(content_type.partition(";")[2]).get("boundary")
    except SipParseError:
        return None
    boundary = unquote(text or "")
    if not 0 < len(boundary) <= MAX_BOUNDARY or not boundary.isascii():
        return None
    return boundary.encode()


def _split(part: bytes) -> tuple[bytes, bytes]:
    """Header lines and content; the last line break belongs to the delimiter that follows."""
    for blank in (b"\r\n\r\n", b"\n\n"):
        head, separator, content = part.partition(blank)
        if separator:
            return head, content.removesuffix(b"\r")
    return b"", b""


def _type_of(head: bytes) -> str:
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() in _TYPE_NAMES:
            return value.partition(b";")[0].strip().lower().decode("ascii", "replace")
    return "text/plain"  # RFC 2046 5.1
