"""How many read by CTI, and why others do not any more."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

LEFT: Final = "left"
"""They went by themselves."""


@dataclass(slots=True)
class CtiFigures:
    """Of one server: ``readers`` now, and by why they ended all that there were."""

    readers: int = 0
    ended: Counter[str] = field(default_factory=Counter)
