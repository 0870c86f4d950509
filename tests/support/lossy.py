"""A piece of bad network: a UDP relay that loses what it is told to, by rule or by dice."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable
from enum import Enum

from support.block import Block
from support.ports import LOOPBACK
from support.waiting import Observed

POLL_SECONDS = 0.1


class Way(Enum):
    """Which way a datagram goes."""

    IN = "to the peer behind the relay"
    OUT = "back to whoever sent to it"


Rule = Callable[[Way, bytes], bool]
"""True: the datagram is lost."""


def loses(fraction: float, seed: int) -> Rule:
    """Loses a part of all datagrams, the same ones for the same seed and order."""
    dice = random.Random(seed)
    return lambda *_: dice.random() < fraction


def loses_first(way: Way, start: str, count: int = 1) -> Rule:
    """Loses the first datagrams whose start line begins so, such as ``ACK``."""
    left = [count]

    def rule(going: Way, data: bytes) -> bool:
        if going is way and left[0] > 0 and data.startswith(start.encode()):
            left[0] -= 1
            return True
        return False

    return rule


class LossyRelay(Block):
    """Stands before a SIP peer at ``peer_port``; send to :attr:`port` in its place.

    Each sender gets a socket of its own towards the peer, so the peer's answers find back. The
    peer must name this relay's port in its Contact, for what follows in the dialog to come here.
    """

    def __init__(self, rule: Rule, peer_port: int = 0) -> None:
        self.rule = rule
        self.peer_port = peer_port
        self.passed: Observed[tuple[Way, bytes]] = Observed()
        self.lost: Observed[tuple[Way, bytes]] = Observed()
        self._front = _bound_socket()
        self.port: int = self._front.getsockname()[1]
        self._backs: dict[tuple[str, int], socket.socket] = {}
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()

    def _begin(self) -> None:
        self._run(self._serve_front)

    def _end(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(5.0)
        for sock in (self._front, *self._backs.values()):
            sock.close()

    def _run(self, serve: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=serve, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve_front(self) -> None:
        while not self._stopping.is_set():
            try:
                data, sender = self._front.recvfrom(65536)
            except OSError:
                continue
            back = self._backs.get(sender)
            if back is None:
                back = self._backs[sender] = _bound_socket()
                self._run(self._serve_back, back, sender)
            self._pass_on(Way.IN, data, back, (LOOPBACK, self.peer_port))

    def _serve_back(self, back: socket.socket, sender: tuple[str, int]) -> None:
        while not self._stopping.is_set():
            try:
                data, _ = back.recvfrom(65536)
            except OSError:
                continue
            self._pass_on(Way.OUT, data, self._front, sender)

    def _pass_on(self, way: Way, data: bytes, sock: socket.socket, to: tuple[str, int]) -> None:
        if self.rule(way, data):
            self.lost.add((way, data))
            return
        self.passed.add((way, data))
        sock.sendto(data, to)


def _bound_socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((LOOPBACK, 0))
    sock.settimeout(POLL_SECONDS)
    return sock
