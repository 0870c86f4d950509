"""What is at hand of a tenant: its log, its calls with their events, and how its people stand."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cordboard.calls.events import CallEvent, EventKind, Recorded
from cordboard.calls.people.agents import NO_CALL, AgentState, Place, state_in
from cordboard.calls.people.forwarding import forwarding_in
from cordboard.calls.people.wrap_ups import WrapUp, wrap_up_in
from cordboard.calls.running.progress import progress_of
from cordboard.calls.stages import Stage
from cordboard.directory.forwarding import Forwarding
from cordboard.journal.listing import Standing
from cordboard.journal.log import Log
from cordboard.journal.port import CallRecord, KeptKey, Key


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


class KnownCall:
    """A call with its own events, and the key that it was accepted with. ``told`` is whether its
    callback is owed already, ``ended`` the event with its result."""

    __slots__ = ("_record", "ended", "events", "key", "told")

    def __init__(self, record: CallRecord, key: Key | None = None) -> None:
        self._record = record
        self.key = key
        self.events: list[Recorded] = []
        self.told = False
        self.ended: Recorded | None = None

    @property
    def record(self) -> CallRecord:
        """The request as accepted, with its result if there is one, which few ask for."""
        ended = self.ended
        if ended is not None and self._record.ended_at is None:
            result = dict(ended.event.data)
            self._record = replace(self._record, ended_at=ended.at, result=result)
        return self._record

    def stands(self, standing: Standing) -> bool:
        """Whether this is how the call stands."""
        if self.ended is not None:
            return standing is Standing.ENDED
        scheduled = progress_of(self.events).stage is Stage.SCHEDULED
        return standing is (Standing.SCHEDULED if scheduled else Standing.LIVE)


class KnownTenant:
    """A tenant's log and calls, and how its people stand."""

    __slots__ = ("_bounds", "_ended", "agents", "calls", "forwardings", "keys", "log", "wrap_ups")

    def __init__(self, bounds: Bounds, last: int) -> None:
        self._bounds = bounds
        self._ended: deque[str] = deque()
        self.log = Log(bounds.history, last)
        self.calls: dict[str, KnownCall] = {}
        self.keys: dict[tuple[str, str], KeptKey] = {}
        self.agents: dict[Place, AgentState] = {}
        self.forwardings: dict[int, Forwarding] = {}
        self.wrap_ups: dict[int, WrapUp] = {}

    def begin(self, record: CallRecord, key: Key | None) -> None:
        """A call is accepted."""
        self.calls[record.id] = KnownCall(record, key)
        if key is not None:
            self.keys[record.account, key.value] = KeptKey(key, record.id)

    def keep(self, numbered: Sequence[Recorded]) -> None:
        """Events are committed: they are in the log and with their calls."""
        self.log.put(numbered)
        calls, most = self.calls, self._bounds.events_per_call
        for recorded in numbered:
            event = recorded.event
            call = calls.get(event.call)
            if call is None:
                if event.call == NO_CALL:
                    self._see_of_no_call(event, recorded.at)
            elif event.kind is EventKind.CALL_ENDED:
                call.events.append(recorded)
                call.ended = recorded
                self._end(event.call)
            elif len(call.events) < most:
                call.events.append(recorded)

    def _end(self, call: str) -> None:
        """A call has ended; the oldest such goes where there are too many."""
        self._ended.append(call)
        if len(self._ended) > self._bounds.ended_calls:
            oldest = self.calls.pop(self._ended.popleft(), None)
            if oldest is not None and oldest.key is not None:
                self.keys.pop((oldest.record.account, oldest.key.value), None)

    def _see_of_no_call(self, event: CallEvent, at: float) -> None:
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
