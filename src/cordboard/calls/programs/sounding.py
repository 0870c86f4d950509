"""What a program has its caller hear, and pauses; keys that come meanwhile."""

from __future__ import annotations

from cordboard.calls.programs.program_course import MAX_UNPLAYABLE, ProgramFault
from cordboard.calls.programs.program_words import Hush, State
from cordboard.calls.programs.run import Run
from cordboard.directory.steps import OWN, PlayStep, SayStep, WaitStep

MAX_SPOKEN = 64
"""Characters of one text that are spoken: half a minute."""

_SPOKEN = {**{digit: digit for digit in "0123456789"}, "*": "star", "#": "hash", "+": "plus"}


def play(run: Run, action: PlayStep, now: float) -> None:
    """Play prompts; raises ProgramFault for a path that its variables lead elsewhere."""
    paths = tuple(_filled(run, path) for path in action.paths) if action.filled else action.paths
    run.queue.extend(paths * action.times)
    _next_sound(run, now)


def say(run: Run, action: SayStep, now: float) -> None:
    """Speak digits."""
    text = run.course.filled(action.text)[:MAX_SPOKEN]
    run.queue.extend(f"{OWN}{_SPOKEN[one]}" for one in text if one in _SPOKEN)
    _next_sound(run, now)


def pause(run: Run, action: WaitStep, now: float) -> None:
    """Say nothing."""
    run.wait(State.PAUSING, now + action.seconds)


def played(run: Run, told: tuple[int, bool], now: float) -> None:
    """A prompt is over, or can't be played."""
    if heard(run, told):
        sound_over(run, None, now)


def sound_over(run: Run, _value: None, now: float) -> None:
    """Nothing more is heard of the prompt."""
    _next_sound(run, now)


def key_while_playing(run: Run, key: str, now: float) -> None:
    """A key, which ends what is played or is kept for later."""
    if isinstance(run.action, PlayStep) and key in run.action.until:
        hush(run)
        run.go_on()
    else:
        keep_key(run, key, now)


def keep_key(run: Run, key: str, now: float) -> None:
    """A key that nobody has asked for."""
    run.typed.add(key, now)


def heard(run: Run, told: tuple[int, bool]) -> bool:
    """Whether the end of a prompt is that of the one that is waited for."""
    turn, complete = told
    if turn == run.turn and not complete:
        if run.course.handles_errors:
            run.queue.clear()
            raise ProgramFault("a prompt can't be played")
        run.course.use("prompts that can't be played", MAX_UNPLAYABLE)
    return turn == run.turn


def hush(run: Run) -> None:
    """Play nothing any more."""
    run.queue.clear()
    run.turn += 1
    run.done.append(Hush())


def _filled(run: Run, path: str) -> str:
    filled = run.course.filled(path)
    if ".." in filled.split("/"):
        raise ProgramFault("a prompt may only be below the folder of the program")
    return filled


def _next_sound(run: Run, now: float) -> None:
    if not run.play_next(State.PLAYING, now):
        run.go_on()
