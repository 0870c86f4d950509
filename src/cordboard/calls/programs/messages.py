"""Messages that a caller leaves with a program."""

from __future__ import annotations

from cordboard.calls.programs.program_course import MAX_MESSAGES
from cordboard.calls.programs.program_words import State, Tape
from cordboard.calls.programs.run import Run
from cordboard.calls.programs.sounding import heard
from cordboard.directory.steps import OWN, MessageStep


def message(run: Run, action: MessageStep, now: float) -> None:
    """Beep, and then record what he says."""
    run.course.use("messages", MAX_MESSAGES)
    run.course.put(action.variable, "")
    run.queue.append(f"{OWN}beep")
    run.play_next(State.BEEPING, now)


def played(run: Run, told: tuple[int, bool], now: float) -> None:
    """The beep is over."""
    if heard(run, told):
        beep_over(run, None, now)


def beep_over(run: Run, _value: None, now: float) -> None:
    """He may speak."""
    run.done.append(Tape(True))
    seconds = run.action.seconds if isinstance(run.action, MessageStep) else 0.0
    run.wait(State.TAPING, now + seconds)


def taped(run: Run, recording: str, _now: float) -> None:
    """He is recorded now; with an id of "" he is not."""
    if isinstance(run.action, MessageStep):
        run.course.put(run.action.variable, recording)
    if not recording:
        run.go_on()


def key(run: Run, pressed: str, now: float) -> None:
    """A key while he is recorded."""
    if isinstance(run.action, MessageStep) and pressed in run.action.until:
        over(run, None, now)


def over(run: Run, _value: None, _now: float) -> None:
    """He has said enough."""
    run.done.append(Tape(False))
    run.go_on()
