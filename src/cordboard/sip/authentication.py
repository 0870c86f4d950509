"""How a request of ours answers 401 and 407 (RFC 3261 22, RFC 7616 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from cordboard.sip.digest import Credentials, answer_to, best_challenges
from cordboard.sip.lines import line

if TYPE_CHECKING:
    from cordboard.sip.message import Response

# A proxy and the server behind it may each ask once, and either may find its nonce too old; whoever
# asks more often does not want to be answered.
MAX_ROUNDS = 4
# Realms that one call answers: each hop may have its own, and no route has more that ask. The one
# that has not asked for longest gives way, for a registration may see many in its life.
MAX_REALMS = 8

_ANSWERED_BY = {401: ("www-authenticate", "authorization")}
_ANSWERED_BY[407] = ("proxy-authenticate", "proxy-authorization")


class _Challenge:
    """What one realm asks, and how often its nonce was answered."""

    __slots__ = ("asked", "count")

    def __init__(self, asked: dict[str, str], count: int) -> None:
        self.asked = asked
        self.count = count


class Authentication:
    """The challenges that one Call-ID has met, and the credentials to answer them with.

    Each realm's is kept until that realm sends another, for later requests go by the same hops and
    carry credentials for all of them (RFC 3261 22.3). Who asked last is answered first: a server
    that has changed its realm may look at the first credentials only. A request is given up where
    no realm asks anything new: its nonce was answered before in this request, and it does not say
    ``stale``.
    """

    __slots__ = ("_challenges", "_credentials")

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._challenges: dict[tuple[str, str], _Challenge] = {}

    def accept(self, response: Response, rounds: int) -> bool:
        """Take in the challenges of a 401 or 407 to a request that was answered ``rounds`` times
        before; whether to try again."""
        if self._credentials is None or rounds >= MAX_ROUNDS:
            return False
        asking, answering = _ANSWERED_BY[response.status]
        news = False
        asked_now = best_challenges(response.headers.get(asking, ()), self._credentials)
        for asked in reversed(asked_now):
            news = self._take(answering, asked, rounds) or news
        return news

    def _take(self, answering: str, asked: dict[str, str], rounds: int) -> bool:
        key = (answering, asked["realm"])
        known = self._challenges.get(key)
        count = 0
        if known is not None and known.asked["nonce"] == asked["nonce"]:
            count = known.count
            if rounds and asked.get("stale", "").lower() != "true":
                return False
        if known is None and len(self._challenges) >= MAX_REALMS:
            del self._challenges[next(iter(self._challenges))]
        self._challenges.pop(key, None)
        self._challenges[key] = _Challenge(asked, count)
        return True

    def lines(self, method: str, uri: str, token: Callable[[], str]) -> str:
        """Authorization and Proxy-Authorization lines for a request, for all challenges so far;
        ``token`` makes cnonces."""
        if not self._challenges or self._credentials is None:
            return ""
        written = []
        for (answering, _), challenge in reversed(self._challenges.items()):
            challenge.count += 1
            value = answer_to(
                challenge.asked,
                self._credentials,
                method,
                uri,
                cnonce=token(),
                nonce_count=challenge.count,
            )
            written.append(line(answering, value))
        return "".join(written)


NO_CREDENTIALS: Final = Authentication(None)
"""For whoever has none: it meets no challenge and so keeps nothing, one for all."""
