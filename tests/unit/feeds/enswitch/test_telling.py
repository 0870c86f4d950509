"""What customers' web URLs are told of calls and agents, by the requests that they describe."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import AgentAct
from cordboard.calls.ports import Incoming
from cordboard.calls.request import Leg, LegWishes, RingUser, UserKeys
from cordboard.calls.running.wishes import Wishes
from cordboard.directory.queue_rules import QueueRules
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.webhooks import Webhook, WebhookEvent, WebMethod
from cordboard.engines.far_end import RINGS, CallingEnd
from cordboard.exchange.agents import Agents
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.enswitch.call_ids import callid, uniqueid
from cordboard.feeds.enswitch.happenings import START, customer_event, webhook_events
from cordboard.feeds.outbound import Outbound
from cordboard.journal.outbox import Fate
from cordboard.journal.port import Journal
from cordboard.randomness import timely_uuid
from cordboard.serving.deliveries import deliveries
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually

pytestmark = pytest.mark.anyio

OUTSIDE = "0312341234"
LINE = "0312340000"
BODY = """{
  "callid": "#callid#", "status": "#status#", "direction": "#direction#",
  "callerid_external": "#callerid_external#", "snumber": "#snumber#", "cnumber": "#cnumber#",
  "talktime": "#talktime#", "totaltime": "#totaltime#", "extension": "#extension#",
  "uniqueid": "#uniqueid#", "callername": "#callername#", "recording": "#recording#",
  "dnumber": "#dnumber#", "server": "#server#", "stype": "#stype#", "ctype": "#ctype#",
  "dtype": "#dtype#", "start": "#start#", "answered": "#answered#", "end": "#end#",
  "agent": "#agent#", "queue": "#queue#", "reason": "#reason#", "none": "#no_such_thing#"
}"""
"""The template that a known client has its users paste, and what else it is known to read."""

Told = tuple[str, str, dict[str, str], bytes]


class Crm:
    """Takes any request, and keeps method, path with query, headers and body."""

    def __init__(self) -> None:
        self.url = ""
        self.told: list[Told] = []
        self.statuses: list[int] = []

    async def take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): said for name, said in request.headers.items()}
        self.told.append((request.method, request.path_qs, headers, await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def bodies(self) -> list[dict[str, str]]:
        return [json.loads(body) for *_, body in self.told]

    @property
    def statuses_told(self) -> list[str]:
        return [body["status"] for body in self.bodies]

    @property
    def forms(self) -> list[dict[str, str]]:
        return [dict(parse_qsl(body.decode(), keep_blank_values=True)) for *_, body in self.told]


@pytest.fixture
async def crm() -> AsyncIterator[Crm]:
    receiver = Crm()
    app = web.Application()
    app.router.add_route("*", "/{path}", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}"
    yield receiver
    await runner.cleanup()


class House(QuickHouse):
    """Calls have UUIDs, support is a queue of jessica's, and whoever is to be told, is."""

    def __init__(self, where: TenantDirectory, journal: Journal | None = None) -> None:
        sales, support = where.groups
        support = replace(support, queue=QueueRules(), dids=(LINE,))
        super().__init__(journal, where=replace(where, groups=(sales, support)))
        self._names: Iterator[str] = (timely_uuid(1e9 + number) for number in range(1000))
        self.when("helen", AT_ONCE)
        self.engine.when_dialled(OUTSIDE, AT_ONCE)
        self.outbound = Outbound(total_timeout=5.0)
        self.callbacks: Callbacks = deliveries(
            *(self.journal, self.outbound, lambda: self.directory, self.exchange, "server01")
        )
        self.agents = Agents(self.journal, self.exchange.queues.somebody_may_be_free)

    def call_in(self, number: str) -> CallingEnd:
        """Somebody outside calls one of our numbers."""
        self.engine.take_calls()
        incoming = Incoming("in@1", None, ("first@demo",), number, "h", OUTSIDE, 'Kondo "K" & Co')
        return self.engine.call_in(incoming)


Open = Callable[..., House]


@pytest.fixture
async def opened() -> AsyncIterator[Open]:
    houses: list[House] = []

    def open_house(*hooks: Webhook, journal: Journal | None = None, **policy: Any) -> House:
        where = tenant(callbacks_inside=True, customer=7, **policy)
        house = House(replace(where, webhooks=hooks), journal)
        houses.append(house)
        house.callbacks.start()
        return house

    yield open_house
    for house in houses:
        await house.callbacks.stop()
        await house.outbound.close()


