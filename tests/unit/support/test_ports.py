"""Ports for tests: never another process's, and not one that is still in use."""

from __future__ import annotations

import gc
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from support.ports import LOOPBACK, PortBook, is_listened_at, loopbacks

FIRST, BLOCK, BLOCKS = 32100, 100, 3
"""Beside the blocks of the tests themselves."""


class Owner:
    """Something that has ports."""


@pytest.fixture
def books() -> Iterator[list[PortBook]]:
    made = [PortBook(FIRST, FIRST + BLOCK * BLOCKS, BLOCK) for _ in range(2)]
    yield made
    for book in made:
        book.close()


def block_of(port: int) -> int:
    """The first port of its block."""
    return FIRST + (port - FIRST) // BLOCK * BLOCK


def test_two_processes_are_given_different_blocks(books: list[PortBook]) -> None:
    one, other = ({block_of(book.take(10)) for _ in range(40)} for book in books)
    assert len(one) == len(other) == 1
    assert one != other


def test_what_a_process_had_is_free_after_it(books: list[PortBook]) -> None:
    first = block_of(books[0].take(1))
    books[0].close()
    assert block_of(books[1].take(1)) == first


def test_ports_come_round_only_after_all_others(books: list[PortBook]) -> None:
    ports = [books[0].take(1) for _ in range(60)]
    assert len(set(ports[:49])) == 49
    assert ports[0] in ports[49:]
    assert all(port % 2 == 0 for port in ports)


def test_what_has_an_owner_is_not_given_again_before_the_owner_is_gone(
    books: list[PortBook],
) -> None:
    book, owner = books[0], Owner()
    first = book.take(40, owner)
    held = range(first, first + 40)
    assert not any(book.take(10) in held for _ in range(20))
    del owner
    gc.collect()
    assert any(book.take(10) in held for _ in range(20))


def test_a_full_block_is_followed_by_another(books: list[PortBook]) -> None:
    owner = Owner()
    firsts = [books[0].take(90, owner) for _ in range(BLOCKS)]
    assert [block_of(first) for first in firsts] == [FIRST + BLOCK * n for n in range(BLOCKS)]
    with pytest.raises(OSError, match="no 90 neighbouring free ports in 3 blocks"):
        books[0].take(90, owner)
    with pytest.raises(OSError, match="in 0 blocks"):
        books[1].take(1)


def test_a_port_that_somebody_uses_is_left_out(books: list[PortBook]) -> None:
    taken = books[0].take(1) + 2
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as stranger:
        stranger.bind((LOOPBACK, taken))
        assert taken not in {books[0].take(1) for _ in range(100)}


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
@pytest.mark.parametrize("host", loopbacks())
def test_who_listens_is_seen_without_trying_the_port(
    host: str, kind: socket.SocketKind, books: list[PortBook]
) -> None:
    port = books[0].take(1)
    assert not is_listened_at(kind, port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, kind)) as listener:
        listener.bind((host, port))
        if kind == socket.SOCK_STREAM:
            listener.listen()
        assert is_listened_at(kind, port)
    assert not is_listened_at(kind, port)
