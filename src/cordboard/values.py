"""Values that a call makes by the dozen.

They are written as frozen dataclasses and are that for the type checker, which every change has to
pass. At run time they are plain ones: a frozen one sets each field by a call of
``object.__setattr__``, which makes it four times as dear (0.6 µs for five fields, Python 3.11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["often_made"]

if TYPE_CHECKING:
    from dataclasses import dataclass as often_made
else:
    from dataclasses import dataclass

    def often_made(*, frozen: bool, **how: bool):
        """``dataclass``, with the equality and hash of a frozen one."""
        return dataclass(unsafe_hash=frozen, **how)