def hook(crm: Crm, *events: WebhookEvent, **more: Any) -> Webhook:
    given: dict[str, Any] = {"body": BODY, "headers": (("content-type", "application/json"),)}
    return Webhook(3, "crm", f"{crm.url}/told", frozenset(events), **(given | more))


EVERYTHING = tuple(WebhookEvent)
NORMAL = (WebhookEvent.CALLING, WebhookEvent.ANSWER, WebhookEvent.HANGUP)


async def test_a_normal_call_gives_calling_answer_and_hangup(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, *NORMAL))
    call = await house.place(to=OUTSIDE)
    await house.hang_up_second(call)
    await eventually(lambda: len(crm.told) == 3, what="three events")
    assert crm.statuses_told == ["Calling", "Answer", "Hangup"]
    calling, answer, hangup = crm.bodies
    assert calling == {
        "callid": callid(call),
        "uniqueid": callid(call),
        "status": "Calling",
        "direction": "out",
        "callerid_external": "",
        "snumber": "1001",
        "stype": "phone",
        "cnumber": OUTSIDE,
        "ctype": "external",
        "dnumber": OUTSIDE,
        "dtype": "external",
        "callername": "jessica",
        "server": "server01",
        "start": calling["start"],
        "answered": "0",
        "end": "0",
        "talktime": "0",
        "totaltime": "0",
        "extension": "1001",
        "recording": "",
        "agent": "",
        "queue": "",
        "reason": "",
        "none": "",
    }
    assert (answer["callid"], answer["extension"]) == (callid(call), "1001")
    assert answer["uniqueid"] == uniqueid(call, Leg.SECOND)
    assert int(answer["answered"]) > int(answer["start"]) > 0
    assert (answer["end"], hangup["answered"]) == ("0", answer["answered"])
    assert int(hangup["end"]) > int(hangup["answered"])
    assert int(hangup["totaltime"]) == int(hangup["end"]) - int(hangup["start"])
    assert answer["callerid_external"] == hangup["callerid_external"] != ""
    for method, path, headers, _ in crm.told:
        assert (method, path, headers["content-type"]) == ("POST", "/told", "application/json")
    names = [headers["webhook-id"] for _, _, headers, _ in crm.told]
    assert len(set(names)) == 3, "by which a receiver knows what it has had before"


async def test_a_caller_from_outside_is_told_by_his_number_and_name(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, *NORMAL))
    caller = house.call_in("05031001002")
    await eventually(lambda: "Answer" in crm.statuses_told, what="the answer")
    caller.hang_up()
    await eventually(lambda: len(crm.told) == 3, what="three events")
    answer = crm.bodies[1]
    assert (answer["direction"], answer["callerid_external"]) == ("in", OUTSIDE)
    assert (answer["callername"], answer["extension"]) == ('Kondo "K" & Co', "1002")
    assert (answer["dtype"], answer["dnumber"]) == ("phone", "thomas")


async def test_only_what_is_asked_for_is_told(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, WebhookEvent.HANGUP_ANSWERED_ONLY, WebhookEvent.TRANSFER))
    house.when("thomas", RINGS)
    house.exchange.hang_up(DOMAIN, await house.place())
    house.when("thomas", AT_ONCE)
    call = await house.talk()
    await eventually(lambda: crm.told, what="the end of the second one")
    assert crm.bodies[0]["callid"] == callid(call)
    assert crm.statuses_told == ["Hangup Answered Only"]


async def test_a_transfer_is_told(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, WebhookEvent.TRANSFER, WebhookEvent.HANGUP))
    call = await house.place()

    def transfer(wishes: Wishes, now: float) -> None:
        wishes.transfer(Leg.FIRST, "helen", now)

    assert house.exchange.wish(DOMAIN, call, transfer)
    await eventually(lambda: crm.told, what="the transfer")
    assert house.exchange.hang_up(DOMAIN, call)
    await eventually(lambda: len(crm.told) == 2, what="the end")
    assert crm.statuses_told == ["Transfer", "Hangup"]
    assert [(body["cnumber"], body["dnumber"]) for body in crm.bodies] == [("1003", "helen")] * 2


