"""Recordings as a journal in memory knows them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cordboard.calls.events import CallEvent, Recorded
from cordboard.calls.recording_terms import id_of
from cordboard.journal.recordings import (
    OF_RECORDINGS,
    KeptRecording,
    RecordingState,
    WantedRecordings,
    after,
    deleted,
    newest,
)

MOST: Final = 10_000
"""Recordings that are known of all tenants; the oldest deleted ones go first. Those of a server
that keeps nothing but their files are gone with it."""


class MemoryRecordings:
    """The rows by tenant and id."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], KeptRecording] = {}

    def commit(self, recorded: Iterable[Recorded]) -> None:
        """What events tell of recordings is so from now on."""
        for one in recorded:
            if one.event.kind in OF_RECORDINGS:
                self._follow(one.tenant, one.at, one.event)

    def of(self, tenant: str, recording: str) -> KeptRecording | None:
        """A recording of a tenant."""
        return self._rows.get((tenant, recording))

    def wanted(self, tenant: str, wanted: WantedRecordings) -> tuple[KeptRecording, ...]:
        """Those of a tenant that are wanted."""
        mine = (one for one in self._rows.values() if one.tenant == tenant)
        return tuple(newest(mine, wanted))

    def expired(self, before: float, limit: int) -> tuple[KeptRecording, ...]:
        """Those that may be deleted."""
        old = [
            (one.keep_until, one.id, one)
            for one in self._rows.values()
            if one.keep_until is not None
            and one.keep_until < before
            and one.state is not RecordingState.RECORDING
        ]
        return tuple(one for *_, one in sorted(old, key=lambda entry: entry[:2])[:limit])

    def _follow(self, tenant: str, at: float, event: CallEvent) -> None:
        id_ = deleted(event) or id_of(str(event.data.get("file")))
        row = after(tenant, at, event, self._rows.get((tenant, id_)))
        if row is not None:
            self._rows[tenant, id_] = row
            if len(self._rows) > MOST:
                self._forget_one()

    def _forget_one(self) -> None:
        over = (key for key, one in self._rows.items() if one.state is RecordingState.DELETED)
        del self._rows[next(over, next(iter(self._rows)))]
