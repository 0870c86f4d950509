"""An index over users, groups or contexts by id, name, label, extension, e-mail address and DID."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from cordboard.directory.model import Context, Group, User
from cordboard.directory.numbers import identity

MAXIMUM_ID_DIGITS = 19
"""Longest numeric id read from text: that of a signed 64-bit integer."""

T = TypeVar("T", User, Group, Context)
V = TypeVar("V")
K = TypeVar("K")
Owner = TypeVar("Owner")


def first_by(values: Iterable[V], key: Callable[[V], K]) -> dict[K, V]:
    """Values by key, the first one where several have it."""
    found: dict[K, V] = {}
    for value in values:
        found.setdefault(key(value), value)
    return found


def memberships(groups: Iterable[Group]) -> dict[int, tuple[Group, ...]]:
    """The groups of each user by his id, in the order of the directory."""
    found: dict[int, list[Group]] = {}
    for group in groups:
        for user_id in dict.fromkeys(member.user_id for member in group.members):
            found.setdefault(user_id, []).append(group)
    return {user_id: tuple(theirs) for user_id, theirs in found.items()}


def whose(pairs: Iterable[tuple[K, Owner]]) -> dict[K, Owner | None]:
    """Each key's owner; None where several things share a key, for then it tells nothing."""
    found: dict[K, Owner | None] = {}
    for key, owner in pairs:
        found[key] = None if key in found else owner
    return found


class Index(Generic[T]):
    """Users, groups or contexts by each of their keys. The first holder of a key keeps it. Names,
    labels, extensions and addresses are there as written and :func:`folded`."""

    __slots__ = ("_ids", "dids", "emails", "extensions", "labels", "names")

    def __init__(self, objects: Iterable[T], country: str) -> None:
        self._ids: dict[int, T] = {}
        self.names: dict[str, T] = {}
        self.labels: dict[str, T] = {}
        self.extensions: dict[str, T] = {}
        self.emails: dict[str, T] = {}
        self.dids: dict[str, T] = {}
        for thing in objects:
            self.names.setdefault(thing.name, thing)
            if not isinstance(thing, Context):
                self._ids.setdefault(thing.id, thing)
                self.labels.setdefault(thing.label, thing)
            if isinstance(thing, User) and thing.email is not None:
                self.emails.setdefault(thing.email, thing)
            if thing.extension is not None:
                self.extensions.setdefault(thing.extension, thing)
            for did in thing.dids:
                self.dids.setdefault(identity(did, country), thing)
        for by_text in (self.names, self.labels, self.extensions, self.emails):
            for text, thing in list(by_text.items()):
                by_text.setdefault(folded(text), thing)

    def by_id(self, value: int | str) -> T | None:
        number = _id_from(value)
        return None if number is None else self._ids.get(number)

    def by_name(self, text: str) -> T | None:
        return _found(self.names, text)

    def by_label(self, text: str) -> T | None:
        return _found(self.labels, text)

    def by_extension(self, text: str) -> T | None:
        return _found(self.extensions, text)

    def by_email(self, text: str) -> T | None:
        return _found(self.emails, text)

    def by_identity(self, number: str | None) -> T | None:
        return self.dids.get(number) if number is not None else None


def _id_from(value: int | str) -> int | None:
    """An id that may be a numeric string."""
    if isinstance(value, int):
        return value
    text = value.strip()
    known = text.isascii() and text.isdigit() and len(text) <= MAXIMUM_ID_DIGITS
    return int(text) if known else None


FOLDED = "\0"
"""Marks a key without case, so that it is never taken for one as written."""


def folded(text: str) -> str:
    """The key of a text without regard to case."""
    return FOLDED + text.casefold()


def _found(by_text: dict[str, T], text: str) -> T | None:
    if text.startswith(FOLDED):
        return None
    thing = by_text.get(text)
    return thing if thing is not None else by_text.get(folded(text))
