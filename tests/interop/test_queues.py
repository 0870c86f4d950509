"""Callers wait for an agent: they hear music, and get him in the order in which they came."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.server import DOMAIN, CordboardServer, result_of
from support.tones import seconds_of, write_tone
from support.waiting import BOUND, wait_until

pytestmark = pytest.mark.interop("baresip")

DESK_HZ, SOFT_HZ, THOMAS_HZ, MUSIC_HZ = 620.0, 760.0, 1100.0, 500.0
HEARD = 0.6  # s of a tone, which no accident makes

SUPPORT = """
[tenant.demo.group.support]
extension = "2002"
kind = "call_center"
members = ["thomas"]
music = "{music}"

[tenant.demo.feature_codes]
agent_pause = "*52"
agent_unpause = "*53"
"""


class Office:
    """A server, an agent and two who call him."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        music = folder / "music.wav"
        write_tone(music, MUSIC_HZ, seconds=2.0)
        more = SUPPORT.format(music=music)
        self.server = running.enter_context(
            CordboardServer(
                folder / "server", more=more, store=f"sqlite:///{folder / 'journal.db'}"
            )
        )
        self.desk = running.enter_context(self._phone("jessica-desk", DESK_HZ))
        self.soft = running.enter_context(self._phone("jessica-soft", SOFT_HZ))
        self.thomas = running.enter_context(self._phone("thomas", THOMAS_HZ))

    def _phone(self, terminal: str, tone_hz: float) -> BaresipPhone:
        return BaresipPhone(
            self.folder / terminal,
            terminal,
            server=self.server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            tone_hz=tone_hz,
        )

    def act(self, code: str) -> str:
        """The agent dials a code, and listens to what it does; his state in the group then."""
        before = len(self.thomas.events)
        self.thomas.dial(f"sip:{code}@{DOMAIN}")
        self.thomas.wait_established(after=before)
        self.thomas.hang_up()
        (member,) = self.server.get("/v1/groups/support").body["members"]
        return str(member["state"])

    def kill_server(self) -> None:
        """Kill it with SIGKILL, and start it again."""
        assert self.server.program is not None
        os.kill(self.server.program.pid, signal.SIGKILL)
        assert self.server.program.wait(10.0) == -signal.SIGKILL
        self.server.start()

    def waiting(self) -> list[dict[str, Any]]:
        """Who waits."""
        found: list[dict[str, Any]] = self.server.get("/v1/groups/support/queue").body["waiting"]
        return found


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as running:
        yield Office(tmp_path, running)


def test_callers_wait_and_are_served_in_turn(office: Office) -> None:
    desk, soft, thomas = office.desk, office.soft, office.thomas
    assert office.act("*52") == "paused"
    for phone in (desk, soft):
        phone.dial(f"sip:2002@{DOMAIN}")
        phone.wait_established()
    wait_until(lambda: len(office.waiting()) == 2, BOUND, "they wait")
    first, second = (one["call"] for one in office.waiting())
    wait_until(lambda: soft.has_heard(1.0), 10.0, "music")
    assert not thomas.happened("CALL_INCOMING")

    assert office.act("*53") == "ready"
    thomas.wait_ringing()
    assert [(one["call"], one["state"]) for one in office.waiting()] == [
        (first, "ringing"),
        (second, "waiting"),
    ]
    thomas.answer()
    office.server.wait_event(first, "call.bridged")
    wait_until(lambda: thomas.has_heard(1.0), 10.0, "they talk")
    heard, rung = thomas.recording(), len(thomas.events)
    thomas.hang_up()
    desk.wait_closed()
    assert seconds_of(desk.recording(), MUSIC_HZ) > HEARD
    assert seconds_of(desk.recording(), THOMAS_HZ) > HEARD
    assert seconds_of(heard, DESK_HZ) > HEARD

    thomas.wait_ringing(after=rung)
    thomas.answer()
    office.server.wait_event(second, "call.bridged")
    soft.hang_up()
    left = [
        event["data"]
        for call in (first, second)
        for event in office.server.wait_ended(call)
        if event["kind"] == "queue.left"
    ]
    assert [(one["reason"], one["agent"]["name"]) for one in left] == [("answered", "thomas")] * 2
    assert seconds_of(soft.recording(), MUSIC_HZ) > HEARD

    # The server is killed while somebody waits for an agent who pauses.
    assert office.act("*52") == "paused"
    before = len(desk.events)
    desk.dial(f"sip:2002@{DOMAIN}")
    desk.wait_established(after=before)
    wait_until(office.waiting, BOUND, "he waits")
    (waiting,) = office.waiting()
    office.server.wait_event(waiting["call"], "queue.joined")  # which is committed then
    office.kill_server()
    desk.wait_closed(10.0, after=before)
    events = office.server.wait_ended(waiting["call"])
    assert [one["data"]["reason"] for one in events if one["kind"] == "queue.left"] == [
        "interrupted"
    ]
    assert result_of(events)["outcome"] == "interrupted"
    assert not office.waiting()
    (member,) = office.server.get("/v1/groups/support").body["members"]
    assert member["state"] == "paused"
