"""``/api/json/FUNCTION/``: read, authenticate, let the function answer, whatever comes of it.

Everything is said in the vendor's envelope with HTTP status 200; only other HTTP methods get 405.
The order of the checks is who asks, whether his role allows it, what is wrong with the parameters,
and what the plan says of the call (vendor facts, 1: Order of checks).
"""

from __future__ import annotations

from typing import Final

import structlog
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from cordboard.api.answer import Answer
from cordboard.api.auth import GuessedTooOften, Unauthenticated
from cordboard.api.body import ClientGone, UnreadableBody
from cordboard.api.enswitch import cdrs, live, objects, recordings
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.credentials import admit
from cordboard.api.enswitch.faults import NOT_AUTHENTICATED, Code, Fault, Faulty, invalid, refusal
from cordboard.api.enswitch.fields import Fields
from cordboard.api.enswitch.make import DIALECT
from cordboard.api.enswitch.making import MAKE
from cordboard.api.enswitch.parameters import UnreadableParameters, read_parameters
from cordboard.api.enswitch.replies import faults
from cordboard.api.placing import Placing, refusal_headers
from cordboard.api.requests import note, request_of
from cordboard.api.services import Services
from cordboard.calls.refusals import Refused

BASES: Final = ("/local/api/json", "/api/json")
"""As 015pbx has it, and as other operators do; clients mix them (vendor facts, 1)."""

FUNCTIONS: Final = (
    *(MAKE, live.HANGUP, live.REDIRECT, live.UPDATE, live.ACTIVE, live.PANEL),
    *(cdrs.LIST, cdrs.GET, objects.PHONES, objects.NUMBERS),
    *(recordings.LIST, recordings.GET),
)

_VERBS: Final = frozenset({"GET", "POST"})
_ALLOW = ((b"allow", b"GET, POST, OPTIONS"),)

_log = structlog.get_logger(__name__)


class EnswitchApi:
    """The ASGI application behind one function."""

    def __init__(self, services: Services, function: Function) -> None:
        self._services = services
        self._function = function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, always, unless the client has gone."""
        note(scope, dialect=DIALECT, method=self._function.path)
        try:
            answer = await self._answer(scope, receive)
        except ClientGone:
            return
        except Exception:
            _log.exception("enswitch.broke", request=request_of(scope))
            message = "The request failed because of a fault here."
            answer = faults([Fault(Code.INTERNAL, "", message)], "internal_error")
        await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["method"] == "OPTIONS":
            return Answer(204, headers=_ALLOW)
        if scope["method"] not in _VERBS:
            return Answer(405, headers=_ALLOW, result="method_not_allowed")
        try:
            parameters = await read_parameters(scope, receive)
            principal, person = await admit(self._services.gate, scope, parameters)
            asked = Asked(Fields(parameters), principal, person, self._services, scope)
            asked.check_privilege(*self._function.needs)
            return await self._function.answer(asked)
        except UnreadableParameters as fault:
            return faults([invalid(fault.key, str(fault))], "unreadable")
        except UnreadableBody as fault:
            return faults([invalid("", f"{str(fault).capitalize()}.")], "unreadable")
        except Unauthenticated:
            wrong = Fault(Code.NOT_AUTHENTICATED, "", NOT_AUTHENTICATED)
            return faults([wrong], "authentication_required")
        except GuessedTooOften as guessed:
            wait = (b"retry-after", b"%d" % guessed.seconds)
            wrong = Fault(Code.NOT_AUTHENTICATED, "", f"{str(guessed).capitalize()}.")
            return faults([wrong], "too_many_requests", (wait,))
        except Faulty as faulty:
            return faults(faulty.faults, faulty.result)


def routes(services: Services) -> list[Route]:
    """Where the functions are found, on both bases, with and without a slash at the end."""
    return [
        Route(f"{base}/{function.path}{slash}", EnswitchApi(services, function))
        for function in FUNCTIONS
        for base in BASES
        for slash in ("", "/")
    ]


def places() -> dict[str, Placing]:
    """The requests that begin calls, by their paths."""
    return {
        f"{base}/{function.path}{slash}": Placing(DIALECT, function.path, _VERBS, _refused)
        for function in FUNCTIONS
        if function.places
        for base in BASES
        for slash in ("", "/")
    }


def _refused(refused: Refused) -> Answer:
    return faults([refusal(refused)], refused.id.value, refusal_headers(refused))
