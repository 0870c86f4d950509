"""The messages in octets that a server wrote to a WebSocket."""

from __future__ import annotations

from collections.abc import Iterator


def messages_in(framed: bytes) -> Iterator[bytes]:
    """The payloads of whole binary frames (RFC 6455 5.2), none of which is masked."""
    at = 0
    while at < len(framed):
        assert framed[at] == 0x82, "one whole binary message"
        size, at = framed[at + 1], at + 2
        more = {126: 2, 127: 8}.get(size, 0)
        if more:
            size, at = int.from_bytes(framed[at : at + more], "big"), at + more
        assert at + size <= len(framed), "less than announced"
        yield framed[at : at + size]
        at += size
