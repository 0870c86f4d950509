from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cordboard.sip.wheel import MIN_SWEEP, NEVER, Action, Timer, TimerWheel


class Ran(list[object]):
    """What ran, in order."""

    def noting(self, name: object) -> Action:
        return lambda _now: self.append(name)


def test_runs_what_is_due_in_order() -> None:
    wheel, ran = TimerWheel(), Ran()
    for deadline, name in [(3.0, "c"), (1.0, "a"), (2.0, "b"), (1.0, "a2")]:
        wheel.schedule(deadline, ran.noting(name))
    assert wheel.next_deadline() == 1.0
    wheel.run_due(2.0)
    assert ran == ["a", "a2", "b"]
    assert wheel.next_deadline() == 3.0
    assert len(wheel) == 1


def test_a_cancelled_timer_does_not_run() -> None:
    wheel, ran = TimerWheel(), Ran()
    timer = wheel.schedule(1.0, ran.noting(1))
    wheel.cancel(timer)
    wheel.cancel(timer)
    wheel.cancel(None)
    assert len(wheel) == 0
    assert wheel.next_deadline() is None
    wheel.run_due(5.0)
    assert ran == []


def test_an_action_may_schedule_and_cancel() -> None:
    wheel, ran = TimerWheel(), Ran()
    other = wheel.schedule(2.0, ran.noting("cancelled"))

    def first(now: float) -> None:
        wheel.cancel(other)
        wheel.schedule(now, ran.noting("at once"))

    wheel.schedule(1.0, first)
    wheel.run_due(3.0)
    assert ran == ["at once"]


def test_cancelling_a_timer_that_ran_is_no_matter() -> None:
    wheel = TimerWheel()
    timer = wheel.schedule(1.0, lambda _: None)
    wheel.run_due(1.0)
    wheel.cancel(timer)
    assert len(wheel) == 0


def test_cancelled_timers_take_no_room_for_long() -> None:
    wheel = TimerWheel()
    for number in range(20 * MIN_SWEEP):
        wheel.cancel(wheel.schedule(100.0 + number, lambda _: None))
    assert len(wheel) == 0
    assert len(wheel._heap) <= MIN_SWEEP + 1


class Noting(Timer):
    """Notes when it rings."""

    def __init__(self, ran: Ran) -> None:
        super().__init__()
        self._ran = ran

    def ring(self, now: float) -> None:
        self._ran.append(now)


def test_a_timer_that_is_put_off_rings_at_its_new_time_only() -> None:
    wheel, ran = TimerWheel(), Ran()
    timer = Noting(ran)
    wheel.start(timer, 1.0)
    wheel.start(timer, 3.0)
    wheel.run_due(2.0)
    assert (ran, wheel.next_deadline(), len(wheel)) == ([], 3.0, 1)
    wheel.run_due(3.0)
    assert (ran, wheel.next_deadline(), len(wheel)) == ([3.0], None, 0)


def test_a_timer_that_is_brought_forward_rings_once() -> None:
    wheel, ran = TimerWheel(), Ran()
    timer = Noting(ran)
    wheel.start(timer, 3.0)
    wheel.start(timer, 1.0)
    assert (wheel.earliest, len(wheel)) == (1.0, 1)
    wheel.run_due(1.0)
    wheel.run_due(5.0)
    assert ran == [1.0]


def test_a_cancelled_timer_can_be_started_again() -> None:
    wheel, ran = TimerWheel(), Ran()
    timer = Noting(ran)
    wheel.start(timer, 1.0)
    timer.cancel()
    assert len(wheel) == 0
    wheel.run_due(1.0)
    wheel.start(timer, 2.0)
    wheel.run_due(2.0)
    assert ran == [2.0]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from([None, 1.0, 2.0, 3.0, 4.0]))))
def test_each_timer_rings_when_it_was_last_set_to(plan: list[tuple[int, float | None]]) -> None:
    wheel = TimerWheel()
    rings: list[Ran] = [Ran() for _ in range(4)]
    timers = [Noting(ran) for ran in rings]
    last: dict[int, float] = {}
    for number, due in plan:
        if due is None:
            timers[number].cancel()
            last.pop(number, None)
        else:
            wheel.start(timers[number], due)
            last[number] = due
        assert wheel.earliest <= min(last.values(), default=NEVER)
    assert len(wheel) == len(last)
    for now in (1.0, 2.0, 3.0, 4.0):
        wheel.run_due(now)
    assert rings == [[last[number]] if number in last else [] for number in range(4)]
    assert not wheel._heap


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans())), st.floats(0, 100))
def test_exactly_those_that_are_due_and_not_cancelled_run(
    plan: list[tuple[float, bool]], now: float
) -> None:
    wheel, ran = TimerWheel(), Ran()
    for number, (deadline, cancelled) in enumerate(plan):
        timer = wheel.schedule(deadline, ran.noting(number))
        if cancelled:
            wheel.cancel(timer)
    wheel.run_due(now)
    due = [(deadline, number) for number, (deadline, no) in enumerate(plan) if not no]
    assert ran == [number for deadline, number in sorted(due) if deadline <= now]
    assert len(wheel) == len(due) - len(ran)
