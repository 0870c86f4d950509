"""WebSocket through nginx as the documentation sets it up: phones are seen where they are."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.nginx import Nginx
from support.server import CordboardServer, result_of
from support.web_phone import WebPhone

pytestmark = pytest.mark.interop("nginx")

HERE, THERE = "127.0.0.5", "127.0.0.6"
PROXIES = 'proxies = ["127.0.0.1"]'


def test_two_phones_behind_a_proxy_talk_and_have_addresses_of_their_own(tmp_path: Path) -> None:
    with (
        CordboardServer(tmp_path / "server", sip_lines=PROXIES, websocket=True) as server,
        Nginx(tmp_path / "nginx", server.ws) as nginx,
        WebPhone("jessica-desk", nginx.address, source=HERE, path="/sip") as jessica,
        WebPhone("thomas", nginx.address, source=THERE, path="/sip") as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        for phone in (jessica, thomas):
            invite = phone.expect("INVITE")
            phone.answer(invite, 200, "OK", with_audio=True)
            phone.expect("ACK")
        server.wait_event(placed.call, "call.bridged")
        thomas.hang_up(invite)
        jessica.answer(jessica.expect("BYE"), 200, "OK")
        result = result_of(server.wait_ended(placed.call))
        ladder = server.get(f"/v1/calls/{placed.call}/ladder").body
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    lines = [line for channel in ladder["channels"] for line in channel["lines"]]
    assert {line["peer"].rpartition(":")[0] for line in lines} == {f"ws:{HERE}", f"ws:{THERE}"}
