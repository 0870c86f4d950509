"""Recordings on their way into files, which can be played at any time."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import threading
import wave
from pathlib import Path
from typing import Any, cast

import pytest

from cordboard.engines.embedded import recordings as module
from cordboard.engines.embedded.recordings import MAX_WAITING, Recordings
from cordboard.engines.embedded.wav_file import MAX_OCTETS, WavFile
from support.waiting import eventually

pytestmark = pytest.mark.anyio

LOUD = b"\x80" * 160


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Session:
    """As much of a media session as is asked for."""

    def __init__(self) -> None:
        self.recorder: Any = None

    def record(self, recorder: Any) -> None:
        self.recorder = recorder


class Desk:
    """Recordings in a folder, of two sessions."""

    def __init__(self, folder: Path) -> None:
        self.ends: list[tuple[float, int, str]] = []
        self.overs = 0
        self.after = 0
        self.left, self.right = Session(), Session()
        self.recordings = Recordings(folder, asyncio.get_running_loop(), self._ended)

    def begin(self, name: str = "demo/call-1.wav") -> module.Recording:
        return self.recordings.begin(
            name,
            cast("Any", self.left),
            cast("Any", self.right),
            self._over,
            lambda *end: self.ends.append(end),
        )

    def _over(self) -> None:
        self.overs += 1

    def _ended(self) -> None:
        self.after += 1


def frames(path: Path) -> int:
    """How many samples a player sees."""
    with wave.open(str(path), "rb") as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (2, 2, 8000)
        return len(reader.readframes(reader.getnframes())) // 4


async def test_a_file_grows_and_can_be_played_before_its_end(tmp_path: Path) -> None:
    desk, path = Desk(tmp_path), tmp_path / "demo" / "call-1.wav"
    recording = desk.begin()
    await eventually(lambda: path.exists() and path.stat().st_size > 0 and frames(path) > 0)
    desk.left.recorder.write(LOUD, "PCMU", 0)
    recording.end()
    assert (desk.left.recorder, desk.right.recorder) == (None, None)
    assert (desk.overs, desk.ends) == (1, []), "its last piece is on its way"
    await desk.recordings.close()
    ((seconds, octets, error),) = desk.ends
    assert error == ""
    assert frames(path) / 8000 == seconds
    assert path.stat().st_size == octets
    assert path.stat().st_mode & 0o077 == 0, "for nobody else"
    assert path.parent.stat().st_mode & 0o077 == 0
    recording.end()
    assert len(desk.ends) == 1


async def test_all_end_with_the_engine(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.begin()
    await desk.recordings.close()
    assert len(desk.ends) == 1
    assert frames(tmp_path / "demo" / "call-1.wav") >= 0


async def test_a_file_that_cant_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("in the way")
    desk = Desk(tmp_path)
    desk.begin()
    await eventually(lambda: bool(desk.ends))
    assert desk.ends == [(0.0, 0, "File exists")]
    assert desk.after >= 1
    assert desk.left.recorder is None
    await desk.recordings.close()
    assert len(desk.ends) == 1


async def test_a_disk_that_is_too_slow_breaks_it_off_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    append = WavFile.append

    def slow(file: WavFile, audio: bytes) -> None:
        go_on.wait(10.0)
        append(file, audio)

    monkeypatch.setattr(WavFile, "append", slow)
    monkeypatch.setattr(module, "STEP_S", 0.001)
    monkeypatch.setattr("cordboard.media.stereo.LATE_S", 0.0)
    desk = Desk(tmp_path)
    desk.begin()
    await eventually(lambda: bool(desk.ends))
    assert desk.ends[0][2] == "the disk is too slow"
    go_on.set()
    await desk.recordings.close()
    assert MAX_WAITING > 1


async def test_it_is_complete_when_its_last_piece_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    append = WavFile.append

    def slow(file: WavFile, audio: bytes) -> None:
        go_on.wait(10.0)
        append(file, audio)

    monkeypatch.setattr(WavFile, "append", slow)
    desk = Desk(tmp_path)
    recording = desk.begin()
    await eventually(lambda: recording._audio.place > 0)  # there is something to write
    recording.end()
    await asyncio.to_thread(lambda: None)
    assert desk.ends == []
    go_on.set()
    await eventually(lambda: bool(desk.ends))
    assert desk.ends[0][1] == (tmp_path / "demo" / "call-1.wav").stat().st_size
    await desk.recordings.close()


async def test_a_last_piece_that_cant_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path)
    recording = desk.begin()
    await eventually(lambda: recording._audio.place > 0)
    monkeypatch.setattr(WavFile, "append", _full)
    recording.end()
    await eventually(lambda: bool(desk.ends))
    assert desk.ends == [(0.0, 44, "No space left on device")]
    await desk.recordings.close()


def _full(_file: WavFile, _audio: bytes) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/recordings/call-1.wav")


class NearlyFull(io.BytesIO):
    """A file on a disk that takes so many octets more, some at a time."""

    def __init__(self, room: int, fd: int) -> None:
        super().__init__()
        self._end = room
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def write(self, data: Any) -> int:
        room = min(self._end - self.tell(), 1001)
        if room <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(bytes(data)[:room])


def test_of_a_piece_that_the_disk_takes_in_part_that_part_is_counted(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "a.wav")
    disk = NearlyFull(44 + 4000 + 2, file._file.fileno())
    real, file._file = file._file, disk
    file.append(b"\1" * 3200)
    assert file.octets == 44 + 3200, "short writes are gone on with"
    with pytest.raises(OSError, match="No space"):
        file.append(b"\2" * 3200)
    assert file.octets == 44 + 4000, "whole samples of both sides"
    (tmp_path / "b.wav").write_bytes(disk.getvalue())
    assert frames(tmp_path / "b.wav") == 1000
    real.close()


def test_some_of_the_disk_is_left_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = WavFile(tmp_path / "a.wav")
    file.append(b"\1" * 320)
    monkeypatch.setattr("cordboard.engines.embedded.wav_file.MIN_FREE_OCTETS", 2**63)
    with pytest.raises(OSError, match="disk is full"):
        file.append(b"\2" * 320)
    file.close()
    assert frames(tmp_path / "a.wav") == 80


def test_a_file_is_never_longer_than_its_header_can_say(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "a.wav")
    file._octets = MAX_OCTETS - 3
    with pytest.raises(OSError, match="longer"):
        file.append(b"\0" * 4)
    file.close()


def test_folders_are_for_nobody_else_at_any_depth(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    WavFile(tmp_path / "recordings" / "demo" / "legal" / "2026" / "a.wav").close()
    for folder in ("recordings", "recordings/demo", "recordings/demo/legal/2026"):
        assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_no_file_takes_the_place_of_another(tmp_path: Path) -> None:
    WavFile(tmp_path / "a.wav").close()
    with pytest.raises(FileExistsError):
        WavFile(tmp_path / "a.wav")
