"""Who gets in, what he may do there, and from which pages."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest
from starlette.types import ASGIApp
from structlog.testing import capture_logs

from cordboard.api.app import create_app
from cordboard.api.auth import PRINCIPAL, Gate, GuessedTooOften, Unauthenticated
from cordboard.api.guessing import GUESSES_OF_AN_ADDRESS
from cordboard.api.services import Services
from cordboard.directory.snapshot import Directory
from cordboard.directory.toml import load_directory
from cordboard.exchange.repetition import Accepted
from cordboard.journal.memory import MemoryJournal
from support.asgi import ask

pytestmark = pytest.mark.anyio

SHOP, OTHER = "https://shop.example", "https://other.example"

FILE = f"""
[tenant.demo.account.all]
tokens = ["all-of-it-1", "all-of-it-2"]
origins = ["{SHOP}"]
[tenant.demo.account.reader]
token = "reader-token"
scopes = ["calls:read", "trunks:read"]
[tenant.demo.account.nothing]
token = "nothing-token"
scopes = []
[tenant.demo.account.both]
token = "both-token"
[tenant.other.account.page]
token = "other-token"
origins = ["{OTHER}"]
[tenant.other.account.both]
token = "both-token"
"""


def directory() -> Directory:
    read, problems = load_directory(FILE)
    told = [str(problem) for problem in problems.in_order()]
    (line,) = [line for line in told if "both" in line]
    assert line.startswith("directory.toml:16: warning: tenant.other.account.both: a token")
    assert "already used by tenant demo (line 11)" in line
    return read


class FakeExchange:
    def __init__(self) -> None:
        self.placed: list[Any] = []

    def new_call_id(self) -> str:
        return "call-1"

    async def place(self, request: Any, _key: str | None = None) -> Accepted:
        self.placed.append(request)
        return Accepted("call-1", ("uuid-1",))


@pytest.fixture
def app() -> ASGIApp:
    return serving(directory())


def serving(known: Directory) -> ASGIApp:
    return create_app(Services(FakeExchange(), MemoryJournal(), lambda: known))  # type: ignore[arg-type]  # what is asked of it


def basic(domain: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{domain}:{token}".encode()).decode()


def scope(authorization: str, client: tuple[str, int] | None = ("192.0.2.1", 1)) -> dict[str, Any]:
    return {"headers": [(b"authorization", authorization.encode())], "client": client}


@pytest.mark.parametrize(
    ("authorization", "name"),
    [
        (basic("demo", "all-of-it-1"), "demo/all"),
        (basic("DEMO", "all-of-it-2"), "demo/all"),
        ("Bearer all-of-it-2", "demo/all"),
        ("bearer  other-token", "other/page"),
        (basic("demo", "both-token"), "demo/both"),
        (basic("other", "both-token"), "other/both"),
        ("Bearer both-token", None),
        ("Bearer demo:all-of-it-1", None),
        (basic("other", "all-of-it-1"), None),
        (basic("nobody", "all-of-it-1"), None),
        ("Bearer", None),
        ("Digest all-of-it-1", None),
    ],
)
async def test_a_token_leads_to_one_account(authorization: str, name: str | None) -> None:
    known = directory()
    gate = Gate(lambda: known)
    if name is None:
        with pytest.raises(Unauthenticated):
            gate.admit(scope(authorization))
        return
    principal = gate.admit(scope(authorization, None))
    assert f"{principal.tenant.domain}/{principal.account.name}" == name


async def test_who_is_known_again_is_not_where_the_directory_is_another_one() -> None:
    held = [directory()]
    gate = Gate(lambda: held[0])
    one, again = scope("Bearer all-of-it-1"), scope("Bearer all-of-it-1")
    assert gate.admit(one) is gate.admit(again)
    assert again[PRINCIPAL].account.name == "all"
    tenants = held[0].tenants
    held[0] = Directory(tuple(replace(tenant, accounts=()) for tenant in tenants))
    with pytest.raises(Unauthenticated):
        gate.admit(scope("Bearer all-of-it-1"))


async def test_who_guesses_waits_and_whoever_was_there_before_does_not() -> None:
    known, now = directory(), [100.0]
    gate = Gate(lambda: known, lambda: now[0])
    gate.admit(scope("Bearer all-of-it-1"))
    with capture_logs() as logs:
        for number in range(GUESSES_OF_AN_ADDRESS):
            with pytest.raises(Unauthenticated):
                gate.admit(scope(f"Bearer guess-{number}"))
    (line,) = logs
    assert line == {
        "event": "too many wrong tokens",
        "log_level": "warning",
        "source": "192.0.2.1",
        "tenant": None,
    }
    with pytest.raises(GuessedTooOften) as caught:
        gate.admit(scope(basic("demo", "reader-token")))
    assert caught.value.seconds == 10
    assert gate.admit(scope("Bearer all-of-it-1")).account.name == "all"
    now[0] += 10.0
    assert gate.admit(scope(basic("demo", "reader-token"))).account.name == "reader"


@pytest.mark.parametrize(("domain", "told"), [("DEMO", "demo"), ("all-of-it-1", None)])
async def test_no_token_in_the_wrong_place_gets_into_the_log(domain: str, told: str | None) -> None:
    known = directory()
    gate = Gate(lambda: known, lambda: 100.0)
    with capture_logs() as logs:
        for number in range(GUESSES_OF_AN_ADDRESS):
            with pytest.raises(Unauthenticated):
                gate.admit(scope(basic(domain, f"guess-{number}")))
    assert [line["tenant"] for line in logs] == [told]
    assert "all-of-it" not in str(logs)


async def test_guessers_are_told_when_to_come_again(app: ASGIApp) -> None:
    for path in ("/basix/api/call_user", "/v1/trunks"):
        method = "POST" if path.startswith("/basix") else "GET"
        for number in range(GUESSES_OF_AN_ADDRESS + 1):
            reply = await ask(app, method, path, {}, authorization=f"Bearer {path}{number}")
        assert reply.status == 429
        assert 0 < int(reply.headers["retry-after"]) <= 20


async def test_a_call_needs_the_scope_for_it(app: ASGIApp) -> None:
    body = {"user_name": "jessica", "destination": "1"}
    for token in ("reader-token", "nothing-token"):
        authorization = basic("demo", token)
        reply = await ask(app, "POST", "/basix/api/call_user", body, authorization=authorization)
        assert (reply.status, reply.json["error"]["id"]) == (403, "scope_missing")
        assert "calls:write" in reply.json["error"]["message"]
    authorization = basic("demo", "both-token")
    reply = await ask(app, "POST", "/basix/api/call_user", body, authorization=authorization)
    assert (reply.status, reply.json["result_code"]) == (200, 0)


async def test_v1_needs_the_scope_that_the_route_names(app: ASGIApp) -> None:
    seen = await ask(app, "GET", "/v1/trunks", authorization="Bearer reader-token")
    assert seen.status == 200
    refused = await ask(app, "GET", "/v1/callbacks", authorization="Bearer reader-token")
    assert (refused.status, refused.json["id"]) == (403, "scope_missing")
    assert refused.json["parameter"] == "callbacks:read"
    nobody = await ask(app, "GET", "/v1/trunks", authorization="Bearer wrong-token")
    assert (nobody.status, nobody.json["id"]) == (401, "authentication_required")


PREFLIGHT = {"access-control-request-method": "POST"}


@pytest.mark.parametrize("path", ["/basix/api/call_user", "/v1/calls", "/v1/nowhere"])
async def test_a_page_that_any_account_names_passes_the_preflight(app: ASGIApp, path: str) -> None:
    for origin in (SHOP, OTHER, SHOP.upper()):
        headers = {"origin": origin, **PREFLIGHT}
        reply = await ask(app, "OPTIONS", path, authorization=None, headers=headers)
        assert reply.status == 204
        assert reply.headers["access-control-allow-origin"] == origin.lower()
        assert "POST" in reply.headers["access-control-allow-methods"]
        assert "Idempotency-Key" in reply.headers["access-control-allow-headers"]
    headers = {"origin": "https://evil.example", **PREFLIGHT}
    reply = await ask(app, "OPTIONS", path, authorization=None, headers=headers)
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(
    ("origin", "token", "allowed"),
    [
        (SHOP, "all-of-it-1", True),
        (OTHER, "all-of-it-1", False),
        (SHOP, "other-token", False),
        (OTHER, "other-token", True),
        (SHOP, "both-token", False),
        (SHOP, "wrong-token", False),
        (None, "all-of-it-1", False),
    ],
)
async def test_only_pages_of_the_account_read_the_answer(
    app: ASGIApp, origin: str | None, token: str, allowed: bool
) -> None:
    headers = {} if origin is None else {"origin": origin}
    authorization = f"Bearer {token}"
    for method, path in (("POST", "/basix/api/call_user"), ("GET", "/v1/trunks")):
        reply = await ask(app, method, path, {}, authorization=authorization, headers=headers)
        assert reply.headers["vary"] == "Origin"
        assert (reply.headers.get("access-control-allow-origin") == origin) is (
            allowed or origin is None
        )
        assert ("Cordboard-Call" in reply.headers.get("access-control-expose-headers", "")) is (
            allowed
        )


async def test_where_no_account_names_a_page_nothing_is_added() -> None:
    read, _ = load_directory('[tenant.demo.account.main]\ntoken = "demo-token"')
    reply = await ask(serving(read), "GET", "/v1/trunks", headers={"origin": SHOP})
    assert (reply.status, reply.headers.get("vary")) == (200, None)
