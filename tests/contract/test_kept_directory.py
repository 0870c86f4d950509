"""What every keeping of the directory promises, in memory and in databases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cordboard.journal.directory_port import KeptDirectory, KeptTenant, Overtaken
from cordboard.journal.memory_directory import MemoryDirectory
from cordboard.journal.sql.directory import SqlDirectory
from cordboard.journal.sql.store import Store
from support.postgres import postgres

pytestmark = pytest.mark.anyio

Open = Callable[[Path], AbstractAsyncContextManager[KeptDirectory]]

DEMO = KeptTenant("demo", "/etc/demo.toml", 1, 1000.5, {"country": "jp", "name": "山田"})
OTHER = KeptTenant("other", "/etc/other.toml", 7, 1001.0, {"user": {"a": {"terminal": {}}}})


@asynccontextmanager
async def in_memory(_folder: Path) -> AsyncIterator[KeptDirectory]:
    yield MemoryDirectory()


@asynccontextmanager
async def in_database(url: str) -> AsyncIterator[KeptDirectory]:
    store = Store(url)
    await store.open()
    try:
        yield SqlDirectory(store)
    finally:
        await store.close()


def in_sqlite(folder: Path) -> AbstractAsyncContextManager[KeptDirectory]:
    return in_database(f"sqlite:///{folder / 'journal.db'}")


def in_postgres(_folder: Path) -> AbstractAsyncContextManager[KeptDirectory]:
    return in_database(postgres().new_database())


@pytest.fixture(
    params=[
        in_memory,
        in_sqlite,
        pytest.param(in_postgres, marks=pytest.mark.interop("postgres")),
    ]
)
async def kept(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[KeptDirectory]:
    open_one: Open = request.param
    async with open_one(tmp_path) as directory:
        yield directory


async def test_it_begins_empty(kept: KeptDirectory) -> None:
    assert await kept.tenants() == (0, ())
    assert await kept.generation() == 0


async def test_tenants_come_back_as_they_were_put(kept: KeptDirectory) -> None:
    assert await kept.change([OTHER, DEMO], [], 0) == 1
    assert await kept.tenants() == (1, (DEMO, OTHER))
    assert await kept.generation() == 1


async def test_one_takes_the_place_of_its_domain(kept: KeptDirectory) -> None:
    await kept.change([DEMO, OTHER], [], 0)
    newer = replace(DEMO, version=2, table={"country": "us"})
    assert await kept.change([newer], ["other", "nobody"], 1) == 2
    assert await kept.tenants() == (2, (newer,))


async def test_who_knows_an_older_generation_changes_nothing(kept: KeptDirectory) -> None:
    await kept.change([DEMO], [], 0)
    for stale in (0, 2):
        with pytest.raises(Overtaken):
            await kept.change([OTHER], ["demo"], stale)
    assert await kept.tenants() == (1, (DEMO,))
