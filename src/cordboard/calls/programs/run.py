"""What all parts of a running program share: where it is, what it waits for, what is to be done."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from cordboard.calls.programs.gathering import Gathering, TypedAhead
from cordboard.calls.programs.program_course import Course
from cordboard.calls.programs.program_words import Effect, Ended, Sound, State, TakeCall
from cordboard.directory.steps import (
    OWN,
    Action,
    AnswerStep,
    EndReason,
    GatherStep,
    Step,
    own_prompt,
)

LONGEST_SOUND = 130.0
"""Seconds until a prompt counts as played whose end nobody tells: the longest one lasts 120, and
its file has to be read."""


class Run:
    """A program in its course. Whoever has it go on, wait or end says so here; what is to be done
    is added to ``done``. ``action`` is that of the step whose turn it is, ``queue`` the prompts
    that are still to be played, ``turn`` that of what is waited for."""

    __slots__ = (
        "action",
        "course",
        "deadline",
        "done",
        "gathering",
        "language",
        "queue",
        "state",
        "turn",
        "typed",
    )

    def __init__(
        self, steps: tuple[Step, ...], variables: Mapping[str, str], language: str
    ) -> None:
        self.state = State.NEW
        self.deadline: float | None = None
        self.course = Course(steps, variables)
        self.language = language
        self.action: Action = AnswerStep()
        self.done: list[Effect] = []
        self.queue: deque[str] = deque()
        self.typed = TypedAhead()
        self.gathering = Gathering(GatherStep(""))
        self.turn = 0

    def go_on(self) -> None:
        """The next step has its turn."""
        self.state, self.deadline = State.STEPPING, None

    def wait(self, state: State, until: float | None) -> None:
        """Wait in a state, until a time at most."""
        self.state, self.deadline = state, until

    def end(self, reason: EndReason, fault: str | None = None) -> None:
        """The program is over."""
        self.state, self.deadline = State.OVER, None
        self.done.append(Ended(reason, fault))

    def play_next(self, state: State, now: float) -> bool:
        """Play the next prompt that waits, in a state; False where there is none."""
        if not self.queue:
            return False
        self.turn += 1
        self.done += (TakeCall(), Sound(self._in_language(self.queue.popleft()), self.turn))
        self.wait(state, now + LONGEST_SOUND)
        return True

    def _in_language(self, path: str) -> str:
        name = path.removeprefix(OWN)
        if name != path and "/" not in name:
            return own_prompt(name, self.language)
        return path.replace("{language}", self.language)
