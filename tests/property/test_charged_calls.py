"""A thousand whole calls at a time on one card: whatever they do, nobody talks for money that was
not reserved, and no more is spent than was there."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cordboard.calls.charged import reserved_event
from cordboard.calls.credit import Payer
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import (
    Answered,
    Dial,
    Digit,
    EngineCommand,
    EngineEvent,
    Failed,
    HangUp,
    RedirectTarget,
    Released,
    Ringing,
)
from cordboard.calls.refusals import Refused
from cordboard.calls.request import Address, Leg, LegWishes, RingNumber
from cordboard.calls.reserving import reserve
from cordboard.calls.running.call import Call
from cordboard.calls.stages import Stage
from cordboard.directory.charging import Card, Charging, PrefixPrice, Tariff
from support.effects import taken
from support.tenants import DOMAIN, desk, everywhere, numbered_ids, request, tenant

CALLS = 1_000
MOST_STEPS = 200
"""Of one call; about forty are usual."""

CARD = Payer(DOMAIN, "1234")
NUMBERS = ("0312341234", "0612341234", "0521234567", "thomas")
TARIFF = Tariff(
    "standard",
    "",
    (
        PrefixPrice("03", per_minute=60),
        PrefixPrice("06", per_minute=1_000_003, set_up=500, first_increment=30, increment=6),
        PrefixPrice("05", per_minute=7, set_up=1_000, free_seconds=20, first_increment=60),
    ),
)
HERE = replace(
    tenant(),
    charging=Charging("standard", None, 0, tariffs=(TARIFF,), cards=(Card("1234", ""),)),
)


class House:
    """Calls on a clock that jumps from one event to the next. Parties do what chance wants."""

    def __init__(self, random: Random, opening: int) -> None:
        self.random = random
        self.desk = desk(everywhere, numbered_ids(), directory=HERE)
        self.credit = self.desk.credit
        self.credit.add(CARD, opening)
        self.now = 0.0
        self.due: list[tuple[float, int, Callable[[], None]]] = []
        self.order = count()
        self.calls: dict[str, Call] = {}
        self.log: list[CallEvent] = []
        self.answered: dict[str, float] = {}
        self.talked: dict[str, float] = {}
        self.refused = 0
        self.most_at_once = 0

    def later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self.due, (self.now + seconds, next(self.order), what))

    def run(self) -> None:
        for steps in count():
            if not self.due:
                return
            assert steps < CALLS * MOST_STEPS, "a call wants to be woken at once for ever"
            self.now, _, what = heapq.heappop(self.due)
            what()
            available = self.credit.available(CARD, 0)
            assert available is not None
            assert available >= 0
            self.most_at_once = max(self.most_at_once, len(self.calls))

    def place(self, number: int) -> None:
        first = Address(self.random.choice(NUMBERS))
        asked = request(
            first=None if first.text == "thomas" else RingNumber(first),
            to=self.random.choice(NUMBERS),
            card="1234",
            id=f"call-{number}",
            on_first=LegWishes(warn=True, screen=self.random.random() < 0.1),
            on_second=LegWishes(warn=self.random.random() < 0.5, screen=self.random.random() < 0.1),
        )
        planned = plan(asked, HERE, self.desk)
        try:
            reserve(self.credit, [charge for _, charge in planned.charges], 0.0)
        except Refused:
            self.refused += 1
            return
        self.log += [
            reserved_event(asked.id, leg, one.name, CARD, self.credit.slice_of(one.name))
            for leg, one in planned.charges
        ]
        call = self.calls[asked.id] = Call(planned, self.desk)
        call.start(self.now)
        self.carry_out(call)

    def carry_out(self, call: Call) -> None:
        events = taken(call.effects.events)
        self.log += events
        if any(event.kind is EventKind.CALL_BRIDGED for event in events):
            self.while_they_talk(call)
        for command in taken(call.effects.commands):
            self.execute(command, call)
        taken(call.effects.released)
        taken(call.effects.channels)
        if call.stage is Stage.ENDED:
            self.calls.pop(call.id, None)
        elif call.deadline is not None:
            self.later(max(0.0, call.deadline - self.now), partial(self.timer, call))

    def timer(self, call: Call) -> None:
        if call.id in self.calls and call.deadline is not None and call.deadline <= self.now:
            call.handle_timer(self.now)
            self.carry_out(call)

    def tell(self, call: Call, event: EngineEvent) -> None:
        if isinstance(event, Answered):
            self.answered.setdefault(event.channel, self.now)
        elif isinstance(event, Released | HangUp):
            self.over(event.channel)
        if call.id in self.calls:
            call.handle(event, self.now)
            self.carry_out(call)

    def over(self, channel: str) -> None:
        if channel in self.answered:
            self.talked.setdefault(channel, self.now - self.answered[channel])

    def execute(self, command: EngineCommand, call: Call) -> None:
        if isinstance(command, Dial):
            self.later(self.random.uniform(0, 20), partial(self.far_end, call, command.channel))
        elif isinstance(command, HangUp):
            self.over(command.channel)
            gone = (
                Released(command.channel, remote=False)
                if command.channel in self.answered
                else Failed(command.channel, 487)
            )
            self.later(self.random.choice((0.0, 0.2, 3.0)), partial(self.tell, call, gone))

    def far_end(self, call: Call, channel: str) -> None:
        """Who is dialled answers, mostly."""
        does = self.random.random()
        if does < 0.6:
            self.tell(call, Ringing(channel))
            self.later(self.random.uniform(0, 10), partial(self.tell, call, Answered(channel)))
            self.later(self.random.uniform(11, 20), partial(self.tell, call, Digit(channel, "1")))
        elif does < 0.8:
            self.tell(call, Answered(channel))
            self.later(self.random.uniform(0, 30), partial(self.tell, call, Digit(channel, "1")))
        elif does < 0.9:
            to = RedirectTarget(self.random.choice(NUMBERS), DOMAIN, ours=True)
            self.tell(call, Failed(channel, 302, redirects=(to,)))
        else:
            self.tell(call, Failed(channel, self.random.choice((486, 503, 404))))

    def while_they_talk(self, call: Call) -> None:
        does, at = self.random.random(), self.random.expovariate(1 / 120)
        if does < 0.5:
            self.later(at, partial(self.hang_up, call))
        elif does < 0.7:
            self.later(at, partial(self.transfer, call))
        elif does < 0.8:
            self.later(at, partial(self.cancel, call))

    def hang_up(self, call: Call) -> None:
        leg = self.random.choice((Leg.FIRST, Leg.SECOND))
        channel = call._parts.legs.winner(leg)
        if call.stage is Stage.BRIDGED and channel is not None:
            self.tell(call, Released(channel, remote=True))

    def transfer(self, call: Call) -> None:
        if call.id in self.calls and call.stage is Stage.BRIDGED:
            kept = self.random.choice((Leg.FIRST, Leg.SECOND))
            try:
                call.wishes.transfer(kept, self.random.choice(NUMBERS), self.now)
            except Refused:
                return
            self.carry_out(call)

    def cancel(self, call: Call) -> None:
        if call.id in self.calls:
            call.cancel(self.now)
            self.carry_out(call)

    def kinds(self, kind: EventKind) -> list[CallEvent]:
        return [event for event in self.log if event.kind is kind]


def simulated(seed: int, opening: int) -> House:
    house = House(Random(seed), opening)
    for number in range(CALLS):
        house.later(house.random.uniform(0, 120), partial(house.place, number))
    house.run()
    return house


def check(house: House, opening: int) -> None:
    assert house.calls == {}
    charged = house.kinds(EventKind.LEG_CHARGED)
    spent = sum(_whole(event, "amount") for event in charged)
    assert 0 <= spent <= opening
    assert house.credit.balance(CARD) == opening - spent
    assert house.credit.reserved(CARD) == 0
    told = Counter(event.data["charge"] for event in charged)
    assert not told or set(told.values()) == {1}, "each is settled once"
    until: dict[Any, Any] = {}
    for event in house.kinds(EventKind.LEG_CREDIT_RESERVED):
        until[event.data["charge"]] = event.data["until"]
    for event in charged:
        bound, talked = until.get(event.data["charge"]), house.talked.get(event.channel or "")
        if bound is not None and talked is not None and event.data["seconds"] is not None:
            assert talked <= bound + 1e-6, "nobody talks for what was not reserved"


def _whole(event: CallEvent, key: str) -> int:
    value = event.data[key]
    assert isinstance(value, int)
    return value


@settings(max_examples=4)
@given(st.integers(0, 2**32), st.integers(0, 200_000_000))
def test_a_thousand_calls_on_one_card_never_overspend_it(seed: int, opening: int) -> None:
    check(simulated(seed, opening), opening)


def test_the_thousand_run_together_and_the_card_runs_out() -> None:
    """That the simulation above can fail at all."""
    house = simulated(7, 60_000_000)
    check(house, 60_000_000)
    assert house.most_at_once > 50
    assert house.refused > 50
    kinds = Counter(event.kind for event in house.log)
    assert kinds[EventKind.CALL_TRANSFERRED] > 0
    assert kinds[EventKind.CHANNEL_WARNED] > 0
    causes = Counter(event.data["cause"] for event in house.kinds(EventKind.CALL_ENDED))
    assert causes["no_credit"] > 0
