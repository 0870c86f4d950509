"""What the internet throws at open ports: spoilt SIP, no SIP at all, half requests.

None of it comes from an address of the phones, for the server looks at addresses.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from support.server import CordboardServer

CORPUS: Final = Path(__file__).parents[1] / "fuzz" / "corpus"
ADDRESSES: Final = [f"127.0.66.{number}" for number in range(1, 33)]
A_SECOND: Final = 50
CONNECT_SECONDS: Final = 2.0
MOST_OCTETS: Final = 4000

HTTP: Final = (
    b"POST /basix/api/call_user HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n{\xff\x00]",
    b"GET /v1/calls/none HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


class Garbage:
    """Throws in a thread of its own, between entering the block and leaving it.

    ``answers`` are what came back from media ports of the server, which is never right.
    """

    def __init__(self, server: CordboardServer, seed: int) -> None:
        self.thrown = 0
        self.answers: list[str] = []
        self._server = server
        self._host = server.place.host
        self._sip, self._http = server.sip, (self._host, server.http_port)
        self._media = server.media_ports
        self._dice = Random(seed)
        self._inputs = [file.read_bytes() for file in sorted(CORPUS.rglob("*")) if file.is_file()]
        self._sockets = [_bound(address) for address in ADDRESSES]
        self._at_media = _bound("127.0.67.1")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._throw, daemon=True)

    def __enter__(self) -> Garbage:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(10.0)
        for one in (*self._sockets, self._at_media):
            one.close()

    def _throw(self) -> None:
        ways: list[Callable[[], None]] = [self._by_udp] * 6
        ways += [self._at_rtp] * 4 + [self._by_tcp, self._by_http]
        while not self._stopping.wait(1 / A_SECOND):
            with contextlib.suppress(OSError):
                self._dice.choice(ways)()
            self.thrown += 1
            self._hear()

    def _by_udp(self) -> None:
        self._dice.choice(self._sockets).sendto(self._spoilt(), self._sip)

    def _at_rtp(self) -> None:
        self._at_media.sendto(self._spoilt(), (self._host, self._dice.choice(self._media)))

    def _by_tcp(self) -> None:
        self._by_connection(self._sip, self._spoilt())

    def _by_http(self) -> None:
        self._by_connection(self._http, self._dice.choice(HTTP))

    def _by_connection(self, to: tuple[str, int], data: bytes) -> None:
        source = (self._dice.choice(ADDRESSES), 0)
        with socket.create_connection(to, CONNECT_SECONDS, source) as connection:
            connection.sendall(data)

    def _hear(self) -> None:
        for one in (*self._sockets, self._at_media):
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, (_, port) = one.recvfrom(MOST_OCTETS)
                    if one is self._at_media and self._is_of_server(port):
                        self.answers.append(f"media port {port} answered {data[:60]!r}")

    def _is_of_server(self, port: int) -> bool:
        """Whether the server has the port just now: else another program has taken it."""
        program = self._server.program
        assert program is not None
        held: set[str] = set()
        for file in Path(f"/proc/{program.pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # it may have been closed meanwhile
                held.add(os.readlink(file))
        lines = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
        inodes = (words[9] for words in lines if words[1].endswith(f":{port:04X}"))
        return any(f"socket:[{inode}]" in held for inode in inodes)

    def _spoilt(self) -> bytes:
        """An input of the fuzzer's, as it is or with something wrong."""
        data = bytearray(self._dice.choice(self._inputs)[:MOST_OCTETS])
        for _ in range(self._dice.choice((0, 0, 1, 5))):
            if data:
                data[self._dice.randrange(len(data))] = self._dice.randrange(256)
        if data and self._dice.random() < 0.2:
            del data[self._dice.randrange(len(data)) :]
        return bytes(data)


def _bound(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((address, 0))
    made.setblocking(False)
    return made
