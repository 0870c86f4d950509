"""The first leg of a call that was offered to us: who calls, on whose behalf, and what he takes.

A phone has proven to be a terminal, so that its call is its user's: with his rights, his caller id
and his limits. A trunk has proven nothing but to be the trunk, and whoever calls through it acts
for nobody: he is a number, as the trunk says, that takes one of the trunk's lines.
"""

from __future__ import annotations

from cordboard.calls.limits import LimitKey, Take, trunk_take
from cordboard.calls.planning.parties import find_terminal, party_of
from cordboard.calls.planning.plan import LegPlan, Party, PlannedChannel
from cordboard.calls.planning.trunks import full_name
from cordboard.calls.ports import CallerId
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import DEFAULT_ANSWER_TIMEOUT, Leg, Offered
from cordboard.directory.model import User
from cordboard.directory.snapshot import TenantDirectory

UNKNOWN_CALLER = "anonymous"
"""What is shown of a caller who shows nothing of himself (RFC 3323 4.1.1.3)."""


def calling_user(tenant: TenantDirectory, offered: Offered) -> User | None:
    """Whose phone calls; None for a trunk. Raises :class:`Refused` (user_not_found)."""
    if offered.from_terminal is None:
        return None
    return find_terminal(tenant, offered.from_terminal, "first.terminal").user


def calling_party(tenant: TenantDirectory, offered: Offered) -> Party:
    """Who calls, as the other party is shown him; raises :class:`Refused`."""
    if offered.from_terminal is not None:
        return party_of(find_terminal(tenant, offered.from_terminal, "first.terminal"))
    number = offered.number or UNKNOWN_CALLER
    return Party("number", offered.name, number, label=offered.name)


def offered_leg(
    tenant: TenantDirectory, offered: Offered, party: Party, tenant_take: Take
) -> tuple[LegPlan, PlannedChannel]:
    """The plan of the first leg and its one channel, which is there; raises :class:`Refused`."""
    user = calling_user(tenant, offered)
    takes = [tenant_take]
    if user is not None:
        key = LimitKey("user", f"{user.name}@{tenant.domain}")
        takes.append(Take(key, user.channel_limit))
        label = f"{offered.from_terminal}@{tenant.domain}"
        caller = CallerId(party.number, party.label or party.name, "his extension")
    else:
        trunk = tenant.trunk(offered.from_trunk or "")
        if trunk is None:
            raise Refused(RefusalId.USER_NOT_FOUND, "no such trunk", "first.trunk")
        line = trunk_take(trunk, tenant.domain)
        takes.append(Take(line.key, line.limit))  # its rate is for the calls that we begin
        label = full_name(trunk, tenant.domain)
        caller = CallerId(offered.number, offered.name, f"as trunk {trunk.name} says")
    language = tenant.policy.language if user is None else user.language
    owner = None if user is None else user.id
    channel = PlannedChannel(offered.channel, (), owner, label, language=language)
    leg = LegPlan(Leg.FIRST, party, (), caller, DEFAULT_ANSWER_TIMEOUT, tuple(takes))
    return leg, channel
