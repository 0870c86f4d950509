"""``POST /v1/calls``, answered before FastAPI.

A server is asked for nothing else as often, and FastAPI finds out anew for each request what it is
made of: four times the work of reading and checking it. So who places a call is let in, read and
answered here, by the functions that all of v1 has; what the document says of it stands at
:func:`~cordboard.api.v1.calls.place_call`.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Receive, Scope

from cordboard.api.answer import Answer
from cordboard.api.endpoints import Endpoint
from cordboard.api.placing import IDEMPOTENCY_KEY, Placing
from cordboard.api.services import Services
from cordboard.api.v1.access import admitted
from cordboard.api.v1.asked import CallAsked
from cordboard.api.v1.bodies import json_sent, read_as
from cordboard.api.v1.calls import origin_of, place_call, placed_at_once
from cordboard.api.v1.problems import Fault, Problem, refusal_of, said_at_once, wrong
from cordboard.api.v1.translation import request_of
from cordboard.calls.refusals import Refused
from cordboard.directory.scopes import ApiScope
from cordboard.exchange.repetition import LONGEST_KEY
from cordboard.journal.port import JournalUnavailable

DIALECT: Final = "v1"
PATH: Final = "/v1/calls"

_VERBS: Final = frozenset({"POST"})
_NEEDS: Final = (ApiScope.CALLS_WRITE.value,)


class PlacedCalls:
    """Answers there."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Place a call; raises :class:`~cordboard.api.body.ClientGone`."""
        try:
            principal = admitted(self._services, scope, _NEEDS)
            asked = read_as(CallAsked, await json_sent(scope, receive))
            _check_key(scope)
            wanted = request_of(asked, origin_of(self._services, principal))
            return await placed_at_once(self._services, wanted, scope)
        except Problem as problem:
            return said_at_once(problem)
        except Refused as refusal:
            return refusal_of(refusal)
        except JournalUnavailable:
            return said_at_once(SILENT)


SILENT: Final = Problem("overloaded", "the journal does not answer now")
BROKEN: Final = Problem("internal_error", "the request failed because of a fault here")


def _check_key(scope: Scope) -> None:
    """Raises :class:`Problem` for a key as long as the document says that none is."""
    for name, value in scope["headers"]:
        if name == IDEMPOTENCY_KEY and len(value) > LONGEST_KEY:
            told = f"string should have at most {LONGEST_KEY} characters"
            raise wrong([Fault(where="header", path="idempotency-key", detail=told)])


def endpoints(services: Services) -> dict[str, Endpoint]:
    """Where calls are placed; other methods of the path are FastAPI's."""
    broken = said_at_once(BROKEN)
    answer = PlacedCalls(services).answer
    return {PATH: Endpoint(DIALECT, place_call.__name__, answer, broken, _VERBS)}


def places() -> dict[str, Placing]:
    """The requests that begin calls, by their paths."""
    return {PATH: Placing(DIALECT, place_call.__name__, _VERBS, refusal_of)}
