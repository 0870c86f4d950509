"""The questions for a page of a tenant's calls, which the indexes ``calls_by_time``,
``calls_by_external_id`` and ``calls_by_end`` answer, and for their events."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select, tuple_

from cordboard.journal.listing import End, Standing, Wanted
from cordboard.journal.sql.tables import calls, events


def listed(tenant: str, wanted: Wanted) -> Select[tuple[object, ...]]:
    """The question for the calls that are wanted, the newest first."""
    at = calls.c.accepted_at
    conditions: list[ColumnElement[bool]] = [calls.c.tenant == tenant]
    if wanted.external_id is not None:
        conditions.append(calls.c.external_id == wanted.external_id)
    if wanted.standing is Standing.ENDED:
        conditions.append(calls.c.ended_at.is_not(None))
    if wanted.since is not None:
        conditions.append(at >= wanted.since)
    if wanted.until is not None:
        conditions.append(at < wanted.until)
    if wanted.outcome is not None:
        conditions.append(calls.c.outcome == wanted.outcome)
    if wanted.after is not None:
        behind = tuple_(wanted.after.accepted_at, wanted.after.id)
        conditions.append(tuple_(at, calls.c.id) < behind)
    return (
        select(calls).where(*conditions).order_by(at.desc(), calls.c.id.desc()).limit(wanted.limit)
    )


def ended(tenant: str, behind: End | None, limit: int) -> Select[tuple[object, ...]]:
    """The question for the next calls that are over, by the index ``calls_by_end``."""
    at = calls.c.ended_at
    conditions: list[ColumnElement[bool]] = [calls.c.tenant == tenant, at.is_not(None)]
    if behind is not None:
        conditions.append(tuple_(at, calls.c.id) > tuple_(behind.ended_at, behind.id))
    return select(calls).where(*conditions).order_by(at, calls.c.id).limit(limit)


def events_of(tenant: str, of: Sequence[str]) -> Select[tuple[object, ...]]:
    """The events of several calls, in order."""
    return (
        select(events)
        .where(events.c.call.in_(of), events.c.tenant == tenant)
        .order_by(events.c.call, events.c.seq)
    )
