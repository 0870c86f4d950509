"""What operators watch: ``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from cordboard.addresses import LOOPBACK, Network, canonical, network
from cordboard.api.answer import Answer, compact
from cordboard.api.requests import RequestMetrics, note
from cordboard.calls.events import Json

TEXT: Final = b"text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Unready:
    """One reason why no calls can be placed now."""

    id: str
    detail: str


def _ready() -> Sequence[Unready]:
    return ()


async def _nothing() -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Watch:
    """What is shown: ``unready`` says why the server can't serve (nothing: it can), ``metrics`` is
    the text for Prometheus. That may be read from ``networks``, with ``token`` if there is one."""

    requests: RequestMetrics = field(default_factory=RequestMetrics)
    unready: Callable[[], Sequence[Unready]] = _ready
    metrics: Callable[[], Awaitable[bytes]] = _nothing
    networks: tuple[Network, ...] = LOOPBACK
    token: str | None = field(default=None, repr=False)
    access_log: bool = True


def routes(watch: Watch) -> list[Route]:
    """Where they are found."""
    return [
        Route("/healthz", _Get("healthz", watch, _health)),
        Route("/readyz", _Get("readyz", watch, _readiness)),
        Route("/metrics", _Get("metrics", watch, _metrics)),
    ]


class _Get:
    """One path that can be read."""

    def __init__(
        self, name: str, watch: Watch, answer: Callable[[Watch, Scope], Awaitable[Answer]]
    ) -> None:
        self._name = name
        self._watch = watch
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note(scope, dialect="watch", method=self._name)
        answer: ASGIApp
        if scope["method"] in ("GET", "HEAD"):
            answer = await self._answer(self._watch, scope)
        else:
            answer = Answer(405, headers=((b"allow", b"GET, HEAD"),))
        await answer(scope, receive, send)


async def _health(_watch: Watch, _scope: Scope) -> Answer:
    """The process serves."""
    return Answer(body=compact({"status": "ok"}))


async def _readiness(watch: Watch, _scope: Scope) -> Answer:
    """Calls can be placed."""
    reasons: list[Json] = [{"id": one.id, "detail": one.detail} for one in watch.unready()]
    if reasons:
        return Answer(503, compact({"status": "not_ready", "reasons": reasons}))
    return Answer(body=compact({"status": "ready"}))


async def _metrics(watch: Watch, scope: Scope) -> Answer:
    if not may_read(watch, scope):
        return Answer(403, b"metrics may not be read from here\n", TEXT)
    return Answer(body=await watch.metrics(), content_type=CONTENT_TYPE_LATEST.encode())


def may_read(watch: Watch, scope: Scope) -> bool:
    """Whether a request for metrics comes from where it may, with the token where there is one."""
    client = scope.get("client")
    if client is None:
        return False
    try:
        address = network(canonical(str(client[0])))
    except ValueError:
        return False
    if not any(
        address.version == known.version and address.network_address in known
        for known in watch.networks
    ):
        return False
    if watch.token is None:
        return True
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    wanted = f"Bearer {watch.token}".encode()
    return len(given) == 1 and hmac.compare_digest(given[0], wanted)
