"""What a phone does when it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ONE_LINE: Final = 1

MANY_LINES: Final = 1000
"""Calls at a time of a phone that stands for a whole network; below the number of media ports."""


@dataclass(frozen=True, slots=True)
class Script:
    """How calls are taken; times are in seconds.

    ``answer_after`` counts from the INVITE, None rings until the caller gives up. ``reject`` is
    the final status to refuse with instead. ``hang_up_after`` counts from the answer, None leaves
    it to the other side. ``lines``: with so many calls further ones get 486.

    Raises :class:`ValueError` for a negative time, or a status that refuses nothing.
    """

    answer_after: float | None = 0.0
    reject: int | None = None
    hang_up_after: float | None = None
    obeys_auto_answer: bool = True
    lines: int = ONE_LINE

    def __post_init__(self) -> None:
        for seconds in (self.answer_after, self.hang_up_after):
            if seconds is not None and seconds < 0:
                raise ValueError("a time must not be negative")
        if self.reject is not None and not 400 <= self.reject <= 699:
            raise ValueError("a call is refused with a status from 400 to 699")
