"""A warm, bounded pool of RTP and RTCP port pairs.

RTP takes an even port and RTCP the odd one above it (RFC 3550, section 11). The sockets are plain
and non-blocking: opening one is half as dear as an asyncio endpoint, and one from the pool costs
nothing. A released pair rests before it serves another call, so that late packets of the old one
die in its buffer; where no other is left, its rest is cut short. What has rested is kept open for a
while, so that a steady load opens no sockets at all, and is closed little by little.
"""

from __future__ import annotations

import errno
import secrets
import socket
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from cordboard.engines.udp import datagram_socket

DEFAULT_PORT_RANGE: Final = (20000, 29999)
WARM_PAIRS: Final = 64  # kept open for good: a burst of 32 calls
LINGER: Final = 60.0  # s that others are kept open for, unused: load that falls comes back
SHUT_AT_ONCE: Final = 2  # closed with each pair that is lent or comes back: a hundred take 2 ms
QUARANTINE: Final = 5.0  # s; phones whose BYE was lost go on sending for T1 to T2 (RFC 3261)
SHORTEST_REST: Final = 0.5  # s, where no other pair is left: T1, a generous round trip
MAX_DRAINED: Final = 512  # datagrams; a socket with more is under fire and is replaced

DATAGRAM_OCTETS: Final = 2048  # above any Ethernet frame; a longer datagram is no audio of ours


class MediaPortsExhausted(Exception):
    """No port pair can be had: the range is in use, or the process may open no more files."""


@dataclass(frozen=True, slots=True, eq=False)
class PortPair:
    """Two bound sockets on neighbouring ports."""

    port: int  # of RTP; even
    rtp: socket.socket
    rtcp: socket.socket

    def waiting(self) -> Iterator[tuple[bytes, tuple[str, int]]]:
        """Take the datagrams that have come to the RTP port by now, the oldest first."""
        for _ in range(MAX_DRAINED):
            try:
                yield self.rtp.recvfrom(DATAGRAM_OCTETS)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier packet, reported once

    def close(self) -> None:
        """Give both ports back to the system."""
        self.rtp.close()
        self.rtcp.close()


class RtpPortPool:
    """Hands out the port pairs of one address, in an order that cannot be guessed.

    :param host: IP address to bind to, 0.0.0.0 or :: for all.
    :param port_range: first and last port, both included.
    :param warm: how many free pairs are kept open for good.
    :raises ValueError: the host is no IP address, or the range holds no pair.
    """

    def __init__(
        self,
        host: str,
        port_range: tuple[int, int] = DEFAULT_PORT_RANGE,
        *,
        warm: int = WARM_PAIRS,
        quarantine: float = QUARANTINE,
    ) -> None:
        first, last = port_range
        ports = list(range(first + first % 2, last, 2))
        if not ports or not 0 < first <= last <= 65535:
            raise ValueError(f"ports {first} to {last} hold no pair of an even and an odd port")
        secrets.SystemRandom().shuffle(ports)
        self._host = str(ip_address(host))
        self._warm = warm
        self._quarantine = quarantine
        self._closed = deque(ports)
        self._open: deque[tuple[float, PortPair]] = deque()  # since when; the longest one first
        self._resting: deque[tuple[float, PortPair]] = deque()
        self._used = 0

    @property
    def used(self) -> int:
        """How many pairs are with calls."""
        return self._used

    @property
    def free(self) -> int:
        """How many pairs could be handed out now or after their rest, if the system lets us."""
        return len(self._closed) + len(self._open) + len(self._resting)

    def warm_up(self, now: float) -> None:
        """Open the warm pairs, as far as they can be had."""
        while len(self._open) < self._warm:
            try:
                pair = self._open_next()
            except MediaPortsExhausted:
                return
            self._open.append((now, pair))

    def acquire(self, now: float) -> PortPair:
        """Hand out a pair with empty buffers.

        :raises MediaPortsExhausted: there is none.
        """
        self._end_rests(now)
        pair = self._next_clean()
        if pair is None:
            try:
                pair = self._open_next()
            except MediaPortsExhausted:
                pair = self._wake_longest_resting(now)
                if pair is None:
                    raise
        self._used += 1
        return pair

    def release(self, pair: PortPair, now: float) -> None:
        """Take a pair back; it rests before it is handed out again."""
        self._used -= 1
        self._resting.append((now + self._quarantine, pair))
        self._end_rests(now)

    def close(self) -> None:
        """Close every socket that is not with a call."""
        for _, pair in (*self._open, *self._resting):
            pair.close()
            self._closed.append(pair.port)
        self._open.clear()
        self._resting.clear()

    def _end_rests(self, now: float) -> None:
        while self._resting and self._resting[0][0] <= now:
            self._open.append((now, self._resting.popleft()[1]))
        for _ in range(min(SHUT_AT_ONCE, len(self._open) - self._warm)):
            if self._open[0][0] + LINGER > now:
                return
            self._shut(self._open.popleft()[1])

    def _next_clean(self) -> PortPair | None:
        while self._open:
            _, pair = self._open.popleft()
            if _drained(pair.rtp) and _drained(pair.rtcp):
                return pair
            self._shut(pair)
        return None

    def _wake_longest_resting(self, now: float) -> PortPair | None:
        """Cut a rest short rather than fail a call: what still comes is dropped by its address."""
        while self._resting and self._resting[0][0] <= now + self._quarantine - SHORTEST_REST:
            _, pair = self._resting.popleft()
            if _drained(pair.rtp) and _drained(pair.rtcp):
                return pair
            self._shut(pair)
        return None

    def _shut(self, pair: PortPair) -> None:
        pair.close()
        self._closed.append(pair.port)

    def _open_next(self) -> PortPair:
        """Bind the next closed pair; ports that another program holds are passed over."""
        for _ in range(len(self._closed)):
            port = self._closed.popleft()
            try:
                return self._bound(port)
            except OSError as error:
                self._closed.append(port)
                if error.errno != errno.EADDRINUSE:
                    raise MediaPortsExhausted(
                        f"cannot open RTP port {port} on {self._host}: {error.strerror}"
                    ) from error
        raise MediaPortsExhausted(f"all RTP ports of {self._host} are in use ({self._used} by us)")

    def _bound(self, port: int) -> PortPair:
        sockets: list[socket.socket] = []
        try:
            for number in (port, port + 1):
                opened = datagram_socket(self._host)
                sockets.append(opened)
                opened.bind((self._host, number))
        except OSError:
            for opened in sockets:
                opened.close()
            raise
        return PortPair(port, *sockets)


def _drained(waiting: socket.socket) -> bool:
    """Throw away what a socket has received; False where it does not come to an end."""
    for _ in range(MAX_DRAINED):
        try:
            waiting.recv(DATAGRAM_OCTETS)
        except BlockingIOError:
            return True
        except OSError:
            continue  # an ICMP error of an earlier packet, reported once
    return False


def send(sending: socket.socket, packet: bytes, destination: tuple[str, int]) -> None:
    """Send a packet that may get lost."""
    try:
        sending.sendto(packet, destination)
    except OSError:
        return  # as if lost on the way: the socket is full, or there is no route
