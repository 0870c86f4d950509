"""What the first leg hears while it is not connected with the second: ringback or early media of
the second, then perhaps why that failed; or the prompts of a program."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause, failure_tone
from cordboard.calls.legs import Legs
from cordboard.calls.ports import EngineCommand, Listen, Play, Prompt, Tone, ToneKind
from cordboard.directory.model import ContextStep, PlayStep


class FirstHears:
    """Says it to the engine by ``command``; ``country`` has the tones."""

    __slots__ = ("_command", "_country", "_legs", "_step")

    def __init__(self, legs: Legs, country: str, command: Callable[[EngineCommand], None]) -> None:
        self._legs = legs
        self._country = country
        self._command = command
        self._step = 0

    def ringback(self) -> None:
        """The second leg rings."""
        self._tone(ToneKind.RINGBACK)

    def failure(self, cause: Cause) -> None:
        """The second leg can't be had."""
        self._tone(ToneKind(failure_tone(cause)))

    def early_media(self, channel: str, flowing: bool) -> bool:
        """A channel of the second leg has something to say, or no more; whether that is heard: of
        several that ring nobody could tell whose it is."""
        first, second = self._legs.first.winner, self._legs.second
        if second is None or not second.single or first is None:
            return False
        if flowing:
            self._command(Listen(first, channel))
        else:
            self.ringback()
        return True

    def step(self, steps: tuple[ContextStep, ...]) -> bool:
        """Play what the program has next; False where it has nothing more."""
        step = steps[self._step] if self._step < len(steps) else None
        first = self._legs.first.winner
        if not isinstance(step, PlayStep) or first is None:
            return False
        self._command(Play(first, Prompt(step.path), self._step))
        return True

    def step_ended(self, number: int) -> bool:
        """Whether that was the step that is played; the next one follows."""
        if number != self._step:
            return False
        self._step += 1
        return True

    def _tone(self, kind: ToneKind) -> None:
        first = self._legs.first.winner
        if first is not None:
            self._command(Play(first, Tone(kind, self._country)))
