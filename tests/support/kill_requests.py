"""What clients ask of a server that is killed meanwhile, and how they take its answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from support.server import Answer

PAIRS: Final = (
    ("alice", "bob"),
    ("bob", "alice"),
    ("alice", "dora"),
    ("dora", "carl"),
    ("silent", "alice"),
    ("alice", "silent"),
    ("busy", "bob"),
    ("alice", "1111"),
)
"""Who is rung, and with whom he is connected; dora and carl talk until somebody hangs up."""

DELAYED: Final = 0.25
LONGEST_DELAY: Final = 4.0
"""The part of the calls that are wanted later, and after how many seconds at most."""

ANSWER_SECONDS: Final = 4
"""How long anybody rings."""


@dataclass
class Request:
    """What a client asks for, and what came of it. With a ``delay`` it is asked for by v1."""

    number: int
    first: str
    second: str
    delay: float | None = None
    replies: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """What the first phone shows as the caller's name."""
        return f"call {self.number}"

    @property
    def accepted(self) -> str | None:
        """The call, where the request was accepted."""
        return self.replies[0][0] if self.replies else None

    def asked(self, told: str) -> tuple[str, dict[str, Any]]:
        """The path and the body of the request, which wants to be told at ``told``."""
        if self.delay is None:
            return "/basix/api/call_user", {
                "user_name": self.first,
                "destination": self.second,
                "calling_name": self.mark,
                "answer_timeout": ANSWER_SECONDS,
                "callback_url": told,
            }
        first = {"user": {"name": self.first}, "display_name": self.mark}
        return "/v1/calls", {
            "first": {**first, "answer_timeout": ANSWER_SECONDS},
            "second": {"address": self.second, "answer_timeout": ANSWER_SECONDS},
            "delay": self.delay,
            "callback": {"url": told},
        }

    def answered(self, answer: Answer) -> bool:
        """Note an answer; False where it says to ask again."""
        if self.delay is not None and answer.status in (200, 201):
            self.replies.append((answer.body["id"], ()))
        elif self.delay is None and answer.body["result_code"] == 0:
            self.replies.append((answer.call, tuple(answer.uuids)))
        else:
            refusal = answer.body["id" if self.delay is not None else "error"]
            if "overloaded" in str(refusal):
                return False
            self.refusals.append(str(refusal))
        return True


def request_of(number: int) -> Request:
    """What the client with a number asks for, the same each time."""
    dice = Random(number)
    first, second = dice.choice(PAIRS)
    later = dice.random() < DELAYED
    return Request(number, first, second, dice.uniform(0.1, LONGEST_DELAY) if later else None)
