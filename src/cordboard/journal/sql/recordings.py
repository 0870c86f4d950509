"""Recordings in a database: the rows that events make of them, and what is asked of those."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    RowMapping,
    Select,
    bindparam,
    delete,
    select,
    tuple_,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from cordboard.calls.events import Recorded
from cordboard.journal.recordings import (
    KeptRecording,
    RecordingState,
    WantedRecordings,
    begun,
    deleted,
    ending,
)
from cordboard.journal.sql.statement import Change, Row, Statement, adding
from cordboard.journal.sql.store import Store
from cordboard.journal.sql.tables import recordings

FORGOTTEN_A_STEP: Final = 100
"""Rows of recordings that were deleted long ago: as many as come from their calls."""

_UNDER_WAY = RecordingState.RECORDING.value

_BEGUN = (
    *("id", "tenant", "call", "file", "started_at", "group_name", "record_group", "keep_until"),
    "state",
)
_ENDED = ("state", "ended_at", "seconds", "octets", "error")
_DELETED = ("state", "keep_until", "deleted_at")


def _changing(columns: tuple[str, ...], condition: ColumnElement[bool]) -> Statement:
    """Changes columns of a recording under a condition; its id comes last."""
    mine = (recordings.c.id == bindparam("changed"), condition)
    new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in columns}
    return Statement(
        update(recordings).where(*mine).values(new), *(f"new_{name}" for name in columns), "changed"
    )


_ADD = adding(recordings, *_BEGUN)
_END = _changing(_ENDED, recordings.c.state == _UNDER_WAY)
_DELETE = _changing(_DELETED, recordings.c.state != _UNDER_WAY)


def changes(told: Iterable[Recorded]) -> list[Change]:
    """What the events that tell of recordings change, in an order that any batch allows: one that
    begins, ends and is deleted in it included."""
    added: list[Row] = []
    ended: list[Row] = []
    gone: list[Row] = []
    for one in told:
        at, event = one.at, one.event
        start, end, erased = begun(one.tenant, at, event), ending(at, event), deleted(event)
        if start is not None:
            added.append(_row(start))
        if end is not None:
            ended.append(
                (end.state.value, end.ended_at, end.seconds, end.octets, end.error, end.id)
            )
        if erased is not None:
            gone.append((RecordingState.DELETED.value, None, at, erased))
    return [(_ADD, added), (_END, ended), (_DELETE, gone)]


async def forget(connection: AsyncConnection, before: float) -> None:
    """Some of those that were deleted before a time."""
    old = (
        select(recordings.c.id)
        .where(recordings.c.deleted_at < before)
        .order_by(recordings.c.deleted_at)
        .limit(FORGOTTEN_A_STEP)
    )
    ids = list((await connection.execute(old)).scalars())
    if ids:
        await connection.execute(delete(recordings).where(recordings.c.id.in_(ids)))


class SqlRecordings:
    """Looks recordings up."""

    _store: Store

    async def recording(self, tenant: str, recording: str) -> KeptRecording | None:
        """A recording of a tenant; see the port."""
        mine = (recordings.c.id == recording, recordings.c.tenant == tenant)
        async with self._store.asked() as connection:
            row = (
                (await connection.execute(select(recordings).where(*mine))).mappings().one_or_none()
            )
        return None if row is None else _recording_of(row)

    async def recordings(self, tenant: str, wanted: WantedRecordings) -> tuple[KeptRecording, ...]:
        """Those of a tenant that are wanted; see the port."""
        return await self._recordings(_wanted(tenant, wanted))

    async def expired(self, before: float, limit: int) -> tuple[KeptRecording, ...]:
        """Those that may be deleted; see the port."""
        return await self._recordings(
            select(recordings)
            .where(recordings.c.keep_until < before, recordings.c.state != _UNDER_WAY)
            .order_by(recordings.c.keep_until, recordings.c.id)
            .limit(limit)
        )

    async def _recordings(self, asked: Select[tuple[Any, ...]]) -> tuple[KeptRecording, ...]:
        async with self._store.asked() as connection:
            rows = (await connection.execute(asked)).mappings().all()
        return tuple(map(_recording_of, rows))


def _wanted(tenant: str, wanted: WantedRecordings) -> Select[tuple[Any, ...]]:
    at = recordings.c.started_at
    conditions: list[ColumnElement[bool]] = [recordings.c.tenant == tenant]
    if wanted.call is not None:
        conditions.append(recordings.c.call == wanted.call)
    if wanted.record_group is not None:
        conditions.append(recordings.c.record_group == wanted.record_group)
    if wanted.state is not None:
        conditions.append(recordings.c.state == wanted.state.value)
    if wanted.since is not None:
        conditions.append(at >= wanted.since)
    if wanted.until is not None:
        conditions.append(at < wanted.until)
    if wanted.after is not None:
        behind = tuple_(wanted.after.started_at, wanted.after.id)
        conditions.append(tuple_(at, recordings.c.id) < behind)
    return (
        select(recordings)
        .where(*conditions)
        .order_by(at.desc(), recordings.c.id.desc())
        .limit(wanted.limit)
    )


def _row(one: KeptRecording) -> Row:
    return (
        *(one.id, one.tenant, one.call, one.file, one.started_at, one.group, one.record_group),
        *(one.keep_until, one.state.value),
    )


def _recording_of(row: RowMapping) -> KeptRecording:
    return KeptRecording(
        row["id"],
        row["tenant"],
        row["call"],
        row["file"],
        row["started_at"],
        row["group_name"],
        row["record_group"],
        row["keep_until"],
        RecordingState(row["state"]),
        row["ended_at"],
        row["seconds"],
        row["octets"],
        row["error"],
        row["deleted_at"],
    )
