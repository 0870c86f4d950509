"""Trunks that are registered with and watched: a real Asterisk, which goes and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support import asterisk as numbers
from support.asterisk import OFFICE, TONE_HZ, Asterisk
from support.own_phone import OwnPhone
from support.ports import LOOPBACK
from support.server import CordboardServer, Trunk, result_of
from support.tones import heard
from support.waiting import wait_until

pytestmark = [pytest.mark.interop("asterisk"), pytest.mark.slow]

SOON = 10.0
PASSWORD = "trunk-secret"
SPARE = "0399990000"


class Office:
    """A server that registers with an Asterisk, with timers five times as fast as usual."""

    def __init__(self, folder: Path, *, password: str = PASSWORD, transport: str = "udp") -> None:
        self.asterisk = Asterisk(folder / "asterisk", password=PASSWORD)
        uri = f"sip:{LOOPBACK}:{self.asterisk.port};transport={transport}"
        # Asterisk knows its endpoints by the user of From.
        lines = (
            "register = true\nexpires = 60\nping = 1\n"
            f'from_user = "{OFFICE}"\nidentity = "p-asserted-identity"\n'
        )
        trunk = Trunk("pstn", "", 0, username=OFFICE, password=password, uri=uri, lines=lines)
        self.server = CordboardServer(folder / "server", trunk, t1=0.1, t2=0.4, t4=0.5)
        self._folder = folder

    def state(self) -> dict[str, Any]:
        """How the trunk is."""
        trunk: dict[str, Any] = self.server.get("/v1/trunks/pstn").body
        return trunk

    def wait(self, state: str) -> dict[str, Any]:
        """Wait until the trunk is so."""

        def what() -> str:
            return f"the trunk is {state}: {self.state()}"

        wait_until(lambda: self.state()["state"] == state, SOON, what)
        return self.state()

    def contact(self) -> str:
        """Where Asterisk finds who registered with it; empty where nobody is."""
        rows = self.asterisk.command("pjsip show contacts").splitlines()
        return next((row for row in rows if f"{OFFICE}/" in row), "")

    @contextmanager
    def jessica(self) -> Iterator[Path]:
        """Jessica's phone, which answers and hangs up; gives the file of what it hears."""
        recording = self._folder / "jessica.wav"
        how = ("--answer-after", "0", "--hangup-after", "2", "--record", recording)
        with OwnPhone("jessica-desk", self.server.sip, *how) as phone:
            yield recording
            phone.wait_for("recorded")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_we_register_call_and_leave(tmp_path: Path, transport: str) -> None:
    office = Office(tmp_path, transport=transport)
    with office.asterisk:
        with office.server as server:
            told = office.wait("up")
            assert (told["reachable"], told["registered"], told["reason"]) == (True, True, None)
            assert told["server"] == f"{transport}:{LOOPBACK}:{office.asterisk.port}"
            assert f"sip:office@{LOOPBACK}:{server.sip_port}" in office.contact()
            with office.jessica() as recording:
                placed = server.basix("call_user", user_name="jessica", destination=numbers.TONE)
                assert office.state()["calls"] == 1
                assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
            assert sum(tone.seconds for tone in heard(recording, [TONE_HZ])) > 0.5
            assert office.state()["calls"] == 0
        wait_until(lambda: not office.contact(), SOON, "the registration is taken back")


def test_a_wrong_password_is_told_in_the_peers_words(tmp_path: Path) -> None:
    office = Office(tmp_path, password="not-the-secret")
    with office.asterisk, office.server:
        told = office.wait("unregistered")
        assert told["reason"] in ("401 Unauthorized", "403 Forbidden")
        assert told["reachable"] is True
        assert office.server.program is not None
        assert "not-the-secret" not in office.server.program.output


def test_nobody_waits_for_a_provider_that_has_gone_and_it_is_back_when_it_is(
    tmp_path: Path,
) -> None:
    office = Office(tmp_path)
    with office.server as server:
        with office.asterisk:
            office.wait("up")
        told = office.wait("down")
        assert told["reason"]
        with OwnPhone("jessica-desk", server.sip):
            refused = server.basix("call_user", user_name="jessica", destination=numbers.TONE)
            assert refused.body["error"]["id"] == "trunk_down"
            assert refused.body["error"]["message"] == f"pstn is down: {told['reason']}"
        with office.asterisk:
            assert office.wait("up")["since"] > told["since"]
            wait_until(office.contact, 40.0, "we are registered again")
            with office.jessica():
                placed = server.basix("call_user", user_name="jessica", destination=numbers.TONE)
                assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
