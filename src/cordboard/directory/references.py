"""Checks across the objects of a directory: keys used twice, references to nothing, dead ends.

Objects name the places of the file by what they are: a user's path is ``tenant.DOMAIN.user.NAME``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from cordboard.directory.customers import check_customers
from cordboard.directory.denied import Danger, denied_prefix
from cordboard.directory.eavesdroppers import check_eavesdroppers
from cordboard.directory.locate import Path
from cordboard.directory.model import Context, Group, User
from cordboard.directory.numbers import NotANumber, dialled, identity
from cordboard.directory.problems import Problems
from cordboard.directory.shape import found
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.target import GroupTarget, UserTarget

Reachable = User | Group | Context


def unknown_name(kind: str, name: str, known: Iterable[str]) -> str:
    """That there is no such user (trunk, ...), with the one that was probably meant."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    hint = f'; did you mean "{close[0]}"?' if close else ""
    return f"there is no {kind} {found(name)}{hint}"


def check_tenant(tenant: TenantDirectory, problems: Problems) -> None:
    """Reports what does not fit together inside one tenant."""
    _check_ids(tenant, problems)
    _check_projects(tenant, problems)
    _check_extensions(tenant, problems)
    _check_codes(tenant, problems)
    _check_dids(tenant, problems)
    _check_texts(tenant, problems)
    _check_terminals(tenant, problems)
    _check_tokens(tenant, problems)
    _check_caller_ids(tenant, problems)
    _check_dead_ends(tenant, problems)
    _check_overflows(tenant, problems)
    _check_forwards(tenant, problems)
    check_eavesdroppers(tenant, problems)
    _check_ways_out(tenant, problems)


def check_directory(directory: Directory, problems: Problems) -> None:
    """Reports what does not fit together between tenants."""
    domains: _Taken = _Taken(problems)
    terminals: _Taken = _Taken(problems)
    tokens: _Taken = _Taken(problems)
    logins: _Taken = _Taken(problems)
    check_customers(directory.tenants, problems)
    for tenant in directory.tenants:
        path: Path = ("tenant", tenant.domain)
        domains.error(tenant.domain.lower(), path, path, f'the domain "{tenant.domain}"')
        realm = tenant.policy.sip_realm.lower()
        if realm != tenant.domain.lower():
            domains.error(realm, (*path, "sip_realm"), path, f'the realm "{realm}"')
        for account in tenant.accounts:
            for token in dict.fromkeys(account.tokens):
                why = "; as a bearer token it does not tell whose it is"
                tokens.warning(token, (*path, "account", account.name), path, "a token", why)
            name = account.login.username
            if name is not None:
                where: Path = (*path, "account", account.name, "api_username")
                logins.error(name, where, path, f'the api_username "{name}"')
        for terminal in tenant.terminals:
            terminals.warning(
                terminal.name,
                _terminal_path(tenant, terminal.name, terminal.user_id),
                path,
                f'the terminal name "{terminal.name}"',
                "; registering at the server's address would not tell whose it is, so both phones"
                " must use their SIP domain",
            )


