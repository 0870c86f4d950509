"""SIPp as a phone or a trunk in tests, playing a scenario of ``tests/interop/scenarios``."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from cordboard.addresses import written
from support.block import Block
from support.ports import LOOPBACK, free_ports, is_listened_at
from support.program import Program
from support.sipp_script import Script
from support.waiting import BOUND, wait_until

SCENARIOS = Path(__file__).parents[1] / "interop" / "scenarios"
LONGEST_LOG = 20_000


class Sipp(Block):
    """A SIPp that answers ``calls`` calls and then ends; every one must go as the scenario says.

    :param scenario: a scenario's name, or a script.
    :param folder: where it leaves its traces, which a failing test shows.
    :param keys: values of the scenario's own ``[words]``.
    :param pause_ms: how long its pauses are.
    :param contact_port: the port it names in its Contact, where that is not its own.
    :param host: its own address.
    :param transport: udp or tcp.
    :param peer: whom to call, for a scenario that begins by sending.
    """

    def __init__(
        self,
        folder: Path,
        scenario: str | Script,
        *,
        calls: int = 1,
        port: int | None = None,
        contact_port: int | None = None,
        keys: Mapping[str, str] | None = None,
        pause_ms: int = 0,
        seconds: float = 30.0,
        peer: tuple[str, int] | None = None,
        arguments: tuple[str, ...] = (),
        host: str = LOOPBACK,
        transport: str = "udp",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_ports(owner=self)
        if isinstance(scenario, Script):
            name, file = scenario.name, folder / f"{scenario.name}.xml"
            file.write_text(scenario.xml())
        else:
            name, file = scenario, SCENARIOS / f"{scenario}.xml"
        self._messages = folder / f"{name}-{self.port}-messages.log"
        self._errors = folder / f"{name}-{self.port}-errors.log"
        words = {"contact_port": str(contact_port or self.port), **(keys or {})}
        self._command = [
            "sipp",
            *([written(*peer)] if peer is not None else []),
            *("-sf", str(file)),
            *("-i", host, "-mi", host, "-p", str(self.port)),
            *("-mp", str(free_ports(4, self)), "-m", str(calls), "-d", str(pause_ms)),
            *("-t", "t1" if transport == "tcp" else "u1"),
            *("-timeout", str(int(seconds)), "-timeout_error", "-nostdin"),
            *("-trace_msg", "-message_file", str(self._messages)),
            *("-trace_err", "-error_file", str(self._errors)),
            *(part for word, value in words.items() for part in ("-key", word, value)),
            *arguments,
        ]
        self._folder = folder
        self._kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
        self._seconds = seconds
        self._listens = peer is None
        self.program: Program | None = None

    def start(self) -> Self:
        """Start it and wait until it listens."""
        self.program = Program(self._command, cwd=self._folder, environment={"TERM": "dumb"})
        if self._listens:
            wait_until(self._is_listening, BOUND, lambda: f"SIPp listens: {self.trace()}")
        return self

    def wait(self) -> None:
        """Wait until all its calls are over; they must have gone as the scenario says."""
        assert self.program is not None, "SIPp was not started"
        code = self.program.wait(self._seconds + 5.0)
        assert code == 0, f"SIPp ended with {code}:\n{self.trace()}"

    def messages(self) -> str:
        """All messages sent and received, as SIPp logs them."""
        return _text(self._messages)

    def received(self, start: str) -> list[str]:
        """The messages received whose first line begins so, retransmissions included."""
        return self._logged("received", start)

    def sent(self, start: str) -> list[str]:
        """The messages sent whose first line begins so, retransmissions included."""
        return self._logged("sent", start)

    def trace(self) -> str:
        """What there is to say about a failure."""
        parts = (_text(self._errors), self.messages())
        return "\n".join(part[-LONGEST_LOG:] for part in parts if part)

    def _begin(self) -> None:
        self.start()

    def _end(self) -> None:
        if self.program is not None and self.program.exit_code is None:
            self.wait()
        elif self.program is not None:
            self.program.stop()

    def _break_off(self) -> None:
        if self.program is not None:
            self.program.stop()
            sys.stdout.write(f"{self.trace()}\n")

    def _is_listening(self) -> bool:
        assert self.program is not None
        code = self.program.exit_code
        assert code is None, f"SIPp ended with {code}:\n{self.trace()}"
        return is_listened_at(self._kind, self.port)

    def _logged(self, way: str, start: str) -> list[str]:
        """Each entry: dashes and the time, a line that tells the way, a blank one, the message."""
        found = []
        for entry in self.messages().split("-----------------------------------------------")[1:]:
            head, _, text = entry.partition("\n\n")
            if f"message {way}" in head.lower() and text.startswith(start):
                found.append(text)
        return found


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.exists() else ""
