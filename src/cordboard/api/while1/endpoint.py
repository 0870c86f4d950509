"""``/api/METHOD``: read, authenticate, let the method answer, whatever comes of it.

Whatever that is, it is said in the vendor's one shape. A client reads that, so that what can't be
done has HTTP status 200; wrong credentials have 401, a missing scope 403, other HTTP methods 405,
guessers 429, faults here 500.
"""

from __future__ import annotations

from typing import Final

from starlette.types import Receive, Scope

from cordboard.api.answer import Answer
from cordboard.api.auth import CHALLENGE, GuessedTooOften, Unauthenticated
from cordboard.api.body import UnreadableBody
from cordboard.api.endpoints import Endpoint
from cordboard.api.placing import Placing, refusal_headers
from cordboard.api.services import Services
from cordboard.api.while1.asked import Asked, Method
from cordboard.api.while1.cdr import CDR
from cordboard.api.while1.channels import CHANNEL
from cordboard.api.while1.credentials import admit
from cordboard.api.while1.faults import Faulty, refusal
from cordboard.api.while1.originate import DIALECT
from cordboard.api.while1.originating import ORIGINATE_CALL
from cordboard.api.while1.parameters import read_parameters
from cordboard.api.while1.php_values import UnreadableParameters
from cordboard.api.while1.queues import QUEUES
from cordboard.api.while1.replies import errors
from cordboard.api.while1.users_status import USERS_STATUS
from cordboard.calls.refusals import Refused

METHODS: Final = (ORIGINATE_CALL, CHANNEL, CDR, USERS_STATUS, QUEUES)

_VERBS: Final = frozenset({"GET", "POST"})
_ALLOW = ((b"allow", b"GET, POST, OPTIONS"),)


class While1Api:
    """One method."""

    def __init__(self, services: Services, method: Method) -> None:
        self._services = services
        self._method = method

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        """Answer one request; raises :class:`~cordboard.api.body.ClientGone`."""
        if scope["method"] == "OPTIONS":
            return Answer(204, headers=_ALLOW)
        if scope["method"] not in _VERBS:
            return errors(["Use GET or POST"], "method_not_allowed", 405, _ALLOW)
        try:
            parameters = await read_parameters(scope, receive)
            principal = await admit(self._services.gate, scope, parameters)
            if not principal.may(self._method.needs):
                message = f"The account lacks the scope {self._method.needs.value}"
                return errors([message], "scope_missing", 403)
            return await self._method.answer(Asked(parameters, principal, self._services, scope))
        except (UnreadableParameters, UnreadableBody) as fault:
            return errors([f"Invalid parameters: {fault}"], "unreadable")
        except Unauthenticated:
            message = "Invalid credentials. Check api_username and api_password, or the api_token"
            return errors([message], "authentication_required", 401, (CHALLENGE,))
        except GuessedTooOften as guessed:
            wait = (b"retry-after", b"%d" % guessed.seconds)
            return errors([str(guessed).capitalize()], "too_many_requests", 429, (wait,))
        except Faulty as faulty:
            return errors(faulty.messages, "invalid_parameter")


def endpoints(services: Services) -> dict[str, Endpoint]:
    """Where the methods are found, with and without a slash at the end."""
    broken = errors(["The request failed because of a fault here"], "internal_error", 500)
    return {
        f"/api/{method.name}{slash}": Endpoint(
            DIALECT, method.name, While1Api(services, method).answer, broken
        )
        for method in METHODS
        for slash in ("", "/")
    }


def places() -> dict[str, Placing]:
    """The requests that begin calls, by their paths."""
    return {
        f"/api/{method.name}{slash}": Placing(DIALECT, method.name, _VERBS, _refused)
        for method in METHODS
        if method.places
        for slash in ("", "/")
    }


def _refused(refused: Refused) -> Answer:
    return errors([refusal(refused, "")], refused.id.value, headers=refusal_headers(refused))
