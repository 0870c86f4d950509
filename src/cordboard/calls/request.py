"""What a client asked for, in our own words: the value every dialect translates into.

A request names parties as the client named them; what they mean is decided by the plan
(:mod:`~cordboard.calls.planning.planner`) against a directory.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cordboard.calls.channel_commands import MOST_HOPS
from cordboard.directory.feature_codes import Feature
from cordboard.media.overhearing import EavesdropMode
from cordboard.values import Word, often_made

DEFAULT_ANSWER_TIMEOUT = 180.0  # seconds; Basix call_user, call_external
MAX_ANSWER_TIMEOUT = 3600.0
"""A ring longer than an hour is a mistake; RFC 3261 proxies give up after 3 minutes (Timer C)."""

MAX_DELAY = 366 * 86_400.0
"""Seconds ahead that a call may be scheduled: what lies beyond a year is a mistake in the date."""


class Leg(Word):
    """The party rung first, and the party it is then connected with."""

    FIRST = "first"
    SECOND = "second"


class Direction(Word):
    """How a call came about: a client asked for it, or a phone or a trunk called us."""

    REQUEST = "request"
    PHONE = "phone"
    TRUNK = "trunk"


@often_made(frozen=True, slots=True)
class UserKeys:
    """The ways a client may name one user; several are tried in the order of the fields."""

    id: str | None = None
    name: str | None = None
    label: str | None = None
    extension: str | None = None
    did: str | None = None
    email: str | None = None

    def given(self) -> tuple[tuple[str, str], ...]:
        """The (key, value) pairs that were given, in order."""
        return _given(self, (*_KEYS, "email"))


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """The ways a client may name a group, or have one found by ``resolver``.

    ``resolver`` is ``"*"`` (any group of the user) or ``"any:CALL_CENTER"`` (any call_center group
    of his); Basix call_user.
    """

    id: str | None = None
    name: str | None = None
    label: str | None = None
    extension: str | None = None
    did: str | None = None
    resolver: str | None = None

    def given(self) -> tuple[tuple[str, str], ...]:
        """The (key, value) pairs that were given, in order."""
        return _given(self, (*_KEYS, "resolver"))


_KEYS = ("id", "name", "label", "extension", "did")


def _given(keys: UserKeys | GroupKeys, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple([(name, value) for name in names if (value := getattr(keys, name)) is not None])


@dataclass(frozen=True, slots=True)
class EndUser:
    """Who is at an outside number, for the people who see the call (Basix ``end_user``)."""

    id: str | None = None
    name: str | None = None
    organization: str | None = None
    avatar: str | None = None
    prefecture: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, str]:
        """The keys that were given."""
        known = {name: value for name, value in _end_user_fields(self) if value is not None}
        return {**known, **dict(self.extra)}


def _end_user_fields(end_user: EndUser) -> tuple[tuple[str, str | None], ...]:
    return (
        ("id", end_user.id),
        ("name", end_user.name),
        ("organization", end_user.organization),
        ("avatar", end_user.avatar),
        ("prefecture", end_user.prefecture),
    )


@often_made(frozen=True, slots=True)
class Address:
    """A name, extension or number as one would dial it, and who is there when it is outside."""

    text: str
    end_user: EndUser | None = None


@often_made(frozen=True, slots=True)
class RingUser:
    """This user, at his terminals."""

    keys: UserKeys


@dataclass(frozen=True, slots=True)
class RingTerminal:
    """This phone alone, by its SIP user name (an Enswitch "telephone line")."""

    terminal: str


@dataclass(frozen=True, slots=True)
class RingGroup:
    """This group's members."""

    group: GroupKeys


@dataclass(frozen=True, slots=True)
class RingNumber:
    """This number, optionally as the outside phone of a user."""

    address: Address
    user: UserKeys | None = None


@dataclass(frozen=True, slots=True)
class RunContext:
    """This program, by its name or extension."""

    context: str


@dataclass(frozen=True, slots=True)
class RunDocument:
    """A program that comes with the request: a ``document`` as web servers send them, whose prompts
    are below ``folder``."""

    document: str = field(repr=False)
    folder: str = ""


@dataclass(frozen=True, slots=True)
class RingDid:
    """Whomever a number of the tenant's own leads to, and nobody else: what a trunk may call."""

    did: str


@dataclass(frozen=True, slots=True)
class RunFeature:
    """What a phone's user has dialled a feature code for, and what followed it."""

    feature: Feature
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Overhear:
    """Two who talk with each other in the call ``watched``, of whom the one on ``watched_leg``
    hears what is whispered (None: whoever may be watched); without a call those of one that is
    named later."""

    watched: str | None
    watched_leg: Leg | None
    mode: EavesdropMode


@dataclass(frozen=True, slots=True)
class Offered:
    """Who calls us himself, on a ``channel`` that waits for our answer, and what he has
    ``dialled``: a terminal of the tenant by its SIP user name, or through a trunk somebody with a
    ``number`` and a ``name`` ("" where he shows none), perhaps ``diverted_by`` somebody whom he
    had called. ``hops`` are those that his request had left."""

    channel: str
    dialled: str
    from_terminal: str | None = None
    from_trunk: str | None = None
    number: str = ""
    name: str = ""
    diverted_by: str = ""
    hops: int = MOST_HOPS


