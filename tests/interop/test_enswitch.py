"""Programs written for Enswitch or 015pbx, against the demonstration's phones."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.demonstration import Demonstration
from support.waiting import wait_until

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[2] / "docs" / "enswitch.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```\n(/local/\S+)\n```\n+```json\n(.+)\n```", PAGE)
LOGIN = "auth_username=user;auth_password=password"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    with Demonstration(tmp_path_factory.mktemp("demo")) as shown:
        yield shown


@pytest.fixture
def house(demonstration: Demonstration) -> Iterator[Demonstration]:
    yield demonstration
    demonstration.hang_up_all()


def get(house: Demonstration, path: str) -> tuple[Any, str]:
    """The reply, and the id of the call that was made."""
    reply, call = house.ask("GET", path)
    return reply, call or ""


def rows(house: Demonstration) -> list[dict[str, str]]:
    reply, _ = get(house, f"/api/json/calls/active/list?{LOGIN}")
    listed: list[dict[str, str]] = reply["data"]
    return listed


@pytest.mark.parametrize(("path", "printed"), EXAMPLES[:3])
def test_an_example_runs_as_printed_but_for_the_host(
    house: Demonstration, path: str, printed: str
) -> None:
    reply, call = get(house, path)
    assert reply["responses"] == json.loads(printed)["responses"]
    assert house.connected(call) == "call.bridged"


def test_a_call_that_was_made_is_tracked_sent_on_and_ended(house: Demonstration) -> None:
    path, printed = EXAMPLES[3]
    reply, call = get(house, path)
    assert reply["responses"] == json.loads(printed)["responses"]
    assert reply["data"]["server"] == json.loads(printed)["data"]["server"]
    name = reply["data"]["callid"]
    assert house.connected(call) == "call.bridged"
    assert {row["callid"] for row in rows(house)} == {name}
    sent, _ = get(house, f"/api/json/calls/redirect?{LOGIN};uniqueid={name};cnumber=thomas")
    assert sent["responses"][0]["code"] == "204"
    wait_until(
        lambda: any(row["cnumber"] == "1002" and row["answered"] != "0" for row in rows(house)),
        10.0,
        "thomas is in the call",
    )
    ended, _ = get(house, f"/api/json/calls/hangup/?{LOGIN};callid={name}")
    assert ended["responses"][0]["code"] == "204"
    wait_until(lambda: rows(house) == [], 10.0, "the call is over")
    cdr, _ = get(house, f"/api/json/cdrs/get?{LOGIN}&uniqueid={name}")
    assert (cdr["data"]["status"], cdr["data"]["snumber"]) == ("answer", "1234567")


def test_a_call_for_later_is_named_once_it_has_begun(house: Demonstration) -> None:
    reply, call = get(house, f"{EXAMPLES[0][0]};delay=1;wait=8")
    assert reply["responses"][0]["code"] == "200"
    assert reply["data"]["callid"]
    assert house.connected(call) == "call.bridged"
