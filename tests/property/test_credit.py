"""No interleaving of calls spends more of a card than is on it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from cordboard.calls.credit import Charge, Credit, NoCredit, Payer, Settlement, Slice
from cordboard.calls.prices import cost, whole_seconds
from cordboard.directory.charging import PrefixPrice

CARD = Payer("demo", "1234")
CALLS = 1_000


def random_price(random: Random) -> PrefixPrice:
    return PrefixPrice(
        "",
        per_minute=random.choice((0, 1, 59, 1_000_003, random.randrange(5_000_000))),
        set_up=random.choice((0, random.randrange(1_000_000))),
        first_increment=random.choice((1, 6, 30, 60, 90)),
        increment=random.choice((1, 6, 60)),
        free_seconds=random.choice((0, 0, 10, 70)),
    )


@dataclass
class Party:
    """One call of many on a card: when it is dialled and answered, and what it may talk."""

    price: PrefixPrice
    talks: float
    answered: float | None = None
    slice: Slice | None = None


@dataclass
class House:
    """Calls that begin, renew, are cut and end at random, on a clock of their own."""

    random: Random
    credit: Credit
    payer: Payer
    limit: int
    parties: dict[str, Party] = field(default_factory=dict)
    due: list[tuple[float, int, str, str]] = field(default_factory=list)
    settled: list[Settlement] = field(default_factory=list)
    refused: int = 0
    cut: int = 0
    most_at_once: int = 0

    def at(self, when: float, what: str, name: str) -> None:
        heapq.heappush(self.due, (when, self.random.randrange(1 << 30), what, name))

    def run(self) -> None:
        while self.due:
            now, _, what, name = heapq.heappop(self.due)
            getattr(self, what)(now, name)
            self.check()

    def check(self) -> None:
        available = self.credit.available(self.payer, self.limit)
        assert available is not None
        assert available >= 0
        self.most_at_once = max(self.most_at_once, len(self.parties))

    def dial(self, now: float, name: str) -> None:
        party = Party(random_price(self.random), self.random.expovariate(1 / 180))
        try:
            party.slice = self.credit.reserve(name, Charge(self.payer, party.price, self.limit))
        except NoCredit:
            self.refused += 1
            return
        self.parties[name] = party
        what = self.random.choice(("answer", "answer", "answer", "fail"))
        self.at(now + self.random.uniform(0, 30), what, name)

    def fail(self, _now: float, name: str) -> None:
        self._settle(name, None)

    def answer(self, now: float, name: str) -> None:
        self.parties[name].answered = now
        self.at(now + self.parties[name].talks, "hang_up", name)
        self._follow(name)

    def renew(self, _now: float, name: str) -> None:
        if name in self.parties:
            self.parties[name].slice = self.credit.renew(name)
            self._follow(name)

    def cut_off(self, now: float, name: str) -> None:
        if name in self.parties:
            self.cut += 1
            self.at(now + self.random.uniform(0, 3), "hang_up", name)  # as BYEs that get lost

    def hang_up(self, now: float, name: str) -> None:
        if name in self.parties:
            answered = self.parties[name].answered
            assert answered is not None
            self._settle(name, whole_seconds(now - answered))

    def _follow(self, name: str) -> None:
        party = self.parties[name]
        assert party.slice is not None
        assert party.answered is not None
        if party.slice.until is not None:
            assert cost(party.price, party.slice.until) <= party.slice.reserved
        renewed_at = party.slice.renewed_at
        if renewed_at is not None:
            late = self.random.choice((0, 0, self.random.uniform(0, 20)))
            self.at(party.answered + renewed_at + late, "renew", name)
        elif party.slice.until is not None:
            self.at(party.answered + party.slice.until, "cut_off", name)

    def _settle(self, name: str, seconds: int | None) -> None:
        party = self.parties.pop(name)
        settlement = self.credit.settle(name, seconds)
        assert settlement is not None
        assert settlement.amount <= (0 if seconds is None else cost(party.price, seconds))
        assert self.credit.settle(name, seconds) is None
        self.settled.append(settlement)


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(0, 2_000_000_000), st.sampled_from([0, 50_000_000]))
def test_a_thousand_calls_at_once_never_overspend_a_card(
    seed: int, opening: int, limit: int
) -> None:
    credit, random = Credit(), Random(seed)
    credit.add(CARD, opening)
    house = House(random, credit, CARD, limit)
    for number in range(CALLS):
        house.at(random.uniform(0, 60), "dial", str(number))
    house.run()
    spent = sum(settlement.amount for settlement in house.settled)
    assert spent <= opening + limit
    assert credit.balance(CARD) == opening - spent
    assert credit.reserved(CARD) == 0
    assert len(house.settled) + house.refused == CALLS


def test_the_thousand_really_run_together_and_the_card_runs_out() -> None:
    """That the simulation above can fail at all."""
    credit, random = Credit(), Random(7)
    credit.add(CARD, 300_000_000)
    house = House(random, credit, CARD, 0)
    for number in range(CALLS):
        house.at(random.uniform(0, 60), "dial", str(number))
    house.run()
    assert house.most_at_once > CALLS / 4
    assert house.refused > 0
    assert house.cut > 0
    assert credit.balance(CARD) < 100_000_000


class TwoPayers(RuleBasedStateMachine):
    """Any order of reserving, renewing, settling, paying in and being taken away."""

    legs = Bundle("legs")
    payers = (CARD, Payer("demo"))

    def __init__(self) -> None:
        super().__init__()
        self.credit = Credit()
        self.running: dict[str, tuple[Payer, Slice]] = {}
        self.put = dict.fromkeys(self.payers, 0)
        self.spent = dict.fromkeys(self.payers, 0)
        self.names = 0

    @rule(payer=st.sampled_from(payers), amount=st.integers(0, 10_000_000))
    def pay_in(self, payer: Payer, amount: int) -> None:
        self.credit.add(payer, amount)
        self.put[payer] += amount

    @rule(target=legs, payer=st.sampled_from(payers), seed=st.integers(0, 10_000))
    def reserve(self, payer: Payer, seed: int) -> str:
        self.names += 1
        name = str(self.names)
        try:
            first = self.credit.reserve(name, Charge(payer, random_price(Random(seed))))
        except NoCredit:
            return name
        self.running[name] = (payer, first)
        with pytest.raises(ValueError, match="charged already"):
            self.credit.reserve(name, Charge(payer, PrefixPrice("")))
        return name

    @rule(leg=legs)
    def renew(self, leg: str) -> None:
        if leg not in self.running:
            with pytest.raises(KeyError):
                self.credit.renew(leg)
            return
        payer, before = self.running[leg]
        after = self.credit.renew(leg)
        if before.until is not None:
            assert after.until is not None
            assert before.until <= after.until <= before.until + 60
            assert after.last or after.until == before.until + 60
        assert after == before or not before.last
        self.running[leg] = (payer, after)

    @rule(leg=legs, seconds=st.none() | st.integers(0, 1000))
    def settle(self, leg: str, seconds: int | None) -> None:
        settlement = self.credit.settle(leg, seconds)
        assert (settlement is None) == (leg not in self.running)
        if settlement is not None:
            payer, last = self.running.pop(leg)
            assert settlement.amount <= last.reserved
            self.spent[payer] += settlement.amount

    @invariant()
    def nothing_is_lost_and_nothing_overspent(self) -> None:
        for payer in self.payers:
            held = sum(one.reserved for whose, one in self.running.values() if whose == payer)
            assert self.credit.reserved(payer) == held
            assert self.credit.balance(payer) == self.put[payer] - self.spent[payer]
            assert self.credit.available(payer, 0) == self.credit.balance(payer) - held
            assert self.credit.balance(payer) >= held


TestTwoPayers = TwoPayers.TestCase
