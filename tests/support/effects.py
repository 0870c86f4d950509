"""What a call has brought about, taken from it as its owner does."""

from __future__ import annotations

from typing import TypeVar

from cordboard.calls.programs.program_words import Errand
from cordboard.calls.running.call import Call

T = TypeVar("T")


def taken(kept: list[T]) -> list[T]:
    """What is in a list of a call's effects, which is empty then."""
    found = kept.copy()
    kept.clear()
    return found


def taken_errand(call: Call) -> Errand | None:
    """What a call's program waits for; said once."""
    errand, call.effects.errand = call.effects.errand, None
    return errand
