"""JsSIP over WebSocket: registered, called, and back after the server was gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.certificates import make_certificates
from support.jssip import JsSipPhone
from support.own_phone import OwnPhone
from support.server import CordboardServer, result_of

pytestmark = pytest.mark.interop("node", "jssip")


def test_a_call_with_hold_over_secured_websocket(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "certificates")
    with (
        CordboardServer(tmp_path / "server", certificate=made.server, websocket=True) as server,
        JsSipPhone("jessica-desk", server.ws, authority=made.authority) as jessica,
        OwnPhone("thomas", server.sip, "--answer-after", "0", "--tone", "620"),
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        assert "1002" in jessica.wait_for("called")["from"]
        jessica.do("answer")
        jessica.wait_for("confirmed")
        server.wait_event(placed.call, "call.bridged")
        assert jessica.hears_audio()
        for command, told in (("hold", "call.held"), ("unhold", "call.resumed")):
            jessica.do(command)
            jessica.wait_for(command)
            server.wait_event(placed.call, told)
        jessica.do("hangup")
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["cause"]) == ("completed", "normal")


def test_the_first_of_two_takes_it_and_the_other_is_told(tmp_path: Path) -> None:
    with (
        CordboardServer(tmp_path, websocket=True) as server,
        JsSipPhone("jessica-desk", server.ws) as desk,
        JsSipPhone("jessica-soft", server.ws) as soft,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        for phone in (desk, soft):
            phone.wait_for("called")
        soft.do("answer")
        assert desk.wait_for("failed")["cause"] == "Canceled"
        assert soft.wait_for("ended")["by"] == "remote"
        result = result_of(server.wait_ended(placed.call))
        assert (result["outcome"], result["cause"]) == ("completed", "normal")

        before = [(phone, len(phone.program.lines)) for phone in (desk, soft)]
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        for phone, seen in before:
            phone.wait_for("called", after=seen)
            phone.do("decline")
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["sip_status"]) == ("first_leg_failed", 486)


def test_it_comes_back_by_itself(tmp_path: Path) -> None:
    """A page goes on while the server is restarted."""
    server = CordboardServer(tmp_path, websocket=True)
    with server, JsSipPhone("thomas", server.ws) as thomas:
        assert server.stop() == 0
        thomas.wait_for("disconnected")
        before = len(thomas.program.lines)
        server.start()
        thomas.wait_for("registered", after=before)
        placed = server.basix("call_user", user_name="thomas", destination="1111")
        thomas.wait_for("called")
        thomas.do("answer")
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
