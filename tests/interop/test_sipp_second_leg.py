"""SIPp as the outside number that the first leg is connected with: what the first one hears."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.lossy import LossyRelay, Rule, Way, loses_first
from support.own_phone import OwnPhone
from support.ports import free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.tones import Heard, heard, write_ulaw

pytestmark = pytest.mark.interop("sipp")

NUMBER = "0312341234"
T1 = 0.2
SHORT_MS = 400
LONG_MS = 1500
RINGBACK_HZ = BUSY_HZ = 400.0
"""Of Japan, where the test's tenant is: ringback 1 s of 3, busy half of every second (E.180)."""

EARLY_HZ = 700.0


@dataclass(frozen=True, slots=True)
class Site:
    """A server, jessica's phone that answers at once and records, and an outside network."""

    server: CordboardServer
    jessica: OwnPhone
    recording: Path
    port: int
    folder: Path

    def sipp(self, scenario: str, **options: Any) -> Sipp:
        """SIPp behind the trunk."""
        write_ulaw(self.folder / "tone.ulaw", EARLY_HZ, 10.0)
        return Sipp(self.folder, scenario, port=self.port, **options)

    def call(self) -> list[dict[str, Any]]:
        """Connect jessica with the outside number; all events of the call."""
        placed = self.server.basix("call_user", user_name="jessica", destination=NUMBER)
        return self.server.wait_ended(placed.call)

    def heard(self, *hertz: float) -> list[Heard]:
        """What jessica heard."""
        self.jessica.wait_for("recorded")
        return heard(self.recording, hertz)


@contextmanager
def site_of(folder: Path, *options: str, trunk_port: int | None = None) -> Iterator[Site]:
    port = free_ports()
    recording = folder / "jessica.wav"
    trunk = Trunk("pstn", "", trunk_port or port)
    with (
        CordboardServer(folder / "server", trunk, t1=T1) as server,
        OwnPhone(
            "jessica-desk",
            server.sip,
            *("--answer-after", "0", "--tone", "1100"),
            "--record",
            recording,
            *options,
        ) as jessica,
    ):
        yield Site(server, jessica, recording, port, folder)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_of(tmp_path) as one:
        yield one


def kinds_of(events: list[dict[str, Any]], leg: str) -> list[str]:
    """The kinds of a leg's events."""
    return [event["kind"] for event in events if event["leg"] == leg]


def test_a_busy_number_is_heard_to_be_busy(site: Site) -> None:
    with site.sipp("busy"):
        result = result_of(site.call())
    assert (result["outcome"], result["leg"], result["cause"]) == (
        "second_leg_failed",
        "second",
        "busy",
    )
    bursts = [tone for tone in site.heard(BUSY_HZ) if 0.4 <= tone.seconds <= 0.6]
    assert len(bursts) >= 2, site.heard(BUSY_HZ)
    assert site.jessica.wait_for("ended")["by"] == "them"


def test_early_media_takes_the_place_of_ringback(site: Site) -> None:
    with site.sipp("early_media", pause_ms=LONG_MS):
        placed = site.server.basix("call_user", user_name="jessica", destination=NUMBER)
        event = site.server.wait_event(placed.call, "channel.early_media", "second")
        assert event["data"]["flowing"] is True
        site.server.wait_event(placed.call, "call.bridged")
        site.jessica.program.stop()  # it hangs up
        events = site.server.wait_ended(placed.call)
    assert result_of(events)["outcome"] == "completed"
    tones = heard(site.recording, [EARLY_HZ])
    assert sum(tone.seconds for tone in tones) > LONG_MS / 1000 - 0.5, tones
    ringback = sum(tone.seconds for tone in heard(site.recording, [RINGBACK_HZ]))
    assert ringback < 0.6, "ringback goes on under the early media"


def test_early_media_that_does_not_come_leaves_the_ringback(tmp_path: Path) -> None:
    with (
        site_of(tmp_path, "--hangup-after", "2.2") as site,
        site.sipp("early_silence", pause_ms=LONG_MS),
    ):
        events = site.call()
        assert "channel.early_media" not in kinds_of(events, "second")
        assert result_of(events)["outcome"] == "completed"
        (ringback,) = site.heard(RINGBACK_HZ)
        assert ringback.start < 0.4
        assert ringback.seconds == pytest.approx(1.0, abs=0.15)


def test_the_outside_number_hangs_up(site: Site) -> None:
    with site.sipp("answer_and_hang_up", pause_ms=SHORT_MS):
        events = site.call()
    result = result_of(events)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert result["talk_seconds"] == pytest.approx(SHORT_MS / 1000, abs=0.2)
    assert site.jessica.wait_for("ended")["by"] == "them"


def test_both_hang_up_at_the_same_moment(tmp_path: Path) -> None:
    with (
        site_of(tmp_path, "--hangup-after", "0.6") as site,
        site.sipp("bye_crosses_bye") as sipp,
    ):
        events = site.call()
        sipp.wait()
    assert result_of(events)["outcome"] == "completed"
    ended = [event for event in events if event["kind"] == "channel.ended"]
    assert len(ended) == 2


@pytest.mark.parametrize(
    ("rule", "repeated"),
    [
        (loses_first(Way.IN, "ACK"), "SIP/2.0 200"),
        (loses_first(Way.IN, "BYE"), "BYE"),
        (loses_first(Way.OUT, "SIP/2.0 200"), "SIP/2.0 200"),
        (loses_first(Way.IN, "INVITE"), None),
    ],
    ids=["ACK", "BYE", "200", "INVITE"],
)
def test_a_lost_message_is_made_good(tmp_path: Path, rule: Rule, repeated: str | None) -> None:
    peer_port = free_ports()
    with (
        LossyRelay(rule, peer_port) as relay,
        site_of(tmp_path, "--hangup-after", "1.5", trunk_port=relay.port) as site,
        Sipp(tmp_path, "answer", port=peer_port, contact_port=relay.port) as sipp,
    ):
        events = site.call()
        sipp.wait()
        assert len(relay.lost) == 1
        assert result_of(events)["outcome"] == "completed"
        call = events[0]["call"]
        ladder = site.server.get(f"/v1/calls/{call}/ladder").body
        lines = [line for channel in ladder["channels"] for line in channel["lines"]]
        if repeated is not None:
            again = [line for line in lines if line["summary"].startswith(repeated)]
            assert len(again) > 1, lines
