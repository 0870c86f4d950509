"""Files of recordings in memory: those that somebody puts there."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.calls.recorded_files import Length
from cordboard.engines.embedded.wav_file import (
    FRAME_OCTETS,
    HEADER_OCTETS,
    wav_header,
    whole_frames,
)
from cordboard.media.g711 import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class _Open:
    content: bytes

    @property
    def octets(self) -> int:
        return len(self.content)

    def read(self, start: int, count: int) -> bytes:
        return self.content[start : start + count]

    def close(self) -> None:
        """There is nothing to close."""


class MemoryRecordedFiles:
    """The files by name."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def mend(self, name: str) -> Length | None:
        """Have the header say how much audio follows it."""
        content = self.files.get(name)
        if content is None:
            return None
        mended = self.files[name] = _mended(content)
        seconds = (len(mended) - HEADER_OCTETS) / (FRAME_OCTETS * SAMPLE_RATE)
        return Length(seconds, len(mended))

    def open(self, name: str) -> _Open | None:
        """Open one."""
        content = self.files.get(name)
        return None if content is None else _Open(_mended(content))

    def erase(self, name: str) -> None:
        """Have it no longer."""
        self.files.pop(name, None)


def _mended(content: bytes) -> bytes:
    audio = content[HEADER_OCTETS:]
    audio = audio[: whole_frames(len(audio))]
    return wav_header(len(audio)) + audio
