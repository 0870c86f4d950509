"""originate-call: translate, place, and say what came of it, at once or when somebody answered."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.auth import Principal
from cordboard.api.placing import Origin, headers_of, key_of, refusal_headers
from cordboard.api.requests import note
from cordboard.api.while1.asked import Asked, Method
from cordboard.api.while1.faults import not_reached, refusal
from cordboard.api.while1.originate import METHOD, Originate, originate
from cordboard.api.while1.replies import done, errors
from cordboard.calls.events import EventKind
from cordboard.calls.refusals import Refused
from cordboard.directory.scopes import ApiScope
from cordboard.exchange.repetition import Accepted
from cordboard.feeds.first_party import end_of_first_hunt


async def originate_call(asked: Asked) -> Answer:
    """Place the call."""
    exchange, principal = asked.services.exchange, asked.principal
    tenant = principal.tenant
    origin = Origin(exchange.new_call_id(), tenant.domain, principal.account.name)
    wanted = originate(asked.parameters, origin, tenant)
    try:
        key = key_of(asked.scope) or _own_key(wanted, principal)
        accepted = await exchange.place(wanted.request, key)
    except Refused as refused:
        message = refusal(refused, wanted.destination)
        return errors([message], refused.id.value, headers=refusal_headers(refused))
    note(asked.scope, call=accepted.call)
    if wanted.waits:
        return await _first_answer(asked, wanted, accepted)
    return _originated(wanted, accepted)


async def _first_answer(asked: Asked, wanted: Originate, accepted: Accepted) -> Answer:
    """The reply once the first party has answered, or has not."""
    tenant = wanted.request.tenant
    end = await end_of_first_hunt(asked.services.journal, tenant, accepted.call)
    if end.event.kind is EventKind.LEG_ANSWERED:
        return _originated(wanted, accepted)
    message = not_reached(end.event.data.get("cause"), wanted.kind, wanted.destination)
    return errors([message], "not_answered", headers=headers_of(accepted))


def _own_key(wanted: Originate, principal: Principal) -> str | None:
    """The key by which a request with the same external_id is the same request."""
    if not principal.account.idempotent_external_id:
        return None
    return f"external_id {sha256(wanted.external_id.encode()).hexdigest()}"


def _originated(wanted: Originate, accepted: Accepted) -> Answer:
    said = f"Call successfully originated for {wanted.kind}: {wanted.destination}"
    return done([said], headers_of(accepted))


ORIGINATE_CALL: Final = Method(METHOD, ApiScope.CALLS_WRITE, originate_call, places=True)
