"""A redirect goes back to the plan, and so do a transfer and the ring of a program: they may lead
where the caller himself, or the tenant, might have called."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from cordboard.calls.people.forwarding import ForwardReason
from cordboard.calls.planning.group_hunt import first_channels, nobody_there
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.offered import calling_party, offered_leg
from cordboard.calls.planning.parties import (
    Outside,
    find_destination,
    find_group,
    find_inside,
    find_number,
    find_user,
    party_of,
)
from cordboard.calls.planning.plan import (
    CallPlan,
    LegPlan,
    Party,
    PlannedChannel,
    ProgramPlan,
)
from cordboard.calls.planning.planner import Planner
from cordboard.calls.planning.reaching import PARAMETER as FORWARD
from cordboard.calls.planning.reaching import go_on, reach, reach_only
from cordboard.calls.planning.standing import Standings
from cordboard.calls.ports import RedirectTarget
from cordboard.calls.programs.program_words import RingOut
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CallRequest,
    GroupKeys,
    Leg,
    LegWishes,
    Offered,
    RingUser,
    SecondScope,
    UserKeys,
)
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.steps import RingKind, RingStep
from cordboard.directory.target import ContextTarget, GroupTarget, Key, Target, UserTarget

PARAMETER = "redirect"

Planned = tuple[LegPlan | ProgramPlan, tuple[PlannedChannel, ...]]
"""Where a leg goes, with its channels; a program has none."""


def reroute(
    plan: CallPlan,
    leg: Leg,
    channel: str,
    target: RedirectTarget,
    tenant: TenantDirectory,
    live: LiveView,
) -> tuple[LegPlan, tuple[PlannedChannel, ...]]:
    """The plan of a leg that goes to ``target`` instead, and its channels, the first with the id of
    the channel that was redirected. Raises :class:`Refused`.

    Only the user part counts, and only at an address of ours, of the tenant or of who redirects:
    a redirect is a number to call, not a way around the tenant's trunks.
    """
    if not (target.ours or tenant.is_named(target.host)):
        raise Refused(RefusalId.INVALID_DESTINATION, f"{target.host} is not ours", PARAMETER)
    rerouted, channels = _instead(plan, leg, target.user, tenant, live, PARAMETER, at_once=True)
    if isinstance(rerouted, ProgramPlan):
        raise Refused(RefusalId.INVALID_DESTINATION, "a context can't be rung", PARAMETER)
    return rerouted, (structs.replace(channels[0], id=channel), *channels[1:])


def transfer(plan: CallPlan, leg: Leg, to: str, tenant: TenantDirectory, live: LiveView) -> Planned:
    """The plan of a leg whose party is sent away, while the other one is connected with ``to``, and
    its channels; or of the program that talks with him. Raises :class:`Refused`.

    What the client wanted of that leg's phones was meant for who was there; only the number that is
    shown outside stays.
    """
    request = plan.request
    wishes = request.wishes(leg)
    kept = LegWishes(caller_number=wishes.caller_number, outside_only=wishes.outside_only)
    if leg is Leg.FIRST:
        request = replace(request, on_first=kept)
    else:
        request = replace(request, on_second=kept)
    asked = structs.replace(plan, request=request)
    return _instead(asked, leg, to, tenant, live, "to", waited_for=True)


def overflow_program(
    plan: CallPlan, leg: Leg, to: str, tenant: TenantDirectory, live: LiveView
) -> ProgramPlan | None:
    """The program of a context that takes a call in place of a leg; None where ``to`` is no
    context."""
    target = tenant.resolve(to)
    if not isinstance(target, ContextTarget):
        return None
    waits = plan.first.party if leg is Leg.SECOND else plan.second.party
    planner = Planner(plan.request, tenant, live)
    return planner.program(target.context, waits, party_of(target, Address(to)))


def ring(
    plan: CallPlan,
    leg: Leg,
    wanted: RingOut,
    tenant: TenantDirectory,
    live: LiveView,
    *,
    inside: bool,
) -> tuple[LegPlan, tuple[PlannedChannel, ...]]:
    """The plan of whom a step of a program rings for a leg, and its channels. Raises
    :class:`Refused`.

    The program is the tenant's own, so that it may ring numbers outside also where the client could
    not; the tenant's rules and limits hold for it as for all. But where whom it rings is made of
    variables, who may only call inside (by the request, or because the caller of this function says
    ``inside``) gets nobody outside by the keys that he presses, unless the step says that it is to
    ring a number.
    """
    request, step = plan.request, wanted.step
    wishes = request.wishes(leg)
    kept = LegWishes(caller_number=wishes.caller_number, outside_only=wishes.outside_only)
    if wanted.show is not None:
        kept = LegWishes(caller_number=wanted.show)
    timeout = request.second_answer_timeout if step.timeout is None else step.timeout
    asked = replace(request, on_second=kept, second_answer_timeout=timeout)
    found = _named_by(step, wanted.to, tenant)
    if isinstance(found, ContextTarget):
        raise Refused(RefusalId.INVALID_DESTINATION, "a context can't be rung", "ring")
    inside = inside or request.second_scope is SecondScope.INSIDE
    if inside and isinstance(found, Outside) and _is_a_callers_choice(step):
        raise Refused(RefusalId.INVALID_DESTINATION, "an outside number is not allowed", "ring")
    planner = Planner(asked, tenant, live)
    party = party_of(found, Address(wanted.to))
    caller = plan.first.party if leg is Leg.SECOND else plan.second.party
    if step.forward:
        rung = reach(planner, Leg.SECOND, found, party, shown=caller)
    else:
        rung = _unforwarded(planner, found, party, caller)
    if isinstance(rung, ProgramPlan):
        raise Refused(RefusalId.INVALID_DESTINATION, "a context can't be rung", "ring")
    if leg is not Leg.SECOND:
        rung = structs.replace(rung, leg=leg)
    if rung.queued:
        return rung, ()  # whoever is free then
    channels = first_channels(rung, live)
    if not channels and rung.absent is None and rung.forwards is None:
        raise nobody_there(rung, "ring")
    return rung, channels


def _unforwarded(
    planner: Planner, target: Target | Outside, party: Party, caller: Party
) -> LegPlan:
    plan = planner.leg(Leg.SECOND, target, party, shown=caller)
    return reach_only(planner, target.user, plan) if isinstance(target, UserTarget) else plan


def _is_a_callers_choice(step: RingStep) -> bool:
    """Whether a step rings whom its caller may have named."""
    return step.kind is RingKind.ANY and "${" in step.to


def _named_by(step: RingStep, to: str, tenant: TenantDirectory) -> Target | Outside:
    if step.kind is RingKind.USER:
        user, _ = find_user(tenant, UserKeys(name=to, extension=to), "ring.user")
        return UserTarget(user, Key.NAME)
    if step.kind is RingKind.GROUP:
        group, _ = find_group(tenant, GroupKeys(name=to, extension=to), None, "ring.group")
        return GroupTarget(group, Key.NAME)
    if step.kind is RingKind.NUMBER:
        return find_number(tenant, to, "ring.number")
    return find_destination(tenant, to, "ring")


def forward(
    plan: CallPlan,
    leg: Leg,
    reason: ForwardReason,
    to: str,
    tenant: TenantDirectory,
    live: LiveView,
) -> tuple[LegPlan | ProgramPlan, tuple[PlannedChannel, ...]]:
    """The plan of a leg that its user has forwarded, and its channels; or of the program that takes
    the call. Raises :class:`Refused`.

    It is his wish and his right: whoever calls may not have been allowed to call there himself.
    """
    left = plan.first if leg is Leg.FIRST else plan.second
    user = tenant.user_by_id(left.party.id or 0)
    if user is None or not isinstance(left, LegPlan):
        raise Refused(RefusalId.USER_NOT_FOUND, "the user is gone", FORWARD)
    planner = Planner(plan.request, tenant, live)
    shown = plan.second.party if leg is Leg.FIRST else plan.first.party
    reached = go_on(planner, leg, user, reason, to, shown=shown, hops=left.forwarded)
    if isinstance(reached, ProgramPlan) or reached.queued:
        return reached, ()  # whoever is free then
    channels = first_channels(reached, live)
    if not channels:
        raise nobody_there(reached, FORWARD)
    return reached, channels


def refer(
    plan: CallPlan,
    leg: Leg,
    user: int,
    target: RedirectTarget,
    tenant: TenantDirectory,
    live: LiveView,
    *,
    inside: bool,
) -> Planned:
    """The same where the party of the leg wants it, a ``user`` of the tenant: as if he had dialled
    the target, so that it is his caller id that is shown outside. Raises :class:`Refused`.

    The user part counts, at an address of ours: a phone can have nobody else called by us.
    """
    if not (target.ours or tenant.is_named(target.host)):
        raise Refused(RefusalId.INVALID_DESTINATION, f"{target.host} is not ours", "to")
    request = CallRequest(
        id=plan.request.id,
        tenant=plan.request.tenant,
        account=plan.request.account,
        dialect=plan.request.dialect,
        method=plan.request.method,
        first=RingUser(UserKeys(id=str(user))),
        second=Address(target.user),
        second_scope=SecondScope.INSIDE if inside else SecondScope.ANYWHERE,
        card=plan.request.card,
    )
    as_dialled = structs.replace(plan, request=request)
    planned, channels = _instead(
        as_dialled, Leg.SECOND, target.user, tenant, live, "to", waited_for=True, place=leg
    )
    if isinstance(planned, ProgramPlan):
        return planned, ()
    return structs.replace(planned, leg=leg), channels


def pick_up(
    leg: Leg, offered: Offered, tenant: TenantDirectory
) -> tuple[LegPlan, tuple[PlannedChannel, ...]]:
    """The plan of a leg that a phone of the tenant answers by calling us, and its channel. Raises
    :class:`Refused`."""
    joins = tenant.once(Standings).joins
    planned, channel = offered_leg(tenant, offered, calling_party(tenant, offered), joins)
    return structs.replace(planned, leg=leg), (channel,)


def _instead(
    plan: CallPlan,
    leg: Leg,
    to: str,
    tenant: TenantDirectory,
    live: LiveView,
    parameter: str,
    *,
    at_once: bool = False,
    waited_for: bool = False,
    place: Leg | None = None,
) -> Planned:
    inside = leg is Leg.SECOND and plan.request.second_scope is SecondScope.INSIDE
    found = (find_inside if inside else find_destination)(tenant, to, parameter)
    other = plan.second.party if (place or leg) is Leg.FIRST else plan.first.party
    planner = Planner(plan.request, tenant, live)
    party = party_of(found, Address(to))
    rerouted = reach(planner, leg, found, party, shown=other, waited_for=waited_for)
    if isinstance(rerouted, ProgramPlan):
        return _spoken(rerouted, found, other, tenant), ()
    if waited_for and rerouted.queued:
        return rerouted, ()  # whoever is free then
    channels = first_channels(rerouted, live, at_once=at_once)
    if not channels:
        raise nobody_there(rerouted, parameter)
    return rerouted, channels


def _spoken(
    program: ProgramPlan, found: Target | Outside, party: Party, tenant: TenantDirectory
) -> ProgramPlan:
    """A program that somebody is transferred to, in his language where it has none of its own: he
    may be another one than on whose behalf the call was made."""
    if not isinstance(found, ContextTarget) or found.context.language:
        return program
    user = tenant.user_by_id(party.id or 0) if party.kind == "user" else None
    own = "" if user is None else user.language
    return structs.replace(program, language=own or tenant.policy.language)
