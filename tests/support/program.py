"""A program under test or beside it: started, its output read line by line, ended for sure."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from support.block import Block
from support.waiting import BOUND, Observed

STOP_SECONDS = 10.0


class Program(Block):
    """A running program whose standard output and error come as :attr:`lines`.

    As a context manager it is ended at the end of the block, with its whole process group.
    ``talks``: it is told things by :meth:`say`.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        talks: bool = False,
    ) -> None:
        self.command = [str(word) for word in command]
        self.lines: Observed[str] = Observed()
        self._process = subprocess.Popen(
            self.command,
            cwd=cwd,
            env={**_usual_environment(), **(environment or {})},
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._finished = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal ended it."""
        return self._process.poll()

    @property
    def output(self) -> str:
        """All it has printed."""
        return "\n".join(self.lines.all())

    def wait_for_line(self, part: str, seconds: float = BOUND, *, after: int = 0) -> str:
        """The first line that holds ``part``."""
        return self.lines.wait_for(
            lambda line: part in line, seconds, f"{self.command[0]} prints {part!r}", after=after
        )

    def say(self, line: str) -> None:
        """Give it a line of input."""
        assert self._process.stdin is not None, f"{self.command[0]} takes no input"
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def wait(self, seconds: float) -> int:
        """Its exit code, once it has ended by itself."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            tail = "\n".join(self.lines.all()[-40:])
            raise AssertionError(f"{self.command} still runs after {seconds} s:\n{tail}") from None
        self._finish()
        return code

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it still runs."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def stop(self, seconds: float = STOP_SECONDS) -> int:
        """Ask it to end (SIGTERM), insist after a while; its exit code."""
        self.signal(signal.SIGTERM)
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            code = self._process.wait()
        self._finish()
        return code

    def _finish(self) -> None:
        """Show what it printed: pytest keeps that for tests that fail."""
        if self._finished:
            return
        self._finished = True
        self._reader.join(2.0)
        sys.stdout.write(f"--- {' '.join(self.command)}\n{self.output}\n")
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.add(line.decode("utf-8", "replace").rstrip("\r\n"))

    def _begin(self) -> None:
        """It was started when it was made."""

    def _end(self) -> None:
        self.stop()


def _usual_environment() -> dict[str, str]:
    """Ours, but with compiled modules kept: hundreds of Pythons are started, and each would compile
    all of them anew, for two seconds."""
    return {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
