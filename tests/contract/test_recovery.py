"""What is promised of the records of channels, whatever they are kept in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cordboard.journal.recovery import MemoryRecovery, Recovery
from cordboard.journal.recovery_file import FileRecovery


class _InMemory:
    """What the in-memory twin has outlives its process here. ``killed`` gives the records of the
    next one, not started."""

    def __init__(self, _folder: Path) -> None:
        self.now = MemoryRecovery()

    def killed(self) -> Recovery:
        self.now = MemoryRecovery(self.now.records)
        return self.now


class _InFiles:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal.recovery"
        self.now = FileRecovery(self._path, largest=500)

    def killed(self) -> Recovery:
        self.now.kill()
        self.now = FileRecovery(self._path, largest=500)
        return self.now


KINDS: dict[str, Callable[[Path], _InMemory | _InFiles]] = {"memory": _InMemory, "file": _InFiles}


@pytest.fixture(params=KINDS)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> _InMemory | _InFiles:
    return KINDS[request.param](tmp_path)


def test_at_first_there_is_nothing(kept: _InMemory | _InFiles) -> None:
    assert kept.now.start() == {}
    kept.now.close()


def test_what_a_killed_process_has_kept_is_there(kept: _InMemory | _InFiles) -> None:
    kept.now.start()
    kept.now.keep("one", "first")
    kept.now.keep("two", "second")
    assert kept.killed().start() == {"one": "first", "two": "second"}


def test_the_last_record_of_a_channel_counts(kept: _InMemory | _InFiles) -> None:
    kept.now.start()
    kept.now.keep("one", "first")
    kept.now.keep("one", "second")
    assert kept.killed().start() == {"one": "second"}


def test_what_was_forgotten_is_gone(kept: _InMemory | _InFiles) -> None:
    kept.now.start()
    kept.now.keep("one", "first")
    kept.now.forget("one")
    kept.now.forget("one")
    kept.now.forget("nobody")
    kept.now.keep("two", "second")
    assert kept.killed().start() == {"two": "second"}


def test_a_forgotten_channel_may_come_again(kept: _InMemory | _InFiles) -> None:
    kept.now.start()
    kept.now.keep("one", "first")
    kept.now.forget("one")
    kept.now.keep("one", "second")
    assert kept.killed().start() == {"one": "second"}


def test_what_was_left_stays_until_it_is_forgotten(kept: _InMemory | _InFiles) -> None:
    kept.now.start()
    kept.now.keep("one", "first")
    kept.now.keep("two", "second")
    again = kept.killed()
    again.start()
    again.keep("three", "third")
    again.forget("two")
    again.keep("four", "fourth")
    assert kept.killed().start() == {"one": "first", "three": "third", "four": "fourth"}


def test_many_come_and_go(kept: _InMemory | _InFiles) -> None:
    kept.now.start()
    for turn in range(3):
        for number in range(300):
            kept.now.keep(f"call-{number}", f"{turn} {number}")
            if number % 3:
                kept.now.forget(f"call-{number}")
        kept.now.keep("last", "of all")
        found = kept.killed().start()
        assert found.pop("last") == "of all"
        assert found == {f"call-{number}": f"{turn} {number}" for number in range(0, 300, 3)}


@pytest.mark.parametrize("text", ["", "a b  c", '{"a": "\\r\\n"}', "über \udcff \x00\r\t"])
def test_a_record_is_any_line_of_text(kept: _InMemory | _InFiles, text: str) -> None:
    kept.now.start()
    kept.now.keep("one", text)
    assert kept.killed().start() == {"one": text}


@pytest.mark.parametrize(
    ("channel", "record"), [("one", "two\nlines"), ("two words", "r"), ("two\nlines", "r")]
)
def test_anything_else_is_refused(kept: _InMemory | _InFiles, channel: str, record: str) -> None:
    kept.now.start()
    with pytest.raises(ValueError, match="one line"):
        kept.now.keep(channel, record)
    assert kept.killed().start() == {}
