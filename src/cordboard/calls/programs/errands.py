"""What a program has others do, and waits for: somebody who is rung, documents of web servers."""

from __future__ import annotations

from cordboard.calls.programs.program_course import MAX_FETCHES, MAX_RINGS
from cordboard.calls.programs.program_words import Fetch, Fetched, RingOut, State
from cordboard.calls.programs.run import Run
from cordboard.directory.steps import FetchStep, RingStep, Step

LONGEST_FETCH = 35.0
"""Seconds that documents are waited for: three servers, asked for 10 seconds each."""


def ring(run: Run, action: RingStep, _now: float) -> None:
    """Ring somebody."""
    run.course.use("parties rung", MAX_RINGS)
    show = None if action.show is None else run.course.filled(action.show)
    run.done.append(RingOut(action, run.course.filled(action.to), show))
    run.wait(State.RINGING, None)


def connected(run: Run, _value: None, _now: float) -> None:
    """He has answered, which is the end of the program."""
    run.state = State.OVER


def not_connected(run: Run, why: str, _now: float) -> None:
    """He has not."""
    if isinstance(run.action, RingStep):
        _failed(run, run.action, why)


def fetch(run: Run, action: FetchStep, now: float) -> None:
    """Ask for the next steps."""
    run.course.use("documents", MAX_FETCHES)
    run.turn += 1
    urls = tuple(run.course.filled(url) for url in action.urls)
    run.done.append(Fetch(urls, dict(run.course.variables), run.turn))
    run.wait(State.FETCHING, now + LONGEST_FETCH)


def fetched(run: Run, answer: tuple[int, tuple[Step, ...]], _now: float) -> None:
    """They are there."""
    turn, steps = answer
    if turn == run.turn:
        run.done.append(Fetched(len(steps)))
        run.course.begin(steps)
        run.go_on()


def not_fetched(run: Run, answer: tuple[int, str], _now: float) -> None:
    """There are none, and why."""
    turn, why = answer
    if turn == run.turn:
        _no_document(run, why)


def fetch_overdue(run: Run, _value: None, _now: float) -> None:
    """Nobody has answered."""
    run.turn += 1
    _no_document(run, "no answer in time")


def _no_document(run: Run, why: str) -> None:
    run.done.append(Fetched(0, why))
    if isinstance(run.action, FetchStep):
        _failed(run, run.action, "failed")


def _failed(run: Run, action: RingStep | FetchStep, why: str) -> None:
    run.course.put(action.result, why)
    run.course.jump(action.otherwise)
    run.go_on()
