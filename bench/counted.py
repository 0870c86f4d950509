"""``python -m bench.counted FILE serve ...``: ``cordboard``, and a count of what it does.

Nothing here depends on a clock: functions of Python called, tasks begun, statements and commits of
SQLite, and the objects that are there. Each SIGUSR2 adds a line of JSON to FILE with the sums since
the start.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sqlite3
import sqlite3.dbapi2
import sys
import threading
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import uvloop


class Counts:
    """Sums since the start."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.functions = 0
        self.tasks = 0
        self.statements = 0
        self.commits = 0

    def install(self) -> None:
        """Count from now on; functions of the first thread from the first signal on, so that the
        start is no slower."""
        connect, new_loop = sqlite3.connect, uvloop.new_event_loop

        def counted_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            connection.set_trace_callback(self._traced)
            return connection

        def counted_loop() -> uvloop.Loop:
            loop = new_loop()
            loop.set_task_factory(self._task)
            return loop

        for module in (sqlite3, sqlite3.dbapi2):
            vars(module)["connect"] = counted_connect
        vars(uvloop)["new_event_loop"] = counted_loop
        signal.signal(signal.SIGUSR2, self._tell)
        threading.setprofile(self._called)

    def _called(self, _frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            self.functions += 1

    def _task(
        self, loop: asyncio.AbstractEventLoop, coroutine: Generator[Any, None, Any], **options: Any
    ) -> asyncio.Future[Any]:
        self.tasks += 1
        return asyncio.Task(coroutine, loop=loop, **options)

    def _traced(self, statement: str) -> None:
        if statement == "COMMIT":
            self.commits += 1
        elif not statement.startswith(("BEGIN", "--", "PRAGMA")):
            self.statements += 1

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        sys.setprofile(None)
        gc.collect()
        told = {
            "functions": self.functions,
            "tasks": self.tasks,
            "statements": self.statements,
            "commits": self.commits,
            "objects": len(gc.get_objects()),
            "blocks": sys.getallocatedblocks(),
        }
        with self._file.open("a") as file:
            file.write(json.dumps(told) + "\n")
        sys.setprofile(self._called)


def main() -> None:
    """Count, and be ``cordboard``."""
    Counts(Path(sys.argv.pop(1))).install()
    from cordboard.cli import main as cordboard

    cordboard()


if __name__ == "__main__":
    main()
