"""Every kind of journal, made empty for a test and closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from cordboard.journal.at_hand import Bounds
from cordboard.journal.memory import PENDING_EVENTS, MemoryJournal
from cordboard.journal.port import Journal
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.store import Store
from support.postgres import postgres

OpenJournal = Callable[..., AbstractAsyncContextManager[Journal]]
"""Opens a journal in a folder; keywords: pending_events, and those of its bounds."""


@asynccontextmanager
async def in_memory(
    _folder: Path, *, pending_events: int = PENDING_EVENTS, **bounds: int
) -> AsyncIterator[Journal]:
    """One that is gone with the process."""
    yield MemoryJournal(bounds=Bounds(**bounds), pending_events=pending_events)


@asynccontextmanager
async def in_sqlite(
    folder: Path, *, pending_events: int = PENDING_EVENTS, **bounds: int
) -> AsyncIterator[Journal]:
    """One in a file of the folder."""
    url = f"sqlite:///{folder / 'journal.db'}"
    async with _opened(url, pending_events, bounds) as journal:
        yield journal


@asynccontextmanager
async def in_postgres(
    _folder: Path, *, pending_events: int = PENDING_EVENTS, **bounds: int
) -> AsyncIterator[Journal]:
    """One in a database of its own of a real PostgreSQL."""
    async with _opened(postgres().new_database(), pending_events, bounds) as journal:
        yield journal


@asynccontextmanager
async def _opened(
    url: str, pending_events: int, bounds: dict[str, int]
) -> AsyncIterator[SqlJournal]:
    journal = SqlJournal(Store(url), bounds=Bounds(**bounds), pending_events=pending_events)
    await journal.start()
    try:
        yield journal
    finally:
        await journal.close()


JOURNALS: dict[str, OpenJournal] = {
    "memory": in_memory,
    "sqlite": in_sqlite,
    "postgresql": in_postgres,
}

KINDS = ("memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.interop("postgres")))
"""Their names, as tests are parametrized by them."""
