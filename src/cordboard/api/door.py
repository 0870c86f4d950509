"""The door of HTTP: who wants a call begun is known by path and method, and refused there where it
is too much, before anything else of the request is read or anybody is asked who he is.

There may be hundreds of them a second, so that they leave no line in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.types import Scope

from cordboard.api.answer import Answer
from cordboard.api.basix import endpoint as basix
from cordboard.api.edge import REQUEST_ID, request_id
from cordboard.api.enswitch import endpoint as enswitch
from cordboard.api.placing import Placing
from cordboard.api.requests import Asked, RequestMetrics
from cordboard.api.v1 import app as v1
from cordboard.api.while1 import endpoint as while1
from cordboard.calls.refusals import Refused

PLACES: Final[Mapping[str, Placing]] = {
    **basix.places(),
    **while1.places(),
    **enswitch.places(),
    **v1.places(),
}
"""The requests that begin calls, by their paths."""


class Door:
    """``busy`` says why no call may begin now, if so; ``metrics`` count who is refused."""

    def __init__(self, busy: Callable[[], Refused | None], metrics: RequestMetrics) -> None:
        self._busy = busy
        self._metrics = metrics

    def refusal(self, scope: Scope) -> Answer | None:
        """What a request is told that is refused now; None: it may come in."""
        placing = PLACES.get(scope["path"])
        if placing is None or scope["method"] not in placing.verbs:
            return None
        busy = self._busy()
        if busy is None:
            return None
        answer = placing.refusal(busy)
        asked = Asked(request_id(scope), placing.dialect, placing.method, answer.result)
        self._metrics.answered(asked, answer.status, 0.0)
        return replace(answer, headers=(*answer.headers, (REQUEST_ID, asked.id.encode())))
