"""Cutting a byte stream into SIP messages (RFC 3261 18.3) and keep-alives (RFC 5626 3.5.1).

What has been looked at is not looked at again when more comes, so that a peer that sends octet by
octet costs no more than one that does not.
"""

from __future__ import annotations

from typing import Final

from cordboard.sip.errors import SipParseError
from cordboard.sip.message import MAX_MESSAGE_SIZE

MAX_HEAD_SIZE: Final = 32_768  # nginx takes 32 KiB of headers

PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"

_END_OF_HEAD: Final = b"\r\n\r\n"
_LENGTH_NAMES: Final = (b"content-length", b"l")


class StreamFramer:
    """Collects what a connection delivers and hands out whole messages.

    A keep-alive ping comes out as :data:`PING`, to be answered with :data:`PONG`. A line break
    between messages is passed over, but where ``expects_pong`` says that a ping of ours is out: one
    by itself then comes out as :data:`PONG`.
    """

    __slots__ = ("_broken", "_buffer", "_scanned", "_total", "expects_pong")

    def __init__(self) -> None:
        self.expects_pong = False
        self._buffer = bytearray()
        self._scanned = 0  # octets that hold no end of a head
        self._total = 0  # of the message whose head is complete, else 0
        self._broken: SipParseError | None = None

    @property
    def broken(self) -> bool:
        """Whether the stream can't be followed any more; the next :meth:`feed` says why."""
        return self._broken is not None

    @property
    def waiting(self) -> bool:
        """Whether the beginning of a message is here and its end is not."""
        return not PING.startswith(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """The messages completed by ``data``, in order.

        Raises :class:`SipParseError` when the stream can't be followed any more (no Content-Length,
        or more than the bounds allow): the connection is then to be closed. What was whole before
        that place is handed out first; the error then comes with the next call.
        """
        if self._broken is not None:
            raise self._broken
        self._buffer += data
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except SipParseError as error:
            self._broken = error
            self._buffer.clear()
            if not messages:
                raise
        return messages

    def _next(self) -> bytes | None:
        if not self._total and not self._find_head():
            return self._take_keepalive()
        if len(self._buffer) < self._total:
            return None
        return self._take(self._total)

    def _take_keepalive(self) -> bytes | None:
        if self._scanned:
            return None
        if self._buffer.startswith(PING):
            del self._buffer[: len(PING)]
            return PING
        if self.expects_pong and self._buffer == PONG:
            self.expects_pong = False
            self._buffer.clear()
            return PONG
        return None

    def _find_head(self) -> bool:
        """Whether a whole head is there, which sets the length of its message."""
        buffer = self._buffer
        if not self._scanned:
            if buffer.startswith(PING) or PING.startswith(buffer):
                return False  # a ping, or what may become one
            if buffer.startswith(PONG):
                del buffer[: len(PONG)]
        end = buffer.find(_END_OF_HEAD, self._scanned, MAX_HEAD_SIZE + len(_END_OF_HEAD))
        if end < 0:
            if len(buffer) > MAX_HEAD_SIZE:
                raise SipParseError("message head too large", 513)
            self._scanned = max(0, len(buffer) - len(_END_OF_HEAD) + 1)
            return False
        self._total = end + len(_END_OF_HEAD) + _content_length(bytes(buffer[:end]))
        if self._total > MAX_MESSAGE_SIZE:
            raise SipParseError("message too large", 513)
        return True

    def _take(self, size: int) -> bytes:
        message = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._scanned = self._total = 0
        return message


def _content_length(head: bytes) -> int:
    """The length of the body, which a stream has to say (RFC 3261 20.14); Kamailio closes too."""
    found: set[int] = set()
    for line in head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.rstrip().lower() in _LENGTH_NAMES:
            text = value.strip()
            if not text.isdigit() or len(text) > 9:
                raise SipParseError("malformed Content-Length")
            found.add(int(text))
    if len(found) != 1:
        raise SipParseError("no Content-Length, or several")
    return found.pop()
