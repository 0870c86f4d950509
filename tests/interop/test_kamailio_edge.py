"""Kamailio in front of us: phones register through it (Path) and are called through it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.kamailio import Kamailio
from support.linphone import LinphonePhone
from support.own_phone import OwnPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import heard, seconds_of
from support.waiting import BOUND, let_last

pytestmark = pytest.mark.interop("kamailio")

DESK_HZ, THOMAS_HZ = 620.0, 1100.0


@dataclass(frozen=True, slots=True)
class Site:
    """A server, and the proxy in front of it; ``transport`` is the phones'."""

    server: CordboardServer
    proxy: Kamailio
    folder: Path
    transport: str

    def phone(self, terminal: str, *options: str | Path) -> OwnPhone:
        """A phone of our own that registers through the proxy."""
        return OwnPhone(terminal, self.proxy.sip, "--transport", self.transport, *options)

    def baresip(self, terminal: str, hertz: float, **more: Any) -> BaresipPhone:
        """A baresip that registers through the proxy and answers at once."""
        return BaresipPhone(
            self.folder / terminal,
            terminal,
            server=self.proxy.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            transport=self.transport,
            answer=True,
            tone_hz=hertz,
            **more,
        )

    def went_through_the_proxy(self, call: str) -> list[dict[str, Any]]:
        """The messages of a call, each of which was exchanged with the proxy (over TCP with any
        port of it); what we sent within a dialog names it in Route."""
        lines = self.server.messages(call)
        assert {line["peer"] for line in lines if line["peer"].startswith("udp")} <= {
            f"udp:{self.proxy.address}"
        }
        for line in lines:
            if line["sent"] and line["text"].startswith(("ACK ", "BYE ")):
                assert f"\nRoute: <sip:{self.proxy.address};" in line["text"], line["text"]
        return lines


@contextmanager
def site_of(
    folder: Path, transport: str = "udp", onward: str = "udp", **server: Any
) -> Iterator[Site]:
    with (
        CordboardServer(folder / "server", **server) as running,
        Kamailio(folder / "kamailio", onward=running.sip, transport=onward) as proxy,
    ):
        yield Site(running, proxy, folder, transport)


