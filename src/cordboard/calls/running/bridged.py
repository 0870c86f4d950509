"""The two parties of a call, brought together: the bridge, and who of them is on hold.

A party is on hold while the other's phone holds us, or while a client wants it so (it is *parked*),
whichever comes first and goes last. A parked party hears a tone now and then, and nothing of the
other one; one that is held by the other hears what that one's phone plays to it.
"""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.ports import (
    Bridge,
    EngineCommand,
    Hold,
    HoldChanged,
    Play,
    Prompt,
    StopPlay,
    Tone,
    ToneKind,
)
from cordboard.calls.request import Leg
from cordboard.calls.ringing.legs import Legs, other
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.running.recording import Recording

WARNING = "builtin:warning"
"""Three beeps."""

BEEP = "builtin:beep"
"""One."""


class Bridged:
    """Says it to the engine by ``command`` and writes it to the log; ``country`` has the tones."""

    __slots__ = ("_command", "_country", "_holding", "_legs", "_log", "_on_hold", "_parked")

    def __init__(
        self, legs: Legs, country: str, log: CallLog, command: Callable[[EngineCommand], None]
    ) -> None:
        self._legs = legs
        self._country = country
        self._log = log
        self._command = command
        self._holding: frozenset[Leg] = frozenset()  # whose phones hold us
        self._parked: frozenset[Leg] = frozenset()
        self._on_hold: frozenset[Leg] = frozenset()  # as the engine was told

    def connect(self, recording: Recording) -> None:
        """Both have answered. A party that holds us by now holds the other."""
        first, second = self._legs.winner(Leg.FIRST), self._legs.winner(Leg.SECOND)
        assert first is not None  # the promise of the stages' table
        assert second is not None
        self._command(Bridge(first, second, needs_audio=recording.due))
        if self._holding or self._parked or self._on_hold:
            for leg in Leg:
                self._follow(leg)
        self._log.bridged(first, second)
        if recording.due:
            self._begin(recording, first, second)

    def record(self, recording: Recording) -> None:
        """A client wants the two, who are connected, to be recorded."""
        first, second = self._legs.winner(Leg.FIRST), self._legs.winner(Leg.SECOND)
        recording.wanted = True
        if first is not None and second is not None:
            self._begin(recording, first, second)

    def _begin(self, recording: Recording, first: str, second: str) -> None:
        if recording.begin(first, second) and recording.terms.beep:
            self.beep()

    def beep(self) -> None:
        """Let both hear that they are recorded from now on; one who is parked hears its own tone,
        and nobody whom it could listen to."""
        for leg in Leg:
            channel = self._legs.winner(leg)
            if channel is not None and leg not in self._parked:
                self._command(Play(channel, Prompt(BEEP)))

    def hold(self, event: HoldChanged, leg: Leg, *, together: bool) -> None:
        """A party puts us on hold, or takes us off; the other is told once they are together."""
        if event.held == (leg in self._holding) or event.channel != self._legs.winner(leg):
            return
        self._holding ^= {leg}
        if together:
            self._follow(other(leg))
        self._log.hold(leg, event.channel, event.held)

    def park(self, leg: Leg, on: bool) -> None:
        """A client wants a party to be on hold, or no longer; once is enough."""
        channel = self._legs.winner(leg)
        if channel is None or on == (leg in self._parked):
            return
        self._parked ^= {leg}
        if on:
            self._follow(leg)
            self._command(Play(channel, Tone(ToneKind.HOLD, self._country)))
        else:
            self._command(StopPlay(channel))
            self._follow(leg)
        self._log.parked(leg, channel, on)

    def warn(self, leg: Leg) -> None:
        """Let a party hear that the call is cut off soon; one who is parked hears its own tone."""
        channel = self._legs.winner(leg)
        if channel is not None and leg not in self._parked:
            self._command(Play(channel, Prompt(WARNING)))
            self._log.warned(leg, channel)

    def part(self, leg: Leg) -> None:
        """The party of a leg goes: the other one is off hold, whoever held it. One whose own phone
        holds us will hold the next one too."""
        self._holding -= {leg}
        self._on_hold -= {leg}
        self._parked = frozenset()
        self._follow(other(leg))

    def holds(self, leg: Leg) -> bool:
        """Whether the party of a leg holds us."""
        return leg in self._holding

    def is_on_hold(self, leg: Leg) -> bool:
        """Whether the party of a leg was put on hold."""
        return leg in self._on_hold

    def arrive(self, leg: Leg, *, holds: bool, on_hold: bool) -> None:
        """Somebody takes the place of a party who holds us, or was put on hold before."""
        self._holding = self._holding | {leg} if holds else self._holding - {leg}
        self._on_hold = self._on_hold | {leg} if on_hold else self._on_hold - {leg}

    def _follow(self, leg: Leg) -> None:
        """Have the engine hold a party, or no longer, where that is not so yet."""
        channel = self._legs.winner(leg)
        wanted = leg in self._parked or other(leg) in self._holding
        if channel is not None and wanted != (leg in self._on_hold):
            self._on_hold ^= {leg}
            self._command(Hold(channel, wanted))
