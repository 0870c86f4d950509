"""What is told to the CTI readers of all tenants: one projection a tenant, as long as anybody reads
it, and each change encoded once for all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from cordboard.api.basix.cti.deltas import Delta
from cordboard.api.basix.cti.elements import Notice, system_msg
from cordboard.api.basix.cti.phones import ContactsOf, Phones
from cordboard.api.basix.cti.projection import Projection
from cordboard.api.basix.cti.readers import CONNECTIONS_OF_APP, CtiReader, Parting, Readers
from cordboard.api.basix.cti.rounds import BETWEEN_ROUNDS, Rounds
from cordboard.api.basix.cti.telling import framed_change, framed_greeting
from cordboard.api.framed import binary
from cordboard.calls.events import Recorded
from cordboard.calls.request import Leg
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.journal.port import Journal, ResyncNeeded

AT_ONCE: Final = 16
"""Events that are told before others have their turn: some 0.2 ms."""

MOST_OF_A_ROUND: Final = 100
"""Events that are caught up with for a client's command: what comes between two rounds where 150
calls begin and end in a second."""

LOOK_SECONDS: Final = 1.0
"""Between two looks at what no event tells of: whether the directory is another one, and which
phones are registered."""

MAX_READERS_OF_TENANT: Final = 500
"""Each takes a connection, and 1 MB in the worst case, beside what it was told at first."""

_log = structlog.get_logger(__name__)


class TooManyReaders(Exception):
    """There is no room for one more."""


class TenantDesk:
    """The projection of one tenant, and its readers."""

    def __init__(self, journal: Journal, tenant: TenantDirectory, contacts_of: ContactsOf) -> None:
        domain = tenant.domain
        self._journal = journal
        self.tenant = tenant
        self.readers = Readers()
        self._phones = Phones(contacts_of)
        self._looked = float("-inf")
        snapshot, forwardings = journal.snapshot(domain), journal.forwardings(domain)
        self.projection = Projection(tenant, snapshot, forwardings, self._phones.all(tenant))
        self._reader = journal.read(domain, self.projection.cursor)  # nothing comes between
        self._rounds = Rounds()
        self._telling: asyncio.Task[None] | None = None

    def start(self, directory: Callable[[], Directory]) -> None:
        """Tell of what happens from now on."""
        self._telling = asyncio.get_running_loop().create_task(self._tell(directory))

    def stop(self) -> None:
        """Tell nobody any more."""
        if self._telling is not None:
            self._telling.cancel()
        for reader in self.readers.all():
            reader.part(Parting.STARTING_ANEW)

    @property
    def over(self) -> bool:
        """Whether it can't go on."""
        return self._telling is not None and self._telling.done()

    async def _tell(self, directory: Callable[[], Directory]) -> None:
        try:
            while True:
                news = await self._news()
                tenant = directory().tenant(self.tenant.domain)
                if tenant is None:
                    return
                if tenant is not self.tenant:
                    self.tenant = tenant
                    self._tell_of(self.projection.renew(tenant))
                self._look_at_phones()
                self._take(news)
                are_more = len(news) == AT_ONCE
                if self._rounds.full or not are_more:
                    self._rounds.soon()
                # What comes before the next round may as well wait in the log.
                await asyncio.sleep(0 if are_more else BETWEEN_ROUNDS)
        except ResyncNeeded:
            _log.warning("events came faster than they were told by CTI")
        except Exception:
            _log.exception("cti.broke", tenant=self.tenant.domain)
        finally:
            self._rounds.stop()
            for reader in self.readers.all():
                reader.part(Parting.STARTING_ANEW)
            await self._reader.aclose()

    async def _news(self) -> list[Recorded]:
        """The next events; none where there were none for a while."""
        news = self._reader.at_hand(AT_ONCE)
        if news:
            return news
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                first = await anext(self._reader)
            return [first, *self._reader.at_hand(AT_ONCE - 1)]
        return []

    def _take(self, news: list[Recorded]) -> None:
        for recorded in news:
            deltas = self.projection.take(recorded)
            if deltas:
                self._tell_of(deltas)

    def leg_of(self, channel: str) -> tuple[str, Leg] | None:
        """The call and the leg of a live channel, by what is committed though not told yet."""
        self._take(self._reader.at_hand(MOST_OF_A_ROUND))
        self._rounds.soon()
        return self.projection.leg_of(channel)

    def _look_at_phones(self) -> None:
        """Which are registered, now and then."""
        now = asyncio.get_running_loop().time()
        if now >= self._looked + LOOK_SECONDS:
            self._looked = now
            self._tell_of(self.projection.see(self._phones.look(self.tenant)))

    def join(self, reader: CtiReader) -> None:
        """Tell a reader all there is, and what happens from now on."""
        audience = self.readers.watching(reader.user)
        if audience is not None:
            self._rounds.settle(audience)
        reader.greet(framed_greeting(self.projection, reader.user))
        self.readers.join(reader)

    def _tell_of(self, deltas: list[Delta]) -> None:
        for delta in deltas:
            audiences = self.readers.wanted_by(delta)
            if audiences:
                frame = framed_change(delta)
                for audience in audiences:
                    self._rounds.tell(audience, frame)


class Desks:
    """The desks of all tenants that have readers."""

    def __init__(
        self, journal: Journal, directory: Callable[[], Directory], contacts_of: ContactsOf
    ) -> None:
        self._journal = journal
        self._contacts_of = contacts_of
        self._directory = directory
        self._desks: dict[str, TenantDesk] = {}

    def join(
        self, tenant: TenantDirectory, app: str, user: int | None, *, force: bool
    ) -> CtiReader:
        """A new reader, to which all that there is has been told; or, where its app has as many
        connections as it may have, one that is told so. With ``force`` the oldest of those is told
        instead that it is replaced. Raises :class:`TooManyReaders`."""
        desk = self._desk_of(tenant)
        reader = CtiReader(app, user)
        others = desk.readers.of_app(app, user)
        if len(others) >= CONNECTIONS_OF_APP and not force:
            reader.part(Parting.LIMIT_REACHED, _notice(Notice.CONNECTION_LIMIT_REACHED))
            return reader
        for other in others[: len(others) - CONNECTIONS_OF_APP + 1]:
            other.part(Parting.REPLACED, _notice(Notice.CONNECTION_REPLACED))
            desk.readers.leave(other)
        if len(desk.readers) >= MAX_READERS_OF_TENANT:
            raise TooManyReaders
        desk.join(reader)
        return reader

    def leave(self, domain: str, reader: CtiReader) -> None:
        """It reads no longer; a tenant without readers costs nothing."""
        desk = self._desks.get(domain)
        if desk is not None:
            desk.readers.leave(reader)
            if not len(desk.readers):
                desk.stop()
                del self._desks[domain]

    def leg_of(self, domain: str, channel: str) -> tuple[str, Leg] | None:
        """The call and the leg of a live channel of a tenant that has readers."""
        desk = self._desks.get(domain)
        return None if desk is None else desk.leg_of(channel)

    def _desk_of(self, tenant: TenantDirectory) -> TenantDesk:
        desk = self._desks.get(tenant.domain)
        if desk is None or desk.over:
            desk = self._desks[tenant.domain] = TenantDesk(self._journal, tenant, self._contacts_of)
            desk.start(self._directory)
        return desk


def _notice(notice: Notice) -> bytes:
    return binary(system_msg(notice))
