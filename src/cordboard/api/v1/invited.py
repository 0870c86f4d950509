"""What a call of a phone or trunk would do, asked by a client: as if it were offered now."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field

from cordboard.api.placing import Origin
from cordboard.api.services import Services
from cordboard.api.v1.asked import DisplayName, Name
from cordboard.api.v1.bodies import Bound, read_as
from cordboard.api.v1.problems import Problem
from cordboard.calls.events import Json
from cordboard.calls.planning.offered_request import BY_PHONE, METHOD, request_of
from cordboard.calls.ports import Incoming

_CHANNEL: Final = "explained"


class PhoneInvites(Bound):
    """A terminal of the tenant dials."""

    terminal: Name = Field(description="its SIP user name")
    dialled: Name


class TrunkInvites(Bound):
    """Somebody calls through a trunk of the tenant."""

    trunk: Name
    dialled: Name
    number: Name | None = None
    name: DisplayName | None = None


def explain_invite(
    here: Services, origin: Origin, dialect: str, method: str, parameters: dict[str, Any]
) -> dict[str, Json]:
    """The plan of such a call; raises :class:`~cordboard.calls.refusals.Refused` as it would."""
    if method != METHOD:
        raise Problem("invalid_parameter", f"the method of {dialect} is {METHOD}")
    tenant = origin.tenant
    if dialect == BY_PHONE:
        phone = read_as(PhoneInvites, parameters)
        account = f"{phone.terminal}@{tenant}"
        incoming = Incoming(_CHANNEL, account, (), phone.dialled, tenant)
    else:
        asked = read_as(TrunkInvites, parameters)
        trunks = (f"{asked.trunk}@{tenant}",)
        number, name = asked.number or "", asked.name or ""
        incoming = Incoming(_CHANNEL, None, trunks, asked.dialled, tenant, number, name)
    return here.exchange.explain(request_of(incoming, here.directory(), origin.call))
