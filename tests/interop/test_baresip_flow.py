"""Phones that keep their way to us open, and one that is there no more and does not say so."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cordboard.sip.keepalive import PONG_SECONDS
from cordboard.sip.stun import BINDING_SUCCESS, XOR_MAPPED_ADDRESS, parse_stun, xored_address
from support.baresip import BaresipPhone
from support.lossy import LossyRelay, Way
from support.ports import LOOPBACK
from support.server import DOMAIN, CordboardServer, result_of
from support.waiting import let_last, wait_until

SECONDS = 5.0
PING_SECONDS = 1
GONE_SECONDS = PONG_SECONDS + 5.0


def is_stun(passed: tuple[Way, bytes], way: Way) -> bool:
    return passed[0] is way and parse_stun(passed[1]) is not None


@pytest.mark.interop("baresip")
def test_a_flow_over_udp_is_kept_and_asked_after(tmp_path: Path) -> None:
    """The relay is the NAT: the phone is seen at another port than the one it sends from."""
    with (
        CordboardServer(tmp_path / "server") as server,
        LossyRelay(lambda *_: False, server.sip_port) as nat,
        BaresipPhone(
            tmp_path / "thomas",
            "thomas",
            server=(LOOPBACK, nat.port),
            domain=DOMAIN,
            secret="demo-thomas",
            answer=True,
            keeps_flow=True,
        ) as thomas,
    ):
        nat.passed.wait_for(lambda one: is_stun(one, Way.IN), SECONDS, "the phone asks")
        _, data = nat.passed.wait_for(lambda one: is_stun(one, Way.OUT), SECONDS, "we answer")
        answer = parse_stun(data)
        assert answer is not None
        seen = xored_address(dict(answer.attributes)[XOR_MAPPED_ADDRESS], answer.transaction)
        placed = server.basix("call_user", user_name="thomas", destination="1111")
        result = result_of(server.wait_ended(placed.call))
    assert answer.kind == BINDING_SUCCESS
    assert seen is not None
    assert seen[0] == LOOPBACK
    assert seen[1] not in (nat.port, thomas.sip_port)
    registered = [data for way, data in nat.passed.all() if way is Way.OUT and b"reg-id=1" in data]
    assert b"\r\nRequire: outbound\r\n" in registered[0]
    assert (result["outcome"], result["cause"]) == ("completed", "normal")


@pytest.mark.slow
@pytest.mark.interop("baresip")
def test_a_phone_that_hangs_is_not_rung_any_more(tmp_path: Path) -> None:
    """It answers pings over its connection, and then its program stops without a word."""
    with (
        CordboardServer(tmp_path / "server", sip_lines=f"keepalive = {PING_SECONDS}") as server,
        BaresipPhone(
            tmp_path / "thomas",
            "thomas",
            server=server.sip,
            domain=DOMAIN,
            secret="demo-thomas",
            transport="tcp",
        ) as thomas,
    ):
        call = {"user_name": "thomas", "destination": "1111"}

        def accepted() -> bool:
            body = {"method": "call_user", "parameters": call}
            taken: bool = server.request("POST", "/v1/calls/explain", body).body["accepted"]
            return taken

        let_last(3.0 * PING_SECONDS)
        assert accepted()
        thomas.program.signal(signal.SIGSTOP)
        wait_until(lambda: not accepted(), GONE_SECONDS, "it is known to be gone")
        refused = server.basix("call_user", **call).body
        thomas.program.signal(signal.SIGCONT)
    assert refused["error"]["id"] == "user_not_registered"
