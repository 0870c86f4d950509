"""SIP over UDP: plain non-blocking sockets, read several datagrams a wakeup."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from cordboard.engines.undelivered import ask_for_errors, undelivered
from cordboard.sip.flow import Flow
from cordboard.sip.message import MAX_MESSAGE_SIZE

Receive = Callable[[bytes, Flow], None]
Lost = Callable[[bytes, Flow, bool], None]

DATAGRAMS_PER_WAKEUP: Final = 64
"""Then the loop gets its turn, so that a flood of SIP does not starve the audio of live calls."""

BUFFER_OCTETS: Final = 4 * 1024 * 1024
"""Asked of the system for each direction: a burst of 2,000 INVITEs; it may give less."""

MAX_KNOWN_FLOWS: Final = 8192
"""Peers whose flow is one object, whatever they send: phones of a large house, some 200 octets
each. Then they are made anew."""

KEEP_ALIVE_OCTETS: Final = 4
"""What is not longer (CRLF, CRLFCRLF, a NUL) only keeps a NAT open (RFC 5626 3.5.1)."""


class UdpListener:
    """One bound UDP socket.

    ``receive`` gets each datagram with its flow, ``read_all`` is called once after a batch of them.
    ``lost`` gets the beginning of each datagram of ours that did not get there, with its flow, and
    whether that is because nobody listens there.
    Raises :class:`OSError` if the address can't be had.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        address: tuple[str, int],
        receive: Receive,
        read_all: Callable[[], None],
        lost: Lost | None = None,
    ) -> None:
        self._loop = loop
        self._receive = receive
        self._read_all = read_all
        self._lost = lost
        self._socket = bound_socket(address)
        self.sendto = self._socket.sendto
        """Sends at once; what it raises :meth:`send_again` is to be told."""
        if lost is not None:
            ask_for_errors(self._socket)
        name = self._socket.getsockname()
        self.local: tuple[str, int] = (name[0], name[1])
        self._flows: dict[Any, Flow] = {}
        loop.add_reader(self._socket, self._read)

    def send(self, data: bytes, remote: tuple[str, int]) -> None:
        """Send a datagram; what the system refuses is lost as on the way, SIP's timers decide."""
        try:
            self.sendto(data, remote)
        except (OSError, UnicodeError) as error:
            self.send_again(data, remote, error)

    def send_again(self, data: bytes, remote: tuple[str, int], error: Exception) -> None:
        """Send what could not be sent, where that was told here of an earlier one that did not get
        there: then this one was not sent."""
        if isinstance(error, BlockingIOError):
            return
        self._loop.call_soon(self._take_errors)
        with suppress(OSError, UnicodeError):
            self.sendto(data, remote)

    def close(self) -> None:
        """Stop receiving."""
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        receive, flows, recvfrom = self._receive, self._flows, self._socket.recvfrom
        errors = False
        for _ in range(DATAGRAMS_PER_WAKEUP):
            try:
                data, source = recvfrom(MAX_MESSAGE_SIZE)
            except BlockingIOError:
                break
            except OSError:
                errors = True  # ICMP's answer to an earlier datagram, told once
                continue
            if len(data) > KEEP_ALIVE_OCTETS:
                receive(data, flows.get(source) or self._flow_of(source))
        if errors:
            self._take_errors()
        else:
            self._read_all()

    def _flow_of(self, source: Any) -> Flow:
        """The flow of a peer by its address, which has further parts in IPv6."""
        if len(self._flows) >= MAX_KNOWN_FLOWS:
            self._flows.clear()
        flow = self._flows[source] = Flow("udp", self.local, (source[0], source[1]))
        return flow

    def _take_errors(self) -> None:
        if self._lost is None or self._socket.fileno() < 0:
            return
        lost = tuple(undelivered(self._socket))
        # uvloop stops watching a socket that has an error.
        self._loop.remove_reader(self._socket)
        self._loop.add_reader(self._socket, self._read)
        for data, remote, refused in lost:
            self._lost(data, Flow("udp", self.local, remote), refused)
        self._read_all()


def bound_socket(address: tuple[str, int]) -> socket.socket:
    """A non-blocking UDP socket; raises :class:`OSError`."""
    opened = datagram_socket(address[0])
    try:
        for direction in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            opened.setsockopt(socket.SOL_SOCKET, direction, BUFFER_OCTETS)
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


def datagram_socket(host: str) -> socket.socket:
    """A non-blocking UDP socket of an address's family, and of that alone: one for ``::`` leaves
    IPv4 to another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    if family == socket.AF_INET6:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return opened


def route_address(remote: tuple[str, int]) -> str | None:
    """The address of ours that packets to ``remote`` leave from; None where there is no route.

    Connecting a UDP socket sends nothing, the system only chooses the route.
    """
    with datagram_socket(remote[0]) as probe:
        try:
            probe.connect((remote[0], remote[1] or 9))
        except (OSError, UnicodeError):
            return None
        return str(probe.getsockname()[0])
