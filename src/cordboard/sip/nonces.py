"""Nonces of our own challenges (RFC 7616 3.3), kept by nobody while nobody has used them.

A nonce is a timestamp, a number and their HMAC, so that nothing is stored for strangers. The HMAC
binds it to its realm and to the network that was challenged: an answer from elsewhere proves
nothing, and nobody can spend a nonce of his own in a stranger's name, to have him blocked for it.
What is stored is the counts that a nonce was used with by who knew the password, so that an answer
can't be replayed.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from itertools import count as counted
from typing import Final

NONCE_SECONDS: Final = 300.0
"""How long a nonce is good; Asterisk takes 32 s, Kamailio 300 s."""

MAX_KNOWN_NONCES: Final = 20_000
"""Nonces whose counts are kept; past it the older half is forgotten, and all as old are stale."""

COUNT_WINDOW: Final = 32
"""How far a count may lag behind the highest of its nonce: requests overtake each other on UDP."""

STAMP_DIGITS: Final = 24
"""Of a nonce, before its signature: 12 of the time in ms, 12 of the challenge's number, so that two
phones that ask within a millisecond do not share one."""

SIGNATURE_DIGITS: Final = 32


@dataclass(slots=True)
class _Counts:
    """The counts seen with one nonce: the highest, and a bit for each of those below it."""

    issued: float
    highest: int = 0
    seen: int = 0

    def take(self, number: int) -> bool:
        """Note a count; False where it was used before, or lags too far behind to know."""
        if number > self.highest:
            shift = min(number - self.highest, COUNT_WINDOW)
            self.seen = ((self.seen << shift) | 1) & ((1 << COUNT_WINDOW) - 1)
            self.highest = number
            return True
        bit = self.highest - number
        if bit >= COUNT_WINDOW or self.seen >> bit & 1:
            return False
        self.seen |= 1 << bit
        return True


class Nonces:
    """Issues nonces and knows them again; times are the caller's monotonic seconds.

    ``secret`` is made anew at each start; nonces of another are none of ours.
    """

    __slots__ = ("_counts", "_forgotten", "_numbers", "_seconds", "_secret")

    def __init__(self, secret: bytes, seconds: float = NONCE_SECONDS) -> None:
        self._secret = secret
        self._seconds = seconds
        self._numbers = counted(1)
        self._counts: dict[int, _Counts] = {}
        self._forgotten = 0  # nonces up to this number may have been used

    def issue(self, realm: str, source: str, now: float) -> str:
        """A new nonce for a realm, good for who asked from the network ``source``."""
        stamp = f"{int(now * 1000) & 0xFFFFFFFFFFFF:012x}{next(self._numbers):012x}"
        return stamp + self._signature(stamp, realm, source)

    def is_ours(self, nonce: str, realm: str, source: str) -> bool:
        """Whether a nonce was issued by us, for that realm and network."""
        stamp, signature = nonce[:STAMP_DIGITS], nonce[STAMP_DIGITS:]
        expected = self._signature(stamp, realm, source)
        return signature.isascii() and hmac.compare_digest(signature, expected)

    def use(self, nonce: str, count: str | None, now: float) -> bool | None:
        """Use one of our nonces with its count as given, None where there was no qop.

        False for a nonce that is too old, or was used so before: whoever did may ask again. None
        for a count that is none.
        """
        age = now - int(nonce[:12], 16) / 1000
        number = int(nonce[12:STAMP_DIGITS], 16)
        if not -1.0 <= age <= self._seconds or number <= self._forgotten:
            return False
        # Without qop (RFC 2069) there is no count: such an answer is good once for each nonce.
        used = 1 if count is None else _count_of(count)
        if used is None:
            return None
        counts = self._counts.get(number)
        if counts is None:
            counts = self._counts[number] = _Counts(now - age)
            self._forget_stale(now)
            if len(self._counts) > MAX_KNOWN_NONCES:
                self._forget()
        return counts.take(used)

    def _forget_stale(self, now: float) -> None:
        """Forget those that are too old to be used at all; they stand in the order of first use."""
        while self._counts:
            oldest = next(iter(self._counts))
            if now - self._counts[oldest].issued <= self._seconds:
                return
            del self._counts[oldest]

    def _forget(self) -> None:
        """Forget the older half: whoever still uses one of those is asked anew."""
        numbers = sorted(self._counts)
        self._forgotten = numbers[len(numbers) // 2]
        self._counts = {n: c for n, c in self._counts.items() if n > self._forgotten}

    def _signature(self, stamp: str, realm: str, source: str) -> str:
        message = f"{stamp}:{source}:{realm}".encode("utf-8", "surrogateescape")
        return hmac.digest(self._secret, message, "sha256").hex()[:SIGNATURE_DIGITS]


def _count_of(text: str) -> int | None:
    """An nc value, 1 to ffffffff (RFC 7616 3.4); None where it is none."""
    if not 0 < len(text) <= 8 or not set("0123456789abcdefABCDEF").issuperset(text):
        return None
    return int(text, 16) or None
