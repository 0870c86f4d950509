"""sippy, a SIP stack and back-to-back user agent in Python, that places the same calls."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from bench.harness.load import TALK_SECONDS, Contender, Placed
from bench.harness.phones import THEIRS

GET = Path(__file__).parents[2] / "scripts" / "get-sippy"
VERSION = "2.5.0"
PROGRAM = Path(__file__).with_name("sippy_click.py")
SIP_PORT, ASK_PORT = 7090, 7091
FETCH_SECONDS = 300.0
START_SECONDS = 20.0


class SippyCalls:
    """A click is one datagram with the call's number."""

    sip_port = SIP_PORT

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(("127.0.0.1", ASK_PORT))

    def begin(self) -> None:
        """Nothing is counted."""

    def refused(self) -> int:
        """It refuses nothing while it can speak."""
        return 0

    def settled(self, _: int) -> bool:
        """Nothing but the phones tells that they are over."""
        return True

    def place(self, number: int) -> Placed:
        """Ask for a call."""
        placed = Placed(time.time(), f"a{number}", f"b{number}")
        self._socket.send(b"%d" % number)
        placed.replied = time.time()
        return placed


@contextlib.contextmanager
def sippy(folder: Path, core: int) -> Iterator[Contender]:
    """A process on ``core``."""
    python = fetched()
    words = map(str, (SIP_PORT, ASK_PORT, THEIRS.first_port, THEIRS.second_port, TALK_SECONDS))
    command = ["taskset", "-c", str(core), str(python), str(PROGRAM), *words]
    environment = {
        "SIPLOG_BEND": "none",
        "SIPLOG_LVL": "CRIT",
        "PATH": "/usr/bin:/bin",
    }
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=output, env=environment
        )
        try:
            assert process.stdout is not None
            if process.stdout.readline() != b"ready\n":
                raise SystemExit(f"sippy did not start:\n{(folder / 'output').read_text()[-2000:]}")
            yield SippyCalls(process.pid)
        finally:
            process.kill()
            process.wait()


def fetched() -> Path:
    """A Python that has it."""
    done = subprocess.run(
        [GET, VERSION], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return Path(done.stdout.strip())
