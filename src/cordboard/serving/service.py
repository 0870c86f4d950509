"""The service: everything wired together, started, run until a signal, and stopped in order."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

import structlog

from cordboard.addresses import written
from cordboard.api.app import create_app
from cordboard.api.door import Door
from cordboard.api.services import Services
from cordboard.api.watching import Watch
from cordboard.configuration.sections import Strangers
from cordboard.configuration.settings import Configuration, Settings
from cordboard.directory.declared import Declared
from cordboard.directory.snapshot import Directory
from cordboard.engines.connections import ConnectionSettings
from cordboard.engines.embedded.engine import EmbeddedEngine
from cordboard.engines.embedded.settings import EngineSettings
from cordboard.engines.recorded_files import FolderOfRecordings
from cordboard.engines.tls import TlsError
from cordboard.engines.transport import Listen, ListenError
from cordboard.exchange.exchange import Exchange
from cordboard.exchange.recording_retention import RecordingRetention
from cordboard.exchange.web_documents import NoDocument
from cordboard.feeds.outbound import Outbound
from cordboard.feeds.step_servers import StepServers
from cordboard.journal.bindings_on_record import BindingsOnRecord
from cordboard.journal.directory_port import KeptDirectory
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import Journal, StoreFailed
from cordboard.journal.recovery import Recovery
from cordboard.journal.sealing import SealError, seal_of
from cordboard.journal.settings import IN_MEMORY
from cordboard.serving.deliveries import deliveries
from cordboard.serving.http_server import HttpServer, ServiceFailed
from cordboard.serving.monitoring import Monitoring
from cordboard.serving.reloading import Reloading
from cordboard.serving.stored_tenants import DirectoryFaulty, StoredTenants
from cordboard.sip.timers import Timers

SWITCH_SECONDS: Final = 0.001
"""How long the event loop may keep the interpreter from the journal's thread, which needs it a few
times a commit, each for some microseconds. Python's own 5 ms are longer than a commit takes."""

GARBAGE_THRESHOLDS: Final = (1_000, -1, 24_000)
"""Python's own (700, 10, 10) would look through every live call many times a second. How long it
pauses goes by how many new objects are gathered: with 400,000 a server at 200 calls a second stood
still for 0.2 s, with 12,000 for up to 10 ms, with 1,000 for 1 to 2 ms. No first generation is ever
collected by itself (the second's count is above -1 from the start): then each object that stays is
looked at once and counts as old, not 1.7 times, which is a third of the collector's work. The last
says how seldom everything is looked through: each 24 million."""

DAY: Final = 86_400.0

_log = structlog.get_logger(__name__)


class Service:
    """One running server. ``directory`` may be replaced while it runs; ``journal`` takes the place
    of the usual one."""

    def __init__(
        self, settings: Settings, directory: Directory, journal: Journal | None = None
    ) -> None:
        self.settings = settings
        self.directory = directory
        self.declared: Declared | None = None
        """What the file says of the directory, to be kept in the database; None keeps nothing."""
        self._tenants: StoredTenants | None = None
        self._kept: KeptDirectory | None = None
        self.journal, self._kept = _journal(settings) if journal is None else (journal, None)
        self.recovery = _recovery(settings)
        self.engine = EmbeddedEngine(_engine_settings(settings), self._directory)
        self._bindings: BindingsOnRecord | None = None
        keep_bindings = self.journal.put_bindings
        if self.recovery is not None:
            self.engine.keep_records(self.recovery)
            self._bindings = BindingsOnRecord(self.journal, self.recovery)
            keep_bindings = self._bindings.put
        self.engine.keep_bindings(keep_bindings)
        files = FolderOfRecordings(settings.recordings)
        self.exchange = Exchange(
            *(self._directory, self.engine, self.journal, time.time, settings.grace, files),
            limits=settings.overload,
        )
        admission = self.exchange.admission
        self.engine.take_calls(admission.busy_seconds)
        self._outbound = Outbound()
        self.exchange.fetch_from(StepServers(self._outbound, self._inside, NoDocument))
        self._callbacks = deliveries(
            self.journal, self._outbound, self._directory, self.exchange, settings.node
        )
        services = Services(self.exchange, self.journal, self._directory, files, settings.node)
        self._feed = services.feed
        self._retention = RecordingRetention(self.journal, services.recordings, time.time)
        self._monitoring = Monitoring(
            *(self.exchange, self.engine, self.journal, self._directory, self._feed, time.time),
            call_lines=settings.watch.calls,
            cti=services.cti,
            owed=lambda: self._callbacks.pending,
        )
        door = Door(admission.enter, self._monitoring.requests)
        self._http = HttpServer(settings.http, create_app(services, self._shown()), door.enter)

    def _shown(self) -> Watch:
        """What operators may see, and who of them."""
        seen, may = self._monitoring, self.settings.watch
        return Watch(
            seen.requests, seen.unready, seen.metrics, may.networks, may.token, may.requests
        )

    def _directory(self) -> Directory:
        return self.directory

    def _inside(self, tenant: str) -> bool:
        """Whether a tenant's web servers may be on addresses inside our own networks."""
        found = self.directory.tenant(tenant)
        return found is not None and found.policy.callbacks_inside

    async def start(self) -> None:
        """Listen for SIP, then for HTTP; raises :class:`ServiceFailed`."""
        _raise_file_limit()
        try:
            await self.journal.start()
            await self._keep_tenants()
            left = {} if self.recovery is None else self.recovery.start()
            bindings = await self.journal.bindings()
            if self._bindings is not None:
                bindings = self._bindings.found(left, bindings)
        except (StoreFailed, DirectoryFaulty, SealError) as error:
            raise ServiceFailed(str(error)) from error
        try:
            await self.engine.start(self.journal.secret)
        except (ListenError, TlsError, OSError) as error:
            raise ServiceFailed(str(error)) from error
        self.engine.end_left_over(left)
        self.engine.restore_bindings(bindings)
        self._callbacks.start()
        self._monitoring.start()
        await self.exchange.recover()
        self._retention.start()
        await self._http.start()
        if self._tenants is not None:
            self._tenants.follow(self._take_directory)
        sip = ", ".join(str(listener) for listener in self.settings.sip)
        _log.info("ready", http=written(*self.settings.http), sip=sip)

    def reload_certificates(self) -> None:
        """Use the certificates that the files hold now."""
        self.engine.reload_certificates()

    async def take(self, settings: Settings, configuration: Configuration) -> None:
        """Go on with what was read anew: the directory, and what can be changed while we run."""
        directory = configuration.directory
        if self._tenants is not None:
            directory = await self._tenants.declare(configuration.declared)
        self._take_directory(directory)
        self.settings = replace(self.settings, drain=settings.drain, overload=settings.overload)
        self.exchange.admission.follow(settings.overload)

    async def _keep_tenants(self) -> None:
        """Apply the file to the stored directory, and serve what is there then."""
        if self.declared is not None and self._kept is not None:
            self._tenants = StoredTenants(self._kept, seal_of(os.environ), time.time)
            self.directory = await self._tenants.declare(self.declared)

    def _take_directory(self, directory: Directory) -> None:
        before, self.directory = self.directory, directory
        self.engine.follow(before)
        self.exchange.balances.follow()

    def hurry(self) -> None:
        """Leave live calls no more time while :meth:`stop` drains."""
        self.exchange.hurry()

    async def stop(self) -> None:
        """Let live calls end for a set time, hang up the rest, deliver what is owed, close
        everything."""
        await self.exchange.stop(self.settings.drain)
        if self._tenants is not None:
            await self._tenants.close()
        await self._callbacks.stop()
        await self._retention.stop()
        self._feed.close()
        await self._http.stop()
        await self._monitoring.stop()
        await self._outbound.close()
        await self.engine.stop()
        if self._bindings is not None:
            await self._bindings.close()
        if self.recovery is not None:
            self.recovery.close()
        await self.journal.close()


