"""What the suites count and what they do not."""

from __future__ import annotations

from dataclasses import replace
from math import nan

import pytest
from bench.figures import BUSIEST_HARNESS
from bench.suites.peers import COMMON_RATE, OURS, Standing, told
from bench.suites.relay import LATEST_MS, Relayed
from bench.suites.sipcore import FIGURE

from unit.bench.test_figures import good

RELAYED = Relayed(100, 40_000, 0, 10.0, 0.2, 2.0, 5.0, 0.1)


@pytest.mark.parametrize(
    ("relayed", "fault"),
    [
        (RELAYED, ""),
        (replace(RELAYED, lost=1), "1 packets lost"),
        (replace(RELAYED, delay_p99=LATEST_MS + 1), "too late to be heard"),
        (replace(RELAYED, harness_share=BUSIEST_HARNESS + 0.01), "the harness was busy"),
    ],
)
def test_what_makes_relayed_calls_void(relayed: Relayed, fault: str) -> None:
    assert relayed.fault == fault


def standing(name: str, cpu: float, *rates: float) -> Standing:
    """One that held these rates, and no more."""
    common = [replace(good(), rate=COMMON_RATE, cpu_ms=cpu + more) for more in (0.0, 1.0, 0.2)]
    ladder = [replace(good(), rate=rate, cpu_ms=cpu / 2) for rate in rates]
    failed = replace(good(), rate=999.0, lost=1, cpu_ms=0.1)
    return Standing(name, common, [*ladder, failed])


def test_the_highest_rate_that_was_held_counts() -> None:
    one = standing("x", 4.0, 120.0, 140.0)
    assert (one.sustained, one.cpu_ms_at_most) == (140.0, 2.0)


def test_who_holds_nothing() -> None:
    one = Standing("x", [], [replace(good(), lost=1)])
    assert one.sustained == 0.0
    assert one.cpu_ms_at_most != one.cpu_ms_at_most  # no number


def test_ratios_are_of_the_first_one() -> None:
    shown = told([standing(OURS, 1.0, 200.0), standing("other", 4.0, 100.0)])
    ours, other = shown.splitlines()[1:]
    assert ours.split()[-5:] == ["1.00", "200", "1.00", "0.50", "2.00"]
    assert other.split()[-5:] == ["3.50", "100", "0.50", "2.00", "2.00"]


def test_nothing_measured_has_no_ratio() -> None:
    empty = Standing(OURS, [], [])
    assert "nan" in told([empty, standing("other", nan, 100.0)])


def test_figures_of_the_parts_are_found_in_what_they_print() -> None:
    printed = "271 us CPU a two-leg call (3000 calls)\nx\n1.603 ms CPU a call (1500 calls"
    assert FIGURE.findall(printed) == [("271", "us"), ("1.603", "ms")]
