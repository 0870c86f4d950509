"""What a client asked for, in our own words: the value every dialect translates into.

A request names parties as the client named them; what they mean is decided by the plan
(:mod:`~cordboard.calls.planner`) against a directory.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum

DEFAULT_ANSWER_TIMEOUT = 180.0  # seconds; Basix call_user, call_external
MAX_ANSWER_TIMEOUT = 3600.0
"""A ring longer than an hour is a mistake; RFC 3261 proxies give up after 3 minutes (Timer C)."""

MAX_DELAY = 366 * 86_400.0
"""Seconds ahead that a call may be scheduled: what lies beyond a year is a mistake in the date."""


class Leg(Enum):
    """The party rung first, and the party it is then connected with."""

    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
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
        return _given(self)


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
        return _given(self)


def _given(keys: UserKeys | GroupKeys) -> tuple[tuple[str, str], ...]:
    pairs = ((item.name, getattr(keys, item.name)) for item in fields(keys))
    return tuple((name, value) for name, value in pairs if value is not None)


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


@dataclass(frozen=True, slots=True)
class Address:
    """A destination or target: a name, extension or number, and what to show when it is outside."""

    text: str
    calling_number: str | None = None
    end_user: EndUser | None = None


@dataclass(frozen=True, slots=True)
class RingUser:
    """First leg: ring this user at his terminals."""

    keys: UserKeys


@dataclass(frozen=True, slots=True)
class RingNumber:
    """First leg: ring this number, optionally as the outside phone of a user."""

    address: Address
    user: UserKeys | None = None


FirstParty = RingUser | RingNumber


class SecondScope(Enum):
    """What the second party may be: anything, or (Basix call_external) only what is inside."""

    ANYWHERE = "anywhere"
    INSIDE = "inside"


class Occasion(Enum):
    """What a client is told of: the end of the hunt for the first leg (Basix), or of the call."""

    FIRST_LEG = "first_leg"
    CALL_ENDED = "call_ended"


@dataclass(frozen=True, slots=True)
class Callback:
    """Where the client wants to be told of what, in whose dialect; the URL may hold secrets."""

    url: str = field(repr=False)
    dialect: str
    occasion: Occasion = Occasion.FIRST_LEG


@dataclass(frozen=True, slots=True)
class CallRequest:
    """One request to place a call.

    ``answer_timeout`` is the whole first-leg hunt in seconds (0 exclusive to
    :data:`MAX_ANSWER_TIMEOUT`), ``second_answer_timeout`` the second leg's. ``calling_name`` shows
    on the first leg's terminals. ``calling_number`` is the caller id wanted on outside legs.
    A call may begin later: ``delay`` seconds after its acceptance, or ``at`` a time in seconds
    since 1970, each at most :data:`MAX_DELAY` ahead.
    """

    id: str
    tenant: str
    account: str
    dialect: str
    method: str
    first: FirstParty
    second: Address
    second_scope: SecondScope = SecondScope.ANYWHERE
    answer_timeout: float = DEFAULT_ANSWER_TIMEOUT
    second_answer_timeout: float = DEFAULT_ANSWER_TIMEOUT
    auto_answer: bool = False
    calling_name: str | None = None
    calling_number: str | None = None
    group: GroupKeys | None = None
    callback: Callback | None = None
    delay: float = 0.0
    at: float | None = None

    def due_at(self, accepted_at: float) -> float | None:
        """When a call accepted at a time is to begin, in seconds since 1970; None: at once."""
        if self.at is not None:
            return self.at
        return accepted_at + self.delay if self.delay > 0 else None