CalledParty = (
    Address
    | RingUser
    | RingTerminal
    | RingGroup
    | RingNumber
    | RunContext
    | RunDocument
    | RingDid
    | RunFeature
    | Overhear
    | Offered
)
"""Whom a leg is for, as the client named him; only a first party can be one who calls us himself,
and only a second one a document, a DID, a feature or a call to be overheard. What is written of one
in the journal has a member that the others lack, by which it is read again."""


@often_made(frozen=True, slots=True)
class LegWishes:
    """What a client wants of one leg.

    ``auto_answer`` asks the phones to answer at once; ``screen`` has whoever answers press 1 to
    take the call; ``warn`` has the party hear that the longest duration is nearly reached.
    ``caller_number`` and ``caller_name`` are what it is shown of the caller, the number among those
    that the tenant may show; with ``outside_only`` the number is for numbers outside, and a phone
    of ours is shown the other party all the same. A number outside is reached through this
    ``trunk`` only, of those that it may go through. Of a group each member is rung for
    ``member_timeout`` seconds, None: as the group says.
    """

    auto_answer: bool = False
    screen: bool = False
    warn: bool = False
    caller_number: str | None = None
    caller_name: str | None = None
    outside_only: bool = False
    trunk: str | None = None
    member_timeout: float | None = None


NO_WISHES = LegWishes()


class SecondScope(Enum):
    """What the second party may be: anything, or (Basix call_external) only what is inside."""

    ANYWHERE = "anywhere"
    INSIDE = "inside"


class Occasion(Word):
    """What a client is told of: the end of the hunt for the first leg (Basix), or of the call."""

    FIRST_LEG = "first_leg"
    CALL_ENDED = "call_ended"


@often_made(frozen=True, slots=True)
class Callback:
    """Where the client wants to be told of what, in whose dialect; the URL may hold secrets."""

    url: str = field(repr=False)
    dialect: str
    occasion: Occasion = Occasion.FIRST_LEG


@dataclass(frozen=True, slots=True)
class Again:
    """A call whose first party does not answer is made once more ``seconds`` later, ``left`` times
    at most."""

    left: int
    seconds: float


@often_made(frozen=True, slots=True)
class CallRequest:
    """One request to place a call.

    ``answer_timeout`` is the whole first-leg hunt in seconds (0 exclusive to
    :data:`MAX_ANSWER_TIMEOUT`), ``second_answer_timeout`` the second leg's; None is what a group
    says for itself, else :data:`DEFAULT_ANSWER_TIMEOUT`. ``group`` is the group in whose context
    the call is made. With ``record`` both parties' voices are kept; with a ``record_group`` alone,
    the name or id of one, those of its fraction of calls. What it costs is paid from a prepaid
    ``card`` of the tenant, None: from the tenant's balance.

    What the client knows the call by is carried along and shown with it: its own ``external_id``
    and words about that (``external_info``), a ``link`` to a page about it for whoever takes the
    call (http or https), ``variables`` for a context that runs, and
    ``metadata``, any JSON object.

    A call may begin later: ``delay`` seconds after its acceptance, or ``at`` a time in seconds
    since 1970, each at most :data:`MAX_DELAY` ahead. ``again`` says whether it is made once more
    where nobody answers.
    """

    id: str
    tenant: str
    account: str
    dialect: str
    method: str
    first: CalledParty
    second: CalledParty
    second_scope: SecondScope = SecondScope.ANYWHERE
    answer_timeout: float | None = None
    second_answer_timeout: float | None = None
    on_first: LegWishes = NO_WISHES
    on_second: LegWishes = NO_WISHES
    record: bool = False
    record_group: str | None = None
    card: str | None = None
    group: GroupKeys | None = None
    callback: Callback | None = None
    external_id: str | None = None
    external_info: str | None = None
    link: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    metadata: dict[str, Any] | None = None
    delay: float = 0.0
    at: float | None = None
    again: Again | None = None

    def due_at(self, accepted_at: float) -> float | None:
        """When a call accepted at a time is to begin, in seconds since 1970; None: at once."""
        if self.at is not None:
            return self.at
        return accepted_at + self.delay if self.delay > 0 else None

    @property
    def hops(self) -> int:
        """How many servers the requests of this call may pass: one less than who calls us had."""
        return self.first.hops - 1 if isinstance(self.first, Offered) else MOST_HOPS

    @property
    def direction(self) -> Direction:
        """How the call came about."""
        if not isinstance(self.first, Offered):
            return Direction.REQUEST
        return Direction.TRUNK if self.first.from_terminal is None else Direction.PHONE

    def wishes(self, leg: Leg) -> LegWishes:
        """What is wanted of a leg."""
        return self.on_first if leg is Leg.FIRST else self.on_second
