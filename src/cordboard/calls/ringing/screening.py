"""Screening: whoever picks up is asked whether he takes the call, and has answered only then.

A phone that answers is a candidate. He hears who calls and is to press 1; another key refuses, and
so does saying nothing, as an answering machine does. The other phones ring on meanwhile, several
may be asked at once, and who presses 1 first has the call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cordboard.calls.causes import Cause
from cordboard.calls.ports import EngineCommand, Play, Prompt, StopPlay
from cordboard.directory.steps import own_prompt

SCREENING_SECONDS = 20.0
"""How long a candidate has: the prompt twice, with a number of ten digits, and a breath."""

MAX_SPOKEN = 15
"""Digits of a number that are spoken; E.164 has no longer ones."""

ACCEPTS = "1"


@dataclass(slots=True)
class _Candidate:
    pieces: tuple[str, ...]
    language: str
    until: float
    place: int = 0


class Screening:
    """The candidates of a call; ``command`` takes what the engine is to do."""

    __slots__ = ("_candidates", "_command")

    def __init__(self, command: Callable[[EngineCommand], None]) -> None:
        self._command = command
        self._candidates: dict[str, _Candidate] = {}

    def ask(self, channel: str, number: str, language: str, now: float) -> None:
        """Ask who has picked up whether he takes a call from ``number``."""
        until = now + SCREENING_SECONDS
        self._candidates[channel] = _Candidate(_pieces(number), language, until)
        self._play(channel)

    def played(self, channel: str, place: int) -> None:
        """A piece of the prompt is over: the next one follows, and the first after the last."""
        candidate = self._candidates.get(channel)
        if candidate is not None and place == candidate.place:
            candidate.place += 1
            self._play(channel)

    def pressed(self, channel: str, digit: str) -> Cause | None:
        """A candidate has decided: NORMAL, he takes the call, else why not. None: no candidate."""
        if self._candidates.pop(channel, None) is None:
            return None
        if digit != ACCEPTS:
            return Cause.REJECTED
        self._command(StopPlay(channel))
        return Cause.NORMAL

    def forget(self, channel: str) -> bool:
        """A channel is over; whether it was a candidate's."""
        return self._candidates.pop(channel, None) is not None

    def end(self) -> None:
        """Nobody needs to be asked any more."""
        self._candidates.clear()

    @property
    def deadline(self) -> float | None:
        """When :meth:`take_silent` is to be asked."""
        if not self._candidates:
            return None
        return min(candidate.until for candidate in self._candidates.values())

    def take_silent(self, now: float) -> list[str]:
        """The channels of those who have said nothing for too long."""
        silent = [name for name, one in self._candidates.items() if one.until <= now]
        for name in silent:
            del self._candidates[name]
        return silent

    def _play(self, channel: str) -> None:
        candidate = self._candidates[channel]
        piece = candidate.pieces[candidate.place % len(candidate.pieces)]
        self._command(Play(channel, Prompt(own_prompt(piece, candidate.language)), candidate.place))


def _pieces(number: str) -> tuple[str, ...]:
    """What is said, prompt by prompt."""
    digits = [one for one in number if one.isascii() and one.isdigit()]
    if not digits or len(digits) > MAX_SPOKEN:
        return ("call", "press-1")
    return ("call-from", *digits, "press-1")
