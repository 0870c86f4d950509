"""What phones see of a server that is killed in the middle of a call and started again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from support.own_phone import OwnPhone
from support.server import CordboardServer, result_of
from support.waiting import wait_until

RING_SECONDS = 6.0
"""Longer than a restart takes on a machine that has other things to do."""


def killed_and_started_again(server: CordboardServer) -> None:
    assert server.program is not None
    os.kill(server.program.pid, signal.SIGKILL)
    assert server.program.wait(10.0) == -signal.SIGKILL
    server.start()


def test_who_answers_after_a_restart_is_hung_up(tmp_path: Path) -> None:
    server = CordboardServer(tmp_path / "server", store=f"sqlite:///{tmp_path / 'journal.db'}")
    with server, OwnPhone("jessica-desk", server.sip, "--answer-after", str(RING_SECONDS)) as phone:
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        server.wait_event(placed.call, "channel.ringing")
        killed_and_started_again(server)
        assert result_of(server.wait_ended(placed.call))["outcome"] == "interrupted"
        phone.wait_for("answered", 2 * RING_SECONDS)
        wait_until(lambda: "ended" in phone.happened(), 5.0, lambda: f"hung up: {phone.happened()}")


def test_live_calls_end_by_themselves_before_the_server_does(tmp_path: Path) -> None:
    server = CordboardServer(
        tmp_path / "server",
        store=f"sqlite:///{tmp_path / 'journal.db'}",
        more="\n[calls]\ndrain = 60\n",
    )
    at_once = ("--answer-after", "0")
    with (
        OwnPhone("jessica-desk", server.start().sip, *at_once, "--hangup-after", "2"),
        OwnPhone("thomas", server.sip, *at_once),
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        server.wait_event(placed.call, "call.bridged")
        assert server.program is not None
        server.program.signal(signal.SIGTERM)
        refused = wait_until(lambda: refusal_of_a_call(server), 5.0, "new requests are refused")
        assert refused == "overloaded"
        assert server.program.wait(15.0) == 0
    with server:
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"


def refusal_of_a_call(server: CordboardServer) -> str | None:
    """The error that a request gets; None where it is accepted or the person is busy."""
    body = server.basix("call_user", user_name="thomas", destination="jessica").body
    return body.get("error", {}).get("id") if body.get("result_code") else None
