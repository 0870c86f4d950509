"""What a party hears that waits for the other one: ringback or early media of whom it is to be
connected with, then perhaps why that failed."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.calls.causes import Cause, failure_tone
from cordboard.calls.ports import EngineCommand, Listen, Play, PlayEnded, Prompt, Tone, ToneKind
from cordboard.calls.request import Leg
from cordboard.calls.ringing.caller import Caller
from cordboard.calls.ringing.legs import Legs, other
from cordboard.directory.queue_rules import MUSIC

MUSIC_PLAY = 2_000_000
"""The plays of music while somebody is rung; those of programs are numbered from 0, those of queues
from 1,000,000, and a call has fewer of either."""


class Waiting:
    """Says it to the engine by ``command``; ``country`` has the tones. ``leg`` is who waits. With
    ``music`` he hears that for now, and neither ringback nor early media."""

    __slots__ = ("_caller", "_command", "_country", "_legs", "leg", "music")

    def __init__(
        self,
        legs: Legs,
        country: str,
        command: Callable[[EngineCommand], None],
        caller: Caller,
    ) -> None:
        self.leg = Leg.FIRST
        self.music = False
        self._caller = caller
        self._legs = legs
        self._country = country
        self._command = command

    def ringback(self) -> None:
        """The other leg rings."""
        waiting = self._hearer() if self.music else None
        if waiting is not None:
            self._command(Play(waiting, Prompt(MUSIC), MUSIC_PLAY))
        else:
            self._tone(ToneKind.RINGBACK)

    def played(self, event: PlayEnded) -> None:
        """The music is over while the other leg still rings: it begins anew, unless it can't be
        played."""
        if self.music and event.play_id == MUSIC_PLAY and event.channel == self._hearer():
            self.music = event.complete
            self.ringback()

    def failure(self, cause: Cause) -> None:
        """The other leg can't be had."""
        self._tone(ToneKind(failure_tone(cause)))

    def early_media(self, channel: str, flowing: bool) -> bool:
        """A channel of the other leg has something to say, or no more; whether that is heard: of
        several that ring nobody could tell whose it is."""
        if self.music or not self._legs.hunt(other(self.leg)).single:
            return False
        waiting = self._hearer() or (self._caller.to_hear_us() if flowing else None)
        if waiting is None:
            return False
        if flowing:
            self._command(Listen(waiting, channel))
        else:
            self.ringback()
        return True

    def _tone(self, kind: ToneKind) -> None:
        waiting = self._hearer()
        if waiting is not None:
            self._command(Play(waiting, Tone(kind, self._country)))

    def _hearer(self) -> str | None:
        """The channel of who waits, where he hears us: he is answered, or has heard early media."""
        winner = self._legs.winner(self.leg)
        return winner if winner is not None or self.leg is Leg.SECOND else self._caller.hearing
