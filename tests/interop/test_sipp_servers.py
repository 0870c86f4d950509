"""Trunks that a real name server leads to, with SIPp as their servers: all at the same time."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from support.dns_server import DnsServer
from support.ports import LOOPBACK, free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script, sdp
from support.waiting import wait_until

pytestmark = pytest.mark.interop("sipp")

T1 = 0.1
PATIENCE = 10 * T1
ALL_TRIES = 64 * T1
DNS_TIMEOUT = 0.5


def takes_the_call(name: str) -> Script:
    """Answers, and is hung up after a prompt."""
    return (
        Script(name)
        .expect("INVITE")
        .answer("INVITE", 180)
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .take_bye()
    )


def is_full(name: str, *headers: str) -> Script:
    """Has no room."""
    return Script(name).expect("INVITE").answer("INVITE", 503, *headers, repeat=True).expect("ACK")


@dataclass
class Case:
    """A trunk, its servers in order (None: one that is silent; TCP ones are refused) and how a
    call through it is to end."""

    name: str
    servers: Sequence[Script | str | None] = ()
    outcome: str = "completed"
    cause: str = "normal"
    ports: list[int] = field(default_factory=list)
    sipps: list[Sipp] = field(default_factory=list)

    @property
    def domain(self) -> str:
        """The trunk's domain."""
        return f"{self.name}.test"


