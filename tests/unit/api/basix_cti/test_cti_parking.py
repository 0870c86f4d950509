"""Who is parked for a time is given back when it is over."""

from __future__ import annotations

import asyncio

import pytest

from cordboard.api.basix.cti import parking as module
from cordboard.api.basix.cti.parking import LONGEST_SECONDS, Parking, seconds_of
from support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [(None, None), (30, 30.0), (0.5, 0.5), ("30", 30.0), (10**9, LONGEST_SECONDS)],
)
def test_a_timeout_is_in_seconds(timeout: object, seconds: float | None) -> None:
    assert seconds_of(timeout) == seconds


@pytest.mark.parametrize("timeout", [0, -1, True, "soon", [], {}, float("nan"), float("inf")])
def test_what_is_no_time_is_none(timeout: object) -> None:
    with pytest.raises(ValueError, match=r"time|float|number"):
        seconds_of(timeout)


async def test_a_later_word_counts() -> None:
    parking, given_back = Parking(), list[str]()
    parking.park("a", 0.01, lambda: given_back.append("too early"))
    parking.park("a", 0.05, lambda: given_back.append("a"))
    parking.park("b", 0.01, lambda: given_back.append("never"))
    parking.park("b", None, lambda: given_back.append("never"))
    await eventually(lambda: given_back == ["a"])


async def test_so_many_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PARKED", 2)
    parking = Parking()
    over = asyncio.Event()
    full = [parking.full]
    for name, seconds in (("a", 0.05), ("b", 60.0)):
        parking.park(name, seconds, over.set)
        full.append(parking.full)
    await over.wait()
    full.append(parking.full)
    assert full == [False, False, True, False]
    parking.park("b", None, over.set)
