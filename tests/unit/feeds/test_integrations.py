"""What is told of a group's calls: to its hook, and to a Zendesk that takes what its pages say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook

from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.ports import Incoming
from cordboard.calls.request import Address, GroupKeys, Leg, RingNumber
from cordboard.calls.running.wishes import Wishes
from cordboard.directory.integrations import CALL_EVENTS, EventHook, Integrations
from cordboard.directory.integrations import Zendesk as Account
from cordboard.directory.snapshot import Directory
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.delivery import Courier
from cordboard.feeds.group_calls import HOOK, GroupsOwed
from cordboard.feeds.group_hooks import GroupHooks
from cordboard.feeds.outbound import Outbound
from cordboard.feeds.zendesk import DISPLAY_SECONDS, ZendeskDesk
from cordboard.journal.outbox import Fate, Posted
from support.http_receiver import listening, taking
from support.programs import steps_of
from support.quick_house import AT_ONCE, QuickHouse
from support.tenants import DOMAIN, tenant
from support.waiting import eventually
from support.zendesk import AGENT, EMAIL, END_USER, TOKEN, Zendesk, zendesk

pytestmark = pytest.mark.anyio

SALES = GroupKeys(name="sales")
SECRET = b"a secret of 24 octets or so"
LINE = "0312340000"
OUTSIDE = "0312341234"
INTERNATIONAL = "+81312341234"


class Told:
    """A receiver of events."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.raw: list[tuple[bytes, dict[str, str]]] = []
        self.statuses: list[int] = []
        self.slow: dict[str, asyncio.Event] = {}

    async def take(self, request: web.Request) -> web.Response:
        self.raw.append((await request.read(), dict(request.headers)))
        body = await request.json()
        if body["type"] in self.slow:
            await self.slow[body["type"]].wait()
        self.bodies.append(body)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def types(self) -> list[str]:
        return [body["type"] for body in self.bodies]


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    receiver = Told()
    async with listening(taking(receiver.take)) as url:
        receiver.url = f"{url}/told"
        yield receiver


class House(QuickHouse):
    """A house whose group ``sales`` has integrations; ``now`` is the wall's time."""

    def __init__(self, has: Integrations) -> None:
        where = tenant(callbacks_inside=True)
        sales = replace(where.groups[0], integrations=has, dids=(LINE,))
        super().__init__(where=replace(where, groups=(sales, *where.groups[1:])))
        self.now = 5.0
        self.engine.when_dialled(OUTSIDE, AT_ONCE)
        self.outbound = Outbound(total_timeout=1.0)
        courier = Courier(self.outbound, lambda: self.now, back_off=(0.01,) * 1000)
        self.journal.owe_also(GroupsOwed(lambda: self.directory))
        hooks = GroupHooks(courier, lambda: self.directory, lambda: self.now)
        desk = ZendeskDesk(self.outbound, self.journal, lambda: self.directory, lambda: self.now)
        others = {HOOK: hooks.deliver, **desk.deliverers()}
        self.callbacks = Callbacks(
            self.journal, courier, lambda: 1e9, others=others, look_seconds=0.01
        )

    def without_integrations(self) -> None:
        """The configuration is read anew, and has none any more."""
        self.directory = Directory((tenant(callbacks_inside=True),))

    async def posted(self, call: str, dialect: str) -> list[Posted]:
        """What is owed of a call in a dialect, in order."""
        found = await self.journal.posted(DOMAIN, call=call)
        return [one for one in reversed(found) if one.owed.dialect == dialect]

    async def settled(self, call: str, dialect: str, count: int = 1) -> list[Posted]:
        """The same, once all of it is delivered or given up."""

        async def is_settled() -> bool:
            found = await self.posted(call, dialect)
            return len(found) >= count and all(one.fate is not Fate.PENDING for one in found)

        await eventually(is_settled, what=f"{dialect} of {call}")
        return await self.posted(call, dialect)


