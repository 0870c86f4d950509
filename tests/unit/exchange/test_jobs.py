"""Calls that programs have made later: who is called, when, how often, and who may ask for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import EventKind
from cordboard.calls.ports import Play, Prompt
from cordboard.calls.request import SecondScope
from cordboard.directory.model import Context
from cordboard.directory.snapshot import Directory
from cordboard.engines.far_end import FarEnd
from cordboard.exchange import jobs
from cordboard.feeds.job_attempts import AttemptsOwed, JobAttempts
from cordboard.journal.outbox import Attempt
from cordboard.journal.port import Journal
from support.programs import steps_of
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

OUTSIDE = "0312341234"
HELLO = "<IVR><Play>hello.wav</Play><Wait length='9'/></IVR>"


def job(called: str = "1002", shown: str | None = None, **options: Any) -> str:
    """An element that has somebody called, who hears a greeting."""
    data: dict[str, Any] = {"called_number": called, "ivr_xml": {"type": "inline", "data": HELLO}}
    if shown is not None:
        data["calling_number"] = shown
    text = json.dumps({"type": "ivr_call", "data": data, "options": options})
    return f"<AddJob><![CDATA[{text}]]></AddJob>"


class Server:
    """A web server that sends every program the same document."""

    def __init__(self, document: str) -> None:
        self.document = document

    async def ask(self, _domain: str, _url: str, _form: Mapping[str, str] | None) -> bytes:
        return self.document.encode()


def house_with(document: str, journal: Journal | None = None) -> QuickHouse:
    steps = steps_of('steps = [{fetch = "https://a.test"}, {wait = 9}]')
    context = Context("ivr", "1111", steps=steps, folder="/prompts")
    house = QuickHouse(journal, where=replace(tenant(), contexts=(context,)))
    says = "<Case val='true'><Say>1</Say></Case><Default><Say>0</Say></Default>"
    tells = f"<Switch var='JobAdded'>{says}</Switch><Wait length='9'/>"
    house.exchange.fetch_from(Server(f"<IVR>{document}{tells}</IVR>"))
    return house


def said(house: QuickHouse) -> list[object]:
    return [one.sound for one in house.engine.commands if isinstance(one, Play)]


async def told(house: QuickHouse, call: str) -> dict[str, Any]:
    """What the event says about the job."""
    heard = (Prompt("builtin:en/0"), Prompt("builtin:en/1"))
    await eventually(lambda: any(one in said(house) for one in heard), 5.0, "the caller is told")
    (added,) = await house.events(call, EventKind.PROGRAM_JOB)
    return dict(added.event.data)


async def test_somebody_is_called_and_goes_through_the_document() -> None:
    house = house_with(job())
    call = await house.place(to="1111")
    added = await told(house, call)
    assert added["error"] is None
    assert Prompt("builtin:en/1") in said(house)
    await eventually(lambda: Prompt("/prompts/hello.wav") in said(house), 5.0, "thomas hears it")
    record = await house.record(str(added["job"]))
    assert (record.method, record.dialect, record.account) == ("add_job", "basix", "main")
    (accepted,) = await house.events(record.id, EventKind.CALL_ACCEPTED)
    assert accepted.event.data["metadata"] == {"added_by": call}
    assert accepted.event.data["first"]["name"] == "thomas"  # type: ignore[index, call-overload]  # a party
    assert accepted.event.data["second"]["kind"] == "context"  # type: ignore[index, call-overload]  # a party


async def test_a_later_call_waits_for_its_time() -> None:
    house = house_with(job(delay=10_000))
    added = await told(house, await house.place(to="1111"))
    assert house.exchange.scheduled_calls() == 1
    (scheduled,) = await house.events(str(added["job"]), EventKind.CALL_SCHEDULED)
    assert scheduled.event.data == {"due_at": 10.5}
    await house.exchange.stop()


@pytest.mark.parametrize(
    ("element", "fault"),
    [
        ("<AddJob>{}</AddJob>", "data is no object"),
        (job("nobody"), "neither known here nor a number"),
        (job("119"), "emergency"),
        (job("1111"), "a context can't be rung first"),
        (job(OUTSIDE, shown="0311119999"), "is not a number of demo that may be shown"),
    ],
)
async def test_what_may_not_be_called_is_not_added(element: str, fault: str) -> None:
    house = house_with(element)
    call = await house.place(to="1111")
    added = await told(house, call)
    assert added["job"] is None
    assert fault in str(added["error"])
    assert Prompt("builtin:en/0") in said(house)


async def test_who_may_only_call_inside_has_nobody_called_but_himself() -> None:
    house = house_with('<GetDigits numDigits="1" timeout="1"/>' + job("{{Digits}}" + OUTSIDE))
    house.engine.when_dialled(OUTSIDE, AT_ONCE)
    call = await house.place(to="1111", second_scope=SecondScope.INSIDE)
    added = await told(house, call)
    assert added == {
        "job": None,
        "error": "who may only call inside can have nobody called but himself",
    }

    house = house_with(job("{{CallingNumber}}"))
    call = await house.place(to="1111", second_scope=SecondScope.INSIDE)
    assert (await told(house, call))["error"] is None


async def test_a_tenants_jobs_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_WAITING", 1)
    house = house_with(job(delay=60_000))
    assert (await told(house, await house.place(to="1111")))["error"] is None
    house.engine.commands.clear()
    added = await told(house, await house.place(to="1111"))
    assert added["error"] == "1 jobs wait for their time"
    await house.exchange.stop()


class Attempts:
    """What delivers the attempts that a house owes, when the test wants it."""

    def __init__(self, house: QuickHouse) -> None:
        self.house = house
        house.journal.owe_also(AttemptsOwed(lambda: house.directory))
        ids = iter(f"again-{number}" for number in range(99))
        self._places = JobAttempts(
            house.journal, house.exchange.place, lambda: next(ids), lambda: 0.5
        )

    async def deliver(self, *, times: int = 1) -> list[Attempt]:
        await self.house.journal.flush()
        owed = await self.house.journal.posted(DOMAIN)
        newest = [one.owed for one in owed if one.owed.dialect == "attempt"][:1]
        return [await self._places.deliver(one, 0) for one in newest for _ in range(times)]


async def one_attempt(house: QuickHouse) -> str:
    """The first attempt, which is over."""
    call = await house.place(to="1111")
    first = str((await told(house, call))["job"])
    await eventually(lambda: house.exchange.live_calls() == 1, 5.0, "only the caller is left")
    return first


async def test_who_does_not_answer_is_called_again_and_only_once() -> None:
    house = house_with(job(attempts=3, backoff={"delay": 20_000}))
    attempts = Attempts(house)
    house.when("thomas", ((0.0, lambda far: far.reject(486)),))
    await one_attempt(house)
    placed = await attempts.deliver(times=3)
    assert [one.status for one in placed] == [202, 202, 202]
    assert house.exchange.scheduled_calls() == 1, "the key says that it is the same one"
    (scheduled,) = await house.events("again-0", EventKind.CALL_SCHEDULED)
    assert scheduled.event.data == {"due_at": 20.5}
    (accepted,) = await house.events("again-0", EventKind.CALL_ACCEPTED)
    assert accepted.event.data["again"] == {"left": 1, "seconds": 20.0}
    await house.exchange.stop()


@pytest.mark.parametrize("does", ["answers", "is cancelled", "is the last"])
async def test_nobody_is_called_again_without_need(does: str) -> None:
    house = house_with(job(attempts=1 if does == "is the last" else 2))
    attempts = Attempts(house)
    if does != "answers":
        house.when(
            "thomas",
            ((0.0, FarEnd.ring),)
            if does == "is cancelled"
            else ((0.0, lambda far: far.reject(486)),),
        )
    call = await house.place(to="1111")
    first = str((await told(house, call))["job"])
    if does != "is the last":
        await eventually(lambda: house.exchange.live_calls() == 2, 5.0, "it is alive")
        house.exchange.hang_up(DOMAIN, first)
    await eventually(lambda: house.exchange.live_calls() == 1, 5.0, "it is over")
    assert await attempts.deliver() == []


async def test_an_attempt_that_can_never_be_made_is_given_up() -> None:
    house = house_with(job(attempts=2))
    attempts = Attempts(house)
    house.when("thomas", ((0.0, lambda far: far.reject(486)),))
    await one_attempt(house)
    house.directory = Directory(())  # the tenant is gone
    (given_up,) = await attempts.deliver()
    assert given_up.seconds < 0
    assert given_up.status is None


async def test_a_server_that_goes_down_is_asked_again_later() -> None:
    house = house_with(job(attempts=2))
    attempts = Attempts(house)
    house.when("thomas", ((0.0, lambda far: far.reject(486)),))
    await one_attempt(house)
    await house.exchange.stop()
    (later,) = await attempts.deliver()
    assert (later.status, later.seconds >= 0) == (None, True)
