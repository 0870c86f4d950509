"""Recordings over HTTP: listed, looked at, heard whole and in parts."""

from __future__ import annotations

import io
import wave
from dataclasses import replace
from typing import Any

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.directory.recording import RecordGroup, RecordPolicy
from cordboard.directory.scopes import ApiScope
from cordboard.engines.embedded.wav_file import wav_header
from support.asgi import Reply, ask
from support.quick_house import AT_ONCE
from support.tenants import tenant
from support.v1 import Served

pytestmark = pytest.mark.anyio


async def erase(served: Served, recording: str) -> None:
    assert (await served.delete(f"/recordings/{recording}")).status == 204


def allowing(*scopes: ApiScope) -> Served:
    """A server whose only account may do this and no more."""
    usual = tenant()
    accounts = tuple(replace(one, scopes=frozenset(scopes)) for one in usual.accounts)
    return Served(replace(usual, accounts=accounts))


def problem(reply: Reply) -> tuple[int, Any]:
    return reply.status, reply.json["id"]


async def test_a_recording_is_shown() -> None:
    served = Served()
    recording = await served.recorded(group="sales", record_group="legal", keep_days=1)
    shown = (await served.get(f"/recordings/{recording}")).json
    assert shown["id"] == recording == "call-1-1"
    assert (shown["call"], shown["state"], shown["file"]) == (
        "call-1",
        "complete",
        "demo/call-1-1.wav",
    )
    assert (shown["group"], shown["record_group"]) == ("sales", "legal")
    assert (shown["seconds"], shown["octets"], shown["error"]) == (1.0, 32_044, None)
    assert shown["keep_until"] == shown["started_at"] + 86_400
    assert shown["audio"] == "/v1/recordings/call-1-1/audio"


async def test_they_are_listed_in_pages() -> None:
    served = Served()
    for number in range(5):
        await served.recorded(f"call-{number}", record_group="even" if number % 2 == 0 else "odd")
    first = (await served.get("/recordings?limit=2")).json
    assert [one["id"] for one in first["recordings"]] == ["call-4-1", "call-3-1"]
    second = (await served.get(f"/recordings?limit=3&cursor={first['next']}")).json
    assert [one["id"] for one in second["recordings"]] == ["call-2-1", "call-1-1", "call-0-1"]
    assert second["next"] is None
    odd = (await served.get("/recordings?record_group=odd")).json["recordings"]
    assert [one["id"] for one in odd] == ["call-3-1", "call-1-1"]
    of_one = (await served.get("/recordings?call=call-2")).json["recordings"]
    assert [one["id"] for one in of_one] == ["call-2-1"]
    assert (await served.get("/recordings?state=recording")).json["recordings"] == []
    assert (await served.get("/recordings?from=2100-01-01T00:00:00Z")).json["recordings"] == []
    assert len((await served.get("/recordings?to=2100-01-01T00:00:00Z")).json["recordings"]) == 5
    for wrong in ("limit=0", "cursor=x", "state=gone", "from=soon"):
        assert problem(await served.get(f"/recordings?{wrong}")) == (422, "invalid_parameter")


async def test_the_call_and_its_row_tell_of_its_recordings() -> None:
    served = Served()
    for phone in ("jessica-desk", "thomas"):
        served.engine.when_dialled(f"{phone}@demo", AT_ONCE)
    asked = {
        "first": {"user": {"name": "jessica"}},
        "second": {"address": "thomas"},
        "record": True,
    }
    call = (await served.post("/calls", asked)).json["id"]
    await served.journal.flush()
    (live,) = (await served.get(f"/calls/{call}")).json["recordings"]
    recording = f"{call}-1"
    assert (live["id"], live["state"], live["seconds"]) == (recording, "recording", None)
    assert live["audio"] == f"/v1/recordings/{recording}/audio"
    served.engine.advance(2.0)
    assert (await served.delete(f"/calls/{call}")).status == 204
    await served.journal.flush()
    (over,) = (await served.get(f"/calls/{call}")).json["recordings"]
    assert (over["state"], over["seconds"], over["error"]) == ("complete", 2.0, None)
    (cdr,) = (await served.get("/cdrs")).json["cdrs"]
    assert cdr["recordings"] == [recording]
    csv = (await served.get("/cdrs?format=csv")).body.decode()
    assert f",{recording},," in csv.splitlines()[1]
    await erase(served, recording)
    (gone,) = (await served.get(f"/calls/{call}")).json["recordings"]
    assert (gone["state"], gone["audio"]) == ("deleted", None)


