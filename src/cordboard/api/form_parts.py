"""Forms in parts (multipart/form-data, RFC 7578), as PHP's curl and others send them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

MULTIPART: Final = "multipart/form-data"


class UnreadableForm(Exception):
    """The body is no such form."""


def media_type(content_type: str) -> tuple[str, str]:
    """The type that a Content-Type names, in lower case, and its boundary, "" for none."""
    kind, options = parse_options_header(content_type)
    return kind.lower(), options.get("boundary", "")


def form_parts(body: bytes, boundary: str, most: int) -> Iterator[tuple[bytes, bytes]]:
    """The names and values of a form's fields in their order; files are none. Raises
    :class:`UnreadableForm`, also where there are more than ``most`` parts."""
    segment: MultipartSegment | None = None
    value = b""
    try:
        with PushMultipartParser(
            boundary, header_charset="latin-1", max_segment_count=most
        ) as parser:
            for piece in parser.parse(body):
                if isinstance(piece, MultipartSegment):
                    segment, value = piece, b""
                elif piece:
                    value += piece
                elif segment is not None:
                    if segment.filename is None:
                        yield (segment.name or "").encode("latin-1"), value
                    segment = None
    except MultipartError:
        raise UnreadableForm("the body is no multipart/form-data") from None
