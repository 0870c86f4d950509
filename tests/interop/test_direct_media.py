"""Audio from one phone to the other, past the server, and back when it is to be recorded."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.own_phone import OwnPhone
from support.server import CordboardServer, result_of
from support.tones import seconds_of
from support.waiting import let_last, wait_until

pytestmark = pytest.mark.interop("sox")

DESK_HZ, THOMAS_HZ = 700, 1100
DIRECT = "terminal.{}.direct_media = true"
AUDIO = re.compile(r"^m=audio (\d+)", re.MULTILINE)
SECONDS = 30.0
DIRECT_SECONDS = 2.0
MUCH_LESS = 0.3  # s, for a machine on which phones lose most of their packets


def told_ports(server: CordboardServer, call: str, leg: str) -> list[int]:
    """The ports that a phone was told to send its audio to, one after the other."""
    return [
        int(found[1])
        for message in server.messages(call, leg)
        if message["sent"] and (found := AUDIO.search(message["text"])) is not None
    ]


def own_ports(server: CordboardServer, call: str, leg: str) -> set[int]:
    """The ports that a phone said it hears on."""
    return {
        int(found[1])
        for message in server.messages(call, leg)
        if not message["sent"] and (found := AUDIO.search(message["text"])) is not None
    }


def test_audio_goes_from_phone_to_phone_until_it_is_recorded(tmp_path: Path) -> None:
    by_desk, by_thomas = tmp_path / "desk.wav", tmp_path / "thomas.wav"
    with ExitStack() as running:
        server = running.enter_context(
            CordboardServer(
                tmp_path / "server",
                jessica_lines=DIRECT.format("jessica-desk"),
                thomas_lines=DIRECT.format("thomas"),
            )
        )
        for name, hertz, record in (
            ("jessica-desk", DESK_HZ, by_desk),
            ("thomas", THOMAS_HZ, by_thomas),
        ):
            options = ("--answer-after", "0.1", "--tone", str(hertz), "--record", record)
            running.enter_context(OwnPhone(name, server.sip, *options))
        call = server.basix("call_user", user_name="jessica", destination="1002").call
        events: list[dict[str, Any]] = []
        stream = server.events(call)

        def until(kind: str) -> None:
            for event in stream:
                events.append(event)
                if event["kind"] == kind:
                    return
            raise AssertionError(f"no {kind}")

        until("call.media_direct")
        assert told_ports(server, call, "first")[-1] in own_ports(server, call, "second")
        assert told_ports(server, call, "second")[-1] in own_ports(server, call, "first")
        assert not set(told_ports(server, call, "first")[:1]) & own_ports(server, call, "second")
        let_last(DIRECT_SECONDS)
        assert server.request("POST", f"/v1/calls/{call}/record", {"action": "start"}).status in (
            200,
            201,
            202,
        )
        until("call.media_relayed")
        for leg, other in (("first", "second"), ("second", "first")):
            assert told_ports(server, call, leg)[-1] not in own_ports(server, call, other)
        recordings = server.config.parent / "recordings" / "demo"
        wait_until(
            lambda: any(seconds_of(one, DESK_HZ) > 0.5 for one in recordings.glob("*.wav")),
            SECONDS,
            "they are recorded",
        )
        assert server.request("DELETE", f"/v1/calls/{call}").status == 204
        events += stream
        assert result_of(events)["outcome"] == "completed"
    relayed = {
        event["leg"]: event["data"]["media"]["packets_received"] * 0.02
        for event in events
        if event["kind"] == "channel.ended" and event["data"]["answered"]
    }
    assert seconds_of(by_thomas, DESK_HZ) > relayed["first"] + MUCH_LESS
    assert seconds_of(by_desk, THOMAS_HZ) > relayed["second"] + MUCH_LESS