async def test_it_is_heard_whole() -> None:
    served = Served()
    reply = await served.hear(await served.recorded())
    assert reply.status == 200
    with wave.open(io.BytesIO(reply.body)) as reader:
        assert (reader.getnchannels(), reader.getnframes()) == (2, 8000)
    assert reply.headers["content-type"] == "audio/wav"
    assert reply.headers["content-length"] == "32044"
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["etag"] == '"call-1-1-32044"'
    assert reply.headers["cache-control"] == "private, no-cache"
    assert reply.headers["content-disposition"] == 'inline; filename="call-1-1.wav"'


async def test_head_tells_how_much_there_is() -> None:
    served = Served()
    path = f"/v1/recordings/{await served.recorded()}/audio"
    got = await ask(served.app, "GET", path, stays=True)
    reply = await ask(served.app, "HEAD", path, headers={"range": "bytes=0-9"})
    assert (reply.status, reply.body) == (200, b""), "a range is of GET alone"
    for each in (reply, got):
        del each.headers["x-request-id"]
    assert reply.headers == got.headers
    known = await ask(served.app, "HEAD", path, headers={"if-none-match": got.headers["etag"]})
    assert known.status == 304


@pytest.mark.parametrize("seconds", [0.0, 1.0, 20.0])
async def test_parts_make_the_whole(seconds: float) -> None:
    served = Served()
    recording = await served.recorded(seconds=seconds)
    everything = (await served.hear(recording)).body
    size = len(everything)
    step = max(1, size // 3)
    parts = []
    for start in range(0, size, step):
        end = min(start + step, size) - 1
        reply = await served.hear(recording, range=f"bytes={start}-{end}")
        assert reply.status == 206
        assert reply.headers["content-range"] == f"bytes {start}-{end}/{size}"
        assert reply.headers["content-length"] == str(len(reply.body))
        parts.append(reply.body)
    assert b"".join(parts) == everything


async def test_a_range_that_is_not_there() -> None:
    served = Served()
    recording = await served.recorded()
    reply = await served.hear(recording, range="bytes=32044-")
    assert problem(reply) == (416, "range_not_satisfiable")
    assert reply.headers["content-range"] == "bytes */32044"
    for ignored in ("pages=1-2", "bytes=0-1, 5-6", "bytes=x"):
        assert (await served.hear(recording, range=ignored)).status == 200


async def test_the_rest_of_what_the_client_has() -> None:
    served = Served()
    recording = await served.recorded()
    tag = (await served.hear(recording)).headers["etag"]
    rest = {"range": "bytes=100-"}
    assert (await served.hear(recording, **rest, **{"if-range": tag})).status == 206
    assert (await served.hear(recording, **rest, **{"if-range": '"other"'})).status == 200
    assert (await served.hear(recording, **rest, **{"if-range": f"W/{tag}"})).status == 200
    same = await served.hear(recording, **rest, **{"if-none-match": tag})
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", tag)


async def test_one_that_goes_on_is_heard_as_it_is_now() -> None:
    served = Served()
    began = CallEvent(EventKind.RECORDING_STARTED, "call-1", data={"file": "demo/call-1-1.wav"})
    await served.journal.commit("demo", [began])
    served.files.files["demo/call-1-1.wav"] = wav_header(0) + bytes(3202)
    reply = await served.hear("call-1-1")
    assert reply.body == wav_header(3200) + bytes(3200)
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    part = await served.hear("call-1-1", range="bytes=44-", **{"if-range": "x"})
    assert part.status == 200, "nothing of it can be the same later"
    assert (await served.hear("call-1-1", range="bytes=44-47")).status == 206


async def test_what_is_not_there_and_what_is_there_no_more() -> None:
    served = Served()
    for path in ("/recordings/none", "/recordings/none/audio", "/recordings/%00/audio"):
        assert problem(await served.get(path)) == (404, "recording_not_found")
    recording = await served.recorded()
    await erase(served, recording)
    assert (await served.get(f"/recordings/{recording}")).json["audio"] is None
    assert problem(await served.hear(recording)) == (410, "recording_deleted")
    lost = await served.recorded("call-2")
    served.files.files.clear()
    assert problem(await served.hear(lost)) == (410, "recording_deleted")


async def test_who_may_look_at_calls_may_not_hear_them() -> None:
    served = allowing(ApiScope.CALLS_READ)
    recording = await served.recorded()
    for path in ("", f"/{recording}", f"/{recording}/audio"):
        assert problem(await served.get(f"/recordings{path}")) == (403, "scope_missing")


async def test_who_may_hear_them_may_not_delete_them() -> None:
    served = allowing(ApiScope.RECORDINGS_READ)
    recording = await served.recorded()
    assert problem(await served.delete(f"/recordings/{recording}")) == (403, "scope_missing")
    assert len((await served.hear(recording)).body) == 32_044


async def test_the_record_groups_of_the_directory_are_listed() -> None:
    groups = tuple(RecordGroup(number, name, name) for number, name in ((2, "b"), (1, "a")))
    served = Served(replace(tenant(), record_groups=groups))
    page = (await served.get("/record_groups?limit=1")).json
    assert page["record_groups"] == [
        {
            "id": 1,
            "name": "a",
            "label": "a",
            "folder": "",
            "fraction": 1.0,
            "beep": False,
            "keep_days": None,
        }
    ]
    rest = (await served.get(f"/record_groups?cursor={page['next']}")).json
    assert [one["name"] for one in rest["record_groups"]] == ["b"]
    assert rest["next"] is None


async def test_a_request_names_its_record_group() -> None:
    served = Served(replace(tenant(), record_groups=(RecordGroup(7, "legal", "Legal", "legal"),)))
    asked = {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}}
    told = (await served.post("/calls/explain", {**asked, "record_group": "7"})).json
    assert told["record"] is True
    assert told["recording"] == {
        "because": "the request names the record group legal",
        "allowed": True,
        "beep": False,
        "record_group": "legal",
        "keep_days": None,
    }
    unknown = await served.post("/calls", {**asked, "record_group": "none"})
    assert problem(unknown) == (422, "invalid_parameter")
    assert unknown.json["parameter"] == "record_group"


