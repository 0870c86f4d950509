"""What the demonstration prints: plain text, in colour where a person looks at it."""

from __future__ import annotations

import asyncio
import heapq
import json
import time
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

import typer

from cordboard.commands.timeline import Timeline
from cordboard.phone.happenings import Happening, What

RULE: Final = 78
NAME_COLUMN: Final = 12

SETTLE_SECONDS: Final = 0.1
"""How long a line waits for an earlier one that comes by a longer way: events come over HTTP, what
phones say comes at once."""

_COLOURS: Final = {"first": "cyan", "second": "magenta", "call": "bright_white"}

# Registrations come and go without anybody asking; they are told in one line at the start.
_UNTOLD: Final = frozenset({What.REGISTERED, What.UNREGISTERED, What.LISTENING, What.TALKING})


class Screen:
    """Prints at once, but for what happens in calls: that is put in the order of time first."""

    def __init__(self) -> None:
        self._timeline = Timeline()
        self._began: float | None = None
        self._waiting: list[tuple[float, int, str, str | None]] = []
        self._number = count()
        self._held = True
        self._nothing_waits = asyncio.Event()
        self._nothing_waits.set()

    # What is there

    def title(self, text: str) -> None:
        """A heading."""
        typer.echo()
        typer.secho(f"{text} ".ljust(RULE, "─"), bold=True)

    def fact(self, name: str, text: str) -> None:
        """One line of what there is."""
        typer.echo(f"  {typer.style(name.ljust(NAME_COLUMN - 2), fg='green')}{text}")

    def code(self, text: str) -> None:
        """What could be typed."""
        for line in text.splitlines():
            typer.secho(f"  {line}", fg="yellow")

    def text(self, text: str = "") -> None:
        """Anything else."""
        typer.echo(text)

    def problem(self, text: str) -> None:
        """What keeps the demonstration from going on."""
        typer.secho(f"cordboard: {text}", err=True, fg="red")

    # What happens

    def event(self, event: Mapping[str, Any]) -> None:
        """An event of the call, as the server tells it; the first one begins the count of time."""
        at = float(event.get("at") or time.time())
        if self._began is None:
            self._began = at
        self._put(at, self._timeline.line(event), _COLOURS.get(str(event.get("leg") or "call")))

    def phone(self, happening: Happening) -> None:
        """What happened at a phone just now, as the phone tells it."""
        if happening.what not in _UNTOLD:
            self._put(time.time(), f"☎ {happening.phone}: {happening.as_sentence()}", None)

    def callback(self, body: bytes) -> None:
        """What was POSTed to the callback_url just now."""
        self._put(time.time(), f"✉ callback_url got {body.decode('utf-8', 'replace')}", "green")

    def go_on(self) -> None:
        """Print what happens; until now it has waited."""
        self._held = False
        self._print_settled()

    async def settle(self) -> None:
        """Wait until all that has happened is printed."""
        await self._nothing_waits.wait()

    def _put(self, at: float, line: str, colour: str | None) -> None:
        self._nothing_waits.clear()
        heapq.heappush(self._waiting, (at, next(self._number), line, colour))
        asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._print_settled)

    def _print_settled(self) -> None:
        if self._held:
            return
        old = time.time() - SETTLE_SECONDS
        while self._waiting and self._waiting[0][0] <= old:
            at, _, line, colour = heapq.heappop(self._waiting)
            if line[0] in "☎✉":
                line = f"{round((at - (self._began or at)) * 1000):>7} ms  {line}"
            typer.secho(line, fg=colour, dim=colour is None)
        if not self._waiting:
            self._nothing_waits.set()
        else:
            asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._print_settled)


def one_line(items: Iterable[str], width: int = RULE - NAME_COLUMN) -> str:
    """Items next to each other, as many as fit in a line, continued under the first."""
    lines = [""]
    for item in items:
        if len(lines[-1]) + len(item) > width:
            lines.append("")
        lines[-1] += f"{item}  "
    return f"\n{' ' * NAME_COLUMN}".join(line.rstrip() for line in lines)


def compact(value: Any) -> str:
    """JSON as it reads best in a command."""
    return json.dumps(value, ensure_ascii=False)
