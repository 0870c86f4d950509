"""SIPp as the phones of both legs, on the harness's core."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SCENARIOS = Path(__file__).parents[1] / "scenarios"
HANGS_UP, IS_HUNG_UP = "first_leg.xml", "second_leg.xml"
RECEIVE_BUFFER = "4194304"
START_SECONDS = 0.5
MEDIA_ABOVE, AUDIO_ABOVE = 20, 40
"""Where SIPp's own media port lies above a phone's, and the audio port that the phone names."""


@dataclass(frozen=True, slots=True)
class Legs:
    """What the phones of both legs play, and where."""

    first: str
    second: str
    first_port: int
    second_port: int


OURS = Legs(HANGS_UP, IS_HUNG_UP, 7361, 7371)
"""The first phone hangs up, as a person would."""
THEIRS = Legs(IS_HUNG_UP, IS_HUNG_UP, 7561, 7571)
"""The server hangs up, for it is how its ways of placing calls are used."""


@contextlib.contextmanager
def phones(legs: Legs, core: int, talk: float) -> Iterator[list[int]]:
    """The phones of both legs, that talk so long (s); their process ids."""
    sipp = shutil.which("sipp")
    if sipp is None:
        raise SystemExit("the benchmark needs sipp: apt-get install sip-tester")
    processes = []
    for scenario, port in ((legs.first, legs.first_port), (legs.second, legs.second_port)):
        command = [sipp, "-sf", str(SCENARIOS / scenario), "-i", "127.0.0.1", "-p", str(port)]
        command += ["-mp", str(port + MEDIA_ABOVE), "-nostdin", "-t", "u1"]
        command += ["-key", "audio_port", str(port + AUDIO_ABOVE)]
        command += ["-buff_size", RECEIVE_BUFFER, "-d", str(round(talk * 1000))]
        pinned = ["taskset", "-c", str(core), *command]
        processes.append(
            subprocess.Popen(pinned, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
    time.sleep(START_SECONDS)
    try:
        if any(process.poll() is not None for process in processes):
            raise SystemExit("SIPp did not start: are its ports taken?")
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.wait()
