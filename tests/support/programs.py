"""A program with somebody who listens and presses keys, without a call around it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from cordboard.calls.programs.program import Program
from cordboard.calls.programs.program_words import (
    AddJob,
    Answer,
    Effect,
    Ended,
    Fetch,
    Fetched,
    Gathered,
    Hush,
    Input,
    Keep,
    RingOut,
    Sound,
    Stepped,
    TakeCall,
    Tape,
)
from cordboard.directory.problems import Problems
from cordboard.directory.step_reading import PromptPlaces, read_step_tables
from cordboard.directory.steps import Step


def steps_of(text: str, key: str = "steps") -> tuple[Step, ...]:
    """The steps of a TOML list; what is wrong with them fails the test."""
    problems = Problems("test", {})
    steps = read_step_tables(tomllib.loads(text)[key], (), PromptPlaces(), problems)
    assert problems.in_order() == ()
    return steps


class Caller:
    """Who is connected with a program: what he hears and does, on a clock of his own."""

    def __init__(self, steps: tuple[Step, ...] | str, language: str = "en", **known: str) -> None:
        steps = steps_of(f"steps = [{steps}]") if isinstance(steps, str) else steps
        self.now = 100.0
        self.program = Program(steps, known, language)
        self.done: list[Effect] = []
        self._place = 0
        self._sound: Sound | None = None
        self._handle(Input.BEGUN)

    def _handle(self, happened: Input, value: object = None) -> list[Effect]:
        self.program.handle(happened, self.now, value)
        told = self.program.take()
        for effect in told:
            if isinstance(effect, Sound):
                self._sound = effect
            elif isinstance(effect, Hush):
                self._sound = None
        self.done += told
        return told

    def press(self, keys: str) -> None:
        for key in keys:
            self._handle(Input.KEY, key)

    def listen(self, *, heard: bool = True) -> None:
        """Hear the prompt to its end."""
        assert self._sound is not None
        sound, self._sound = self._sound, None
        self._handle(Input.PLAYED, (sound.turn, heard))

    def listen_to_one(self) -> None:
        """Hear out what is played, if anything is and was noticed."""
        if self._sound is not None and self._place == len(self.done):
            self.listen()

    def listen_to_all(self) -> None:
        """Hear out whatever is played one after the other."""
        while self._sound is not None:
            self.listen()

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._handle(Input.DUE)

    def wait_for_it(self) -> None:
        """Wait for as long as the program does."""
        assert self.program.deadline is not None
        self.now = max(self.now, self.program.deadline)
        self._handle(Input.DUE)

    def ring_fails(self, why: str) -> None:
        self._handle(Input.NOT_CONNECTED, why)

    def connect(self) -> None:
        self._handle(Input.CONNECTED)

    def speak(self, recording: str) -> None:
        """Be recorded, or (an id of "") not."""
        self._handle(Input.TAPED, recording)

    def job_added(self, added: bool) -> None:
        """Be told whether somebody will be called."""
        (turn,) = [one.turn for one in self.done if isinstance(one, AddJob)][-1:]
        self._handle(Input.ADDED, (turn, added))

    def fetched(self, answer: Answer) -> None:
        (turn,) = [one.turn for one in self.done if isinstance(one, Fetch)][-1:]
        happened = Input.NOT_FETCHED if isinstance(answer, str) else Input.FETCHED
        self._handle(happened, (turn, answer))

    def since(self) -> list[Effect]:
        """What was done since the last look, but for steps that only have their turn."""
        told, self._place = self.done[self._place :], len(self.done)
        return [one for one in told if not isinstance(one, Stepped | TakeCall)]

    def sounds(self) -> list[str]:
        """What was heard since the last look."""
        return [one.path for one in self.since() if isinstance(one, Sound)]

    def digits(self) -> list[Gathered]:
        """What was gathered."""
        return [one for one in self.done if isinstance(one, Gathered)]

    def ends(self) -> list[Ended]:
        """The ends of the program: one at most."""
        return [one for one in self.done if isinstance(one, Ended)]

    def conversation(self) -> Iterator[str]:
        """What the caller notices, a line each."""
        for effect in self.since():
            if isinstance(effect, Sound):
                yield f"hears {effect.path}"
            elif isinstance(effect, RingOut):
                yield f"rings {effect.to}"
            elif isinstance(effect, Fetch):
                yield f"fetches {', '.join(effect.urls)}"
            elif isinstance(effect, Keep):
                yield "recording is on" if effect.on else "recording is off"
            elif isinstance(effect, Tape):
                continue
            elif isinstance(effect, Ended):
                reason = effect.fault or effect.reason.value
                yield "is hung up" if reason == "normal" else f"is hung up: {reason}"
            else:
                assert isinstance(effect, Hush | Gathered | Fetched)
