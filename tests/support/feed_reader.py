"""A client of ``GET /v1/events`` that comes back whenever it is cut off, as a page would."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from typing import Any, Final

from support.block import Block
from support.server import CordboardServer

PAUSE: Final = 0.05
"""Seconds until it comes back."""

SILENCE: Final = 30.0
"""Seconds without a word after which it does so too; the server says that it is there each 15."""


class FeedReader(Block):
    """Follows all events of the tenant. ``seqs`` are their numbers as they came."""

    def __init__(self, server: CordboardServer) -> None:
        self._server = server
        self._cursor: str | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.seqs: list[int] = []
        self.ended: Counter[str] = Counter()
        self.other: Counter[str] = Counter()
        """How many messages came that are no events, by their type."""

    def complaints(self) -> list[str]:
        """What was missed or came twice."""
        found = []
        first, last = (self.seqs[0], self.seqs[-1]) if self.seqs else (1, 0)
        if self.seqs != list(range(first, last + 1)):
            steps = zip(self.seqs, self.seqs[1:], strict=False)
            found.append(f"the feed went {[step for step in steps if step[1] != step[0] + 1]}")
        if self.other["snapshot"] != 1 or self.other["resync"]:
            found.append(f"the feed could not be continued: {dict(self.other)}")
        found += [f"the feed told {n} ends of {call}" for call, n in self.ended.items() if n > 1]
        return found

    def _begin(self) -> None:
        self._thread.start()

    def _end(self) -> None:
        self._stop.set()

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                self._read()
            except (OSError, http.client.HTTPException, ValueError):
                self._stop.wait(PAUSE)

    def _read(self) -> None:
        after = "" if self._cursor is None else f"?after={self._cursor}"
        for message in self._server.feed(after, SILENCE):
            if self._stop.is_set():
                return
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] != "event":
            self.other[message["type"]] += 1
            if message["type"] == "snapshot" and not message["more"]:
                self._cursor = message["cursor"]
            return
        self._cursor = message["cursor"]
        self.seqs.append(message["seq"])
        if message["kind"] == "call.ended":
            self.ended[message["call"]] += 1
