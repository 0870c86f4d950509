"""Where a phone's recordings go."""

from __future__ import annotations

from pathlib import Path


def place_of(first: Path, number: int) -> Path:
    """The file of a phone's first call, or of a later one: ``heard.wav``, ``heard-2.wav``..."""
    return first if number <= 1 else first.with_name(f"{first.stem}-{number}{first.suffix}")
