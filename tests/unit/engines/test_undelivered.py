"""What ICMP says of datagrams that did not get there, on both loops: uvloop stops watching a socket
that has an error, and the system tells of it by whatever call comes next."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from cordboard.engines.udp import UdpListener
from cordboard.sip.flow import Flow
from support.waiting import eventually

pytestmark = [pytest.mark.anyio, pytest.mark.both_loops]

MESSAGE = b"OPTIONS sip:x SIP/2.0\r\n\r\n"


class Socket:
    """A listener, and what it got."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.received: list[bytes] = []
        self.lost: list[tuple[bytes, tuple[str, int]]] = []
        self.batches = 0
        self.listener = UdpListener(
            asyncio.get_running_loop(), (host, 0), self._receive, self._read_all, self._lost
        )

    def _receive(self, data: bytes, _flow: Flow) -> None:
        self.received.append(data)

    def _read_all(self) -> None:
        self.batches += 1

    def _lost(self, data: bytes, flow: Flow, refused: bool) -> None:
        assert refused, "nobody listens there, on a host that is here"
        self.lost.append((data, flow.remote))


@pytest.fixture(params=["127.0.0.1", "::1"])
async def ours(request: pytest.FixtureRequest) -> AsyncIterator[Socket]:
    made = Socket(request.param)
    yield made
    made.listener.close()


def closed_port(host: str) -> tuple[str, int]:
    """Where nobody is."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as closed:
        closed.bind((host, 0))
        return host, closed.getsockname()[1]


def somebody(host: str) -> socket.socket:
    """Who is there."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((host, 0))
    opened.settimeout(5)
    return opened


async def test_what_finds_nobody_comes_back_with_where_it_went(ours: Socket) -> None:
    nobody = closed_port(ours.listener.local[0])
    ours.listener.send(MESSAGE, nobody)
    await eventually(lambda: ours.lost)
    assert ours.lost == [(MESSAGE, nobody)]
    assert ours.batches > 0, "nobody was told to look at what has happened"


async def test_it_goes_on_hearing(ours: Socket) -> None:
    host = ours.listener.local[0]
    with somebody(host) as friend:
        for _ in range(5):
            ours.listener.send(MESSAGE, closed_port(host))
            await eventually(lambda: ours.lost)
            friend.sendto(MESSAGE, ours.listener.local)
            await eventually(lambda: ours.received)
            ours.lost.clear()
            ours.received.clear()


async def test_nothing_sent_to_others_is_lost_by_it(ours: Socket) -> None:
    host = ours.listener.local[0]
    nobody = closed_port(host)
    with somebody(host) as friend:
        for number in range(20):
            ours.listener.send(MESSAGE, nobody)
            ours.listener.send(b"%d" % number, friend.getsockname()[:2])
        for number in range(20):
            assert friend.recv(100) == b"%d" % number
        await eventually(lambda: len(ours.lost) == 20)
        friend.sendto(MESSAGE, ours.listener.local)
        await eventually(lambda: ours.received)


async def test_many_at_once_are_all_told(ours: Socket) -> None:
    nobody = closed_port(ours.listener.local[0])
    for _ in range(150):
        ours.listener.send(MESSAGE, nobody)
    await eventually(lambda: len(ours.lost) == 150)


async def test_closing_with_errors_under_way_is_quiet() -> None:
    ours = Socket()
    nobody = closed_port("127.0.0.1")
    for _ in range(3):
        ours.listener.send(MESSAGE, nobody)
    ours.listener.close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert ours.lost == []
