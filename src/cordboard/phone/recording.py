"""Where a phone's recordings go."""

from __future__ import annotations

from pathlib import Path


class Recordings:
    """The WAV files of one phone's answered calls: ``heard.wav``, ``heard-2.wav``..."""

    def __init__(self, first: Path) -> None:
        self._first = first
        self._number = 0

    def next_place(self) -> Path:
        """The file of the call that is answered now."""
        self._number += 1
        first, number = self._first, self._number
        return first if number == 1 else first.with_name(f"{first.stem}-{number}{first.suffix}")
