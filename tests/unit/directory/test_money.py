"""Money is whole millionths, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.directory.money import MOST_MONEY, millionths, written


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("1", 1_000_000),
        ("0.1", 100_000),
        ("0.000001", 1),
        ("12.50", 12_500_000),
        ("-3", -3_000_000),
        ("-0.000001", -1),
        ("1000000000", MOST_MONEY),
    ],
)
def test_amounts_are_read(text: str, amount: int) -> None:
    assert millionths(text) == amount


@pytest.mark.parametrize(
    "text",
    ["", ".5", "5.", "+1", "1e3", "1,5", " 1", "0.0000001", "1000000000.000001", "٣", "nan", "--1"],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="an amount is"):
        millionths(text)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0.00"), (12_500, "0.0125"), (-3_000_000, "-3.00"), (1, "0.000001"), (-1, "-0.000001")],
)
def test_amounts_are_written(amount: int, text: str) -> None:
    assert written(amount) == text


@given(st.integers(-MOST_MONEY, MOST_MONEY))
def test_what_is_written_is_read_again(amount: int) -> None:
    assert millionths(written(amount)) == amount
