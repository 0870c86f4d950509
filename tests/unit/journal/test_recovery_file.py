"""The files that channels are kept in: torn, strange, full, shared, and never large for long."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from cordboard.journal.port import StoreFailed
from cordboard.journal.recovery_file import LARGEST_FILE, STEP, FileRecovery


class Clock:
    """Seconds that only the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Disk:
    """Takes the place of ``os.write`` and takes so many octets yet; None: any number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self._write = os.write
        monkeypatch.setattr(os, "write", self._take)

    def _take(self, file: int, data: bytes) -> int:
        if self.room is None:
            return self._write(file, data)
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = data[: self.room]
        self.room -= len(taken)
        return self._write(file, taken)


def opened(folder: Path, **more: Any) -> FileRecovery:
    recovery = FileRecovery(folder / "journal.recovery", **more)
    recovery.start()
    return recovery


def left_in(folder: Path) -> dict[str, str]:
    """What the next process finds."""
    recovery = FileRecovery(folder / "journal.recovery")
    left = recovery.start()
    recovery.kill()
    return left


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("journal.recovery.*") if path.suffix != ".lock")


def test_nobody_else_reads_them(tmp_path: Path) -> None:
    opened(tmp_path / "new folder").keep("one", "record")
    for path in (tmp_path / "new folder").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_processes_never_share_them(tmp_path: Path) -> None:
    first = opened(tmp_path)
    with pytest.raises(StoreFailed, match=r"journal\.recovery: another server uses it"):
        opened(tmp_path)
    first.close()
    opened(tmp_path).close()


def test_a_folder_that_cant_be_used_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed, match=r"Not a directory \(store\.recovery says where\)"):
        opened(tmp_path / "file" / "folder")


@pytest.mark.parametrize("cut", [1, 5, 10, 20])
def test_a_torn_last_line_is_passed_over(tmp_path: Path, cut: int) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    recovery.keep("two", "second")
    recovery.kill()
    (file,) = files_of(tmp_path)
    file.write_bytes(file.read_bytes()[:-cut])
    assert left_in(tmp_path) == {"one": "first"}


@pytest.mark.parametrize(
    "strange", [b"\n", b"\0" * 40, b"00000000 + three third\n", b"no line at all", b"\xff\n \n"]
)
def test_what_is_not_ours_is_passed_over(tmp_path: Path, strange: bytes) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    recovery.kill()
    (file,) = files_of(tmp_path)
    file.write_bytes(file.read_bytes() + strange)
    assert left_in(tmp_path) == {"one": "first"}


def test_a_line_that_was_changed_is_not_believed(tmp_path: Path) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    recovery.kill()
    (file,) = files_of(tmp_path)
    file.write_bytes(file.read_bytes().replace(b"first", b"worst"))
    assert left_in(tmp_path) == {}


def test_files_of_other_names_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "journal.recovery.old"
    other.write_text("mine")
    opened(tmp_path).close()
    assert other.read_text() == "mine"


def test_without_calls_nothing_is_left_behind(tmp_path: Path) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    recovery.forget("one")
    recovery.close()
    assert files_of(tmp_path) == []


def test_a_call_that_could_not_be_ended_is_still_there_after_a_stop(tmp_path: Path) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    recovery.close()
    recovery.close()
    assert left_in(tmp_path) == {"one": "first"}


def test_they_stay_small_however_many_calls_there_are(tmp_path: Path) -> None:
    recovery = opened(tmp_path, largest=2_000)
    largest = 0
    for number in range(2_000):
        recovery.keep(f"call-{number}", "record")
        if number >= 10:
            recovery.forget(f"call-{number - 10}")
        largest = max(largest, sum(path.stat().st_size for path in files_of(tmp_path)))
    assert largest < 2 * 2_000 + 4 * 500
    assert len(files_of(tmp_path)) <= 2


def test_nothing_is_ever_written_in_one_large_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes: list[int] = []
    write = os.write

    def counted(file: int, data: bytes) -> int:
        writes.append(len(data))
        return write(file, data)

    monkeypatch.setattr(os, "write", counted)
    recovery = opened(tmp_path, largest=10_000)
    for number in range(3_000):
        recovery.keep(f"call-{number}", "r" * 100)
    for number in range(3_000):
        recovery.keep(f"call-{number}", "s" * 100)
    assert len(files_of(tmp_path)) <= 2
    assert max(writes) < 150 * (STEP + 1)
    recovery.kill()
    assert left_in(tmp_path) == {f"call-{number}": "s" * 100 for number in range(3_000)}


def test_many_left_over_calls_are_kept_through_further_crashes(tmp_path: Path) -> None:
    recovery = opened(tmp_path, largest=1_000)
    for number in range(200):
        recovery.keep(f"call-{number}", "record")
    recovery.kill()
    for number in range(10):
        recovery = opened(tmp_path, largest=1_000)
        recovery.forget(f"call-{number}")
        recovery.keep("new", str(number))
        recovery.kill()
    left = left_in(tmp_path)
    assert left.pop("new") == "9"
    assert sorted(left) == sorted(f"call-{number}" for number in range(10, 200))


def test_who_ends_at_once_does_not_make_a_write_of_its_own(tmp_path: Path) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    (file,) = files_of(tmp_path)
    size = file.stat().st_size
    recovery.forget("one")
    assert file.stat().st_size == size
    for number in range(100):
        recovery.keep(f"call-{number}", "record")
        recovery.forget(f"call-{number}")
    recovery.kill()
    assert list(left_in(tmp_path)) == ["call-99"], "the last one waited for company"


def test_the_usual_file_is_of_a_reasonable_size() -> None:
    assert 1_000_000 < LARGEST_FILE < 16_000_000


# A disk that takes nothing


@pytest.mark.parametrize("room", [0, 7])
def test_a_full_disk_is_told_once_and_calls_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    disk, clock = Disk(monkeypatch), Clock()
    recovery = opened(tmp_path, clock=clock)
    recovery.keep("one", "first")
    recovery.keep("gone", "before")
    disk.room = room
    with capture_logs() as logs:
        for number in range(200):
            recovery.keep(f"call-{number}", "record")
            recovery.forget(f"call-{number - 100}")
        recovery.forget("gone")
        for _ in range(2):
            disk.room = room
            clock.now += 5.0
            recovery.keep("two", "second")
            recovery.keep("three", "third")
    assert [log["log_level"] for log in logs] == ["error"]
    disk.room = None
    clock.now += 5.0
    with capture_logs() as logs:
        for number in range(200):
            recovery.keep(f"later-{number}", "record")
    assert [log["log_level"] for log in logs] == ["info"]
    assert len(files_of(tmp_path)) == 1
    recovery.kill()
    left = left_in(tmp_path)
    assert (left["one"], left["two"], left["three"]) == ("first", "second", "third")
    assert len(left) == 3 + 100 + 200
    assert "gone" not in left


def test_a_disk_that_stays_full_gathers_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, clock = Disk(monkeypatch), Clock()
    recovery = opened(tmp_path, clock=clock)
    recovery.keep("one", "first")
    disk.room = 0
    for number in range(50):
        recovery.keep(f"call-{number}", "record")
        clock.now += 2.0
    assert len(files_of(tmp_path)) <= 2


def test_a_disk_that_is_full_at_the_start_keeps_nobody_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recovery = opened(tmp_path)
    recovery.keep("one", "first")
    recovery.kill()
    clock, real = Clock(), os.open

    def refused(path: Any, flags: int, *mode: int) -> int:
        if str(path).endswith(".2"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, flags, *mode)

    with monkeypatch.context() as patched, capture_logs() as logs:
        patched.setattr(os, "open", refused)
        again = FileRecovery(tmp_path / "journal.recovery", clock)
        assert again.start() == {"one": "first"}
        again.keep("two", "second")
        clock.now += 2.0
        again.keep("three", "third")
    assert [log["log_level"] for log in logs] == ["error"]
    clock.now += 2.0
    again.forget("one")
    again.keep("four", "fourth")
    again.kill()
    assert left_in(tmp_path) == {"two": "second", "three": "third", "four": "fourth"}
