"""Who hears whom when somebody overhears a call, measured in what phones record."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from support.baresip import BaresipPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.together import together
from support.tones import heard_last, seconds_of
from support.waiting import BOUND, wait_until

JESSICA, THOMAS, HELEN = 700.0, 1100.0, 1500.0
TONES = {"jessica-desk": JESSICA, "thomas": THOMAS, "helen": HELEN}

TENANT = """
[tenant.demo.user.helen]
id = 1003
extension = "1003"
eavesdrop = ["jessica"]
terminal.helen.secret = "demo-helen"
"""

LASTS = 0.2
"""Seconds for which just the right ones have to be heard."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path / "server", more=TENANT) as running:
        yield running


@pytest.fixture
def phones(server: CordboardServer, tmp_path: Path) -> Iterator[dict[str, BaresipPhone]]:
    made = {
        name: BaresipPhone(
            tmp_path / name,
            name,
            server=server.sip,
            domain=DOMAIN,
            secret=f"demo-{name}",
            tone_hz=hertz,
            answer=True,
            codecs="pcma,pcmu" if name == "thomas" else "pcmu,pcma",
        )
        for name, hertz in TONES.items()
    }
    with together(list(made.values())):
        yield made


def hears(phone: BaresipPhone, tones: set[float]) -> bool:
    """Whether a phone hears just these, and has for a while."""
    if not phone.has_recording:
        return False
    return heard_last(phone.recording(), TONES.values(), LASTS) == tones


@pytest.mark.interop("baresip")
def test_each_mode_is_heard_by_whom_it_is_for(
    server: CordboardServer, phones: dict[str, BaresipPhone]
) -> None:
    def hear(**whom: set[float]) -> None:
        """Wait until each hears just these, for a while."""
        for name, tones in whom.items():
            phone = phones["jessica-desk" if name == "jessica" else name]
            wait_until(partial(hears, phone, tones), 2 * BOUND, f"{name} hears {tones}")

    asked = {"first": {"user": {"name": "jessica"}}, "second": {"address": "thomas"}}
    call = server.request("POST", "/v1/calls", {**asked, "record": True}).body["id"]
    server.wait_event(call, "call.bridged")
    hear(jessica={THOMAS}, thomas={JESSICA})

    wanted = {"first": {"user": {"name": "helen"}}}
    placed = server.request("POST", f"/v1/calls/{call}/eavesdrop", wanted)
    assert placed.status == 201, placed
    hers = placed.body["id"]
    hear(helen={JESSICA, THOMAS}, jessica={THOMAS}, thomas={JESSICA})

    def turn(mode: str) -> None:
        changed = server.request("POST", f"/v1/calls/{hers}/eavesdrop/mode", {"mode": mode})
        assert changed.status == 204, changed

    turn("whisper")
    hear(jessica={THOMAS, HELEN}, thomas={JESSICA}, helen={JESSICA, THOMAS})
    turn("join")
    hear(jessica={THOMAS, HELEN}, thomas={JESSICA, HELEN}, helen={JESSICA, THOMAS})
    turn("listen")
    hear(jessica={THOMAS}, thomas={JESSICA}, helen={JESSICA, THOMAS})

    phones["thomas"].hang_up()
    assert result_of(server.wait_ended(hers))["stage"] == "eavesdropping"
    phones["helen"].wait_closed()
    assert result_of(server.wait_ended(call))["outcome"] == "completed"
    (recording,) = server.get(f"/v1/recordings?call={call}").body["recordings"]
    file = server.config.parent / "recordings" / recording["file"]
    assert seconds_of(file, JESSICA) > 0.5
    assert seconds_of(file, HELEN) == 0, "who overhears is in no recording"
