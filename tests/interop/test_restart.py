"""What phones and trunks see of a server that is killed in the middle of their calls and started
again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.baresip import BaresipPhone
from support.own_phone import OwnPhone
from support.server import DOMAIN, CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script, sdp
from support.waiting import BOUND, wait_until
from support.web_phone import WebPhone

SECONDS = 5.0
"""Within which nobody rings or talks any more, from the moment that the server is ready."""

CHALLENGE = 'Proxy-Authenticate: Digest realm="trunk", nonce="{}", algorithm=MD5, qop="auth"'

WALTER = """
[tenant.demo.user.walter]
id = 10001003
label = "Walter White"
extension = "1003"
terminal.walter.secret = "demo-walter"

[tenant.demo.user.nora]
id = 10001004
label = "Nora Nishida"
extension = "1004"
terminal.nora.secret = "demo-nora"

[tenant.demo.context.menu]
extension = "1600"
steps = [{ gather = "CHOICE", timeout = 600 }, { hangup = true }]
"""


def killed_and_started_again(server: CordboardServer) -> None:
    assert server.program is not None
    os.kill(server.program.pid, signal.SIGKILL)
    assert server.program.wait(10.0) == -signal.SIGKILL
    server.start()


def challenging(name: str) -> Script:
    """A trunk that takes no request without credentials, a BYE neither."""
    return (
        Script(name)
        .expect("INVITE")
        .answer("INVITE", 407, CHALLENGE.format("one"), repeat=True)
        .expect("ACK")
        .expect("INVITE")
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
        .expect("BYE")
        .answer_again("BYE", 407, CHALLENGE.format("two"))
        .expect("BYE", headers={"Proxy-Authorization": 'username="office"'})
        .answer_again("BYE", 200)
    )


RING, ANSWER = ("jessica-desk", "jessica-soft"), ("thomas", "walter", "nora")
"""The phones; jessica-soft is reached over TCP."""

SCRIPTS: dict[str, Script | str] = {
    "asks": challenging("asks"),
    "rings": "ring",
}
"""The trunks by name, in the order of their numbers."""


@dataclass(frozen=True)
class Killed:
    """A server that was killed and started again, and who was in its calls."""

    server: CordboardServer
    phones: dict[str, BaresipPhone]
    trunks: dict[str, Sipp]
    calls: dict[str, str]
    ready_at: float


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """One server with a call of every kind, for one kill is as good as many."""
    folder = tmp_path_factory.mktemp("restart")
    trunks = {name: Sipp(folder / "sipp", script) for name, script in SCRIPTS.items()}
    numbers = {name: f"03{1000 + at}1234" for at, name in enumerate(trunks)}
    server = CordboardServer(
        folder / "server",
        *(
            Trunk(name, numbers[name][:6], sipp.port, username="office", password="secret")
            for name, sipp in trunks.items()
        ),
        store=f"sqlite:///{folder / 'journal.db'}",
        more=WALTER,
    )
    with ExitStack() as running:
        running.enter_context(server)
        for sipp in trunks.values():
            running.enter_context(sipp)
        phones = {
            name: running.enter_context(
                BaresipPhone(
                    folder / name,
                    name,
                    server=server.sip,
                    domain=DOMAIN,
                    secret=f"demo-{name}",
                    transport="tcp" if name == "jessica-soft" else "udp",
                    answer=name in ANSWER,
                )
            )
            for name in (*RING, *ANSWER)
        }
        basix = server.basix
        calls = {
            "the first leg rings": basix("call_user", user_name="jessica", destination="1111"),
            "both talk": basix("call_external", target=numbers["asks"], destination="1003"),
            "the second leg rings": basix(
                "call_user", user_name="thomas", destination=numbers["rings"]
            ),
            "a program asks": basix("call_user", user_name="nora", destination="1600"),
        }
        for phone in RING:
            phones[phone].wait_ringing()
        server.wait_event(calls["both talk"].call, "call.bridged")
        server.wait_event(calls["the second leg rings"].call, "channel.ringing", "second")
        server.wait_event(calls["a program asks"].call, "program.step")
        killed_and_started_again(server)
        placed = {name: answer.call for name, answer in calls.items()}
        yield Killed(server, phones, trunks, placed, time.monotonic())


@pytest.mark.interop("baresip", "sipp")
@pytest.mark.parametrize("phone", RING + ANSWER)
def test_no_phone_rings_or_talks_after_a_restart(killed: Killed, phone: str) -> None:
    closed = killed.phones[phone].wait_closed(SECONDS)
    assert closed.at < killed.ready_at + SECONDS
    said = "BYE" if phone in ANSWER else "CANCEL"
    assert 'Reason: Q.850;cause=41;text="Interrupted"' in killed.phones[phone].wait_message(said)


@pytest.mark.interop("baresip", "sipp")
@pytest.mark.parametrize("trunk", SCRIPTS)
def test_no_trunk_keeps_a_call(killed: Killed, trunk: str) -> None:
    killed.trunks[trunk].wait()


@pytest.mark.interop("baresip", "sipp")
@pytest.mark.parametrize(
    ("call", "stage"),
    [
        ("the first leg rings", "ringing_first"),
        ("both talk", "bridged"),
        ("the second leg rings", "ringing_second"),
        ("a program asks", "program"),
    ],
)
def test_every_call_has_ended_as_interrupted(killed: Killed, call: str, stage: str) -> None:
    result = result_of(killed.server.wait_ended(killed.calls[call]))
    assert (result["outcome"], result["stage"]) == ("interrupted", stage)


@pytest.mark.interop("baresip", "sipp")
def test_who_was_registered_can_be_called_at_once(killed: Killed) -> None:
    phones, server = killed.phones, killed.server
    for name in phones:  # baresip refreshes each minute
        phones[name].wait_closed()
    before = {name: len(phones[name].events) for name in phones}
    placed = server.basix("call_user", user_name="thomas", destination="1001")
    phones["thomas"].wait_established(after=before["thomas"])
    for name in RING:
        phones[name].wait_ringing(after=before[name])
    server.request("DELETE", f"/v1/calls/{placed.call}")
    for name in RING:
        phones[name].wait_closed(after=before[name])


def test_who_is_rung_or_talks_is_told_of_the_end(tmp_path: Path) -> None:
    """With phones of our own: one has answered while nobody was there."""
    server = CordboardServer(tmp_path / "server", store=f"sqlite:///{tmp_path / 'journal.db'}")
    with server, OwnPhone("jessica-desk", server.sip, "--answer-after", "1.0") as phone:
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        server.wait_event(placed.call, "channel.ringing")
        assert server.program is not None
        os.kill(server.program.pid, signal.SIGKILL)
        server.program.wait(10.0)
        phone.wait_for("answered")
        server.start()
        wait_until(
            lambda: "ended" in phone.happened(), SECONDS, lambda: f"hung up: {phone.happened()}"
        )


def test_browsers_are_told_when_they_are_back(tmp_path: Path) -> None:
    """Nobody can connect to a page: it does, and registers, and hears of its call's end."""
    server = CordboardServer(
        tmp_path / "server", store=f"sqlite:///{tmp_path / 'journal.db'}", websocket=True
    )
    with (
        server,
        WebPhone("jessica-desk", server.ws) as jessica,
        WebPhone("thomas", server.ws) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        first = jessica.expect("INVITE")
        jessica.answer(first, 200, "OK", with_audio=True)
        jessica.expect("ACK")
        second = thomas.expect("INVITE")
        thomas.answer(second, 180, "Ringing")
        server.wait_event(placed.call, "channel.ringing", "second")
        killed_and_started_again(server)
        for phone, method, invite in ((jessica, "BYE", first), (thomas, "CANCEL", second)):
            phone.connect()
            phone.register()
            told = phone.expect(method)
            assert told.header("Call-ID") == invite.header("Call-ID")
            phone.answer(told, 200, "OK")
        thomas.answer(second, 487, "Request Terminated")
        thomas.expect("ACK")


def test_live_calls_end_by_themselves_before_the_server_does(tmp_path: Path) -> None:
    server = CordboardServer(
        tmp_path / "server",
        store=f"sqlite:///{tmp_path / 'journal.db'}",
        more="\n[calls]\ndrain = 60\n",
    )
    at_once = ("--answer-after", "0")
    with (
        server,
        OwnPhone("jessica-desk", server.sip, *at_once, "--hangup-after", "2"),
        OwnPhone("thomas", server.sip, *at_once),
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        server.wait_event(placed.call, "call.bridged")
        assert server.program is not None
        server.program.signal(signal.SIGTERM)
        refused = wait_until(lambda: refusal_of_a_call(server), BOUND, "new requests are refused")
        assert refused == "overloaded"
        assert server.program.wait(15.0) == 0
        server.start()
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"


def refusal_of_a_call(server: CordboardServer) -> str | None:
    """The error that a request gets; None where it is accepted or the person is busy."""
    body = server.basix("call_user", user_name="thomas", destination="jessica").body
    return body.get("error", {}).get("id") if body.get("result_code") else None
