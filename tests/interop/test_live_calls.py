"""What clients do to live calls, with phones that hear it: screening, keys, hold, transfer, and a
recording of it all."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.own_phone import OwnPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import heard, seconds_of
from support.waiting import BOUND, let_last, wait_until

pytestmark = pytest.mark.interop("baresip", "sox")

DESK_HZ, THOMAS_HZ, HELEN_HZ = 700.0, 1100.0, 1500.0
RINGBACK_HZ, HOLD_HZ = 400.0, 520.0

HELEN = """
[tenant.demo.user.helen]
id = 1003
extension = "1003"
terminal.helen.secret = "demo-helen"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path / "server", more=HELEN) as running:
        yield running


def wish(server: CordboardServer, call: str, what: str, body: dict[str, Any]) -> Any:
    """Have something done to a call; what is answered."""
    answer = server.request("POST", f"/v1/calls/{call}/{what}", body)
    assert answer.status in (200, 202, 204), answer
    return answer.body


def keys_heard(phone: OwnPhone) -> str:
    """The keys that a phone told of."""
    told = [json.loads(line) for line in phone.program.lines.all() if line.startswith("{")]
    return "".join(one["digit"] for one in told if one["event"] == "digit")


def one_side(recording: Path, side: int) -> Path:
    """One channel of a stereo file, as a file of its own."""
    alone = recording.with_suffix(f".{side}.wav")
    subprocess.run(["sox", recording, alone, "remix", str(side)], check=True)
    return alone


def test_a_call_is_screened_recorded_held_and_transferred(
    server: CordboardServer, tmp_path: Path
) -> None:
    by_thomas, by_helen = tmp_path / "thomas.wav", tmp_path / "helen.wav"

    def own(name: str, hertz: float, record: Path) -> OwnPhone:
        options = ("--answer-after", "0.5", "--tone", str(int(hertz)), "--record", record)
        return OwnPhone(name, server.sip, *options)

    desk = BaresipPhone(
        *(tmp_path / "desk", "jessica-desk"),
        server=server.sip,
        domain=DOMAIN,
        secret="demo-jessica-desk",
        tone_hz=DESK_HZ,
    )
    with (
        desk,
        own("thomas", THOMAS_HZ, by_thomas) as thomas,
        own("helen", HELEN_HZ, by_helen) as helen,
    ):
        asked = {
            "first": {"user": {"name": "jessica"}, "screening": True},
            "second": {"user": {"name": "thomas"}},
            "record": True,
        }
        placed = server.request("POST", "/v1/calls", asked)
        assert placed.status == 201, placed
        call = str(placed.body["id"])

        # Jessica has answered only when she has pressed 1.
        desk.wait_ringing()
        desk.answer()
        server.wait_event(call, "channel.screening", "first")
        let_last(0.5)  # whoever would be called too early would ring by now
        assert "ringing" not in thomas.happened()
        desk.send_digit("1")
        server.wait_event(call, "leg.answered", "first")
        thomas.wait_for("talking")
        server.wait_event(call, "call.recording_started")
        let_last(1.5)
        (recording,) = server.get(f"/v1/calls/{call}").body["recordings"]
        so_far = one_side(server.config.parent / "recordings" / recording["file"], 1)
        assert seconds_of(so_far, DESK_HZ) > 0.3, "as a crash would leave it"

        wish(server, call, "dtmf", {"leg": "first", "digits": "7"})
        wish(server, call, "dtmf", {"leg": "second", "digits": "12#", "duration": 80})
        desk.wait_for("CALL_DTMF_START")
        wait_until(lambda: len(keys_heard(thomas)) == 3, BOUND, "thomas hears the keys")

        wish(server, call, "hold", {"leg": "second"})
        thomas.wait_for("held")
        let_last(0.8)
        wish(server, call, "resume", {"leg": "second"})
        thomas.wait_for("resumed")
        let_last(1.0)

        # Thomas goes on with Helen, and Jessica is hung up.
        wish(server, call, "transfer", {"leg": "second", "to": "helen"})
        desk.wait_closed()
        helen.wait_for("talking")
        let_last(1.0)
        server.request("DELETE", f"/v1/calls/{call}")
        thomas.wait_for("recorded")
        helen.wait_for("recorded")
        events = server.wait_ended(call)
        recordings = server.get(f"/v1/calls/{call}").body["recordings"]

    assert keys_heard(thomas) == "12#"
    assert result_of(events)["talk_seconds"] > 3.0

    by_ear = heard(by_thomas, [DESK_HZ, HOLD_HZ, RINGBACK_HZ, HELEN_HZ])
    order = [tone.hertz for tone in by_ear if tone.seconds > 0.15]
    for before, after in [
        (DESK_HZ, HOLD_HZ),
        (HOLD_HZ, DESK_HZ),
        (DESK_HZ, RINGBACK_HZ),
        (RINGBACK_HZ, HELEN_HZ),
    ]:
        assert any(pair == (before, after) for pair in pairwise(order)), order
    assert seconds_of(by_helen, THOMAS_HZ) > 0.5

    first, second = (server.config.parent / "recordings" / one["file"] for one in recordings)
    for recording, left, right in ((first, DESK_HZ, THOMAS_HZ), (second, HELEN_HZ, THOMAS_HZ)):
        for side, own_hz, other_hz in ((1, left, right), (2, right, left)):
            alone = one_side(recording, side)
            assert seconds_of(alone, own_hz) > 0.7, (recording, side)
            assert seconds_of(alone, other_hz) == 0, "each party is in its own channel only"
