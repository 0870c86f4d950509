"""Looking after a database: what is in it, whether it is whole, and giving room back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Select, func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.journal.directory_port import KeptTenant
from cordboard.journal.outbox import Fate
from cordboard.journal.port import StoreFailed
from cordboard.journal.sql.directory import SqlDirectory
from cordboard.journal.sql.store import NEWEST, Store, reason_of
from cordboard.journal.sql.tables import agents, calls, events, meta, outbox, tenants

MAX_FAULTS: Final = 10
"""Lines of SQLite's own check that are shown."""


@dataclass(frozen=True, slots=True)
class Log:
    """A tenant's event log: its numbers, how many events are there (those of forgotten calls are
    not), and when the oldest was."""

    tenant: str
    first: int | None
    last: int | None
    count: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What is in a database. Times are seconds since 1970, ``size`` octets (None: not known);
    ``faults`` are what its own check found."""

    version: str | None
    size: int | None
    in_use: bool
    faults: tuple[str, ...]
    epoch: str | None = None
    calls: int = 0
    alive: int = 0
    oldest_call: float | None = None
    logs: tuple[Log, ...] = ()
    callbacks: int = 0
    pending: int = 0
    oldest_pending: float | None = None
    attempts: int = 0
    agents: int = 0
    generation: int = 0
    kept: tuple[KeptTenant, ...] = ()

    @property
    def good(self) -> bool:
        """Whether a server could use it as it is."""
        return self.version == NEWEST and not self.faults


async def report_on(store: Store) -> Report:
    """Look at a database, beside a running server or without one; raises :class:`StoreFailed`."""
    version = await store.version()
    try:
        async with store.engine.connect() as connection:
            faults = await _faults(connection, sqlite=store.is_sqlite)
            size = await _size(connection, store)
        in_use = await store.is_in_use()
        if version != NEWEST:
            return Report(version, size, in_use, faults)
        generation, kept = await SqlDirectory(store).tenants()
        async with store.engine.connect() as connection:
            one = _Asking(connection)
            alive = calls.c.ended_at.is_(None)
            pending = outbox.c.fate == Fate.PENDING.value
            return Report(
                version,
                size,
                in_use,
                faults,
                epoch=await one.text(select(meta.c.value).where(meta.c.name == "epoch")),
                calls=await one.count(select(func.count()).select_from(calls)),
                alive=await one.count(select(func.count()).select_from(calls).where(alive)),
                oldest_call=await one.time(select(func.min(calls.c.accepted_at))),
                logs=await _logs(connection),
                callbacks=await one.count(select(func.count()).select_from(outbox)),
                pending=await one.count(select(func.count()).select_from(outbox).where(pending)),
                oldest_pending=await one.time(select(func.min(outbox.c.at)).where(pending)),
                attempts=await one.count(select(func.coalesce(func.sum(outbox.c.attempts), 0))),
                agents=await one.count(select(func.count()).select_from(agents)),
                generation=generation,
                kept=kept,
            )
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{store}: {reason_of(error)}") from None


async def vacuum(store: Store, told: Callable[[str], None]) -> None:
    """Give the room of what was forgotten back to the disk.

    SQLite needs the file for itself meanwhile, so that is refused beside a running server;
    PostgreSQL does it beside one. Raises :class:`StoreFailed`.
    """
    await store.open(upgrade=False, alone=store.is_sqlite)
    try:
        async with store.engine.connect() as plain:
            before = await _size(plain, store)
            await plain.rollback()
            connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
            if store.is_sqlite:
                await connection.execute(text("VACUUM"))
                await connection.execute(text("PRAGMA optimize"))
                await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            else:
                await connection.execute(text("VACUUM (ANALYZE)"))
            after = await _size(connection, store)
        told(f"{store}: {megabytes(before)} before, {megabytes(after)} now")
    except (SQLAlchemyError, OSError) as error:
        raise StoreFailed(f"{store}: {reason_of(error)}") from None
    finally:
        await store.close()


def megabytes(size: int | None) -> str:
    """A size for a person."""
    return "unknown" if size is None else f"{size / 1e6:.1f} MB"


@dataclass(frozen=True, slots=True)
class _Asking:
    """Questions with one value as their answer."""

    connection: AsyncConnection

    async def count(self, wanted: Select[int]) -> int:
        return (await self.connection.execute(wanted)).scalar_one()

    async def time(self, wanted: Select[float]) -> float | None:
        return (await self.connection.execute(wanted)).scalar_one_or_none()

    async def text(self, wanted: Select[str]) -> str | None:
        return (await self.connection.execute(wanted)).scalar_one_or_none()


async def _faults(connection: AsyncConnection, *, sqlite: bool) -> tuple[str, ...]:
    if not sqlite:
        return ()  # it checks its pages by itself, and has no question for it
    wanted = text(f"PRAGMA integrity_check({MAX_FAULTS})")
    found = (await connection.execute(wanted)).scalars().all()
    return () if found == ["ok"] else tuple(map(str, found))


async def _size(connection: AsyncConnection, store: Store) -> int | None:
    if not store.is_sqlite:
        wanted = text("SELECT pg_database_size(current_database())")
        return int((await connection.execute(wanted)).scalar_one())
    name = store.url.database or ""
    files = [Path(f"{name}{ending}") for ending in ("", "-wal")]
    return sum(file.stat().st_size for file in files if file.is_file())


async def _logs(connection: AsyncConnection) -> tuple[Log, ...]:
    wanted = select(
        tenants.c.tenant,
        func.min(events.c.seq),
        func.max(events.c.seq),
        func.count(events.c.seq),
        func.min(events.c.at),
    )
    wanted = wanted.select_from(
        tenants.outerjoin(events, events.c.tenant == tenants.c.tenant)
    ).group_by(tenants.c.tenant)
    rows = (await connection.execute(wanted.order_by(tenants.c.tenant))).all()
    return tuple(Log(*row) for row in rows)
