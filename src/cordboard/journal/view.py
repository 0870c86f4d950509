"""What is committed and still at hand: each tenant's log, and the calls with their events.

A journal puts in what it has committed, in order; readers and lookups are served from here. All of
it is bounded: what falls out is gone for a journal in memory, and asked of the store by another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from cordboard.calls.events import Recorded
from cordboard.calls.owing import OWING, Owed, owed, owes
from cordboard.calls.people.agents import AgentState, Place
from cordboard.calls.people.wrap_ups import WrapUp
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.also_owed import also_owed
from cordboard.journal.at_hand import Bounds, KnownCall, KnownTenant
from cordboard.journal.entry import Entry
from cordboard.journal.listing import Wanted, newest
from cordboard.journal.log import Log
from cordboard.journal.numbered import FURTHER, Numbered
from cordboard.journal.outbox import AlsoOwed
from cordboard.journal.port import CallRecord, KeptKey, ResyncNeeded, Snapshot


class View:
    """All tenants' logs and calls, of the epoch of their journal."""

    def __init__(self, epoch: str, bounds: Bounds) -> None:
        self.epoch = epoch
        self._bounds = bounds
        self._tenants: dict[str, KnownTenant] = {}
        self.all = Log(bounds.history_of_all)
        self.also: AlsoOwed | None = None
        """What is owed to others than who asked for a call."""

    def begin(self, tenant: str, last: int) -> None:
        """Let a tenant's log go on after ``last``: what came before is elsewhere."""
        self._tenants[tenant] = KnownTenant(self._bounds, last)

    def log(self, tenant: str) -> Log:
        """A tenant's log."""
        return self._tenant(tenant).log

    def position(self, tenant: str, after: str | None) -> int:
        """Behind which event a reader begins by its cursor, the newest one where it has none.

        Raises :class:`~cordboard.journal.port.ResyncNeeded` for one that can't be continued.
        """
        last = self.log(tenant).last
        if after is None:
            return last
        epoch, _, number = after.rpartition(":")
        if epoch != self.epoch or not (number.isascii() and number.isdigit()):
            raise ResyncNeeded("the cursor is of another epoch")
        position = int(number[:20])
        if position > last:
            raise ResyncNeeded("the cursor is ahead of the log")
        return position

    def last_seq(self, tenant: str) -> int:
        """The number of the last committed event of a tenant."""
        known = self._tenants.get(tenant)
        return known.log.last if known is not None else 0

    def call(self, tenant: str, call: str) -> KnownCall | None:
        """A call of a tenant, if it is at hand."""
        known = self._tenants.get(tenant)
        return known.calls.get(call) if known is not None else None

    def adopt(self, record: CallRecord, events: Iterable[Recorded]) -> None:
        """Have a call at hand that an earlier process began."""
        known = KnownCall(record)
        known.events += events
        known.told = record.callback is not None and any(
            owes(record.callback, recorded.event) for recorded in known.events
        )
        self._tenant(record.tenant).calls[record.id] = known

    def number(self, entries: Sequence[Entry]) -> Numbered:
        """Give the events of entries the places that they have once these are committed, which
        :meth:`commit` is told of; until then nobody sees them."""
        epoch = self.epoch
        events: list[Recorded] = []
        logs: dict[str, list[Recorded]] = {}
        for entry in entries:
            if not entry.events and entry.record is None:
                continue
            tenant, at = entry.tenant, entry.at
            log = logs.setdefault(tenant, [])
            last = log[-1].seq if log else self.last_seq(tenant)
            for event in entry.events:
                last += 1
                recorded = Recorded(epoch, last, at, tenant, event)
                log.append(recorded)
                events.append(recorded)
        further = [recorded for recorded in events if recorded.event.kind in FURTHER]
        owed = self._owed_by(entries, further)
        also = self.also
        if also is not None:
            for tenant, log in logs.items():
                if also.concerns(tenant):
                    owed += also_owed(also, tenant, log, self._committed_of)
        return Numbered(entries, events, logs, further, owed)

    def commit(self, numbered: Numbered) -> None:
        """What was numbered is committed: readers have it from now on."""
        for entry in numbered.entries:
            if entry.record is not None:
                self._tenant(entry.tenant).begin(entry.record, entry.key)
        self.all.put(numbered.events)
        for name, log in numbered.logs.items():
            tenant = self._tenant(name)
            tenant.keep(log)
            tenant.log.wake()
        self.all.wake()
        for one in numbered.owed:
            if one.seq is None:  # the client, who is told one thing only
                known = self.call(one.tenant, one.call)
                if known is not None:
                    known.told = True

    def _owed_by(self, entries: Sequence[Entry], events: Iterable[Recorded]) -> list[Owed]:
        """The callbacks that events make owed, some of which are of calls that are accepted with
        them."""
        found: dict[str, Owed] = {}
        accepted = {one.record.id: one.record for one in entries if one.record is not None}
        for recorded in events:
            event = recorded.event
            if event.kind not in OWING or event.call in found:
                continue
            record = accepted.get(event.call)
            if record is None:
                known = self.call(recorded.tenant, event.call)
                if known is None or known.told:
                    continue
                record = known.record
            callback = record.callback
            if callback is not None and owes(callback, event):
                found[event.call] = owed(
                    *(recorded.tenant, record.account, callback, event, recorded.at),
                    record.external_id,
                )
        return list(found.values())

    def _committed_of(self, tenant: str, call: str) -> Sequence[Recorded]:
        """The events of a call that is at hand."""
        known = self.call(tenant, call)
        return () if known is None else known.events

    def agents(self, tenant: str) -> Mapping[Place, AgentState]:
        """How members of a tenant's groups stand."""
        known = self._tenants.get(tenant)
        return known.agents if known is not None else {}

    def wrap_ups(self, tenant: str) -> Mapping[int, WrapUp]:
        """Who wraps up, or did."""
        known = self._tenants.get(tenant)
        return known.wrap_ups if known is not None else {}

    def adopt_wrap_up(self, tenant: str, user: int, wrap_up: WrapUp) -> None:
        """Know who wrapped up when an earlier process ended."""
        self._tenant(tenant).wrap_ups[user] = wrap_up

    def adopt_agent(self, tenant: str, place: Place, state: AgentState) -> None:
        """Know how a member stood when an earlier process ended."""
        self._tenant(tenant).agents[place] = state

    def forwardings(self, tenant: str) -> Mapping[int, Forwarding]:
        """Where the calls of a tenant's users go who have chosen it."""
        known = self._tenants.get(tenant)
        return known.forwardings if known is not None else {}

    def adopt_forwarding(self, tenant: str, user: int, terms: Forwarding) -> None:
        """Know what a user had chosen when an earlier process ended."""
        self._tenant(tenant).forwardings[user] = terms

    def unfinished(self) -> tuple[CallRecord, ...]:
        """The calls at hand that have no result."""
        calls = (call for tenant in self._tenants.values() for call in tenant.calls.values())
        return tuple(call.record for call in calls if call.ended is None)

    def calls(self, tenant: str, wanted: Wanted) -> tuple[CallRecord, ...]:
        """The calls of a tenant that are wanted, among those at hand: of those that are not over
        these are all."""
        known = self._tenants.get(tenant)
        calls = known.calls.values() if known is not None else ()
        if wanted.standing is None:
            return newest((call.record for call in calls), wanted)
        return newest((call.record for call in calls if call.stands(wanted.standing)), wanted)

    def records(self, tenant: str) -> Iterator[CallRecord]:
        """The calls of a tenant that are at hand."""
        known = self._tenants.get(tenant)
        return (call.record for call in known.calls.values()) if known is not None else iter(())

    def snapshot(self, tenant: str) -> Snapshot:
        """What lives of a tenant, at the cursor of its last event."""
        cursor = f"{self.epoch}:{self.last_seq(tenant)}"
        known = self._tenants.get(tenant)
        calls = known.calls.values() if known is not None else ()
        living = ((one.record, tuple(one.events)) for one in calls if one.ended is None)
        return Snapshot(cursor, tuple(living), tuple(self.agents(tenant).items()))

    def kept_key(self, tenant: str, account: str, value: str) -> KeptKey | None:
        """A key of an account, if its call is at hand."""
        known = self._tenants.get(tenant)
        return known.keys.get((account, value)) if known is not None else None

    def _tenant(self, tenant: str) -> KnownTenant:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = KnownTenant(self._bounds, 0)
        return known
