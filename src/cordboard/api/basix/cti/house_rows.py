"""The rows of what a tenant's directory holds: users, groups, their members, and terminals.

Columns that stand for what there is not here have the value of the README's example where it shows
one: nobody has a role, a flag, a park group or a mailbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from cordboard.api.basix.cti.elements import Element, Row, text
from cordboard.api.basix.cti.phones import Phone
from cordboard.calls.people.agents import NEVER_ACTED, AgentState, Place
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import Group, GroupKind, Member, Terminal, User
from cordboard.directory.snapshot import TenantDirectory

RING_TYPE: Final = 0
HUNT_TYPE: Final = 1

Named = tuple[Element, Row]

NO_PHONE: Final = Phone()


def house_rows(
    tenant: TenantDirectory,
    agents: Mapping[Place, AgentState],
    forwardings: Mapping[int, Forwarding],
    phones: Mapping[str, Phone],
) -> Iterator[Named]:
    """All of them; ``agents`` and ``forwardings`` are of those who have chosen something,
    ``phones`` of terminals that are registered."""
    for user in tenant.users:
        yield Element.USER, user_row(user, forwardings.get(user.id, user.forwarding))
    for group in tenant.groups:
        yield Element.GROUP, group_row(group)
        for member in group.members:
            place = (group.id, member.user_id)
            yield Element.GROUP_MEMBER, member_row(group, member, agents.get(place, NEVER_ACTED))
    for terminal in tenant.terminals:
        yield Element.TERMINAL, terminal_row(terminal, phones.get(terminal.name, NO_PHONE))


def user_row(user: User, terms: Forwarding) -> Row:
    """A user, with where his calls go."""
    return (
        user.id,
        text(user.name),
        int(terms.always is not None),
        int(terms.do_not_disturb),
        text(user.language),
        text(user.extension),
        0,  # presence
        0,  # role
        0,  # park_group
        None,  # mwi_target
        0,  # flags
        None if terms.always is None else text(terms.always),
        text(user.email),
        b"",  # avatar: the client shows one of its own
        text(user.label),
        b"",  # mwi
    )


def group_row(group: Group) -> Row:
    """A group; members of those with a queue log in and out."""
    return (
        group.id,
        text(group.name),
        HUNT_TYPE if group.kind is GroupKind.HUNT else RING_TYPE,
        0,  # language
        text(group.extension),
        int(group.queue is not None),
        text(group.label),
        0,  # flags
        int(group.kind is GroupKind.CALL_CENTER),
        b"",  # mwi
    )


def member_row(group: Group, member: Member, state: AgentState) -> Row:
    """A user's place in a group, known by the ids of both; he is logged in while he takes calls of
    it, and not while he is paused."""
    takes_calls = state.logged_in and not state.paused
    name = b"%d-%d" % (group.id, member.user_id)
    return (name, group.id, member.user_id, member.priority, int(takes_calls), 0)


def terminal_row(terminal: Terminal, phone: Phone) -> Row:
    """A terminal, known by its name, and the phone that is registered as that."""
    name, agent = text(terminal.name), phone.user_agent
    told = None if agent is None else text(agent)
    return (name, name, terminal.user_id, b"sip", told, phone.registered)
