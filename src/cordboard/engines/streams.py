"""The system's side of a connection: between which addresses it is, when it is given up."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any, Final

from cordboard.sip.flow import Flow
from cordboard.sip.keepalive import PONG_SECONDS

UNACKNOWLEDGED_SECONDS: Final = 2 * PONG_SECONDS
"""How long the system tries to get a ping across before it gives the connection up (tcp(7),
TCP_USER_TIMEOUT; by itself it tries for some 15 minutes)."""


def give_up_in_time(stream: asyncio.Transport) -> None:
    """Have the system give a connection up over which nothing gets across."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        with suppress(OSError):
            stream.get_extra_info("socket").setsockopt(
                socket.IPPROTO_TCP, option, int(UNACKNOWLEDGED_SECONDS * 1000)
            )


def flow_of(stream: asyncio.Transport, name: str) -> Flow:
    """The flow of a connection that a peer opened."""
    local: Any = stream.get_extra_info("sockname") or ("", 0)
    remote: Any = stream.get_extra_info("peername") or ("", 0)
    return Flow(name, (local[0], local[1]), (remote[0], remote[1]))
