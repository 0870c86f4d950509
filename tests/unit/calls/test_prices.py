"""What seconds cost, and what money buys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.prices import cost, seconds_for, whole_seconds
from cordboard.directory.charging import PrefixPrice

PRICES = st.builds(
    PrefixPrice,
    prefix=st.just(""),
    per_minute=st.integers(0, 10_000_000),
    set_up=st.integers(0, 10_000_000),
    first_increment=st.integers(1, 3600),
    increment=st.integers(1, 3600),
    free_seconds=st.integers(0, 300),
)


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [(-1.0, 0), (0.0, 0), (0.0004, 0), (0.001, 1), (1.0, 1), (60.0005, 60), (60.001, 61)],
)
def test_a_second_that_has_begun_is_charged(duration: float, seconds: int) -> None:
    assert whole_seconds(duration) == seconds


@pytest.mark.parametrize(
    ("price", "seconds", "amount"),
    [
        (PrefixPrice("", 60), 0, 0),
        (PrefixPrice("", 60), 61, 61),
        (PrefixPrice("", 1), 1, 1),
        (PrefixPrice("", 1), 120, 2),
        (PrefixPrice("", 1), 121, 3),
        (PrefixPrice("", 60, set_up=5), 0, 5),
        (PrefixPrice("", 60, 5, first_increment=60, increment=6), 1, 65),
        (PrefixPrice("", 60, 5, first_increment=60, increment=6), 60, 65),
        (PrefixPrice("", 60, 5, first_increment=60, increment=6), 61, 71),
        (PrefixPrice("", 60, 5, 60, 6, free_seconds=10), 10, 5),
        (PrefixPrice("", 60, 5, 60, 6, free_seconds=10), 11, 65),
    ],
)
def test_what_seconds_cost(price: PrefixPrice, seconds: int, amount: int) -> None:
    assert cost(price, seconds) == amount


@pytest.mark.parametrize(
    ("price", "amount", "seconds"),
    [
        (PrefixPrice("", 60), 0, 0),
        (PrefixPrice("", 60), 59, 59),
        (PrefixPrice("", 60, set_up=5), 4, 0),
        (PrefixPrice("", 60, set_up=5), 5, 0),
        (PrefixPrice("", 60, set_up=5), 6, 1),
        (PrefixPrice("", 60, 5, 60, 6), 64, 0),
        (PrefixPrice("", 60, 5, 60, 6), 76, 66),
        (PrefixPrice("", 60, 5, 60, 6, free_seconds=10), 5, 10),
        (PrefixPrice("", 0, 5), 4, 0),
        (PrefixPrice("", 0, 5), 5, None),
    ],
)
def test_what_money_buys(price: PrefixPrice, amount: int, seconds: int | None) -> None:
    assert seconds_for(price, amount) == seconds


@given(PRICES, st.integers(0, 50_000_000))
def test_what_is_bought_is_paid_and_not_a_second_less_than_could_be(
    price: PrefixPrice, amount: int
) -> None:
    seconds = seconds_for(price, amount)
    if seconds is None:
        assert cost(price, 86_400) <= amount
    elif seconds > 0:
        assert cost(price, seconds) <= amount < cost(price, seconds + 1)
    else:
        assert cost(price, 1) > amount


@given(PRICES, st.integers(0, 10_000), st.integers(0, 10_000))
def test_longer_is_never_cheaper(price: PrefixPrice, one: int, other: int) -> None:
    assert cost(price, min(one, other)) <= cost(price, max(one, other))