async def test_a_call_for_later_is_told_when_it_begins() -> None:
    later = CallEvent(EventKind.CALL_ACCEPTED, "c", data={"channels": []})
    scheduled = CallEvent(EventKind.CALL_SCHEDULED, "c", data={"due_at": 9.0})
    begun = CallEvent(EventKind.CALL_STARTED, "c", data={"channels": ["a"]})
    told = [[*webhook_events(tenant(), later, one)] for one in (later, scheduled, begun)]
    assert told == [[], [], [WebhookEvent.CALLING]]
    assert [customer_event(later, one) for one in (later, scheduled, begun)] == [None, None, START]


async def test_who_waits_for_a_queue_again_joins_it_again(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, WebhookEvent.JOIN, WebhookEvent.REJOIN))
    caller = house.call_in(LINE)
    await eventually(lambda: crm.told, what="the queue")

    def back(wishes: Wishes, now: float) -> None:
        wishes.transfer(Leg.FIRST, "support", now)

    call = house.journal.snapshot(DOMAIN).calls[0][0].id
    assert house.exchange.wish(DOMAIN, call, back)
    await eventually(lambda: len(crm.told) == 2, what="the queue again")
    assert crm.statuses_told == ["Join", "ReJoin"]
    caller.hang_up()


async def test_a_queue_is_told_by_who_joins_and_leaves(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, *EVERYTHING))
    caller = house.call_in(LINE)
    await eventually(lambda: "Answer" in crm.statuses_told, what="the agent")
    caller.hang_up()
    await eventually(lambda: "Complete Caller" in crm.statuses_told, what="the end")
    assert crm.statuses_told == [
        *("Calling", "Join", "Leave", "Answer", "Hangup", "Hangup Answered Only"),
        "Complete Caller",
    ]
    left = crm.bodies[2]
    assert (left["queue"], left["agent"], left["reason"]) == ("support", "jessica", "answered")


async def test_an_agent_who_hangs_up_completes_the_call(crm: Crm, opened: Open) -> None:
    asked = (WebhookEvent.COMPLETE_AGENT, WebhookEvent.COMPLETE_CALLER)
    house = opened(hook(crm, *asked))
    call = await house.place(to="support", first=RingUser(UserKeys(name="helen")))
    await house.hang_up_second(call)
    await eventually(lambda: crm.told, what="the end")
    assert crm.statuses_told == ["Complete Agent"]


async def test_who_gives_up_waiting_abandons_the_queue(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, *EVERYTHING))
    house.when("jessica-desk", RINGS)
    house.when("jessica-soft", RINGS)
    caller = house.call_in(LINE)
    await eventually(lambda: "Join" in crm.statuses_told, what="the queue")
    caller.hang_up()
    await eventually(lambda: "Hangup" in crm.statuses_told, what="the end")
    assert crm.statuses_told == ["Calling", "Join", "Abandon", "Leave", "Hangup"]


async def test_what_agents_do_is_told(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, *EVERYTHING))
    where = house.directory.tenants[0]
    for act in (AgentAct.PAUSE, AgentAct.UNPAUSE, AgentAct.LOGOUT, AgentAct.LOGIN):
        await house.agents.act(DOMAIN, where.groups[1], where.users[0], act, "main", "lunch")
    await eventually(lambda: len(crm.told) == 4, what="four events")
    assert crm.statuses_told == ["Pause", "UnPause", "Logout", "Login"]
    pause = crm.bodies[0]
    assert (pause["agent"], pause["extension"], pause["queue"]) == ("jessica", "1001", "support")
    assert (pause["reason"], pause["snumber"], pause["callid"]) == ("lunch", "1001", "")


async def test_method_url_and_headers_are_as_the_customer_says(crm: Crm, opened: Open) -> None:
    url = f"{crm.url}/put?call=#callid#&who=#callername#"
    headers = (("authorization", "Bearer own"), ("x-status", "#status# #callername#"))
    house = opened(
        replace(hook(crm, WebhookEvent.CALLING, headers=headers, method=WebMethod.PUT), url=url),
        replace(hook(crm, WebhookEvent.ANSWER), id=4, name="get", method=WebMethod.GET, body=None),
    )
    house.call_in("05031001002")
    await eventually(lambda: len(crm.told) == 2, what="two events")
    told = {method: (path, headers, body) for method, path, headers, body in crm.told}
    path, said, body = told["PUT"]
    record = house.journal.snapshot(DOMAIN).calls[0][0]
    assert path == f"/put?call={callid(record.id)}&who=Kondo%20%22K%22%20%26%20Co"
    assert (said["authorization"], said["x-status"]) == ("Bearer own", 'Calling Kondo "K" & Co')
    assert said["content-type"] == "application/json", "as the body looks"
    assert json.loads(body)["status"] == "Calling"
    assert told["GET"][2] == b""


