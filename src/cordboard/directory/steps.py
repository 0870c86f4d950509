"""What a context does, step by step, as plain values.

Texts may hold variables, ``${NAME}``, which are looked up when the step's turn comes; one that is
not there is empty. A label names a step for those who jump to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

DIGIT_KEYS = "0123456789*#"
"""The keys of a telephone; A to D are on none that a caller has."""

MOST_DIGITS = 99
"""Keys that one step may gather; Basix GetDigits ``numDigits``."""

LONGEST_VALUE = 1024
"""Characters of a variable; what v1 takes for a request's."""

OWN_VARIABLES = "__"
"""Begins the names of what is calculated for a step and of interest to nobody else."""

_VARIABLE = re.compile(r"\$\{(\w{1,64})\}", re.ASCII)


class RingKind(Enum):
    """What the text of a ring step names; ``ANY``: whatever it leads to, as if it were dialled."""

    ANY = "any"
    USER = "user"
    GROUP = "group"
    NUMBER = "number"


class EndReason(Enum):
    """Why a program hangs up; Basix Hangup ``reason`` knows the last two."""

    NORMAL = "normal"
    BUSY = "busy"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """Answer a call that was offered; one that we made is answered before its program begins."""


@dataclass(frozen=True, slots=True)
class PlayStep:
    """Play WAV prompts one after the other, all of them ``times`` times.

    A path is as the operator wrote it, made absolute from the configuration file's folder, or
    ``builtin:NAME``; ``{language}`` in it becomes the call's language. Keys in ``until`` end it.
    With ``filled`` a path may hold variables, whose values lead to no folder above.
    """

    paths: tuple[str, ...]
    times: int = 1
    until: str = ""
    filled: bool = False


@dataclass(frozen=True, slots=True)
class SayStep:
    """Speak the digits of a text one by one; what is no digit is passed over."""

    text: str


@dataclass(frozen=True, slots=True)
class WaitStep:
    """Say nothing for ``seconds``; keys are kept for the next gather."""

    seconds: float


@dataclass(frozen=True, slots=True)
class GatherStep:
    """Gather digits into ``variable``.

    The prompts are played until the first key. Then it takes up to ``digits`` of the keys ``valid``
    until ``finish`` is pressed ("" for none), waiting ``timeout`` seconds for the first and
    ``between`` seconds for each other. Without any it tries again, ``tries`` times in all, and then
    leaves the variable empty. Nobody is told which keys they were unless ``shown``.
    """

    variable: str
    paths: tuple[str, ...] = ()
    digits: int = MOST_DIGITS
    timeout: float = 5.0
    between: float = 5.0
    finish: str = "#"
    valid: str = DIGIT_KEYS
    tries: int = 1
    shown: bool = False


@dataclass(frozen=True, slots=True)
class BranchStep:
    """Go on at the label that belongs to a variable's value, else at ``otherwise``, else below.

    The value "" is that of a variable which is empty or not there.
    """

    variable: str
    ways: tuple[tuple[str, str], ...]
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class GotoStep:
    """Go on at a label."""

    label: str


