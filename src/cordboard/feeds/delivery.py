"""Delivering one callback: an attempt, and when there is to be another."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

import structlog
from yarl import URL

from cordboard.feeds.outbound import Outbound, OutboundFailed
from cordboard.feeds.slots import HostSlots
from cordboard.journal.outbox import Attempt, Fate

BACK_OFF: Final = (
    *(1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0),
    *repeat(3600.0, 22),
)
"""Seconds between the attempts: quick ones for a receiver that restarts, hourly ones for one that
is down over night, a day in all."""

SPREAD: Final = 0.2
"""How much longer a pause may be by chance, so that a receiver that is back is not overrun."""

GONE: Final = 410
"""The status by which a receiver says that it wants no more (RFC 9110 15.5.11)."""

_log = structlog.get_logger(__name__)


def signature(secrets: Iterable[bytes], id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - what webhooks call it
    """The value of ``webhook-signature``: one for each of an account's secrets, so that they can be
    changed without a gap (Standard Webhooks: v1, HMAC-SHA256)."""
    signed = f"{id}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _over(headers: Mapping[str, str], others: Mapping[str, str]) -> dict[str, str]:
    """Headers, those of ``others`` in place of what is called the same in any case."""
    named = {name.lower() for name in others}
    return {name: said for name, said in headers.items() if name.lower() not in named} | {**others}


@dataclass(frozen=True, slots=True)
class Terms:
    """How callbacks of an account are delivered: by which secrets they are signed, and whether they
    may go to addresses inside our own networks."""

    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How a request is made: its method, and the headers that come in place of ours."""

    method: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


_POST: Final = Manner("POST")
_GET: Final = Manner("GET")


class Courier:
    """Makes attempts; ``wall`` tells the time in seconds since 1970."""

    def __init__(
        self,
        outbound: Outbound,
        wall: Callable[[], float],
        back_off: Sequence[float] = BACK_OFF,
    ) -> None:
        self._outbound = outbound
        self._wall = wall
        self._back_off = back_off
        self._slots = HostSlots()

    async def attempt(
        self,
        id: str,  # noqa: A002 - what webhooks call it
        url: URL,
        body: bytes,
        terms: Terms,
        manner: Manner | None = None,
    ) -> Attempt:
        """Try once to deliver; raises :class:`~cordboard.feeds.slots.NoRoom` where too many wait
        for the host. What has no body is told by its URL alone, by GET, unless ``manner`` says
        otherwise."""
        host = f"{url.host}:{url.port}"  # for slots and logs: the URL itself may hold secrets
        async with self._slots.slot(host):
            began = self._wall()
            headers = {"webhook-id": id, "webhook-timestamp": str(int(began))}
            if body:
                headers["Content-Type"] = "application/json"
            if terms.secrets:
                headers["webhook-signature"] = signature(terms.secrets, id, int(began), body)
            how = manner or (_POST if body else _GET)
            if how.headers:
                headers = _over(headers, how.headers)
            try:
                answer = await self._outbound.answer(
                    how.method, url, body, headers, inside=terms.inside
                )
            except OutboundFailed as failure:
                self._slots.silent(host)
                _log.info("delivery.no_answer", id=id, host=host, why=str(failure))
                return Attempt(began, None, str(failure), self._wall() - began)
        self._slots.answered(host)
        # What was said counts, though the rest of it may not come.
        return Attempt(began, answer.status, None, self._wall() - began)

    def fate_after(self, attempt: Attempt, attempts: int) -> tuple[Fate, float | None]:
        """What becomes of a callback after its attempt number ``attempts``, and when it is tried
        again."""
        if attempt.taken or (attempt.status is not None and 200 <= attempt.status < 300):
            return Fate.DELIVERED, None
        if attempt.status == GONE:
            return Fate.GONE, None
        if attempts > len(self._back_off):
            return Fate.GIVEN_UP, None
        pause = self._back_off[attempts - 1] * (1 + SPREAD * random.random())  # noqa: S311 - no secret
        return Fate.PENDING, self._wall() + pause
