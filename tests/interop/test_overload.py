"""A server that has as much to do as it may: whoever wants more is told so, in whatever language he
asks; who talks goes on talking; and as soon as there is room calls begin again."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cordboard.sip.message import Request, Response, parse
from support.own_phone import OwnPhone
from support.ports import LOOPBACK
from support.server import NEVER_LATE, CordboardServer, result_of
from support.tones import seconds_of
from support.waiting import let_last, wait_until

pytestmark = pytest.mark.interop("sox")

DESK_HZ, THOMAS_HZ = 700, 1100
FLOOD = 200
TALK = 1.0
"""s beside the flood, which may be over in no time."""
TWO_LEGS = f"{NEVER_LATE}\nlive_legs = 2"
FOUR_LEGS = f"{NEVER_LATE}\nlive_legs = 4"

CALL = {"user_name": "jessica", "destination": "1002"}
V1_CALL = {"first": {"user": {"name": "jessica"}}, "second": {"user": {"name": "thomas"}}}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path / "server", overload=TWO_LEGS) as running:
        yield running


def invite(server: CordboardServer) -> Response:
    """What a phone hears that dials now, before anybody asks who it is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((LOOPBACK, 0))
        phone.settimeout(10.0)
        port = phone.getsockname()[1]
        request = Request("INVITE", "sip:1002@demo")
        request.put("via", f"SIP/2.0/UDP {LOOPBACK}:{port};branch=z9hG4bK{port};rport")
        request.put("from", "<sip:jessica-soft@demo>;tag=1")
        request.put("to", "<sip:1002@demo>")
        request.put("call-id", f"dials-{port}")
        request.put("cseq", "1 INVITE")
        request.put("contact", f"<sip:jessica-soft@{LOOPBACK}:{port}>")
        request.put("max-forwards", "70")
        phone.sendto(bytes(request), server.sip)
        answer = parse(phone.recv(65_535))
        assert isinstance(answer, Response)
        return answer


def figure(server: CordboardServer, name: str) -> float:
    """A figure of the server's metrics."""
    for line in str(server.get("/metrics").body).splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    raise AssertionError(f"there is no {name}")


def test_who_wants_more_is_refused_and_who_talks_goes_on(
    server: CordboardServer, tmp_path: Path
) -> None:
    by_desk, by_thomas = tmp_path / "desk.wav", tmp_path / "thomas.wav"
    with ExitStack() as phones:
        for name, hertz, record in (
            ("jessica-desk", DESK_HZ, by_desk),
            ("thomas", THOMAS_HZ, by_thomas),
        ):
            options = ("--answer-after", "0.1", "--tone", str(hertz), "--record", record)
            phones.enter_context(OwnPhone(name, server.sip, *options))
        call = server.basix("call_user", **CALL).call
        wait_until(lambda: state(server, call) == "bridged", 20.0, "they talk")

        refused = server.request("POST", "/v1/calls", V1_CALL)
        assert (refused.status, refused.body["id"]) == (503, "overloaded")
        assert refused.body["parameter"] == "overload.live_legs"
        assert int(refused.headers["retry-after"]) > 0
        explained = server.request("POST", "/v1/calls/explain", V1_CALL).body
        assert explained["refusal"]["id"] == "overloaded"
        for _ in range(FLOOD):
            answer = server.basix("call_user", **CALL)
            assert answer.body["error"]["id"] == "overloaded"
        dialled = invite(server)
        assert dialled.status == 503
        assert int(dialled.need("retry-after")) > 0

        assert figure(server, "cordboard_overloaded") == 1.0
        refusals = figure(server, 'cordboard_overload_refused_total{limit="live_legs"}')
        assert refusals == FLOOD + 2
        let_last(TALK)
        assert state(server, call) == "bridged"
        read_again(server, FOUR_LEGS)
        assert server.request("POST", "/v1/calls/explain", V1_CALL).body["accepted"] is True
        assert server.request("DELETE", f"/v1/calls/{call}").status == 204
        result = result_of(list(server.events(call)))
        assert (result["outcome"], result["cause"]) == ("completed", "cancelled")

        wait_until(lambda: figure(server, "cordboard_live_legs") == 0.0, 10.0, "there is room")
        again = server.basix("call_user", **CALL).call
        wait_until(lambda: state(server, again) == "bridged", 20.0, "others talk")
        assert server.request("DELETE", f"/v1/calls/{again}").status == 204
        result_of(list(server.events(again)))
    assert seconds_of(by_thomas, DESK_HZ) > 0.2
    assert seconds_of(by_desk, THOMAS_HZ) > 0.2
    assert server.program is not None
    told = [line for line in server.program.lines.all() if "overload" in line]
    assert 1 <= len(told) < 20, "the log is silent, or flooded"


def state(server: CordboardServer, call: str) -> str:
    """The stage that a call is in."""
    return str(server.get(f"/v1/calls/{call}").body["state"])


def read_again(server: CordboardServer, overload: str) -> None:
    """Change the limits, and have the server read its file."""
    server.config.write_text(server.config.read_text().replace(TWO_LEGS, overload))
    assert server.program is not None
    server.program.signal(signal.SIGHUP)
    server.program.lines.wait_for(lambda line: "was read again" in line, 20.0, "it is read again")
