"""What every keeper of recorded files promises."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from cordboard.calls.recorded_files import RecordedFiles
from cordboard.engines.embedded.wav_file import WavFile, wav_header
from cordboard.engines.memory_recorded_files import MemoryRecordedFiles
from cordboard.engines.recorded_files import FolderOfRecordings

AUDIO = bytes(range(200)) * 16  # 800 samples of both sides


class House:
    """Files, and how they come there."""

    def __init__(self, files: RecordedFiles, put: Callable[[str, bytes], None]) -> None:
        self.files = files
        self.put = put

    def read(self, name: str) -> bytes:
        opened = self.files.open(name)
        assert opened is not None
        try:
            return opened.read(0, opened.octets)
        finally:
            opened.close()


def in_a_folder(folder: Path) -> House:
    def put(name: str, content: bytes) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return House(FolderOfRecordings(folder), put)


def in_memory(_folder: Path) -> House:
    files = MemoryRecordedFiles()
    return House(files, files.files.__setitem__)


@pytest.fixture(params=[in_a_folder, in_memory])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    make: Callable[[Path], House] = request.param
    return make(tmp_path)


def test_a_file_is_read_from_any_place(house: House) -> None:
    whole = wav_header(3200) + AUDIO
    house.put("demo/a.wav", whole)
    opened = house.files.open("demo/a.wav")
    assert opened is not None
    assert opened.octets == len(whole)
    for start, count in ((0, 5), (2, 42), (40, 9), (44, 7), (3000, 244), (3240, 99), (3244, 1)):
        assert opened.read(start, count) == whole[start : start + count]
    opened.close()


def test_a_file_that_is_written_on_is_read_as_it_was(house: House) -> None:
    house.put("demo/a.wav", wav_header(0) + AUDIO + b"\1")
    opened = house.files.open("demo/a.wav")
    assert opened is not None
    house.put("demo/a.wav", wav_header(6400) + AUDIO * 2)
    assert opened.octets == 3244
    assert opened.read(0, 10_000) == wav_header(3200) + AUDIO
    opened.close()


def test_a_file_that_is_read_can_be_erased(house: House) -> None:
    house.put("demo/a.wav", wav_header(3200) + AUDIO)
    opened = house.files.open("demo/a.wav")
    assert opened is not None
    house.files.erase("demo/a.wav")
    assert opened.read(44, 3200) == AUDIO
    opened.close()
    assert house.files.open("demo/a.wav") is None
    house.files.erase("demo/a.wav")


@pytest.mark.parametrize("promised", [0, 1600, 3200, 99_999_999])
@pytest.mark.parametrize("odd", [b"", b"\1\2\3"])
def test_what_a_killed_server_left_says_what_it_holds(
    house: House, promised: int, odd: bytes
) -> None:
    house.put("demo/a.wav", wav_header(promised) + AUDIO + odd)
    assert house.files.mend("demo/a.wav") == (0.1, 44 + 3200)
    content = house.read("demo/a.wav")
    assert len(content) == 44 + 3200
    with wave.open(io.BytesIO(content)) as reader:
        assert (reader.getnchannels(), reader.getframerate()) == (2, 8000)
        assert reader.readframes(10_000) == AUDIO


@pytest.mark.parametrize("cut", [b"", b"RIFF", wav_header(0)])
def test_one_that_never_got_any_audio_is_empty(house: House, cut: bytes) -> None:
    house.put("demo/a.wav", cut)
    assert house.files.mend("demo/a.wav") == (0.0, 44)
    assert house.read("demo/a.wav") == wav_header(0)


def test_there_is_nothing_to_mend(house: House) -> None:
    assert house.files.mend("demo/none.wav") is None


def test_what_the_engine_writes_is_what_is_read(tmp_path: Path) -> None:
    file = WavFile(tmp_path / "demo" / "a.wav")
    file.append(AUDIO)
    written = (file.seconds, file.octets)
    file.close()
    assert FolderOfRecordings(tmp_path).mend("demo/a.wav") == written


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.wav", "demo/../../a.wav"])
def test_nothing_outside_the_folder_is_touched(tmp_path: Path, name: str) -> None:
    files = FolderOfRecordings(tmp_path / "recordings")
    (tmp_path / "a.wav").write_bytes(b"mine")
    for touch in (files.open, files.mend, files.erase):
        with pytest.raises(OSError, match="no name"):
            touch(name)
    assert (tmp_path / "a.wav").read_bytes() == b"mine"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"mine")
    (tmp_path / "link.wav").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="symbolic"):
        FolderOfRecordings(tmp_path).open("link.wav")
