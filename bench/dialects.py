"""How each of the server's dialects is asked for the same call, and what says yes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

CALLBACK_PORT = 7190
CALLBACK = f"http://127.0.0.1:{CALLBACK_PORT}/callback"
BASIC = "Authorization: Basic " + base64.b64encode(b"bench:bench-token").decode() + "\r\n"
BEARER = "Authorization: Bearer bench-token\r\n"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect: where a request goes, and how it and its answer read."""

    name: str
    path: str
    headers: str
    body: Callable[[str], str]
    """Of a call of the first phone with an outside number."""
    first: Callable[[int, Any], str | None]
    """The first leg's Call-ID where the reply tells it, empty where not; None for a refusal."""
    callbacks: bool
    """Whether the request asks for a callback."""
    kind: str = "application/json"


def _basix(number: str) -> str:
    return f'{{"user_name":"first","destination":"{number}","callback_url":"{CALLBACK}"}}'


def _v1(number: str) -> str:
    return (
        f'{{"first":{{"user":{{"name":"first"}}}},"second":{{"number":"{number}"}},'
        f'"callback":{{"url":"{CALLBACK}"}}}}'
    )


def _while1(number: str) -> str:
    return (
        '{"data":{"project_id":1,"type":"user","destination":"first","caller_id_name":"Olive",'
        f'"external_id":"x{number}","async":1,"caller_id":"{number}"}}}}'
    )


def _enswitch(number: str) -> str:
    return (
        "auth_username=person&auth_password=bench-password"
        f"&stype=phone&snumber=first&cnumber={number}"
    )


def _basix_first(status: int, told: Any) -> str | None:
    return str(told["uuids"][0]) if status == 200 and told["result_code"] == 0 else None


BASIX = Dialect("Basix", "/basix/api/call_user", BASIC, _basix, _basix_first, True)
DIALECTS = (
    BASIX,
    Dialect("v1", "/v1/calls", BASIC, _v1, lambda s, _: "" if s in (201, 202) else None, True),
    Dialect(
        "While1",
        "/api/originate-call",
        BEARER,
        _while1,
        lambda _, told: None if told["has_error"] else "",
        False,
    ),
    Dialect(
        "Enswitch",
        "/local/api/json/calls/make/",
        "",
        _enswitch,
        lambda _, told: "" if told["responses"][0]["code"] in ("200", "204") else None,
        False,
        "application/x-www-form-urlencoded",
    ),
)


def reason(answer: bytes) -> str:
    """Why a request was refused, in a few words."""
    try:
        told = json.loads(answer)
    except ValueError:
        return answer[:60].decode(errors="replace")
    for way in (
        lambda: told["error"]["id"],
        lambda: told["type"].rpartition("/")[2],
        lambda: told["messages"][0],
        lambda: told["responses"][0]["message"],
    ):
        try:
            return str(way())
        except (KeyError, IndexError, TypeError, AttributeError):
            continue
    return str(told)[:60]
