"""What a commit writes: each statement once, with all its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from cordboard.calls.events import EventKind, Recorded
from cordboard.calls.people.agents import NO_CALL
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
from cordboard.journal.sql.statement import Row, Statement, adding
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
_ADD_ATTEMPTS: Final = Statement(
    insert(attempts).values(
        callback=bindparam("tried_id"),
        number=select(func.count())
        .select_from(attempts)
        .where(attempts.c.callback == bindparam("tried_id"))
        .scalar_subquery(),
        at=bindparam("last_at"),
        status=bindparam("last_status"),
        error=bindparam("last_error"),
        seconds=bindparam("last_seconds"),
    ),
    *TRIED,
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


def statements(numbered: Numbered, known: set[str]) -> Iterator[tuple[Statement, list[Row]]]:
    """The statements, in order, that have rows; ``known`` tenants have theirs already."""
    for statement, rows in _changes(numbered, known):
        if rows:
            yield statement, rows


def _changes(numbered: Numbered, known: set[str]) -> Iterator[tuple[Statement, list[Row]]]:
    entries, log = numbered.entries, event_rows(numbered.events)
    yield _ADD_TENANTS, [(tenant, 0, 1) for tenant in sorted(numbered.logs.keys() - known)]
    accepted = [(one.record, one.key) for one in entries if one.record is not None]
    yield _ADD_CALLS, [call_row(record, key) for record, key in accepted]
    yield _ADD_EVENTS, log
    if numbered.further:
        yield from _further(numbered.further)
        ended = EventKind.CALL_ENDED
        ends = [
            (one, row)
            for one, row in zip(numbered.events, log, strict=True)
            if one.event.kind is ended
        ]
        yield _END_CALLS, [ending_row(one, row[-1]) for one, row in ends]
    yield _ADD_OWED, [owed_row(one) for one in numbered.owed]
    tried = [tried_row(entry.tried) for entry in entries if entry.tried is not None]
    yield _TRIED, tried
    yield _ADD_ATTEMPTS, tried
    yield from bindings.statements(entries)


def _further(told: Sequence[Recorded]) -> Iterator[tuple[Statement, list[Row]]]:
    """What events change beside the log and their calls."""
    of_no_call = [one for one in told if one.event.call == NO_CALL]
    if of_no_call:
        yield from _standing(of_no_call)
        yield from forwardings.statements(of_no_call)
        yield from wrap_ups.statements(of_no_call)
    of_recordings = [one for one in told if one.event.kind in OF_RECORDINGS]
    if of_recordings:
        yield from recordings.statements(of_recordings)
    yield ledger.ADD, ledger.added(one for one in told if one.event.kind in OF_MONEY)


def _standing(told: Sequence[Recorded]) -> Iterator[tuple[Statement, list[Row]]]:
    """The agents that events tell of, each as he stands at last."""
    rows = [row for one in told if (row := agent_row(one)) is not None]
    last = {row[:3]: row for row in rows}
    yield _FORGET_AGENTS, list(last)
    yield _ADD_AGENTS, list(last.values())
