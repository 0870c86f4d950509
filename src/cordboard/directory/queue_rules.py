"""How callers wait for somebody of a group."""

from __future__ import annotations

from dataclasses import dataclass

MUSIC = "builtin:music"
"""What who waits hears, unless his group says otherwise: it comes with the server."""


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How callers wait for somebody of a group.

    Each for at most ``longest`` seconds, and no more than ``places`` of them. They hear the file
    ``music`` (None: ringback), and every ``announced`` seconds which place they have (0: never).
    Who did not answer is left alone by them for ``rest`` seconds. Who waits too long, or finds all
    places taken, goes to ``overflow``, a destination (None: nowhere).
    """

    longest: float = 300.0
    places: int = 50
    music: str | None = MUSIC
    announced: float = 0.0
    rest: float = 5.0
    overflow: str | None = None