@asynccontextmanager
async def house_with(has: Integrations) -> AsyncIterator[House]:
    house = House(has)
    house.callbacks.start()
    try:
        yield house
    finally:
        await house.callbacks.stop()
        await house.outbound.close()


# The hook


async def test_a_hook_is_told_the_events_that_it_wants(told: Told) -> None:
    hook = EventHook(told.url, frozenset({"call.bridged", "call.ended"}), (SECRET,))
    async with house_with(Integrations(hook)) as house:
        call = await house.place(group=SALES, external_id="order-7")
        await house.hang_up_second(call)
        one, other = await house.settled(call, HOOK, 2)
        assert (one.fate, other.fate) == (Fate.DELIVERED, Fate.DELIVERED)
        recorded = await house.events(call, EventKind.CALL_BRIDGED, EventKind.CALL_ENDED)
        assert told.bodies == [
            {
                "type": one.event.kind.value,
                "group": "sales",
                "seq": one.seq,
                "at": one.at,
                "call": call,
                "external_id": "order-7",
                "leg": None,
                "channel": None,
                "data": dict(one.event.data),
            }
            for one in recorded
        ]
        ids = [headers["webhook-id"] for _, headers in told.raw]
        assert ids == [one.owed.id, other.owed.id]
        assert len(set(ids)) == 2


async def test_what_a_hook_is_told_is_signed_by_its_own_secret(told: Told) -> None:
    async with house_with(Integrations(EventHook(told.url, secrets=(SECRET,)))) as house:
        house.now = time.time()  # what is signed is only good for some minutes
        call = await house.place(group=SALES)
        await house.settled(call, HOOK, 4)
        for body, headers in told.raw:
            Webhook(SECRET).verify(body, {key.lower(): value for key, value in headers.items()})
    assert told.types == ["call.accepted", "leg.answered", "leg.answered", "call.bridged"]


async def test_calls_of_other_groups_and_of_none_are_not_told(told: Told) -> None:
    async with house_with(Integrations(EventHook(told.url))) as house:
        for more in ({}, {"group": GroupKeys(name="support")}):
            call = await house.place(**more)
            await house.hang_up_second(call)
            assert await house.posted(call, HOOK) == []


async def test_a_group_that_is_rung_is_told_as_well(told: Told) -> None:
    async with house_with(Integrations(EventHook(told.url, frozenset({"call.ended"})))) as house:
        call = await house.place(to="sales")
        await house.hang_up_second(call)
        await house.settled(call, HOOK)
    assert told.types == ["call.ended"]


@pytest.mark.parametrize("way", ["a program", "a transfer"])
async def test_a_group_that_is_reached_later_is_told_from_then_on(told: Told, way: str) -> None:
    hook = EventHook(told.url, frozenset(CALL_EVENTS))
    async with house_with(Integrations(hook)) as house:
        here = house.directory.tenant(DOMAIN)
        assert here is not None
        menu = replace(here.contexts[0], steps=steps_of('steps = [{ring = "sales"}]'))
        house.directory = Directory((replace(here, contexts=(menu,)),))
        call = await house.place(to="1111" if way == "a program" else "thomas")
        if way == "a transfer":
            assert await house.posted(call, HOOK) == []

            def transfer(wishes: Wishes, now: float) -> None:
                wishes.transfer(Leg.FIRST, "sales", now)

            house.exchange.wish(DOMAIN, call, transfer)
        house.exchange.hang_up(DOMAIN, call)
        await eventually(lambda: house.exchange.live_calls() == 0, what="the call is over")
        found = await house.posted(call, HOOK)
        await house.settled(call, HOOK, len(found))
    begun = "channel.dialled" if way == "a program" else "call.transferring"
    assert told.types[0] == begun
    assert {"call.accepted", "call.program"}.isdisjoint(told.types)
    assert told.types[-1] == "call.ended"
    assert ("call.bridged" in told.types) is (way == "a program")


