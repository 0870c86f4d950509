"""Whatever a server goes through: who is let in, who is not, and how it ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.overload import (
    IMPATIENCE,
    LEAST_RATE,
    LONGEST_WAIT,
    LOOK_SECONDS,
    MOST_WAITING,
    PATIENCE,
    PLACES_A_TURN,
    Overload,
    State,
)
from cordboard.calls.overload_limits import OverloadLimits, Strain
from support.busy_server import BusyServer

LIMITS = OverloadLimits(lag=0.01, commit=0.1, live_legs=100, callbacks=1000)

MOMENTS = st.lists(
    st.tuples(
        st.floats(0.0, 0.5),  # how late the loop is
        st.floats(0.0, 0.5),  # for how long the journal is at its commit
        st.integers(0, 1100),  # callbacks
        st.integers(0, 110),  # legs
        st.integers(0, 20),  # who wants to begin
    ),
    max_size=120,
)


class Watched:
    """Somebody who wants to begin, and when he did."""

    def __init__(self, came: float) -> None:
        self.came = came
        self.began: float | None = None

    def begin(self) -> None:
        assert self.began is None, "he began already"
        self.began = self.came


def pass_through(
    overload: Overload, moments: list[tuple[float, float, int, int, int]]
) -> tuple[float, list[Watched]]:
    """Let it all happen, a turn and a look every 20 ms; the time then, and who was let in."""
    now, taken = 0.0, list[Watched]()
    for lag, commit, callbacks, legs, wanted in moments:
        now += LOOK_SECONDS
        overload.look(now, lag, commit, callbacks)
        beginning = overload.turn(now)
        assert len(beginning) <= PLACES_A_TURN
        for begin in beginning:
            begin()
        at_once = 0
        for _ in range(wanted):
            strain = overload.strain(now, legs)
            if legs >= LIMITS.live_legs or callbacks >= LIMITS.callbacks:
                assert strain in (Strain.LIVE_LEGS, Strain.CALLBACKS)
            if strain is not None:
                overload.refuse(strain, now)
                continue
            one = Watched(now)
            taken.append(one)
            if overload.enter(now, one.begin):
                one.begin()
                at_once += 1
        assert at_once <= PLACES_A_TURN
        assert overload.waiting <= MOST_WAITING
        assert overload.rate is None or overload.rate >= LEAST_RATE
    return now, taken


@given(MOMENTS)
def test_nobody_is_let_in_over_a_limit_and_no_more_than_there_are_places(
    moments: list[tuple[float, float, int, int, int]],
) -> None:
    pass_through(Overload(LIMITS), moments)


@given(MOMENTS)
def test_whoever_was_let_in_begins_in_the_order_in_which_they_came(
    moments: list[tuple[float, float, int, int, int]],
) -> None:
    overload = Overload(LIMITS)
    now, taken = pass_through(overload, moments)
    began = [one.began is not None for one in taken]
    assert began == sorted(began, reverse=True)
    turns = 0
    while overload.waiting:
        now += LOOK_SECONDS
        for begin in overload.turn(now):
            begin()
        turns += 1
    assert all(one.began is not None for one in taken)
    assert turns <= MOST_WAITING / PLACES_A_TURN + LONGEST_WAIT / LOOK_SECONDS + 2


@given(MOMENTS)
def test_who_finds_a_long_wait_is_refused(
    moments: list[tuple[float, float, int, int, int]],
) -> None:
    overload = Overload(LIMITS)
    now, _ = pass_through(overload, moments)
    while overload.waiting:
        now += LONGEST_WAIT
        overload.turn(now)
    for _ in range(PLACES_A_TURN + 1):
        overload.enter(now, None)
    patience = PATIENCE if overload.state is State.OPEN else IMPATIENCE
    assert overload.burden(0) or overload.strain(now + patience * 0.99, 0) is None
    assert overload.strain(now + patience * 1.01, 0) is not None


@given(MOMENTS)
def test_when_it_is_calm_and_nobody_is_refused_all_are_let_in_again(
    moments: list[tuple[float, float, int, int, int]],
) -> None:
    overload = Overload(LIMITS)
    now, _ = pass_through(overload, moments)
    for _ in range(100):
        now += LOOK_SECONDS
        overload.look(now, 0.001, 0.0, 0)
        overload.turn(now)
    assert overload.strain(now, 0) is None
    assert not overload.strained


@given(
    st.lists(st.tuples(st.floats(1.0, 900.0), st.floats(0.1, 0.8)), min_size=1, max_size=4),
    st.floats(0.01, 2.0),
)
def test_whatever_is_offered_everybody_gets_an_answer_and_quiet_comes_back(
    phases: list[tuple[float, float]], talk: float
) -> None:
    server = BusyServer(OverloadLimits(), talk)
    for rate, seconds in phases:
        server.offer(rate, seconds)
    server.offer(1.0, talk + 4.0)
    assert len(server.asked) >= sum(int(rate * seconds) for rate, seconds in phases)
    assert all(one.admitted for one in server.offer(100.0, 3.0))