class _Taken:
    """Keys that may be used once, and where each was first used."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._by: dict[object, tuple[Path, Path]] = {}

    def error(self, key: object, path: Path, owner: Path, what: str) -> None:
        """Takes a key for its owner; an error if another has it."""
        message = self._clash(key, path, owner, what)
        if message:
            self._problems.error(path, message)

    def warning(self, key: object, path: Path, owner: Path, what: str, why: str) -> None:
        """Takes a key for its owner; a warning with its reason if another has it."""
        message = self._clash(key, path, owner, what)
        if message:
            self._problems.warning(path, message + why)

    def _clash(self, key: object, path: Path, owner: Path, what: str) -> str:
        if key not in self._by:
            self._by[key] = (path, owner)
            return ""
        first, first_owner = self._by[key]
        kind, name = first_owner[-2:]
        line = self._problems.line_of(first)
        where = f" (line {line})" if line else ""  # what is stored has no lines
        return f"{what} is already used by {kind} {name}{where}"


def _reachable(tenant: TenantDirectory) -> Iterator[tuple[Path, Reachable]]:
    """Users, groups and contexts with their paths."""
    for user in tenant.users:
        yield ("tenant", tenant.domain, "user", user.name), user
    for group in tenant.groups:
        yield ("tenant", tenant.domain, "group", group.name), group
    for context in tenant.contexts:
        yield ("tenant", tenant.domain, "context", context.name), context


def _check_ids(tenant: TenantDirectory, problems: Problems) -> None:
    taken = _Taken(problems)
    for path, thing in _reachable(tenant):
        if not isinstance(thing, Context):
            key = (type(thing).__name__, thing.id)
            taken.error(key, (*path, "id"), path, f"the id {thing.id}")
    for project in tenant.projects:
        of_project: Path = ("tenant", tenant.domain, "project", project.name)
        taken.error(("Project", project.id), of_project, of_project, f"the id {project.id}")


def _check_projects(tenant: TenantDirectory, problems: Problems) -> None:
    taken = _Taken(problems)
    names = [group.name for group in tenant.groups]
    for project in tenant.projects:
        path: Path = ("tenant", tenant.domain, "project", project.name)
        for position, name in enumerate(project.groups):
            where = (*path, "groups", position)
            if name not in names:
                problems.error(where, unknown_name("group", name, names))
            taken.error(name, where, path, f'the group "{name}"')


def _check_extensions(tenant: TenantDirectory, problems: Problems) -> None:
    taken = _Taken(problems)
    for path, thing in _reachable(tenant):
        extension = thing.extension
        if extension is None:
            continue
        where = (*path, "extension")
        taken.error(extension, where, path, f'the extension "{extension}"')
        denied = denied_prefix(extension, tenant.policy.country)
        if denied is not None and denied.danger is Danger.EMERGENCY:
            problems.warning(where, f"{extension} is an emergency number too, and leads here now")


def _check_codes(tenant: TenantDirectory, problems: Problems) -> None:
    """Feature codes that are dialled for something else, or for two things."""
    taken = _Taken(problems)
    extensions = {thing.extension: path for path, thing in _reachable(tenant)}
    for one in tenant.feature_codes:
        path = ("tenant", tenant.domain, "feature_codes", one.feature.value)
        taken.error(one.code, path, path, f"the code {one.code}")
        whose = extensions.get(one.code)
        if whose is not None:
            message = f"the code {one.code} is the extension of {whose[-2]} {whose[-1]}"
            problems.error(path, message)


def _check_dids(tenant: TenantDirectory, problems: Problems) -> None:
    taken = _Taken(problems)
    for path, thing in _reachable(tenant):
        for position, did in enumerate(thing.dids):
            key = identity(did, tenant.policy.country)
            taken.error(key, (*path, "dids", position), path, f'the DID "{did}"')
    listed = _Taken(problems)
    base: Path = ("tenant", tenant.domain)
    for position, number in enumerate(tenant.numbers):
        key = identity(number.number, tenant.policy.country)
        where = (*base, "numbers", position)
        listed.warning(key, where, base, f'the number "{number.number}"', "")


def _check_texts(tenant: TenantDirectory, problems: Problems) -> None:
    """Names, labels and e-mail addresses that lead somewhere else than one may think."""
    names, labels, emails = _Taken(problems), _Taken(problems), _Taken(problems)
    for path, thing in _reachable(tenant):
        why = "; as a destination it means that one"
        names.warning(thing.name.casefold(), path, path, f'the name "{thing.name}"', why)
        if isinstance(thing, User | Group) and thing.label != thing.name:
            key = (type(thing).__name__, thing.label.casefold())
            what = f'the label "{thing.label}"'
            labels.warning(key, (*path, "label"), path, what, "; it leads to that one")
        if isinstance(thing, User) and thing.email is not None:
            key_of_email = thing.email.casefold()
            emails.error(key_of_email, (*path, "email"), path, f'the e-mail "{thing.email}"')


def _terminal_path(tenant: TenantDirectory, name: str, user_id: int) -> Path:
    user = tenant.user_by_id(user_id)
    owner = user.name if user is not None else ""
    return ("tenant", tenant.domain, "user", owner, "terminal", name)


def _check_terminals(tenant: TenantDirectory, problems: Problems) -> None:
    taken = _Taken(problems)
    for user in tenant.users:
        owner: Path = ("tenant", tenant.domain, "user", user.name)
        for name in user.terminals:
            taken.error(name, (*owner, "terminal", name), owner, f'the terminal name "{name}"')


def _check_tokens(tenant: TenantDirectory, problems: Problems) -> None:
    taken = _Taken(problems)
    base: Path = ("tenant", tenant.domain)
    if not tenant.accounts and not tenant.persons:
        problems.warning(base, "there is no account, so no client can place a call")
    for account in tenant.accounts:
        path: Path = (*base, "account", account.name)
        for token in dict.fromkeys(account.tokens):
            taken.error(token, path, path, "this token")


def _check_caller_ids(tenant: TenantDirectory, problems: Problems) -> None:
    base: Path = ("tenant", tenant.domain)
    owners: list[tuple[Path, str | None]] = [(base, tenant.policy.caller_id)]
    for path, thing in _reachable(tenant):
        if not isinstance(thing, Context):
            owners.append((path, thing.caller_id))
    owners += [((*base, "trunk", trunk.name), trunk.caller_id) for trunk in tenant.trunks]
    for path, caller_id in owners:
        if caller_id is not None and not tenant.may_show(caller_id):
            problems.error(
                (*path, "caller_id"),
                f'"{caller_id}" is not a number that {tenant.domain} may show:'
                " add it to the tenant's numbers",
            )


def _check_dead_ends(tenant: TenantDirectory, problems: Problems) -> None:
    for path, thing in _reachable(tenant):
        if isinstance(thing, User) and not thing.terminals:
            problems.warning(path, "the user has no terminal, so he cannot be rung")
        elif isinstance(thing, Group) and not thing.members:
            problems.warning(path, "the group has no members, so nobody can be rung")


def _check_overflows(tenant: TenantDirectory, problems: Problems) -> None:
    """Where callers are sent who have waited too long."""
    for group in tenant.groups:
        if group.queue is None or group.queue.overflow is None:
            continue
        to, path = group.queue.overflow, ("tenant", tenant.domain, "group", group.name, "overflow")
        target = tenant.resolve(to)
        if isinstance(target, GroupTarget) and target.group is group:
            problems.error(path, "this is the group itself")
        elif target is None and not _is_a_number(to):
            problems.error(path, f"{found(to)} is neither known here nor a number")


def _check_forwards(tenant: TenantDirectory, problems: Problems) -> None:
    """Where users have their calls forwarded to."""
    for user in tenant.users:
        for key in ("always", "busy", "no_answer"):
            to: str | None = getattr(user.forwarding, key)
            path = ("tenant", tenant.domain, "user", user.name, "forward", key)
            target = None if to is None else tenant.resolve(to)
            if isinstance(target, UserTarget) and target.user is user:
                problems.error(path, "this is the user himself")
            elif to is not None and target is None and not _is_a_number(to):
                problems.error(path, f"{found(to)} is neither known here nor a number")


def _is_a_number(text: str) -> bool:
    try:
        dialled(text)
    except NotANumber:
        return False
    return True


def _check_ways_out(tenant: TenantDirectory, problems: Problems) -> None:
    base: Path = ("tenant", tenant.domain)
    used = {name for rule in tenant.outbound for name in rule.trunks}
    for trunk in tenant.trunks:
        if trunk.name not in used:
            problems.warning((*base, "trunk", trunk.name), "no outbound rule leads to this trunk")
    prefixes = _Taken(problems)
    for position, rule in enumerate(tenant.outbound):
        path: Path = (*base, "outbound", position)
        key = identity(rule.prefix, tenant.policy.country) if rule.prefix else ""
        prefixes.warning(key, path, path, f'the prefix "{rule.prefix}"', "; the first rule decides")
