"""A WebSocket (RFC 6455) as a client on the harness's loop: reads frames, answers pings."""

from __future__ import annotations

import base64
import os
import socket
import struct
from collections.abc import Callable

from bench.harness.http_lines import READ_BYTES
from bench.harness.loop import Loop

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def frame(kind: int, payload: bytes, mask: bytes) -> bytes:
    """One frame of a client."""
    length = len(payload)
    head = bytes([0x80 | kind])
    if length < 126:
        head += bytes([0x80 | length])
    elif length < 65_536:
        head += struct.pack("!BH", 0x80 | 126, length)
    else:
        head += struct.pack("!BQ", 0x80 | 127, length)
    return head + mask + bytes(octet ^ mask[at % 4] for at, octet in enumerate(payload))


class Frames:
    """Cuts what a server sends into frames."""

    def __init__(self) -> None:
        self._data = b""

    def take(self, data: bytes) -> list[tuple[int, bytes]]:
        """Kind and payload of the frames that are whole now."""
        self._data = data = self._data + data if self._data else data
        frames = []
        at = 0
        while len(data) >= at + 2:
            length, start = data[at + 1] & 0x7F, at + 2
            if length == 126:
                length, start = int.from_bytes(data[start : start + 2]), start + 2
            elif length == 127:
                length, start = int.from_bytes(data[start : start + 8]), start + 8
            if len(data) < start + length:
                break
            frames.append((data[at] & 0x0F, data[start : start + length]))
            at = start + length
        self._data = data[at:]
        return frames


class WebSocket:
    """One connection; ``told`` is called with the payload of each message."""

    def __init__(
        self, loop: Loop, port: int, path: str, told: Callable[[bytes], None], headers: str = ""
    ) -> None:
        self._loop = loop
        self._told = told
        self._frames = Frames()
        self.open = True
        self.frames = 0
        self.octets = 0
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=5.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"{headers}\r\n".encode()
        )
        head, rest = self._handshake()
        if not head.startswith(b"HTTP/1.1 101"):
            raise OSError(f"no WebSocket at {path}: {head[:60]!r}")
        loop.watch(self._socket, self._readable)
        self._take(rest)

    def say(self, text: bytes) -> None:
        """Send a text."""
        self._socket.sendall(frame(TEXT, text, os.urandom(4)))

    def close(self) -> None:
        """Be gone."""
        self.open = False
        self._loop.forget(self._socket)
        self._socket.close()

    def _handshake(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self._socket.recv(READ_BYTES)
            if not more:
                break
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if data:
            self._take(data)
        else:
            self.close()

    def _take(self, data: bytes) -> None:
        for kind, payload in self._frames.take(data):
            if kind == PING:
                self._socket.sendall(frame(PONG, payload, os.urandom(4)))
            elif kind in (TEXT, BINARY):
                self.frames += 1
                self.octets += len(payload)
                self._told(payload)
