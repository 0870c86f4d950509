"""Digits that a program asks for."""

from __future__ import annotations

from cordboard.calls.programs.gathering import FULL, TIMEOUT, Gathering
from cordboard.calls.programs.program_words import Gathered, State, TakeCall
from cordboard.calls.programs.run import Run
from cordboard.calls.programs.sounding import heard, hush
from cordboard.directory.steps import GatherStep


def gather(run: Run, action: GatherStep, now: float) -> None:
    """Ask for digits."""
    run.gathering = Gathering(action)
    if not _ask(run, now):
        run.go_on()


def played(run: Run, told: tuple[int, bool], now: float) -> None:
    """A prompt that asks is over."""
    if heard(run, told):
        prompt_over(run, None, now)


def prompt_over(run: Run, _value: None, now: float) -> None:
    """The next prompt is heard, or the keys are waited for."""
    if not run.play_next(State.PROMPTING, now):
        _listen(run, run.gathering.action.timeout, now)


def key(run: Run, pressed: str, now: float) -> None:
    """A key while digits are asked for."""
    gathering = run.gathering
    if run.typed.is_spare(pressed, now) or not gathering.wants(pressed):
        return
    if run.state is State.PROMPTING:
        hush(run)
    ended = gathering.take(pressed)
    if ended is None:
        run.wait(State.GATHERING, now + gathering.action.between)
    else:
        _over(run, ended, now)


def silence(run: Run, _value: None, now: float) -> None:
    """No further key came in time."""
    _over(run, TIMEOUT, now)


def _ask(run: Run, now: float) -> bool:
    """Ask for digits; False where enough was typed before."""
    gathering = run.gathering
    while run.typed:
        pressed = run.typed.take()
        ended = gathering.take(pressed) if gathering.wants(pressed) else None
        if ended is not None and _is_gathered(run, ended, now):
            return False
    if gathering.entered:
        _listen(run, gathering.action.between, now)
    else:
        run.queue.extend(gathering.action.paths)
        prompt_over(run, None, now)
    return True


def _listen(run: Run, seconds: float, now: float) -> None:
    run.done.append(TakeCall())
    run.wait(State.GATHERING, now + seconds)


def _over(run: Run, by: str, now: float) -> None:
    if _is_gathered(run, by, now) or not _ask(run, now):
        run.go_on()


def _is_gathered(run: Run, by: str, now: float) -> bool:
    """Whether that was all; else it was nothing, and is asked for once more."""
    gathering = run.gathering
    if gathering.again():
        return False
    action, entered = gathering.action, gathering.entered
    if by == FULL:
        run.typed.spare(action.finish, now)
    digits = entered if action.shown else None
    run.done.append(Gathered(action.variable, len(entered), by, gathering.tries, digits))
    run.course.put(action.variable, entered)
    return True
