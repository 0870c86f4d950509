"""Having something happen to a live call, or saying why it can't."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.named import call_named, no_such_call
from cordboard.api.v1.problems import Problem
from cordboard.calls.running.progress import progress_of
from cordboard.calls.running.wishes import Wishes, WrongState


async def wish(
    here: Services, principal: Principal, name: str, wanted: Callable[[Wishes, float], None]
) -> None:
    """Have something happen to a call that a client has named; raises :class:`Problem`."""
    tenant, call = call_named(here, principal, name)
    try:
        if here.exchange.wish(tenant, call, wanted):
            return
    except WrongState as wrong:
        raise Problem("wrong_state", str(wrong), state=wrong.stage.value) from None
    raise await why_not(here, tenant, call)


async def why_not(here: Services, tenant: str, call: str) -> Problem:
    """Why nothing can be done with a call now: there is none, it is over, or it is elsewhere."""
    record = await here.journal.call(tenant, call)
    if record is None:
        return no_such_call()
    if record.ended_at is not None:
        return Problem("call_over", "there is nothing left of the call")
    stage = progress_of(await here.journal.events_of(tenant, call)).stage.value
    return Problem("wrong_state", f"the call is {stage}", state=stage)
