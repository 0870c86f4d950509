"""``/api/json/FUNCTION/``: read, authenticate, let the function answer, whatever comes of it.

Everything is said in the vendor's envelope with HTTP status 200; only other HTTP methods get 405.
The order of the checks is who asks, whether his role allows it, what is wrong with the parameters,
and what the plan says of the call (vendor facts, 1: Order of checks).
"""

from __future__ import annotations

from typing import Final

from starlette.types import Receive, Scope

from cordboard.api.answer import Answer
from cordboard.api.auth import GuessedTooOften, Unauthenticated
from cordboard.api.body import UnreadableBody
from cordboard.api.endpoints import Endpoint
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


class EnswitchApi:
    """One function."""

    def __init__(self, services: Services, function: Function) -> None:
        self._services = services
        self._function = function

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; raises :class:`~cordboard.api.body.ClientGone`."""
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


def endpoints(services: Services) -> dict[str, Endpoint]:
    """Where the functions are found, on both bases, with and without a slash at the end."""
    message = "The request failed because of a fault here."
    broken = faults([Fault(Code.INTERNAL, "", message)], "internal_error")
    return {
        f"{base}/{function.path}{slash}": Endpoint(
            DIALECT, function.path, EnswitchApi(services, function).answer, broken
        )
        for function in FUNCTIONS
        for base in BASES
        for slash in ("", "/")
    }


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
