from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cordboard.engines.embedded import prompt_shelf as bounds
from cordboard.engines.embedded.prompt_shelf import PromptShelf, read_prompt_file
from cordboard.media.prompts import Prompt
from support.audio import sine, wav

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
    async with asyncio.timeout(5):
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
    monkeypatch.setattr(bounds, "MAX_FILE_OCTETS", 10)
    path = tmp_path / "long.wav"
    path.write_bytes(bytes(100))
    assert len(read_prompt_file(str(path))) == 11


@pytest.mark.parametrize("name", [*map(str, range(10)), "call", "call-from", "press-1", "warning"])
async def test_the_servers_own_prompts_can_be_played(name: str) -> None:
    prompt = Prompt.from_wav(read_prompt_file(f"builtin:{name}"))
    assert 0.2 < prompt.seconds < 5.0


@pytest.mark.parametrize("name", ["", "..", "../cli.py", "/etc/passwd", "press-2"])
async def test_and_nothing_else_by_that_way(name: str) -> None:
    with pytest.raises(FileNotFoundError):
        read_prompt_file(f"builtin:{name}")
