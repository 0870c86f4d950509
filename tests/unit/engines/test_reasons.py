from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.causes import Cause
from cordboard.engines.embedded.reasons import cause_of_reason, reason_of


def test_a_normal_end_needs_no_words() -> None:
    assert reason_of(Cause.NORMAL) is None


def test_phones_that_lose_a_hunt_are_told_so_that_they_count_no_missed_call() -> None:
    assert reason_of(Cause.ANSWERED_ELSEWHERE) == 'SIP;cause=200;text="Call completed elsewhere"'


def test_other_causes_are_told_by_their_q850_number() -> None:
    assert reason_of(Cause.NO_ANSWER) == 'Q.850;cause=19;text="No answer"'
    assert reason_of(Cause.MEDIA_TIMEOUT) == 'Q.850;cause=27;text="Media timeout"'


@pytest.mark.parametrize(
    ("value", "cause"),
    [
        (None, Cause.NORMAL),
        ("", Cause.NORMAL),
        ("Q.850;cause=16", Cause.NORMAL),
        ('Q.850 ;cause=17;text="User busy"', Cause.BUSY),
        ('SIP;cause=200;text="a, b", q.850;cause=34', Cause.CONGESTION),
        ("Q.850;cause=99", Cause.NORMAL),
        ("Q.850;cause=99999999999", Cause.NORMAL),
        ("Q.850;cause=x", Cause.NORMAL),
        ("Q.850", Cause.NORMAL),
        ('Q.850;text="unbalanced', Cause.NORMAL),
        ("SIP;cause=486", Cause.NORMAL),
    ],
)
def test_what_a_peer_says_is_read_back(value: str | None, cause: Cause) -> None:
    assert cause_of_reason(value) is cause


@given(st.text(max_size=200))
def test_nothing_that_a_peer_says_raises(value: str) -> None:
    assert isinstance(cause_of_reason(value), Cause)
