"""Calls by Asterisk's Manager Interface: one Originate a call, and Dial does the rest."""

from __future__ import annotations

import socket
import time

from bench.contenders.ari import CALLER, uri
from bench.contenders.asterisk_files import (
    DIAL_SECONDS,
    SECRET,
    TALK_SECONDS,
    USER,
    Ports,
)
from bench.harness.http_lines import READ_BYTES
from bench.harness.load import Placed
from bench.harness.loop import Loop


class ManagerCalls:
    """One connection, logged in."""

    def __init__(self, loop: Loop, pid: int, ports: Ports) -> None:
        self.pid = pid
        self.sip_port = ports.sip
        self._data = b""
        self._waiting: dict[bytes, Placed] = {}
        self._socket = socket.create_connection(("127.0.0.1", ports.control), timeout=5.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.watch(self._socket, self._readable)
        self._say("Action: Login", f"Username: {USER}", f"Secret: {SECRET}")

    def begin(self) -> None:
        """Nothing is counted."""

    def refused(self) -> int:
        """It refuses nothing while it can speak."""
        return 0

    def settled(self, _: int) -> bool:
        """Nothing but the phones tells that they are over."""
        return True

    def place(self, number: int) -> Placed:
        """Ring the first leg, then dial the second."""
        placed = Placed(time.time(), f"a{number}", f"b{number}")
        self._waiting[b"%d" % number] = placed
        self._say(
            "Action: Originate",
            f"ActionID: {number}",
            f"Channel: PJSIP/phone/{uri('a', number)}",
            f"ChannelId: a{number}",
            f"CallerID: {CALLER}",
            "Application: Dial",
            f"Data: PJSIP/phone/{uri('b', number)},{DIAL_SECONDS},S({TALK_SECONDS})",
            "Timeout: 20000",
            "Async: true",
        )
        return placed

    def _say(self, *lines: str) -> None:
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())

    def _readable(self) -> None:
        *blocks, self._data = (self._data + self._socket.recv(READ_BYTES)).split(b"\r\n\r\n")
        for block in blocks:
            if block.startswith(b"Response: "):
                name = block.partition(b"ActionID: ")[2].partition(b"\r\n")[0]
                placed = self._waiting.pop(name, None)
                if placed is not None:
                    placed.replied = time.time()
                    if not block.startswith(b"Response: Success"):
                        placed.refused = block.decode(errors="replace")
