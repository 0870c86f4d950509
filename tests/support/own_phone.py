"""``cordboard phone`` as a process of its own, told about by its JSON lines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from cordboard.addresses import written
from support.block import Block
from support.place import HERE, Place
from support.program import Program
from support.server import DOMAIN
from support.waiting import BOUND


class OwnPhone(Block):
    """The phone of our own, registered as a terminal; ``options`` are those of the command.
    ``place`` is where it runs, ``start_seconds`` how long it may take to begin.

    Its secret comes by the environment, so that no list of processes shows it.
    """

    def __init__(
        self,
        terminal: str,
        server: tuple[str, int],
        *options: str | Path,
        starts_with: str = "registered",
        place: Place = HERE,
        start_seconds: float = BOUND,
    ) -> None:
        self.terminal = terminal
        self._start_seconds = start_seconds
        self._starts_with = starts_with
        self._command = [
            *place.prefix,
            *(sys.executable, "-m", "cordboard", "phone", "--json", "--domain", DOMAIN),
            *("--user", terminal, "--server", written(*server), *options),
        ]
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running program."""
        assert self._program is not None, "the phone is not started"
        return self._program

    def wait_for(
        self, event: str, seconds: float = BOUND, *, call_id: str | None = None
    ) -> dict[str, Any]:
        """The first event of a kind (and call), with its data."""

        def is_it(line: str) -> bool:
            if not line.startswith("{"):
                return False
            told = json.loads(line)
            return told["event"] == event and call_id in (None, told.get("call_id"))

        line = self.program.lines.wait_for(is_it, seconds, f"{self.terminal}: {event} {call_id}")
        told: dict[str, Any] = json.loads(line)
        return told

    def happened(self, call_id: str | None = None) -> list[str]:
        """The kinds of all events so far, or of those of one call."""
        events = [json.loads(line) for line in self.program.lines.all() if line.startswith("{")]
        return [told["event"] for told in events if call_id in (None, told.get("call_id"))]

    def _begin(self) -> None:
        secret = {"CORDBOARD_PHONE_SECRET": f"demo-{self.terminal}"}
        self._program = Program(self._command, environment=secret)
        self.wait_for(self._starts_with, self._start_seconds)

    def _end(self) -> None:
        code = self.program.stop()
        assert code == 0, f"the phone ended with {code} on SIGTERM"

    def _break_off(self) -> None:
        if self._program is not None:
            self._program.stop()
