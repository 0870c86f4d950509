"""The directory as it is at one moment: immutable, with an index for every key people use.

A change of the directory makes a new :class:`Directory`; a call keeps the one it was planned with.
Names, labels, extensions, domains and e-mail addresses are found as written first, then without
regard to case. Telephone numbers are found in every way of writing them
(:mod:`cordboard.directory.numbers`). Where two objects share a key, the first one is found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cordboard.directory.accounts import Account, Project
from cordboard.directory.charging import NOT_CHARGED, Charging
from cordboard.directory.feature_codes import FeatureCode
from cordboard.directory.index import FOLDED, Index, first_by, folded, memberships, whose
from cordboard.directory.model import (
    Context,
    Group,
    Number,
    OutboundRule,
    TenantPolicy,
    Terminal,
    Trunk,
    User,
)
from cordboard.directory.numbers import NotANumber, dialled, identity
from cordboard.directory.persons import Person
from cordboard.directory.recording import RecordGroup
from cordboard.directory.target import Key, Target, target
from cordboard.directory.webhooks import Webhook

V = TypeVar("V")


def token_digest(token: str) -> bytes:
    """What is known of a token: its SHA-256."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True)
class TenantDirectory:
    """One tenant: whom its calls can reach, who may ask for them, and what its policy is."""

    policy: TenantPolicy
    accounts: tuple[Account, ...] = ()
    users: tuple[User, ...] = ()
    terminals: tuple[Terminal, ...] = ()
    groups: tuple[Group, ...] = ()
    contexts: tuple[Context, ...] = ()
    numbers: tuple[Number, ...] = ()
    trunks: tuple[Trunk, ...] = ()
    outbound: tuple[OutboundRule, ...] = ()
    projects: tuple[Project, ...] = ()
    persons: tuple[Person, ...] = ()
    record_groups: tuple[RecordGroup, ...] = ()
    feature_codes: tuple[FeatureCode, ...] = ()
    pause_reasons: tuple[str, ...] = ()
    webhooks: tuple[Webhook, ...] = ()
    charging: Charging = NOT_CHARGED

    _users: Index[User] = field(init=False, repr=False, compare=False)
    _groups: Index[Group] = field(init=False, repr=False, compare=False)
    _contexts: Index[Context] = field(init=False, repr=False, compare=False)
    _groups_by_user: dict[int, tuple[Group, ...]] = field(init=False, repr=False, compare=False)
    _terminals: dict[str, Terminal] = field(init=False, repr=False, compare=False)
    _trunks: dict[str, Trunk] = field(init=False, repr=False, compare=False)
    _numbers: dict[str, Number] = field(init=False, repr=False, compare=False)
    _tokens: dict[bytes, Account] = field(init=False, repr=False, compare=False)
    _by_name: dict[str, Account] = field(init=False, repr=False, compare=False)
    _ways: tuple[tuple[Key, Mapping[str, User | Group | Context]], ...] = field(
        init=False, repr=False, compare=False
    )
    _made: dict[Callable[[TenantDirectory], Any], Any] = field(
        init=False, repr=False, compare=False
    )
    domain: str = field(init=False, repr=False, compare=False)
    """The tenant's name to API clients, and its SIP domain."""

    def __post_init__(self) -> None:
        country = self.policy.country
        users, groups = Index(self.users, country), Index(self.groups, country)
        contexts = Index(self.contexts, country)
        self._set("domain", self.policy.domain)
        self._set("_made", {})
        self._set("_users", users)
        self._set("_groups", groups)
        self._set("_contexts", contexts)
        self._set(
            "_ways",
            (
                *((Key.EXTENSION, index.extensions) for index in (users, groups, contexts)),
                *((Key.NAME, index.names) for index in (users, groups, contexts)),
                *((Key.DID, index.dids) for index in (users, groups, contexts)),
                *((Key.LABEL, index.labels) for index in (users, groups)),
                (Key.EMAIL, users.emails),
            ),
        )
        self._set("_groups_by_user", memberships(self.groups))
        self._set("_terminals", first_by(self.terminals, lambda terminal: terminal.name))
        self._set("_trunks", first_by(self.trunks, lambda trunk: trunk.name))
        self._set("_numbers", self._own_numbers())
        self._set("_tokens", {token: one for one in self.accounts for token in one.tokens})
        self._set("_by_name", first_by(self.accounts, lambda account: account.name))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _own_numbers(self) -> dict[str, Number]:
        """Every number of the tenant: those listed, and the DIDs of users, groups and contexts."""
        dids = (
            Number(did)
            for owners in (self.users, self.groups, self.contexts)
            for owner in owners
            for did in owner.dids
        )
        country = self.policy.country
        return first_by((*self.numbers, *dids), lambda number: identity(number.number, country))

    def once(self, make: Callable[[TenantDirectory], V]) -> V:
        """What ``make`` makes of the tenant as it is at this moment, and nothing else: made when it
        is first wanted, and there as long as the snapshot is."""
        if make not in self._made:
            self._made[make] = make(self)
        made: V = self._made[make]
        return made

    def user_by_id(self, user_id: int | str) -> User | None:
        """The user with this id, which may be a numeric string."""
        return self._users.by_id(user_id)

    def user_by_name(self, name: str) -> User | None:
        """The user with this login name."""
        return self._users.by_name(name)

    def user_by_label(self, label: str) -> User | None:
        """The user shown under this name."""
        return self._users.by_label(label)

    def user_by_extension(self, extension: str) -> User | None:
        """The user with this extension number."""
        return self._users.by_extension(extension)

    def user_by_did(self, number: str) -> User | None:
        """The user to whom this outside number leads."""
        return self._users.by_identity(self._identity(number))

    def user_by_email(self, email: str) -> User | None:
        """The user with this e-mail address."""
        return self._users.by_email(email)

    def group_by_id(self, group_id: int | str) -> Group | None:
        """The group with this id, which may be a numeric string."""
        return self._groups.by_id(group_id)

    def group_by_name(self, name: str) -> Group | None:
        """The group with this name."""
        return self._groups.by_name(name)

    def group_by_label(self, label: str) -> Group | None:
        """The group shown under this name."""
        return self._groups.by_label(label)

    def group_by_extension(self, extension: str) -> Group | None:
        """The group with this extension number."""
        return self._groups.by_extension(extension)

    def group_by_did(self, number: str) -> Group | None:
        """The group to which this outside number leads."""
        return self._groups.by_identity(self._identity(number))

    def context_by_name(self, name: str) -> Context | None:
        """The context with this name."""
        return self._contexts.by_name(name)

    def context_by_extension(self, extension: str) -> Context | None:
        """The context with this extension number."""
        return self._contexts.by_extension(extension)

    def context_by_did(self, number: str) -> Context | None:
        """The context to which this outside number leads."""
        return self._contexts.by_identity(self._identity(number))

    def groups_of(self, user_id: int) -> tuple[Group, ...]:
        """The groups that a user is a member of, in the order of the directory."""
        return self._groups_by_user.get(user_id, ())

    def members_of(self, group: Group) -> tuple[User, ...]:
        """The users of a group, lower priority first, then in the order of the directory."""
        ordered = sorted(group.members, key=lambda member: member.priority)
        users = (self._users.by_id(member.user_id) for member in ordered)
        return tuple(user for user in users if user is not None)

    def terminal(self, name: str) -> Terminal | None:
        """The terminal with this SIP user name, which is case-sensitive (RFC 3261 19.1.4)."""
        return self._terminals.get(name)

    def terminals_of(self, user: User) -> tuple[Terminal, ...]:
        """A user's terminals in the order of the directory."""
        return tuple([self._terminals[name] for name in user.terminals if name in self._terminals])

    def account(self, name: str) -> Account | None:
        """The account with this name."""
        return self._by_name.get(name)

    def record_group(self, name: str) -> RecordGroup | None:
        """The record group with this name or id."""
        return next((one for one in self.record_groups if name in (one.name, str(one.id))), None)

    def webhook(self, name: str) -> Webhook | None:
        """The webhook with this name."""
        return next((one for one in self.webhooks if one.name == name), None)

    def project(self, project_id: str) -> Project | None:
        """The project with this id, in digits, or of this name."""
        return next((one for one in self.projects if project_id in (str(one.id), one.name)), None)

    def project_of(self, groups: Iterable[str], project_id: str | None) -> Project | None:
        """The project that is told of a call: the one it is made for, the one of the first of its
        groups that has one, or else the first."""
        told = [one for one in self.projects if one.event_url is not None]
        if project_id is not None:
            return next((one for one in told if project_id in (str(one.id), one.name)), None)
        theirs = (one for name in groups for one in told if name in one.groups)
        return next(theirs, told[0] if told else None)

    def trunk(self, name: str) -> Trunk | None:
        """The trunk with this name."""
        return self._trunks.get(name)

    def number(self, text: str) -> Number | None:
        """The tenant's own number that this text means, however it is written."""
        key = self._identity(text)
        return None if key is None else self._numbers.get(key)

    def all_numbers(self) -> tuple[Number, ...]:
        """The tenant's own numbers: those listed, then the other DIDs of users, groups and
        contexts."""
        return tuple(self._numbers.values())

    def owns_number(self, text: str) -> bool:
        """Whether a number is the tenant's own, listed or somebody's DID."""
        return self.number(text) is not None

    def is_named(self, host: str) -> bool:
        """Whether a SIP host is this tenant's domain or realm, without regard to case."""
        return host.lower() in (self.domain.lower(), self.policy.sip_realm.lower())

    def may_show(self, text: str) -> bool:
        """Whether the tenant may show a number as its caller id."""
        number = self.number(text)
        return number is not None and number.show

    def authenticate(self, token: str) -> Account | None:
        """The account whose token this is.

        It is looked up by its hash, so that how long that takes says nothing of any token.
        """
        return self._tokens.get(token_digest(token))

    def account_of(self, digest: bytes) -> Account | None:
        """The account that has a token of this :func:`token_digest`."""
        return self._tokens.get(digest)

    def resolve(self, text: str) -> Target | None:
        """What a destination inside the tenant means; None for an outside number or nothing.

        The keys are tried in this order: extension, name, DID, label, e-mail address; with each
        of them users first, then groups, then contexts.
        """
        wanted = text.strip()
        if not wanted or wanted.startswith(FOLDED):
            return None
        without_case, did = folded(wanted), self._identity(wanted)
        for how, things in self._ways:
            if how is Key.DID:
                thing = None if did is None else things.get(did)
            else:
                thing = things.get(wanted) or things.get(without_case)
            if thing is not None:
                return target(thing, how)
        return None

    def _identity(self, text: str) -> str | None:
        try:
            return identity(dialled(text), self.policy.country)
        except NotANumber:
            return None


