"""Phones of browsers over the wire: they register over WebSocket and are called over that."""

from __future__ import annotations

import signal
import ssl
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from support.certificates import make_certificates
from support.ports import free_ports
from support.server import CordboardServer, result_of
from support.waiting import wait_until
from support.web_phone import WebPhone

T1 = 0.1
SECONDS = 10.0


def serving(folder: Path, *more: str, certificate: Path | None = None) -> CordboardServer:
    """A server that takes WebSocket as well, secured where there is a certificate."""
    return CordboardServer(folder, t1=T1, sip_lines="\n".join(more), websocket=True,
                           certificate=certificate)  # fmt: skip


def test_two_browsers_talk(tmp_path: Path) -> None:
    """Whatever address a Contact gives, the phone is reached over its own connection."""
    nobody = f"127.0.0.1:{free_ports()}"
    with (
        serving(tmp_path) as server,
        WebPhone("jessica-desk", server.ws) as jessica,
        WebPhone("thomas", server.ws, contact=nobody) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        first = jessica.expect("INVITE")
        assert first.start == f"INVITE sip:jessica-desk@{jessica.host};transport=ws SIP/2.0"
        assert first.header("Via").startswith(f"SIP/2.0/WS 127.0.0.1:{server.ws[1]};")
        assert first.header("Contact") == f"<sip:cordboard@127.0.0.1:{server.ws[1]};transport=ws>"
        jessica.answer(first, 180, "Ringing")
        jessica.answer(first, 200, "OK", with_audio=True)
        jessica.expect("ACK")
        second = thomas.expect("INVITE")
        assert second.start == f"INVITE sip:thomas@{nobody};transport=ws SIP/2.0"
        thomas.answer(second, 180, "Ringing")
        assert jessica.hears_audio()  # ringback
        thomas.answer(second, 200, "OK", with_audio=True)
        thomas.expect("ACK")
        server.wait_event(placed.call, "call.bridged")
        jessica.hang_up(first)
        thomas.answer(thomas.expect("BYE"), 200, "OK")
        result = result_of(server.wait_ended(placed.call))
        ladder = server.get(f"/v1/calls/{placed.call}/ladder").body
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    lines = [line for channel in ladder["channels"] for line in channel["lines"]]
    assert {line["peer"].partition(":")[0] for line in lines} == {"ws"}


def test_secured_with_the_certificate_of_tls(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "certificates")
    trust = ssl.create_default_context(cafile=made.authority)
    certificate = tmp_path / "ours.pem"
    certificate.write_bytes(made.server.read_bytes())
    with serving(tmp_path / "server", certificate=certificate) as server:
        with WebPhone("jessica-desk", server.ws, trust=trust) as jessica:
            fresh = make_certificates(tmp_path / "fresh")
            certificate.write_bytes(fresh.server.read_bytes())
            assert server.program is not None
            server.program.signal(signal.SIGHUP)
            server.program.lines.wait_for(
                lambda line: "certificates read again" in line, SECONDS, "SIGHUP is heard"
            )
            placed = server.basix("call_user", user_name="jessica", destination="1111")
            invite = jessica.expect("INVITE")
            assert invite.header("Via").startswith("SIP/2.0/WSS ")
            jessica.answer(invite, 486, "Busy Here")
            result = result_of(server.wait_ended(placed.call))
        with (
            pytest.raises(ssl.SSLCertVerificationError),
            WebPhone("thomas", server.ws, trust=trust),
        ):
            pass
        with WebPhone(
            "thomas", server.ws, trust=ssl.create_default_context(cafile=fresh.authority)
        ):
            pass
    assert (result["outcome"], result["cause"]) == ("first_leg_failed", "busy")


def test_who_vanishes_while_it_rings_has_failed_at_once(tmp_path: Path) -> None:
    """The result says so, and the phone is known to be gone."""
    with (
        serving(tmp_path) as server,
        WebPhone("jessica-desk", server.ws) as jessica,
        WebPhone("thomas", server.ws) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        invite = jessica.expect("INVITE")
        jessica.answer(invite, 200, "OK", with_audio=True)
        jessica.expect("ACK")
        thomas.answer(thomas.expect("INVITE"), 180, "Ringing")
        server.wait_event(placed.call, "channel.ringing", "second")
        thomas.vanish()
        server.wait_event(placed.call, "leg.failed", "second")
        jessica.answer(jessica.expect("BYE"), 200, "OK")
        second = result_of(server.wait_ended(placed.call))

        placed = server.basix("call_user", user_name="jessica", destination="1111")
        jessica.answer(jessica.expect("INVITE"), 180, "Ringing")
        server.wait_event(placed.call, "channel.ringing")
        jessica.vanish()
        first = result_of(server.wait_ended(placed.call))
        refused = server.basix("call_user", user_name="jessica", destination="1111").body
    assert (second["outcome"], second["leg"]) == ("second_leg_failed", "second")
    assert (second["sip_status"], second["cause"]) == (503, "unreachable")
    assert (first["outcome"], first["cause"]) == ("first_leg_failed", "unreachable")
    assert refused["error"]["id"] == "user_not_registered"


def test_a_page_that_was_cut_off_in_a_call_hears_its_end(tmp_path: Path) -> None:
    """Its voice goes on meanwhile; what is said in the call then goes over its new connection."""
    with (
        serving(tmp_path) as server,
        WebPhone("jessica-desk", server.ws) as jessica,
        WebPhone("thomas", server.ws) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        invites = []
        for phone in (jessica, thomas):
            invites.append(phone.expect("INVITE"))
            phone.answer(invites[-1], 200, "OK", with_audio=True)
            phone.expect("ACK")
        server.wait_event(placed.call, "call.bridged")
        jessica.vanish()
        jessica.connect()
        jessica.register()
        thomas.hang_up(invites[1])
        jessica.answer(jessica.expect("BYE"), 200, "OK")
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["leg"]) == ("completed", "second")


def test_only_pages_of_our_site_are_let_in(tmp_path: Path) -> None:
    with serving(tmp_path, 'origins = ["https://phones.example.com"]') as server:
        with WebPhone("thomas", server.ws, origin="https://phones.example.com"):
            pass
        for elsewhere in ("https://evil.example.com", None):
            with (
                pytest.raises(InvalidStatus, match="403"),
                WebPhone("thomas", server.ws, origin=elsewhere),
            ):
                pass


def test_a_browser_that_comes_back_takes_its_own_place(tmp_path: Path) -> None:
    """A reload gives a page another name and another connection, and leaves nothing behind."""
    with serving(tmp_path) as server, WebPhone("jessica-desk", server.ws) as jessica:
        for _ in range(7):  # more than contacts that a terminal may have
            jessica.host = f"{jessica.host[1:6]}x.invalid"
            jessica.connect()
            jessica.register()
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        assert len(placed.uuids) == 1
        invite = jessica.expect("INVITE")
        assert jessica.host in invite.start
        jessica.answer(invite, 486, "Busy Here")
        wait_until(lambda: server.wait_ended(placed.call), SECONDS, "it has ended")
