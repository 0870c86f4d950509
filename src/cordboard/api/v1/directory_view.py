"""The directory as v1 shows it: users, groups, terminals and numbers, without any secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from cordboard.calls.events import Json
from cordboard.calls.people.agents import NEVER_ACTED, AgentState, Place
from cordboard.calls.ports import Contact
from cordboard.directory.model import Group, Member, Number, Terminal, User
from cordboard.directory.recording import RecordPolicy
from cordboard.directory.snapshot import TenantDirectory


class Named(BaseModel):
    """Somebody or something by id and name."""

    id: int
    name: str


class UserShown(BaseModel):
    """A person who can be rung."""

    id: int
    name: str
    label: str
    extension: str | None
    dids: list[str]
    email: str | None
    language: str
    caller_id: str | None
    channel_limit: int | None
    registered: bool = Field(description="whether any of the terminals can be rung now")
    terminals: list[str]
    groups: list[Named]


class MemberShown(BaseModel):
    """A member of a group, and how he stands there as an agent."""

    user: Named
    priority: int = Field(description="a lower one is rung earlier where order matters")
    penalty: int = Field(description="a higher one is rung after all of a lower one")
    state: Literal["ready", "paused", "logged_out"]
    reason: str | None = Field(description="why he is paused")
    since: float | None = Field(
        description="seconds since 1970; null where he has never logged in or out, or paused"
    )


class GroupShown(BaseModel):
    """Users who answer together."""

    id: int
    name: str
    label: str
    kind: Literal["ring", "hunt", "call_center"]
    strategy: str = Field(description="whom a hunt rings next")
    extension: str | None
    dids: list[str]
    answer_timeout: float = Field(description="seconds for the whole hunt")
    member_answer_timeout: float = Field(description="seconds for one attempt")
    wrap_up: float = Field(description="seconds after a call in which a member is not rung")
    record: bool = Field(description="whether its calls are always recorded")
    record_policy: Literal["always", "on_request", "never"]
    record_group: str | None = Field(description="where its recordings are kept")
    caller_id: str | None
    channel_limit: int | None
    members: list[MemberShown]


class ContactShown(BaseModel):
    """Where a terminal is registered."""

    uri: str
    q: float
    user_agent: str | None


class TerminalShown(BaseModel):
    """A SIP account of one phone."""

    name: str
    user: Named
    auto_answer: str
    max_contacts: int
    codecs: list[str]
    registered: bool
    contacts: list[ContactShown]


class LeadsTo(BaseModel):
    """Whom a number leads to."""

    kind: Literal["user", "group", "context"]
    name: str


class NumberShown(BaseModel):
    """A number of the tenant's own."""

    number: str
    show: bool = Field(description="whether it may be shown to those we call")
    leads_to: LeadsTo | None


def user_view(tenant: TenantDirectory, user: User, *, registered: bool) -> dict[str, Json]:
    """A user."""
    groups: list[Json] = [_named(group) for group in tenant.groups_of(user.id)]
    return {
        "id": user.id,
        "name": user.name,
        "label": user.label,
        "extension": user.extension,
        "dids": list(user.dids),
        "email": user.email,
        "language": user.language,
        "caller_id": user.caller_id,
        "channel_limit": user.channel_limit,
        "registered": registered,
        "terminals": list(user.terminals),
        "groups": groups,
    }


def group_view(
    tenant: TenantDirectory, group: Group, states: Mapping[Place, AgentState]
) -> dict[str, Json]:
    """A group with its members."""
    members: list[Json] = []
    for member in group.members:
        user = tenant.user_by_id(member.user_id)
        if user is not None:
            state = states.get((group.id, user.id), NEVER_ACTED)
            members.append(member_view(member, user, state))
    return {
        "id": group.id,
        "name": group.name,
        "label": group.label,
        "kind": group.kind.value,
        "strategy": group.order.value,
        "extension": group.extension,
        "dids": list(group.dids),
        "answer_timeout": group.answer_timeout,
        "member_answer_timeout": group.member_answer_timeout,
        "wrap_up": group.wrap_up,
        "record": group.record is RecordPolicy.ALWAYS,
        "record_policy": group.record.value,
        "record_group": group.record_group,
        "caller_id": group.caller_id,
        "channel_limit": group.channel_limit,
        "members": members,
    }


def member_view(member: Member, user: User, state: AgentState) -> dict[str, Json]:
    """A member of a group."""
    return {
        "user": _named(user),
        "priority": member.priority,
        "penalty": member.penalty,
        "state": state.word,
        "reason": state.reason,
        "since": state.since,
    }


def terminal_view(
    tenant: TenantDirectory, terminal: Terminal, contacts: tuple[Contact, ...]
) -> dict[str, Json]:
    """A terminal and where it is registered."""
    user = tenant.user_by_id(terminal.user_id)
    told: list[Json] = [
        {"uri": one.uri, "q": one.q, "user_agent": one.user_agent} for one in contacts
    ]
    return {
        "name": terminal.name,
        "user": None if user is None else _named(user),
        "auto_answer": terminal.auto_answer.value,
        "max_contacts": terminal.max_contacts,
        "codecs": list(terminal.codecs),
        "registered": bool(contacts),
        "contacts": told,
    }


def number_view(tenant: TenantDirectory, number: Number) -> dict[str, Json]:
    """A number and whom it leads to."""
    owners = (
        ("user", tenant.user_by_did(number.number)),
        ("group", tenant.group_by_did(number.number)),
        ("context", tenant.context_by_did(number.number)),
    )
    shown: dict[str, Json] = {"number": number.number, "show": number.show, "leads_to": None}
    for kind, owner in owners:
        if owner is not None:
            shown["leads_to"] = {"kind": kind, "name": owner.name}
            break
    return shown


def _named(one: User | Group) -> dict[str, Json]:
    return {"id": one.id, "name": one.name}
