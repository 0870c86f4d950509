"""One tenant from its table of the configuration file."""

from __future__ import annotations

import posixpath
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cordboard.directory import kinds, schema
from cordboard.directory.accounts import Account, Project
from cordboard.directory.charging_schema import charging_of, check_charging
from cordboard.directory.credentials import php_login, secret_hashes, token_hashes
from cordboard.directory.customers import person_of
from cordboard.directory.feature_codes import Feature, FeatureCode
from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.integration_schema import integrations_of
from cordboard.directory.locate import Path
from cordboard.directory.model import (
    Context,
    Group,
    GroupKind,
    GroupStrategy,
    IdentityStyle,
    Member,
    Number,
    TenantPolicy,
    Terminal,
    Trunk,
    User,
)
from cordboard.directory.outbound_reading import outbound_of
from cordboard.directory.problems import Problems
from cordboard.directory.program_check import check_programs
from cordboard.directory.queue_reading import queue_of
from cordboard.directory.recording import RecordGroup
from cordboard.directory.recording_schema import check_record_groups, record_group_of, recorded_of
from cordboard.directory.references import check_tenant, unknown_name
from cordboard.directory.rows import Row, fit, rows_of
from cordboard.directory.scopes import USUAL_SCOPES
from cordboard.directory.shape import Shape, read_table
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.step_reading import PromptPlaces, read_steps
from cordboard.directory.webhook_schema import WEBHOOK, webhook_of
from cordboard.directory.webhooks import Webhook

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
        accounts = self._each("account", schema.ACCOUNT, self._account)
        users = self._each("user", schema.USER, self._user)
        groups = self._each("group", schema.GROUP, self._group)
        contexts = self._each("context", schema.CONTEXT, self._context)
        trunks = self._each("trunk", schema.TRUNK, self._trunk)
        tenant = TenantDirectory(
            policy=self._policy(),
            accounts=accounts,
            persons=self._each("person", schema.PERSON, lambda row: person_of(row, self._problems)),
            projects=self._each("project", schema.PROJECT, self._project),
            users=users,
            terminals=tuple(self._terminals),
            groups=groups,
            contexts=contexts,
            numbers=tuple(
                Number(**entry) for entry in fit(self._values["numbers"]) if "number" in entry
            ),
            trunks=trunks,
            webhooks=self._each("webhook", WEBHOOK, self._webhook),
            outbound=outbound_of(self._given, self._values["outbound"], self._path, self._problems),
            record_groups=self._each("record_group", schema.RECORD_GROUP, self._record_group),
            feature_codes=_feature_codes(self._values),
            pause_reasons=fit(self._values["pause_reasons"]),
            charging=charging_of(self._given, self._values["charging"], self._path, self._problems),
        )
        recorded = (("user", users), ("group", groups))
        check_record_groups(self._path, tenant.record_groups, recorded, self._problems)
        country = tenant.policy.country
        check_charging(tenant.charging, country, self._path, self._problems)
        check_tenant(tenant, self._problems)
        check_programs(tenant, self._problems)
        return tenant

    def _each(self, key: str, shape: Shape, build: Callable[[Row], T | None]) -> tuple[T, ...]:
        """Every object under a key (``user.NAME``) that could be built."""
        rows = rows_of(key, self._given, self._path, kinds.NAME, shape, self._problems)
        return fit(build(row) for row in rows)

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
            callbacks_inside=values["callbacks_inside"],
            caller_id=values["caller_id"],
            language=values["language"],
            keep_recordings=values["keep_recordings"],
            customer=values["customer"] or self._derived_id("tenant", self._domain),
            parent=values["parent"],
            events_url=values["events_url"],
        )

    def _account(self, row: Row) -> Account | None:
        tokens, values = token_hashes(row, self._problems), row.values
        if not tokens:
            return None
        scopes = USUAL_SCOPES if values["scopes"] is None else frozenset(fit(values["scopes"]))
        return Account(
            row.name,
            tokens,
            fit(values["webhook_secrets"]),
            scopes,
            fit(values["origins"]),
            php_login(row, self._problems),
            values["idempotent_external_id"],
        )

    def _project(self, row: Row) -> Project:
        name, values = row.name, row.values
        number = int(name) if name.isascii() and name.isdigit() else None
        return Project(
            values["id"] or number or self._derived_id("project", name),
            name,
            values["label"] or name,
            values["event_url"],
            fit(values["groups"]),
        )

    def _webhook(self, row: Row) -> Webhook | None:
        return webhook_of(row, self._derived_id("webhook", row.name), self._problems)

    def _record_group(self, row: Row) -> RecordGroup:
        return record_group_of(row, self._derived_id("record_group", row.name))

    def _user(self, row: Row) -> User:
        name, values = row.name, row.values
        user_id: int = values["id"] or self._derived_id("user", name)
        self._user_ids[name] = user_id
        rows = rows_of(
            "terminal", row.given, row.path, kinds.SIP_NAME, schema.TERMINAL, self._problems
        )
        terminals = fit(self._terminal(terminal, user_id) for terminal in rows)
        self._terminals += terminals
        return User(
            id=user_id,
            name=name,
            label=values["label"] or name,
            extension=values["extension"],
            dids=fit(values["dids"]),
            email=values["email"],
            language=values["language"] or self._values["language"],
            terminals=tuple(terminal.name for terminal in terminals),
            caller_id=values["caller_id"],
            channel_limit=values["channel_limit"],
            forwarding=_forwarding(values),
            eavesdrops=fit(values["eavesdrop"]),
            **recorded_of(values),
        )

    def _terminal(self, row: Row, user_id: int) -> Terminal | None:
        hashes = secret_hashes(row, self._realm, self._values["digest"], self._problems)
        if hashes is None:
            return None
        ha1, ha1_sha256 = hashes
        values = row.values
        return Terminal(
            row.name,
            user_id,
            ha1,
            values["auto_answer"],
            values["max_contacts"],
            fit(values["codecs"]),
            ha1_sha256,
            values["direct_media"],
        )

    def _group(self, row: Row) -> Group:
        name, values, path = row.name, row.values, row.path
        if values["kind"] is GroupKind.RING and values["strategy"] not in (None, GroupStrategy.ALL):
            message = 'a group of the kind "ring" rings all at once: make it a "hunt"'
            self._problems.error((*path, "strategy"), message)
        return Group(
            id=values["id"] or self._derived_id("group", name),
            name=name,
            label=values["label"] or name,
            kind=values["kind"],
            extension=values["extension"],
            dids=fit(values["dids"]),
            members=self._members(values["members"], (*path, "members")),
            answer_timeout=values["answer_timeout"],
            member_answer_timeout=values["member_answer_timeout"],
            caller_id=values["caller_id"],
            channel_limit=values["channel_limit"],
            strategy=values["strategy"],
            wrap_up=values["wrap_up"],
            **recorded_of(values),
            queue=queue_of(
                row, self._surroundings.folder, self._surroundings.prompt_fault, self._problems
            ),
            integrations=integrations_of(row, self._problems),
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
                members[user_id] = Member(user_id, entry["priority"], entry["penalty"])
        return tuple(members.values())

    def _context(self, row: Row) -> Context:
        name, values, path = row.name, row.values, row.path
        if row.given.get("steps", []) == []:
            self._problems.error(path, "the context has no steps")
        around, language = self._surroundings, values["language"]
        spoken = language or self._values["language"]
        prompts = PromptPlaces(around.folder, around.prompt_fault, spoken)
        steps = read_steps(values["steps"], (*path, "steps"), prompts, self._problems)
        dids = fit(values["dids"])
        fetched = posixpath.join(around.folder, "prompts", self._domain)
        return Context(name, values["extension"], dids, steps, language, fetched)

    def _trunk(self, row: Row) -> Trunk | None:
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
            "codecs": fit(values["codecs"]),
            "failover_codes": frozenset(fit(values["failover_codes"])),
        }
        return Trunk(name=name, **values | lists)

    def _derived_id(self, kind: str, name: str) -> int:
        return DERIVED_IDS + zlib.crc32(f"{self._domain}/{kind}/{name}".encode())


def _forwarding(values: dict[str, Any]) -> Forwarding:
    """What a user's table says; the one value for whoever says nothing."""
    given = Forwarding(**(values["forward"] or {}), do_not_disturb=values["do_not_disturb"])
    return NOT_FORWARDED if given == NOT_FORWARDED else given


def _feature_codes(values: dict[str, Any]) -> tuple[FeatureCode, ...]:
    given: dict[str, str | None] = values["feature_codes"] or {}
    return tuple(FeatureCode(code, Feature(name)) for name, code in given.items() if code)
