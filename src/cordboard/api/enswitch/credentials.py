"""Who is asking Enswitch's API: ``auth_username`` and ``auth_password``, with every request."""

from __future__ import annotations

from typing import Final

from starlette.types import Scope

from cordboard.api.auth import Gate, Principal, Unauthenticated
from cordboard.api.enswitch.parameters import Parameters
from cordboard.directory.persons import Person

USERNAME: Final = "auth_username"
PASSWORD: Final = "auth_" + "password"


async def admit(gate: Gate, scope: Scope, parameters: Parameters) -> tuple[Principal, Person]:
    """The client and the person of a request; what says who he is is taken out of the parameters.
    Raises what :meth:`~cordboard.api.auth.Gate.admit` raises."""
    username, password = parameters.pop(USERNAME, ""), parameters.pop(PASSWORD, "")
    if not username or not password:
        raise Unauthenticated
    return await gate.admit_person(scope, username, password)