@dataclass(frozen=True)
class Directory:
    """All tenants at one moment."""

    tenants: tuple[TenantDirectory, ...] = ()

    _by_domain: dict[str, TenantDirectory] = field(init=False, repr=False, compare=False)
    _by_terminal: dict[str, tuple[TenantDirectory, Terminal] | None] = field(
        init=False, repr=False, compare=False
    )
    _by_token: dict[bytes, tuple[TenantDirectory, Account] | None] = field(
        init=False, repr=False, compare=False
    )
    _by_login: dict[str, tuple[TenantDirectory, Account] | None] = field(
        init=False, repr=False, compare=False
    )
    _by_username: dict[str, tuple[TenantDirectory, Person] | None] = field(
        init=False, repr=False, compare=False
    )
    origins: frozenset[str] = field(init=False, compare=False)
    """The origins of all accounts."""

    def __post_init__(self) -> None:
        by_domain = first_by(self.tenants, lambda tenant: tenant.domain.lower())
        for tenant in self.tenants:
            by_domain.setdefault(tenant.policy.sip_realm.lower(), tenant)
        terminals = [(tenant, one) for tenant in self.tenants for one in tenant.terminals]
        accounts = [(tenant, account) for tenant in self.tenants for account in tenant.accounts]
        tokens = ((token, one) for one in accounts for token in dict.fromkeys(one[1].tokens))
        logins = ((name, one) for one in accounts if (name := one[1].login.username) is not None)
        origins = (account.origins for tenant in self.tenants for account in tenant.accounts)
        object.__setattr__(self, "_by_token", whose(tokens))
        object.__setattr__(self, "_by_login", whose(logins))
        people = ((one.username, (of, one)) for of in self.tenants for one in of.persons)
        object.__setattr__(self, "_by_username", whose(people))
        object.__setattr__(self, "origins", frozenset().union(*origins))
        object.__setattr__(self, "_by_domain", by_domain)
        object.__setattr__(self, "_by_terminal", whose((one[1].name, one) for one in terminals))

    def tenant(self, domain: str) -> TenantDirectory | None:
        """The tenant of a domain (or SIP realm), without regard to case."""
        return self._by_domain.get(domain.lower())

    def account_of(self, digest: bytes) -> tuple[TenantDirectory, Account] | None:
        """The account that has a token of this :func:`token_digest`, and its tenant; None where
        there is none, or more than one."""
        return self._by_token.get(digest)

    def account_by_login(self, username: str) -> tuple[TenantDirectory, Account] | None:
        """The account with this ``api_username``, and its tenant; None where there is none, or more
        than one."""
        return self._by_login.get(username)

    def person(self, username: str) -> tuple[TenantDirectory, Person] | None:
        """The person who logs in by this name, and his tenant; None where there is none, or more
        than one."""
        return self._by_username.get(username)

    def terminal_by_sip(self, name: str, host: str) -> tuple[TenantDirectory, Terminal] | None:
        """The terminal behind a SIP address ``name@host``, and its tenant.

        A tenant's domain holds its own terminals only. Any other host is taken for an address of
        this server (the caller knows which are), where a name counts if just one tenant has it.
        """
        tenant = self.tenant(host)
        if tenant is None:
            return self._by_terminal.get(name)
        terminal = tenant.terminal(name)
        return None if terminal is None else (tenant, terminal)
