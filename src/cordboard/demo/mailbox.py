"""A web server for the demonstration's callback: it takes what is POSTed and shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

HOST: Final = "127.0.0.1"
LONGEST_BODY: Final = 64 * 1024


class Mailbox:
    """Takes callbacks on a free port of this machine; ``told`` gets each body."""

    def __init__(self, told: Callable[[bytes], None]) -> None:
        self._told = told
        self.arrived = asyncio.Event()
        application = web.Application(client_max_size=LONGEST_BODY)
        application.router.add_post("/result_receiver", self._take)
        self._runner = web.AppRunner(application, access_log=None)
        self._port = 0

    @property
    def url(self) -> str:
        """What to give as callback_url."""
        return f"http://{HOST}:{self._port}/result_receiver"

    async def start(self) -> None:
        """Listen."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, 0)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self._told(await request.read())
        self.arrived.set()
        return web.Response()
