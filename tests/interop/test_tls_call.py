"""Calls over TLS: phones that register by it are rung over the connection that they made."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

import pytest

from support.baresip import BaresipPhone
from support.certificates import Certificates, make_certificates
from support.own_phone import OwnPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import heard, recorded_seconds
from support.waiting import BOUND, wait_until

DESK_HZ, THOMAS_HZ = 620.0, 1100.0
SECONDS = 1.5


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


def own(terminal: str, server: CordboardServer, *options: str | Path) -> OwnPhone:
    """Our own phone, by TLS."""
    return OwnPhone(terminal, server.tls, "--transport", "tls", *options)


def test_two_phones_of_our_own(tmp_path: Path, certificates: Certificates) -> None:
    trust = ("--authorities", certificates.authority)
    recording = tmp_path / "thomas.wav"
    with (
        CordboardServer(tmp_path / "server", certificate=certificates.server) as server,
        own("jessica-desk", server, *trust, "--answer-after", "0", "--tone", "620"),
        own("thomas", server, *trust, "--record", recording, "--answer-after", "0",
            "--hangup-after", "1") as thomas,
    ):  # fmt: skip
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        result = result_of(server.wait_ended(placed.call))
        thomas.wait_for("recorded")
        ladder = server.get(f"/v1/calls/{placed.call}/ladder").body
        assert server.program is not None
        server.program.signal(signal.SIGHUP)
        server.program.lines.wait_for(
            lambda line: "certificates read again" in line, BOUND, "SIGHUP is heard"
        )
        with own("jessica-soft", server, *trust):
            pass
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert [tone.hertz for tone in heard(recording, [DESK_HZ])] == [DESK_HZ]
    lines = [line for channel in ladder["channels"] for line in channel["lines"]]
    assert {line["peer"].partition(":")[0] for line in lines} == {"tls"}
    invite = next(line["text"] for line in lines if line["summary"].startswith("INVITE"))
    assert "Via: SIP/2.0/TLS 127.0.0.1:" in invite
    assert ";transport=tls>" in invite


def test_a_server_that_nobody_vouches_for_is_refused_by_our_phone(
    tmp_path: Path, certificates: Certificates
) -> None:
    with CordboardServer(tmp_path, certificate=certificates.server) as server:
        with own("thomas", server, "--insecure"):
            pass
        with OwnPhone(
            *("thomas", server.tls, "--transport", "tls"), starts_with="registration_failed"
        ) as phone:
            assert "registered" not in phone.happened()


def has_heard(phone: BaresipPhone) -> bool:
    """Whether a phone has recorded something worth listening to."""
    return phone.has_recording and recorded_seconds(phone.recording()) > SECONDS


@pytest.mark.interop("baresip")
def test_baresip(tmp_path: Path, certificates: Certificates) -> None:
    with (
        CordboardServer(tmp_path / "server", certificate=certificates.server) as server,
        BaresipPhone(
            tmp_path / "desk",
            "jessica-desk",
            server=server.tls,
            domain=DOMAIN,
            secret="demo-jessica-desk",
            transport="tls",
            answer=True,
            tone_hz=DESK_HZ,
        ) as desk,
        BaresipPhone(
            tmp_path / "thomas",
            "thomas",
            server=server.tls,
            domain=DOMAIN,
            secret="demo-thomas",
            transport="tls",
            answer=True,
            tone_hz=THOMAS_HZ,
        ) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        server.wait_event(placed.call, "call.bridged")
        for phone in (desk, thomas):
            wait_until(partial(has_heard, phone), 10.0, f"{phone.account} hears something")
        desk.hang_up()
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert heard(desk.recording(), [THOMAS_HZ])
    assert heard(thomas.recording(), [DESK_HZ])