async def test_what_a_hook_does_not_take_is_sent_again_under_the_same_id(told: Told) -> None:
    told.statuses = [500, 503]
    async with house_with(Integrations(EventHook(told.url, frozenset({"call.ended"})))) as house:
        call = await house.place(group=SALES)
        await house.hang_up_second(call)
        (posted,) = await house.settled(call, HOOK)
        assert (posted.fate, posted.attempts) == (Fate.DELIVERED, 3)
    assert len({headers["webhook-id"] for _, headers in told.raw}) == 1


async def test_events_of_a_call_are_sent_one_after_the_other(told: Told) -> None:
    told.slow["call.accepted"] = asyncio.Event()
    async with house_with(Integrations(EventHook(told.url))) as house:
        call = await house.place(group=SALES)
        other = await house.place(group=SALES, first=Address("helen"))
        await eventually(lambda: len(told.raw) == 2, what="the first event of both calls")
        told.slow["call.accepted"].set()
        await house.settled(call, HOOK, 4)
        await house.settled(other, HOOK, 1)
    mine = [body["seq"] for body in told.bodies if body["call"] == call]
    assert mine == sorted(mine)
    assert len(mine) == 4


async def test_a_hook_that_is_configured_no_more_gets_nothing(told: Told) -> None:
    told.statuses = [500] * 1000
    async with house_with(Integrations(EventHook(told.url, frozenset({"call.ended"})))) as house:
        call = await house.place(group=SALES)
        await house.hang_up_second(call)
        await eventually(lambda: told.bodies)
        house.without_integrations()
        (posted,) = await house.settled(call, HOOK)
        assert posted.fate is Fate.GIVEN_UP
        assert posted.last is not None
        assert posted.last.error == "the group has no hook any more"


# Zendesk


@asynccontextmanager
async def acme(link: str | None = None) -> AsyncIterator[tuple[Zendesk, House]]:
    async with zendesk() as there:
        account = Account(there.url, EMAIL, TOKEN, link)
        async with house_with(Integrations(zendesk=account)) as house:
            yield there, house
        assert there.faults == []


async def test_the_profile_of_who_is_called_opens_for_the_agent() -> None:
    async with acme() as (there, house):
        call = await house.place(group=SALES, to=OUTSIDE)
        (posted,) = await house.settled(call, "zendesk.display")
        assert posted.fate is Fate.DELIVERED
        assert there.displayed == [(AGENT, END_USER)]


async def test_a_ticket_tells_of_the_call() -> None:
    async with acme() as (there, house):
        call = await house.place(group=SALES, to=OUTSIDE, external_id="order-7")
        await house.hang_up_second(call)
        (posted,) = await house.settled(call, "zendesk.ticket")
        assert posted.fate is Fate.DELIVERED
        (made,) = there.tickets
        body = made["ticket"].pop("comment")["body"]
        assert made == {
            "display_to_agent": AGENT,
            "ticket": {
                "via_id": 46,
                "subject": f"Call to {INTERNATIONAL}",
                "external_id": call,
                "requester_id": END_USER,
                "submitter_id": AGENT,
            },
        }
        assert f"to {INTERNATIONAL}, group sales" in body
        assert "Agent: Jessica" in body
        assert "Ended: completed (normal)" in body


async def test_a_call_that_was_recorded_has_its_link_in_the_ticket() -> None:
    async with acme("https://pbx.example.com/recordings/{id}") as (there, house):
        call = await house.place(group=SALES, to=OUTSIDE, record=True)
        await house.hang_up_second(call)
        await house.settled(call, "zendesk.ticket")
        (made,) = there.tickets
        voice = made["ticket"]["voice_comment"]
        assert voice["recording_url"].startswith("https://pbx.example.com/recordings/")
        assert "{id}" not in voice["recording_url"]
        assert (voice["to"], voice["answered_by_id"]) == (INTERNATIONAL, AGENT)
        assert voice["recording_url"] in made["ticket"]["description"]


