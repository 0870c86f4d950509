"""What a soak complains of, and what it lets pass."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module

import pytest
from soak.figures import MANY, MB, Sample, grown, growth, left_over, memory

QUIET = Sample(
    at=0.0,
    rss=60 * MB,
    files=18,
    tasks=3,
    calls=0,
    channels=0,
    media=0,
    sessions=0,
    transactions=0,
    timers=5,
    bindings=5,
    connections=1,
)


def run(*megabytes: float) -> list[Sample]:
    """A look a second, each with its memory."""
    return [replace(QUIET, at=100.0 + at, rss=int(mb * MB)) for at, mb in enumerate(megabytes)]


def test_a_server_as_it_was_is_no_complaint() -> None:
    assert QUIET.is_quiet
    assert left_over(QUIET, replace(QUIET, timers=1, tasks=4)) == []


@pytest.mark.parametrize("name", ["calls", "channels", "media", "sessions", "transactions"])
def test_whatever_is_left_of_a_call_is_told(name: str) -> None:
    left = Sample.read({**QUIET.write(), name: 1})
    assert not left.is_quiet
    assert left_over(QUIET, left) == [f"1 {name} left over"]


def test_files_tasks_and_bindings_are_compared_with_before() -> None:
    after = replace(QUIET, files=30, tasks=12, bindings=4)
    assert left_over(QUIET, after) == [
        "12 tasks, 3 before the load",
        "30 files, 18 before the load",
        "4 bindings, 5 phones",
    ]


def test_memory_that_wavers_is_flat() -> None:
    assert growth(run(60, 62, 60, 62, 60, 62, 60)) == pytest.approx(0, abs=MB)
    assert memory(run(60, 62, 60, 62, 60, 62, 60), 100) == []
    assert memory(run(60), 0) == memory([], 0) == []


def test_memory_that_climbs_is_not() -> None:
    climbing = run(*(60 + at for at in range(11)))
    assert growth(climbing) == pytest.approx(10 * MB)
    assert memory(climbing, 100) == ["memory has grown by 10.0 MB over 100 calls, more than 3.0 MB"]


def test_many_calls_may_leave_a_little() -> None:
    assert memory(run(*(60 + at for at in range(5))), 10_000) == []


def test_the_class_that_there_is_more_of_is_named() -> None:
    middle = replace(QUIET, objects={"a.Leg": 3, "a.Call": 100, "cordboard.sip.wheel.Alarm": 3})
    end = replace(QUIET, objects={"a.Leg": 500, "a.Call": 90, "cordboard.sip.wheel.Alarm": 400})
    assert grown(middle, end, 1000) == ["497 more a.Leg after 1000 calls"]
    assert grown(end, middle, 1000) == []


@pytest.mark.parametrize("name", MANY)
def test_what_there_may_be_many_of_is_called_that(name: str) -> None:
    module, _, klass = name.rpartition(".")
    assert isinstance(getattr(import_module(module), klass), type)


def test_a_sample_survives_the_pipe() -> None:
    sample = replace(QUIET, objects={"a.Leg": 3})
    assert Sample.read(json.loads(json.dumps(sample.write()))) == sample
