"""A program on the Basix CTI WebSocket, in node: ``basix_client.js`` beside this file, over the npm
package ``ws``, which ``scripts/get-jssip`` brings."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.block import Block
from support.jssip import FETCH_SECONDS, SCRIPT
from support.program import Program
from support.server import DOMAIN, TOKEN, CordboardServer
from support.waiting import wait_until

CLIENT = Path(__file__).with_name("basix_client.js")
SECONDS = 20.0


class BasixClient(Block):
    """One connection, with its credentials in the URL.

    :param query: parameters beside those, as ``app_name=board&full_events=true``.
    :param phone_of: the id of the user whose web phone's books it keeps as well.
    :param greeted: whether it is told how things are, and not that it is one too many.
    """

    def __init__(
        self,
        server: CordboardServer,
        query: str = "app_name=board&full_events=true",
        *,
        phone_of: int | None = None,
        token: str = TOKEN,
        greeted: bool = True,
    ) -> None:
        host, port = server.place.host, server.http_port
        self._url = f"ws://{DOMAIN}:{token}@{host}:{port}/basix/api/ws_cti?{query}"
        self._phone_of = phone_of
        self._greeted = greeted
        self._program: Program | None = None

    @property
    def program(self) -> Program:
        """The running program."""
        assert self._program is not None, "it is not started"
        return self._program

    def _begin(self) -> None:
        folder = subprocess.run(
            [SCRIPT], capture_output=True, text=True, check=True, timeout=FETCH_SECONDS
        ).stdout.strip()
        whose = [] if self._phone_of is None else [str(self._phone_of)]
        self._program = Program(["node", CLIENT, folder, self._url, *whose], talks=True)
        if self._greeted:
            self.wait_for("initial_info", lambda told: told["element"] == "channel")

    def _end(self) -> None:
        if self.program.exit_code is None:
            self.program.say("quit")
        code = self.program.wait(SECONDS)
        assert code == 0, f"something has ended it:\n{self.program.output}"

    def _break_off(self) -> None:
        if self._program is not None:
            self._program.stop()

    def wait_for(
        self, event: str, is_it: Callable[[dict[str, Any]], bool] = lambda _: True, after: int = 0
    ) -> dict[str, Any]:
        """The first thing of a kind that happened, at or behind a line."""

        def wanted(line: str) -> bool:
            told = json.loads(line) if line.startswith("{") else {}
            return told.get("event") == event and is_it(told)

        line = self.program.lines.wait_for(wanted, SECONDS, f"{event} is told", after=after)
        told: dict[str, Any] = json.loads(line)
        return told

    def changes(self, element: str = "channel") -> list[dict[str, Any]]:
        """What was told of an element so far: ``name`` of the change and ``row``."""
        told = [json.loads(line) for line in self.program.lines.all() if line.startswith("{")]
        return [one for one in told if one.get("element") == element and "row" in one]

    def command(self, **wanted: Any) -> None:
        """Want something of a call."""
        self.program.say(json.dumps(wanted))

    def known(self, what: str = "store") -> dict[str, Any]:
        """What it knows now: its ``store``, or the books of its web ``phone``."""
        before = len(self.program.lines.all())
        self.program.say(what)
        told = self.wait_for(what, after=before)
        return dict(told["store"] if what == "store" else told)

    def wait_until(self, is_so: Callable[[dict[str, Any]], Any], what: str) -> Any:
        """The first true value of something about its store."""
        return wait_until(lambda: is_so(self.known()), SECONDS, what)
