"""Calls over IPv6, and between IPv6 and IPv4, with phones and trunks as programs of their own."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cordboard.addresses import written
from support.asterisk import ECHO, Asterisk
from support.baresip import BaresipPhone
from support.certificates import make_certificates
from support.kamailio import Kamailio
from support.own_phone import OwnPhone
from support.place import HERE, HERE_V6, Place
from support.ports import LOOPBACK, LOOPBACK_V6, free_ports, loopbacks
from support.server import DOMAIN, CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.tones import heard, recorded_seconds, seconds_of
from support.waiting import wait_until

pytestmark = pytest.mark.skipif(
    LOOPBACK_V6 not in loopbacks(), reason="this machine has no IPv6 loopback address"
)

NUMBER = "0312341234"
CONTEXT = "1111"
DESK_HZ, THOMAS_HZ = 620.0, 1100.0
SECONDS = 1.5


def ladder_of(server: CordboardServer, call: str, host: str) -> list[dict[str, Any]]:
    """The messages of a call's channel with a peer at an address."""
    lines = [
        line
        for channel in server.get(f"/v1/calls/{call}/ladder").body["channels"]
        for line in channel["lines"]
    ]
    return [line for line in lines if written(host, 0)[:-1] in line["peer"]]


def text_of(lines: list[dict[str, Any]], start: str) -> str:
    """The first message that begins so."""
    return next(str(line["text"]) for line in lines if line["text"].startswith(start))


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_phone_behind_ipv6_and_one_behind_ipv4_hear_each_other(
    tmp_path: Path, transport: str
) -> None:
    certificates = make_certificates(tmp_path / "certificates", LOOPBACK, LOOPBACK_V6)
    by_jessica, by_thomas = tmp_path / "jessica.wav", tmp_path / "thomas.wav"
    common: list[str | Path] = ["--transport", transport, "--answer-after", "0", "--count", "1"]
    if transport == "tls":
        common += ["--authorities", certificates.authority]
    with CordboardServer(
        tmp_path / "server", certificate=certificates.server, also_at=LOOPBACK_V6
    ) as server:
        port = server.tls_port if transport == "tls" else server.sip_port
        with (
            OwnPhone(
                "jessica-desk",
                (LOOPBACK_V6, port),
                *common,
                *("--tone", "620", "--record", by_jessica),
            ) as jessica,
            OwnPhone(
                "thomas",
                (LOOPBACK, port),
                *common,
                *("--tone", "1100", "--record", by_thomas, "--hangup-after", "1.5"),
            ) as thomas,
        ):
            placed = server.basix("call_user", user_name="jessica", destination="thomas")
            result = result_of(server.wait_ended(placed.call))
            assert (jessica.program.wait(10.0), thomas.program.wait(10.0)) == (0, 0)
        invites = {
            host: text_of(ladder_of(server, placed.call, host), "INVITE ")
            for host in (LOOPBACK_V6, LOOPBACK)
        }
    assert result["outcome"] == "completed"
    assert seconds_of(by_jessica, 1100) > 1.0
    assert seconds_of(by_thomas, 620) > 1.0
    over_v6, over_v4 = invites[LOOPBACK_V6], invites[LOOPBACK]
    assert f"Via: SIP/2.0/{transport.upper()} [::1]:{port};rport;branch=" in over_v6
    assert f"@[::1]:{port}" in next(
        line for line in over_v6.splitlines() if line.startswith("Contact:")
    )
    assert "c=IN IP6 ::1" in over_v6
    assert f"Via: SIP/2.0/{transport.upper()} 127.0.0.1:{port};rport;branch=" in over_v4
    assert "c=IN IP4 127.0.0.1" in over_v4


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_phones_behind_ipv6(tmp_path: Path, transport: str) -> None:
    by_jessica, by_thomas = tmp_path / "jessica.wav", tmp_path / "thomas.wav"
    common = ("--transport", transport, "--answer-after", "0")
    with CordboardServer(tmp_path / "server", also_at=LOOPBACK_V6) as server:
        at = (LOOPBACK_V6, server.sip_port)
        with (
            OwnPhone("jessica-desk", at, *common, "--tone", "620", "--record", by_jessica) as desk,
            OwnPhone(
                "thomas",
                at,
                *common,
                *("--tone", "1100", "--record", by_thomas, "--hangup-after", "1.5"),
            ) as thomas,
        ):
            placed = server.basix("call_user", user_name="jessica", destination="thomas")
            assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
            for phone in (desk, thomas):
                phone.wait_for("recorded")
    assert seconds_of(by_jessica, 1100) > 1.0
    assert seconds_of(by_thomas, 620) > 1.0


def test_a_trunk_of_a_family_that_is_not_listened_at(tmp_path: Path) -> None:
    uri = f"sip:{written(LOOPBACK_V6, free_ports())}"
    with CordboardServer(tmp_path / "server", Trunk("pstn", "", 0, uri=uri)) as server:
        placed = server.basix("call_external", target=NUMBER, destination=CONTEXT)
        events = server.wait_ended(placed.call)
    result = result_of(events)
    assert (result["outcome"], result["sip_status"]) == ("first_leg_failed", 503)
    (ended,) = [event["data"] for event in events if event["kind"] == "channel.ended"]
    assert "nothing is listened at over IPv6" in str(ended)


