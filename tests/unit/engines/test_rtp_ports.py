from __future__ import annotations

import errno
import socket
from collections.abc import Iterator

import pytest

from cordboard.engines.embedded import rtp_ports
from cordboard.engines.embedded.rtp_ports import (
    LINGER,
    MAX_DRAINED,
    SHUT_AT_ONCE,
    MediaPortsExhausted,
    RtpPortPool,
)

HOST = "127.0.0.1"


def free_range(pairs: int) -> tuple[int, int]:
    """A run of ports that nobody has just now."""
    for first in range(41000, 60000, 2 * pairs):
        taken: list[socket.socket] = []
        try:
            for port in range(first, first + 2 * pairs):
                probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                taken.append(probe)
                probe.bind((HOST, port))
        except OSError:
            continue
        else:
            return first, first + 2 * pairs - 1
        finally:
            for probe in taken:
                probe.close()
    raise AssertionError("no free ports on this machine")


@pytest.fixture
def pool() -> Iterator[RtpPortPool]:
    """A pool of three pairs, two of them kept warm."""
    pool = RtpPortPool(HOST, free_range(3), warm=2, quarantine=5.0)
    yield pool
    pool.close()


def test_rtp_is_even_and_rtcp_follows(pool: RtpPortPool) -> None:
    pair = pool.acquire(0.0)
    assert pair.port % 2 == 0
    assert pair.rtp.getsockname() == (HOST, pair.port)
    assert pair.rtcp.getsockname() == (HOST, pair.port + 1)
    assert (pool.used, pool.free) == (1, 2)
    pair.close()


def test_an_odd_first_port_is_left_out() -> None:
    with pytest.raises(ValueError, match="hold no pair"):
        RtpPortPool(HOST, (41001, 41002))
    with pytest.raises(ValueError, match="hold no pair"):
        RtpPortPool(HOST, (0, 70000))
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 address"):
        RtpPortPool("media.example", (41000, 41001))


def test_exhaustion_says_so_and_cuts_the_rest_of_a_pair_short(pool: RtpPortPool) -> None:
    pairs = [pool.acquire(0.0) for _ in range(3)]
    with pytest.raises(MediaPortsExhausted, match="all RTP ports"):
        pool.acquire(0.0)
    pool.release(pairs[0], 10.0)
    with pytest.raises(MediaPortsExhausted):
        pool.acquire(10.4)
    again = pool.acquire(10.5)
    assert again is pairs[0]
    assert pool.used == 3
    for pair in pairs:
        pair.close()


def test_late_packets_of_the_former_call_are_thrown_away(pool: RtpPortPool) -> None:
    pairs = [pool.acquire(0.0) for _ in range(3)]
    pair = pairs[0]
    pool.release(pair, 0.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        for port in (pair.port, pair.port + 1):
            phone.sendto(b"late", (HOST, port))
    again = pool.acquire(5.0)
    assert again is pair
    for waiting in (again.rtp, again.rtcp):
        with pytest.raises(BlockingIOError):
            waiting.recv(100)
    for one in pairs:
        one.close()


def test_a_socket_that_cannot_be_emptied_is_replaced(
    pool: RtpPortPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rtp_ports, "MAX_DRAINED", 3)
    assert MAX_DRAINED > 3
    pairs = [pool.acquire(0.0) for _ in range(3)]
    pool.release(pairs[0], 0.0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        for _ in range(10):
            phone.sendto(b"flood", (HOST, pairs[0].port))
    again = pool.acquire(5.0)
    assert again.port == pairs[0].port
    assert again is not pairs[0]
    with pytest.raises(BlockingIOError):
        again.rtp.recv(100)
    for pair in (again, *pairs):
        pair.close()


def test_pairs_that_have_rested_are_lent_again(pool: RtpPortPool) -> None:
    pairs = [pool.acquire(0.0) for _ in range(3)]
    for pair in pairs:
        pool.release(pair, 0.0)
    again = [pool.acquire(5.0 + LINGER) for _ in range(3)]
    assert set(again) == set(pairs)
    for pair in again:
        pair.close()


def test_no_more_than_the_warm_pairs_stay_open_for_good(pool: RtpPortPool) -> None:
    pairs = [pool.acquire(0.0) for _ in range(3)]
    for pair in pairs:
        pool.release(pair, 0.0)
    busy = pool.acquire(5.0)
    pool.release(busy, 6.0)  # here the others have rested
    lent = pool.acquire(5.0 + LINGER)
    assert sum(pair.rtp.fileno() < 0 for pair in pairs) == 1
    lent.close()


def test_a_load_that_is_over_leaves_its_sockets_little_by_little() -> None:
    pool = RtpPortPool(HOST, free_range(8), warm=1, quarantine=0.0)
    pairs = [pool.acquire(0.0) for _ in range(8)]
    for pair in pairs:
        pool.release(pair, 0.0)
    still_open = []
    for step in range(4):
        pool.release(pool.acquire(LINGER + step), LINGER + step)
        still_open.append(sum(pair.rtp.fileno() >= 0 for pair in pairs))
    assert still_open == sorted(still_open, reverse=True)
    assert 8 - 2 * SHUT_AT_ONCE <= still_open[0] < 8
    assert still_open[-1] < 8 - 2 * SHUT_AT_ONCE
    pool.close()


def test_ports_of_another_program_are_passed_over() -> None:
    first, last = free_range(3)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, first + 3))
        pool = RtpPortPool(HOST, (first, last))
        pairs = [pool.acquire(0.0) for _ in range(2)]
        assert {pair.port for pair in pairs} == {first, first + 4}
        with pytest.raises(MediaPortsExhausted):
            pool.acquire(0.0)
    third = pool.acquire(0.0)  # the other program is gone
    assert third.port == first + 2
    for pair in (*pairs, third):
        pair.close()


def test_a_process_without_files_left_says_so(
    pool: RtpPortPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket, "socket", refuse)
    pool.warm_up(0.0)
    with pytest.raises(MediaPortsExhausted, match="Too many open files"):
        pool.acquire(0.0)
    assert pool.free == 3


def test_warming_up_opens_ahead(pool: RtpPortPool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.warm_up(0.0)
    monkeypatch.setattr(socket, "socket", None)
    pairs = [pool.acquire(0.0), pool.acquire(0.0)]
    for pair in pairs:
        pair.close()
