"""A context's program as it runs in one call: what happens to it goes in, what is to be done comes
out.

Theory of operation. A program is a list of steps and a place in it. A step either is done at once
(branch, goto, set, answer, record), and the next one follows, or it waits: then the program is in
one of the :class:`State` s, and the table ``TRANSITIONS`` alone says what an :class:`Input` does
there. An input that the table does not know in a state has no effect: a key while somebody is rung,
the end of a prompt that was cut short. Three rules have every program end:

1. Whatever it waits for has a deadline, and ``DUE`` is in the table for each state that waits; but
   for a ring, whose hunt has its own.
2. The steps between two waits are bounded, and so are all steps, rings and documents together
   (:mod:`~cordboard.calls.programs.program_course`).
3. ``OVER`` has no way out, and is entered with exactly one :class:`Ended`, or with the connection
   that a ring has brought about.

What the steps and inputs do stands beside it, in ``sounding``, ``asking``, ``messages`` and
``errands``, as functions of the program's :class:`~cordboard.calls.programs.run.Run`: where one
says that the program goes on (``STEPPING``), the next step has its turn here.

Keys that come too early are kept for the next gather, as people press who know the menu. Nobody is
told which keys were pressed but by a step that says so: many are a secret of the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cordboard.calls.programs import asking, errands, messages, sounding
from cordboard.calls.programs.program_course import ProgramFault
from cordboard.calls.programs.program_words import (
    Effect,
    Input,
    Keep,
    Recovered,
    State,
    Stepped,
    TakeCall,
)
from cordboard.calls.programs.run import Run
from cordboard.directory.steps import (
    Action,
    AddJobStep,
    AnswerStep,
    BranchStep,
    CalculateStep,
    EndReason,
    FetchStep,
    GatherStep,
    GetDataStep,
    GotoStep,
    HangUpStep,
    MessageStep,
    OnErrorStep,
    PlayStep,
    RecordStep,
    RingStep,
    SayStep,
    SetStep,
    Step,
    WaitStep,
)

_SILENT = (BranchStep, GotoStep, SetStep, CalculateStep, OnErrorStep)


class Program:
    """One program. After each input :meth:`take` has what is to be done, in order; ``deadline`` is
    when :meth:`handle` is to be told ``DUE``, on the clock of ``now``."""

    __slots__ = ("_run",)

    def __init__(
        self, steps: tuple[Step, ...], variables: Mapping[str, str], language: str
    ) -> None:
        self._run = Run(steps, variables, language)

    @property
    def state(self) -> State:
        """What it waits for."""
        return self._run.state

    @property
    def deadline(self) -> float | None:
        """When it has waited long enough."""
        return self._run.deadline

    @property
    def over(self) -> bool:
        """Whether it does nothing any more."""
        return self._run.state is State.OVER

    @property
    def variables(self) -> Mapping[str, str]:
        """What it knows."""
        return self._run.course.variables

    def handle(self, happened: Input, now: float, value: Any = None) -> None:
        """Take notice of something. ``value`` is (turn, whether it could be played) of ``PLAYED``,
        the digit of ``KEY``, why for ``NOT_CONNECTED``, the recording of ``TAPED``, (turn,
        steps or why not) of ``FETCHED`` and ``NOT_FETCHED``, and (turn, whether) of ``ADDED``."""
        run = self._run
        if happened is Input.DUE and (run.deadline is None or now < run.deadline):
            return
        do = TRANSITIONS.get((run.state, happened))
        if do is not None:
            run.course.pause()
            _guarded(run, lambda: do(run, value, now))
            while run.state is State.STEPPING:
                _guarded(run, lambda: _step(run, now))

    def take(self) -> list[Effect]:
        """What is to be done since this was last asked, in order."""
        taken, self._run.done = self._run.done, []
        return taken


def _guarded(run: Run, do: Callable[[], None]) -> None:
    """Do something, and if it goes wrong go on where the program says, or end."""
    try:
        do()
    except ProgramFault as fault:
        if run.course.handle_error():
            run.done.append(Recovered(str(fault)))
            run.go_on()
        else:
            run.end(EndReason.NORMAL, str(fault))


def _step(run: Run, now: float) -> None:
    """Do one step after the other until one waits."""
    while run.state is State.STEPPING:
        turn = run.course.next()
        if turn is None:
            run.end(EndReason.NORMAL)
            return
        place, step = turn
        run.action = step.action
        if not isinstance(step.action, _SILENT):
            run.done.append(Stepped(place, step))
        _STEPS[type(step.action)](run, step.action, now)


def _begin(run: Run, _value: None, _now: float) -> None:
    run.go_on()


def _pause_over(run: Run, _value: None, _now: float) -> None:
    run.go_on()


# Steps that are done at once


def _answer(run: Run, _action: AnswerStep, _now: float) -> None:
    run.done.append(TakeCall())


def _branch(run: Run, action: BranchStep, _now: float) -> None:
    value = run.course.variables.get(action.variable, "")
    run.course.jump(dict(action.ways).get(value, action.otherwise))


def _goto(run: Run, action: GotoStep, _now: float) -> None:
    run.course.jump(action.label)


def _set(run: Run, action: SetStep, _now: float) -> None:
    for name, text in action.values:
        run.course.put(name, run.course.filled(text))


def _calculate(run: Run, action: CalculateStep, _now: float) -> None:
    value = run.course.calculated(action.expression)
    run.course.put_data(action.variable, bool(value) if action.truth else value)


def _on_error(run: Run, action: OnErrorStep, _now: float) -> None:
    run.course.on_error(action.label)


def _record(run: Run, action: RecordStep, _now: float) -> None:
    run.done.append(Keep(action.on))


def _hang_up(run: Run, action: HangUpStep, _now: float) -> None:
    run.end(action.reason)


_STEPS: dict[type[Action], Callable[[Run, Any, float], None]] = {
    AnswerStep: _answer,
    PlayStep: sounding.play,
    SayStep: sounding.say,
    WaitStep: sounding.pause,
    GatherStep: asking.gather,
    BranchStep: _branch,
    GotoStep: _goto,
    SetStep: _set,
    RingStep: errands.ring,
    RecordStep: _record,
    MessageStep: messages.message,
    HangUpStep: _hang_up,
    FetchStep: errands.fetch,
    CalculateStep: _calculate,
    GetDataStep: errands.get_data,
    OnErrorStep: _on_error,
    AddJobStep: errands.add_job,
}

TRANSITIONS: dict[tuple[State, Input], Callable[[Run, Any, float], None]] = {
    (State.NEW, Input.BEGUN): _begin,
    (State.PLAYING, Input.PLAYED): sounding.played,
    (State.PLAYING, Input.DUE): sounding.sound_over,
    (State.PLAYING, Input.KEY): sounding.key_while_playing,
    (State.PAUSING, Input.DUE): _pause_over,
    (State.PAUSING, Input.KEY): sounding.keep_key,
    (State.PROMPTING, Input.PLAYED): asking.played,
    (State.PROMPTING, Input.DUE): asking.prompt_over,
    (State.PROMPTING, Input.KEY): asking.key,
    (State.GATHERING, Input.DUE): asking.silence,
    (State.GATHERING, Input.KEY): asking.key,
    (State.BEEPING, Input.PLAYED): messages.played,
    (State.BEEPING, Input.DUE): messages.beep_over,
    (State.BEEPING, Input.KEY): sounding.keep_key,
    (State.TAPING, Input.TAPED): messages.taped,
    (State.TAPING, Input.DUE): messages.over,
    (State.TAPING, Input.KEY): messages.key,
    (State.RINGING, Input.CONNECTED): errands.connected,
    (State.RINGING, Input.NOT_CONNECTED): errands.not_connected,
    (State.FETCHING, Input.FETCHED): errands.fetched,
    (State.FETCHING, Input.NOT_FETCHED): errands.not_fetched,
    (State.FETCHING, Input.DUE): errands.fetch_overdue,
    (State.FETCHING, Input.KEY): sounding.keep_key,
    (State.ADDING, Input.ADDED): errands.job_added,
    (State.ADDING, Input.DUE): errands.job_overdue,
    (State.ADDING, Input.KEY): sounding.keep_key,
}
