"""What an inside destination turned out to be, and by which key it was found."""

from __future__ import annotations

from enum import Enum

import msgspec

from cordboard.directory.model import Context, Group, User


class Key(Enum):
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


def target(
    how: Key, user: User | None, group: Group | None, context: Context | None
) -> Target | None:
    """What a key leads to: the user before the group, and that before the context."""
    if user is not None:
        return UserTarget(user, how)
    if group is not None:
        return GroupTarget(group, how)
    return ContextTarget(context, how) if context is not None else None
