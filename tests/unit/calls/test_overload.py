"""Whether one more call may begin, told by a server without a clock that is offered too much."""

from __future__ import annotations

import pytest

from cordboard.calls.overload import (
    LEAST_RATE,
    LOOK_SECONDS,
    LOOKS_A_ROUND,
    NO_LIMITS,
    Overload,
    OverloadLimits,
    Strain,
)
from support.busy_server import SUSTAINABLE, Asked, BusyServer

USUAL = OverloadLimits()


def refusals(asked: list[Asked]) -> list[float]:
    """After how many seconds each refusal was there, the quickest first."""
    return sorted(one.after for one in asked if not one.admitted)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8])
def test_a_server_that_bears_its_load_refuses_nobody(share: float) -> None:
    server = BusyServer(USUAL)
    assert all(one.admitted for one in server.offer(SUSTAINABLE * share, 20.0))
    assert not server.overload.strained


@pytest.mark.parametrize("talk", [0.2, 1.0])
def test_twice_what_it_bears_is_refused_quickly_and_the_rest_is_served(talk: float) -> None:
    server = BusyServer(USUAL, talk)
    server.offer(SUSTAINABLE * 0.7, 4.0)
    server.offer(SUSTAINABLE * 2.0, 2.0)  # until it has found its rate
    asked = server.offer(SUSTAINABLE * 2.0, 60.0)
    late = refusals(asked)
    assert late[int(len(late) * 0.99)] < 0.05
    served = [one for one in asked if one.admitted]
    assert len(served) / 60.0 > SUSTAINABLE * 0.75
    assert sorted(one.after for one in served)[int(len(served) * 0.99)] < 0.1


@pytest.mark.parametrize("talk", [0.2, 1.0])
def test_two_seconds_after_it_bears_its_full_rate_again(talk: float) -> None:
    server = BusyServer(USUAL, talk)
    server.offer(SUSTAINABLE * 2.0, 60.0)
    server.offer(SUSTAINABLE * 0.9, 2.0)
    assert all(one.admitted for one in server.offer(SUSTAINABLE * 0.9, 10.0))
    assert not server.overload.strained


def test_the_beginning_is_late_for_a_moment_only() -> None:
    server = BusyServer(USUAL)
    assert refusals(server.offer(SUSTAINABLE * 2.0, 3.0))[-1] < 0.3
    late = refusals(server.offer(SUSTAINABLE * 2.0, 10.0))
    assert late[int(len(late) * 0.99)] < 0.05


def test_a_journal_that_does_not_keep_up_counts_as_well() -> None:
    server = BusyServer(USUAL)
    server.offer(50.0, 2.0)
    server.commit = 0.5
    server.offer(50.0, 10.0)
    assert server.overload.refused[Strain.COMMIT] > 0
    assert server.overload.rate == LEAST_RATE
    server.commit = 0.0
    server.offer(40.0, 2.0)
    assert all(one.admitted for one in server.offer(40.0, 2.0))


def test_whoever_comes_alone_is_let_in_though_neighbours_make_the_server_late() -> None:
    overload, now, strains = Overload(USUAL), 0.0, []
    for turn in range(400):
        now += 0.1
        overload.look(now, 0.08, 0.0, 0)  # each turn is late
        if turn % 3 == 0:
            strains.append(overload.admit(now, 2))
    assert overload.strained
    assert strains == [None] * len(strains)


def test_however_late_it_is_a_few_are_let_in() -> None:
    server = BusyServer(USUAL)
    server.commit = 60.0
    asked = server.offer(50.0, 20.0)
    admitted = sum(one.admitted for one in asked[100:])
    assert admitted == pytest.approx(18.0 * LEAST_RATE, rel=0.2)


def is_strained(overload: Overload) -> bool:
    """Whether new calls are limited by now."""
    return overload.strained


def look(overload: Overload, lag: float, at: float = 0.0, times: int = LOOKS_A_ROUND) -> float:
    """So many looks, the first at a time; when the next one is due."""
    for number in range(times):
        overload.look(at + number * LOOK_SECONDS, lag, 0.0, 0)
    return at + times * LOOK_SECONDS


def test_one_late_round_is_no_overload_and_two_are() -> None:
    overload = Overload(USUAL)
    at = look(overload, 0.05)
    assert overload.admit(at, 0) is None
    assert not is_strained(overload)
    at = look(overload, 0.0, at)
    at = look(overload, 0.05, at)
    assert not is_strained(overload)
    at = look(overload, 0.05, at)
    assert is_strained(overload)
    strains = [overload.admit(at, 0) for _ in range(3)]
    assert strains == [None, None, Strain.LAG]  # a few come in all the same


def test_a_single_late_look_is_none_however_late() -> None:
    overload, at = Overload(USUAL), 0.0
    for _ in range(50):
        at = look(overload, 2.0, at, 1)
        at = look(overload, 0.001, at, LOOKS_A_ROUND - 1)
    assert not is_strained(overload)


def test_legs_have_a_limit_and_room_below_it_before_the_next() -> None:
    overload = Overload(OverloadLimits(live_legs=100))
    assert overload.admit(0.0, 99) is None
    assert overload.admit(0.0, 100) is Strain.LIVE_LEGS
    assert overload.admit(0.0, 96) is Strain.LIVE_LEGS
    assert is_strained(overload)
    assert overload.admit(0.0, 95) is None
    assert overload.admit(0.0, 99) is None
    assert not is_strained(overload)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_of_a_few_legs_is_one_too(limit: int) -> None:
    overload = Overload(OverloadLimits(live_legs=limit))
    assert overload.admit(0.0, limit - 1) is None
    assert overload.admit(0.0, limit) is Strain.LIVE_LEGS
    assert overload.admit(0.0, limit - 1) is None


def test_callbacks_have_a_limit_too() -> None:
    overload = Overload(OverloadLimits(callbacks=1000))
    overload.look(0.0, 0.0, 0.0, 1000)
    assert overload.admit(0.0, 0) is Strain.CALLBACKS
    overload.look(0.1, 0.0, 0.0, 951)
    assert overload.admit(0.1, 0) is Strain.CALLBACKS
    overload.look(0.2, 0.0, 0.0, 950)
    assert overload.admit(0.2, 0) is None


def test_without_limits_nothing_is_too_much() -> None:
    overload = Overload(NO_LIMITS)
    for number in range(100):
        overload.look(number * 1.0, 10.0, 10.0, 10**9)
        assert overload.admit(number * 1.0, 10**6) is None
    assert not is_strained(overload)


def test_other_limits_count_from_then_on() -> None:
    overload = Overload(USUAL)
    look(overload, 1.0, look(overload, 1.0))
    assert is_strained(overload)
    overload.follow(NO_LIMITS)
    assert not is_strained(overload)
    assert overload.admit(5.0, 10**6) is None


def test_asking_takes_nothing() -> None:
    overload = Overload(USUAL)
    at = look(overload, 1.0, look(overload, 1.0))
    assert overload.admit(at, 0) is None  # there is room for two
    assert [overload.strain(at, 0) for _ in range(9)] == [None] * 9
    assert overload.admit(at, 0) is None
    assert overload.admit(at, 0) is Strain.LAG
