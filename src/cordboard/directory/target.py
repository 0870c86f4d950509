"""What an inside destination turned out to be, and by which key it was found."""

from __future__ import annotations

import msgspec

from cordboard.directory.model import Context, Group, User
from cordboard.values import Word


class Key(Word):
    """The key of the directory that a destination matched."""

    EXTENSION = "extension"
    NAME = "name"
    DID = "did"
    LABEL = "label"
    EMAIL = "email"


class UserTarget(msgspec.Struct, frozen=True, gc=False):
    """A person, rung at his terminals, or ``only`` at the one of this name."""

    user: User
    how: Key
    only: str | None = None


class GroupTarget(msgspec.Struct, frozen=True, gc=False):
    """A group, whose members are rung as its kind says."""

    group: Group
    how: Key


class ContextTarget(msgspec.Struct, frozen=True, gc=False):
    """A named program that takes the call itself."""

    context: Context
    how: Key


Target = UserTarget | GroupTarget | ContextTarget


def target(thing: User | Group | Context, how: Key) -> Target:
    """What a key leads to."""
    if isinstance(thing, User):
        return UserTarget(thing, how)
    return GroupTarget(thing, how) if isinstance(thing, Group) else ContextTarget(thing, how)
