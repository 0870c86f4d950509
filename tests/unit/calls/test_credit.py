"""Slices of credit: what is reserved when, and when the last one is."""

from __future__ import annotations

import pytest

from cordboard.calls.credit import Charge, Credit, NoCredit, Payer, Settlement, Slice
from cordboard.directory.charging import PrefixPrice

CARD = Payer("demo", "1234")
A_SECOND = Charge(CARD, PrefixPrice("", per_minute=60))


def having(amount: int) -> Credit:
    credit = Credit()
    credit.add(CARD, amount)
    return credit


def test_slices_of_a_minute_are_renewed_fifteen_seconds_before_their_end() -> None:
    credit = having(1000)
    first = credit.reserve("a", A_SECOND)
    assert (first, first.renewed_at) == (Slice(60, 60, last=False), 45)
    second = credit.renew("a")
    assert (second, second.renewed_at) == (Slice(120, 120, last=False), 105)
    assert (credit.reserved(CARD), credit.available(CARD, 0)) == (120, 880)


def test_the_last_slice_is_what_there_is_money_for() -> None:
    credit = having(100)
    credit.reserve("a", A_SECOND)
    last = credit.renew("a")
    assert (last, last.renewed_at) == (Slice(100, 100, last=True), None)
    credit.add(CARD, 1000)
    assert credit.renew("a") == last


def test_a_renewal_that_finds_nothing_leaves_what_is_paid() -> None:
    credit = having(60)
    credit.reserve("a", A_SECOND)
    assert credit.renew("a") == Slice(60, 60, last=True)


def test_what_another_call_gives_back_can_be_had() -> None:
    credit = having(120)
    credit.reserve("a", A_SECOND)
    credit.reserve("b", A_SECOND)
    with pytest.raises(NoCredit, match="card:1234@demo"):
        credit.reserve("c", A_SECOND)
    credit.settle("b", 10)
    assert credit.renew("a") == Slice(110, 110, last=True)


def test_a_leg_that_hangs_up_late_costs_what_was_reserved() -> None:
    credit = having(30)
    assert credit.reserve("a", A_SECOND) == Slice(30, 30, last=True)
    assert credit.settle("a", 33) == Settlement(A_SECOND, 30, 33)
    assert (credit.balance(CARD), credit.reserved(CARD)) == (0, 0)


def test_a_leg_that_nobody_answers_costs_nothing() -> None:
    credit = having(30)
    credit.reserve("a", Charge(CARD, PrefixPrice("", 60, set_up=10)))
    assert credit.reserved(CARD) == 30
    settled = credit.settle("a", None)
    assert settled is not None
    assert settled.amount == 0
    assert credit.balance(CARD) == 30


def test_a_balance_may_fall_as_far_as_its_limit() -> None:
    credit, mine = Credit(), Payer("demo")
    unbounded = Charge(mine, PrefixPrice("", 60), limit=None)
    bounded = Charge(mine, PrefixPrice("", 60), limit=20)
    assert credit.reserve("a", unbounded) == Slice(60, 60, last=False)
    assert credit.available(mine, None) is None
    credit.settle("a", 15)
    assert credit.balance(mine) == -15
    assert credit.reserve("b", bounded) == Slice(5, 5, last=True)


def test_what_costs_nothing_by_the_minute_lasts_as_long_as_it_wants() -> None:
    credit = having(5)
    flat = Charge(CARD, PrefixPrice("", 0, set_up=5))
    first = credit.reserve("a", flat)
    assert (first, first.renewed_at) == (Slice(None, 5, last=False), None)
    assert credit.renew("a") == first
    with pytest.raises(NoCredit):
        credit.reserve("b", flat)


def test_money_taken_away_meanwhile_takes_no_second_that_was_promised() -> None:
    credit = having(100)
    credit.reserve("a", A_SECOND)
    credit.add(CARD, -90)
    assert credit.renew("a") == Slice(60, 60, last=True)