async def test_who_calls_the_group_from_outside_is_shown_to_who_answers() -> None:
    async with acme() as (there, house):
        there.agents = {"thomas@demo.test": AGENT}
        house.engine.take_calls()
        incoming = Incoming("in@1", None, ("first@demo",), LINE, "h", OUTSIDE, "Kondo")
        caller = house.engine.call_in(incoming)
        await eventually(lambda: house.journal.snapshot(DOMAIN).calls, what="the call")
        ((record, _),) = house.journal.snapshot(DOMAIN).calls
        await house.settled(record.id, "zendesk.display")
        assert there.displayed == [(AGENT, END_USER)]
        caller.hang_up()
        await house.settled(record.id, "zendesk.ticket")
        ticket = there.tickets[0]["ticket"]
        assert (ticket["via_id"], ticket["subject"]) == (45, f"Call from {INTERNATIONAL}")
        assert f"From {INTERNATIONAL} to +81312340000" in ticket["comment"]["body"]


async def test_who_is_called_first_is_shown_to_the_user_behind_him() -> None:
    async with acme() as (there, house):
        first = RingNumber(Address(OUTSIDE))
        call = await house.place(group=SALES, first=first, to="jessica")
        await house.settled(call, "zendesk.display")
        assert there.displayed == [(AGENT, END_USER)]


async def test_an_unknown_number_is_a_new_requester_and_opens_nothing() -> None:
    async with acme() as (there, house):
        there.phones = {}
        call = await house.place(group=SALES, to=OUTSIDE)
        await house.hang_up_second(call)
        (shown,) = await house.settled(call, "zendesk.display")
        assert shown.fate is Fate.GIVEN_UP
        assert shown.last is not None
        assert shown.last.error == "no end user of Zendesk has this number"
        await house.settled(call, "zendesk.ticket")
        requester = there.tickets[0]["ticket"]["requester"]
        assert requester == {"name": INTERNATIONAL, "phone": INTERNATIONAL}


async def test_a_zendesk_that_is_down_is_asked_again() -> None:
    async with acme() as (there, house):
        call = await house.place(group=SALES, to=OUTSIDE)
        await house.settled(call, "zendesk.display")
        there.down = [503, 429]
        await house.hang_up_second(call)
        (posted,) = await house.settled(call, "zendesk.ticket")
        assert (posted.fate, posted.attempts) == (Fate.DELIVERED, 3)
        assert len(there.tickets) == 1


async def test_a_ticket_whose_answer_was_lost_is_not_made_twice() -> None:
    async with acme() as (there, house):
        there.loses_answers = True
        call = await house.place(group=SALES, to=OUTSIDE)
        await house.hang_up_second(call)
        (posted,) = await house.settled(call, "zendesk.ticket")
        assert (posted.fate, posted.attempts) == (Fate.DELIVERED, 2)
        assert len(there.tickets) == 1


async def test_nobody_is_shown_who_hung_up_long_ago() -> None:
    async with acme() as (there, house):
        house.now += DISPLAY_SECONDS + 1e3
        call = await house.place(group=SALES, to=OUTSIDE)
        (posted,) = await house.settled(call, "zendesk.display")
        assert posted.fate is Fate.GIVEN_UP
        assert there.displayed == []


async def test_a_call_between_two_inside_is_none_of_zendesks_business() -> None:
    async with acme() as (there, house):
        call = await house.place(group=SALES)
        await house.hang_up_second(call)
        assert await house.posted(call, "zendesk.ticket") == []
        assert there.asked == []


def test_a_tenant_without_integrations_is_of_no_concern() -> None:
    owed = GroupsOwed(lambda: Directory((tenant(),)))
    assert not owed.concerns(DOMAIN)
    assert not owed.concerns("nowhere")
    accepted = CallEvent(EventKind.CALL_ACCEPTED, "c")
    assert list(owed.owed(DOMAIN, accepted, accepted, 1.0, 1)) == []


def test_a_hook_can_be_told_of_all_that_happens_to_calls() -> None:
    known = {kind.value for kind in EventKind}
    assert known >= CALL_EVENTS
    assert {name for name in known if name.startswith(("call.", "leg."))} <= CALL_EVENTS
