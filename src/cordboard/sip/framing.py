"""Cutting a byte stream into SIP messages (RFC 3261 18.3) and keep-alives (RFC 5626 3.5.1)."""

from __future__ import annotations

from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.message import MAX_MESSAGE_SIZE

MAX_HEAD_SIZE: Final = 32_768  # nginx takes 32 KiB of headers

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"

_LENGTH_NAMES: Final = (b"content-length", b"l")


class StreamFramer:
    """Collects what a connection delivers and hands out whole messages.

    A keep-alive ping comes out as :data:`PING`, to be answered with :data:`PONG`. Raises
    :class:`SipParseError` when the stream can't be followed any more: the connection is then lost.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages completed by ``data``, in order."""
        self._buffer += data
        messages: list[bytes] = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if buffer.startswith(PING):
            del buffer[: len(PING)]
            return PING
        if buffer.startswith(PONG):
            if len(buffer) < len(PING) and PING.startswith(buffer):
                return None  # perhaps the first half of a ping
            del buffer[: len(PONG)]
            return self._next()
        end = buffer.find(b"\r\n\r\n", 0, MAX_HEAD_SIZE + 4)
        if end < 0:
            if len(buffer) > MAX_HEAD_SIZE:
                raise SipParseError("message head too large", 513)
            return None
        total = end + 4 + _content_length(bytes(buffer[:end]))
        if total > MAX_MESSAGE_SIZE:
            raise SipParseError("message too large", 513)
        if len(buffer) < total:
            return None
        message = bytes(buffer[:total])
        del buffer[:total]
        return message


def _content_length(head: bytes) -> int:
    """The length of the body; a stream without it ends with the head (RFC 3261 20.14)."""
    for line in head.split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() in _LENGTH_NAMES:
            text = value.strip()
            if not text.isdigit() or len(text) > 9:
                raise SipParseError("malformed Content-Length")
            return int(text)
    return 0
