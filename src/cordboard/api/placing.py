"""What placing a call has in common in all dialects: which requests do it, the headers of request
and answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from cordboard.api.answer import Answer
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.exchange.repetition import Accepted, usable_key


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the id it gets, the tenant's domain, the account's name."""

    call: str
    tenant: str
    account: str


@dataclass(frozen=True, slots=True)
class Placing:
    """Requests that are there to begin calls: by which ``verbs`` a path is asked for that, what
    that is called in figures, and how a ``refusal`` is said to who asks."""

    dialect: str
    method: str
    verbs: frozenset[str]
    refusal: Callable[[Refused], Answer]


IDEMPOTENCY_KEY: Final = b"idempotency-key"
"""A client's own key for a request, by which a repetition is known (draft-ietf-httpapi-
idempotency-key-header; a header, for the vendors' bodies are theirs)."""

CALL: Final = b"cordboard-call"
"""The call's own id, for who wants to look at it with v1; the vendors' bodies have none."""

REPLAYED: Final = (b"idempotency-replayed", b"true")
"""The request was accepted before: this is the reply of then."""


RETRY_SECONDS: Final = 5
"""After which a client may ask again where we are too busy or going down: a restart takes as long,
and so does the journal to get over a database that was locked."""


def refusal_headers(refusal: Refused) -> tuple[tuple[bytes, bytes], ...]:
    """What the answer to a refused request says beside the vendor's body: whether the same request
    may be accepted soon (RFC 9110 10.2.3)."""
    if refusal.id is not RefusalId.OVERLOADED:
        return ()
    return retry_after(RETRY_SECONDS if refusal.retry_after is None else refusal.retry_after)


def retry_after(seconds: int) -> tuple[tuple[bytes, bytes], ...]:
    """The header that says when to ask again."""
    return ((b"retry-after", b"%d" % seconds),)


def key_of(scope: Scope) -> str | None:
    """The key that a request carries, if any; raises :class:`~cordboard.calls.refusals.Refused`
    for one that can't be used."""
    for name, value in scope["headers"]:
        if name == IDEMPOTENCY_KEY:
            return usable_key(value.decode("latin-1").strip())
    return None


def headers_of(accepted: Accepted) -> tuple[tuple[bytes, bytes], ...]:
    """What the answer to an accepted request says beside the vendor's body."""
    call = (CALL, accepted.call.encode())
    return (call, REPLAYED) if accepted.repeated else (call,)
