"""Whatever is asked of Enswitch's API, it is answered in the one shape, and never by a fault."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from cordboard.api.enswitch.endpoint import FUNCTIONS
from cordboard.directory.passwords import held_password
from cordboard.directory.persons import Person
from cordboard.directory.snapshot import TenantDirectory
from support.asgi import ask
from support.tenants import tenant
from support.v1 import Served

NAMES = st.sampled_from(
    [
        *("stype", "snumber", "ctype", "cnumber", "cdialplan", "card", "customer", "answer1"),
        *("callerid1", "callerid2", "recordgroup", "screen2", "warn1", "delay", "wait"),
        *("callid", "uniqueid", "channel", "direction", "sort", "descending", "count", "limit"),
        *("offset", "names", "start", "end", "status", "talktime_minimum", "callerid"),
        *("complete", "recordid", "encoding", "wrap", "sha1"),
    ]
)
VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "-1", "phone", "jessica-desk", "thomas", "1002", "all", "7"]),
    st.sampled_from(["1234567890.123456", "0312341234", "+81 3", "recursive", "raw", "json"]),
    st.text(max_size=12),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
)
CODES = {"200", "204", "400", "403", "404"}


def house() -> TenantDirectory:
    """The tenant with a person."""
    return replace(tenant(customer=1), persons=(Person("user", held_password("password")),))


@given(st.sampled_from(FUNCTIONS), st.dictionaries(NAMES, VALUES, max_size=8), st.booleans())
def test_whatever_is_asked_is_answered(
    function: Any, parameters: dict[str, str], as_json: bool
) -> None:
    if "delay" in parameters:
        parameters.pop("wait", None)  # nobody waits for years
    login = {"auth_username": "user", "auth_password": "password"}

    async def answered() -> None:
        served = Served(house())
        path = f"/api/json/{function.path}/"
        sent: Any = login | parameters
        if not as_json:
            fields = (f"{name}={quote(value, safe='')}" for name, value in sent.items())
            sent = ";".join(fields).encode()
        reply = await ask(served.app, "POST", path, sent, authorization=None)
        assert reply.status == 200
        if reply.headers["content-type"] == "application/json":
            responses = reply.json["responses"]
            assert responses
            assert {one["code"] for one in responses} <= CODES, responses
            wrong = [one for one in responses if one["code"] >= "400"]
            assert wrong == [] or wrong == responses
            assert ("data" in reply.json) == (responses[0]["code"] == "200")
        await served.exchange.stop()

    asyncio.run(answered())
