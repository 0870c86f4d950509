"""The steps that a Basix document becomes, as they are made one after the other."""

from __future__ import annotations

import re
from typing import Final

from cordboard.directory.basix_attributes import NotUnderstood
from cordboard.directory.expressions import VARIABLES, ExpressionFault, check_expression
from cordboard.directory.step_reading import MOST_STEPS
from cordboard.directory.steps import OWN_VARIABLES, Action, CalculateStep, GotoStep, Step

NAME: Final = re.compile(r"[A-Za-z_]\w{0,59}", re.ASCII)
"""What variables are called."""

INSERTED: Final = re.compile(r"\{\{([^{}]*)\}\}")
"""What is put into a text when its turn comes: a variable, or an expression."""


class StepsMade:
    """Steps as far as they are made; ``_label`` is that of the next one."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._labels = 0
        self._values = 0
        self._label: str | None = None

    def add(self, action: Action) -> None:
        """Make the next step."""
        if len(self.steps) >= MOST_STEPS:
            raise NotUnderstood(f"more than {MOST_STEPS} steps")
        self.steps.append(Step(action, self._label))
        self._label = None

    def new_label(self) -> str:
        """A label that no step has yet."""
        self._labels += 1
        return f"#{self._labels}"

    def put(self, label: str) -> None:
        """The next step has this label."""
        if self._label is not None:
            self.add(GotoStep(label))
        self._label = label

    def inserted(self, text: str) -> str:
        """A text whose ``{{...}}`` are replaced when its turn comes; what is calculated for it has
        its steps before."""
        return INSERTED.sub(lambda match: f"${{{self.variable(match[1].strip())}}}", text)

    def variable(self, expression: str) -> str:
        """The variable that has the value of an expression."""
        if NAME.fullmatch(expression):
            return VARIABLES.get(expression, expression)
        return self.calculated(expression)

    def calculated(self, expression: str, *, truth: bool = False) -> str:
        """The same of one that is calculated just here, or (``truth``) whether it is true."""
        self._values += 1
        name = f"{OWN_VARIABLES}{self._values}"
        self.add(CalculateStep(name, checked(expression), truth))
        return name


def checked(expression: str) -> str:
    """An expression that can be read."""
    try:
        check_expression(expression)
    except ExpressionFault as fault:
        raise NotUnderstood(str(fault)) from None
    return expression
