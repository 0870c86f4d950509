"""One tenant from its table of the configuration file."""

from __future__ import annotations

import hashlib
import posixpath
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from cordboard.directory import kinds, schema
from cordboard.directory.locate import Path
from cordboard.directory.model import (
    Account,
    Context,
    ContextStep,
    DigestOffer,
    Group,
    HangUpStep,
    IdentityStyle,
    Member,
    Number,
    OutboundRule,
    PlayStep,
    TenantPolicy,
    Terminal,
    Trunk,
    User,
)
from cordboard.directory.problems import Problems
from cordboard.directory.references import check_tenant, unknown_name
from cordboard.directory.shape import Kind, Shape, child_tables, is_name, read_table
from cordboard.directory.snapshot import TenantDirectory

SHORTEST_SECRET = 8
"""Characters below which a secret gets a warning (NIST SP 800-63B, 5.1.1.2)."""

DERIVED_IDS = 1 << 32
"""Ids that are not given are a checksum of the name above this, clear of the ids people choose."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the file alone does not tell.

    ``folder`` is where relative prompt paths begin, ``prompt_fault`` tells why a file cannot be
    played, or None; ``longest_call`` and ``media_timeout`` (seconds) are for tenants that set none.
    """

    folder: str = ""
    prompt_fault: Callable[[str], str | None] = lambda _path: None
    longest_call: float = 6 * 3600.0
    media_timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class _Row:
    """A named table: as it was given, and the values read from it."""

    name: str
    given: dict[str, Any] = field(repr=False)
    values: dict[str, Any] = field(repr=False)
    path: Path


def _given(values: list[Any] | tuple[Any, ...]) -> tuple[Any, ...]:
    """A list's entries without those that did not fit."""
    return tuple(value for value in values if value is not None)