def _journal(settings: Settings) -> tuple[Journal, KeptDirectory | None]:
    """The journal, and beside it the stored directory if it is in a database."""
    if settings.store == IN_MEMORY:
        return MemoryJournal(time.time), None
    # Only where it is used: the database library takes half of our time to start.
    from cordboard.journal.sql.directory import SqlDirectory
    from cordboard.journal.sql.journal import SqlJournal
    from cordboard.journal.sql.store import Store

    keep = settings.keep_days * DAY
    store = Store(settings.store)
    return SqlJournal(store, time.time, keep=keep), SqlDirectory(store)


def _recovery(settings: Settings) -> Recovery | None:
    """None where nothing is kept: the next process has no journal either that it would go by."""
    if settings.recovery is None:
        return None
    from cordboard.journal.recovery_file import FileRecovery

    return FileRecovery(settings.recovery)


def _engine_settings(settings: Settings) -> EngineSettings:
    return EngineSettings(
        listen=tuple(Listen(one.transport, one.host, one.port) for one in settings.sip),
        advertised=settings.advertise,
        media_hosts=settings.media_hosts,
        media_advertised=settings.media_advertise,
        media_ports=settings.media_ports,
        native_relay=settings.native_relay,
        recordings=settings.recordings,
        languages=settings.languages,
        timers=Timers(settings.t1, settings.t2, settings.t4),
        session_expires=settings.session_expires,
        min_se=settings.min_se,
        ignore_strangers=settings.strangers is Strangers.IGNORE,
        user_agent=settings.user_agent,
        tls=settings.tls,
        dns=settings.dns,
        connections=ConnectionSettings(settings.capacity, settings.keepalive, settings.origins),
    )


def _collect_garbage_seldom() -> None:
    """Leave what the start has made out of every later collection, and collect less often.

    Calls are taken apart by reference counts: none leaves a cycle behind.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


def _raise_file_limit() -> None:
    """A call holds four sockets for its voice; use what the system allows us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def serve(
    settings: Settings,
    directory: Directory,
    make: Callable[[Settings, Directory], Service] = Service,
    read: Callable[[], Configuration] | None = None,
    declared: Declared | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, of which a second one cuts the draining short; on SIGHUP go on
    with what ``read`` then gives. ``declared`` is kept in the database, beside what is applied
    there. Raises :class:`ServiceFailed`."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    service = make(settings, directory)
    service.declared = declared
    reloading = None if read is None else Reloading(read, lambda: service.settings, service.take)

    def reload() -> None:
        service.reload_certificates()
        if reloading is not None:
            reloading.ask()

    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # nothing is there to be read again yet
    try:
        await service.start()
        loop.add_signal_handler(signal.SIGHUP, reload)
        _collect_garbage_seldom()
        sys.setswitchinterval(SWITCH_SECONDS)
        await stopping.wait()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, service.hurry)
    finally:
        if reloading is not None:
            await reloading.close()
        await service.stop()
