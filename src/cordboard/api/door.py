"""The door of HTTP: who wants a call begun is known by path and method, and waits there for
his turn, or is refused where that would take too long, before anything else of the request is read
or anybody is asked who he is.

There may be hundreds of refusals a second, so that they leave no line in the log.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from starlette.types import Scope

from cordboard.api.answer import Answer
from cordboard.api.basix import endpoint as basix
from cordboard.api.edge import CAME, REQUEST_ID, request_id
from cordboard.api.enswitch import endpoint as enswitch
from cordboard.api.placing import Placing
from cordboard.api.requests import Asked, RequestMetrics
from cordboard.api.v1 import placing as v1
from cordboard.api.while1 import endpoint as while1
from cordboard.calls.refusals import Refused

PLACES: Final[Mapping[str, Placing]] = {
    **basix.places(),
    **while1.places(),
    **enswitch.places(),
    **v1.places(),
}
"""The requests that begin calls, by their paths."""


Enter = Callable[[Callable[[], None]], Refused | None]


class Door:
    """``enter`` has a call begin now or in its turn, or says why not; ``metrics`` count who is
    refused."""

    def __init__(self, enter: Enter, metrics: RequestMetrics) -> None:
        self._enter = enter
        self._metrics = metrics

    def enter(self, scope: Scope, begin: Callable[[], None]) -> Answer | None:
        """Let a request ``begin``, now or in its turn; or give what it is told that is refused."""
        placing = PLACES.get(scope["path"])
        if placing is None or scope["method"] not in placing.verbs:
            begin()
            return None
        scope[CAME] = time.perf_counter()
        refused = self._enter(begin)
        if refused is None:
            return None
        answer = placing.refusal(refused)
        asked = Asked(request_id(scope), placing.dialect, placing.method, answer.result)
        self._metrics.answered(asked, answer.status, 0.0)
        return replace(answer, headers=(*answer.headers, (REQUEST_ID, asked.id.encode())))
