"""Where a user's calls go instead of his phones, and when he takes none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_AFTER: Final = 20.0
"""Seconds that his phones ring until nobody answers: four rings."""

LONGEST_AFTER: Final = 600.0
"""Seconds that they may ring at most, as a group may."""

LONGEST_TARGET: Final = 64
"""Characters of whom calls are forwarded to: a name, an extension or a number."""


@dataclass(frozen=True, slots=True)
class Forwarding:
    """To whom calls are forwarded, as one would dial him: ``always``, when he is ``busy`` or
    declines, and with ``no_answer`` when nobody answers for ``after`` seconds or none of his phones
    is there. With ``do_not_disturb`` he is busy for everybody."""

    always: str | None = None
    busy: str | None = None
    no_answer: str | None = None
    after: float = DEFAULT_AFTER
    do_not_disturb: bool = False


NOT_FORWARDED: Final = Forwarding()
"""His calls reach his phones."""
