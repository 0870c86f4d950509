"""Which media sockets have something: each packet wakes the loop, or many are read at a time."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest

from cordboard.engines.embedded.media_poll import MUCH, MediaPoll
from support.native import NATIVE, NOT_BUILT
from support.waiting import eventually

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.both_loops,
]


class Line:
    """A socket, and who sends to it; what was read of it."""

    def __init__(self, stack: ExitStack) -> None:
        self.ours, self.theirs = (self._socket(stack) for _ in range(2))
        self.read: list[bytes] = []
        self.times: list[float] = []

    def _socket(self, stack: ExitStack) -> socket.socket:
        opened = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        opened.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        return opened

    def say(self, *words: bytes) -> None:
        for word in words:
            self.theirs.sendto(word, self.ours.getsockname())

    def has_read(self, word: bytes) -> bool:
        return word in self.read

    def take(self, data: bytes, source: tuple[str, int], now: float) -> None:
        assert source == self.theirs.getsockname()
        self.read.append(data)
        self.times.append(now)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture(params=["native", "epoll", "none"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Read natively, with epoll, and as where there is none."""
    if request.param == "none":
        monkeypatch.delattr(select, "epoll", raising=False)
    if request.param == "native" and not NATIVE:
        pytest.skip(NOT_BUILT)
    return str(request.param)


def made(stack: ExitStack, kind: str) -> MediaPoll:
    one = MediaPoll(asyncio.get_running_loop(), native=kind == "native")
    stack.callback(one.close)
    return one


async def test_what_comes_is_read_in_order(stack: ExitStack, kind: str) -> None:
    media, line = made(stack, kind), Line(stack)
    media.add(line.ours, line.take)
    for word in (b"0", b"1", b"2"):
        line.say(word)
        await eventually(partial(line.has_read, word))
    assert line.read == [b"0", b"1", b"2"]
    assert line.times == sorted(line.times)
    media.remove(line.ours)


async def test_many_sockets_with_many_packets_are_read_to_the_last(
    stack: ExitStack, kind: str
) -> None:
    media = made(stack, kind)
    lines = [Line(stack) for _ in range(MUCH * 5)]
    for line in lines:
        media.add(line.ours, line.take)
    for _ in range(3):
        for line in lines:
            line.say(b"a", b"b", b"c", b"d", b"e", b"f", b"g")
        await eventually(lambda: all(len(line.read) % 7 == 0 and line.read for line in lines))
    await eventually(lambda: all(len(line.read) == 21 for line in lines))
    lines[0].say(b"alone")
    await eventually(lambda: lines[0].read[-1] == b"alone")
    for line in lines:
        media.remove(line.ours)


async def test_what_is_removed_is_read_no_more_not_even_in_the_same_look(
    stack: ExitStack, kind: str
) -> None:
    media = made(stack, kind)
    lines = [Line(stack) for _ in range(MUCH * 2)]

    def take_alone(data: bytes, source: tuple[str, int], now: float) -> None:
        for line in lines:
            media.remove(line.ours)
        first.take(data, source, now)

    first = lines[0]
    for line in lines:
        media.add(line.ours, take_alone if line is first else line.take)
    first.say(b"x")
    await eventually(lambda: first.read)
    for line in lines:
        line.say(b"y")
    other = Line(stack)
    media.add(other.ours, other.take)
    other.say(b"z")
    await eventually(lambda: other.read)
    assert [line.read for line in lines] == [[b"x"]] + [[]] * (len(lines) - 1)
    media.remove(first.ours)  # once more does no harm
    media.remove(other.ours)


async def test_what_waited_before_it_was_added_is_read(stack: ExitStack, kind: str) -> None:
    media, line = made(stack, kind), Line(stack)
    line.say(b"early")
    media.add(line.ours, line.take)
    await eventually(lambda: line.read == [b"early"])
    media.remove(line.ours)
    media.add(line.ours, line.take)
    line.say(b"again")
    await eventually(lambda: line.read == [b"early", b"again"])
    media.remove(line.ours)
