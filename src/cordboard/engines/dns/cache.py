"""Answers of the domain name system, remembered for as long as they say, within bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.sip.dns_records import Answer, Question

MAX_ANSWERS: Final = 4096
"""A trunk with eight servers takes some 20; the answers that end first make room."""

SHORTEST_SECONDS: Final = 1.0
"""A TTL of 0 would have every call of a second ask anew."""
LONGEST_SECONDS: Final = 3600.0
"""A trunk that has moved is found after an hour, whatever its records said before."""
LONGEST_NEGATIVE_SECONDS: Final = 60.0
"""A record that was missing is seen a minute after it was made; RFC 2308 5 allows hours."""
FAULT_SECONDS: Final = 5.0
"""How long nobody asks again after there was no answer, twice as long after each further one."""
LONGEST_FAULT_SECONDS: Final = 60.0
"""Some routers never answer for NAPTR, and each time a call waits; RFC 2308 7 allows 5 minutes."""
STALE_SECONDS: Final = 3 * 3600.0
"""How long after its end an answer still counts where no new one can be had; RFC 8767 5 recommends
one to three days, but a call to a wrong address costs more than a page."""


@dataclass(slots=True)
class _Entry:
    answer: Answer
    until: float
    """When it is to be asked for again."""
    stale_until: float
    """When it may not even be used for want of a better one."""
    pause: float = FAULT_SECONDS
    """How long nobody asks again if there is no answer the next time."""


class AnswerCache:
    """The answers to questions; times in seconds of ``now``."""

    def __init__(self) -> None:
        self._entries: dict[Question, _Entry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, question: Question, now: float) -> Answer | None:
        """The answer to a question while it is good."""
        entry = self._entries.get(question)
        return entry.answer if entry is not None and entry.until > now else None

    def until(self, question: Question) -> float:
        """When the answer to a question is good no more; in the past where there is none."""
        entry = self._entries.get(question)
        return 0.0 if entry is None else entry.until

    def put(self, question: Question, answer: Answer, now: float) -> Answer:
        """Take note of an answer; gives the one to use: where no answer could be had, that may be
        an old one (RFC 8767)."""
        known = self._entries.get(question)
        if known is None:
            self._make_room()
        if answer.fault is None:
            until = now + _seconds(answer)
            self._entries[question] = _Entry(answer, until, until + STALE_SECONDS)
            return answer
        entry = known or _Entry(answer, 0.0, 0.0)
        if entry.stale_until <= now:
            entry.answer = answer
        entry.until = now + entry.pause
        entry.pause = min(entry.pause * 2, LONGEST_FAULT_SECONDS)
        self._entries[question] = entry
        return entry.answer

    def _make_room(self) -> None:
        if len(self._entries) >= MAX_ANSWERS:
            del self._entries[min(self._entries, key=lambda one: self._entries[one].until)]


def _seconds(answer: Answer) -> float:
    """How long an answer is good."""
    positive = bool(answer.records or answer.alias)
    longest = LONGEST_SECONDS if positive else LONGEST_NEGATIVE_SECONDS
    return min(max(answer.ttl, SHORTEST_SECONDS), longest)