async def test_who_is_never_recorded_is_told_of() -> None:
    usual = tenant()
    users = tuple(replace(one, record=RecordPolicy.NEVER) for one in usual.users)
    served = Served(replace(usual, users=users))
    asked = {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}}
    refused = await served.post("/calls", {**asked, "record": True})
    assert problem(refused) == (422, "recording_not_allowed")
    for phone in ("jessica-desk", "thomas"):
        served.engine.when_dialled(f"{phone}@demo", AT_ONCE)
    call = (await served.post("/calls", asked)).json["id"]
    reply = await served.post(f"/calls/{call}/record", {"action": "start"})
    assert problem(reply) == (422, "recording_not_allowed")


async def test_what_is_deleted_is_told() -> None:
    served = allowing(ApiScope.RECORDINGS_WRITE)
    recording = await served.recorded()
    assert (await served.delete(f"/recordings/{recording}")).status == 204
    assert served.files.files == {}
    event = served.journal.snapshot("demo").cursor
    reader = served.journal.read("demo", f"{event.rpartition(':')[0]}:2")
    (told,) = reader.at_hand(10)
    assert told.event.kind is EventKind.RECORDING_DELETED
    assert (told.event.data["by"], told.event.data["account"]) == ("client", "main")
    again = await served.delete(f"/recordings/{recording}")
    assert problem(again) == (410, "recording_deleted")
    assert problem(await served.delete("/recordings/none")) == (404, "recording_not_found")


async def test_one_that_goes_on_is_not_deleted() -> None:
    served = Served()
    began = CallEvent(EventKind.RECORDING_STARTED, "call-1", data={"file": "demo/call-1-1.wav"})
    await served.journal.commit("demo", [began])
    reply = await served.delete("/recordings/call-1-1")
    assert problem(reply) == (409, "recording_under_way")


async def test_a_file_that_cant_be_touched_stays_known(monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served()
    recording = await served.recorded()

    def fail(_name: str) -> None:
        raise PermissionError(13, "Permission denied")

    for method in ("erase", "open"):
        monkeypatch.setattr(served.files, method, fail)
    assert problem(await served.delete(f"/recordings/{recording}")) == (500, "internal_error")
    assert problem(await served.hear(recording)) == (500, "internal_error")
    assert (await served.get(f"/recordings/{recording}")).json["state"] == "complete"
