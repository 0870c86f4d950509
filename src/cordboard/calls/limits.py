"""Channel limits and call rates: taken in one synchronous step, given back whatever happens.

A request takes one channel per leg from everything that limits it (tenant, user, group, trunk),
however many contacts ring. What has no limit is counted all the same, so that usage can be shown.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from cordboard.directory.model import Trunk

TENANT_SCOPE = "tenant"
TRUNK_SCOPE = "trunk"
RATE = "calls_per_second"
"""What stands before a scope where its rate is the limit; a tenant's has no scope beside it."""


class LimitKey(msgspec.Struct, frozen=True, gc=False):
    """What is limited: ``scope`` is tenant, user, group, trunk or server, ``name`` which one."""

    scope: str
    name: str

    def __str__(self) -> str:
        return f"{self.scope}:{self.name}"


class Rate(msgspec.Struct, frozen=True, gc=False):
    """How many calls may be begun: ``per_second`` lastingly, ``burst`` at once."""

    per_second: float
    burst: int


class Take(msgspec.Struct, frozen=True, gc=False):
    """One channel of ``key``, of which there are ``limit`` (None: any number), and which may be
    taken as often as ``rate`` says."""

    key: LimitKey
    limit: int | None
    rate: Rate | None = None

    @property
    def rate_key(self) -> LimitKey:
        """How the rate is named where it is what a call was refused for."""
        scope = self.key.scope
        return LimitKey(RATE if scope == TENANT_SCOPE else f"{scope}.{RATE}", self.key.name)


def trunk_take(trunk: Trunk, domain: str) -> Take:
    """One channel of a tenant's trunk: names are unique within a tenant only."""
    key, limit = LimitKey(TRUNK_SCOPE, f"{trunk.name}@{domain}"), trunk.channel_limit
    if trunk.calls_per_second is None:
        return Take(key, limit)
    return Take(key, limit, Rate(trunk.calls_per_second, trunk.calls_burst))


class LimitReached(Exception):
    """A limit is used up; ``key`` names it."""

    def __init__(self, key: LimitKey) -> None:
        super().__init__(f"limit reached: {key}")
        self.key = key


class Usage:
    """How many channels of everything are in use, and how many calls may be begun just now."""

    def __init__(self) -> None:
        self.legs = 0
        """How many legs live: what tenants have in use."""
        self._used: dict[LimitKey, int] = {}
        self._buckets: dict[LimitKey, TokenBucket] = {}

    def used(self, key: LimitKey) -> int:
        """Channels of ``key`` in use."""
        return self._used.get(key, 0)

    def in_use(self) -> dict[LimitKey, int]:
        """How much of everything is in use."""
        return dict(self._used)

    def exceeded_by(self, takes: Iterable[Take], now: float) -> LimitKey | None:
        """The first limit that ``takes`` together would break, or None."""
        wanted: dict[LimitKey, int] = {}
        begun: dict[LimitKey, int] = {}
        for take in takes:
            wanted[take.key] = wanted.get(take.key, 0) + 1
            if take.limit is not None and self.used(take.key) + wanted[take.key] > take.limit:
                return take.key
            if take.rate is not None:
                begun[take.key] = begun.get(take.key, 0) + 1
                if self._bucket(take.key, take.rate, now).available(now) < begun[take.key]:
                    return take.rate_key
        return None

    def take(self, takes: Iterable[Take], now: float) -> None:
        """Take all of ``takes`` or none; raises :class:`LimitReached`."""
        takes = tuple(takes)
        exceeded = self.exceeded_by(takes, now)
        if exceeded is not None:
            raise LimitReached(exceeded)
        for take in takes:
            self._used[take.key] = self._used.get(take.key, 0) + 1
            if take.key.scope == TENANT_SCOPE:
                self.legs += 1
            if take.rate is not None:
                self._bucket(take.key, take.rate, now).take(now)

    def _bucket(self, key: LimitKey, rate: Rate, now: float) -> TokenBucket:
        """The bucket of a limit; a full one where the directory has changed its rate."""
        bucket = self._buckets.get(key)
        if bucket is None or bucket.rate != rate:
            bucket = self._buckets[key] = TokenBucket(rate, now)
        return bucket

    def give_back(self, takes: Iterable[Take]) -> None:
        """Give back what was taken, but for the right to begin a call: that is used up."""
        for take in takes:
            left = self._used.get(take.key, 0) - 1
            if take.key.scope == TENANT_SCOPE and left >= 0:
                self.legs -= 1
            if left > 0:
                self._used[take.key] = left
            else:
                self._used.pop(take.key, None)

    def __bool__(self) -> bool:
        return bool(self._used)


class TokenBucket:
    """Calls per second: ``rate.per_second`` tokens a second, of which it holds ``rate.burst``."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._tokens = float(rate.burst)
        self._at = now

    def available(self, now: float) -> int:
        """How many tokens there are."""
        grown = self._tokens + (now - self._at) * self.rate.per_second
        self._tokens, self._at = min(float(self.rate.burst), grown), now
        return int(self._tokens)

    def take(self, now: float) -> bool:
        """Take a token if there is one."""
        if self.available(now) < 1:
            return False
        self._tokens -= 1.0
        return True
