"""How a group is hunted through: planned as it stands, and asked again before each rung."""

from __future__ import annotations

from cordboard.calls.causes import Cause
from cordboard.calls.people.strategies import GroupView, rungs
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.plan import GroupHunt, LegPlan, PlannedChannel, channels_for
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.model import Group
from cordboard.directory.snapshot import TenantDirectory


def group_hunt(
    tenant: TenantDirectory,
    group: Group,
    live: LiveView,
    attempt: float | None,
    *,
    waited_for: bool,
) -> GroupHunt:
    """The plan of a hunt; ``attempt`` is how many seconds a member is rung, None: as the group
    says. It may be ``waited_for`` by a party that is there."""
    view = live.group(tenant, group)
    return GroupHunt(
        group=group.id,
        strategy=group.order,
        attempt=group.member_answer_timeout if attempt is None else attempt,
        rungs=rungs(group.order, view),
        passed_over=tuple(member for member in view.members if member.obstacle is not None),
        queue=group.queue if waited_for else None,
    )


def first_channels(
    plan: LegPlan, live: LiveView, *, at_once: bool = False
) -> tuple[PlannedChannel, ...]:
    """The channels that a leg begins with, which are all that there will be where nobody leads it
    on (``at_once``); empty when nobody can be rung."""
    hunt = plan.hunt
    if hunt is None:
        return channels_for(plan, live.contacts, live.new_id)
    begun = hunt.rungs if at_once else hunt.rungs[:1]
    users = frozenset(member.user for rung in begun for member in rung)
    return channels_for(plan, live.contacts, live.new_id, users)


def next_channels(
    plan: LegPlan,
    hunt: GroupHunt,
    tenant: TenantDirectory,
    live: LiveView,
    tried: frozenset[int],
) -> tuple[tuple[PlannedChannel, ...], Cause]:
    """The channels of the next rung, members whose ids are ``tried`` left out; and why, where
    there is none."""
    group = tenant.group_by_id(hunt.group)
    if group is None:
        return (), Cause.UNREACHABLE
    view = live.group(tenant, group)
    for rung in rungs(hunt.strategy, view, tried):
        users = frozenset(member.user for member in rung)
        channels = channels_for(plan, live.contacts, live.new_id, users)
        if channels:
            return channels, Cause.NORMAL
    return (), _missed(view)


def nobody_there(plan: LegPlan, parameter: str) -> Refused:
    """Why a leg can't be rung at all."""
    name, hunt = plan.party.name, plan.hunt
    if hunt is None:
        message = f"no terminal of {name} is registered"
        return Refused(RefusalId.USER_NOT_REGISTERED, message, parameter)
    reasons = ", ".join(
        f"{member.name} is {member.obstacle.value}"
        for member in hunt.passed_over
        if member.obstacle is not None
    )
    message = f"nobody of {name} can be rung: {reasons or 'it has no members'}"
    return Refused(RefusalId.NO_MEMBER_AVAILABLE, message, parameter)


def _missed(view: GroupView) -> Cause:
    """Why nobody can be rung: those who are there are engaged, or nobody is there."""
    engaged = any(one.obstacle is not None and one.obstacle.passes for one in view.members)
    return Cause.BUSY if engaged else Cause.UNREACHABLE
