"""linphone as phones of ours: registered, called, heard, held, and gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.certificates import make_certificates
from support.linphone import LinphonePhone
from support.own_phone import OwnPhone
from support.server import CordboardServer, result_of
from support.tones import seconds_of
from support.waiting import let_last

pytestmark = [pytest.mark.interop("linphonec"), pytest.mark.slow]

LINPHONE_HZ, OURS_HZ = 620.0, 1100.0


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_whole_call(tmp_path: Path, transport: str) -> None:
    certificates = make_certificates(tmp_path / "certificates")
    by_thomas = tmp_path / "thomas.wav"
    with CordboardServer(tmp_path / "server", certificate=certificates.server) as server:
        tls = transport == "tls"
        with (
            OwnPhone(
                *("thomas", server.sip, "--answer-after", "0"),
                *("--tone", str(int(OURS_HZ)), "--record", by_thomas),
            ) as thomas,
            LinphonePhone(
                tmp_path / "linphone",
                "jessica-desk",
                server.tls if tls else server.sip,
                transport=transport,
                authority=certificates.authority if tls else None,
                tone_hz=LINPHONE_HZ,
            ) as linphone,
        ):
            placed = server.basix("call_user", user_name="jessica", destination="thomas")
            linphone.wait_ringing()
            linphone.answer()
            thomas.wait_for("talking")
            let_last(1.2)
            linphone.hold()
            thomas.wait_for("held")
            linphone.resume()
            thomas.wait_for("resumed")
            linphone.press("5")
            assert thomas.wait_for("digit")["digit"] == "5"
            linphone.hang_up()
            thomas.wait_for("recorded")
            events = server.wait_ended(placed.call)
    result = result_of(events)
    assert (result["outcome"], result["cause"], result["leg"]) == ("completed", "normal", "first")
    assert seconds_of(linphone.recording, OURS_HZ) > 1.0
    assert seconds_of(by_thomas, LINPHONE_HZ) > 1.0


def test_two_of_them(tmp_path: Path) -> None:
    """And the one that was called second hangs up."""
    with (
        CordboardServer(tmp_path / "server") as server,
        LinphonePhone(tmp_path / "one", "jessica-desk", server.sip, tone_hz=LINPHONE_HZ) as jessica,
        LinphonePhone(tmp_path / "two", "thomas", server.sip, tone_hz=OURS_HZ) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        jessica.wait_ringing()
        jessica.answer()
        thomas.wait_ringing()
        thomas.answer()
        let_last(1.2)
        jessica.hold()
        thomas.wait_held()
        jessica.resume()
        server.wait_event(placed.call, "call.resumed")
        thomas.hang_up()
        jessica.wait_ended()
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["cause"], result["leg"]) == ("completed", "normal", "second")
    assert seconds_of(jessica.recording, OURS_HZ) > 1.0
    assert seconds_of(thomas.recording, LINPHONE_HZ) > 1.0


def test_both_come_to_opus_and_a_transfer_is_refused(tmp_path: Path) -> None:
    """Heard all the time, while the codec changes and after what we do not do."""
    has = 'codecs = ["opus"]'
    with (
        CordboardServer(
            tmp_path / "server",
            jessica_lines=f"terminal.jessica-desk.{has}",
            thomas_lines=f"terminal.thomas.{has}",
        ) as server,
        LinphonePhone(tmp_path / "one", "jessica-desk", server.sip, tone_hz=LINPHONE_HZ) as jessica,
        LinphonePhone(tmp_path / "two", "thomas", server.sip, tone_hz=OURS_HZ) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        jessica.wait_ringing()
        jessica.answer()
        thomas.wait_ringing()
        thomas.answer()
        let_last(1.0)
        jessica.transfer("sip:nobody@demo")
        thomas.press("7")  # among 48 kHz audio
        digit = server.wait_event(placed.call, "channel.digit")
        let_last(1.0)
        jessica.hang_up()
        thomas.wait_ended()
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
        lines = server.messages(placed.call)
    assert (digit["leg"], digit["data"]["digit"]) == ("second", "7")
    received = [line["text"] for line in lines if not line["sent"]]
    assert len([text for text in received if "a=rtpmap:96 opus/48000/2" in text]) == 2
    assert len([text for text in received if text.startswith("REFER ")]) == 1
    assert seconds_of(jessica.recording, OURS_HZ) > 1.7
    assert seconds_of(thomas.recording, LINPHONE_HZ) > 1.7


def test_sha_256_alone_and_keys_by_info(tmp_path: Path) -> None:
    with (
        CordboardServer(tmp_path / "server", tenant_lines='digest = "sha-256"') as server,
        OwnPhone("thomas", server.sip, "--answer-after", "0") as thomas,
        LinphonePhone(tmp_path / "one", "jessica-desk", server.sip, keys_by_info=True) as jessica,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        jessica.wait_ringing()
        jessica.answer()
        thomas.wait_for("talking")
        jessica.press("3")
        assert thomas.wait_for("digit")["digit"] == "3"
        jessica.hang_up()
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
        asked = [line["summary"] for line in server.messages(placed.call)]
    assert [one for one in asked if one.startswith("INFO")]


def test_it_declines(tmp_path: Path) -> None:
    with (
        CordboardServer(tmp_path / "server") as server,
        LinphonePhone(tmp_path / "one", "jessica-desk", server.sip) as jessica,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        jessica.wait_ringing()
        jessica.hang_up()
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["sip_status"]) == ("first_leg_failed", 603)


def test_we_give_up_while_it_rings(tmp_path: Path) -> None:
    with (
        CordboardServer(tmp_path / "server") as server,
        LinphonePhone(tmp_path / "one", "jessica-desk", server.sip) as jessica,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        jessica.wait_ringing()
        assert server.request("DELETE", f"/v1/calls/{placed.call}").status == 204
        jessica.wait_ended()
        result = result_of(server.wait_ended(placed.call))
    assert result["outcome"] == "cancelled"
