"""What a load comes to, and when it does not count."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from bench.figures import BUSIEST_HARNESS, SLOWEST_SETUP_MS, Figures, counted, faults_of, figures_of
from bench.harness.capture import Seen
from bench.harness.load import Harvest, Placed, moments
from bench.machine import Cpu


def harvest(calls: list[Placed], seen: Seen, settled: bool = True) -> Harvest:
    return Harvest(
        rate=100.0,
        calls=calls,
        seen=seen,
        cpu=Cpu(0.006, 0.002, 0.001),
        driver_cpu=0.002,
        phones_cpu=0.001,
        elsewhere_cpu=0.5,
        elapsed=2.0,
        late=0.0,
        settled=settled,
    )


def whole_call() -> tuple[Placed, Seen]:
    """A call whose steps are 10 ms apart."""
    placed = Placed(sent=1.0, first="a", second="03", replied=1.005)
    seen = Seen(
        invites={"a": 1.010, "b": 1.030},
        call_ids={"03": "b"},
        answers={"a": 1.020},
        acknowledged={"b": 1.040},
        ended={"a", "b"},
    )
    return placed, seen


def good() -> Figures:
    placed, seen = whole_call()
    return figures_of(harvest([placed], seen))


def test_figures_of_a_whole_call() -> None:
    one = good()
    assert (one.calls, one.lost, one.refused) == (1, 0, 0)
    assert one.cpu_ms == pytest.approx(8.0)
    assert one.driver_ms == pytest.approx(2.0)
    assert one.reply_p50 == pytest.approx(5.0)
    assert one.first_invite_p99 == pytest.approx(10.0)
    assert one.second_invite_p50 == pytest.approx(10.0)
    assert one.setup_p99 == pytest.approx(40.0)
    assert one.harness_share == pytest.approx(0.001)
    assert one.elsewhere_share == pytest.approx(0.25)
    assert one.held


def test_a_call_of_which_a_leg_did_not_end_is_lost() -> None:
    placed, seen = whole_call()
    seen.ended.remove("a")
    assert figures_of(harvest([placed], seen)).faults() == ["1 calls lost"]


def test_a_call_whose_first_leg_nobody_names_is_judged_by_its_second() -> None:
    placed, seen = whole_call()
    placed.first = ""
    seen.ended.remove("a")
    one = figures_of(harvest([placed], seen))
    assert one.lost == 0
    assert math.isnan(one.first_invite_p50)


def test_a_refused_call_is_not_lost() -> None:
    placed = Placed(sent=1.0, first="", second="03", replied=1.005, refused="overloaded")
    one = figures_of(harvest([placed], Seen()))
    assert (one.lost, one.refused) == (0, 1)
    assert not one.held


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"lost": 3}, "3 calls lost"),
        ({"refused": 2}, "2 refused"),
        ({"retransmissions": 1, "repeated": "BYE"}, "1 messages repeated (BYE)"),
        ({"dropped": 4}, "4 messages not seen"),
        ({"settled": False}, "not all was over in time"),
        ({"harness_share": BUSIEST_HARNESS + 0.05}, "the harness had 80% of its core"),
    ],
)
def test_what_makes_a_run_void(change: dict[str, Any], fault: str) -> None:
    one = replace(good(), **change)
    assert one.faults() == [fault]
    assert not one.held


def test_a_rate_is_not_held_where_requests_wait() -> None:
    one = replace(good(), setup_p99=SLOWEST_SETUP_MS + 1)
    assert not one.faults()
    assert not one.held


def test_void_runs_do_not_count_unless_there_are_no_others() -> None:
    void = replace(good(), lost=1)
    assert counted([void, good()]) == [good()]
    assert counted([void]) == [void]
    assert faults_of([void, good()]) == "1 of 2: 1 calls lost"
    assert faults_of([good()]) == ""


def test_calls_are_due_one_after_the_other() -> None:
    assert moments(4.0, 0.75) == [0.0, 0.25, 0.5]
    assert moments(1.0, 0.1) == [0.0]
