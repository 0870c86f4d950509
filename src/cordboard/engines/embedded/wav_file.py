"""A WAV file that grows, and can be played whenever the writing breaks off."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, Final

_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_RATE: Final = 8000
_CHANNELS: Final = 2
_SAMPLE_OCTETS: Final = 2

FOR_US_ALONE: Final = 0o600  # what people say to each other

MAX_OCTETS: Final = 2**32 - 1 - _HEADER.size
"""What the header can count: 37 hours."""


class WavFile:
    """8 kHz, stereo, 16 bit. Each method may block; all raise :class:`OSError`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FOR_US_ALONE)
        self._file: BinaryIO = os.fdopen(opened, "r+b", buffering=0)
        self._octets = 0
        self._write_header()

    def append(self, audio: bytes) -> None:
        """Add samples, left and right by turns; the header counts them at once."""
        if self._octets + len(audio) > MAX_OCTETS:
            raise OSError("a WAV file can't be longer")
        self._file.seek(_HEADER.size + self._octets)
        self._file.write(audio)
        self._octets += len(audio)
        self._write_header()

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def _write_header(self) -> None:
        octets = self._octets
        frame = _CHANNELS * _SAMPLE_OCTETS
        self._file.seek(0)
        self._file.write(
            _HEADER.pack(
                *(b"RIFF", octets + _HEADER.size - 8, b"WAVE"),
                *(b"fmt ", 16, 1, _CHANNELS, _RATE, _RATE * frame, frame, 8 * _SAMPLE_OCTETS),
                *(b"data", octets),
            )
        )
