"""What v1 tells of the directory. A tenant sees its own only, and no secret of it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.v1.access import Anybody, Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.directory_view import (
    GroupShown,
    NumberShown,
    TerminalShown,
    UserShown,
    group_view,
    number_view,
    terminal_view,
    user_view,
)
from cordboard.api.v1.pages import PAGE, Cursor, Limit, page_of
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.events import Json
from cordboard.calls.ports import Contact
from cordboard.directory.model import Group, Terminal, User
from cordboard.directory.snapshot import TenantDirectory

router = v1_router("directory")

Looking = Annotated[Principal, needs("directory:read")]

UserKey = Annotated[str, Path(description="a user's name, extension, e-mail address or id")]
GroupKey = Annotated[str, Path(description="a group's name, extension or id")]


class UserPage(BaseModel):
    """A page of users, by their names."""

    users: list[UserShown]
    next: str | None


class GroupPage(BaseModel):
    """A page of groups, by their names."""

    groups: list[GroupShown]
    next: str | None


class TerminalPage(BaseModel):
    """A page of terminals, by their names."""

    terminals: list[TerminalShown]
    next: str | None


class NumberPage(BaseModel):
    """A page of numbers, in the order of their digits."""

    numbers: list[NumberShown]
    next: str | None


class AccountShown(BaseModel):
    """Who asks, and what he may do."""

    tenant: str
    name: str
    scopes: list[str]
    origins: list[str]


_JESSICA: Final = {"id": 1001, "name": "jessica"}
_USER: Final[dict[str, Any]] = {
    **_JESSICA,
    "label": "Jessica Jones",
    "extension": "1001",
    "dids": ["05031001001"],
    "email": "jessica@example.com",
    "language": "en",
    "caller_id": None,
    "channel_limit": None,
    "registered": True,
    "terminals": ["jessica-desk"],
    "groups": [{"id": 7, "name": "sales"}],
}
MEMBER: Final[dict[str, Any]] = {
    "user": _JESSICA,
    "priority": 0,
    "penalty": 0,
    "state": "paused",
    "reason": "lunch",
    "since": 1767225634.8,
}
_GROUP: Final[dict[str, Any]] = {
    "id": 7,
    "name": "sales",
    "label": "Sales",
    "kind": "call_center",
    "strategy": "longest_idle",
    "extension": "2001",
    "dids": [],
    "answer_timeout": 60.0,
    "member_answer_timeout": 20.0,
    "wrap_up": 10.0,
    "record": False,
    "record_policy": "on_request",
    "record_group": None,
    "caller_id": None,
    "channel_limit": None,
    "members": [MEMBER],
}
_TERMINAL: Final[dict[str, Any]] = {
    "name": "jessica-desk",
    "user": _JESSICA,
    "auto_answer": "all",
    "max_contacts": 5,
    "codecs": ["G722"],
    "registered": True,
    "contacts": [
        {"uri": "sip:jessica-desk@192.0.2.7:5060", "q": 1.0, "user_agent": "baresip v1.0.0"}
    ],
}
_NUMBER: Final[dict[str, Any]] = {
    "number": "05031001001",
    "show": True,
    "leads_to": {"kind": "user", "name": "jessica"},
}
_ACCOUNT: Final = {"tenant": "demo", "name": "main", "scopes": ["calls:read"], "origins": []}


def _page(name: str, one: Any) -> dict[int | str, dict[str, Any]]:
    return {200: example({name: [one], "next": None}), **described("invalid_parameter")}


@router.get("/account", response_model=AccountShown, responses={200: example(_ACCOUNT)})
async def show_account(principal: Anybody) -> Response:
    """Who asks, and what he may do; every account may ask that."""
    account = principal.account
    return shown(
        {
            "tenant": principal.tenant.domain,
            "name": account.name,
            "scopes": sorted(scope.value for scope in account.scopes),
            "origins": list(account.origins),
        }
    )


@router.get("/users", response_model=UserPage, responses=_page("users", _USER))
async def list_users(
    principal: Looking, here: Here, limit: Limit = PAGE, cursor: Cursor = None
) -> Response:
    """All users, by their names."""
    tenant = principal.tenant
    page, more = page_of(tenant.users, lambda user: user.name, limit, cursor)
    users: list[Json] = [_user(here, tenant, user) for user in page]
    return shown({"users": users, "next": more})


@router.get(
    "/users/{user}",
    response_model=UserShown,
    responses={200: example(_USER), **described("no_such_user")},
)
async def show_user(principal: Looking, here: Here, user: UserKey) -> Response:
    """One user."""
    return shown(_user(here, principal.tenant, user_named(principal.tenant, user)))


@router.get("/groups", response_model=GroupPage, responses=_page("groups", _GROUP))
async def list_groups(
    principal: Looking, here: Here, limit: Limit = PAGE, cursor: Cursor = None
) -> Response:
    """All groups with their members, by their names."""
    tenant = principal.tenant
    states = here.agents.states(tenant.domain)
    page, more = page_of(tenant.groups, lambda group: group.name, limit, cursor)
    groups: list[Json] = [group_view(tenant, group, states) for group in page]
    return shown({"groups": groups, "next": more})


@router.get(
    "/groups/{group}",
    response_model=GroupShown,
    responses={200: example(_GROUP), **described("no_such_group")},
)
async def show_group(principal: Looking, here: Here, group: GroupKey) -> Response:
    """One group with its members."""
    tenant = principal.tenant
    states = here.agents.states(tenant.domain)
    return shown(group_view(tenant, group_named(tenant, group), states))


@router.get("/terminals", response_model=TerminalPage, responses=_page("terminals", _TERMINAL))
async def list_terminals(
    principal: Looking, here: Here, limit: Limit = PAGE, cursor: Cursor = None
) -> Response:
    """All terminals and where they are registered, by their names."""
    tenant = principal.tenant
    page, more = page_of(tenant.terminals, lambda one: one.name, limit, cursor)
    terminals: list[Json] = [
        terminal_view(tenant, one, _contacts(here, tenant, one)) for one in page
    ]
    return shown({"terminals": terminals, "next": more})


@router.get("/numbers", response_model=NumberPage, responses=_page("numbers", _NUMBER))
async def list_numbers(principal: Looking, limit: Limit = PAGE, cursor: Cursor = None) -> Response:
    """The tenant's own numbers, and whom they lead to."""
    tenant = principal.tenant
    page, more = page_of(tenant.all_numbers(), lambda one: one.number, limit, cursor)
    numbers: list[Json] = [number_view(tenant, one) for one in page]
    return shown({"numbers": numbers, "next": more})


def user_named(tenant: TenantDirectory, key: str) -> User:
    """The user that a path means; raises :class:`Problem`."""
    user = (
        tenant.user_by_name(key)
        or tenant.user_by_extension(key)
        or tenant.user_by_email(key)
        or tenant.user_by_id(key)
    )
    if user is None:
        raise Problem("no_such_user", "no user of yours has this name, extension, address or id")
    return user


def group_named(tenant: TenantDirectory, key: str) -> Group:
    """The group that a path means; raises :class:`Problem`."""
    group = tenant.group_by_name(key) or tenant.group_by_extension(key) or tenant.group_by_id(key)
    if group is None:
        raise Problem("no_such_group", "no group of yours has this name, extension or id")
    return group


def _contacts(here: Here, tenant: TenantDirectory, terminal: Terminal) -> tuple[Contact, ...]:
    return here.exchange.contacts(tenant, terminal)


def _user(here: Here, tenant: TenantDirectory, user: User) -> dict[str, Json]:
    registered = any(_contacts(here, tenant, one) for one in tenant.terminals_of(user))
    return user_view(tenant, user, registered=registered)