async def test_what_is_not_taken_is_told_again_and_in_order(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, WebhookEvent.CALLING))
    crm.statuses = [500]
    await house.place()
    await eventually(lambda: len(crm.told) == 2, 15.0, what="another attempt")
    first, second = crm.told
    assert first[3] == second[3]
    assert first[2]["webhook-id"] == second[2]["webhook-id"]


async def test_events_of_a_customer_are_posted_as_forms(crm: Crm, opened: Open) -> None:
    house = opened(events_url=f"{crm.url}/events?key=own")
    call = await house.place(to="thomas", on_second=LegWishes(caller_number="05068680000"))
    await house.hang_up_second(call)
    await eventually(lambda: any(form["event"] == "end" for form in crm.forms), what="the end")
    forms = crm.forms
    assert forms[0]["event"] == "start"
    assert forms[-1]["event"] == "end"
    assert Counter(form["event"] for form in forms) == {
        "start": 1,
        "end": 1,
        "answer": 2,
        "route": 3,  # jessica's two phones, and thomas's
    }
    answers = [form["uniqueid"] for form in forms if form["event"] == "answer"]
    assert answers == [callid(call), uniqueid(call, Leg.SECOND)]
    for (method, path, headers, _), form in zip(crm.told, forms, strict=True):
        assert (method, path) == ("POST", "/events?key=own")
        assert headers["content-type"] == "application/x-www-form-urlencoded"
        assert (form["class"], form["callid"], form["customer"]) == ("call", callid(call), "7")
        assert float(form["timestamp"]) > 0
        assert form["timestamp"].rpartition(".")[2].isdigit()
        assert len(form["timestamp"].rpartition(".")[2]) == 6, "microseconds"


async def test_who_has_no_url_costs_nothing_and_is_told_nothing(crm: Crm, opened: Open) -> None:
    house = opened()
    call = await house.talk()
    assert await house.journal.posted(DOMAIN, call=call) == ()
    assert crm.told == []


async def test_a_webhook_that_is_gone_is_told_no_more(crm: Crm, opened: Open) -> None:
    house = opened(hook(crm, *NORMAL))
    where = house.directory.tenants[0]
    house.directory = replace(
        house.directory, tenants=(replace(where, webhooks=(hook(crm, WebhookEvent.HANGUP),)),)
    )
    crm.statuses = [500]
    call = await house.talk()
    await eventually(lambda: crm.told, what="the first attempt")
    house.directory = replace(house.directory, tenants=(replace(where, webhooks=()),))
    await house.journal.flush()
    (one,) = await house.journal.posted(DOMAIN, call=call)
    await house.callbacks.stop()
    house.callbacks.start()

    async def fate() -> Fate:
        found = await house.journal.callback(DOMAIN, one.owed.id)
        return Fate.PENDING if found is None else found.fate

    for _ in range(200):
        if await fate() is Fate.GIVEN_UP:
            break
        await asyncio.sleep(0.05)
    assert await fate() is Fate.GIVEN_UP
    assert len(crm.told) == 1


async def test_any_reply_to_an_event_of_a_customer_will_do(crm: Crm, opened: Open) -> None:
    house = opened(events_url=f"{crm.url}/events")
    crm.statuses = [404, 500, 302]
    call = await house.talk()
    await eventually(lambda: any(form["event"] == "end" for form in crm.forms), what="the end")

    async def fates() -> set[Fate]:
        await house.journal.flush()
        return {one.fate for one in await house.journal.posted(DOMAIN, call=call)}

    for _ in range(100):
        if await fates() == {Fate.DELIVERED}:
            break
        await asyncio.sleep(0.05)
    assert await fates() == {Fate.DELIVERED}
    assert len(crm.told) == len(await house.journal.posted(DOMAIN, call=call)), "each once"
