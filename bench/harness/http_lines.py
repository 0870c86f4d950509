"""HTTP/1.1 as a client and as the receiver of callbacks, on the harness's loop.

Just as much of RFC 9112 as the servers that are measured speak: kept connections, bodies with a
Content-Length.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from bench.harness.loop import Loop

READ_BYTES = 65_536
WAITING_CONNECTIONS = 256
LONGEST_IDLE_SECONDS = 2.0
"""After which a server may be about to close a connection."""

Done = Callable[[int, bytes], None]
"""Is told status and body of an answer."""


class Framed:
    """Cuts what a connection brings into messages of head and body."""

    def __init__(self) -> None:
        self._data = b""

    def take(self, data: bytes) -> list[tuple[bytes, bytes]]:
        """The messages that are whole now."""
        self._data += data
        messages = []
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end]
            length = int(value_of(head, b"content-length") or b"0")
            if len(self._data) < end + 4 + length:
                break
            messages.append((head, self._data[end + 4 : end + 4 + length]))
            self._data = self._data[end + 4 + length :]
        return messages


def value_of(head: bytes, name: bytes) -> bytes:
    """The value of a header, whose ``name`` is given in lower case; empty where it is not there."""
    lowered = head.lower()
    start = lowered.find(b"\r\n" + name + b":")
    if start < 0:
        return b""
    return head[start + len(name) + 3 :].partition(b"\r\n")[0].strip()


class HttpLines:
    """Kept connections to one server; a request takes one that is free, or opens another."""

    def __init__(self, loop: Loop, port: int, headers: str = "", host: str = "127.0.0.1") -> None:
        self._loop = loop
        self._address = (host, port)
        self._headers = f"Host: {host}:{port}\r\n{headers}"
        self._free: list[_Line] = []
        self._lines: list[_Line] = []
        self.broken = 0

    def ask(self, method: str, path: str, body: bytes, done: Done, headers: str = "") -> None:
        """Send a request; ``done`` is called with status and body of the answer. ``headers`` are
        whole lines."""
        length = f"Content-Length: {len(body)}\r\n\r\n"
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}{headers}{length}"
        self._free_line().ask(head.encode() + body, done)

    def close(self) -> None:
        """Close all connections."""
        for line in self._lines:
            line.close()
        self._lines.clear()
        self._free.clear()

    def _free_line(self) -> _Line:
        while self._free:
            line = self._free.pop()
            if time.monotonic() - line.idle_since < LONGEST_IDLE_SECONDS:
                return line
            line.close()
            self._lines.remove(line)
        line = _Line(self._loop, self._address, self._idle, self._gone)
        self._lines.append(line)
        return line

    def _idle(self, line: _Line) -> None:
        line.idle_since = time.monotonic()
        self._free.append(line)

    def _gone(self, line: _Line, waiting: bool) -> None:
        self.broken += waiting
        self._lines.remove(line)
        if line in self._free:
            self._free.remove(line)


class _Line:
    """One connection with at most one request under way."""

    def __init__(
        self,
        loop: Loop,
        address: tuple[str, int],
        idle: Callable[[_Line], None],
        gone: Callable[[_Line, bool], None],
    ) -> None:
        self._loop = loop
        self._idle = idle
        self._gone = gone
        self._done: Done | None = None
        self.idle_since = 0.0
        self._framed = Framed()
        self._socket = socket.create_connection(address, timeout=5.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.watch(self._socket, self._readable)

    def ask(self, data: bytes, done: Done) -> None:
        self._done = done
        self._socket.sendall(data)

    def close(self) -> None:
        self._loop.forget(self._socket)
        self._socket.close()

    def _readable(self) -> None:
        try:
            data = self._socket.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            self.close()
            self._gone(self, self._done is not None)
            return
        for head, body in self._framed.take(data):
            done, self._done = self._done, None
            if b"onnection: close" not in head:
                self._idle(self)
            if done is not None:
                done(int(head[9:12]), body)


class CallbackReceiver:
    """Takes callbacks, says 200 and remembers their ids."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    def __init__(self, loop: Loop, port: int) -> None:
        self._loop = loop
        self._socket = socket.create_server(("127.0.0.1", port), backlog=WAITING_CONNECTIONS)
        self._socket.setblocking(False)
        self._taken: list[socket.socket] = []
        self.ids: list[bytes] = []
        loop.watch(self._socket, self._accept)

    def close(self) -> None:
        """Take no more."""
        for one in (self._socket, *self._taken):
            self._loop.forget(one)
            one.close()

    def _accept(self) -> None:
        try:
            taken, _ = self._socket.accept()
        except BlockingIOError:
            return
        framed = Framed()
        self._taken.append(taken)
        self._loop.watch(taken, lambda: self._readable(taken, framed))

    def _readable(self, taken: socket.socket, framed: Framed) -> None:
        try:
            data = taken.recv(READ_BYTES)
        except ConnectionError:
            data = b""
        if not data:
            self._loop.forget(taken)
            self._taken.remove(taken)
            taken.close()
            return
        for head, _ in framed.take(data):
            self.ids.append(value_of(head, b"webhook-id"))
            taken.sendall(self.ANSWER)
