"""What While1's clients are told of calls: the documented events, by GET, to the right project."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from cordboard.calls.ports import Incoming
from cordboard.calls.request import Address
from cordboard.directory.accounts import Project
from cordboard.engines.far_end import RINGS, CallingEnd
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.delivery import Courier
from cordboard.feeds.outbound import Outbound
from cordboard.feeds.project_calls import DIALECT, ProjectsOwed
from cordboard.feeds.project_events import ProjectEvents
from cordboard.journal.also_owed import Together
from support.http_receiver import listening, taking
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

LINE = "0312340000"
OUTSIDE = "0312341234"
INTERNATIONAL = "+81312341234"


class Told:
    """A receiver of GETs."""

    def __init__(self) -> None:
        self.url = ""
        self.queries: list[dict[str, str]] = []
        self.statuses: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        assert (request.method, await request.read()) == ("GET", b"")
        self.queries.append({"path": request.path, **request.query})
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[str]:
        return [query["event"] for query in self.queries]


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    receiver = Told()
    async with listening(taking(receiver.take)) as url:
        receiver.url = url
        yield receiver


class House(QuickHouse):
    """A house with two projects: ``1`` is told of everything but of what is of ``sales``."""

    def __init__(self, url: str) -> None:
        where = tenant(callbacks_inside=True)
        sales = replace(where.groups[0], dids=(LINE,))
        projects = (
            Project(1, "1", "First", f"{url}/one?key=own"),
            Project(2, "2", "Second", f"{url}/two", ("sales",)),
        )
        groups = (sales, *where.groups[1:])
        super().__init__(where=replace(where, groups=groups, projects=projects))
        self.engine.when_dialled(OUTSIDE, AT_ONCE)
        self.outbound = Outbound(total_timeout=1.0)
        courier = Courier(self.outbound, lambda: 5.0, back_off=(0.01,) * 1000)
        self.journal.owe_also(Together(ProjectsOwed(lambda: self.directory)))
        events = ProjectEvents(courier, self.journal, lambda: self.directory, lambda: 5.0)
        self.callbacks = Callbacks(
            self.journal,
            courier,
            lambda: 1e9,
            others={DIALECT: events.deliver},
            look_seconds=0.01,
        )

    def call_in(self, number: str) -> CallingEnd:
        """Somebody outside calls one of our numbers."""
        self.engine.take_calls()
        incoming = Incoming("in@1", None, ("first@demo",), number, "h", OUTSIDE, "Kondo")
        return self.engine.call_in(incoming)


@pytest.fixture
async def house(told: Told) -> AsyncIterator[House]:
    opened = House(told.url)
    opened.callbacks.start()
    yield opened
    await opened.callbacks.stop()
    await opened.outbound.close()


async def test_a_call_to_a_queue_tells_its_answer_and_its_end(house: House, told: Told) -> None:
    caller = house.call_in(LINE)
    await eventually(lambda: told.queries, what="the answer")
    uniqueid = told.queries[0]["uniqueid"]
    assert told.queries == [
        {
            "path": "/two",
            "event": "queue_answer",
            "direction": "IN",
            "project_id": "2",
            "agent": "thomas",
            "remote_number": INTERNATIONAL,
            "telephone": INTERNATIONAL,
            "dnid": "+81312340000",
            "dnid_identifier": "",
            "contact_id": "",
            "queue": "sales",
            "uniqueid": uniqueid,
        }
    ]
    caller.hang_up()
    await eventually(lambda: len(told.queries) == 2, what="the end")
    assert told.events == ["queue_answer", "queue_answer_end"]


async def test_a_call_to_a_person_tells_its_answer(house: House, told: Told) -> None:
    house.call_in("05031001002")
    await eventually(lambda: told.queries, what="the answer")
    (query,) = told.queries
    assert (query["path"], query["event"], query["agent"]) == ("/one", "dial_answer", "thomas")
    assert (query["key"], query["queue"]) == ("own", "")


async def test_a_call_that_nobody_takes_is_missed(house: House, told: Told) -> None:
    house.when("thomas", RINGS)
    caller = house.call_in("05031001002")
    await eventually(lambda: caller.rung, what="the ringing")
    caller.give_up()
    await eventually(lambda: told.queries, what="the miss")
    (query,) = told.queries
    assert (query["event"], query["fail_reason"]) == ("missed_calls", "queue_hangup")
    assert (query["telephone"], query["queue_hold_time"]) == (INTERNATIONAL, "0")


async def test_the_end_of_a_call_for_a_project_is_told_to_that_one(
    house: House, told: Told
) -> None:
    for project, path in (("2", "/two"), ("1", "/one")):
        call = await house.place(
            to=OUTSIDE, metadata={"project_id": project}, external_id=f"own-{project}"
        )
        await house.hang_up_second(call)
        await eventually(lambda: told.queries, what="the end")
        query = told.queries.pop()
        assert (query["path"], query["event"]) == (path, "outgoing_end")
        assert (query["direction"], query["external_id"]) == ("OUT", f"own-{project}")
        assert (query["agent"], query["outcome"]) == ("jessica", "completed")


async def test_calls_inside_and_calls_of_unknown_projects_are_not_told(
    house: House, told: Told
) -> None:
    await house.talk()
    call = await house.place(to=OUTSIDE, metadata={"project_id": "7"})
    await house.hang_up_second(call)
    for one in await house.journal.posted(DOMAIN, call=call):
        assert one.owed.dialect != DIALECT
    assert told.queries == []


async def test_what_is_not_taken_is_told_again(house: House, told: Told) -> None:
    told.statuses = [500, 503]
    call = await house.place(first=Address("jessica"), to=OUTSIDE)
    await house.hang_up_second(call)
    await eventually(lambda: len(told.queries) == 3, what="three attempts")
    assert set(told.events) == {"outgoing_end"}
