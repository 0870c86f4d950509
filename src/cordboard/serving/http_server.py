"""The HTTP server inside the service."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from cordboard.addresses import written
from cordboard.serving.http_connection import Entering, come_in, connections
from cordboard.serving.websockets import FramedWebSockets

HTTP_BACKLOG: Final = 1024
ACCEPTED_A_TURN: Final = 16
"""New connections in one turn of the event loop: those of 1,000 clients a second where turns take
15 ms, as they do while more is wanted than can be done. With one, clients that come with a
connection of their own for each request waited for a second to be refused."""

KEEP_ALIVE_SECONDS: Final = 5
"""How long a connection may rest between two requests."""

WEBSOCKET_OCTETS: Final = 4_096
"""The longest message that a client may send: nothing is expected of it."""

PING_SECONDS: Final = 20.0
"""Between two pings of a WebSocket (RFC 6455 5.5.2), and within which each has to be answered: less
than the 30 s after which many a router forgets a connection."""

UNREAD_SECONDS: Final = 60
"""After which a connection is cut whose client does not read what it asked for."""

HTTP_GOODBYE_SECONDS: Final = 2
"""How long open requests and streams may go on when the server stops; calls have ended by then."""


class ServiceFailed(Exception):
    """The service can't start: the message says what is in its way."""


class HttpServer:
    """Uvicorn inside our own loop: our signals, our start, our end."""

    def __init__(
        self,
        address: tuple[str, int],
        app: ASGIApp,
        enter: Entering = come_in,
    ) -> None:
        self._address = address
        self._connections = connections(enter)
        config = uvicorn.Config(
            app,
            host=address[0],
            port=address[1],
            backlog=HTTP_BACKLOG,
            lifespan="off",
            http=self._connections,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            ws=FramedWebSockets,
            ws_max_size=WEBSOCKET_OCTETS,
            ws_ping_interval=PING_SECONDS,
            ws_ping_timeout=PING_SECONDS,
            ws_per_message_deflate=False,  # a window for each reader, for what is small anyway
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=HTTP_GOODBYE_SECONDS,
        )
        config.load()
        self._server = uvicorn.Server(config)
        self._server.lifespan = config.lifespan_class(config)
        self._ticks: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; raises :class:`ServiceFailed`."""
        try:
            await self._server.startup()
        except (SystemExit, OSError) as error:
            raise ServiceFailed(self._in_the_way()) from error
        if self._server.should_exit or not self._server.started:
            raise ServiceFailed(self._in_the_way())
        for server in tuple(self._server.servers):
            for listening in server.sockets:
                cut_who_does_not_read(listening)
                await self._accept_more(listening.fileno())
        self._ticks = asyncio.get_running_loop().create_task(self._server.main_loop())

    async def _accept_more(self, listening: int) -> None:
        """Have several accept from one queue of connections, for each takes one in a turn of the
        loop (libuv since 1.45)."""
        loop, server = asyncio.get_running_loop(), self._server

        def connection() -> asyncio.Protocol:
            return self._connections(server.config, server.server_state, server.lifespan.state)

        for _ in range(ACCEPTED_A_TURN - 1):
            again = socket.socket(fileno=os.dup(listening))
            more = await loop.create_server(connection, sock=again, backlog=HTTP_BACKLOG)
            server.servers.append(more)

    async def stop(self) -> None:
        """Finish open requests within bounds."""
        self._server.should_exit = True
        if self._ticks is not None:
            with suppress(asyncio.CancelledError):
                await self._ticks
            await self._server.shutdown()

    def _in_the_way(self) -> str:
        return f"cannot listen for HTTP at {written(*self._address)}: is the port taken?"


def cut_who_does_not_read(listening: socket.socket) -> None:
    """Have the system cut connections that nothing can be sent on for a while; they have this from
    the socket that they came by (Linux, tcp(7))."""
    if hasattr(socket, "TCP_USER_TIMEOUT") and listening.family in (
        socket.AF_INET,
        socket.AF_INET6,
    ):
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
