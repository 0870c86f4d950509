"""Whether one more call may begin, told by a server without a clock that is offered too much."""

from __future__ import annotations

from functools import partial

import pytest

from cordboard.calls.overload import (
    CALM_SECONDS,
    CUT,
    CUT_SECONDS,
    IMPATIENCE,
    LEAST_RATE,
    LONGEST_WAIT,
    LOOK_SECONDS,
    LOOKS_A_ROUND,
    MOST_WAITING,
    PATIENCE,
    PLACES_A_TURN,
    SECONDS_JUDGED,
    Overload,
    State,
)
from cordboard.calls.overload_limits import NO_LIMITS, OverloadLimits, Strain
from support.busy_server import COSTS_LATE, SUSTAINABLE, Asked, BusyServer

USUAL = OverloadLimits()
REFUSED_WITHIN = 0.05
ROUND = LOOKS_A_ROUND * LOOK_SECONDS


def times(asked: list[Asked], *, admitted: bool) -> list[float]:
    """After how many seconds each was let in, or refused, the quickest first; 0 for nobody."""
    return sorted(one.after for one in asked if one.admitted is admitted) or [0.0]


def p99(sorted_times: list[float]) -> float:
    return sorted_times[int(len(sorted_times) * 0.99)]


def state_of(overload: Overload) -> State:
    """How it stands by now."""
    return overload.state


def is_strained(overload: Overload) -> bool:
    """Whether new calls are limited by now."""
    return overload.strained


def refused(asked: list[Asked]) -> int:
    return sum(not one.admitted for one in asked)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.8, 0.95])
def test_a_server_that_bears_its_load_refuses_nobody_and_is_quick(share: float) -> None:
    server = BusyServer(USUAL)
    asked = server.offer(SUSTAINABLE * share, 20.0)
    assert refused(asked) == 0
    assert p99(times(asked, admitted=True)) < 0.03
    assert state_of(server.overload) is State.OPEN


@pytest.mark.parametrize("at_once", [10, 50, 70])
def test_a_burst_is_worked_off_and_nobody_is_refused(at_once: int) -> None:
    server = BusyServer(USUAL)
    server.offer(SUSTAINABLE * 0.3, 4.0)
    server.burst(at_once)
    asked = server.offer(SUSTAINABLE * 0.3, 4.0)
    assert refused(asked) == 0
    assert times(asked, admitted=True)[-1] < at_once / SUSTAINABLE * 2.0
    assert server.longest_turn < REFUSED_WITHIN


@pytest.mark.parametrize("seconds", [0.05, 0.1, 0.2])
def test_a_pause_is_caught_up_with_and_nobody_is_refused(seconds: float) -> None:
    server = BusyServer(USUAL)
    asked = server.offer(SUSTAINABLE * 0.7, 4.0)
    for _ in range(4):
        server.stand_still(seconds)
        asked = server.offer(SUSTAINABLE * 0.7, 2.0)
        assert refused(asked) == 0
    assert state_of(server.overload) is State.OPEN


@pytest.mark.parametrize("talk", [0.2, 1.0, 10.0])
@pytest.mark.parametrize("over", [1.2, 2.0, 4.0])
def test_what_is_more_than_it_bears_is_refused_quickly_and_the_rest_is_served(
    talk: float, over: float
) -> None:
    server = BusyServer(USUAL, talk)
    server.offer(SUSTAINABLE * 0.7, 4.0 + talk)
    server.offer(SUSTAINABLE * over, 2.0 + talk)
    server.longest_turn = 0.0
    asked = server.offer(SUSTAINABLE * over, 60.0)
    assert p99(times(asked, admitted=False)) < REFUSED_WITHIN / 2
    assert server.longest_turn < REFUSED_WITHIN
    assert len(asked) - refused(asked) > 60.0 * SUSTAINABLE * (0.97 - 0.05 * over)
    assert p99(times(asked, admitted=True)) < 0.3


@pytest.mark.parametrize("talk", [0.2, 1.0])
@pytest.mark.parametrize("share", [0.8, 0.9])
def test_at_what_it_bears_it_takes_all_again_at_once(talk: float, share: float) -> None:
    server = BusyServer(USUAL, talk)
    server.offer(SUSTAINABLE * 2.0, 60.0)
    first = server.offer(SUSTAINABLE * share, 2.0)
    assert refused(first) < 0.05 * len(first)
    assert refused(server.offer(SUSTAINABLE * share, 30.0)) == 0
    assert not server.overload.strained


def test_the_beginning_is_late_for_nobody_who_is_refused() -> None:
    server = BusyServer(USUAL)
    assert times(server.offer(SUSTAINABLE * 2.0, 3.0), admitted=False)[-1] < REFUSED_WITHIN


