"""A real Asterisk 22 that places the same calls, in three ways."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.contenders import asterisk_files
from bench.contenders.ari import AriCalls, AriIntoDialplan
from bench.contenders.asterisk_files import Ports
from bench.contenders.manager import ManagerCalls
from bench.harness.load import Contender
from bench.harness.loop import Loop

GET = Path(__file__).parents[2] / "scripts" / "get-asterisk"
FETCH_SECONDS = 300.0
START_SECONDS = 20.0

Driver = Callable[[Loop, int, Ports], Contender]
WAYS: dict[str, tuple[Ports, Driver]] = {
    "ARI": (Ports(7080, 7088, 30000), AriCalls),
    "ARI into the dialplan": (Ports(7081, 7089, 33000), AriIntoDialplan),
    "AMI": (Ports(7082, 7038, 36000), ManagerCalls),
}
"""Where each one's own Asterisk is, and who drives it."""


@contextlib.contextmanager
def asterisk(loop: Loop, folder: Path, core: int, way: str) -> Iterator[Contender]:
    """An Asterisk on ``core`` that is asked for calls in a way of :data:`WAYS`."""
    ports, driver = WAYS[way]
    start = fetched()
    config = asterisk_files.write(folder, start.parent / "root", ports, driver is ManagerCalls)
    command = ["taskset", "-c", str(core), str(start), "-f", "-C", str(config)]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        try:
            _until_up(process, start, config, folder)
            contender = driver(loop, process.pid, ports)
            yield contender
        finally:
            process.terminate()
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def fetched() -> Path:
    """Its start script, which is fetched where it is not there."""
    done = subprocess.run([GET], capture_output=True, text=True, timeout=FETCH_SECONDS, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return Path(done.stdout.strip())


def version() -> str:
    """What it calls itself."""
    return subprocess.run(
        [fetched(), "-V"], capture_output=True, text=True, check=True
    ).stdout.strip()


def _until_up(process: subprocess.Popen[bytes], start: Path, config: Path, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    ask = [str(start), "-C", str(config), "-rx", "core waitfullybooted"]
    while time.monotonic() < deadline and process.poll() is None:
        said = subprocess.run(ask, capture_output=True, text=True, check=False)
        if "fully booted" in said.stdout:
            return
        time.sleep(0.1)
    errors = folder / "errors"
    told = (folder / "output").read_text() + (errors.read_text() if errors.exists() else "")
    raise SystemExit(f"Asterisk did not start:\n{told[-2000:]}")
