"""What happens to a program, what it waits for, and what it wants to be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cordboard.calls.request import CallRequest
from cordboard.directory.steps import EndReason, RingStep, Step
from cordboard.values import Word


class State(Word):
    """What a program waits for."""

    NEW = "new"
    STEPPING = "stepping"
    """For nothing: its steps are done."""
    PLAYING = "playing"
    PAUSING = "pausing"
    PROMPTING = "prompting"
    GATHERING = "gathering"
    RINGING = "ringing"
    FETCHING = "fetching"
    BEEPING = "beeping"
    TAPING = "taping"
    ADDING = "adding"
    OVER = "over"


class Input(Word):
    """What happens to a program."""

    BEGUN = "begun"
    PLAYED = "played"
    KEY = "key"
    DUE = "due"
    CONNECTED = "connected"
    NOT_CONNECTED = "not connected"
    FETCHED = "fetched"
    NOT_FETCHED = "not fetched"
    TAPED = "taped"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Sound:
    """Let the caller hear a prompt; its end is told with its ``turn``."""

    path: str
    turn: int


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop what is played."""


@dataclass(frozen=True, slots=True)
class TakeCall:
    """Answer the call, if it was offered and is not answered."""


@dataclass(frozen=True, slots=True)
class RingOut:
    """Ring whom a step names; ``to`` and ``show`` are what stands there now."""

    step: RingStep
    to: str
    show: str | None = None


@dataclass(frozen=True, slots=True)
class Fetch:
    """Get the next steps from one of ``urls``, which may hold secrets, telling it the variables
    where it is ``posted`` anything; or ``data``. The answer is told with the ``turn``."""

    urls: tuple[str, ...] = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    turn: int
    data: bool = False
    posted: bool = True


@dataclass(frozen=True, slots=True)
class Data:
    """What was fetched that are no steps: the value of a JSON document."""

    value: Any


Answer = tuple[Step, ...] | Data | str
"""What has come of a :class:`Fetch`, or why nothing has."""


@dataclass(frozen=True, slots=True)
class WantedSteps:
    """What a :class:`Fetch` comes to in its call: the ``form`` that is posted (None: the server is
    only asked), who is told of the answer, and where the prompts of the steps may be; or ``data``
    is wanted. ``about`` is what the form says of the call itself, which ``began`` and was
    ``answered`` at these times of the call's clock (None: it is not)."""

    turn: int
    urls: tuple[str, ...] = field(repr=False)
    form: Mapping[str, str] | None = field(repr=False)
    folder: str = ""
    language: str = "en"
    data: bool = False
    about: Mapping[str, str] = field(default_factory=dict, repr=False)
    began: float = 0.0
    answered: float | None = None


@dataclass(frozen=True, slots=True)
class AddJob:
    """Have somebody called later, as ``text`` says with these variables; whether he will be is told
    with the ``turn``."""

    text: str = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    turn: int


@dataclass(frozen=True, slots=True)
class WantedJob:
    """What an :class:`AddJob` comes to in its call: the request to be placed, whose id is given to
    it then."""

    turn: int
    request: CallRequest


Errand = WantedSteps | WantedJob
"""What a call asks the exchange for, on behalf of its program."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Record from the next connection on, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Tape:
    """Record what the caller alone says from now on, which is told with the recording's id, or no
    longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Stepped:
    """A step has its turn: its place, from 0, and what it is."""

    place: int
    step: Step


@dataclass(frozen=True, slots=True)
class Gathered:
    """Digits were gathered; ``by`` is what ended that: full, finish or timeout."""

    variable: str
    count: int
    by: str
    tries: int
    digits: str | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """Documents were asked for: so many steps came, or why none did."""

    steps: int
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Recovered:
    """Something has gone wrong, and the program goes on where it says."""

    fault: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The program is over and the call with it; ``fault`` is what it did wrong."""

    reason: EndReason
    fault: str | None = None


Effect = (
    Sound
    | Hush
    | TakeCall
    | RingOut
    | Fetch
    | AddJob
    | Keep
    | Tape
    | Stepped
    | Gathered
    | Fetched
    | Recovered
    | Ended
)
