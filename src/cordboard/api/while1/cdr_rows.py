"""A call's row in While1's CDR (While1, Call Detail Records).

The page that we know breaks off before it shows a row; the names here are those of its filters, and
else what they say. ``id`` grows with the end of calls (microseconds since 1970), so that a client
which asks from the last id it has seen gets what came after.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from cordboard.calls.causes import Cause
from cordboard.calls.events import Json, Outcome, Recorded
from cordboard.calls.request import Direction
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.cdr import Cdr, cdr_of
from cordboard.feeds.project_calls import PROJECT
from cordboard.journal.port import CallRecord
from cordboard.journal.request_form import variables_in

IN, OUT = "IN", "OUT"

ANSWERED: Final = "ANSWERED"
STATUSES: Final = ("NO ANSWER", "CONGESTION", "FAILED", "BUSY", ANSWERED)

_BY_CAUSE: Final = {
    Cause.BUSY.value: "BUSY",
    Cause.CONGESTION.value: "CONGESTION",
    Cause.NO_ANSWER.value: "NO ANSWER",
    Cause.REJECTED.value: "NO ANSWER",
    Cause.CANCELLED.value: "NO ANSWER",
    Cause.NORMAL.value: "NO ANSWER",
    Cause.ANSWERED_ELSEWHERE.value: "NO ANSWER",
}

_MICROSECONDS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One row; times as ``YYYY-MM-DD HH:MM:SS`` in the server's time zone, durations in seconds."""

    id: int
    uniqueid: str
    linkedid: str
    project_id: str | None
    direction: str
    call_status: str
    source: str | None
    destination: str | None
    telephone: str | None
    user_id: int | None
    username: str | None
    queue: str | None
    start_date: str
    answer_date: str | None
    end_date: str | None
    duration: int
    billsec: int
    external_id: str | None
    external_info: str | None
    vars: dict[str, Json]
    recordings: tuple[str, ...]

    def as_dict(self) -> dict[str, Json]:
        """The row by column."""
        return {**asdict(self), "recordings": list(self.recordings)}


def row_of(record: CallRecord, events: Iterable[Recorded], tenant: TenantDirectory) -> CdrRow:
    """The row of a call that is over."""
    cdr = cdr_of(record, events)
    asked = record.request or {}
    ended_at = record.ended_at or record.accepted_at
    user = tenant.user_by_name(cdr.first_name or "") if cdr.first_kind == "user" else None
    user = user or (
        tenant.user_by_name(cdr.second_name or "") if cdr.second_kind == "user" else None
    )
    return CdrRow(
        id=id_of(ended_at),
        uniqueid=record.channels[0] if record.channels else record.id,
        linkedid=record.id,
        project_id=_text(asked.get("metadata"), PROJECT),
        direction=IN if cdr.direction == Direction.TRUNK.value else OUT,
        call_status=_status(cdr),
        source=cdr.first_number,
        destination=cdr.second_number,
        telephone=_telephone(cdr),
        user_id=None if user is None else user.id,
        username=None if user is None else user.name,
        queue=_queue(cdr),
        start_date=_date(cdr.started_at or record.accepted_at),
        answer_date=None if cdr.bridged_at is None else _date(cdr.bridged_at),
        end_date=_date(ended_at),
        duration=round(ended_at - (cdr.started_at or record.accepted_at)),
        billsec=round(cdr.talk_seconds or 0.0),
        external_id=record.external_id,
        external_info=_text(asked, "external_info"),
        vars=variables_in(asked),
        recordings=tuple(cdr.recordings),
    )


def id_of(ended_at: float) -> int:
    """The id of a call that ended at a time."""
    return round(ended_at * _MICROSECONDS)


def just_before(row_id: int) -> float:
    """A time before which all calls with smaller ids ended, and at which none did."""
    return (row_id - 0.5) / _MICROSECONDS


def _status(cdr: Cdr) -> str:
    if cdr.outcome == Outcome.COMPLETED.value:
        return ANSWERED
    return _BY_CAUSE.get(cdr.cause or "", "FAILED")


def _telephone(cdr: Cdr) -> str | None:
    """The number outside, if there is one."""
    for kind, number in ((cdr.second_kind, cdr.second_number), (cdr.first_kind, cdr.first_number)):
        if kind == "number":
            return number
    return None


def _queue(cdr: Cdr) -> str | None:
    for kind, name in ((cdr.first_kind, cdr.first_name), (cdr.second_kind, cdr.second_name)):
        if kind == "group":
            return name
    return cdr.group


def _text(table: Json, key: str) -> str | None:
    found = table.get(key) if isinstance(table, dict) else None
    return found if isinstance(found, str) else None


def _date(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
