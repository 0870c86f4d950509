"""The files of recordings in a folder."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from cordboard.calls.recorded_files import Length
from cordboard.engines.embedded.wav_file import (
    FRAME_OCTETS,
    HEADER_OCTETS,
    wav_header,
    whole_frames,
)
from cordboard.media.g711 import SAMPLE_RATE


class OpenRecording:
    """One of them, by its descriptor, as it is at that moment: also of one that is written on, the
    header says what there was. To be used by one thread at a time."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        audio = whole_frames(os.fstat(handle).st_size - HEADER_OCTETS)
        self._header = wav_header(audio)
        self.octets = HEADER_OCTETS + audio

    def read(self, start: int, count: int) -> bytes:
        """So many octets from a place on."""
        count = min(count, self.octets - start)
        head = self._header[start : start + count]
        if count <= len(head):
            return head
        return head + os.pread(self._handle, count - len(head), start + len(head))

    def close(self) -> None:
        """Read no more; once is enough."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


class FolderOfRecordings:
    """All below ``folder``, and nothing else: a name that leads out of it is none of theirs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mend(self, name: str) -> Length | None:
        """Write into the header how much audio follows it: a killed process had no time to, and of
        what a power cut left the header may promise more."""
        try:
            handle = self._opened(name, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            audio = whole_frames(os.fstat(handle).st_size - HEADER_OCTETS)
            os.pwrite(handle, wav_header(audio), 0)
            os.ftruncate(handle, HEADER_OCTETS + audio)
        finally:
            os.close(handle)
        return Length(audio / (FRAME_OCTETS * SAMPLE_RATE), HEADER_OCTETS + audio)

    def open(self, name: str) -> OpenRecording | None:
        """Open one."""
        try:
            handle = self._opened(name, os.O_RDONLY)
        except FileNotFoundError:
            return None
        return OpenRecording(handle)

    def erase(self, name: str) -> None:
        """Have it no longer."""
        with suppress(FileNotFoundError):
            os.unlink(self._path(name))

    def _opened(self, name: str, how: int) -> int:
        return os.open(self._path(name), how | os.O_NOFOLLOW | os.O_CLOEXEC)

    def _path(self, name: str) -> Path:
        if name.startswith("/") or ".." in name.split("/"):
            raise OSError(errno.EINVAL, "this is no name of a recording")
        return self._folder / name
