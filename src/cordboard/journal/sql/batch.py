"""What a batch of entries writes: each statement once, with all its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, delete, func, insert, select, update

from cordboard.calls.events import CallEvent
from cordboard.calls.people.agents import NO_CALL, Place
from cordboard.journal.entry import Entry
from cordboard.journal.ledger import tells_of_money
from cordboard.journal.recordings import tells_of_recording
from cordboard.journal.sql import bindings, forwardings, ledger, recordings, wrap_ups
from cordboard.journal.sql.rows import (
    Row,
    agent_row,
    call_row,
    endings,
    event_row,
    owed_row,
    tried_row,
)
from cordboard.journal.sql.tables import agents, attempts, calls, events, outbox, tenants
from cordboard.journal.sql.writing_thread import Statement
from cordboard.journal.view import View

_ADD_CALLS = insert(calls)
_ADD_EVENTS = insert(events)
_ADD_TENANTS = insert(tenants)
_END_CALLS = (
    update(calls)
    .where(calls.c.id == bindparam("ended_call"))
    .values(
        ended_at=bindparam("ended_at"), outcome=bindparam("outcome"), result=bindparam("result")
    )
)

_ADD_OWED = insert(outbox)
_TRIED = (
    update(outbox)
    .where(outbox.c.id == bindparam("tried_id"))
    .values(
        fate=bindparam("fate"),
        attempts=outbox.c.attempts + 1,
        next_at=bindparam("next_at"),
        last_at=bindparam("last_at"),
        last_status=bindparam("last_status"),
        last_error=bindparam("last_error"),
        last_seconds=bindparam("last_seconds"),
    )
)
_ADD_ATTEMPTS = insert(attempts).values(
    callback=bindparam("tried_id"),
    number=select(func.count())
    .select_from(attempts)
    .where(attempts.c.callback == bindparam("tried_id"))
    .scalar_subquery(),
    at=bindparam("last_at"),
    status=bindparam("last_status"),
    error=bindparam("last_error"),
    seconds=bindparam("last_seconds"),
)


_FORGET_AGENTS = delete(agents).where(
    agents.c.tenant == bindparam("tenant"),
    agents.c.group_id == bindparam("group_id"),
    agents.c.user_id == bindparam("user_id"),
)
_ADD_AGENTS = insert(agents)


class Batch:
    """Entries with the numbers that their events get behind those of ``view``.

    ``tenants`` are those that have events in it, of them ``known`` have their rows already;
    ``owed`` are the callbacks that it makes owed.
    """

    def __init__(self, entries: Sequence[Entry], view: View, known: set[str]) -> None:
        self._entries = entries
        self._view = view
        self._known = known
        self._of_no_call: list[tuple[Entry, CallEvent]] = []
        self._of_recordings: list[recordings.Told] = []
        self._of_money: list[tuple[float, CallEvent]] = []
        self.tenants = {
            entry.tenant for entry in entries if entry.events or entry.record is not None
        }
        self.owed = view.owed_by(entries)

    def statements(self) -> Iterator[tuple[Statement, list[Row]]]:
        """The statements, in order, that have rows."""
        entries = self._entries
        numbered = self._numbered_events()
        acted = self._agents()
        tried = [tried_row(entry.tried) for entry in entries if entry.tried is not None]
        moved, added = bindings.changed(entries)
        left, sent = forwardings.changed(self._of_no_call)
        changes: tuple[tuple[Statement, list[Row]], ...] = (
            (_ADD_TENANTS, self._new_tenants()),
            (_ADD_CALLS, [call_row(entry) for entry in entries if entry.record is not None]),
            (_ADD_EVENTS, numbered),
            (_FORGET_AGENTS, acted),
            (_ADD_AGENTS, acted),
            (forwardings.DROP, left),
            (forwardings.ADD, sent),
            *wrap_ups.statements([(entry.tenant, event) for entry, event in self._of_no_call]),
            *recordings.statements(self._of_recordings),
            (ledger.ADD, ledger.added(self._of_money)),
            (_END_CALLS, endings(entries)),
            (_ADD_OWED, [owed_row(one) for one in self.owed]),
            (_TRIED, tried),
            (_ADD_ATTEMPTS, tried),
            (bindings.DROP, moved),
            (bindings.ADD, added),
        )
        for statement, rows in changes:
            if rows:
                yield statement, rows

    def _new_tenants(self) -> list[Row]:
        new = sorted(self.tenants - self._known)
        return [{"tenant": tenant, "last_seq": 0, "oldest_seq": 1} for tenant in new]

    def _agents(self) -> list[Row]:
        """The agents that events of no call tell of, each as he stands at last."""
        last: dict[tuple[str, Place], Row] = {}
        for entry, event in self._of_no_call:
            row = agent_row(entry.tenant, entry.at, event)
            if row is not None:
                last[entry.tenant, (row["group_id"], row["user_id"])] = row
        return list(last.values())

    def _numbered_events(self) -> list[Row]:
        numbered = []
        last = {tenant: self._view.last_seq(tenant) for tenant in self.tenants}
        for entry in self._entries:
            for event in entry.events:
                last[entry.tenant] += 1
                numbered.append(event_row(entry.tenant, last[entry.tenant], entry.at, event))
                if event.call == NO_CALL:
                    self._of_no_call.append((entry, event))
                if tells_of_recording(event):
                    self._of_recordings.append((entry.tenant, entry.at, event))
                elif tells_of_money(event):
                    self._of_money.append((entry.at, event))
        return numbered
