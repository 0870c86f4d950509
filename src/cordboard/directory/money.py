"""Money as whole millionths of a currency's unit: added, compared and stored without rounding.

A price of 0.0125 a minute is 12,500. What is written with a decimal point is text, never a number
of TOML or JSON: those are binary fractions, which have no 0.1.
"""

from __future__ import annotations

import re
from typing import Final

UNIT: Final = 1_000_000
"""Millionths in one unit of a currency."""

DECIMALS: Final = 6
"""What a unit is divided into, as decimals."""

MOST_MONEY: Final = 1_000_000_000 * UNIT
"""The largest amount that may be written: sums of nine thousand of them still fit into the 64 bits
of a database's column."""

_AMOUNT: Final = re.compile(r"(-?)([0-9]{1,10})(?:\.([0-9]{1,6}))?")


def millionths(text: str) -> int:
    """An amount such as ``"0.0125"`` or ``"-3"``.

    Raises ValueError for anything else, for a seventh decimal, and beyond :data:`MOST_MONEY`.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"an amount is written as digits, with at most {DECIMALS} decimals")
    sign, units, decimals = match.groups()
    amount = int(units) * UNIT + int((decimals or "").ljust(DECIMALS, "0"))
    if amount > MOST_MONEY:
        raise ValueError(f"an amount is at most {MOST_MONEY // UNIT}")
    return -amount if sign else amount


def written(amount: int) -> str:
    """An amount as people write it, with two decimals at least: 12500 is ``0.0125``."""
    units, rest = divmod(abs(amount), UNIT)
    decimals = f"{rest:0{DECIMALS}}".rstrip("0").ljust(2, "0")
    return f"{'-' if amount < 0 else ''}{units}.{decimals}"
