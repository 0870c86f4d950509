"""Requests that come twice: the first is placed, the others get its reply.

A client that heard no answer asks again, and nobody's phone may ring twice for that. What it sends
along, a key of its own, is kept with the call. While the first request is being accepted those with
the same key wait for it; what becomes of it is what they are told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest
from cordboard.journal.port import Journal, Key, KeyTaken
from cordboard.journal.request_form import digest

LONGEST_KEY: Final = 255
"""Characters; a UUID has 36. The IETF's draft of the header sets no bound."""


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A request was accepted: the call's id, and the channel UUIDs of its first leg.

    ``repeated`` says that it was so before, by a request with the same key.
    """

    call: str
    channels: tuple[str, ...]
    repeated: bool = False


Place = Callable[[Key], Awaitable[Accepted]]


class Repetition:
    """Knows the keys of requests that are being accepted, and asks the journal for those before."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._under_way: dict[tuple[str, str, str], asyncio.Future[None]] = {}

    async def once(self, request: CallRequest, value: str, place: Place) -> Accepted:
        """Let ``place`` accept a request unless one with this key was accepted before.

        Raises :class:`Refused`: what ``place`` raises, or ``idempotency_conflict`` where the key
        was used for something else. A refused request leaves its key free.
        """
        key = Key(value, digest(request))
        name = (request.tenant, request.account, value)
        while (first := self._under_way.get(name)) is not None:
            await asyncio.shield(first)
        turn = self._under_way[name] = asyncio.get_running_loop().create_future()
        try:
            known = await self._before(request, key)
            return known if known is not None else await place(key)
        except KeyTaken:
            known = await self._before(request, key)
            if known is None:
                raise
            return known
        finally:
            del self._under_way[name]
            turn.set_result(None)

    async def _before(self, request: CallRequest, key: Key) -> Accepted | None:
        kept = await self._journal.kept_key(request.tenant, request.account, key.value)
        if kept is None:
            return None
        if kept.key.digest != key.digest:
            raise Refused(
                RefusalId.IDEMPOTENCY_CONFLICT,
                "this Idempotency-Key was used for another request",
                "Idempotency-Key",
            )
        record = await self._journal.call(request.tenant, kept.call)
        if record is None:
            return None
        return Accepted(record.id, record.channels, repeated=True)


def usable_key(value: str) -> str:
    """A key as a client sent it; raises :class:`Refused` for one that can't be kept."""
    if not value or len(value) > LONGEST_KEY or not value.isascii() or not value.isprintable():
        raise Refused(
            RefusalId.INVALID_PARAMETER,
            f"an Idempotency-Key is 1 to {LONGEST_KEY} printable ASCII characters",
            "Idempotency-Key",
        )
    return value
