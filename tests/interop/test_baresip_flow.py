"""A phone behind a NAT that keeps its way to us open over UDP, and asks by STUN whether it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cordboard.sip.stun import BINDING_SUCCESS, XOR_MAPPED_ADDRESS, parse_stun, xored_address
from support.baresip import BaresipPhone
from support.lossy import LossyRelay, Way
from support.ports import LOOPBACK
from support.server import DOMAIN, CordboardServer, result_of

SECONDS = 5.0


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
