"""From the parameters of originate-call to a :class:`~cordboard.calls.request.CallRequest`.

The agent's side is rung first: a user, an agent of a queue, or nobody where a context takes the
call. ``caller_id`` is the customer's number, whatever its name says (While1, OriginateCall).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.api.placing import Origin
from cordboard.api.while1.faults import Faulty, unknown
from cordboard.api.while1.fields import LONGEST_INFO, Data
from cordboard.api.while1.php_values import PhpArray
from cordboard.calls.request import (
    Address,
    CalledParty,
    CallRequest,
    EndUser,
    GroupKeys,
    LegWishes,
    RingGroup,
    RingNumber,
    RingUser,
    RunContext,
    UserKeys,
)
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.project_calls import PROJECT

DIALECT: Final = "while1"
METHOD: Final = "originate-call"

AGENT_SECONDS: Final = 60.0
"""How long a user is rung: the vendor says nothing of it, and a client that waits for the answer
(``async`` 0) waits as long."""

LINK: Final = "BACKEND_LINK"
"""The variable that has the pop-up's URL."""


@dataclass(frozen=True, slots=True)
class Originate:
    """A request as it was read: the call, whom the reply names, and whether the reply waits until
    the first party has answered."""

    request: CallRequest
    kind: str
    destination: str
    waits: bool
    external_id: str


def originate(parameters: PhpArray, origin: Origin, tenant: TenantDirectory) -> Originate:
    """Read the parameters; raises :class:`~cordboard.api.while1.faults.Faulty` with all faults."""
    members = parameters.get("data")
    if not isinstance(members, dict):
        raise Faulty(["Missing data. It is mandatory"])
    data = Data(members)
    project = data.needed("project_id")
    number = data.number("caller_id", needed=True)
    name = data.needed("caller_id_name")
    kind = data.needed("type")
    destination = data.needed("destination")
    external_id = data.needed("external_id")
    waits = not data.switch("async", default=True)
    shown, trunk = data.number("outbound_number"), data.text("outbound_trunk")
    if project and tenant.project(project) is None:
        data.fault(unknown("project"))
    if trunk is not None and tenant.trunk(trunk) is None:
        data.fault(unknown("trunk"))
    if shown is not None and not tenant.may_show(shown):
        data.fault("Invalid Outbound number. Check if it may be shown")
    near = _near_end(tenant, kind, destination, data)
    info, variables = data.text("external_info", LONGEST_INFO), data.variables("vars")
    if data.faults or number is None or near is None:
        raise Faulty(data.faults)
    customer = Address(number, EndUser(name=name))
    to_customer = LegWishes(caller_number=shown, trunk=trunk, outside_only=True)
    to_agent = LegWishes(caller_name=name)
    takes_itself = isinstance(near, RunContext)
    request = CallRequest(
        id=origin.call,
        tenant=origin.tenant,
        account=origin.account,
        dialect=DIALECT,
        method=METHOD,
        first=RingNumber(customer) if takes_itself else near,
        second=near if takes_itself else customer,
        answer_timeout=AGENT_SECONDS if isinstance(near, RingUser) else None,
        on_first=to_customer if takes_itself else to_agent,
        on_second=LegWishes() if takes_itself else to_customer,
        external_id=external_id,
        external_info=info,
        link=_link(variables),
        variables=variables,
        metadata={PROJECT: project},
    )
    return Originate(request, kind, destination, waits, external_id)


def _link(variables: tuple[tuple[str, str], ...]) -> str | None:
    """What is to pop up for whoever takes the call."""
    link = dict(variables).get(LINK)
    return link if link is not None and link.startswith(("http://", "https://")) else None


def _near_end(
    tenant: TenantDirectory, kind: str, destination: str, data: Data
) -> CalledParty | None:
    """The party on our side of the call."""
    if not kind or not destination:
        return None
    if kind not in _KINDS:
        data.fault("Invalid Type. Expected user, user_email, queue, context or extension")
        return None
    party = _KINDS[kind](tenant, destination)
    if party is None:
        data.fault(unknown("user" if kind == "user_email" else kind))
    return party


def _user(tenant: TenantDirectory, text: str) -> CalledParty | None:
    user = tenant.user_by_name(text) or tenant.user_by_extension(text)
    return RingUser(UserKeys(name=user.name)) if user is not None else None


def _user_by_email(tenant: TenantDirectory, text: str) -> CalledParty | None:
    return RingUser(UserKeys(email=text)) if tenant.user_by_email(text) is not None else None


def _queue(tenant: TenantDirectory, text: str) -> CalledParty | None:
    group = tenant.group_by_name(text) or tenant.group_by_extension(text)
    return RingGroup(GroupKeys(name=group.name)) if group is not None else None


def _context(tenant: TenantDirectory, text: str) -> CalledParty | None:
    context = tenant.context_by_name(text) or tenant.context_by_extension(text)
    return RunContext(context.name) if context is not None else None


def _extension(tenant: TenantDirectory, text: str) -> CalledParty | None:
    """Whatever has this extension; no page of the vendor shows this kind."""
    if tenant.user_by_extension(text) is not None:
        return RingUser(UserKeys(extension=text))
    if tenant.group_by_extension(text) is not None:
        return RingGroup(GroupKeys(extension=text))
    context = tenant.context_by_extension(text)
    return RunContext(context.name) if context is not None else None


_KINDS: Final = {
    "user": _user,
    "user_email": _user_by_email,
    "queue": _queue,
    "context": _context,
    "extension": _extension,
}