def test_work_that_comes_at_the_end_of_calls_makes_fewer_begin() -> None:
    server = BusyServer(USUAL, costs=COSTS_LATE)
    server.offer(SUSTAINABLE * 0.7, 4.0)
    asked = server.offer(SUSTAINABLE * 2.0, 60.0)
    assert len(asked) - refused(asked) > 60.0 * SUSTAINABLE * 0.7
    server.longest_turn = 0.0
    asked = server.offer(SUSTAINABLE * 2.0, 20.0)
    assert p99(times(asked, admitted=False)) < 0.2
    server.offer(SUSTAINABLE * 0.8, 2.0)
    assert refused(server.offer(SUSTAINABLE * 0.8, 10.0)) == 0


def test_a_journal_that_does_not_keep_up_counts_as_well() -> None:
    server = BusyServer(USUAL)
    server.offer(50.0, 2.0)
    server.commit = 0.5
    asked = server.offer(50.0, 10.0)
    assert server.overload.refused[Strain.COMMIT] == refused(asked) > 0
    assert times(asked, admitted=True)[-1] < LONGEST_WAIT + 0.1
    server.commit = 0.0
    server.offer(50.0, 1.0)
    assert refused(server.offer(50.0, 2.0)) == 0


def test_however_long_the_journal_takes_a_few_are_let_in() -> None:
    server = BusyServer(USUAL)
    server.commit = 60.0
    asked = server.offer(50.0, 20.0)
    admitted = sum(one.admitted for one in asked[100:])
    assert admitted == pytest.approx(18.0 * LEAST_RATE, rel=0.2)


def test_whoever_comes_alone_is_let_in_though_neighbours_make_the_server_late() -> None:
    overload, now, begun = Overload(USUAL), 0.0, 0
    for turn in range(400):
        now += 0.1
        overload.look(now, 0.08, 0.0, 0)  # each turn is late
        begun += len(overload.turn(now))
        if turn % 3 == 0:
            assert overload.strain(now, 2) is None
            begun += overload.enter(now, nothing)
    assert overload.strained
    assert begun >= 132


def nothing() -> None:
    """What begins here does nothing."""


def look(overload: Overload, lag: float, at: float, rounds: int = 1) -> float:
    """Rounds of looks, the first look at a time; when the next one is due."""
    for number in range(rounds * LOOKS_A_ROUND):
        overload.look(at + number * LOOK_SECONDS, lag, 0.0, 0)
    return at + rounds * ROUND


def come(overload: Overload, now: float, times: int = 1) -> list[Strain | None]:
    """Let some come at once: who is refused, and why."""
    strains = []
    for _ in range(times):
        strain = overload.strain(now, 0)
        strains.append(strain)
        if strain is None:
            overload.enter(now, nothing)
        else:
            overload.refuse(strain, now)
    return strains


def test_a_few_begin_at_once_and_who_follows_waits_for_the_next_turn() -> None:
    overload = Overload(USUAL)
    begun = [overload.enter(5.0, nothing) for _ in range(PLACES_A_TURN * 2 + 1)]
    assert begun == [True] * PLACES_A_TURN + [False] * (PLACES_A_TURN + 1)
    assert overload.turns
    assert len(overload.turn(5.01)) == PLACES_A_TURN
    assert not overload.enter(5.01, nothing), "others were there before"
    assert (len(overload.turn(5.02)), overload.waiting) == (2, 0)
    again = overload.turns
    overload.turn(5.03)
    assert (again, overload.turns) == (True, False)
    assert overload.enter(5.03, nothing)


def test_who_came_first_begins_first() -> None:
    overload, begun = Overload(USUAL), list[int]()
    for number in range(20):
        if overload.enter(5.0, partial(begun.append, number)):
            begun.append(number)
    while overload.waiting:
        for begin in overload.turn(5.0):
            begin()
    assert begun == list(range(20))


def test_who_can_not_wait_begins_and_takes_a_place_as_others_do() -> None:
    overload = Overload(USUAL)
    for _ in range(PLACES_A_TURN * 2):
        overload.enter(5.0, None)
    overload.enter(5.0, nothing)
    assert overload.turn(5.01) == []
    assert overload.turn(5.02) == [nothing]


def test_it_is_patient_until_somebody_had_to_be_refused_and_again_after_a_while() -> None:
    overload = Overload(USUAL)
    come(overload, 5.0, 20)
    assert come(overload, 5.0 + PATIENCE - 0.001) == [None]
    assert state_of(overload) is State.OPEN
    assert come(overload, 5.0 + PATIENCE + 0.001) == [Strain.LAG]
    assert state_of(overload) is State.FULL
    while overload.waiting:
        overload.turn(5.3)
    come(overload, 5.4, 20)
    assert come(overload, 5.4 + IMPATIENCE - 0.001) == [None]
    assert come(overload, 5.4 + IMPATIENCE + 0.001) == [Strain.LAG]
    at = 5.46 + CALM_SECONDS
    overload.look(at - 0.1, 0.0, 0.0, 0)
    assert state_of(overload) is State.FULL
    overload.look(at + 0.1, 0.0, 0.0, 0)
    assert state_of(overload) is State.OPEN


