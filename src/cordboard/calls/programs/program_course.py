"""Where a program is, what it knows, and how much of everything it has used up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from cordboard.directory.expressions import ExpressionFault, calculated, text_of
from cordboard.directory.steps import Step, filled_in, places_of

MAX_AT_ONCE = 1_000
"""Steps between two waits: more than any program has branches; a loop without a wait ends there."""

MAX_STEPS = 5_000
"""Steps in all: an hour of menus, each a few seconds long. Each step that does something is an
event, so that this bounds the events of a call too."""

MAX_RINGS = 50
"""Parties rung in all: who has been offered fifty people in vain should be let go."""

MAX_FETCHES = 200
"""Documents fetched in all: one for each turn of a long conversation with a machine."""

MAX_JOBS = 10
"""Calls that one call may have made later; each may add more when it is answered."""

MAX_MESSAGES = 20
"""Messages of one call: files that somebody has to listen to."""

MAX_UNPLAYABLE = 20
"""Prompts of one call that can't be played: a program that says nothing helps nobody."""

MAX_STRUCTURES = 10
"""Variables that hold objects or lists at one time, each up to LONGEST_DATA."""

MAX_VARIABLES = 200
"""Variables at one time; what a request brings and a program sets is far less."""


class ProgramFault(Exception):
    """A program can't go on; the message says why."""


class Course:
    """The steps of a program, the place of the next one, and the variables."""

    __slots__ = (
        "_at_once",
        "_data",
        "_labels",
        "_on_error",
        "_place",
        "_steps",
        "_used",
        "variables",
    )

    def __init__(self, steps: tuple[Step, ...], variables: Mapping[str, str]) -> None:
        self.variables = dict(variables)
        self._used: Counter[str] = Counter()
        self._at_once = 0
        self._data: dict[str, Any] = {}  # values of variables that are no texts
        self.begin(steps)

    def begin(self, steps: tuple[Step, ...]) -> None:
        """Go on with these steps, from the first one."""
        self._steps, self._labels, self._place = steps, places_of(steps), 0
        self._on_error: str | None = None

    def pause(self) -> None:
        """Something has happened since the last step."""
        self._at_once = 0

    def next(self) -> tuple[int, Step] | None:
        """The place and the step whose turn it is, None at the end; raises ProgramFault."""
        if self._place >= len(self._steps):
            return None
        self._at_once += 1
        if self._at_once > MAX_AT_ONCE:
            raise ProgramFault(f"more than {MAX_AT_ONCE} steps without a pause")
        self.use("steps", MAX_STEPS)
        self._place += 1
        return self._place - 1, self._steps[self._place - 1]

    def jump(self, label: str | None) -> None:
        """The step with this label is the next one; None: that below. Raises ProgramFault."""
        if label is not None:
            if label not in self._labels:
                raise ProgramFault(f'there is no step with the label "{label}"')
            self._place = self._labels[label]

    def put(self, name: str, value: str) -> None:
        """Give a variable a value; raises ProgramFault."""
        if name not in self.variables and len(self.variables) >= MAX_VARIABLES:
            raise ProgramFault(f"more than {MAX_VARIABLES} variables")
        self.variables[name] = value
        self._data.pop(name, None)

    def put_data(self, name: str, value: Any) -> None:
        """Give a variable a value that may be no text: a number, a truth, what JSON holds. Raises
        ProgramFault."""
        self.put(name, text_of(value))
        if isinstance(value, dict | list) and self._structures() >= MAX_STRUCTURES:
            raise ProgramFault(f"more than {MAX_STRUCTURES} variables hold data")
        if not isinstance(value, str):
            self._data[name] = value

    def _structures(self) -> int:
        return sum(isinstance(value, dict | list) for value in self._data.values())

    def calculated(self, expression: str) -> Any:
        """What an expression comes to; raises ProgramFault."""
        try:
            return calculated(expression, self._look)
        except ExpressionFault as fault:
            raise ProgramFault(str(fault)) from None

    def _look(self, name: str) -> Any:
        return self._data[name] if name in self._data else self.variables.get(name, "")

    def on_error(self, label: str | None) -> None:
        """Go on at this label where something goes wrong, or nowhere."""
        self._on_error = label

    @property
    def handles_errors(self) -> bool:
        """Whether somebody has said what is to be done then."""
        return self._on_error is not None

    def handle_error(self) -> bool:
        """Something has gone wrong: whether there is somewhere to go on, which is then the next
        step. The second time there is not."""
        label, self._on_error = self._on_error, None
        if label not in self._labels:
            return False
        self._place = self._labels[label]
        return True

    def filled(self, text: str) -> str:
        """A text with the values of its variables."""
        return filled_in(text, self.variables)

    def use(self, what: str, most: int) -> None:
        """Use up one of what there may be so many; raises ProgramFault."""
        if not self.may_use(what, most):
            raise ProgramFault(f"more than {most} {what}")

    def may_use(self, what: str, most: int) -> bool:
        """Use up one of what there may be so many; False where it is one too many."""
        self._used[what] += 1
        return self._used[what] <= most
