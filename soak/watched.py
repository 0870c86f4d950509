"""A server that says each second how it is: ``python -m soak.watched --config FILE``.

Its histories are short, so that they are full before long and memory that still grows is a leak.
SIGUSR1 makes the next look count all objects by class.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

import uvloop

from cordboard.configuration.settings import Settings, load_configuration
from cordboard.directory.snapshot import Directory
from cordboard.engines.embedded.ladder import Ladder
from cordboard.engines.embedded.running import Running
from cordboard.journal.at_hand import Bounds
from cordboard.journal.sql.journal import SqlJournal
from cordboard.journal.sql.store import Store
from cordboard.serving.logs import configure_logs
from cordboard.serving.service import Service, serve
from soak.figures import Sample

MARK: Final = "soak "
"""At the beginning of a line with a look at the server."""

KEPT_CALLS: Final = 10
EVENTS_A_CALL: Final = 12
SECONDS: Final = 1.0
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class WatchedService(Service):
    """A service that says how it is."""

    def __init__(self, settings: Settings, directory: Directory) -> None:
        events = KEPT_CALLS * EVENTS_A_CALL
        bounds = Bounds(history=events, history_of_all=events, ended_calls=KEPT_CALLS)
        journal = SqlJournal(Store(settings.store), time.time, bounds)
        super().__init__(settings, directory, journal)
        self.engine._ladder = Ladder(2 * KEPT_CALLS)
        self.exchange._channels._kept = KEPT_CALLS
        self._counting = False
        self._watch: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Start, and look from now on."""
        await super().start()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self._count)
        _objects()  # what counting makes the first time, such as caches of classes, is there then
        self._look()

    async def stop(self) -> None:
        """Look no more, and stop."""
        if self._watch is not None:
            self._watch.cancel()
        await super().stop()

    def _count(self) -> None:
        self._counting = True

    def _look(self) -> None:
        running = self.engine._running
        if running is not None:
            sample = self._sample(running)
            self._counting = False
            sys.stdout.write(f"{MARK}{json.dumps(sample.write())}\n")
            sys.stdout.flush()
        self._watch = asyncio.get_running_loop().call_later(SECONDS, self._look)

    def _sample(self, running: Running) -> Sample:
        stack, planes = running.runner.stack, running.media._planes.values()
        media = sum(plane.sessions for plane in planes)
        pairs = media + sum(len(p._ports._open) + len(p._ports._resting) for p in planes)
        return Sample(
            at=time.monotonic(),
            rss=int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
            files=len(os.listdir("/proc/self/fd")) - 2 * pairs,
            tasks=len(asyncio.all_tasks()),
            calls=self.exchange.live_calls(),
            channels=self.engine.channels,
            media=media,
            sessions=stack.sessions(),
            transactions=stack.transactions(),
            timers=stack.timers(),
            bindings=sum(len(contacts) for contacts in self.engine.registered().values()),
            connections=self.engine.connections,
            objects=_objects() if self._counting else {},
        )


def _objects() -> dict[str, int]:
    """All objects that the collector follows, by class."""
    gc.collect()
    found = Counter(type(one) for one in gc.get_objects())
    named: dict[str, int] = {}
    for kind, count in found.items():
        name = f"{kind.__module__}.{kind.__qualname__}"
        named[name] = named.get(name, 0) + count
    return named


def main() -> None:
    """Serve until SIGTERM."""
    configure_logs()
    configuration = load_configuration(Path(sys.argv[sys.argv.index("--config") + 1]))
    assert configuration.settings is not None, configuration.problems
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(configuration.settings, configuration.directory, WatchedService))


if __name__ == "__main__":
    main()
