"""Whose calls are told outside: what the integrations of groups are owed.

A call is of the group on whose behalf it is made, of each group that is one of its two parties, and
of each that it reaches later: by a program, a transfer or a forward.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cordboard.calls.events import CallEvent, EventKind, Json
from cordboard.calls.groups_reached import REACHED
from cordboard.calls.owing import Owed
from cordboard.directory.integrations import NONE, Integrations
from cordboard.directory.model import Group
from cordboard.directory.snapshot import Directory, TenantDirectory

HOOK: Final = "hook"
ZENDESK_DISPLAY: Final = "zendesk.display"
ZENDESK_TICKET: Final = "zendesk.ticket"
"""The dialects of what is owed: who delivers it, and what."""

_FOR_ZENDESK: Final = {
    EventKind.CALL_BRIDGED: ZENDESK_DISPLAY,
    EventKind.CALL_ENDED: ZENDESK_TICKET,
}


@dataclass(frozen=True, slots=True)
class _Known:
    """The groups with integrations of a tenant as it is just now."""

    tenant: TenantDirectory
    groups: Mapping[str, Group]


class GroupsOwed:
    """A :class:`~cordboard.journal.outbox.AlsoOwed` for groups of the directory of the moment."""

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory
        self._known: dict[str, _Known] = {}

    def concerns(self, tenant: str) -> bool:
        """Whether a tenant has a group with integrations."""
        return bool(self._groups(tenant))

    def owed_of_no_call(
        self, _tenant: str, _event: CallEvent, _at: float, _seq: int
    ) -> Iterator[Owed]:
        """Nothing is told of what agents do."""
        return iter(())

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterator[Owed]:
        """What groups of a call are told of one of its events."""
        groups = self._groups(tenant)
        for name in groups_of(accepted):
            group = groups.get(name)
            if group is not None:
                for dialect, url in _told(group.integrations, accepted, event):
                    yield Owed(
                        f"msg_{event.call}.{seq}.{group.id}.{dialect}",
                        *(tenant, name, event.call, dialect, url, at, event),
                        external_id=_external_id(accepted),
                        seq=seq,
                    )

    def _groups(self, domain: str) -> Mapping[str, Group]:
        tenant = self._directory().tenant(domain)
        if tenant is None:
            return {}
        known = self._known.get(domain)
        if known is None or known.tenant is not tenant:
            groups = {one.name: one for one in tenant.groups if one.integrations is not NONE}
            known = self._known[domain] = _Known(tenant, groups)
        return known.groups


def groups_of(accepted: CallEvent) -> list[str]:
    """The names of a call's groups, by its first event, and by what it has reached since where that
    says so."""
    parties = [accepted.data.get(key) for key in ("group", "first", "second")]
    named = [one["name"] for one in parties if isinstance(one, dict) and one["kind"] == "group"]
    reached = accepted.data.get(REACHED)
    later = reached if isinstance(reached, list) else []
    return list(dict.fromkeys(map(str, [*named, *later])))


def outside_party(accepted: CallEvent) -> str | None:
    """The party of a call that is outside, "first" or "second", where one is and the other is not;
    of two that both are, the one who called us or who was called on behalf of the other."""
    first, second = (_kind(accepted.data.get(key)) for key in ("first", "second"))
    if first == "number" and (second != "number" or accepted.data.get("direction") == "trunk"):
        return "first"
    return "second" if second == "number" else None


def _told(has: Integrations, accepted: CallEvent, event: CallEvent) -> Iterator[tuple[str, str]]:
    """The dialects in which a group's integrations are told of an event, and where."""
    if has.hook is not None and event.kind.value in has.hook.events:
        yield HOOK, has.hook.url
    if has.zendesk is not None and event.kind in _FOR_ZENDESK and outside_party(accepted):
        yield _FOR_ZENDESK[event.kind], has.zendesk.url


def _kind(party: Json) -> str | None:
    return str(party["kind"]) if isinstance(party, dict) else None


def _external_id(accepted: CallEvent) -> str | None:
    own = accepted.data.get("external_id")
    return own if isinstance(own, str) else None
