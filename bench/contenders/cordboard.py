"""Cordboard itself: the whole job, with its journal on the disk, a feed reader and callbacks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.contenders.registering import register
from bench.dialects import BASIC, BASIX, CALLBACK_PORT, reason
from bench.harness.http_lines import CallbackReceiver, HttpLines
from bench.harness.load import Placed
from bench.harness.loop import Loop
from bench.harness.phones import OURS
from bench.harness.web_socket import WebSocket

HTTP_PORT, SIP_PORT = 7180, 7160
SECRET = "bench-secret"
"""Of every phone."""

READY_SECONDS = 20.0
STOP_SECONDS = 30.0
READER = "/basix/api/ws_cti?app_name=bench"

CONFIG = f"""
[http]
listen = "127.0.0.1:{HTTP_PORT}"
[sip]
listen = ["udp:127.0.0.1:{SIP_PORT}"]
[media]
host = "127.0.0.1"
ports = "20000-29999"
[tenant.bench]
customer = 1
country = "jp"
callbacks_inside = true
numbers = ["05068680000"]
caller_id = "05068680000"
[tenant.bench.account.main]
token = "bench-token"
[tenant.bench.person.person]
password = "bench-password"
[tenant.bench.project.1]
label = "Bench"
[tenant.bench.user.first]
id = 1
extension = "9001"
terminal.first.secret = "{SECRET}"
[tenant.bench.trunk.out]
uri = "sip:127.0.0.1:{OURS.second_port}"
[[tenant.bench.outbound]]
prefix = ""
trunks = ["out"]
"""


class Cordboard:
    """A server that runs; each call is a request of one dialect, with a callback where it can."""

    sip_port = SIP_PORT

    def __init__(self, loop: Loop, pid: int, readers: int) -> None:
        self.pid = pid
        self.dialect = BASIX
        self._lines = HttpLines(loop, HTTP_PORT)
        self._receiver = CallbackReceiver(loop, CALLBACK_PORT)
        self.readers = [
            WebSocket(loop, HTTP_PORT, READER, lambda _: None, BASIC) for _ in range(readers)
        ]
        self._refused = 0

    def begin(self) -> None:
        """Count callbacks and refusals anew."""
        self._receiver.ids.clear()
        self._refused = 0

    def place(self, number: int) -> Placed:
        """Ask for a call to an outside number of its own."""
        dialect, outside = self.dialect, f"03{number:08d}"
        placed = Placed(time.time(), "", outside)

        def done(status: int, answer: bytes) -> None:
            placed.replied = time.time()
            first = dialect.first(status, json.loads(answer))
            if first is None:
                placed.refused = reason(answer)
                self._refused += 1
            else:
                placed.first = first

        kind = f"Content-Type: {dialect.kind}\r\n{dialect.headers}"
        self._lines.ask("POST", dialect.path, dialect.body(outside).encode(), done, kind)
        return placed

    def settled(self, calls: int, /) -> bool:
        """Whether each call has had its callback, or was refused."""
        wanted = calls - self._refused
        return not self.dialect.callbacks or len(self._receiver.ids) >= wanted

    def refused(self) -> int:
        """How many requests were refused."""
        return self._refused

    def close(self) -> None:
        """Close the harness's side."""
        for reader in self.readers:
            reader.close()
        self._lines.close()
        self._receiver.close()


@contextlib.contextmanager
def cordboard(
    loop: Loop,
    folder: Path,
    core: int,
    readers: int = 1,
    store: str | None = None,
    more: str = "",
    terminals: Iterable[str] = (),
) -> Iterator[Cordboard]:
    """A server on ``core``, its phone registered; ``store`` is the URL of the journal where it is
    not to be a SQLite file, ``more`` further configuration, with ``terminals`` in it that
    register too."""
    with serving(folder, core, CONFIG + more, store) as pid:
        register(("first", *terminals), SECRET, SIP_PORT)
        contender = Cordboard(loop, pid, readers)
        try:
            yield contender
        finally:
            contender.close()


@contextlib.contextmanager
def serving(folder: Path, core: int, config: str, store: str | None = None) -> Iterator[int]:
    """A server that is ready; its process id."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", HTTP_PORT)) == 0:
            raise SystemExit(f"port {HTTP_PORT} is taken: does another benchmark run?")
    file = folder / "bench.toml"
    file.write_text(config)
    command = [sys.executable, "-m", "cordboard", "serve", "--config", str(file)]
    pinned = ["taskset", "-c", str(core), *command]
    chosen = {} if store is None else {"CORDBOARD_STORE_URL": store}
    with (folder / "server.log").open("wb") as log:  # a line for each request
        process = subprocess.Popen(
            pinned, stdout=subprocess.DEVNULL, stderr=log, env=os.environ | chosen
        )
        try:
            _until_ready(process, folder / "server.log")
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def _until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/healthz", timeout=5) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text()[-2000:]}")
