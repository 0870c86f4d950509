"""From what a client named to whom it means: users, groups, inside and outside destinations."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from cordboard.calls.planning.plan import Party
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CalledParty,
    GroupKeys,
    Offered,
    Overhear,
    RingDid,
    RingGroup,
    RingNumber,
    RingTerminal,
    RingUser,
    RunDocument,
    RunFeature,
    UserKeys,
)
from cordboard.directory.model import Context, Group, GroupKind, User
from cordboard.directory.numbers import NotANumber, dialled
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.step_document import Document, DocumentFault, read_steps_of
from cordboard.directory.target import (
    ContextTarget,
    GroupTarget,
    Key,
    Target,
    UserTarget,
    target,
)

ANY_GROUP = "*"
ANY_CALL_CENTER = "any:CALL_CENTER"

DOCUMENT = "document"
"""What a program is called that comes with a request."""


class Outside(msgspec.Struct, frozen=True, gc=False):
    """A destination that is a number outside the tenant, as it is dialled."""

    number: str


def find_party(
    tenant: TenantDirectory, party: CalledParty, leg: str, *, inside: bool
) -> tuple[Target | Outside, Address]:
    """Who the party of a leg is, and the address that stands for it; ``inside`` has no address lead
    outside. Raises :class:`Refused`."""
    if isinstance(party, Address):
        find = find_inside if inside else find_destination
        return find(tenant, party.text, f"{leg}.address"), party
    if isinstance(party, RingNumber):
        return find_number(tenant, party.address.text, f"{leg}.number"), party.address
    if isinstance(party, RingUser):
        user, key = find_user(tenant, party.keys, f"{leg}.user")
        return UserTarget(user, _HOW[key]), Address(user.name)
    if isinstance(party, RingTerminal):
        return find_terminal(tenant, party.terminal, f"{leg}.terminal"), Address(party.terminal)
    if isinstance(party, RingGroup):
        group, key = find_group(tenant, party.group, None, f"{leg}.group")
        return GroupTarget(group, _HOW[key]), Address(group.name)
    if isinstance(party, RingDid):
        return find_did(tenant, party.did, f"{leg}.did"), Address(party.did)
    if isinstance(party, RunDocument):
        return ContextTarget(_documented(party, f"{leg}.document"), Key.NAME), Address(DOCUMENT)
    if isinstance(party, Offered | RunFeature | Overhear):
        raise Refused(RefusalId.INVALID_PARAMETER, "nobody can be rung by that", leg)
    context = tenant.context_by_name(party.context) or tenant.context_by_extension(party.context)
    if context is None:
        raise Refused(RefusalId.INVALID_DESTINATION, "no such context", f"{leg}.context")
    return ContextTarget(context, Key.NAME), Address(context.name)


def named(party: CalledParty, leg: str) -> str:
    """The parameter that names the party of a leg."""
    if isinstance(party, RingUser):
        return f"{leg}.user.{party.keys.given()[0][0]}"
    if isinstance(party, RingGroup):
        return f"{leg}.group.{party.group.given()[0][0]}"
    if isinstance(party, RingNumber):
        return f"{leg}.number"
    if isinstance(party, RingTerminal):
        return f"{leg}.terminal"
    if isinstance(party, RunDocument):
        return f"{leg}.document"
    if isinstance(party, RingDid | RunFeature | Offered):
        return f"{leg}.dialled"
    if isinstance(party, Overhear):
        return "call"
    return f"{leg}.{'address' if isinstance(party, Address) else 'context'}"


def _documented(party: RunDocument, parameter: str) -> Context:
    """A context that there is for one call; raises :class:`Refused`."""
    try:
        steps = read_steps_of(Document(party.document.encode(), party.folder))
    except DocumentFault as fault:
        raise Refused(RefusalId.INVALID_PARAMETER, str(fault), parameter) from None
    return Context(DOCUMENT, steps=steps, folder=party.folder)


_HOW = {"id": Key.NAME, **{key.value: key for key in Key}}
"""By which key somebody was found: what an id led to is known by its name."""

_USERS: dict[str, Callable[[TenantDirectory, str], User | None]] = {
    "id": TenantDirectory.user_by_id,
    "name": TenantDirectory.user_by_name,
    "label": TenantDirectory.user_by_label,
    "extension": TenantDirectory.user_by_extension,
    "did": TenantDirectory.user_by_did,
    "email": TenantDirectory.user_by_email,
}

_GROUPS: dict[str, Callable[[TenantDirectory, str], Group | None]] = {
    "id": TenantDirectory.group_by_id,
    "name": TenantDirectory.group_by_name,
    "label": TenantDirectory.group_by_label,
    "extension": TenantDirectory.group_by_extension,
    "did": TenantDirectory.group_by_did,
}


def find_user(tenant: TenantDirectory, keys: UserKeys, parameter: str) -> tuple[User, str]:
    """The user that a client named, and by which key; several keys are tried in turn.

    A client gives several to raise its chance (Basix's own Redmine plug-in sends name and e-mail),
    so that one which leads nowhere is no fault. Raises :class:`Refused` (user_not_found).
    """
    given = keys.given()
    for key, value in given:
        user = _USERS[key](tenant, value)
        if user is not None:
            return user, key
    raise Refused(RefusalId.USER_NOT_FOUND, "no such user", f"{parameter}.{given[0][0]}")


def find_terminal(tenant: TenantDirectory, name: str, parameter: str) -> UserTarget:
    """The user of a terminal, at that one only; raises :class:`Refused` (user_not_found)."""
    terminal = tenant.terminal(name)
    user = tenant.user_by_id(terminal.user_id) if terminal is not None else None
    if terminal is None or user is None:
        raise Refused(RefusalId.USER_NOT_FOUND, "no such terminal", parameter)
    return UserTarget(user, Key.NAME, terminal.name)


def find_group(
    tenant: TenantDirectory, keys: GroupKeys, user: User | None, parameter: str
) -> tuple[Group, str]:
    """The group that a client named, and by which key; raises :class:`Refused`
    (group_not_found)."""
    given = keys.given()
    for key, value in given:
        find = _GROUPS.get(key)
        group = _resolve_group(tenant, value, user) if find is None else find(tenant, value)
        if group is not None:
            return group, key
    raise Refused(RefusalId.GROUP_NOT_FOUND, "no such group", f"{parameter}.{given[0][0]}")


def _resolve_group(tenant: TenantDirectory, resolver: str, user: User | None) -> Group | None:
    """The first group of the user that the resolver accepts (Basix call_user)."""
    if user is None:
        return None
    groups = tenant.groups_of(user.id)
    if resolver == ANY_CALL_CENTER:
        groups = tuple(group for group in groups if group.kind is GroupKind.CALL_CENTER)
    return groups[0] if groups else None


def find_destination(tenant: TenantDirectory, text: str, parameter: str) -> Target | Outside:
    """What a destination means: something inside, else an outside number.

    Raises :class:`Refused` (invalid_destination) for what is neither.
    """
    target = tenant.resolve(text)
    if target is not None:
        return target
    try:
        return Outside(dialled(text))
    except NotANumber:
        raise Refused(
            RefusalId.INVALID_DESTINATION, "neither known here nor a number", parameter
        ) from None


def find_inside(tenant: TenantDirectory, text: str, parameter: str) -> Target:
    """What an inside destination means; outside numbers and own DIDs are refused.

    Basix call_external: "PSTN numbers and Basix DIDs are not valid".
    """
    destination = find_destination(tenant, text, parameter)
    if isinstance(destination, Outside):
        raise Refused(
            RefusalId.INVALID_DESTINATION, "an outside number is not allowed here", parameter
        )
    if destination.how is Key.DID:
        raise Refused(RefusalId.INVALID_DESTINATION, "a DID is not allowed here", parameter)
    return destination


def find_number(tenant: TenantDirectory, text: str, parameter: str) -> Target | Outside:
    """Who is behind a number to be rung: an own DID leads inside, never through a trunk.

    Raises :class:`Refused` (invalid_parameter) for what is no number.
    """
    try:
        number = dialled(text)
    except NotANumber as error:
        raise Refused(RefusalId.INVALID_PARAMETER, str(error), parameter) from None
    target = tenant.resolve(number)
    return target if target is not None and target.how is Key.DID else Outside(number)


def find_did(tenant: TenantDirectory, text: str, parameter: str) -> Target:
    """What a number of the tenant's own leads to: never an extension, never a number outside.
    Raises :class:`Refused` (invalid_destination)."""
    found = tenant.user_by_did(text) or tenant.group_by_did(text) or tenant.context_by_did(text)
    if found is None:
        raise Refused(RefusalId.INVALID_DESTINATION, "no number that leads to anybody", parameter)
    return target(found, Key.DID)


def party_of(found: Target | Outside, address: Address | None = None) -> Party:
    """The party that a leg is for, as events and pages show it."""
    end_user = address.end_user if address is not None else None
    if isinstance(found, Outside):
        name = (end_user.name if end_user is not None else None) or ""
        return Party("number", name, found.number, label=name, end_user=end_user)
    thing: User | Group | Context
    if isinstance(found, ContextTarget):
        thing = found.context
        number = thing.extension or thing.name
        if found.how is Key.DID and address is not None:
            number = address.text
        return Party("context", thing.name, number, label=thing.name, how=found.how.value)
    thing = found.user if isinstance(found, UserTarget) else found.group
    return Party(
        kind="user" if isinstance(found, UserTarget) else "group",
        name=thing.name,
        number=thing.extension or thing.name,
        id=thing.id,
        label=thing.label or thing.name,
        how=found.how.value,
        end_user=end_user,
    )


def members_of(tenant: TenantDirectory, target: UserTarget | GroupTarget) -> tuple[User, ...]:
    """The users whose phones may ring for a target."""
    if isinstance(target, GroupTarget):
        return tenant.members_of(target.group)
    return (target.user,)