@pytest.mark.parametrize("onward", ["udp", "tcp"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_both_parties_hear_each_other(tmp_path: Path, transport: str, onward: str) -> None:
    by_jessica, by_thomas = tmp_path / "jessica.wav", tmp_path / "thomas.wav"
    how = ("--answer-after", "0")
    with (
        site_of(tmp_path, transport, onward) as site,
        site.phone(
            "jessica-desk", *how, "--tone", str(int(DESK_HZ)), "--record", by_jessica
        ) as jessica,
        site.phone(
            *("thomas", *how, "--tone", str(int(THOMAS_HZ)), "--record", by_thomas),
            *("--hangup-after", "1.5"),
        ) as thomas,
    ):
        placed = site.server.basix("call_user", user_name="jessica", destination="thomas")
        result = result_of(site.server.wait_ended(placed.call))
        jessica.wait_for("recorded")
        thomas.wait_for("recorded")
        lines = site.went_through_the_proxy(placed.call)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert {line["peer"].partition(":")[0] for line in lines} == {onward}
    assert seconds_of(by_jessica, THOMAS_HZ) > 1.0
    assert seconds_of(by_thomas, DESK_HZ) > 1.0


def test_the_phone_that_does_not_answer_stops_ringing(tmp_path: Path) -> None:
    with (
        site_of(tmp_path) as site,
        site.phone("jessica-desk", "--answer-after", "0.5"),
        site.phone("jessica-soft", "--ring-only") as soft,
        site.phone("thomas", "--answer-after", "0", "--hangup-after", "0"),
    ):
        placed = site.server.basix("call_user", user_name="jessica", destination="thomas")
        soft.wait_for("answered_elsewhere")
        assert result_of(site.server.wait_ended(placed.call))["outcome"] == "completed"
        lines = site.went_through_the_proxy(placed.call)
    cancelled = [line["summary"] for line in lines if line["summary"].startswith("CANCEL")]
    assert len(cancelled) == 1


@pytest.mark.parametrize("onward", ["udp", "tcp"])
def test_a_proxy_that_was_started_again_still_finds_the_phones(tmp_path: Path, onward: str) -> None:
    """Those in a call, and those that registered before."""
    with (
        site_of(tmp_path, onward=onward) as site,
        site.phone("jessica-desk", "--answer-after", "0"),
        site.phone("thomas", "--answer-after", "0") as thomas,
    ):
        placed = site.server.basix("call_user", user_name="jessica", destination="thomas")
        thomas.wait_for("talking")
        site.proxy.restart()
        assert site.server.request("DELETE", f"/v1/calls/{placed.call}").status == 204
        assert thomas.wait_for("ended")["by"] == "them"
        placed = site.server.basix("call_user", user_name="jessica", destination="1111")
        result = result_of(site.server.wait_ended(placed.call))
    assert (result["outcome"], result["cause"]) == ("completed", "normal")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.interop("baresip")
def test_hold_and_resume(tmp_path: Path, transport: str) -> None:
    """A re-INVITE of the phone's finds us, and the one that we make of it finds the other phone."""
    recording = tmp_path / "thomas.wav"
    with (
        site_of(tmp_path, transport) as site,
        site.baresip("jessica-desk", DESK_HZ) as desk,
        site.phone("thomas", "--answer-after", "0", "--record", recording) as thomas,
    ):
        placed = site.server.basix("call_user", user_name="jessica", destination="thomas")
        thomas.wait_for("talking")
        desk.hold()
        thomas.wait_for("held")
        desk.resume()
        thomas.wait_for("resumed")
        let_last(1.0)
        assert site.server.request("DELETE", f"/v1/calls/{placed.call}").status == 204
        desk.wait_closed()
        thomas.wait_for("recorded")
        result = result_of(site.server.wait_ended(placed.call))
        site.went_through_the_proxy(placed.call)
    assert result["outcome"] == "completed"
    *_, after = heard(recording, [DESK_HZ])
    assert after.seconds > 0.7, "not heard after the resume"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.interop("linphonec")
def test_linphone_holds_and_hangs_up(tmp_path: Path, transport: str) -> None:
    with (
        site_of(tmp_path, transport, "tcp") as site,
        site.phone("thomas", "--answer-after", "0", "--tone", str(int(THOMAS_HZ))) as thomas,
        LinphonePhone(
            tmp_path / "linphone", "jessica-desk", site.proxy.sip, transport=transport
        ) as jessica,
    ):
        placed = site.server.basix("call_user", user_name="jessica", destination="thomas")
        jessica.wait_ringing()
        jessica.answer()
        thomas.wait_for("talking")
        let_last(2.0)
        jessica.hold()
        thomas.wait_for("held")
        jessica.resume()
        thomas.wait_for("resumed")
        jessica.hang_up()
        thomas.wait_for("ended")
        result = result_of(site.server.wait_ended(placed.call))
        site.went_through_the_proxy(placed.call)
    assert (result["outcome"], result["leg"]) == ("completed", "first")
    assert seconds_of(jessica.recording, THOMAS_HZ) > 0.8


@pytest.mark.interop("baresip")
def test_our_own_re_invites_find_the_phones(tmp_path: Path) -> None:
    """Both have G.722, so both are asked to change to it when they are bridged."""
    has = 'codecs = ["G722"]'
    codecs = {"codecs": "g722/16000/1,pcmu,pcma", "modules": ("g722",)}
    with (
        site_of(
            tmp_path,
            jessica_lines=f"terminal.jessica-desk.{has}",
            thomas_lines=f"terminal.thomas.{has}",
        ) as site,
        site.baresip("jessica-desk", DESK_HZ, **codecs) as desk,
        site.baresip("thomas", THOMAS_HZ, **codecs) as thomas,
    ):
        placed = site.server.basix("call_user", user_name="jessica", destination="thomas")
        for one in (thomas, desk):  # the second party is asked first
            one.program.lines.wait_for(
                lambda line: "Set audio decoder: G722" in line, BOUND, f"{one.account}: G.722"
            )
        let_last(0.5)
        desk.hang_up()
        thomas.wait_closed()
        assert result_of(site.server.wait_ended(placed.call))["outcome"] == "completed"
        lines = site.went_through_the_proxy(placed.call)
    again = [
        line["text"]
        for line in lines
        if line["sent"] and line["text"].startswith("INVITE ") and ";tag=" in _to(line["text"])
    ]
    assert len(again) >= 2
    assert all(f"\nRoute: <sip:{site.proxy.address};" in text for text in again), again


def _to(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("To:"))
