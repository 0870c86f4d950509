"""The outbox: callbacks that are owed, and what became of them.

A callback gets into it in the commit of the event that it tells of, and leaves it delivered, or
given up. Each attempt is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from cordboard.calls.events import CallEvent
from cordboard.calls.owing import Owed


class Fate(Enum):
    """What became of a callback."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver wants no more of it (410)."""
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to deliver: ``at`` in seconds since 1970, the answer's status or why there was
    none, and how many seconds it took. ``taken``: whatever the status, for nobody looks at it."""

    at: float
    status: int | None
    error: str | None
    seconds: float
    taken: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """A callback and how it stands; ``next_at`` is when it is tried again, None where it is not."""

    owed: Owed
    fate: Fate = Fate.PENDING
    attempts: int = 0
    next_at: float | None = None
    last: Attempt | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many callbacks are pending, and since when (seconds since 1970) the oldest of them is
    owed; None where there is none."""

    pending: int
    oldest_at: float | None


class AlsoOwed(Protocol):
    """Who wants to be told of what. It is asked for every event, so nothing of it may wait."""

    def concerns(self, tenant: str) -> bool:
        """Whether anybody of a tenant wants to be told anything."""

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterable[Owed]:
        """What an event of a tenant's call makes owed. ``accepted`` is the call's first event,
        with the groups that it has reached until then
        (:mod:`~cordboard.calls.groups_reached`), ``seq`` the event's number, which makes
        :attr:`Owed.id` its own."""

    def owed_of_no_call(self, tenant: str, event: CallEvent, at: float, seq: int) -> Iterable[Owed]:
        """What an event makes owed that is of no call: what agents do."""


class Outbox(Protocol):
    """The part of a journal that keeps callbacks."""

    def owe_also(self, also: AlsoOwed) -> None:
        """Say what is owed to others than the clients who ask for calls."""

    async def due(self, before: float, limit: int) -> tuple[Posted, ...]:
        """Pending callbacks whose next attempt is due, the oldest first."""

    def attempted(self, id: str, attempt: Attempt, fate: Fate, next_at: float | None) -> None:  # noqa: A002 - what webhooks call it
        """Write down an attempt, and what is to become of the callback; in the background."""

    async def put_off(self, ids: Sequence[str], until: float) -> None:
        """Leave pending callbacks for later; nothing was tried."""

    async def backlog(self) -> Backlog:
        """What is pending, of all tenants."""

    async def posted(
        self, tenant: str, *, call: str | None = None, before: float | None = None, limit: int = 100
    ) -> tuple[Posted, ...]:
        """Callbacks of a tenant (and call), the newest first, those owed before a time."""

    async def callback(self, tenant: str, id: str) -> Posted | None:  # noqa: A002
        """A callback of a tenant, None for an unknown one."""

    async def attempts(self, tenant: str, id: str) -> tuple[Attempt, ...]:  # noqa: A002
        """The attempts to deliver a callback of a tenant, in order."""

    async def again(self, tenant: str, id: str, at: float) -> Posted | None:  # noqa: A002
        """Have a callback delivered once more, whatever became of it; None for an unknown one."""
