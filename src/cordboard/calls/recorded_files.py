"""The port to the files of recordings, once they are written.

Their names are those of the engine's command :class:`~cordboard.calls.ports.Record`. Everything
here may block: it is for threads.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Length(NamedTuple):
    """How long a recording is."""

    seconds: float
    octets: int


class OpenFile(Protocol):
    """One file that can be read, as it was when it was opened: whole where it is erased meanwhile,
    and a file by itself where it is written on."""

    @property
    def octets(self) -> int:
        """How much there was of it when it was opened."""

    def read(self, start: int, count: int) -> bytes:
        """So many octets from a place on, fewer at the end; raises :class:`OSError`."""

    def close(self) -> None:
        """Read no more."""


class RecordedFiles(Protocol):
    """All of them. Raises :class:`OSError`."""

    def mend(self, name: str) -> Length | None:
        """Have a file that nobody writes any more say of itself what it holds, and tell it; None
        where there is no such file."""

    def open(self, name: str) -> OpenFile | None:
        """Open one, which may still be written; None where there is none."""

    def erase(self, name: str) -> None:
        """Have it no longer; what is gone already is fine."""
