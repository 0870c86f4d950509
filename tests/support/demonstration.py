"""The demonstration with its phones, on ports of its own."""

from __future__ import annotations

import base64
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from support.block import Block
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.server import NEVER_LATE

READY_SECONDS = 30.0
TALK_SECONDS = 30.0
DEMO = Path(__file__).parents[2] / "examples" / "demo.toml"


class Demonstration(Block):
    """``cordboard demo`` on ports of its own."""

    def __init__(self, folder: Path) -> None:
        http, sip, outside = free_ports(), free_ports(), free_ports()
        media = free_ports(400)
        text = DEMO.read_text()
        for printed, ours in (
            ("127.0.0.1:8080", f"{LOOPBACK}:{http}"),
            ("127.0.0.1:5060", f"{LOOPBACK}:{sip}"),
            ("127.0.0.1:5090", f"{LOOPBACK}:{outside}"),
            ("20000-29999", f"{media}-{media + 399}"),
            ("prompts/", f"{DEMO.parent}/prompts/"),
        ):
            text = text.replace(printed, ours)
        config = folder / "demo.toml"
        config.write_text(f"{text}\n[overload]\n{NEVER_LATE}\n")
        self.url = f"http://{LOOPBACK}:{http}"
        self.program = Program([sys.executable, "-m", "cordboard", "demo", "--config", config])

    def _begin(self) -> None:
        self.program.__enter__()
        self.program.lines.wait_for(
            lambda line: "Its SIP messages" in line, READY_SECONDS, "the first call is over"
        )

    def _end(self) -> None:
        self.program.__exit__(None, None, None)

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[Any, str | None]:
        request = Request(self.url + path, data=body, method=method)  # noqa: S310 - loopback
        token = base64.b64encode(b"demo:demo-token").decode()
        request.add_header("Authorization", f"Basic {token}")
        with urlopen(request, timeout=10.0) as response:  # noqa: S310 - loopback
            text = response.read()
            return json.loads(text) if text else None, response.headers["Cordboard-Call"]

    def hang_up_all(self) -> None:
        """Have nobody talk or wait any more."""
        for state in ("live", "scheduled"):
            calls, _ = self.ask("GET", f"/v1/calls?state={state}")
            for call in calls["calls"]:
                with suppress(HTTPError):  # it is over meanwhile
                    self.ask("DELETE", f"/v1/calls/{call['id']}")
                assert self.ended(call["id"])

    def connected(self, call: str) -> str | None:
        """The event that connects the two, followed live; None if the call ends without."""
        return self._first_of(call, "call.bridged", "call.program")

    def ended(self, call: str) -> bool:
        """Whether the call comes to its end, followed live: its phones are free again."""
        return self._first_of(call, "call.ended") is not None

    def _first_of(self, call: str, *kinds: str) -> str | None:
        request = Request(f"{self.url}/v1/calls/{call}/events")  # noqa: S310 - loopback
        token = base64.b64encode(b"demo:demo-token").decode()
        request.add_header("Authorization", f"Basic {token}")
        with urlopen(request, timeout=TALK_SECONDS) as stream:  # noqa: S310 - loopback
            for line in stream:
                if line.startswith(b"data: "):
                    kind: str = json.loads(line[6:])["kind"]
                    if kind in kinds:
                        return kind
        return None