@pytest.mark.interop("sipp")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_trunk_behind_ipv6(tmp_path: Path, transport: str) -> None:
    port = free_ports()
    uri = f"sip:{written('0:0:0:0:0:0:0:1', port)};transport={transport}"
    with (
        CordboardServer(
            tmp_path / "server", Trunk("pstn", "", 0, uri=uri), also_at=LOOPBACK_V6
        ) as server,
        Sipp(tmp_path / "sipp", "answer", port=port, host=LOOPBACK_V6, transport=transport) as sipp,
    ):
        placed = server.basix("call_external", target=NUMBER, destination=CONTEXT)
        result = result_of(server.wait_ended(placed.call))
        sipp.wait()
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    (invite,) = sipp.received("INVITE")
    assert "sip:05068680000@[::1]" in invite
    (bye,) = sipp.received("BYE")
    assert bye.startswith(f"BYE sip:sipp@[::1]:{port};transport={transport.upper()} SIP/2.0")


def baresip(folder: Path, server: CordboardServer, account: str, place: Place) -> BaresipPhone:
    return BaresipPhone(
        folder / account,
        account,
        server=(place.host, server.sip_port),
        domain=DOMAIN,
        secret=f"demo-{account}",
        answer=True,
        tone_hz=DESK_HZ if account == "jessica-desk" else THOMAS_HZ,
        place=place,
    )


def has_heard(phone: BaresipPhone) -> bool:
    return phone.has_recording and recorded_seconds(phone.recording()) > SECONDS


@pytest.mark.interop("baresip")
@pytest.mark.parametrize("other", [HERE, HERE_V6], ids=["IPv4", "IPv6"])
def test_baresip_behind_ipv6(tmp_path: Path, other: Place) -> None:
    with (
        CordboardServer(tmp_path / "server", also_at=LOOPBACK_V6) as server,
        baresip(tmp_path, server, "jessica-desk", HERE_V6) as desk,
        baresip(tmp_path, server, "thomas", other) as thomas,
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


@pytest.mark.interop("kamailio")
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_behind_a_proxy_of_ipv6(tmp_path: Path, transport: str) -> None:
    """Path, Record-Route and Route are literals, in brackets."""
    by_jessica, by_thomas = tmp_path / "jessica.wav", tmp_path / "thomas.wav"
    how = ("--transport", transport, "--answer-after", "0")
    with (
        CordboardServer(tmp_path / "server", also_at=LOOPBACK_V6) as server,
        Kamailio(
            tmp_path / "kamailio",
            onward=(LOOPBACK_V6, server.sip_port),
            transport=transport,
            host=LOOPBACK_V6,
        ) as proxy,
        OwnPhone(
            "jessica-desk", proxy.sip, *how, "--tone", "620", "--record", by_jessica
        ) as jessica,
        OwnPhone(
            "thomas",
            proxy.sip,
            *how,
            *("--tone", "1100", "--record", by_thomas, "--hangup-after", "1.5"),
        ) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        result = result_of(server.wait_ended(placed.call))
        for phone in (jessica, thomas):
            phone.wait_for("recorded")
        lines = ladder_of(server, placed.call, LOOPBACK_V6)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    for line in lines:
        if line["sent"] and line["text"].startswith(("ACK ", "BYE ", "INVITE ")):
            assert f"\nRoute: <sip:{proxy.address};" in line["text"], line["text"]
    assert seconds_of(by_jessica, THOMAS_HZ) > 1.0
    assert seconds_of(by_thomas, DESK_HZ) > 1.0


@pytest.mark.slow
@pytest.mark.interop("asterisk")
def test_an_asterisk_behind_ipv6_as_a_trunk(tmp_path: Path) -> None:
    """Its echo is heard at a phone behind IPv4."""
    recording = tmp_path / "jessica.wav"
    with Asterisk(tmp_path / "asterisk", host=LOOPBACK_V6) as asterisk:
        uri = f"sip:{written(LOOPBACK_V6, asterisk.port)}"
        trunk = Trunk("pstn", "", 0, username="cordboard", password="trunk-secret", uri=uri)
        with (
            CordboardServer(tmp_path / "server", trunk, also_at=LOOPBACK_V6) as server,
            OwnPhone(
                "jessica-desk",
                server.sip,
                *("--answer-after", "0", "--tone", "620", "--record", recording),
                *("--hangup-after", "2"),
            ) as jessica,
        ):
            placed = server.basix("call_user", user_name="jessica", destination=ECHO)
            result = result_of(server.wait_ended(placed.call))
            jessica.wait_for("recorded")
            lines = ladder_of(server, placed.call, LOOPBACK_V6)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert "c=IN IP6 ::1" in text_of(lines, "SIP/2.0 200 ")
    assert seconds_of(recording, DESK_HZ) > 1.0
