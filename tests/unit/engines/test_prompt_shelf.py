from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cordboard.engines.embedded import prompt_files
from cordboard.engines.embedded import prompt_shelf as bounds
from cordboard.engines.embedded.prompt_files import OWN_PROMPTS, PromptFiles, read_prompt_file
from cordboard.engines.embedded.prompt_shelf import PromptShelf
from cordboard.media.prompts import Prompt
from support.audio import sine, wav
from support.waiting import BOUND

pytestmark = pytest.mark.anyio

TONE = wav(sine(400, 0.1, 8000), 8000)


class Files:
    """A folder in memory that counts how often it is read."""

    def __init__(self, **files: bytes) -> None:
        self.files = files
        self.read: list[str] = []

    def load(self, path: str) -> bytes:
        self.read.append(path)
        if path not in self.files:
            raise FileNotFoundError(2, "No such file", path)
        return self.files[path]


async def fetched(shelf: PromptShelf, path: str) -> Prompt | None:
    answer: asyncio.Future[Prompt | None] = asyncio.get_running_loop().create_future()
    shelf.get(path, answer.set_result)
    async with asyncio.timeout(BOUND):
        return await answer


def shelf_of(files: Files) -> PromptShelf:
    return PromptShelf(asyncio.get_running_loop(), files.load)


async def test_a_file_is_read_once_for_all_who_wait() -> None:
    files = Files(hello=TONE)
    shelf = shelf_of(files)
    first, second = await asyncio.gather(fetched(shelf, "hello"), fetched(shelf, "hello"))
    assert first is not None
    assert first is second
    assert await fetched(shelf, "hello") is first
    assert files.read == ["hello"]


@pytest.mark.parametrize("path", ["missing", "broken"])
async def test_what_cant_be_played_is_none_and_read_again_next_time(path: str) -> None:
    files = Files(broken=b"no wave")
    shelf = shelf_of(files)
    assert await fetched(shelf, path) is None
    files.files[path] = TONE
    assert await fetched(shelf, path) is not None


async def test_the_least_recently_played_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_PROMPTS", 2)
    files = Files(a=TONE, b=TONE, c=TONE)
    shelf = shelf_of(files)
    for path in ("a", "b", "a", "c", "a", "b"):
        await fetched(shelf, path)
    assert files.read == ["a", "b", "c", "b"]


async def test_too_many_who_wait_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_WAITING", 1)
    shelf = shelf_of(Files(hello=TONE))
    got: list[Prompt | None] = []
    shelf.get("hello", got.append)
    shelf.get("hello", got.append)
    assert got == [None]
    await shelf.close()
    assert got == [None]


def test_a_file_is_read_up_to_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt_files, "MAX_FILE_OCTETS", 10)
    path = tmp_path / "long.wav"
    path.write_bytes(bytes(100))
    assert len(read_prompt_file(str(path))) == 11


OWN = (*map(str, range(10)), "star", "hash", "plus", "call", "call-from", "press-1")


@pytest.mark.parametrize("name", [*OWN, "warning", "beep", "silence", "en/1", "ja/1", "en-GB/beep"])
async def test_the_servers_own_prompts_can_be_played(name: str) -> None:
    prompt = Prompt.from_wav(read_prompt_file(f"builtin:{name}"))
    assert 0.2 < prompt.seconds < 5.0


@pytest.mark.parametrize(
    "name", ["", "..", "../cli.py", "/etc/passwd", "press-2", "en/../1", "../en/1", "en/", "/1"]
)
async def test_and_nothing_else_by_that_way(name: str) -> None:
    with pytest.raises(FileNotFoundError):
        read_prompt_file(f"builtin:{name}")


def test_a_folder_adds_a_language(tmp_path: Path) -> None:
    for file in ("de/1", "pt/1", "en/2"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / f"{file}.wav").write_bytes(file.encode())
    files = PromptFiles(tmp_path)
    assert files.read("builtin:de/1") == b"de/1"
    assert files.read("builtin:pt-BR/1") == b"pt/1"
    assert files.read("builtin:de/2") == b"en/2", "what is missing is heard in English"
    assert files.read("builtin:2") == b"en/2"
    assert files.read("builtin:en/1") == PromptFiles().read("builtin:1")


def test_every_prompt_that_comes_along_is_in_the_one_text_file() -> None:
    lines = (OWN_PROMPTS / "en" / "texts.txt").read_text().splitlines()
    spoken = {line.split()[1] for line in lines if line.startswith("say ")}
    assert spoken >= set(OWN)
    there = {file.stem for file in (OWN_PROMPTS / "en").glob("*.wav")}
    assert there == spoken | {"warning", "beep", "silence", "music"}
