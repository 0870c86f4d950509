"""Whatever a server goes through: who is let in, who is not, and how it ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.calls.overload import (
    BURST_SECONDS,
    LEAST_BURST,
    LEAST_RATE,
    LOOK_SECONDS,
    LOOKS_A_ROUND,
    Overload,
    OverloadLimits,
    Strain,
)
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


@given(MOMENTS)
def test_nobody_is_let_in_over_a_limit_and_no_more_than_the_rate(
    moments: list[tuple[float, float, int, int, int]],
) -> None:
    overload, now = Overload(LIMITS), 0.0
    for lag, commit, callbacks, legs, wanted in moments:
        now += LOOK_SECONDS
        overload.look(now, lag, commit, callbacks)
        answers = [overload.admit(now, legs) for _ in range(wanted)]
        admitted = answers.count(None)
        if legs >= LIMITS.live_legs or callbacks >= LIMITS.callbacks:
            assert admitted == 0
        rate = overload.rate
        if rate is None:
            assert not {Strain.LAG, Strain.COMMIT} & set(answers)
        else:
            assert rate >= LEAST_RATE
            assert admitted <= max(LEAST_BURST, rate * BURST_SECONDS)
        for answer in answers:
            if answer is not None:
                overload.refuse(answer)


@given(MOMENTS)
def test_when_it_is_calm_and_nobody_is_refused_all_are_let_in_again(
    moments: list[tuple[float, float, int, int, int]],
) -> None:
    overload, now = Overload(LIMITS), 0.0
    for lag, commit, callbacks, legs, wanted in moments:
        now += LOOK_SECONDS
        overload.look(now, lag, commit, callbacks)
        for _ in range(wanted):
            answer = overload.admit(now, legs)
            if answer is not None:
                overload.refuse(answer)
    for _ in range(20 * LOOKS_A_ROUND):
        now += LOOK_SECONDS
        overload.look(now, 0.001, 0.0, 0)
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
