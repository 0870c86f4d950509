"""What is committed and still at hand: each tenant's log, and the calls with their events.

A journal puts in what it has committed, in order; readers and lookups are served from here. All of
it is bounded: what falls out is gone for a journal in memory, and asked of the store by another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.owing import Owed, owed, owes
from cordboard.calls.people.agents import NO_CALL, AgentState, Place, state_in
from cordboard.calls.people.forwarding import forwarding_in
from cordboard.calls.people.wrap_ups import WrapUp, wrap_up_in
from cordboard.calls.running.progress import progress_of
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.also_owed import also_owed
from cordboard.journal.entry import Entry
from cordboard.journal.listing import Standing, Wanted, newest
from cordboard.journal.log import Log
from cordboard.journal.outbox import AlsoOwed
from cordboard.journal.port import CallRecord, KeptKey, Key, ResyncNeeded, Snapshot


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is kept at hand.

    ``history`` are the events that a tenant's readers can go back (at 700 bytes each and about 12 a
    call, 20,000 are 14 MB), ``history_of_all`` those that a reader of all can be behind (100,000
    are over 10 s at 600 calls a second), ``ended_calls`` the calls of a tenant that can be looked
    at after their end, ``events_per_call`` what is kept with one of them (only digits and holds can
    be so many).
    """

    history: int = 20_000
    history_of_all: int = 100_000
    ended_calls: int = 2_000
    events_per_call: int = 1_000


@dataclass(slots=True)
class KnownCall:
    """A call with its own events, and the key that it was accepted with."""

    record: CallRecord
    key: Key | None = None
    events: list[Recorded] = field(default_factory=list)
    told: bool = False
    """Whether its callback is owed already."""

    def stands(self, standing: Standing) -> bool:
        """Whether this is how the call stands."""
        if self.record.ended_at is not None:
            return standing is Standing.ENDED
        scheduled = progress_of(self.events).stage is Stage.SCHEDULED
        return standing is (Standing.SCHEDULED if scheduled else Standing.LIVE)


class _Tenant:
    """A tenant's log and calls."""

    __slots__ = ("agents", "calls", "ended", "forwardings", "log", "wrap_ups")

    def __init__(self, history: int, last: int) -> None:
        self.log = Log(history, last)
        self.calls: dict[str, KnownCall] = {}
        self.ended: deque[str] = deque()
        self.agents: dict[Place, AgentState] = {}
        self.forwardings: dict[int, Forwarding] = {}
        self.wrap_ups: dict[int, WrapUp] = {}

    def see_of_no_call(self, event: CallEvent, at: float) -> None:
        """An event of no call is committed: somebody stands otherwise from now on."""
        acted, sent = state_in(event, at), forwarding_in(event)
        wraps = wrap_up_in(event)
        if acted is not None:
            self.agents[acted[0]] = acted[1]
        if sent is not None:
            user, terms = sent
            if terms is None:
                self.forwardings.pop(user, None)
            else:
                self.forwardings[user] = terms
        if wraps is not None:
            user_id, wrap_up = wraps
            if wrap_up is None:
                self.wrap_ups.pop(user_id, None)
            else:
                self.wrap_ups[user_id] = wrap_up


class View:
    """All tenants' logs and calls, of the epoch of their journal."""

    def __init__(self, epoch: str, bounds: Bounds) -> None:
        self.epoch = epoch
        self._bounds = bounds
        self._tenants: dict[str, _Tenant] = {}
        self._keys: dict[tuple[str, str, str], KeptKey] = {}
        self.all = Log(bounds.history_of_all)
        self.also: AlsoOwed | None = None
        """What is owed to others than who asked for a call."""

    def begin(self, tenant: str, last: int) -> None:
        """Let a tenant's log go on after ``last``: what came before is elsewhere."""
        self._tenants[tenant] = _Tenant(self._bounds.history, last)

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
        told = record.callback is not None and any(
            owes(record.callback, recorded.event) for recorded in events
        )
        known = KnownCall(record, None, list(events), told)
        self._tenant(record.tenant).calls[record.id] = known

    def owed_by(self, entries: Sequence[Entry]) -> list[Owed]:
        """The callbacks that the events of entries make owed, which are yet to be committed."""
        found: dict[str, Owed] = {}
        accepted: dict[str, CallRecord] = {}
        for entry in entries:
            if entry.record is not None:
                accepted[entry.record.id] = entry.record
            for event in entry.events:
                record = accepted.get(event.call)
                if record is None:
                    known = self.call(entry.tenant, event.call)
                    if known is None or known.told:
                        continue
                    record = known.record
                callback = record.callback
                if callback is not None and event.call not in found and owes(callback, event):
                    found[event.call] = owed(
                        entry.tenant, record.account, callback, event, entry.at, record.external_id
                    )
        others = self.also
        if others is None:
            return list(found.values())
        also = also_owed(others, entries, self.last_seq, self._committed_of)
        return [*found.values(), *also]

    def _committed_of(self, tenant: str, call: str) -> Sequence[Recorded]:
        """The events of a call that is at hand."""
        known = self.call(tenant, call)
        return () if known is None else known.events

    def told(self, one: Owed) -> None:
        """What is owed is committed."""
        if one.seq is not None:
            return  # to others: the client is told one thing only
        known = self.call(one.tenant, one.call)
        if known is not None:
            known.told = True

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
        return tuple(call.record for call in calls if call.record.ended_at is None)

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
        living = ((one.record, tuple(one.events)) for one in calls if one.record.ended_at is None)
        return Snapshot(cursor, tuple(living), tuple(self.agents(tenant).items()))

    def kept_key(self, tenant: str, account: str, value: str) -> KeptKey | None:
        """A key of an account, if its call is at hand."""
        return self._keys.get((tenant, account, value))

    def commit(self, entry: Entry) -> Log:
        """An entry is committed; gives the log of its tenant, whose readers are to be woken."""
        known = self._tenant(entry.tenant)
        record, key, log = entry.record, entry.key, known.log
        if record is not None:
            known.calls[record.id] = KnownCall(record, key)
            if key is not None:
                self._keys[record.tenant, record.account, key.value] = KeptKey(key, record.id)
        numbered = [
            Recorded(self.epoch, seq, entry.at, entry.tenant, event)
            for seq, event in enumerate(entry.events, log.last + 1)
        ]
        log.put(numbered)
        self.all.put(numbered)
        for recorded in numbered:
            event = recorded.event
            call = known.calls.get(event.call)
            if call is not None:
                self._keep(known, call, recorded)
            elif event.call == NO_CALL:
                known.see_of_no_call(event, entry.at)
        return log

    def _keep(self, tenant: _Tenant, call: KnownCall, recorded: Recorded) -> None:
        """Put an event with its call, and let the oldest ended call go where there are too many."""
        event = recorded.event
        if event.kind is EventKind.CALL_ENDED:
            call.events.append(recorded)
            call.record = replace(call.record, ended_at=recorded.at, result=dict(event.data))
            tenant.ended.append(event.call)
            if len(tenant.ended) > self._bounds.ended_calls:
                self._forget(tenant, tenant.ended.popleft())
        elif len(call.events) < self._bounds.events_per_call:
            call.events.append(recorded)

    def _forget(self, tenant: _Tenant, call: str) -> None:
        entry = tenant.calls.pop(call, None)
        if entry is not None and entry.key is not None:
            record = entry.record
            self._keys.pop((record.tenant, record.account, entry.key.value), None)

    def _tenant(self, tenant: str) -> _Tenant:
        known = self._tenants.get(tenant)
        if known is None:
            known = self._tenants[tenant] = _Tenant(self._bounds.history, 0)
        return known
