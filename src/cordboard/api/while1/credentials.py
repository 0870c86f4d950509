"""Who is asking While1's API: a bearer token, or user and password among the parameters.

Whoever it is, a hash that is sent must be right, and an account may require one (vendor facts, 2).
"""

from __future__ import annotations

import hmac
from typing import Final

from starlette.types import Scope

from cordboard.api.auth import Gate, Principal, Unauthenticated
from cordboard.api.while1.faults import Faulty
from cordboard.api.while1.php_query import api_hash
from cordboard.api.while1.php_values import PhpArray

HASH: Final = "api_hash"
_USERNAME, _PASSWORD = "api_username", "api_password"


async def admit(gate: Gate, scope: Scope, parameters: PhpArray) -> Principal:
    """The client of a request, whose hash is right.

    Raises what :meth:`~cordboard.api.auth.Gate.admit` raises, and
    :class:`~cordboard.api.while1.faults.Faulty` for its hash.
    """
    principal = await _principal(gate, scope, parameters)
    _check_hash(principal, parameters)
    return principal


async def _principal(gate: Gate, scope: Scope, parameters: PhpArray) -> Principal:
    username, password = parameters.get(_USERNAME), parameters.get(_PASSWORD)
    if username is None and password is None:
        return gate.admit(scope)
    if not isinstance(username, str) or not isinstance(password, str):
        raise Unauthenticated
    return await gate.admit_by_login(scope, username, password)


def _check_hash(principal: Principal, parameters: PhpArray) -> None:
    login = principal.account.login
    sent = parameters.get(HASH)
    if sent is None and not login.hash_required:
        return
    if sent is None:
        raise Faulty(["Missing api_hash. It is mandatory"])
    if login.key is None:
        raise Faulty(["Invalid api_hash. The account has no api_key"])
    hashed = {name: value for name, value in parameters.items() if name != HASH}
    right = api_hash(hashed, login.key).encode("ascii")
    if not isinstance(sent, str) or not hmac.compare_digest(
        right, sent.lower().encode("utf-8", "surrogateescape")
    ):
        raise Faulty(["Invalid api_hash"])
