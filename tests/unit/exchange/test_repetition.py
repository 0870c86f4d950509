"""Requests that come twice ring once."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    Callback,
    CalledParty,
    CallRequest,
    EndUser,
    GroupKeys,
    LegWishes,
    Occasion,
    RingGroup,
    RingNumber,
    RingTerminal,
    RingUser,
    RunContext,
    SecondScope,
    UserKeys,
)
from cordboard.exchange.repetition import LONGEST_KEY, Accepted, Repetition, usable_key
from cordboard.journal.memory import MemoryJournal
from cordboard.journal.port import CallRecord, Key
from cordboard.journal.request_form import digest, read, written
from support.tenants import request

pytestmark = pytest.mark.anyio


class Counter:
    """Accepts requests, and counts how many it was asked to."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.repetition = Repetition(self.journal)
        self.placed: list[str] = []
        self.refusing = False
        self.held = asyncio.Event()
        self.held.set()

    async def ask(self, value: str, **more: Any) -> Accepted:
        """A request as each repetition has it: with an id of its own."""
        self.number = getattr(self, "number", 0) + 1
        asked = replace(request(**more), id=f"call-{self.number}")
        return await self.repetition.once(asked, value, lambda key: self._place(asked, key))

    async def _place(self, asked: CallRequest, key: Key) -> Accepted:
        self.placed.append(asked.id)
        await self.held.wait()
        if self.refusing:
            raise Refused(RefusalId.OVERLOADED, "not now")
        record = CallRecord(asked.id, "demo", "main", "basix", "call_user", 1.0, (asked.id + "-a",))
        await self.journal.accept(record, (), key)
        return Accepted(record.id, record.channels)


async def test_a_repetition_gets_the_reply_of_the_first() -> None:
    house = Counter()
    first = await house.ask("k")
    again = await house.ask("k")
    assert (again.call, again.channels) == (first.call, first.channels)
    assert (first.repeated, again.repeated) == (False, True)
    assert house.placed == [first.call]


async def test_fifty_at_once_ring_once() -> None:
    house = Counter()
    house.held.clear()
    asking = [asyncio.ensure_future(house.ask("k")) for _ in range(50)]
    await asyncio.sleep(0)
    house.held.set()
    replies = await asyncio.gather(*asking)
    assert len({reply.call for reply in replies}) == 1
    assert sum(reply.repeated for reply in replies) == 49
    assert len(house.placed) == 1


async def test_a_key_is_not_to_be_used_for_something_else() -> None:
    house = Counter()
    await house.ask("k")
    with pytest.raises(Refused) as caught:
        await house.ask("k", first=RingUser(UserKeys(name="thomas")))
    assert caught.value.id is RefusalId.IDEMPOTENCY_CONFLICT
    assert len(house.placed) == 1


async def test_a_refusal_leaves_the_key_free_and_those_who_waited_try_themselves() -> None:
    house = Counter()
    house.refusing = True
    house.held.clear()
    asking = [asyncio.ensure_future(house.ask("k")) for _ in range(3)]
    await asyncio.sleep(0)
    house.held.set()
    refused = await asyncio.gather(*asking, return_exceptions=True)
    assert all(isinstance(result, Refused) for result in refused)
    house.refusing = False
    assert not (await house.ask("k")).repeated


async def test_who_gives_up_waiting_leaves_the_others_their_turn() -> None:
    house = Counter()
    house.held.clear()
    first, second = (asyncio.ensure_future(house.ask("k")) for _ in range(2))
    await asyncio.sleep(0)
    second.cancel()
    house.held.set()
    assert not (await first).repeated
    assert (await house.ask("k")).repeated


@pytest.mark.parametrize("value", ["", "x" * (LONGEST_KEY + 1), "a\tb", "schl\u00fcssel"])
def test_a_key_that_cannot_be_kept_is_refused(value: str) -> None:
    with pytest.raises(Refused):
        usable_key(value)


EVERYTHING: dict[str, Any] = {
    "answer_timeout": 30.0,
    "second_answer_timeout": 20.0,
    "second_scope": SecondScope.INSIDE,
    "on_first": LegWishes(auto_answer=True, screen=True, caller_number="050"),
    "on_second": LegWishes(warn=True, caller_name="Olive", outside_only=True, trunk="x"),
    "record": True,
    "group": GroupKeys(resolver="*"),
    "callback": Callback("https://x.test/", "v1", Occasion.CALL_ENDED),
    "external_id": "ticket-7",
    "external_info": "a ticket",
    "link": "https://crm.test/7",
    "variables": (("SKIP_WELCOME", "1"), ("LINK", "https://x.test/")),
    "metadata": {"a": [1, 2.5, None, {"b": "c"}]},
    "delay": 5.0,
}


@pytest.mark.parametrize(
    "party",
    [
        RingUser(UserKeys(id="1")),
        RingTerminal("desk"),
        RingGroup(GroupKeys(id="1")),
        RingNumber(Address("03", EndUser("1", extra=(("a", "b"),))), UserKeys(id="1")),
        RunContext("welcome"),
        Address("thomas", EndUser(name="x")),
        Address("thomas"),
    ],
)
def test_a_request_is_the_same_when_it_is_read_again(party: CalledParty) -> None:
    for asked in (request(party), request(party, second=party, **EVERYTHING)):
        assert read(json.loads(json.dumps(written(asked)))) == asked


def test_equal_requests_have_equal_digests_whatever_their_ids() -> None:
    asked = request()
    assert digest(asked) == digest(replace(asked, id="another"))
    assert digest(asked) != digest(replace(asked, answer_timeout=30.0))
