"""Channel limits and call rates: taken in one synchronous step, given back whatever happens.

A request takes one channel per leg from everything that limits it (tenant, user, group, trunk),
however many contacts ring. What has no limit is counted all the same, so that usage can be shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cordboard.directory.model import Trunk

TRUNK_SCOPE = "trunk"


@dataclass(frozen=True, slots=True)
class LimitKey:
    """What is limited: ``scope`` is tenant, user, group, trunk or server, ``name`` which one."""

    scope: str
    name: str

    def __str__(self) -> str:
        return f"{self.scope}:{self.name}"


@dataclass(frozen=True, slots=True)
class Take:
    """One channel of ``key``, of which there are ``limit`` (None: any number)."""

    key: LimitKey
    limit: int | None


def trunk_take(trunk: Trunk, domain: str) -> Take:
    """One channel of a tenant's trunk: names are unique within a tenant only."""
    return Take(LimitKey(TRUNK_SCOPE, f"{trunk.name}@{domain}"), trunk.channel_limit)


class LimitReached(Exception):
    """A limit is used up; ``key`` names it."""

    def __init__(self, key: LimitKey) -> None:
        super().__init__(f"limit reached: {key}")
        self.key = key


class Usage:
    """How many channels of everything are in use."""

    def __init__(self) -> None:
        self._used: dict[LimitKey, int] = {}

    def used(self, key: LimitKey) -> int:
        """Channels of ``key`` in use."""
        return self._used.get(key, 0)

    def exceeded_by(self, takes: Iterable[Take]) -> LimitKey | None:
        """The first limit that ``takes`` together would break, or None."""
        wanted: dict[LimitKey, int] = {}
        for take in takes:
            wanted[take.key] = wanted.get(take.key, 0) + 1
            if take.limit is not None and self.used(take.key) + wanted[take.key] > take.limit:
                return take.key
        return None

    def take(self, takes: Iterable[Take]) -> None:
        """Take all of ``takes`` or none; raises :class:`LimitReached`."""
        takes = tuple(takes)
        exceeded = self.exceeded_by(takes)
        if exceeded is not None:
            raise LimitReached(exceeded)
        for take in takes:
            self._used[take.key] = self.used(take.key) + 1

    def give_back(self, takes: Iterable[Take]) -> None:
        """Give back what was taken."""
        for take in takes:
            left = self.used(take.key) - 1
            if left > 0:
                self._used[take.key] = left
            else:
                self._used.pop(take.key, None)

    def __bool__(self) -> bool:
        return bool(self._used)


class TokenBucket:
    """Calls per second: ``rate`` tokens a second into a bucket that holds ``burst``."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self.rate = rate
        self.burst = max(1, burst)
        self._tokens = float(self.burst)
        self._at = now

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
