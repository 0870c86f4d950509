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
from cordboard.exchange.web_documents import NoDocument
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
        self.forms: list[Mapping[str, str]] = []

    async def ask(self, domain: str, url: str, form: Mapping[str, str] | None) -> bytes:
        host = url.removeprefix("https://")
        self.asked.append((domain, host, "GET" if form is None else form["CallStatus"]))
        self.forms.append(form or {})
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
    asked = [one for one in servers.asked if one[2] != "error"]
    assert asked == [("demo", host, "in-progress") for host in ("gone", "empty", "good")]
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


def told(servers: Servers) -> list[tuple[str, str, str | None]]:
    """What servers were told, not asked: whom, and what."""
    pairs = zip(servers.asked, servers.forms, strict=True)
    return [
        (host, status, form.get("Error"))
        for (_, host, status), form in pairs
        if status in ("error", "completed")
    ]


async def ended(house: QuickHouse, call: str) -> None:
    house.exchange.hang_up("demo", call)
    await eventually(lambda: house.exchange.live_calls() == 0, BOUND, "it is over")


async def test_a_server_is_told_when_the_call_began_was_answered_and_is_over() -> None:
    document = b"<IVR><Set var='a' val='b'/><Redirect>https://two</Redirect></IVR>"
    servers = Servers(one=document, two=b"<IVR><Answer/><Play>builtin:en/1</Play><Park/></IVR>")
    house, call = await house_with(servers, "one")
    await eventually(lambda: Prompt("builtin:en/1") in played(house), BOUND, "it goes by the last")
    await ended(house, call)
    await house.exchange.stop()
    assert told(servers) == [("two", "completed", None)]
    first, second, last = servers.forms
    assert (first["StartTime"], first["AnswerTime"]) == (second["StartTime"], second["AnswerTime"])
    assert int(first["StartTime"]) <= int(first["AnswerTime"])
    call_only = {name: value for name, value in second.items() if name in last}
    assert last == {**call_only, "CallStatus": "completed"}
    assert (second["var_a"], "var_a" in last) == ("b", False)


async def test_nobody_is_told_of_a_call_that_goes_by_other_steps() -> None:
    servers = Servers(one=ONE)
    house, call = await house_with(servers, "one")
    await eventually(lambda: Prompt("builtin:en/1") in played(house), BOUND, "the step is heard")
    await ended(house, call)
    await house.exchange.stop()
    assert told(servers) == []


async def test_who_has_sent_a_faulty_document_is_told_so() -> None:
    servers = Servers(one=b"<IVR><Foo/></IVR>", two=b"no steps", three="status 503")
    house, call = await house_with(servers, "one", "two", "three")
    await eventually(lambda: SORRY in played(house), BOUND, "it goes on")
    await ended(house, call)
    await house.exchange.stop()
    assert told(servers) == [("one", "error", "xml: <Foo> is not understood")]


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("<Set var='a' expr='1 / 0'/>", "1 / 0 can't be calculated"),
        ("<SetErrorHandler>s</SetErrorHandler><Set var='a' expr='1 / 0'/>", "1 / 0 can't be"),
        ("<Redirect>https://gone</Redirect>", "status 503"),
        (
            "<SetErrorHandler>s</SetErrorHandler><Redirect>https://gone</Redirect>",
            "no document: status 503",
        ),
        ("<GetJSON var='d' url='https://gone'/>", None),
    ],
)
async def test_a_server_is_told_once_what_is_wrong_with_its_document(
    does: str, why: str | None
) -> None:
    document = f"<IVR>{does}<Section name='s'><Wait length='0.1'/></Section></IVR>"
    servers = Servers(one=document.encode(), gone="status 503")
    house, _ = await house_with(servers, "one")
    await eventually(lambda: house.exchange.live_calls() == 0, BOUND, "it is over")
    await house.exchange.stop()
    *errors, end = told(servers)
    assert end == ("one", "completed", None)
    assert [(host, status) for host, status, _ in errors] == [("one", "error")] * (why is not None)
    assert why is None or str(errors[0][2]).startswith(why)


async def test_an_error_that_is_handled_is_told() -> None:
    document = (
        "<IVR><SetErrorHandler>s</SetErrorHandler><Set var='a' expr='1 / 0'/>"
        "<Section name='s'><Say>0</Say><Wait length='9'/></Section></IVR>"
    )
    house, call = await house_with(Servers(one=document.encode()), "one")
    await eventually(lambda: SORRY in played(house), 5.0, "the handler is heard")
    (told,) = await house.events(call, EventKind.PROGRAM_ERROR)
    assert told.event.data == {"error": "1 / 0 can't be calculated"}
