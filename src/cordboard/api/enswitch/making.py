"""calls/make: translate, place, and reply at once or when it is known how the call is called."""

from __future__ import annotations

import asyncio
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.faults import RATE_PLAN, Code, Fault, Faulty, refusal
from cordboard.api.enswitch.make import METHOD, make
from cordboard.api.enswitch.replies import done, faults, told
from cordboard.api.placing import Origin, headers_of, key_of, refusal_headers
from cordboard.api.requests import note
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.persons import Privilege
from cordboard.feeds.beginning import has_begun
from cordboard.feeds.enswitch.call_ids import callid


async def make_call(asked: Asked) -> Answer:
    """Place the call. With ``wait`` the reply is held until it has begun, which is at once unless
    it has a ``delay``, and names it; where that takes too long it does not."""
    exchange, tenant = asked.services.exchange, asked.customer()
    origin = Origin(exchange.new_call_id(), tenant.domain, asked.principal.account.name)
    tariff = tenant.charging.tariff_of(None)
    if tariff is not None and not tariff.requests:
        raise Faulty([Fault(Code.RATE_PLAN, "", RATE_PLAN)], RefusalId.TARIFF_DENIED.value)
    wanted = make(asked.fields, origin, tenant)
    try:
        accepted = await exchange.place(wanted.request, key_of(asked.scope))
    except Refused as refused:
        return faults(
            [refusal(refused, turned=wanted.turned)], refused.id.value, refusal_headers(refused)
        )
    note(asked.scope, call=accepted.call)
    headers = headers_of(accepted)
    if not wanted.waits:
        return done(headers)
    if wanted.request.delay and not await _begins(asked, accepted.call, wanted.wait, tenant.domain):
        return done(headers)
    return told({"server": asked.services.node, "callid": callid(accepted.call)}, headers)


async def _begins(asked: Asked, call: str, seconds: int, tenant: str) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await has_begun(asked.services.journal, tenant, call)
    except TimeoutError:
        return False


MAKE: Final = Function(METHOD, (Privilege.ACTIONS, Privilege.PANEL), make_call, places=True)
