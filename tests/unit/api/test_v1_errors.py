"""Whatever is wrong with a request to v1, the answer is a problem with a stable id."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cordboard.api.body import MAX_BODY_BYTES
from cordboard.api.v1.problems import KNOWN, RETRY_SECONDS, Problem, answer_of, refused
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.journal.port import JournalUnavailable
from support.asgi import Reply, ask
from support.v1 import Served

pytestmark = pytest.mark.anyio

EXPLAIN = "/calls/explain"


def is_problem(reply: Reply, name: str) -> None:
    assert reply.json["id"] == name, reply.json
    assert reply.headers["content-type"] == "application/problem+json"
    assert (reply.status, reply.json["title"]) == KNOWN[name]
    assert reply.json["status"] == reply.status
    assert reply.json["detail"]


@pytest.mark.parametrize(
    "path", ["", "/", "/a\nb", "/nothing", "/calls/", "/calls/a/b/c", "/callsx"]
)
async def test_unknown_paths(path: str) -> None:
    is_problem(await Served().get(path), "not_found")


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/calls/x", "GET, DELETE, OPTIONS"),
        ("HEAD", "/calls/x", "GET, DELETE, OPTIONS"),
        ("GET", "/calls/explain", "POST, OPTIONS"),
        ("TRACE", "/trunks", "GET, OPTIONS"),
    ],
)
async def test_wrong_methods_hear_which_are_right(method: str, path: str, allow: str) -> None:
    reply = await ask(Served().app, method, f"/v1{path}", authorization=None)
    is_problem(reply, "method_not_allowed")
    assert reply.headers["allow"] == allow
    options = await ask(Served().app, "OPTIONS", f"/v1{path}", authorization=None)
    assert (options.status, options.headers["allow"], options.body) == (204, allow, b"")


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b"", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'{"method": 1, "method": 2}', "invalid_json"),
        (b'{"method": NaN}', "invalid_json"),
        (b"\xff", "invalid_json"),
        (b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}', "body_too_large"),
    ],
)
async def test_unreadable_bodies(body: bytes, name: str) -> None:
    is_problem(await Served().post(EXPLAIN, body), name)


async def test_a_body_that_says_it_is_too_long_is_not_read() -> None:
    headers = {"content-length": str(MAX_BODY_BYTES + 1)}
    is_problem(await Served().post(EXPLAIN, b"{}", headers=headers), "body_too_large")


@pytest.mark.parametrize("said", ["text/plain", "multipart/form-data; boundary=x", "text/xml"])
async def test_what_is_no_json_by_its_type_is_refused(said: str) -> None:
    """A page elsewhere can have a browser send these without asking us before."""
    reply = await Served().post(EXPLAIN, b"{}", headers={"content-type": said})
    is_problem(reply, "unsupported_media_type")


@pytest.mark.parametrize(
    "said", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"]
)
async def test_json_by_any_of_its_names_is_read(said: str) -> None:
    reply = await Served().post(EXPLAIN, b"{}", headers={"content-type": said})
    is_problem(reply, "invalid_parameter")


async def test_all_faults_are_told_at_once_and_no_value_is() -> None:
    reply = await Served().post(EXPLAIN, {"dialect": 7, "parameters": "secret"})
    is_problem(reply, "invalid_parameter")
    assert {fault["path"] for fault in reply.json["errors"]} == {"dialect", "method", "parameters"}
    assert {fault["where"] for fault in reply.json["errors"]} == {"body"}
    assert b"secret" not in reply.body


async def test_wrong_queries_are_told_alike() -> None:
    reply = await Served().get("/callbacks?before=soon")
    is_problem(reply, "invalid_parameter")
    (fault,) = reply.json["errors"]
    assert (fault["where"], fault["path"]) == ("query", "before")


async def test_who_asks_is_found_out_before_anything_is_read() -> None:
    for path, body in ((EXPLAIN, b"{nonsense"), ("/callbacks/x/redeliver", b"")):
        reply = await ask(Served().app, "POST", f"/v1{path}", body, authorization=None)
        is_problem(reply, "authentication_required")
        assert reply.headers["www-authenticate"].startswith("Basic ")
    reply = await ask(Served().app, "GET", "/v1/callbacks?before=soon", authorization="Basic x")
    is_problem(reply, "authentication_required")


async def test_a_journal_that_does_not_answer_is_for_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served = Served()

    async def away(*_: Any) -> None:
        raise JournalUnavailable("secret")

    for name in ("call", "calls", "kept_key"):
        monkeypatch.setattr(served.journal, name, away)
    body = {"first": {"address": "jessica"}, "second": {"address": "thomas"}}
    for reply in (
        await served.get("/calls/x"),
        await served.get("/calls"),
        await served.post("/calls", body, headers={"idempotency-key": "k"}),
    ):
        is_problem(reply, "overloaded")
        assert int(reply.headers["retry-after"]) >= 1
        assert b"secret" not in reply.body
    assert not served.engine.commands


async def test_a_fault_of_our_own_is_a_problem_too(monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served()

    async def broken(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(served.journal, "call", broken)
    reply = await served.get("/calls/x")
    is_problem(reply, "internal_error")
    assert b"secret" not in reply.body


@pytest.mark.parametrize("refusal", RefusalId)
def test_every_refusal_is_a_problem(refusal: RefusalId) -> None:
    answer = answer_of(refused(Refused(refusal, "because", "there")))
    status, _ = KNOWN[refusal.value]
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) is (status in RETRY_SECONDS)


def test_a_title_belongs_to_each_id() -> None:
    titles = [title for _, title in KNOWN.values()]
    assert len(set(titles)) == len(titles)
    assert answer_of(Problem("not_found", "x")).status_code == 404


@pytest.mark.parametrize("name", KNOWN)
def test_every_problem_is_described(name: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "api-v1.md").read_text(encoding="utf-8")
    row = rf"^\| [0-9, ]*{KNOWN[name][0]}[0-9, ]* \|.*`{name}`"
    assert re.search(row, page, flags=re.MULTILINE), name
