"""Checkpoints of SQLite are made beside the writer, and keep its log from growing for ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cordboard.calls.events import CallEvent, EventKind
from cordboard.journal.sql import checkpoints
from cordboard.journal.sql.checkpoints import Checkpoints
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.store import Store
from support.waiting import eventually

pytestmark = pytest.mark.anyio

LARGE = {"text": "x" * 3_000}


class Writing:
    """A journal that writes as much as it is told, and what its log has become by that."""

    def __init__(self, file: Path) -> None:
        self.store = Store(f"sqlite:///{file}")
        self.journal = SqlJournal(self.store)
        self._log = file.with_name(f"{file.name}-wal")

    async def write(self, events: int) -> None:
        for _ in range(events):
            self.journal.append("demo", [CallEvent(EventKind.DIGIT, "call", data=LARGE)])
            await self.journal.flush()

    @property
    def octets_of_log(self) -> int:
        return self._log.stat().st_size

    def checkpoints(self) -> Checkpoints:
        database = self.journal._open._database
        return Checkpoints(self.store, lambda: database.commits, database.checkpoint)


async def test_the_writer_makes_none_of_itself(tmp_path: Path) -> None:
    there = Writing(tmp_path / "journal.db")
    await there.journal.start()
    await there.write(400)
    assert there.octets_of_log > 1_000 * 4_096, "SQLite's own would have begun it anew"
    await there.journal.close()


async def test_a_log_that_is_long_is_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "LONGEST_LOG", 100)
    there = Writing(tmp_path / "journal.db")
    await there.journal.start()
    made = there.checkpoints()
    for _ in range(10):
        await there.write(50)
        await made.step()
    assert there.octets_of_log < 4 * 50 * 5 * 4_096
    await there.journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as stored:
        assert stored.execute("SELECT count(*) FROM events").fetchone() == (500,)


async def test_nothing_is_asked_of_a_store_to_which_nothing_was_written(tmp_path: Path) -> None:
    there = Writing(tmp_path / "journal.db")
    with pytest.raises(AssertionError, match="not open"):
        await Checkpoints(there.store, lambda: 1, there.journal.flush).step()
    await Checkpoints(there.store, lambda: 0, there.journal.flush).step()


async def test_what_cannot_be_copied_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoints, "LOOK_SECONDS", 0.001)
    asked: list[int] = []

    def commits() -> int:
        asked.append(1)
        if len(asked) < 20:
            raise OSError("the disk is full")
        return 0

    async def asleep() -> None:
        raise AssertionError("nothing was copied")

    made = Checkpoints(Writing(tmp_path / "journal.db").store, commits, asleep)
    made.start()
    await eventually(lambda: len(asked) > 30)
    await made.stop()
    assert capsys.readouterr().out.count("can't be copied") == 1
