"""recordings/list and recordings/get: what was recorded, and how it sounds.

A recording is named by its record group, the call's ``uniqueid`` and its ``recordid``, which is its
id here. What is kept in no record group has the id 0.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Final

from cordboard.api.answer import Answer
from cordboard.api.enswitch.asked import Asked, Function
from cordboard.api.enswitch.faults import Faulty, invalid, not_found
from cordboard.api.enswitch.lists import MAX_ROWS, flag, page_of
from cordboard.api.enswitch.replies import told
from cordboard.calls.recorded_files import OpenFile
from cordboard.directory.persons import Privilege
from cordboard.directory.snapshot import TenantDirectory
from cordboard.feeds.enswitch.call_ids import callid, named
from cordboard.feeds.enswitch.told_call import Row, unix
from cordboard.journal.recordings import KeptRecording, RecordingState, WantedRecordings

RAW, BASE64 = "raw", "base64"
WAV: Final = b"audio/wav"

LARGEST_REPLY: Final = 64 * 1024 * 1024
"""Octets of a recording that one reply has: half an hour. v1 gives longer ones in parts."""

_COLUMNS: Final = (
    *("recordid", "recordgroup", "uniqueid", "callid", "start", "end", "totaltime", "complete"),
    "customer",
)
_NONE: Final = "recording"


async def recordings_list(asked: Asked) -> Answer:
    """The recordings of a customer, or those of a record group."""
    fields = asked.fields
    page, tenants = page_of(fields, _COLUMNS, "start"), asked.customers()
    group = fields.whole("recordgroup")
    if not group and not fields.text("customer"):
        fields.fault("customer", "Expected a customer or a recordgroup.")
    since, until = fields.whole("start"), fields.whole("end")
    complete = fields.whole("complete", default=-1, least=-1, most=1)
    least = fields.whole("totaltime_minimum", default=-1, least=-1)
    most = fields.whole("totaltime_maximum", default=-1, least=-1)
    fields.check()
    rows: list[Row] = []
    for tenant in tenants:
        named_group = tenant.record_group(str(group)) if group else None
        if group and named_group is None:
            continue
        wanted = WantedRecordings(
            MAX_ROWS,
            record_group=None if named_group is None else named_group.name,
            since=float(since) or None,
            until=float(until) or None,
        )
        found = await asked.services.journal.recordings(tenant.domain, wanted)
        rows += [_row(one, tenant) for one in found if one.state is not RecordingState.DELETED]
    return page.of(
        row
        for row in rows
        if complete in (-1, int(row["complete"]))
        and int(row["totaltime"]) >= least
        and (most < 0 or int(row["totaltime"]) <= most)
    )


async def recordings_get(asked: Asked) -> Answer:
    """A recording: its WAV file as it is, or in base64 among the data."""
    fields = asked.fields
    fields.needed("recordgroup")
    group = fields.whole("recordgroup")
    unique, record = fields.needed("uniqueid"), fields.needed("recordid")
    encoding = fields.one_of("encoding", (RAW, BASE64))
    wrapped = fields.one_of("wrap", ("json", "none"))
    hashed = fields.switch("sha1")
    fields.check()
    one = await _named(asked, unique, record, group)
    audio = await _audio(asked, one)
    if wrapped == "none" or (not wrapped and encoding == RAW):
        body = base64.b64encode(audio) if encoding == BASE64 else audio
        return Answer(body=body, content_type=b"text/plain" if encoding == BASE64 else WAV)
    data: Row = {
        "recordid": one.id,
        "encoding": BASE64,
        "data": base64.b64encode(audio).decode("ascii"),
    }
    if hashed:
        data["sha1"] = hashlib.sha1(audio, usedforsecurity=False).hexdigest()
    return told({**data})


async def _named(asked: Asked, unique: str, record: str, group: int) -> KeptRecording:
    call = named(unique)
    for tenant in asked.all_customers():
        one = await asked.services.journal.recording(tenant.domain, record)
        if one is not None and call is not None and one.call == call.call:
            if _group_of(one, tenant) != str(group):
                raise not_found("recordgroup", _NONE)
            return one
    raise not_found("recordid", _NONE)


def _group_of(one: KeptRecording, tenant: TenantDirectory) -> str:
    """The id of its record group, 0 for none."""
    group = tenant.record_group(one.record_group) if one.record_group is not None else None
    return "0" if group is None else str(group.id)


async def _audio(asked: Asked, one: KeptRecording) -> bytes:
    """All of it; raises :class:`~cordboard.api.enswitch.faults.Faulty` where it is gone."""
    try:
        file = await asked.services.recordings.open(one)
        if file is None:
            raise not_found("recordid", _NONE)
        if file.octets > LARGEST_REPLY:
            file.close()
            message = f"It is larger than {LARGEST_REPLY} octets; v1 gives it in parts."
            raise Faulty([invalid("recordid", message)])
        return await asyncio.to_thread(_read, file)
    except OSError:
        raise not_found("recordid", _NONE) from None


def _read(file: OpenFile) -> bytes:
    try:
        return file.read(0, file.octets)
    finally:
        file.close()


def _row(one: KeptRecording, tenant: TenantDirectory) -> Row:
    return {
        "recordid": one.id,
        "recordgroup": _group_of(one, tenant),
        "uniqueid": callid(one.call),
        "callid": callid(one.call),
        "start": unix(one.started_at),
        "end": unix(one.ended_at),
        "totaltime": str(int(one.seconds or 0)),
        "complete": flag(one.state is RecordingState.COMPLETE),
        "customer": str(tenant.policy.customer),
    }


LIST: Final = Function("recordings/list", (Privilege.USER,), recordings_list)
GET: Final = Function("recordings/get", (Privilege.USER,), recordings_get)
