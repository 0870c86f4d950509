"""What v1 tells of callbacks: which are owed, what became of them, and once more on request."""

from __future__ import annotations

import math
import time
from typing import Final
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Receive, Scope

from cordboard.api.answer import Answer, compact
from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.problems import problem
from cordboard.calls.events import Json
from cordboard.journal.outbox import Attempt, Posted

PAGE: Final = 100
"""Callbacks of one answer."""


class CallbacksApi:
    """A tenant sees the callbacks of its own calls only; their URLs are its own secrets."""

    def __init__(self, services: Services) -> None:
        self._journal = services.journal

    async def list(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/callbacks?call=&before=``: the newest first; the next page begins before the
        ``at`` of the last."""
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        before = asked.get("before", [None])[0]
        if before is not None and not _is_time(before):
            return problem("invalid_parameter", "before is a time in seconds since 1970")
        found = await self._journal.posted(
            principal.tenant.domain,
            call=asked.get("call", [None])[0],
            before=None if before is None else float(before),
            limit=PAGE,
        )
        shown: list[Json] = [_view(posted) for posted in found]
        return Answer(body=compact({"callbacks": shown}))

    async def show(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``GET /v1/callbacks/{id}``: with every attempt."""
        tenant, name = principal.tenant.domain, str(scope["path_params"]["callback"])
        posted = await self._journal.callback(tenant, name)
        if posted is None:
            return _not_found()
        attempts: list[Json] = [_attempt(one) for one in await self._journal.attempts(tenant, name)]
        return Answer(body=compact({**_view(posted), "attempts": attempts}))

    async def redeliver(self, principal: Principal, scope: Scope, _receive: Receive) -> ASGIApp:
        """``POST /v1/callbacks/{id}/redeliver``: once more, whatever became of it."""
        tenant, name = principal.tenant.domain, str(scope["path_params"]["callback"])
        posted = await self._journal.again(tenant, name, time.time())
        return _not_found() if posted is None else Answer(202, compact(_view(posted)))


def _view(posted: Posted) -> dict[str, Json]:
    one = posted.owed
    return {
        "id": one.id,
        "call": one.call,
        "dialect": one.dialect,
        "url": one.url,
        "event": one.event.kind.value,
        "at": one.at,
        "state": posted.fate.value,
        "tries": posted.attempts,
        "next_at": posted.next_at,
        "last": None if posted.last is None else _attempt(posted.last),
    }


def _attempt(attempt: Attempt) -> dict[str, Json]:
    return {
        "at": attempt.at,
        "status": attempt.status,
        "error": attempt.error,
        "seconds": round(attempt.seconds, 3),
    }


def _is_time(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _not_found() -> Answer:
    return problem("callback_not_found", "no callback of yours has this id, or it is not kept")
