"""Prompts that were played before, ready to be played again; a file is read and converted once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from cordboard.engines.embedded.prompt_files import read_prompt_file
from cordboard.media.prompts import Prompt, PromptError

_log = structlog.get_logger(__name__)

Then = Callable[[Prompt | None], None]

MAX_PROMPTS: Final = 64
"""The least recently played are read anew: two minutes of audio hold 2 MB linear and 2 MB coded."""

MAX_WAITING: Final = 1000
"""Channels that wait for one file."""


class PromptShelf:
    """Gets prompts by path; ``load`` reads a file, in a thread of its own."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, load: Callable[[str], bytes] = read_prompt_file
    ) -> None:
        self._loop = loop
        self._load = load
        self._shelf: OrderedDict[str, Prompt] = OrderedDict()
        self._waiting: dict[str, list[Then]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def get(self, path: str, then: Then) -> None:
        """Call ``then`` with the prompt, at once where it is ready; None: it can't be played."""
        prompt = self._shelf.get(path)
        if prompt is not None:
            self._shelf.move_to_end(path)
            then(prompt)
            return
        waiting = self._waiting.get(path)
        if waiting is None:
            self._waiting[path] = [then]
            task = self._loop.create_task(self._fetch(path))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(waiting) < MAX_WAITING:
            waiting.append(then)
        else:
            then(None)

    def forget(self) -> None:
        """Read every file anew when it is played next: it may have changed."""
        self._shelf.clear()

    async def close(self) -> None:
        """Fetch no more; nobody is called back."""
        self._waiting.clear()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _fetch(self, path: str) -> None:
        prompt: Prompt | None = None
        try:
            prompt = await self._loop.run_in_executor(None, self._read, path)
        except (OSError, PromptError) as error:
            _log.warning("a prompt can't be played", path=path, reason=str(error))
        if prompt is not None:
            self._shelf[path] = prompt
            while len(self._shelf) > MAX_PROMPTS:
                self._shelf.popitem(last=False)
        for then in self._waiting.pop(path, ()):
            then(prompt)

    def _read(self, path: str) -> Prompt:
        return Prompt.from_wav(self._load(path))
