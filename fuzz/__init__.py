"""Coverage-guided fuzzing of everything that takes bytes from the network: ``make fuzz``."""

from __future__ import annotations
