"""The Reason header as it comes: lists, several lines, quotes, nonsense."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.sip.message import Response
from cordboard.sip.reason_header import MAX_LINES, ReasonValue, parse_reason, reason_value_of


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, ()),
        ("", ()),
        ("SIP", (ReasonValue("SIP"),)),
        ('q.850 ; cause=16 ;text="a \\"b\\", c"', (ReasonValue("Q.850", 16, 'a "b", c'),)),
        (
            "SIP;cause=200;text=elsewhere, Q.850;cause=26",
            (ReasonValue("SIP", 200, "elsewhere"), ReasonValue("Q.850", 26)),
        ),
        ("Q.850;cause=1234", (ReasonValue("Q.850"),)),
        ('Q.850;text="never closed', (ReasonValue("Q.850", None, '"never closed'),)),
    ],
)
def test_values_are_read(value: str | None, read: tuple[ReasonValue, ...]) -> None:
    assert parse_reason(value) == read


def test_several_lines_are_one_list() -> None:
    response = Response(486, "Busy Here", {"reason": ["SIP;cause=486", "Q.850;cause=17"]})
    assert reason_value_of(response) == "SIP;cause=486, Q.850;cause=17"
    assert reason_value_of(Response(486, "Busy Here")) is None


def test_only_so_many_lines_are_looked_at() -> None:
    response = Response(486, "Busy Here", {"reason": [f"X{n};cause=1" for n in range(200)]})
    assert len(parse_reason(reason_value_of(response))) == MAX_LINES


@given(st.text(max_size=200))
def test_nothing_raises(value: str) -> None:
    parse_reason(value)
