"""Reading the configuration again while the server runs.

A file without errors takes effect as a whole, one with an error changes nothing; either way the log
says so. What can't be changed while the server runs is named there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from cordboard.configuration.settings import Configuration, Settings
from cordboard.directory.problems import Severity
from cordboard.journal.port import StoreFailed
from cordboard.serving.stored_tenants import DirectoryFaulty
from cordboard.tasks import cancelled

_log = structlog.get_logger(__name__)

AT_ONCE: Final = frozenset({"drain", "overload"})
"""Settings that count from the next use on."""

AFTER_RESTART: Final = {
    "node": "node.name",
    "http": "http.listen",
    "sip": "sip.listen",
    "advertise": "sip.advertise",
    "user_agent": "sip.user_agent",
    "t1": "sip.t1",
    "t2": "sip.t2",
    "t4": "sip.t4",
    "session_expires": "sip.session_expires",
    "min_se": "sip.min_se",
    "strangers": "sip.strangers",
    "tls": "sip.certificate, sip.private_key, sip.authorities, sip.verify",
    "dns": "sip.dns_servers, sip.dns_timeout",
    "capacity": "sip.max_connections, sip.max_connections_per_address, sip.proxies",
    "keepalive": "sip.keepalive",
    "origins": "sip.origins",
    "media_hosts": "media.host",
    "media_advertise": "media.advertise",
    "media_ports": "media.ports",
    "native_relay": "media.native",
    "recordings": "media.recordings",
    "languages": "media.languages",
    "store": "store.url",
    "recovery": "store.recovery",
    "keep_days": "store.keep_days",
    "grace": "calls.grace",
    "watch": "metrics.networks, metrics.token, log.format, log.level, log.requests",
}
"""The other settings, by the keys that they come from: sockets and pools are made of them once."""


def waiting_for_restart(now: Settings, wanted: Settings) -> list[str]:
    """The keys that say something else than what the server runs with."""
    return [
        key for name, key in AFTER_RESTART.items() if getattr(now, name) != getattr(wanted, name)
    ]


class Reloading:
    """Reads with ``read``, in a thread of its own, and has what is good taken by ``take``."""

    def __init__(
        self,
        read: Callable[[], Configuration],
        running: Callable[[], Settings],
        take: Callable[[Settings, Configuration], Awaitable[None]],
    ) -> None:
        self._read = read
        self._running = running
        self._take = take
        self._wanted = False
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Read soon; what is asked while a reading is under way is one more reading."""
        self._wanted = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Read no more."""
        await cancelled(self._task)

    async def _run(self) -> None:
        while self._wanted:
            self._wanted = False
            try:
                await self._once()
            except (StoreFailed, DirectoryFaulty) as error:
                _log.error("the configuration stays as it was", reason=str(error))
            except Exception:
                _log.exception("the configuration stays as it was")

    async def _once(self) -> None:
        configuration = await asyncio.get_running_loop().run_in_executor(None, self._read)
        for problem in configuration.problems:
            log = _log.error if problem.severity is Severity.ERROR else _log.warning
            log("in the configuration", problem=str(problem))
        if configuration.settings is None:
            _log.error("the configuration stays as it was")
            return
        waiting = waiting_for_restart(self._running(), configuration.settings)
        await self._take(configuration.settings, configuration)
        if waiting:
            _log.warning("settings that count after a restart", keys=waiting)
        tenants = len(configuration.directory.tenants)
        _log.info("the configuration was read again", tenants=tenants)
