"""The ids of calls have the vendor's shape, and lead back to the call and the leg."""

from __future__ import annotations

import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.request import Leg
from cordboard.feeds.enswitch.call_ids import Named, callid, named, uniqueid
from cordboard.randomness import timely_uuid

WALLS = st.floats(0, 2**48 / 1000 - 1, allow_nan=False)


@given(WALLS)
def test_an_id_leads_back_to_its_call_and_leg(wall: float) -> None:
    call = timely_uuid(wall)
    for leg in Leg:
        text = uniqueid(call, leg)
        assert re.fullmatch(r"[0-9]+\.[0-9]+", text)
        assert text.partition(".")[0] == str(int(wall * 1000) // 1000)
        assert named(text) == Named(call, leg)


def test_the_call_is_called_as_its_first_leg_and_the_second_otherwise() -> None:
    call = timely_uuid(1234567890.5)
    assert callid(call) == uniqueid(call, Leg.FIRST) != uniqueid(call, Leg.SECOND)
    assert callid(call).startswith("1234567890.")
    assert len(callid(call)) <= 37


@given(st.from_regex(r"[0-9]{1,14}\.[0-9]{1,30}", fullmatch=True))
def test_any_digits_are_a_call_s_id_or_none(text: str) -> None:
    found = named(text)
    if found is not None:
        assert UUID(found.call).version == 7
        assert uniqueid(found.call, found.leg).split(".") == [
            str(int(part)) for part in text.split(".")
        ]


@pytest.mark.parametrize("text", ["", "1", "1.", ".1", "1.2.3", "-1.2", "a.b", "1.2\n", "１.2"])
def test_what_is_none_is_none(text: str) -> None:
    assert named(text) is None


@given(WALLS, WALLS)
def test_no_two_calls_share_an_id(one: float, other: float) -> None:
    first, second = timely_uuid(one), timely_uuid(other)
    assert callid(first) != callid(second)
