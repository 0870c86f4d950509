"""The corpus: small inputs that together reach all that was ever reached."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any

Step = tuple[str, int, int]
"""A file, and two of its lines that were run one after the other."""


def take_in(target: Callable[[bytes], None], corpus: Path, found: Iterable[Path]) -> int:
    """Keep of the corpus and of what was found the smallest that add something; how many are new.

    The corpus' own files are looked at first: what is there stays as long as it is of use.
    """
    own = sorted(corpus.iterdir(), key=lambda file: file.stat().st_size)
    new = sorted(found, key=lambda file: file.stat().st_size)
    reached: set[Step] = set()
    added = 0
    for file in (*own, *new):
        data = file.read_bytes()
        steps = steps_of(target, data)
        if steps <= reached:
            if file.parent == corpus:
                file.unlink()
            continue
        reached |= steps
        if file.parent != corpus:
            (corpus / file.name).write_bytes(data)
            added += 1
    return added


def steps_of(target: Callable[[bytes], None], data: bytes) -> set[Step]:
    """What an input runs of the product."""
    steps: set[Step] = set()

    def follow(frame: FrameType, _event: str, _value: Any) -> Any:
        name = frame.f_code.co_filename
        if "/cordboard/" not in name:
            return None
        last = 0

        def within(inner: FrameType, event: str, _value: Any) -> Any:
            nonlocal last
            if event == "line":
                steps.add((name, last, inner.f_lineno))
                last = inner.f_lineno
            return within

        return within

    sys.settrace(follow)
    try:
        target(data)
    finally:
        sys.settrace(None)
    return steps
