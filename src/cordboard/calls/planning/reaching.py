"""How somebody is reached who is called in person: at his phones, or wherever he has his calls go.

It is for the second leg, for transfers and for what is dialled. A first leg that a client has rung
is rung at its phones, for it is its user who wants the call; and a group rings its members' phones,
for who stands in for one is the group's business.

A forward that leads nowhere is passed over, and his phones ring: in a circle, too often, or to what
its user may not call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from cordboard.calls.causes import Cause
from cordboard.calls.people.forwarding import MAX_FORWARDS, ForwardReason, Hop, at_once
from cordboard.calls.planning.parties import Outside, find_destination, party_of
from cordboard.calls.planning.plan import LegPlan, Party, PlannedTrunks, ProgramPlan
from cordboard.calls.ports import Diversion
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Address, Leg
from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.model import Trunk, User
from cordboard.directory.outbound import Denied, choose_route, number_on_trunk
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import ContextTarget, Target, UserTarget

if TYPE_CHECKING:
    from cordboard.calls.planning.planner import Planner

PARAMETER = "forward"

_REASONS: Final = {
    ForwardReason.ALWAYS: "unconditional",
    ForwardReason.BUSY: "user-busy",
    ForwardReason.NO_ANSWER: "no-answer",
}
"""In the words of RFC 5806."""


def reach(
    planner: Planner,
    leg: Leg,
    target: Target | Outside,
    party: Party,
    *,
    shown: Party,
    hops: tuple[Hop, ...] = (),
    waited_for: bool = False,
) -> LegPlan | ProgramPlan:
    """The plan of a leg, or a program that takes the call; raises :class:`Refused`."""
    if isinstance(target, ContextTarget):
        return planner.program(target.context, shown, party, hops)
    user = target.user if isinstance(target, UserTarget) and target.only is None else None
    terms = NOT_FORWARDED if user is None else planner.live.forwarding(planner.tenant, user)
    if user is None or terms is NOT_FORWARDED:
        plan = planner.leg(leg, target, party, shown=shown, waited_for=waited_for)
        return _with(planner, plan, hops) if hops else plan
    sent = at_once(terms)
    if sent is not None:
        try:
            return go_on(planner, leg, user, *sent, shown=shown, hops=hops)
        except Refused as refusal:
            hops = (*hops, _hop(user, *sent, refusal.message))
    plan = planner.leg(leg, target, party, shown=shown)
    if terms.do_not_disturb:
        return replace(plan, targets=(), absent=Cause.BUSY, forwarded=hops)
    return replace(plan, forwards=terms, forwarded=hops)


def reach_only(planner: Planner, user: User, plan: LegPlan) -> LegPlan:
    """The plan of a leg for a user in person: where his calls are forwarded they fail."""
    terms = planner.live.forwarding(planner.tenant, user)
    if terms.do_not_disturb:
        return replace(plan, targets=(), absent=Cause.BUSY)
    return plan if terms.always is None else replace(plan, targets=(), absent=Cause.UNREACHABLE)


def go_on(
    planner: Planner,
    leg: Leg,
    user: User,
    reason: ForwardReason,
    to: str,
    *,
    shown: Party,
    hops: tuple[Hop, ...],
) -> LegPlan | ProgramPlan:
    """The plan of a leg that a user sends on, under his rights; raises :class:`Refused`."""
    gone = [hop for hop in hops if hop.refused is None]
    if len(gone) >= MAX_FORWARDS:
        message = f"forwarded more than {MAX_FORWARDS} times"
        raise Refused(RefusalId.INVALID_DESTINATION, message, PARAMETER)
    found = find_destination(planner.tenant, to, PARAMETER)
    been = {hop.user for hop in gone} | {user.id}
    if isinstance(found, UserTarget) and found.user.id in been:
        raise Refused(RefusalId.INVALID_DESTINATION, "forwarded in a circle", PARAMETER)
    party = party_of(found, Address(to))
    hops = (*hops, _hop(user, reason, to))
    return reach(planner.on_behalf_of(user, leg), leg, found, party, shown=shown, hops=hops)


def _hop(user: User, reason: ForwardReason, to: str, refused: str | None = None) -> Hop:
    did = user.dids[0] if user.dids else None
    return Hop(user.id, user.name, user.extension or user.name, to, reason, refused, did)


def _with(planner: Planner, plan: LegPlan, hops: tuple[Hop, ...]) -> LegPlan:
    """The plan of a leg that was forwarded; trunks are told by whom."""
    targets = plan.targets
    if isinstance(targets, PlannedTrunks):
        country = planner.tenant.policy.country
        endpoints = tuple(
            replace(one, diverted=_diversions(one.trunk, country, hops))
            for one in targets.endpoints
        )
        targets = replace(targets, endpoints=endpoints)
    return replace(plan, targets=targets, forwarded=hops)


def _diversions(trunk: Trunk, country: str, hops: tuple[Hop, ...]) -> tuple[Diversion, ...]:
    """Who had a call forwarded, the last one first, as far as they are numbers to a trunk."""
    return tuple(
        Diversion(number_on_trunk(trunk, hop.did, country), _REASONS[hop.reason])
        for hop in reversed(hops)
        if hop.did is not None and hop.refused is None
    )


def check_terms(tenant: TenantDirectory, user: User, terms: Forwarding) -> None:
    """Raises :class:`Refused` for a forward that can't be followed as the directory is now."""
    for reason in ForwardReason:
        to: str | None = getattr(terms, reason.value)
        if to is None:
            continue
        found = find_destination(tenant, to, reason.value)
        if isinstance(found, UserTarget) and found.user.id == user.id:
            raise Refused(RefusalId.INVALID_DESTINATION, "that is the user himself", reason.value)
        if isinstance(found, Outside):
            route = choose_route(tenant, found.number)
            if isinstance(route, Denied):
                raise Refused(RefusalId.NO_ROUTE, route.message, reason.value)
