"""Recordings of bridged channels on their way into files.

The audio is collected in the loop and written each half second by a thread of its own, the only
one: a slow disk delays recordings and no call. What waits for it is bounded; a recording that can't
be written ends, and says why, while its call goes on. That one is complete is told when its last
piece has been written, and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from cordboard.engines.embedded.local_media import MediaSession
from cordboard.engines.embedded.wav_file import WavFile
from cordboard.media.stereo import StereoRecording

_log = structlog.get_logger(__name__)

STEP_S: Final = 0.5
"""How often what was said is written: with the quarter of a second that late packets have, less
than a second is lost in a crash."""

MAX_WAITING: Final = 40
"""Pieces of one recording that wait for the disk: 20 s, 640 kB."""

CLOSING_S: Final = 10.0
"""How long the end of the engine waits for the disk; a dead one shall not keep it."""

Ended = Callable[[float, int, str], None]
"""Is told how many seconds and octets of a recording are in its file, and why it broke off, empty
if it did not."""


class Recording:
    """One recording of two sessions, the left one and the right one, or (None) of one alone.
    ``over`` is called when they are recorded no longer, ``ended`` when all is in the file."""

    def __init__(
        self,
        left: MediaSession,
        right: MediaSession | None,
        write: Callable[[Recording, bytes, bool], None],
        clock: Callable[[], float],
        over: Callable[[], None],
        ended: Ended,
    ) -> None:
        self.file: WavFile | None = None
        self.waiting = 0
        self.broke_off = False
        self._audio = StereoRecording(clock)
        self._sessions = (left,) if right is None else (left, right)
        self._write = write
        self._over: Callable[[], None] | None = over
        self._ended: Ended | None = ended
        left.record(self._audio.left)
        if right is not None:
            right.record(self._audio.right)

    def pause(self, on: bool) -> None:
        """Leave out what is said from now on, or no longer."""
        self._audio.pause(on)

    def step(self) -> None:
        """Write what is complete."""
        audio = self._audio.take()
        if audio:
            self._write(self, audio, False)

    def end(self, error: str = "") -> None:
        """Record no more, and write the rest unless it broke off, which is told at once."""
        over, self._over = self._over, None
        if over is None:
            return
        for session in self._sessions:
            session.record(None)
        self.broke_off = bool(error)
        over()
        self._write(self, b"" if error else self._audio.take(all_of_it=True), True)
        if error:
            self.tell(error)

    def tell(self, error: str) -> None:
        """Say what is in the file, once."""
        ended, self._ended = self._ended, None
        if ended is not None:
            file = self.file
            seconds, octets = (0.0, 0) if file is None else (file.seconds, file.octets)
            ended(seconds, octets, error)


class Recordings:
    """All of a running engine, in files below ``folder``; ``after`` is called when something was
    told that nobody waited for."""

    def __init__(
        self, folder: Path, loop: asyncio.AbstractEventLoop, after: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._loop = loop
        self._after = after
        self._live: set[Recording] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._writer: ThreadPoolExecutor | None = None

    def begin(
        self,
        name: str,
        left: MediaSession,
        right: MediaSession | None,
        over: Callable[[], None],
        ended: Ended,
    ) -> Recording:
        """Record two sessions, or one, into a file of this name, which there is not yet."""
        recording = Recording(left, right, self._write, self._loop.time, over, ended)
        self._live.add(recording)
        self._do(recording, partial(_open, recording, self._folder / name))
        if self._timer is None:
            self._timer = self._loop.call_later(STEP_S, self._step)
        return recording

    async def close(self) -> None:
        """End all recordings, and wait for the disk, but not for ever."""
        for recording in tuple(self._live):
            recording.end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writer is not None:
            last = self._loop.run_in_executor(None, self._writer.shutdown)
            await asyncio.wait({last}, timeout=CLOSING_S)

    def _step(self) -> None:
        for recording in tuple(self._live):
            recording.step()
        self._timer = self._loop.call_later(STEP_S, self._step) if self._live else None

    def _write(self, recording: Recording, audio: bytes, last: bool) -> None:
        if last:
            self._live.discard(recording)
        elif recording.waiting >= MAX_WAITING:
            self._loop.call_soon(self._broke_off, recording, "the disk is too slow")
            return
        self._do(recording, partial(_append, recording, audio, last), last=last)

    def _do(self, recording: Recording, what: Callable[[], None], *, last: bool = False) -> None:
        """Have something done with the file, after what was asked for before."""
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, "recordings")
        recording.waiting += 1
        done = self._writer.submit(what)
        done.add_done_callback(partial(self._done_in_thread, recording, last))

    def _done_in_thread(self, recording: Recording, last: bool, done: Future[None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._done, recording, last, done.exception())

    def _done(self, recording: Recording, last: bool, error: BaseException | None) -> None:
        recording.waiting -= 1
        if not last:
            if error is not None:
                self._broke_off(recording, _words(error))
            return
        if error is not None:
            _log.error("a recording lost its end", reason=str(error))
        recording.tell("" if error is None else _words(error))
        self._after()

    def _broke_off(self, recording: Recording, reason: str) -> None:
        if recording in self._live:
            _log.error("a recording broke off", reason=reason)
            recording.end(reason)
        else:
            recording.tell(reason)  # what was written when the call ended
        self._after()


def _words(error: BaseException) -> str:
    """Why, without the path: the folder is the operator's business."""
    why = error.strerror if isinstance(error, OSError) else None
    return why or str(error) or type(error).__name__


def _open(recording: Recording, path: Path) -> None:
    recording.file = WavFile(path)


def _append(recording: Recording, audio: bytes, last: bool) -> None:
    if recording.file is None:
        return  # it could not be opened, which was told
    try:
        if audio and not recording.broke_off:
            recording.file.append(audio)
    finally:
        if last:
            recording.file.close()
