"""A WAV file that grows, and can be played whenever the writing breaks off."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path
from typing import BinaryIO, Final

from cordboard.media.g711 import SAMPLE_RATE

HEADER_OCTETS: Final = 44
"""Of a WAV file with one ``fmt`` and one ``data`` chunk."""

FRAME_OCTETS: Final = 4
"""A sample of 16 bit from either side."""

_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")
_CHANNELS: Final = 2

FOR_US_ALONE: Final = 0o600  # what people say to each other

MAX_OCTETS: Final = 2**32 - 1 - HEADER_OCTETS
"""What the header can count: 37 hours."""

MIN_FREE_OCTETS: Final = 64 * 1024 * 1024
"""What is left free on the disk: where the journal is on it too, new calls need some, and what is
written in the time that somebody needs to make room (17 minutes of 2 live recordings)."""


def wav_header(octets: int) -> bytes:
    """What stands before so many octets of audio."""
    return _HEADER.pack(
        *(b"RIFF", octets + HEADER_OCTETS - 8, b"WAVE"),
        *(b"fmt ", 16, 1, _CHANNELS, SAMPLE_RATE),
        *(SAMPLE_RATE * FRAME_OCTETS, FRAME_OCTETS, 8 * FRAME_OCTETS // _CHANNELS),
        *(b"data", octets),
    )


def whole_frames(octets: int) -> int:
    """So much of some octets of audio as is samples of both sides."""
    return max(0, octets - octets % FRAME_OCTETS)


def _make_folder(folder: Path) -> None:
    """Make a folder, and those above it, for us alone; what is there stays as it is."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


class WavFile:
    """8 kHz, stereo, 16 bit. Each method may block; all raise :class:`OSError`, and leave a file
    that can be played to where it was written."""

    def __init__(self, path: Path) -> None:
        _make_folder(path.parent)
        opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, FOR_US_ALONE)
        self._file: BinaryIO = os.fdopen(opened, "r+b", buffering=0)
        self._octets = 0
        self._write_header()

    @property
    def octets(self) -> int:
        """How long the file is."""
        return HEADER_OCTETS + self._octets

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self._octets / (FRAME_OCTETS * SAMPLE_RATE)

    def append(self, audio: bytes) -> None:
        """Add samples, left and right by turns; the header counts at once what was written."""
        if self._octets + len(audio) > MAX_OCTETS:
            raise OSError(errno.EFBIG, "a WAV file can't be longer")
        disk = os.fstatvfs(self._file.fileno())
        if disk.f_bavail * disk.f_frsize < MIN_FREE_OCTETS:
            raise OSError(errno.ENOSPC, "the disk is full")
        self._file.seek(HEADER_OCTETS + self._octets)
        written = 0
        try:
            while written < len(audio):  # a disk that is nearly full takes some of it
                written += self._file.write(audio[written:])
        finally:
            self._octets += whole_frames(written)
            self._write_header()

    def close(self) -> None:
        """Write no more."""
        self._file.close()

    def _write_header(self) -> None:
        self._file.seek(0)
        self._file.write(wav_header(self._octets))
