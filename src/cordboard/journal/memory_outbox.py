"""The outbox in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from cordboard.calls.owing import Owed
from cordboard.journal.outbox import Attempt, Backlog, Fate, Posted

KEPT_CALLBACKS: Final = 20_000
"""Callbacks that are remembered, pending ones among them, at about 1 KB each."""


class MemoryOutbox:
    """Callbacks by their ids; the oldest are forgotten beyond a bound."""

    def __init__(self, kept: int = KEPT_CALLBACKS) -> None:
        self._kept = kept
        self._posted: OrderedDict[str, Posted] = OrderedDict()
        self._attempts: dict[str, list[Attempt]] = {}

    def put(self, one: Owed) -> None:
        """A callback is owed."""
        self._posted[one.id] = Posted(one, next_at=one.at)
        while len(self._posted) > self._kept:
            forgotten, _ = self._posted.popitem(last=False)
            self._attempts.pop(forgotten, None)

    def due(self, before: float, limit: int) -> tuple[Posted, ...]:
        """Pending callbacks whose next attempt is due, the oldest first."""
        found = [
            posted
            for posted in self._posted.values()
            if posted.fate is Fate.PENDING
            and posted.next_at is not None
            and posted.next_at <= before
        ]
        return tuple(found[:limit])

    def attempted(self, id: str, attempt: Attempt, fate: Fate, next_at: float | None) -> None:  # noqa: A002 - what webhooks call it
        """Write down an attempt."""
        posted = self._posted.get(id)
        if posted is not None:
            self._attempts.setdefault(id, []).append(attempt)
            self._posted[id] = replace(
                posted, fate=fate, attempts=posted.attempts + 1, next_at=next_at, last=attempt
            )

    def put_off(self, ids: Sequence[str], until: float) -> None:
        """Leave pending callbacks for later."""
        for one in ids:
            posted = self._posted.get(one)
            if posted is not None and posted.fate is Fate.PENDING:
                self._posted[one] = replace(posted, next_at=until)

    def backlog(self) -> Backlog:
        """What is pending."""
        pending = [one.owed.at for one in self._posted.values() if one.fate is Fate.PENDING]
        return Backlog(len(pending), min(pending, default=None))

    def posted(
        self, tenant: str, call: str | None, before: float | None, limit: int
    ) -> tuple[Posted, ...]:
        """Callbacks of a tenant, the newest first."""
        found = [
            posted
            for posted in reversed(self._posted.values())
            if posted.owed.tenant == tenant
            and call in (None, posted.owed.call)
            and (before is None or posted.owed.at < before)
        ]
        return tuple(found[:limit])

    def attempts(self, tenant: str, id: str) -> tuple[Attempt, ...]:  # noqa: A002
        """The attempts to deliver a callback."""
        return tuple(self._attempts.get(id, ())) if self.of(tenant, id) else ()

    def again(self, tenant: str, id: str, at: float) -> Posted | None:  # noqa: A002
        """Have a callback delivered once more."""
        posted = self.of(tenant, id)
        if posted is None:
            return None
        self._posted[id] = replace(posted, fate=Fate.PENDING, next_at=at)
        return self._posted[id]

    def of(self, tenant: str, id: str) -> Posted | None:  # noqa: A002
        """A callback of a tenant, None for an unknown one."""
        posted = self._posted.get(id)
        return posted if posted is not None and posted.owed.tenant == tenant else None
