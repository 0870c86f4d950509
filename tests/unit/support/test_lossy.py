"""The bad network loses what it is told to and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from support.lossy import LossyRelay, Rule, Way, loses, loses_first
from support.ports import LOOPBACK


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    with closing(_socket()) as sock:
        yield sock


@pytest.fixture
def sender() -> Iterator[socket.socket]:
    with closing(_socket()) as sock:
        yield sock


def _socket() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((LOOPBACK, 0))
    sock.settimeout(5.0)
    return sock


def test_datagrams_pass_both_ways(peer: socket.socket, sender: socket.socket) -> None:
    with LossyRelay(lambda *_: False, peer.getsockname()[1]) as relay:
        sender.sendto(b"INVITE", (LOOPBACK, relay.port))
        data, back = peer.recvfrom(2048)
        assert data == b"INVITE"
        peer.sendto(b"200", back)
        data, source = sender.recvfrom(2048)
        assert (data, source[1]) == (b"200", relay.port)


def test_only_the_first_of_a_kind_is_lost(peer: socket.socket, sender: socket.socket) -> None:
    with LossyRelay(loses_first(Way.IN, "ACK"), peer.getsockname()[1]) as relay:
        for data in (b"INVITE", b"ACK 1", b"ACK 2"):
            sender.sendto(data, (LOOPBACK, relay.port))
        assert [peer.recvfrom(2048)[0] for _ in range(2)] == [b"INVITE", b"ACK 2"]
        assert relay.lost.all() == [(Way.IN, b"ACK 1")]


def test_dice_fall_alike_for_the_same_seed() -> None:
    def outcome(rule: Rule) -> list[bool]:
        return [rule(Way.IN, b"") for _ in range(1000)]

    assert outcome(loses(0.1, seed=3)) == outcome(loses(0.1, seed=3))
    assert 50 < sum(outcome(loses(0.1, seed=3))) < 150
