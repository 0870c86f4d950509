"""What was promised for the time past the limit."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from bench.harness.audio import Heard
from bench.harness.load import Placed
from bench.suites.overload import (
    AFTER_SECONDS,
    FAST_MS,
    afterwards,
    judge,
    seconds_until_back,
)

from unit.bench.test_figures import good


def taken(sent: float, took: float = 0.01) -> Placed:
    return Placed(sent=sent, first="a", second="b", replied=sent + took)


def refused(sent: float, took: float = 0.01) -> Placed:
    return Placed(sent=sent, first="", second="b", replied=sent + took, refused="overloaded")


def kept(
    past: list[Placed], after: list[Placed], lost: int = 0, heard: int = 100
) -> dict[str, bool]:
    figures = replace(good(), lost=lost)
    return {one.what: one.kept for one in judge(past, after, figures, Heard(100, heard, [2.0]))}


PAST = [taken(1.0), refused(1.5), taken(2.0)]
AFTER = [taken(3.0), taken(3.5)]


def test_all_is_kept() -> None:
    assert all(kept(PAST, AFTER).values())


def test_a_slow_refusal() -> None:
    assert not kept([*PAST, refused(2.5, 0.2)], AFTER)["a refusal takes, ms (p99)"]


def test_a_request_without_a_reply() -> None:
    silent = Placed(sent=2.0, first="", second="b")
    assert not kept([*PAST, silent], AFTER)["without any reply"]


def test_a_call_that_was_taken_and_lost() -> None:
    assert not kept(PAST, AFTER, lost=1)["taken and lost"]


def test_what_is_asked_for_afterwards_is_most_of_what_was_taken() -> None:
    past = [taken(number / 10) if number % 2 else refused(number / 10) for number in range(101)]
    assert afterwards(past) == (4.0, AFTER_SECONDS)


def test_audio_that_was_lost() -> None:
    assert not kept(PAST, AFTER, heard=99)["packets lost of 100 in calls that went on"]


def test_when_all_is_as_before_again() -> None:
    after = [refused(10.0), taken(10.2, FAST_MS / 1000 + 0.1), taken(10.6), taken(11.1)]
    assert seconds_until_back(after) == 0.5
    assert seconds_until_back(after[2:]) == 0.0


def test_one_good_window_among_bad_ones_is_not_back() -> None:
    after = [refused(10.0), taken(10.6), refused(11.1), taken(11.6), taken(12.1)]
    assert seconds_until_back(after) == 1.5


def test_few_late_calls_of_many_are_no_overload() -> None:
    window = [taken(10.0 + at / 1000) for at in range(99)]
    assert seconds_until_back([*window, refused(10.3), taken(10.6)]) == 0.0


def test_never_back() -> None:
    after = [refused(10.0), refused(13.0)]
    assert seconds_until_back(after) == inf
    assert not kept(PAST, after)["back to full rate after, s"]
