"""Who guesses passwords is not answered for long.

Failed registrations are counted by where they come from and by the account that they are after,
each in a bucket that empties slowly. A source that has used its bucket up gets no answer at all; an
account whose bucket is used up is answered 503, whether it exists or not, from anywhere but where
its phone has proven itself. So nobody can lock a phone out by guessing at its account from
elsewhere, nor by guessing at other accounts from behind the same NAT.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum
from hashlib import blake2b
from typing import Final

from cordboard.addresses import network_of

FAILURES_OF_A_SOURCE: Final = 30
"""Wrong passwords in a row: a phone that was set up wrongly tries every half minute or so."""

FAILURES_OF_AN_ACCOUNT: Final = 10
SECONDS_A_FAILURE: Final = 10.0
"""How long it takes until one failure is forgotten."""

MAX_BUCKETS: Final = 20_000
"""Of each kind; the least recently seen are dropped. Some 200 bytes each."""

LONGEST_NAME: Final = 40
"""Characters of an account's name that are kept as they are: what is longer was made up, as a rule,
and strangers make up 255 of them."""

MAX_PROVEN: Final = 50_000
"""Pairs of source and account that have proven themselves: as many as there may be bindings."""


class Admission(Enum):
    """What becomes of a registration before its password is looked at."""

    WELCOME = "welcome"
    ACCOUNT_UNDER_ATTACK = "account under attack"
    IGNORED = "ignored"


class _Buckets:
    """Leaky buckets by name; a failure fills one, time empties it."""

    __slots__ = ("_level", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def full(self, name: str, now: float) -> bool:
        return self._at(name, now) > self._size - 1

    def fill(self, name: str, now: float) -> bool:
        """One failure more; whether the bucket is full by it."""
        level = self._at(name, now) + 1
        self._level[name] = (level, now)
        self._level.move_to_end(name)
        if len(self._level) > MAX_BUCKETS:
            self._level.popitem(last=False)
        return self._size - 1 < level <= self._size

    def _at(self, name: str, now: float) -> float:
        level, since = self._level.get(name, (0.0, now))
        return max(0.0, level - (now - since) / SECONDS_A_FAILURE)


class Guard:
    """Counts failures of registrations, and says who has used up his share."""

    __slots__ = ("_accounts", "_pairs", "_proven", "_sources")

    def __init__(self) -> None:
        self._sources = _Buckets(FAILURES_OF_A_SOURCE)
        self._accounts = _Buckets(FAILURES_OF_AN_ACCOUNT)
        self._pairs = _Buckets(FAILURES_OF_AN_ACCOUNT)
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()

    def admits(self, source: str, account: str, now: float) -> Admission:
        """Look at a registration from an IP address for an account, be there such a one or not."""
        site, account = network_of(source), _short(account)
        if (site, account) in self._proven and not self._pairs.full(f"{site} {account}", now):
            return Admission.WELCOME
        if self._sources.full(site, now):
            return Admission.IGNORED
        if self._accounts.full(account, now):
            return Admission.ACCOUNT_UNDER_ATTACK
        return Admission.WELCOME

    def failed(self, source: str, account: str, now: float) -> bool:
        """Take note of wrong credentials; whether a limit is reached by them."""
        site, account = network_of(source), _short(account)
        self._pairs.fill(f"{site} {account}", now)
        by_source = self._sources.fill(site, now)
        by_account = self._accounts.fill(account, now)
        return by_source or by_account

    def succeeded(self, source: str, account: str) -> None:
        """Take note of right credentials."""
        pair = (network_of(source), _short(account))
        self._proven[pair] = None
        self._proven.move_to_end(pair)
        if len(self._proven) > MAX_PROVEN:
            self._proven.popitem(last=False)


def _short(account: str) -> str:
    """An account's name, or what stands for a long one."""
    if len(account) <= LONGEST_NAME:
        return account
    return blake2b(account.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