@dataclass(frozen=True, slots=True)
class SetStep:
    """Give variables values."""

    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RingStep:
    """Ring somebody and connect the caller with whoever answers, which ends the program.

    ``timeout`` is for the whole hunt in seconds, None: the group's own, or that of the request.
    Where nobody is had, ``result`` says why, and it goes on at ``otherwise``, or below. ``show`` is
    the number that he is shown, one of the tenant's. With ``music`` that is heard while a number
    outside is rung, in place of what is heard from there. Without ``forward`` nobody is had either
    whose calls are forwarded.
    """

    to: str
    kind: RingKind = RingKind.ANY
    timeout: float | None = None
    result: str = "RING_RESULT"
    otherwise: str | None = None
    show: str | None = None
    music: bool = False
    forward: bool = True


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Keep what the caller and whom he is connected with say from now on, or no longer."""

    on: bool = True


@dataclass(frozen=True, slots=True)
class MessageStep:
    """Record what the caller says behind a beep, for at most ``seconds`` or until a key of
    ``until``, and put the recording's id into ``variable``; nothing where he is not to be
    recorded."""

    variable: str
    seconds: float = 120.0
    until: str = DIGIT_KEYS


@dataclass(frozen=True, slots=True)
class HangUpStep:
    """End the call."""

    reason: EndReason = EndReason.NORMAL


@dataclass(frozen=True, slots=True)
class FetchStep:
    """Go on with the steps that are at one of ``urls``, asked one after the other; where none has
    any, ``result`` says why, and it goes on at ``otherwise``, or below."""

    urls: tuple[str, ...] = field(repr=False)
    result: str = "FETCH_RESULT"
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class CalculateStep:
    """Give a variable the value of an expression (:mod:`~cordboard.directory.expressions`), or
    (``truth``) whether that is anything else than empty, zero or false."""

    variable: str
    expression: str
    truth: bool = False


@dataclass(frozen=True, slots=True)
class GetDataStep:
    """Give a variable the JSON that is at a URL, which is ``posted`` a form or only asked; nothing
    where there is none."""

    variable: str
    url: str = field(repr=False)
    posted: bool = True


@dataclass(frozen=True, slots=True)
class OnErrorStep:
    """From now on go on at a label, once, where the program would be stopped."""

    label: str


@dataclass(frozen=True, slots=True)
class AddJobStep:
    """Have somebody called later, as ``text`` says (:mod:`~cordboard.directory.basix_jobs`), and
    put into ``result`` whether he will be."""

    text: str
    result: str = "JobAdded"


Action = (
    AnswerStep
    | PlayStep
    | SayStep
    | WaitStep
    | GatherStep
    | BranchStep
    | GotoStep
    | SetStep
    | RingStep
    | RecordStep
    | MessageStep
    | HangUpStep
    | FetchStep
    | CalculateStep
    | GetDataStep
    | OnErrorStep
    | AddJobStep
)

VERBS: dict[type[Action], str] = {
    AnswerStep: "answer",
    PlayStep: "play",
    SayStep: "say",
    WaitStep: "wait",
    GatherStep: "gather",
    BranchStep: "branch",
    GotoStep: "goto",
    SetStep: "set",
    RingStep: "ring",
    RecordStep: "record",
    MessageStep: "message",
    HangUpStep: "hangup",
    FetchStep: "fetch",
    CalculateStep: "calculate",
    GetDataStep: "get_data",
    OnErrorStep: "on_error",
    AddJobStep: "add_job",
}
"""What each step is called."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a program, and its label."""

    action: Action
    label: str | None = None

    @property
    def verb(self) -> str:
        """What it does, in one word."""
        return VERBS[type(self.action)]


def ways_on(action: Action) -> tuple[str, ...]:
    """The labels that a step may jump to."""
    if isinstance(action, BranchStep):
        told = (*(label for _, label in action.ways), action.otherwise)
    elif isinstance(action, GotoStep | OnErrorStep):
        told = (action.label,)
    elif isinstance(action, RingStep | FetchStep):
        told = (action.otherwise,)
    else:
        told = ()
    return tuple(label for label in told if label is not None)


def goes_on_below(action: Action) -> bool:
    """Whether the step behind it may be the next."""
    if isinstance(action, GotoStep | HangUpStep):
        return False
    if isinstance(action, BranchStep | RingStep | FetchStep):
        return action.otherwise is None
    return True


def places_of(steps: Iterable[Step]) -> dict[str, int]:
    """Where each label stands; of two that are the same the first."""
    places: dict[str, int] = {}
    for place, step in enumerate(steps):
        if step.label is not None:
            places.setdefault(step.label, place)
    return places


OWN = "builtin:"
"""Begins the names of prompts that come with the server."""


def own_prompt(name: str, language: str) -> str:
    """A prompt that comes with the server, in a language."""
    return f"{OWN}{language}/{name}"


def filled_in(text: str, variables: Mapping[str, str], most: int = LONGEST_VALUE) -> str:
    """A text with the variables in it replaced by their values, at most so many characters."""
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda match: variables.get(match[1], ""), text)[:most]


def variables_in(text: str) -> tuple[str, ...]:
    """The names of the variables that a text holds."""
    return tuple(_VARIABLE.findall(text))
