"""Who guesses tokens is not heard for long.

Wrong tokens are counted by where they come from and by the domain that they are said to be of, each
in a bucket that empties slowly; one that comes again is no new guess. While a bucket is full, only
those get in from there (or to that domain) who have proven themselves from the same address before,
so that nobody can lock a client out by guessing beside it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Final

from cordboard.addresses import network_of

GUESSES_OF_AN_ADDRESS: Final = 30
"""Different wrong tokens; a program that was set up wrongly has one or two."""

GUESSES_OF_A_DOMAIN: Final = 100
SECONDS_A_GUESS: Final = 10.0
"""How long it takes until one guess is forgotten."""

MAX_REMEMBERED: Final = 20_000
"""Of each: addresses, domains, proven and wrong tokens. Some 200 bytes each."""

LONGEST_NAME: Final = 253
"""Characters of a domain that are kept: no longer one exists (RFC 1035 2.3.4)."""

Pair = tuple[str, bytes]


class _Buckets:
    """Leaky buckets by name: a guess fills one, time empties it."""

    __slots__ = ("_level", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, name: str, now: float) -> float:
        """Seconds until one more guess has room; 0 where it has."""
        over = self._at(name, now) - (self._size - 1)
        return max(0.0, over * SECONDS_A_GUESS)

    def fill(self, name: str, now: float) -> bool:
        """One guess more; whether the bucket is full by it."""
        level = self._at(name, now) + 1
        self._level[name] = (level, now)
        self._level.move_to_end(name)
        if len(self._level) > MAX_REMEMBERED:
            self._level.popitem(last=False)
        return self._size - 1 < level <= self._size

    def _at(self, name: str, now: float) -> float:
        level, since = self._level.get(name, (0.0, now))
        return max(0.0, level - (now - since) / SECONDS_A_GUESS)


class Guesses:
    """Counts wrong tokens; ``now`` is in monotonic seconds, a token is known by its digest."""

    __slots__ = ("_addresses", "_domains", "_proven", "_quiet_from", "_wrong")

    def __init__(self) -> None:
        self._addresses = _Buckets(GUESSES_OF_AN_ADDRESS)
        self._domains = _Buckets(GUESSES_OF_A_DOMAIN)
        self._proven: OrderedDict[Pair, None] = OrderedDict()
        self._wrong: OrderedDict[Pair, None] = OrderedDict()
        self._quiet_from = 0.0

    def wait(self, address: str, domain: str | None, token: bytes, now: float) -> int:
        """Whole seconds for which a token is not looked at; 0 where it is. A bearer token comes
        without ``domain``."""
        if now >= self._quiet_from or (address, token) in self._proven:
            return 0
        left = self._addresses.wait(network_of(address), now)
        if domain is not None:
            left = max(left, self._domains.wait(_short(domain), now))
        return math.ceil(left)

    def right(self, address: str, token: bytes) -> None:
        """The token was somebody's."""
        pair = (address, token)
        if pair not in self._proven:
            _remember(self._proven, pair)

    def wrong(self, address: str, domain: str | None, token: bytes, now: float) -> bool:
        """The token was nobody's; whether a limit is reached by it."""
        pair = (address, token)
        if pair in self._wrong:
            return False
        _remember(self._wrong, pair)
        self._quiet_from = now + GUESSES_OF_A_DOMAIN * SECONDS_A_GUESS
        reached = self._addresses.fill(network_of(address), now)
        if domain is not None:
            reached |= self._domains.fill(_short(domain), now)
        return reached


def _remember(pairs: OrderedDict[Pair, None], pair: Pair) -> None:
    pairs[pair] = None
    if len(pairs) > MAX_REMEMBERED:
        pairs.popitem(last=False)


def _short(domain: str) -> str:
    return domain[:LONGEST_NAME].lower()
