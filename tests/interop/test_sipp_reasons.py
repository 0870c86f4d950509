"""Why a call failed, in the words of who refused it: trunks played by SIPp, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from support.ports import free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script, sdp

pytestmark = pytest.mark.interop("sipp")

CONGESTED = 'Reason: Q.850;cause=34;text="trunk group 7 full"'
TO_CONTEXT = "1111"


def refuses(name: str, status: int, *headers: str) -> Script:
    return (
        Script(name).expect("INVITE").answer("INVITE", status, *headers, repeat=True).expect("ACK")
    )


def answers(name: str) -> Script:
    return (
        Script(name)
        .expect("INVITE")
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .take_bye()
    )


def hangs_up_for(name: str, reason: str) -> Script:
    return (
        Script(name)
        .expect("INVITE")
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .request("BYE", 1, reason)
        .expect_answer(200)
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A number, and the trunks that it is tried through."""

    name: str
    trunks: tuple[Script, ...]
    second: bool = False
    """Whether there is another trunk, which is never to be called."""


CASES = [
    Case(
        "congested",
        (refuses("full", 503, CONGESTED, "Retry-After: 30 (soon)"), answers("takes-it")),
    ),
    Case("busy", (refuses("busy", 503, "Reason: SIP;cause=486", "Reason: Q.850;cause=17"),), True),
    Case("nobody", (refuses("nobody", 500, "Reason: q.850 ; cause=1"),)),
    Case("dropped", (hangs_up_for("dropped", "Reason: Q.850;cause=38;text=down"),)),
    Case("malformed", (refuses("malformed", 480, 'Reason: Q.850;cause=x;text="\\x'),)),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, Any]]]]:
    folder = tmp_path_factory.mktemp("reasons")
    with ExitStack() as stack:
        trunks: list[Trunk] = []
        rules = ""
        sipps: list[Sipp] = []
        for at, case in enumerate(CASES):
            names = []
            for script in case.trunks:
                port = free_ports()
                sipps.append(stack.enter_context(Sipp(folder / script.name, script, port=port)))
                trunks.append(Trunk(script.name, f"99{len(trunks)}", port))
                names.append(script.name)
            if case.second:
                trunks.append(Trunk("never", f"99{len(trunks)}", free_ports()))
                names.append("never")
            listed = ", ".join(f'"{name}"' for name in names)
            rules += f'[[tenant.demo.outbound]]\nprefix = "03{1000 + at}"\ntrunks = [{listed}]\n'
        server = stack.enter_context(CordboardServer(folder / "server", *trunks, more=rules))

        def play(at: int) -> list[dict[str, Any]]:
            number = f"03{1000 + at}1234"
            placed = server.basix("call_external", target=number, destination=TO_CONTEXT)
            return server.wait_ended(placed.call)

        with ThreadPoolExecutor(max_workers=len(CASES)) as pool:
            events = list(pool.map(play, range(len(CASES))))
        for sipp in sipps:
            sipp.wait()
        yield dict(zip([case.name for case in CASES], events, strict=True))


def told(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["data"] for event in events if event["kind"] == kind]


def test_a_failover_tells_who_refused_and_why(played: dict[str, list[dict[str, Any]]]) -> None:
    events = played["congested"]
    assert told(events, "channel.failed_over") == [
        {
            "cause": "congestion",
            "sip_status": 503,
            "by": "remote",
            "reason": {
                "phrase": "Service Unavailable",
                "q850": 34,
                "q850_name": "No circuit/channel available",
                "text": "trunk group 7 full",
                "retry_after": 30,
            },
            "trunk": "full",
            "next": "takes-it",
            "passed_over": [],
        }
    ]
    assert [one["trunk"] for one in told(events, "channel.dialled")] == ["full", "takes-it"]
    assert result_of(events)["outcome"] == "completed"


def test_who_is_busy_at_one_trunk_is_not_rung_through_another(
    played: dict[str, list[dict[str, Any]]],
) -> None:
    events = played["busy"]
    result = result_of(events)
    assert (result["cause"], result["sip_status"], result["q850"]) == ("busy", 503, 17)
    assert result["reason"]["sip_cause"] == 486
    assert [one["trunk"] for one in told(events, "channel.dialled")] == ["busy"]


def test_a_gateways_500_is_what_its_network_said(played: dict[str, list[dict[str, Any]]]) -> None:
    result = result_of(played["nobody"])
    assert (result["cause"], result["sip_status"], result["q850"]) == ("not_found", 500, 1)


def test_a_reason_to_hang_up_is_told(played: dict[str, list[dict[str, Any]]]) -> None:
    events = played["dropped"]
    ended = told(events, "channel.ended")[-1]
    assert (ended["by"], ended["reason"]["q850"], ended["reason"]["text"]) == ("remote", 38, "down")
    assert result_of(events)["cause"] == "congestion"


def test_a_reason_that_makes_no_sense_is_none(played: dict[str, list[dict[str, Any]]]) -> None:
    result = result_of(played["malformed"])
    assert (result["cause"], result["sip_status"], result["q850"]) == ("unreachable", 480, 20)
    assert result["reason"] == {"phrase": "Temporarily Unavailable"}