def test_more_do_not_wait_than_are_worked_off_in_time() -> None:
    overload = Overload(USUAL)
    strains = come(overload, 5.0, MOST_WAITING + PLACES_A_TURN + 3)
    assert strains[-4:] == [None, Strain.LAG, Strain.LAG, Strain.LAG]


def test_a_late_round_is_no_overload_and_two_are() -> None:
    overload = Overload(USUAL)
    at = look(overload, 0.05, look(overload, 0.0, 5.0))
    assert state_of(overload) is State.OPEN
    at = look(overload, 0.05, look(overload, 0.0, at))
    assert state_of(overload) is State.OPEN
    at = look(overload, 0.05, at)
    assert (state_of(overload), overload.rate) == (State.SLOWED, LEAST_RATE)
    look(overload, 0.0, at)
    assert overload.rate is None


def test_a_single_late_look_is_none_however_late() -> None:
    overload, at = Overload(USUAL), 5.0
    for _ in range(50):
        overload.look(at, 2.0, 0.0, 0)
        for number in range(1, LOOKS_A_ROUND):
            overload.look(at + number * LOOK_SECONDS, 0.001, 0.0, 0)
        at += ROUND
    assert state_of(overload) is State.OPEN


def test_where_it_is_late_fewer_begin_than_did_and_then_a_few_more_by_and_by() -> None:
    overload, now, begun = Overload(USUAL), 100.0, 0
    while begun < 200 * SECONDS_JUDGED:
        now += 0.005
        overload.turn(now)
        begun += overload.enter(now, nothing)
    look(overload, 0.05, now, 2)
    cut = overload.rate
    assert cut == pytest.approx((200.0 - 200.0 * ROUND) * CUT, rel=0.1)
    look(overload, 0.05, now + 0.2, 2)
    assert overload.rate == cut, "it has to show first"
    look(overload, 0.05, now + CUT_SECONDS + 0.3, 1)
    lower = overload.rate
    assert lower is not None
    assert lower < 150.0
    later = now + CUT_SECONDS + 0.5
    come(overload, later, MOST_WAITING)
    began = 0
    for turn in range(100):
        came = later + turn * 0.01
        if turn % 2 == 0:
            overload.look(came, 0.0, 0.0, 0)
        come(overload, came)
        began += len(overload.turn(came))
    assert lower < began < lower * 1.6
    assert lower * 1.3 < (overload.rate or 0.0) < lower * 1.6


def test_legs_have_a_limit_and_room_below_it_before_the_next() -> None:
    overload = Overload(OverloadLimits(live_legs=100))
    assert overload.strain(0.0, 99) is None
    assert overload.strain(0.0, 100) is Strain.LIVE_LEGS
    assert overload.burden(96) is Strain.LIVE_LEGS
    assert is_strained(overload)
    assert overload.burden(95) is None
    assert overload.strain(0.0, 99) is None
    assert not is_strained(overload)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_a_limit_of_a_few_legs_is_one_too(limit: int) -> None:
    overload = Overload(OverloadLimits(live_legs=limit))
    assert overload.strain(0.0, limit - 1) is None
    assert overload.strain(0.0, limit) is Strain.LIVE_LEGS
    assert overload.strain(0.0, limit - 1) is None


def test_callbacks_have_a_limit_too() -> None:
    overload = Overload(OverloadLimits(callbacks=1000))
    overload.look(0.0, 0.0, 0.0, 1000)
    assert overload.strain(0.0, 0) is Strain.CALLBACKS
    overload.look(0.1, 0.0, 0.0, 951)
    assert overload.strain(0.1, 0) is Strain.CALLBACKS
    overload.look(0.2, 0.0, 0.0, 950)
    assert overload.strain(0.2, 0) is None


def test_who_is_refused_for_what_is_carried_makes_nobody_impatient() -> None:
    overload = Overload(OverloadLimits(live_legs=1))
    overload.refuse(Strain.LIVE_LEGS, 5.0)
    assert state_of(overload) is State.OPEN
    assert overload.refused[Strain.LIVE_LEGS] == 1


def test_without_limits_nothing_is_too_much_and_nobody_waits() -> None:
    overload = Overload(NO_LIMITS)
    for number in range(100):
        overload.look(number * 1.0, 10.0, 10.0, 10**9)
        assert overload.strain(number * 1.0, 10**6) is None
        assert overload.enter(number * 1.0, nothing)
    assert not is_strained(overload)
    assert not overload.turns


def test_other_limits_count_from_then_on() -> None:
    overload = Overload(USUAL)
    at = look(overload, 1.0, 5.0, 2)
    come(overload, at, 20)
    assert is_strained(overload)
    overload.follow(NO_LIMITS)
    assert not is_strained(overload)
    assert overload.enter(at, nothing)
    begun = 0
    while overload.waiting:
        begun += len(overload.turn(at))
    assert begun > 10, "who waited begins"


def test_asking_takes_nothing() -> None:
    overload = Overload(USUAL)
    assert [overload.strain(5.0, 0) for _ in range(1000)] == [None] * 1000
    assert not overload.turns
