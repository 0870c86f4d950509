"""Call detail records over HTTP."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

import pytest

from cordboard.api.app import create_app
from cordboard.api.services import Services
from cordboard.api.v1.cdrs import CdrPage
from cordboard.engines.far_end import IS_BUSY, RINGS
from cordboard.feeds.cdr import COLUMNS
from cordboard.journal.memory import MemoryJournal
from support.asgi import Reply, ask
from support.quick_house import QuickHouse

pytestmark = pytest.mark.anyio


class Books:
    """A house with three calls that are over, one of them never answered, and one that lives."""

    def __init__(self) -> None:
        self.clock = 1000.0
        self.house = QuickHouse(MemoryJournal(lambda: self.clock))
        self.house.when("helen", RINGS)
        services = Services(self.house.exchange, self.house.journal, lambda: self.house.directory)
        self.app = create_app(services)
        self.over: list[str] = []

    async def fill(self) -> None:
        self.over = [await self.house.talk(), await self.house.talk()]
        for phone in ("jessica-desk", "jessica-soft"):
            self.house.when(phone, IS_BUSY)
        self.over.append(await self.house.place(external_id="=order 3"))
        for phone in ("jessica-desk", "jessica-soft"):
            self.house.when(phone, RINGS)
        await self.house.place()
        await self.house.journal.flush()

    async def get(self, query: str = "", **headers: str) -> Reply:
        return await ask(self.app, "GET", f"/v1/cdrs{query}", headers=headers)


@pytest.fixture
async def books() -> Books:
    made = Books()
    await made.fill()
    return made


def table(reply: Reply) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(reply.body.decode(), newline="")))


async def test_every_call_that_is_over_has_its_row(books: Books) -> None:
    page = (await books.get()).json
    CdrPage.model_validate(page)
    assert {row["id"] for row in page["cdrs"]} == set(books.over)
    assert page["next"] is None
    assert sorted(row["outcome"] for row in page["cdrs"]) == [
        "completed",
        "completed",
        "first_leg_failed",
    ]
    assert tuple(page["cdrs"][0]) == COLUMNS


async def test_pages_join_without_gap(books: Books) -> None:
    seen: list[str] = []
    query = "?limit=1"
    while query:
        page = (await books.get(query)).json
        seen += [row["id"] for row in page["cdrs"]]
        query = f"?limit=1&cursor={page['next']}" if page["next"] else ""
    assert sorted(seen) == sorted(books.over)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?outcome=completed", 2),
        ("?outcome=cancelled", 0),
        ("?external_id=%3Dorder%203", 1),
        ("?from=1", 0),
        ("?to=1", 3),
        ("?to=1970-01-01T00:00:00Z", 0),
    ],
)
async def test_filters(books: Books, query: str, count: int) -> None:
    assert len((await books.get(query)).json["cdrs"]) == count
    assert len(table(await books.get(f"{query}&format=csv"))) == count


@pytest.mark.parametrize(
    "query", ["?outcome=x", "?format=xml", "?limit=0", "?cursor=%C3%A4", "?from=yesterday"]
)
async def test_what_can_not_be_asked(books: Books, query: str) -> None:
    reply = await books.get(query)
    assert (reply.status, reply.json["id"]) == (422, "invalid_parameter")


@pytest.mark.parametrize(("query", "headers"), [("?format=csv", {}), ("", {"accept": "text/csv"})])
async def test_as_csv(books: Books, query: str, headers: dict[str, str]) -> None:
    reply = await books.get(query, **headers)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert reply.headers["content-disposition"] == 'attachment; filename="cdrs.csv"'
    found = table(reply)
    assert {row["id"] for row in found} == set(books.over)
    assert {row["external_id"] for row in found} == {"", "'=order 3"}


async def test_csv_goes_on_page_after_page(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cordboard.api.v1.cdrs.ROWS_AT_ONCE", 2)
    found = [row["id"] for row in table(await books.get("?format=csv"))]
    assert sorted(found) == sorted(books.over)


async def test_format_counts_over_accept(books: Books) -> None:
    reply = await books.get("?format=json", accept="text/csv")
    assert reply.headers["content-type"] == "application/json"


async def test_a_tenant_sees_its_own_only() -> None:
    made: Any = Books()
    await made.fill()
    assert (await ask(made.app, "GET", "/v1/cdrs", authorization=None)).status == 401
