"""Recordings of phones that talk, are put on hold, transfer each other, and lose their server."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.place import HERE
from support.server import DOMAIN, CordboardServer
from support.small_disk import SmallDisk, why_no_disks
from support.together import together
from support.tones import heard, seconds_of
from support.waiting import BOUND, let_last, wait_until

TONES = {"jessica-desk": 700.0, "thomas": 1100.0, "helen": 1500.0}
BEEP_HZ = 1000.0
MIB = 1024 * 1024

TENANT = """
[tenant.demo.user.helen]
id = 1003
extension = "1003"
terminal.helen.secret = "demo-helen"

[tenant.demo.record_group.quality]
folder = "quality"
beep = true
keep_days = 30
"""


@dataclass(frozen=True)
class Studio:
    """A server with phones, and the disk that it records to, if that is one of its own."""

    server: CordboardServer
    phones: dict[str, BaresipPhone]
    folder: Path
    disk: SmallDisk | None

    def place(self, second: str, **more: Any) -> str:
        """Have jessica talk with somebody, and be recorded; the call's id."""
        asked = {"first": {"user": {"name": "jessica"}}, "second": {"address": second}, **more}
        placed = self.server.request("POST", "/v1/calls", asked)
        assert placed.status == 201, placed
        call = str(placed.body["id"])
        self.server.wait_event(call, "call.recording_started")
        return call

    def recordings(self, call: str) -> list[dict[str, Any]]:
        """Those of a call, in the order in which they began."""
        found = self.server.get(f"/v1/recordings?call={call}").body["recordings"]
        return list(reversed(found))

    def fetch(self, recording: dict[str, Any]) -> Path:
        """The file as a client gets it."""
        got = self.folder / f"{recording['id']}.wav"
        url = f"http://{HERE.host}:{self.server.http_port}{recording['audio']}"
        command = ["curl", "-sS", "--fail-with-body", "-u", "demo:demo-token", url, "-o", str(got)]
        subprocess.run(command, check=True, timeout=10.0)
        return got


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("recording")
    disk = None
    if why_no_disks(folder) is None:
        disk = SmallDisk(folder / "server" / "recordings", 80 * MIB)
    store = f"sqlite:///{folder / 'journal.db'}"
    with ExitStack() as running:
        if disk is not None:
            running.enter_context(disk)
        server = CordboardServer(folder / "server", store=store, more=TENANT)
        running.enter_context(server)
        phones = {
            name: BaresipPhone(
                folder / name,
                name,
                server=server.sip,
                domain=DOMAIN,
                secret=f"demo-{name}",
                tone_hz=hertz,
                answer=True,
            )
            for name, hertz in TONES.items()
        }
        running.enter_context(together(list(phones.values())))
        yield Studio(server, phones, folder, disk)


def one_side(recording: Path, side: int) -> Path:
    """One channel of a stereo file, as a file of its own."""
    alone = recording.with_suffix(f".{side}.wav")
    subprocess.run(["sox", recording, alone, "remix", str(side)], check=True)
    return alone


def assert_holds(recording: Path, left: str, right: str, seconds: float) -> None:
    """Each party is in its own channel, for so long, and in no other."""
    for side, own, other in ((1, left, right), (2, right, left)):
        alone = one_side(recording, side)
        assert seconds_of(alone, TONES[own]) > seconds, (recording, side)
        assert seconds_of(alone, TONES[other]) == 0, (recording, side)
        assert seconds_of(alone, BEEP_HZ) == 0, "a beep is for the parties only"


@pytest.mark.interop("baresip", "sox", "curl")
def test_a_recording_is_held_transferred_and_killed(studio: Studio) -> None:
    server, phones = studio.server, studio.phones
    desk, thomas = phones["jessica-desk"], phones["thomas"]
    call = studio.place("thomas", record_group="quality")
    let_last(1.2)
    desk.hold()
    server.wait_event(call, "call.held")
    let_last(0.8)
    desk.resume()
    server.wait_event(call, "call.resumed")
    let_last(1.0)

    # Thomas sends jessica on to helen, and leaves.
    thomas.command("transfer", "sip:1003@demo")
    thomas.wait_closed()
    wait_until(lambda: len(studio.recordings(call)) == 2, BOUND, "jessica and helen are recorded")
    let_last(2.0)
    assert server.program is not None
    os.kill(server.program.pid, signal.SIGKILL)
    killed_at = time.time()
    assert server.program.wait(10.0) == -signal.SIGKILL
    server.start()
    wait_until(lambda: server.get("/readyz").status == 200, 10.0, "the server is ready")

    first, second = studio.recordings(call)
    assert (first["state"], first["error"]) == ("complete", None)
    assert (second["state"], second["error"]) == ("interrupted", "the server was killed")
    assert killed_at - second["started_at"] - second["seconds"] < 1.0, "all but the last second"
    for one in (first, second):
        assert one["record_group"] == "quality"
        assert one["file"] == f"demo/quality/{one['id']}.wav"
        assert studio.fetch(one).stat().st_size == one["octets"]
    assert_holds(studio.fetch(first), "jessica-desk", "thomas", 1.5)
    assert_holds(studio.fetch(second), "jessica-desk", "helen", 0.8)

    # While thomas was on hold, what jessica's phone sent is in the file: nothing.
    spoken = heard(one_side(studio.fetch(first), 1), [TONES["jessica-desk"]])
    pauses = [after.start - before.end for before, after in pairwise(spoken)]
    assert max(pauses) == pytest.approx(0.8, abs=0.6)

    assert seconds_of(thomas.recording(), BEEP_HZ) > 0.15, "both hear that they are recorded"
    gone = server.request("DELETE", f"/v1/recordings/{second['id']}")
    assert gone.status == 204
    assert not (studio.folder / "server" / "recordings" / second["file"]).exists()
    assert server.get(second["audio"]).status == 410


@pytest.mark.interop("baresip", "sox")
def test_a_disk_that_fills_ends_the_recording_and_no_call(studio: Studio) -> None:
    if studio.disk is None:
        pytest.skip(str(why_no_disks(studio.folder)))
    server = studio.server
    call = studio.place("thomas", record=True)
    let_last(1.5)
    studio.disk.fill(leave=10 * MIB)
    stopped = server.wait_event(call, "call.recording_stopped")
    assert stopped["data"]["error"] == "the disk is full"
    studio.disk.make_room()
    (one,) = studio.recordings(call)
    assert (one["state"], one["error"]) == ("interrupted", "the disk is full")
    assert one["seconds"] > 0.5
    assert server.get(f"/v1/calls/{call}").body["state"] == "bridged", "the call goes on"
    path = studio.folder / "server" / "recordings" / one["file"]
    assert path.stat().st_size >= one["octets"]
    assert seconds_of(one_side(path, 1), TONES["jessica-desk"]) > 0.3

    # There is room again: the next one is complete.
    again = server.request("POST", f"/v1/calls/{call}/record", {"action": "start"})
    assert again.status == 200, again
    let_last(0.8)
    assert server.request("DELETE", f"/v1/calls/{call}").status == 204
    server.wait_ended(call)
    assert [one["state"] for one in studio.recordings(call)] == ["interrupted", "complete"]
