"""HTTP servers of other people, within the event loop of a test, for what we send out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from support.ports import LOOPBACK

Take = Callable[[web.Request], Awaitable[web.StreamResponse]]

PATIENCE = 0.1
"""s that requests under way get when a test ends: some are meant to last for ever."""


@asynccontextmanager
async def prepared(app: web.Application) -> AsyncIterator[web.AppRunner]:
    """One that listens nowhere yet."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(app: web.Application) -> AsyncIterator[str]:
    """One that listens on a free port of loopback; its URL, without a slash at its end."""
    async with prepared(app) as runner:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"


def taking(take: Take) -> web.Application:
    """One that takes whatever is sent to any path."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", take)
    return app
