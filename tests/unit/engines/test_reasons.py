from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.causes import Cause, cause_of_ending
from cordboard.calls.said import MAX_WORDS, Said
from cordboard.engines.embedded.reasons import reason_of, said_in


def test_a_normal_end_needs_no_words() -> None:
    assert reason_of(Cause.NORMAL) is None


def test_phones_that_lose_a_hunt_are_told_so_that_they_count_no_missed_call() -> None:
    assert reason_of(Cause.ANSWERED_ELSEWHERE) == 'SIP;cause=200;text="Call completed elsewhere"'


def test_so_are_those_whose_user_declined_on_another_phone() -> None:
    said = 'SIP;cause=603;text="Decline", Q.850;cause=21;text="Rejected"'
    assert reason_of(Cause.REJECTED) == said
    assert (reason_of(Cause.BUSY) or "").startswith("SIP;cause=600;")


def test_other_causes_are_told_by_their_q850_number() -> None:
    assert reason_of(Cause.NO_ANSWER) == 'Q.850;cause=19;text="No answer"'
    assert reason_of(Cause.MEDIA_TIMEOUT) == 'Q.850;cause=27;text="Media timeout"'


@pytest.mark.parametrize(
    ("value", "said", "cause"),
    [
        (None, Said(), Cause.NORMAL),
        ("", Said(), Cause.NORMAL),
        ("Q.850;cause=16", Said(16), Cause.NORMAL),
        ('Q.850 ;cause=17;text="User busy"', Said(17, None, "User busy"), Cause.BUSY),
        (
            'SIP;cause=200;text="a, b", q.850;cause=34',
            Said(34, 200, "a, b"),
            Cause.CONGESTION,
        ),
        ("Q.850;cause=99", Said(99), Cause.NORMAL),
        ("Q.850;cause=99999999999", Said(), Cause.NORMAL),
        ("Q.850;cause=x", Said(), Cause.NORMAL),
        ("Q.850", Said(), Cause.NORMAL),
        ('Q.850;text="unbalanced', Said(text='"unbalanced'), Cause.NORMAL),
        ("SIP;cause=486", Said(None, 486), Cause.NORMAL),
        ("Q.850;cause=26", Said(26), Cause.NORMAL),
        ("Q.850;cause=0", Said(), Cause.NORMAL),
        ("Q.850;cause=128, Q.850;cause=17", Said(17), Cause.BUSY),
        ("SIP;cause=99, SIP;cause=603", Said(None, 603), Cause.NORMAL),
        ("Q.850;cause=38;text=out", Said(38, None, "out"), Cause.CONGESTION),
    ],
)
def test_what_a_peer_says_is_read_back(value: str | None, said: Said, cause: Cause) -> None:
    assert said_in(value) == said
    assert cause_of_ending(said.q850) is cause


def test_a_retry_after_is_kept_beside_it() -> None:
    assert said_in(None, 30) == Said(retry_after=30)


@given(st.text(max_size=200))
def test_nothing_that_a_peer_says_raises(value: str) -> None:
    said = said_in(value)
    assert said.text.isprintable()
    assert len(said.text) <= MAX_WORDS
