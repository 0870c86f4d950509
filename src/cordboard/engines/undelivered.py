"""Datagrams of ours that did not get there, as ICMP tells (RFC 3261 18.4; ip(7), IP_RECVERR).

Linux keeps what came back for a socket in a queue beside its datagrams, with the beginning of what
was sent, and says so by an error that the next call on the socket gets, once, whatever that call is
about. Other systems tell an unconnected socket nothing; then SIP's timers decide, as before.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

# Of <linux/in.h> and <linux/in6.h>, which Python does not name.
_IP_RECVERR: Final = 11
_IPV6_RECVERR: Final = 25
_MSG_ERRQUEUE: Final[int] = getattr(socket, "MSG_ERRQUEUE", 0)

# struct sock_extended_err of <linux/errqueue.h>: errno, origin, type, code, padding, info, data
_ERROR: Final = struct.Struct("=IBBBBII")
_ICMP: Final = 2
_ICMP6: Final = 3
"""Origins of such an error."""
_UNREACHABLE: Final = 3
_UNREACHABLE6: Final = 1
"""ICMP types (RFC 792, RFC 4443 3.1)."""
_PROTOCOL: Final = 2
_PORT: Final = 3
_PORT6: Final = 4
"""Codes that a host gives which is there, but where nobody listens."""
_TOO_BIG: Final = 4
"""Code of "fragmentation needed" (RFC 792): the system sends the next one in smaller pieces."""

DATAGRAM_OCTETS: Final = 2048
"""Kept of what was sent: routers send back 548 octets (RFC 1812 4.3.2.3), IPv6 1232."""
MESSAGES_AT_ONCE: Final = 64
"""Taken from the queue; a flood of them is taken up the next time."""


def ask_for_errors(opened: socket.socket) -> None:
    """Let a UDP socket be told of what does not get there, where the system can do that."""
    if not _MSG_ERRQUEUE:
        return
    level, option = socket.IPPROTO_IP, _IP_RECVERR
    if opened.family == socket.AF_INET6:
        level, option = socket.IPPROTO_IPV6, _IPV6_RECVERR
    with suppress(OSError):
        opened.setsockopt(level, option, 1)


class Undelivered(NamedTuple):
    """The beginning of a datagram that did not get there, and where it was sent; ``refused`` where
    that host has said itself that nobody listens there."""

    data: bytes
    remote: tuple[str, int]
    refused: bool


def undelivered(opened: socket.socket) -> Iterator[Undelivered]:
    """What did not get there since the last time. Only what ICMP calls unreachable; that a packet
    was too large or too long on its way is no such failure."""
    if not _MSG_ERRQUEUE:
        return
    for _ in range(MESSAGES_AT_ONCE):
        try:
            data, notes, _flags, remote = opened.recvmsg(DATAGRAM_OCTETS, 512, _MSG_ERRQUEUE)
        except OSError:
            return
        for _level, _type, note in notes:
            refused = _refused(note)
            if remote and refused is not None:
                yield Undelivered(data, (remote[0], remote[1]), refused)


def _refused(note: bytes) -> bool | None:
    """Whether nobody listens there; None where that is not what a note is about."""
    if len(note) < _ERROR.size:
        return None
    _errno, origin, type_, code, *_ = _ERROR.unpack_from(note)
    if (origin, type_) == (_ICMP6, _UNREACHABLE6):
        return bool(code == _PORT6)
    if (origin, type_) == (_ICMP, _UNREACHABLE) and code != _TOO_BIG:
        return code in (_PROTOCOL, _PORT)
    return None
