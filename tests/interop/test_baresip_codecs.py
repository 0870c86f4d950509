"""Two baresips with a better codec than G.711: both come to it, and its packets flow both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.baresip import BaresipPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.waiting import BOUND, let_last

pytestmark = pytest.mark.interop("baresip")

TALK_SECONDS = 1.5
PACKETS_A_SECOND = 50


@pytest.mark.parametrize(
    ("codec", "its_name"), [("G722", "g722/16000/1"), ("opus", "opus/48000/2")]
)
def test_both_phones_come_to_a_better_codec(tmp_path: Path, codec: str, its_name: str) -> None:
    has = f'codecs = ["{codec}"]'
    server = CordboardServer(
        tmp_path / "server",
        jessica_lines=f"terminal.jessica-desk.{has}",
        thomas_lines=f"terminal.thomas.{has}",
    )

    def phone(terminal: str, tone_hz: float) -> BaresipPhone:
        return BaresipPhone(
            tmp_path / terminal,
            terminal,
            server=server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            tone_hz=tone_hz,
            codecs=f"{its_name},pcmu,pcma",
            modules=(codec.lower(),),
        )

    with server, phone("jessica-desk", 620.0) as desk, phone("thomas", 1100.0) as thomas:
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        desk.wait_ringing()
        desk.answer()
        thomas.wait_ringing()
        thomas.answer()
        for one in (thomas, desk):  # the second party is asked first
            one.program.lines.wait_for(
                lambda line: f"Set audio decoder: {codec}" in line, BOUND, f"{one.account}: {codec}"
            )
        # baresip 1.0 records no more once its codec has changed: packets are counted instead.
        let_last(TALK_SECONDS)
        desk.hang_up()
        thomas.wait_closed()
        events = server.wait_ended(placed.call)
    assert result_of(events)["outcome"] == "completed"
    for event in events:
        if event["kind"] == "channel.ended":
            media = event["data"]["media"]
            assert media["packets_sent"] > 0.5 * TALK_SECONDS * PACKETS_A_SECOND, event
            # One that was sent before the codec changed may come when it has: it is of no use then.
            assert media["packets_lost"] <= 1, event