class TenantReader:
    """Builds one tenant from its table."""

    def __init__(
        self, domain: str, given: dict[str, Any], problems: Problems, surroundings: Surroundings
    ) -> None:
        self._domain = domain
        self._path: Path = ("tenant", domain)
        self._given = given
        self._problems = problems
        self._surroundings = surroundings
        self._values = read_table(schema.TENANT, given, self._path, problems)
        self._realm: str = self._values["sip_realm"] or domain
        self._terminals: list[Terminal] = []
        self._user_ids: dict[str, int] = {}

    def tenant(self) -> TenantDirectory:
        """The tenant, checked for duplicates and references."""
        accounts = self._each("account", kinds.NAME, schema.ACCOUNT, self._account)
        users = self._each("user", kinds.NAME, schema.USER, self._user)
        groups = self._each("group", kinds.NAME, schema.GROUP, self._group)
        contexts = self._each("context", kinds.NAME, schema.CONTEXT, self._context)
        trunks = self._each("trunk", kinds.NAME, schema.TRUNK, self._trunk)
        tenant = TenantDirectory(
            policy=self._policy(),
            accounts=accounts,
            users=users,
            terminals=tuple(self._terminals),
            groups=groups,
            contexts=contexts,
            numbers=tuple(
                Number(**entry) for entry in _given(self._values["numbers"]) if "number" in entry
            ),
            trunks=trunks,
            outbound=self._outbound(),
        )
        check_tenant(tenant, self._problems)
        return tenant

    def _each(
        self,
        key: str,
        name_kind: Kind,
        shape: Shape,
        build: Callable[[_Row], T | None],
    ) -> tuple[T, ...]:
        """Every object under a key (``user.NAME``) that could be built."""
        built = []
        for name, given in child_tables(key, self._given, self._path, self._problems).items():
            path = (*self._path, key, name)
            if is_name(name_kind, path, self._problems):
                values = read_table(shape, given, path, self._problems)
                built.append(build(_Row(name, given, values, path)))
        return tuple(thing for thing in built if thing is not None)

    def _policy(self) -> TenantPolicy:
        values = self._values
        return TenantPolicy(
            domain=self._domain,
            sip_realm=self._realm,
            country=values["country"],
            channel_limit=values["channel_limit"],
            calls_per_second=values["calls_per_second"],
            calls_burst=values["calls_burst"],
            longest_call=values["longest_call"] or self._surroundings.longest_call,
            media_timeout=values["media_timeout"] or self._surroundings.media_timeout,
            digest=values["digest"],
            caller_id=values["caller_id"],
        )

    def _account(self, row: _Row) -> Account | None:
        name, values, path = row.name, row.values, row.path
        if not self._just_one(row, "token", "token_sha256"):
            return None
        token = values["token"]
        if token is None:
            return Account(name, bytes.fromhex(values["token_sha256"]))
        self._warn_if_short(token, (*path, "token"))
        return Account(name, hashlib.sha256(token.encode()).digest())

    def _user(self, row: _Row) -> User:
        name, values, path = row.name, row.values, row.path
        user_id: int = values["id"] or self._derived_id("user", name)
        self._user_ids[name] = user_id
        terminals = []
        for terminal_name, given in child_tables(
            "terminal", row.given, path, self._problems
        ).items():
            terminal_path = (*path, "terminal", terminal_name)
            if is_name(kinds.SIP_NAME, terminal_path, self._problems):
                terminal = self._terminal(terminal_name, user_id, given, terminal_path)
                terminals += [terminal] if terminal else []
        self._terminals += terminals
        return User(
            id=user_id,
            name=name,
            label=values["label"] or name,
            extension=values["extension"],
            dids=_given(values["dids"]),
            email=values["email"],
            language=values["language"],
            terminals=tuple(terminal.name for terminal in terminals),
            caller_id=values["caller_id"],
            channel_limit=values["channel_limit"],
        )

    def _terminal(
        self, name: str, user_id: int, given: dict[str, Any], path: Path
    ) -> Terminal | None:
        values = read_table(schema.TERMINAL, given, path, self._problems)
        if not self._just_one(_Row(name, given, values, path), "secret", "ha1"):
            return None
        ha1, ha1_sha256 = values["ha1"], values["ha1_sha256"]
        secret = values["secret"]
        if secret is not None:
            self._warn_if_short(secret, (*path, "secret"))
            ha1 = _ha1(name, self._realm, secret)
            ha1_sha256 = _ha1_sha256(name, self._realm, secret)
        elif ha1_sha256 is None and self._values["digest"] is DigestOffer.SHA_256:
            self._problems.error(
                (*path, "ha1"), "the tenant's digest is sha-256, so ha1_sha256 is needed as well"
            )
        return Terminal(
            name,
            user_id,
            ha1,
            values["auto_answer"],
            values["max_contacts"],
            _given(values["codecs"]),
            ha1_sha256,
        )

    def _group(self, row: _Row) -> Group:
        name, values, path = row.name, row.values, row.path
        return Group(
            id=values["id"] or self._derived_id("group", name),
            name=name,
            label=values["label"] or name,
            kind=values["kind"],
            extension=values["extension"],
            dids=_given(values["dids"]),
            members=self._members(values["members"], (*path, "members")),
            answer_timeout=values["answer_timeout"],
            member_answer_timeout=values["member_answer_timeout"],
            caller_id=values["caller_id"],
            channel_limit=values["channel_limit"],
        )

    def _members(self, entries: list[dict[str, Any] | None], path: Path) -> tuple[Member, ...]:
        members: dict[int, Member] = {}
        for position, entry in enumerate(entries):
            if entry is None or "user" not in entry:
                continue
            user_id = self._user_ids.get(entry["user"])
            if user_id is None:
                message = unknown_name("user", entry["user"], self._user_ids)
                self._problems.error((*path, position), message)
            elif user_id in members:
                self._problems.warning((*path, position), f"{entry['user']} is a member already")
            else:
                members[user_id] = Member(user_id, entry["priority"])
        return tuple(members.values())

    def _context(self, row: _Row) -> Context:
        name, values, path = row.name, row.values, row.path
        steps: list[ContextStep] = []
        if row.given.get("steps", []) == []:
            self._problems.error(path, "the context has no steps")
        for position, entry in enumerate(values["steps"]):
            where = (*path, "steps", position)
            if steps and isinstance(steps[-1], HangUpStep):
                self._problems.warning(where, "this step is never reached: the call has ended")
            step = self._step(entry, where) if entry is not None else None
            steps += [step] if step else []
        return Context(name, values["extension"], _given(values["dids"]), tuple(steps))

    def _step(self, entry: dict[str, Any], path: Path) -> ContextStep | None:
        if (entry["play"] is None) == (not entry["hangup"]):
            self._problems.error(path, 'expected just one of play = "FILE.wav" and hangup = true')
            return None
        if entry["hangup"]:
            return HangUpStep()
        file = posixpath.normpath(posixpath.join(self._surroundings.folder, entry["play"]))
        fault = self._surroundings.prompt_fault(file)
        if fault is not None:
            self._problems.error((*path, "play"), f'"{file}" cannot be played: {fault}')
        return PlayStep(file)

    def _trunk(self, row: _Row) -> Trunk | None:
        name, values, path = row.name, row.values, row.path
        for position, code in enumerate(values["failover_codes"]):
            if code in schema.NEVER_FAIL_OVER:
                message = f"{code} is the called party's own answer, it must not be tried again"
                self._problems.error((*path, "failover_codes", position), message)
        if values["password"] is not None and values["username"] is None:
            self._problems.error((*path, "password"), "a password needs a username beside it")
        if values["register"] and values["username"] is None:
            self._problems.error((*path, "register"), "to register, a trunk needs a username")
        if values["from_user"] and values["identity"] is IdentityStyle.FROM:
            message = "no header beside From shows the caller's number: set identity as well"
            self._problems.warning((*path, "from_user"), message)
        if "uri" not in values:
            return None
        lists = {
            "codecs": _given(values["codecs"]),
            "failover_codes": frozenset(_given(values["failover_codes"])),
        }
        return Trunk(name=name, **values | lists)

    def _outbound(self) -> tuple[OutboundRule, ...]:
        trunks = child_tables("trunk", self._given, self._path, Problems("", {}))
        rules = []
        for position, entry in enumerate(self._values["outbound"]):
            path = (*self._path, "outbound", position)
            if entry is None or "prefix" not in entry:
                continue
            for place, name in enumerate(entry["trunks"]):
                if name is not None and name not in trunks:
                    self._problems.error(
                        (*path, "trunks", place), unknown_name("trunk", name, trunks)
                    )
            if entry["minimum_digits"] > entry["maximum_digits"]:
                self._problems.error(
                    (*path, "minimum_digits"),
                    f"expected at most maximum_digits, which is {entry['maximum_digits']}",
                )
            rules.append(OutboundRule(**entry | {"trunks": _given(entry["trunks"])}))
        return tuple(rules)

    def _derived_id(self, kind: str, name: str) -> int:
        return DERIVED_IDS + zlib.crc32(f"{self._domain}/{kind}/{name}".encode())

    def _just_one(self, row: _Row, plain: str, hashed: str) -> bool:
        """Whether a secret is given, in the clear or hashed; a problem if in neither or both."""
        if plain in row.given and hashed in row.given:
            self._problems.error((*row.path, hashed), f'expected either "{plain}" or "{hashed}"')
        elif plain not in row.given and hashed not in row.given:
            self._problems.error(row.path, f'"{plain}" (or "{hashed}") is missing')
        return row.values[plain] is not None or row.values[hashed] is not None

    def _warn_if_short(self, secret: str, path: Path) -> None:
        if len(secret) < SHORTEST_SECRET:
            self._problems.warning(
                path, f"the secret is short: expected {SHORTEST_SECRET} or more characters"
            )


def _ha1_sha256(name: str, realm: str, secret: str) -> str:
    """The same by SHA-256 (RFC 8760)."""
    return hashlib.sha256(f"{name}:{realm}:{secret}".encode()).hexdigest()


def _ha1(name: str, realm: str, secret: str) -> str:
    """The digest secret hash of RFC 7616, 3.4.2."""
    return hashlib.md5(f"{name}:{realm}:{secret}".encode(), usedforsecurity=False).hexdigest()
