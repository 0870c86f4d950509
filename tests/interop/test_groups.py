"""A group is called, with phones of our own: who rings when, and what the client is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.own_phone import OwnPhone
from support.receiver import CallbackReceiver
from support.server import CordboardServer, result_of

TEAM = """
[tenant.demo.group.team]
extension = "2001"
kind = "hunt"
members = ["jessica", "thomas"]
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path / "server", more=TEAM) as running:
        yield running


def test_a_group_is_hunted_through(server: CordboardServer) -> None:
    with (
        OwnPhone("jessica-desk", server.sip, "--ring-only") as desk,
        OwnPhone("jessica-soft", server.sip, "--ring-only") as soft,
        OwnPhone("thomas", server.sip, "--answer-after", "0") as thomas,
        CallbackReceiver() as receiver,
    ):
        placed = server.basix(
            "call_group",
            group_extension=2001,
            destination="1111",
            member_answer_timeout=1,
            callback_url=receiver.url("/told"),
        )
        assert len(placed.uuids) == 2, "of her two phones, which ring first"
        assert desk.wait_for("missed")["reason"] == "No answer"
        soft.wait_for("missed")
        answered = thomas.wait_for("answered")["call_id"]
        told = receiver.wait_for()[0].json
        assert told == {"result_code": 0, "uuid": answered}
        assert answered not in placed.uuids
        events = server.wait_ended(placed.call)
        assert result_of(events)["outcome"] == "completed"
        refused = server.basix("call_group", group_name="nobody", destination="1111").body["error"]
        assert refused["id"] == "group_not_found"
    refused = server.basix("call_group", group_name="team", destination="1111").body["error"]
    assert refused["id"] == "no_member_available"
    assert refused["parameter"] == "group_name"
    assert "thomas is not registered" in refused["message"]