CASES = [
    Case("silent-then-well", [None, takes_the_call("after-silent")]),
    Case("full-then-well", [is_full("full"), takes_the_call("after-full")]),
    Case(
        "closed-then-full-then-well",
        ["tcp", is_full("asks-for-time", "Retry-After: 30"), takes_the_call("after-both")],
    ),
    Case("silent-all", [None, None], "first_leg_failed", "unreachable"),
    Case("silent-and-full", [None, is_full("last-is-full")], "first_leg_failed", "congestion"),
    Case("unanswered", (), "first_leg_failed", "unreachable"),
    Case("nowhere", (), "first_leg_failed", "unreachable"),
]


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a call."""

    result: dict[str, Any]
    events: list[dict[str, Any]]
    lines: list[dict[str, Any]]

    @property
    def seconds(self) -> float:
        """How long it was from the request to its end."""
        return float(self.events[-1]["at"]) - float(self.events[0]["at"])

    @property
    def phrase(self) -> str:
        """Why it failed, in words."""
        return str((self.result.get("reason") or {}).get("phrase", ""))

    def invited(self) -> list[str]:
        """Where INVITEs went, repeats aside."""
        return [
            line["peer"]
            for line in self.lines
            if line["summary"].startswith("INVITE") and not line["retransmission"]
        ]


def set_up(case: Case, names: DnsServer, stack: ExitStack, folder: Path) -> None:
    """Start the servers of a trunk, and publish them."""
    udp: list[int] = []
    tcp: list[int] = []
    for server in case.servers:
        port = free_ports()
        case.ports.append(port)
        if isinstance(server, Script):
            case.sipps.append(stack.enter_context(Sipp(folder, server, port=port)))
        elif server is None:
            mute = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            mute.bind((LOOPBACK, port))
        (tcp if server == "tcp" else udp).append(port)
    for transport, ports in (("udp", udp), ("tcp", tcp)):
        if ports:
            servers = [f"{n} 0 {port} host.test." for n, port in enumerate(ports)]
            names.add(f"_sip._{transport}.{case.domain}", "SRV", *servers)
    if tcp:
        names.add(
            case.domain,
            "NAPTR",
            f'1 1 "s" "SIP+D2T" "" _sip._tcp.{case.domain}.',
            f'1 2 "s" "SIP+D2U" "" _sip._udp.{case.domain}.',
        )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Played]]:
    folder = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        names = stack.enter_context(DnsServer())
        names.add("host.test", "A", LOOPBACK)
        names.mute = ("unanswered.test",)
        for case in CASES:
            set_up(case, names, stack, folder / case.name)
        trunks = [
            Trunk(case.name, f"03{1000 + at}", 0, uri=f"sip:{case.domain}")
            for at, case in enumerate(CASES)
        ]
        dns = f'dns_servers = ["{names.where}"]\ndns_timeout = {DNS_TIMEOUT}\n'
        server = stack.enter_context(
            CordboardServer(folder / "server", *trunks, t1=T1, sip_lines=dns)
        )

        def play(at: int) -> Played:
            placed = server.basix("call_external", target=f"03{1000 + at}1234", destination="1111")
            events = server.wait_ended(placed.call)
            ladder = server.get(f"/v1/calls/{placed.call}/ladder").body
            lines = [line for channel in ladder["channels"] for line in channel["lines"]]
            return Played(result_of(events), events, lines)

        with ThreadPoolExecutor(max_workers=len(CASES)) as pool:
            yield dict(
                zip([case.name for case in CASES], pool.map(play, range(len(CASES))), strict=True)
            )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_call_ends_as_it_should(case: Case, played: dict[str, Played]) -> None:
    result = played[case.name].result
    assert (result["outcome"], result["cause"]) == (case.outcome, case.cause)
    for sipp in case.sipps:
        sipp.wait()


def case_of(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


@pytest.mark.parametrize("name", ["silent-then-well", "full-then-well"])
def test_each_server_that_was_tried_is_in_the_ladder(name: str, played: dict[str, Played]) -> None:
    ports = case_of(name).ports
    assert played[name].invited() == [f"udp:{LOOPBACK}:{port}" for port in ports]


def test_the_transports_are_tried_in_the_order_of_the_domain(played: dict[str, Played]) -> None:
    closed, full, well = case_of("closed-then-full-then-well").ports
    assert played["closed-then-full-then-well"].invited() == [
        f"tcp:{LOOPBACK}:{closed}",
        f"udp:{LOOPBACK}:{full}",
        f"udp:{LOOPBACK}:{well}",
    ]


def test_a_silent_server_is_given_up_early(played: dict[str, Played]) -> None:
    lines = played["silent-then-well"].lines
    began = lines[0]["at"]
    ports = case_of("silent-then-well").ports
    second = next(line for line in lines if line["peer"].endswith(f":{ports[1]}"))
    assert PATIENCE - 0.05 < second["at"] - began < PATIENCE + 1.0


def test_all_servers_together_take_no_longer_than_one(played: dict[str, Played]) -> None:
    one = played["silent-all"]
    first, second = case_of("silent-all").ports
    assert one.seconds < ALL_TRIES + 1.0
    assert one.phrase == (
        f"Request Timeout: udp:{LOOPBACK}:{first} (no answer), udp:{LOOPBACK}:{second} (no answer)"
    )


def test_names_that_nobody_answers_for_end_a_call_in_time(played: dict[str, Played]) -> None:
    one = played["unanswered"]
    assert one.seconds < 2 * DNS_TIMEOUT + 1.0
    assert one.phrase == "Trunk not found: NAPTR unanswered.test: no name server answers"
    assert played["nowhere"].phrase == "Trunk not found: there is no such name: nowhere.test"


def test_a_trunk_registers_with_the_server_that_is_there(tmp_path: Path) -> None:
    registrar = Script("registrar").expect("REGISTER").answer("REGISTER", 200, "Expires: 600")
    closed, silent = free_ports(), free_ports()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute,
        DnsServer() as names,
        Sipp(tmp_path, registrar, port=free_ports()) as sipp,
    ):
        names.add("host.test", "A", LOOPBACK)
        mute.bind((LOOPBACK, silent))
        ports = (closed, silent, sipp.port)
        servers = [f"{n} 0 {port} host.test." for n, port in enumerate(ports)]
        names.add("_sip._udp.office.test", "SRV", *servers)
        trunk = Trunk("office", "03", 0, "us", "secret", "sip:office.test", "register = true\n")
        dns = f'dns_servers = ["{names.where}"]\n'
        with CordboardServer(tmp_path / "server", trunk, t1=T1, sip_lines=dns) as server:

            def state() -> dict[str, Any]:
                found: dict[str, Any] = server.get("/v1/trunks/office").body
                return found

            in_time = PATIENCE + 3.0  # for the silent one; the closed one is known at once
            wait_until(lambda: state()["state"] == "up", in_time, lambda: f"it is up: {state()}")
            assert state()["server"] == f"udp:{LOOPBACK}:{sipp.port}"
            sipp.wait()
