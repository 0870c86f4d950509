"""What an agent can have done from his phone: log in, log out, pause and go on, in all his groups
or in one, and end his wrap-up.

Behind the code stands a group, by its extension, for that one alone; of a pause first the number
of its reason: ``*62*2`` is a pause for the second of the tenant's reasons, ``*62*2*2001`` the same
in the group 2001, and ``*62**2001`` there without a reason.
"""

from __future__ import annotations

from cordboard.calls.events import CallEvent
from cordboard.calls.people.agents import AgentAct, NotLoggedIn, after, agent_event
from cordboard.calls.people.wrap_ups import wrap_up_ended
from cordboard.calls.planning.live import LiveView
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.model import Group, User
from cordboard.directory.snapshot import TenantDirectory

PARAMETER = "second.dialled"

LONGEST_REASON = 4
"""Digits of a reason that has no name: more is a mistake."""

_TOLD = {
    AgentAct.LOGIN: "agent-login",
    AgentAct.LOGOUT: "agent-logout",
    AgentAct.PAUSE: "agent-pause",
    AgentAct.UNPAUSE: "agent-unpause",
}

Outcome = tuple[tuple[CallEvent, ...], str]
"""What has changed, and the prompt that tells of it."""


def act(
    what: AgentAct,
    tenant: TenantDirectory,
    live: LiveView,
    user: User,
    terminal: str,
    argument: str,
) -> Outcome:
    """Let an agent do something; raises :class:`Refused` where he dialled what is nothing."""
    reason: str | None = None
    if what is AgentAct.PAUSE:
        number, _, argument = argument.partition("*")
        reason = _reason(tenant, number)
    done: list[CallEvent] = []
    out = 0
    groups = _groups(tenant, user, argument)
    for group in groups:
        before = live.agent(tenant, group, user)
        try:
            wanted = after(before, what, reason)
        except NotLoggedIn:
            out += 1
            continue
        if wanted != before:
            done.append(agent_event(what, group, user, wanted, terminal))
    return tuple(done), _TOLD[AgentAct.LOGOUT] if out == len(groups) else _TOLD[what]


def wrapped_up(tenant: TenantDirectory, live: LiveView, user: User, terminal: str) -> Outcome:
    """Let an agent end his wrap-up."""
    after_group = live.wrapping_up(tenant, user)
    told = "agent-wrapped-up"
    if after_group is None:
        return (), told
    return (wrap_up_ended(after_group, user, terminal),), told


def _groups(tenant: TenantDirectory, user: User, extension: str) -> tuple[Group, ...]:
    """His groups that are meant."""
    groups = tenant.groups_of(user.id)
    if extension:
        groups = tuple(group for group in groups if group.extension == extension)
    if not groups:
        message = f"{user.name} is in no such group" if extension else f"{user.name} is in no group"
        raise Refused(RefusalId.GROUP_NOT_FOUND, message, PARAMETER)
    return groups


def _reason(tenant: TenantDirectory, number: str) -> str | None:
    """Why he pauses: by the place of a reason in the tenant's list, else the number itself."""
    if not number:
        return None
    if not number.isascii() or not number.isdigit() or len(number) > LONGEST_REASON:
        raise Refused(RefusalId.INVALID_DESTINATION, "no reason has this number", PARAMETER)
    place = int(number)
    reasons = tenant.pause_reasons
    return reasons[place - 1] if 1 <= place <= len(reasons) else number
