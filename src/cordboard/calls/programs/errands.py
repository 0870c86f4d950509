"""What a program has others do, and waits for: somebody who is rung, documents of web servers,
calls that are to be made later."""

from __future__ import annotations

from cordboard.calls.programs.program_course import (
    MAX_FETCHES,
    MAX_JOBS,
    MAX_RINGS,
    ProgramFault,
)
from cordboard.calls.programs.program_words import AddJob, Data, Fetch, Fetched, RingOut, State
from cordboard.calls.programs.run import Run
from cordboard.directory.steps import AddJobStep, FetchStep, GetDataStep, RingStep, Step

LONGEST_FETCH = 35.0
"""Seconds that documents are waited for: three servers, asked for 10 seconds each."""

LONGEST_ADDING = 10.0
"""Seconds that the acceptance of a call is waited for: it is one commit of the journal."""


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


def get_data(run: Run, action: GetDataStep, now: float) -> None:
    """Ask for the value of a variable."""
    run.course.use("documents", MAX_FETCHES)
    run.turn += 1
    url, told = run.course.filled(action.url), dict(run.course.variables)
    run.done.append(Fetch((url,), told, run.turn, data=True, posted=action.posted))
    run.wait(State.FETCHING, now + LONGEST_FETCH)


def fetched(run: Run, answer: tuple[int, tuple[Step, ...] | Data], _now: float) -> None:
    """It is there."""
    turn, found = answer
    if turn != run.turn:
        return
    if not isinstance(found, Data):
        run.done.append(Fetched(len(found)))
        run.course.begin(found)
    elif isinstance(run.action, GetDataStep):
        run.done.append(Fetched(0))
        run.course.put_data(run.action.variable, found.value)
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


def add_job(run: Run, action: AddJobStep, now: float) -> None:
    """Have somebody called later; of too many jobs each is simply not added."""
    run.turn += 1
    if not run.course.may_use("jobs", MAX_JOBS):
        _added(run, False)
        return
    run.done.append(AddJob(action.text, dict(run.course.variables), run.turn))
    run.wait(State.ADDING, now + LONGEST_ADDING)


def job_added(run: Run, answer: tuple[int, bool], _now: float) -> None:
    """He will be called, or he will not."""
    turn, added = answer
    if turn == run.turn:
        _added(run, added)


def job_overdue(run: Run, _value: None, _now: float) -> None:
    """Nobody can say yet whether he will."""
    run.turn += 1
    _added(run, False)


def _added(run: Run, added: bool) -> None:
    if isinstance(run.action, AddJobStep):
        run.course.put_data(run.action.result, added)
    run.go_on()


def _no_document(run: Run, why: str) -> None:
    run.done.append(Fetched(0, why))
    if isinstance(run.action, FetchStep):
        if run.action.otherwise is None and run.course.handles_errors:
            raise ProgramFault(f"no document: {why}")
        _failed(run, run.action, "failed")
    elif isinstance(run.action, GetDataStep):
        run.course.put_data(run.action.variable, None)
        run.go_on()


def _failed(run: Run, action: RingStep | FetchStep, why: str) -> None:
    run.course.put(action.result, why)
    run.course.jump(action.otherwise)
    run.go_on()
