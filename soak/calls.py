"""The calls of a soak: who calls whom, what is done in it, and how it has to end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from random import Random
from typing import Final

from support.server import CordboardServer, result_of

LONGEST_WAIT: Final = 0.8
"""Seconds until a client changes its mind."""

CALLERS: Final = 64
"""Calls that are looked after at a time: more than come at once at any rate that makes sense."""

MOST_COMPLAINTS: Final = 20

PHONES: Final = {
    "alice": ("--answer-after", "0.1", "--lines", "200", "--tone", "600"),
    "bob": ("--answer-after", "0.1", "--lines", "200", "--tone", "1100", "--hangup-after", "1"),
    "carol": (
        *("--answer-after", "0", "--lines", "200", "--tone", "800"),
        *("--hangup-after", "0.7", "--transport", "tcp"),
    ),
    "tess": ("--answer-after", "0.1", "--lines", "200", "--tone", "700", "--transport", "tls"),
    "busy": ("--reject", "486", "--lines", "200"),
    "silent": ("--ring-only", "--lines", "200"),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of call. ``ends`` are the outcomes it may have; ``given_up``: the client hangs up."""

    first: str
    second: str
    ends: tuple[str, ...]
    given_up: bool = False


KINDS: Final = (
    Kind("alice", "bob", ("completed",)),
    Kind("bob", "alice", ("completed", "second_leg_failed")),
    Kind("carol", "alice", ("completed", "second_leg_failed")),
    Kind("alice", "carol", ("completed",)),
    Kind("tess", "bob", ("completed",)),
    Kind("carol", "tess", ("completed", "second_leg_failed")),
    Kind("alice", "1111", ("completed",)),
    Kind("alice", "busy", ("second_leg_failed",)),
    Kind("busy", "alice", ("first_leg_failed",)),
    Kind("silent", "alice", ("cancelled",), given_up=True),
    Kind("alice", "silent", ("cancelled",), given_up=True),
    Kind("alice", "bob", ("cancelled", "completed"), given_up=True),
)


class Calls:
    """Places calls at a rate and sees every one end; what went otherwise is in ``complaints``.

    Each asks for a callback at ``told``, and is looked at by two: one stays, one leaves early.
    """

    def __init__(self, server: CordboardServer, told: str, rate: float, seed: int) -> None:
        self.placed = 0
        self.ended: Counter[str] = Counter()
        self.complaints: list[str] = []
        self._server = server
        self._told = told
        self._rate = rate
        self._dice = Random(seed)
        self._noting = threading.Lock()

    def make(self, seconds: float, going_on: Callable[[], bool]) -> int:
        """Place calls for so long, and wait for the end of all; how many these were."""
        began, count = time.monotonic(), 0
        with ThreadPoolExecutor(CALLERS) as pool:
            while time.monotonic() < began + seconds and going_on():
                pool.submit(self._make, self._dice.choice(KINDS), self._dice.random())
                count += 1
                time.sleep(max(0.0, began + count / self._rate - time.monotonic()))
        self.placed += count
        return count

    def _make(self, kind: Kind, patience: float) -> None:
        try:
            outcome, cause = self._run(kind, patience * LONGEST_WAIT)
        except (AssertionError, OSError) as error:
            self._note(f"{kind.first} to {kind.second}: {error}")
            return
        with self._noting:
            self.ended[outcome] += 1
        if outcome not in kind.ends:
            self._note(f"{kind.first} to {kind.second} ended {outcome} ({cause})")

    def _run(self, kind: Kind, patience: float) -> tuple[str, str]:
        server = self._server
        placed = server.basix(
            *("call_user",),
            user_name=kind.first,
            destination=kind.second,
            callback_url=self._told,
        )
        server.wait_event(placed.call, "call.accepted")
        if kind.given_up:
            time.sleep(patience)
            answer = server.request("DELETE", f"/v1/calls/{placed.call}")
            assert answer.status in (204, 409), f"DELETE is answered {answer.status}"
        result = result_of(server.wait_ended(placed.call))
        return result["outcome"], result["cause"]

    def _note(self, complaint: str) -> None:
        with self._noting:
            if len(self.complaints) < MOST_COMPLAINTS:
                self.complaints.append(complaint)
