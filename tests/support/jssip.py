"""JsSIP as a phone in tests, in node: the SIP that many a web page uses, with plain RTP beneath it.

``scripts/get-jssip`` brings it, ``jssip_phone.js`` beside this file makes a phone of it.
"""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

from support.block import Block
from support.ports import LOOPBACK
from support.program import Program
from support.server import DOMAIN

SCRIPT = Path(__file__).parents[2] / "scripts" / "get-jssip"
PHONE = Path(__file__).with_name("jssip_phone.js")
SECONDS = 10.0
FETCH_SECONDS = 120.0
PACKETS = 10


class JsSipPhone(Block):
    """One phone with one account, registered while it is entered.

    :param server: where WebSocket is listened for.
    :param authority: who vouches for the server; then it speaks wss.
    """

    def __init__(
        self, user: str, server: tuple[str, int], *, authority: Path | None = None
    ) -> None:
        self.user = user
        self._server = server
        self._authority = authority
        self._audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running program."""
        assert self._program is not None, "the phone is not started"
        return self._program

    def _begin(self) -> None:
        folder = subprocess.run(
            [SCRIPT], capture_output=True, text=True, check=True, timeout=FETCH_SECONDS
        ).stdout.strip()
        self._audio.bind((LOOPBACK, 0))
        self._audio.settimeout(SECONDS)
        port = self._audio.getsockname()[1]
        host, at = self._server
        scheme, environment = "ws", {}
        if self._authority is not None:
            scheme, environment = "wss", {"NODE_EXTRA_CA_CERTS": str(self._authority)}
        self._program = Program(
            [
                *("node", PHONE, folder, f"{scheme}://{host}:{at}/", DOMAIN),
                *(self.user, f"demo-{self.user}", str(port)),
            ],
            environment=environment,
            talks=True,
        )
        self.wait_for("registered")

    def _end(self) -> None:
        self.do("quit")
        self.program.wait(SECONDS)
        self._break_off()

    def _break_off(self) -> None:
        self._audio.close()
        if self._program is not None:
            self._program.stop()

    def do(self, command: str) -> None:
        """Let it ``answer``, ``decline``, ``hold``, ``unhold``, ``hangup`` or ``quit``."""
        self.program.say(command)

    def wait_for(self, event: str, *, after: int = 0) -> dict[str, Any]:
        """The first event of a kind, with its data, at or behind a line."""
        line = self.program.lines.wait_for(
            lambda line: line.startswith("{") and json.loads(line)["event"] == event,
            SECONDS,
            f"{self.user}: {event}",
            after=after,
        )
        told: dict[str, Any] = json.loads(line)
        return told

    def hears_audio(self) -> bool:
        """Wait for some packets."""
        return all(self._audio.recv(2048) for _ in range(PACKETS))
