"""How a request of ours answers 401 and 407 (RFC 3261 22, RFC 7616 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cordboard.sip.digest import Credentials, answer_challenge, parse_digest
from cordboard.sip.errors import SipParseError
from cordboard.sip.lines import line

if TYPE_CHECKING:
    from cordboard.sip.message import Response

# A proxy and the server behind it may each ask once, and either may find its nonce too old; whoever
# asks more often does not want to be answered.
MAX_ROUNDS = 4

_ANSWERED_BY = {401: ("www-authenticate", "authorization")}
_ANSWERED_BY[407] = ("proxy-authenticate", "proxy-authorization")


class Authentication:
    """The challenges that one Call-ID has met, and the credentials to answer them with.

    A challenge is refused, and with it the request, where its nonce was answered before in the same
    request and it does not say ``stale``.
    """

    __slots__ = ("_challenges", "_counts", "_credentials")

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = credentials
        self._challenges: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}

    def accept(self, response: Response, rounds: int) -> bool:
        """Take in the challenges of a 401 or 407 to a request that was answered ``rounds`` times
        before; whether to try again."""
        if self._credentials is None or rounds >= MAX_ROUNDS:
            return False
        asking, answering = _ANSWERED_BY[response.status]
        challenges = response.headers.get(asking)
        if not challenges:
            return False
        nonce, stale = _nonce_of(challenges)
        if rounds and nonce in self._counts and not stale:
            return False
        self._challenges[answering] = challenges
        return self._answer(answering, "ACK", "sip:", "0") is not None

    def lines(self, method: str, uri: str, token: Callable[[], str]) -> str:
        """Authorization and Proxy-Authorization lines for a request, for all challenges so far;
        ``token`` makes cnonces."""
        written = []
        for answering, challenges in self._challenges.items():
            nonce, _ = _nonce_of(challenges)
            self._counts[nonce] = self._counts.get(nonce, 0) + 1
            value = self._answer(answering, method, uri, token())
            if value is not None:
                written.append(line(answering, value))
        return "".join(written)

    def _answer(self, answering: str, method: str, uri: str, cnonce: str) -> str | None:
        assert self._credentials is not None  # no challenge is taken in without
        challenges = self._challenges[answering]
        count = self._counts.get(_nonce_of(challenges)[0], 1)
        return answer_challenge(
            challenges, self._credentials, method, uri, cnonce=cnonce, nonce_count=count
        )


def _nonce_of(challenges: list[str]) -> tuple[str, bool]:
    """The nonce of the first challenge that can be read, and whether it replaces a stale one."""
    for challenge in challenges:
        try:
            asked = parse_digest(challenge)
        except SipParseError:
            continue
        return asked.get("nonce", ""), asked.get("stale", "").lower() == "true"
    return "", False
