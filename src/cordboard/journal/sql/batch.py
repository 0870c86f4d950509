"""What a commit writes: each statement once, with all its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, delete, insert, literal_column, select, update

from cordboard.calls.events import EventKind, Recorded
from cordboard.calls.people.agents import NO_CALL
from cordboard.journal.entry import Tried
from cordboard.journal.ledger import OF_MONEY
from cordboard.journal.numbered import Numbered
from cordboard.journal.recordings import OF_RECORDINGS
from cordboard.journal.sql import bindings, forwardings, ledger, recordings, wrap_ups
from cordboard.journal.sql.rows import (
    AGENT,
    CALL,
    ENDING,
    EVENT,
    OWED,
    TRIED,
    agent_row,
    call_row,
    ending_row,
    event_rows,
    owed_row,
    tried_row,
)
from cordboard.journal.sql.statement import Change, Row, Statement, adding
from cordboard.journal.sql.tables import agents, attempts, calls, events, outbox, tenants

_ADD_TENANTS: Final = adding(tenants, "tenant", "last_seq", "oldest_seq")
_ADD_CALLS: Final = adding(calls, *CALL)
_ADD_EVENTS: Final = adding(events, *EVENT)
_END_CALLS: Final = Statement(
    update(calls)
    .where(calls.c.id == bindparam("ended_call"))
    .values(
        ended_at=bindparam("ended_at"), outcome=bindparam("outcome"), result=bindparam("result")
    ),
    *ENDING,
)
_ADD_OWED: Final = adding(outbox, *OWED)
_TRIED: Final = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("tried_id"))
    .values(
        fate=bindparam("fate"),
        attempts=outbox.c.attempts + literal_column("1"),
        next_at=bindparam("next_at"),
        last_at=bindparam("last_at"),
        last_status=bindparam("last_status"),
        last_error=bindparam("last_error"),
        last_seconds=bindparam("last_seconds"),
    ),
    *TRIED,
)
_KEEP_LAST: Final = Statement(
    insert(attempts).from_select(
        ["callback", "number", "at", "status", "error", "seconds"],
        select(
            outbox.c.id,
            outbox.c.attempts - literal_column("1"),
            *(outbox.c.last_at, outbox.c.last_status, outbox.c.last_error, outbox.c.last_seconds),
        ).where(outbox.c.id == bindparam("tried_id"), outbox.c.attempts > literal_column("0")),
    ),
    "tried_id",
)
_FORGET_AGENTS: Final = Statement(
    delete(agents).where(
        agents.c.tenant == bindparam("tenant"),
        agents.c.group_id == bindparam("group_id"),
        agents.c.user_id == bindparam("user_id"),
    ),
    *("tenant", "group_id", "user_id"),
)
_ADD_AGENTS: Final = adding(agents, *AGENT)
_ENDED: Final = EventKind.CALL_ENDED


def changes(numbered: Numbered, known: set[str]) -> list[Change]:
    """The statements, in order, that have rows; ``known`` tenants have theirs already."""
    entries, log = numbered.entries, event_rows(numbered.events)
    tried = [entry.tried for entry in entries if entry.tried is not None]
    written: list[Change] = [
        (_ADD_TENANTS, [(tenant, 0, 1) for tenant in sorted(numbered.logs.keys() - known)]),
        (_ADD_CALLS, [call_row(one.record, one.key) for one in entries if one.record is not None]),
        (_ADD_EVENTS, log),
        *_further(numbered.further),
        (_END_CALLS, _endings(numbered.events, log)),
        (_ADD_OWED, [owed_row(one) for one in numbered.owed]),
        *_tries(tried),
        *bindings.changes(entries),
    ]
    return [change for change in written if change[1]]


def _tries(tried: Sequence[Tried]) -> list[Change]:
    """What attempts change. Each takes the place of the one before it, which is kept elsewhere; so
    several of one callback, which a disk kept waiting, are written in turn."""
    found: list[Change] = []
    while tried:
        first = {one.id: one for one in reversed(tried)}
        found.append((_KEEP_LAST, [(id_,) for id_ in first]))
        found.append((_TRIED, [tried_row(one) for one in first.values()]))
        tried = [one for one in tried if first[one.id] is not one]
    return found


def _endings(recorded: Sequence[Recorded], log: list[Row]) -> list[Row]:
    """What the ends of calls change of these; their data stands in the rows of the log."""
    return [
        ending_row(one, row[-1])
        for one, row in zip(recorded, log, strict=True)
        if one.event.kind is _ENDED
    ]


def _further(told: Sequence[Recorded]) -> list[Change]:
    """What events change beside the log and their calls."""
    found: list[Change] = []
    of_no_call = [one for one in told if one.event.call == NO_CALL]
    if of_no_call:
        found += _standing(of_no_call)
        found += forwardings.changes(of_no_call)
        found += wrap_ups.changes(of_no_call)
    of_recordings = [one for one in told if one.event.kind in OF_RECORDINGS]
    if of_recordings:
        found += recordings.changes(of_recordings)
    of_money = [one for one in told if one.event.kind in OF_MONEY]
    if of_money:
        found.append((ledger.ADD, ledger.added(of_money)))
    return found


def _standing(told: Sequence[Recorded]) -> list[Change]:
    """The agents that events tell of, each as he stands at last."""
    rows = [row for one in told if (row := agent_row(one)) is not None]
    last = {row[:3]: row for row in rows}
    return [(_FORGET_AGENTS, list(last)), (_ADD_AGENTS, list(last.values()))]
