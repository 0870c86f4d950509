"""The event log of one tenant in the vendor's elements: what there is of each, and what changes.

A reader of the log like any other, and a pure one: it begins with a snapshot, then takes each event
once and in order, and says what that makes of the rows. What it has said is what it holds, so that
whoever has followed it from any moment has the same rows as who begins now.

A channel is in the rows from its INVITE to its end. Who waits, in the queue of a group or held by a
client, is in ``channel_waiting`` as well. A call that ends leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cordboard.api.basix.cti.call_channels import CallChannels
from cordboard.api.basix.cti.deltas import Delta, Key
from cordboard.api.basix.cti.elements import Change, Element
from cordboard.api.basix.cti.house_rows import NO_PHONE, Named, house_rows, terminal_row
from cordboard.api.basix.cti.phones import Phone
from cordboard.api.basix.cti.terms import written
from cordboard.calls.events import Recorded
from cordboard.calls.people.agents import AgentState, Place, state_in
from cordboard.calls.people.forwarding import forwarding_in
from cordboard.calls.request import Leg
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.snapshot import TenantDirectory
from cordboard.journal.port import Snapshot


class Projection:
    """The rows of a tenant."""

    def __init__(
        self,
        tenant: TenantDirectory,
        snapshot: Snapshot,
        forwardings: Mapping[int, Forwarding],
        phones: Mapping[str, Phone] | None = None,
    ) -> None:
        """As things are at the snapshot's cursor; ``forwardings`` are what users have chosen,
        ``phones`` which terminals are registered."""
        self._tenant = tenant
        self._agents: dict[Place, AgentState] = dict(snapshot.agents)
        self._forwardings = dict(forwardings)
        self._phones = dict(phones or {})
        self._channels = CallChannels(lambda: self._tenant)
        self._rows: dict[Element, dict[Key, Delta]] = {element: {} for element in Element}
        self.cursor = snapshot.cursor
        """Behind the last event that is in the rows at first."""
        self.renew(tenant)
        events = [event for _, events in snapshot.calls for event in events]
        for recorded in sorted(events, key=lambda one: one.seq):
            self._kept(self._channels.take(recorded))

    def rows(self, element: Element, user: int | None = None) -> Iterator[bytes]:
        """All rows of an element, written, or those that are to be seen by who watches one user."""
        for delta in self._rows[element].values():
            if user is None or delta.users is None or user in delta.users:
                yield delta.row

    def leg_of(self, channel: str) -> tuple[str, Leg] | None:
        """The call and the leg of a channel that is alive."""
        return self._channels.leg_of(channel)

    def take(self, recorded: Recorded) -> list[Delta]:
        """What changes by the next event."""
        event = recorded.event
        if event.call:
            deltas = self._channels.take(recorded)
            return self._kept(deltas) if deltas else deltas
        if self._somebody_has_chosen(recorded):
            return self.renew(self._tenant)
        return []

    def _somebody_has_chosen(self, recorded: Recorded) -> bool:
        """Whether an event tells how an agent stands, or where a user's calls go."""
        chosen = forwarding_in(recorded.event)
        if chosen is not None:
            user, terms = chosen
            if terms is None:
                self._forwardings.pop(user, None)
            else:
                self._forwardings[user] = terms
            return True
        acted = state_in(recorded.event, recorded.at)
        if acted is not None and recorded.event.data.get("state") is not None:
            self._agents[acted[0]] = acted[1]
            return True
        return False

    def renew(self, tenant: TenantDirectory) -> list[Delta]:
        """What changes when the tenant's directory is this one from now on."""
        self._tenant = tenant
        deltas: list[Delta] = []
        now: dict[Element, dict[Key, bytes]] = {}
        for element, row in self._house_rows(tenant):
            now.setdefault(element, {})[row[0]] = written(row)
        for element in (Element.USER, Element.GROUP, Element.GROUP_MEMBER, Element.TERMINAL):
            rows, kept = now.get(element, {}), self._rows[element]
            for key, columns in rows.items():
                before = kept.get(key)
                if before is None or before.row != columns:
                    change = Change.ADDED if before is None else Change.UPDATED
                    deltas.append(Delta(element, change, key, columns))
            gone = [(key, one) for key, one in kept.items() if key not in rows]
            deltas += [Delta(element, Change.REMOVED, key, one.row) for key, one in gone]
        return self._kept(deltas)

    def see(self, phones: Mapping[str, Phone]) -> list[Delta]:
        """What changes when these terminals are registered, or are not, as it says."""
        deltas = []
        for name, phone in phones.items():
            terminal = self._tenant.terminal(name)
            if terminal is not None and phone != self._phones.get(name, NO_PHONE):
                self._phones[name] = phone
                row = terminal_row(terminal, phone)
                deltas.append(Delta(Element.TERMINAL, Change.UPDATED, row[0], written(row)))
        return self._kept(deltas)

    def _house_rows(self, tenant: TenantDirectory) -> Iterator[Named]:
        return house_rows(tenant, self._agents, self._forwardings, self._phones)

    def _kept(self, deltas: list[Delta]) -> list[Delta]:
        """The same, which is in the rows from now on."""
        for delta in deltas:
            rows = self._rows[delta.element]
            if delta.change is Change.REMOVED:
                rows.pop(delta.key, None)
            else:
                rows[delta.key] = delta
        return deltas
