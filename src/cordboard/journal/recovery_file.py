"""The records of channels in files of this node, each appended in the moment it is given.

Theory of operation. A line of a file is a checksum, what is said (``+`` keep, ``-`` forget), a
channel and its record; of the lines of a channel the last one counts. What was written with one
``write`` a killed process leaves behind, for the system has it; nothing is ever synced. A line that
was torn, or is not ours, has no right checksum and is passed over; the next one begins anew.

Files are numbered, and read in that order. When the last one has grown far beyond what lives, the
next number is begun: new lines go there, and with each of them a few of the records that still
stand in the older files, until none does and those are deleted. So nothing is ever written in one
large step, and at any instant the files together tell the whole truth.

A forgotten channel is written with the next record: should it be lost, a phone gets a BYE for a
call that it knows nothing of. Where the disk takes nothing, that is said once and calls go on; it
is tried again every second, and then everything that lives is copied as above. Until then the files
tell of what was before.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from cordboard.journal.port import StoreFailed
from cordboard.journal.recovery import check
from cordboard.journal.sole_user import locked

_log = structlog.get_logger(__name__)

LARGEST_FILE: Final = 4 * 1024 * 1024
"""Octets, beyond twice what lives, at which the next file is begun: some 700 calls."""

STEP: Final = 4
"""Records that are copied with each new one: all are through before a file is full again."""

MOST_FORGOTTEN: Final = 64
"""Channels whose end waits for the next record."""

RETRY_SECONDS: Final = 1.0

LONGEST_LINE: Final = 1024 * 1024
"""Octets; what is longer is not ours. A record of a call through several proxies has some 1,500,
and all that comes from a peer was in one SIP message."""

_OWNER_ONLY: Final = 0o600


class FileRecovery:
    """Records beside a store: ``path`` is what the files' names begin with. ``clock`` is monotonic
    seconds."""

    def __init__(
        self,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
        *,
        largest: int = LARGEST_FILE,
    ) -> None:
        self._path = path
        self._clock = clock
        self._largest = largest
        self._lock = -1
        self._file = -1
        self._number = 0
        self._size = 0
        self._here: dict[str, bytes] = {}
        self._older: dict[str, bytes] = {}
        self._living = 0
        self._older_files: list[Path] = []
        self._forgotten: list[str] = []
        self._retry_at: float | None = None

    def start(self) -> dict[str, str]:
        """Take the lock, and read what was left; see the port."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = locked(self._path.with_name(f"{self._path.name}.lock"), self._path)
            self._older_files = [path for _, path in self._numbered()]
            self._number = max((number for number, _ in self._numbered()), default=0)
            for path in self._older_files:
                self._take_in(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise StoreFailed(f"{self._path}: {reason} (store.recovery says where)") from None
        self._living = sum(map(len, self._older.values()))
        self._begin_next()
        return {channel: _record_of(line) for channel, line in self._older.items()}

    def keep(self, channel: str, record: str) -> None:
        """Append a record; see the port."""
        check(channel, record)
        line = _line(f"+ {channel} {record}")
        last = self._here.get(channel) or self._older.pop(channel, b"")
        self._here[channel] = line
        self._living += len(line) - len(last)
        self._write(line)

    def forget(self, channel: str) -> None:
        """Have a channel's end written with the next record; see the port."""
        last = self._here.pop(channel, None) or self._older.pop(channel, None)
        if last is None:
            return
        self._living -= len(last)
        if self._retry_at is None:
            self._forgotten.append(channel)
            if len(self._forgotten) >= MOST_FORGOTTEN:
                self._write(b"")

    def close(self) -> None:
        """Write what waits, and close everything; without channels no file is left."""
        if self._lock < 0:
            return
        self._write(b"")
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if not self._here and not self._older:
            with suppress(OSError):
                for _, path in self._numbered():
                    path.unlink(missing_ok=True)
        os.close(self._lock)
        self._lock = -1

    def kill(self) -> None:
        """Let go of everything without a word, as a killed process does; for tests."""
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1

    # Lines

    def _write(self, line: bytes) -> None:
        """Append a line, what waits to be said before it, and a few of the older records."""
        if self._retry_at is not None and not self._tries_again():
            return
        if self._forgotten:
            said = self._forgotten
            self._forgotten = []
            line = b"".join([_line(f"- {channel} ") for channel in said]) + line
        if self._older:
            line += self._moved()
        try:
            written = os.write(self._file, line)
        except OSError as error:
            self._has_failed(error.strerror or str(error))
            return
        if written != len(line):
            self._has_failed("the disk is full")
            return
        if self._retry_at is not None:
            self._retry_at = None
            _log.info("channels are kept for a restart again")
        self._size += written
        if self._older_files and not self._older:
            self._delete_older()
        elif not self._older and self._size > self._largest + 2 * self._living:
            self._begin_next()

    def _moved(self) -> bytes:
        """The lines of a few older records, which are in the present file with the next write."""
        lines = []
        for _ in range(min(STEP, len(self._older))):
            channel, line = self._older.popitem()
            self._here[channel] = line
            lines.append(line)
        return b"".join(lines)

    # Files

    def _begin_next(self) -> bool:
        """Go on in another file, if there can be one; all that lives is in older ones then."""
        try:
            following = os.open(
                self._file_of(self._number + 1),
                os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_CLOEXEC,
                _OWNER_ONLY,
            )
        except OSError as error:
            self._has_failed(error.strerror or str(error))
            return False
        if self._file >= 0:
            os.close(self._file)
            self._older_files.append(self._file_of(self._number))
        self._file = following
        self._number += 1
        self._size = 0
        self._older.update(self._here)
        self._here = {}
        if not self._older:
            self._delete_older()
        return True

    def _delete_older(self) -> None:
        for path in self._older_files:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        self._older_files = []

    def _has_failed(self, reason: str) -> None:
        """Keep everything in memory until the disk takes it."""
        self._forgotten = []  # the file that they stand in goes when all is copied
        if self._retry_at is None:
            _log.error("channels can't be kept for a restart", reason=reason)
        self._retry_at = self._clock() + RETRY_SECONDS

    def _tries_again(self) -> bool:
        """Try another file now and then, for the end of this one may be torn."""
        assert self._retry_at is not None
        if self._clock() < self._retry_at:
            return False
        self._retry_at = self._clock() + RETRY_SECONDS
        if self._size or self._file < 0:
            return self._begin_next()
        with suppress(OSError):
            os.ftruncate(self._file, 0)  # nothing was ever written to it as a whole
        self._older.update(self._here)
        self._here = {}
        return True

    def _file_of(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _numbered(self) -> list[tuple[int, Path]]:
        """The files that are there, in order."""
        start = len(self._path.name) + 1
        found = self._path.parent.glob(f"{self._path.name}.*")
        numbers = ((path.name[start:], path) for path in found)
        return sorted((int(text), path) for text, path in numbers if text.isdecimal())

    def _take_in(self, path: Path) -> None:
        """Take over what a file says."""
        for said, channel, line in _read(path):
            self._older.pop(channel, None)
            if said == "+":
                self._older[channel] = line


def _line(text: str) -> bytes:
    octets = text.encode("utf-8", "surrogateescape")
    return b"%08x %b\n" % (zlib.crc32(octets), octets)


def _record_of(line: bytes) -> str:
    return line.decode("utf-8", "surrogateescape").split(" ", 3)[3][:-1]


def _read(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """The lines of a file that are whole: what is said, of which channel, and the line itself."""
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            checksum, _, rest = line.partition(b" ")
            if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(rest[:-1]):
                continue
            said, channel, _ = rest.decode("utf-8", "surrogateescape").split(" ", 2)
            yield said, channel, line
