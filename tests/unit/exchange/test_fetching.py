"""Programs of live calls get their next steps from web servers, or go on without."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.ports import Play, Prompt
from cordboard.directory.model import Context
from cordboard.engines.memory import MemoryEngine
from cordboard.exchange import fetching
from cordboard.exchange.exchange import Exchange
from cordboard.exchange.fetching import NoDocument
from support.programs import steps_of
from support.quick_house import QuickHouse
from support.tenants import tenant
from support.waiting import BOUND, eventually

pytestmark = pytest.mark.anyio

ONE, SORRY = b'{"steps": [{"say": "1"}, {"wait": 9}]}', Prompt("builtin:en/0")


class Servers:
    """Web servers: by URL what each sends, or why it does not; None: it never answers."""

    def __init__(self, **answers: bytes | str | None) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, str]] = []

    async def ask(self, domain: str, url: str, form: Mapping[str, str] | None) -> bytes:
        host = url.removeprefix("https://")
        self.asked.append((domain, host, "GET" if form is None else form["CallStatus"]))
        answer = self.answers[host]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, bytes):
            return answer
        raise NoDocument(str(answer))


async def house_with(servers: Servers, *hosts: str) -> tuple[QuickHouse, str]:
    urls = ", ".join(f'"https://{host}"' for host in hosts)
    steps = steps_of(
        f'steps = [{{fetch = [{urls}], otherwise = "a"}}, {{label = "a", say = "0"}}, {{wait = 9}}]'
    )
    house = QuickHouse(where=replace(tenant(), contexts=(Context("ivr", "1111", steps=steps),)))
    house.exchange.fetch_from(servers)
    return house, await house.place(to="1111")


def played(house: QuickHouse) -> list[object]:
    return [one.sound for one in house.engine.commands if isinstance(one, Play)]


async def test_steps_come_from_the_first_server_that_has_some() -> None:
    servers = Servers(gone="status 503", empty=b"<IVR><Foo/></IVR>", good=ONE, other=ONE)
    house, call = await house_with(servers, "gone", "empty", "good", "other")
    await eventually(lambda: Prompt("builtin:en/1") in played(house), BOUND, "the step is heard")
    assert servers.asked == [("demo", host, "in-progress") for host in ("gone", "empty", "good")]
    (fetched,) = await house.events(call, EventKind.PROGRAM_FETCHED)
    assert fetched.event.data == {"steps": 2, "error": None}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("status 503", "status 503"),
        (b"hello", "it is neither JSON nor XML"),
        (b"<IVR><Play>../secret.wav</Play></IVR>", "below the folder"),
    ],
)
async def test_without_steps_the_program_goes_on(answer: bytes | str, why: str) -> None:
    house, call = await house_with(Servers(one=answer), "one")
    await eventually(lambda: SORRY in played(house), BOUND, "it says so")
    (fetched,) = await house.events(call, EventKind.PROGRAM_FETCHED)
    assert why in str(fetched.event.data["error"])


async def test_nobody_is_asked_where_nothing_asks() -> None:
    steps = steps_of('steps = [{fetch = "https://a.test/"}, {say = "0"}, {wait = 9}]')
    house = QuickHouse(where=replace(tenant(), contexts=(Context("ivr", "1111", steps=steps),)))
    await house.place(to="1111")
    await eventually(lambda: SORRY in played(house), BOUND, "it goes on")


async def test_so_many_are_asked_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_UNDER_WAY", 0)
    house, call = await house_with(Servers(one=ONE), "one")
    await eventually(lambda: SORRY in played(house), BOUND, "it goes on")
    (fetched,) = await house.events(call, EventKind.PROGRAM_FETCHED)
    assert fetched.event.data["error"] == "too many documents are asked for"


async def test_a_server_that_is_slow_is_not_waited_for_at_the_end() -> None:
    servers, before = Servers(slow=None), asyncio.all_tasks()
    house, call = await house_with(servers, "slow")
    await eventually(lambda: servers.asked, BOUND, "it is asked")
    house.exchange.hang_up("demo", call)
    await house.exchange.stop()
    assert asyncio.all_tasks() <= before


async def test_a_call_that_was_in_a_program_when_the_server_died_has_its_result() -> None:
    house, call = await house_with(Servers(one=ONE), "one")
    await eventually(lambda: Prompt("builtin:en/1") in played(house), BOUND, "it is in the program")
    await house.journal.flush()
    after = Exchange(lambda: house.directory, MemoryEngine(), house.journal, lambda: 0.5)
    await after.recover()
    (end,) = await house.events(call, EventKind.CALL_ENDED)
    assert (end.event.data["outcome"], end.event.data["stage"]) == ("interrupted", "program")


DATA = b'{"a": [1, 2]}'


@pytest.mark.parametrize(
    ("answer", "says", "error"),
    [
        (DATA, "1", None),
        (b"<x/>", "0", "it is no JSON"),
        (b"[" * 9_000, "0", "it is no JSON"),
        (b'"' + b"x" * fetching.LONGEST_DATA + b'"', "0", "the data is longer than 16384 octets"),
        ("status 404", "0", "status 404"),
    ],
)
async def test_data_is_fetched_for_a_variable(
    answer: bytes | str, says: str, error: str | None
) -> None:
    document = (
        "<IVR><GetJSON var='d' url='https://data' method='GET'/>"
        "<If expr='d'><Then><Say>{{d.a[0]}}</Say></Then><Else><Say>0</Say></Else></If>"
        "<Wait length='9'/></IVR>"
    )
    servers = Servers(one=document.encode(), data=answer)
    house, call = await house_with(servers, "one")
    said = Prompt(f"builtin:en/{says}")
    await eventually(lambda: said in played(house), 5.0, "it is heard")
    assert servers.asked[-1] == ("demo", "data", "GET")
    fetched = await house.events(call, EventKind.PROGRAM_FETCHED)
    assert fetched[-1].event.data == {"steps": 0, "error": error}


async def test_an_error_that_is_handled_is_told() -> None:
    document = (
        "<IVR><SetErrorHandler>s</SetErrorHandler><Set var='a' expr='1 / 0'/>"
        "<Section name='s'><Say>0</Say><Wait length='9'/></Section></IVR>"
    )
    house, call = await house_with(Servers(one=document.encode()), "one")
    await eventually(lambda: SORRY in played(house), 5.0, "the handler is heard")
    (told,) = await house.events(call, EventKind.PROGRAM_ERROR)
    assert told.event.data == {"error": "1 / 0 can't be calculated"}
