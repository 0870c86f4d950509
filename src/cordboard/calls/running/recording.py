"""What a call keeps of its parties' voices: a file for each time that two are connected.

It is wanted by the request or by a client; while it is, each bridge begins a file. A transfer ends
one and its answer begins the next, for another party is heard then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cordboard.calls.ports import (
    EngineCommand,
    PauseRecording,
    Record,
    RecordingEnded,
    StopRecording,
)
from cordboard.calls.recorded_files import Length
from cordboard.calls.recording_terms import RecordingTerms
from cordboard.calls.ringing.log import CallLog
from cordboard.calls.running import recording_log

NOT_TOLD: Final = "its end was not written in time"
"""Why a recording is not known to be complete when the call is over: its disk is too slow."""


class Recording:
    """Says it to the engine by ``command`` and writes it to the log. ``wanted``: from the next
    bridge on; ``file`` is the one that is written, None while there is none; ``made`` counts
    them. ``group`` is in whose context the call ``call`` of ``domain`` is made."""

    __slots__ = (
        "_call",
        "_channel",
        "_command",
        "_domain",
        "_ending",
        "_group",
        "_log",
        "file",
        "made",
        "paused",
        "terms",
        "wanted",
    )

    def __init__(
        self,
        domain: str,
        call: str,
        log: CallLog,
        command: Callable[[EngineCommand], None],
        terms: RecordingTerms,
        group: str | None = None,
    ) -> None:
        self.terms = terms
        self.wanted = terms.wanted
        self.file: str | None = None
        self.paused = False
        self._domain = domain
        self._call = call
        self._group = group
        self._log = log
        self._command = command
        self._channel = ""
        self.made = 0
        self._ending: list[str] = []  # whose ends the engine has not told yet

    @property
    def due(self) -> bool:
        """Whether a bridge begins a file now."""
        return self.wanted and self.terms.allowed

    def agree(self, terms: RecordingTerms) -> None:
        """Who is connected now has his say, who may be another one than was planned."""
        if terms.wanted and not self.terms.wanted:
            self.wanted = True
        self.terms = terms

    def begin(self, first: str, second: str | None) -> bool:
        """Two are connected and their voices are wanted, or (None) that of the first one, who is
        alone; whether that begins a file."""
        if self.file is not None or not self.terms.allowed:
            return False
        self.made += 1
        self.file = self.terms.file(self._domain, self._call, self.made)
        self.paused, self._channel = False, first
        self._command(Record(first, second, self.file))
        recording_log.started(self._log, self.file, self._group, self.terms)
        return True

    def pause(self, on: bool) -> None:
        """Leave out what is said from now on, or no longer."""
        if self.file is not None and on != self.paused:
            self.paused = on
            self._command(PauseRecording(self._channel, on))
            recording_log.paused(self._log, self.file, on)

    def stop(self) -> None:
        """No more, also not of whoever is connected later; the engine tells when it is over."""
        self.wanted = False
        self.cut()

    def cut(self) -> None:
        """End the file that is written; whoever is connected next is recorded again."""
        if self.file is not None:
            self._command(StopRecording(self._channel))
            self.part()

    def part(self) -> None:
        """The two are parted, which ends the file that is written."""
        if self.file is not None:
            self._ending.append(self.file)
            self.file, self.paused = None, False

    def ended(self, event: RecordingEnded) -> None:
        """A file is complete."""
        if event.name == self.file:
            self.file = None
        elif event.name in self._ending:
            self._ending.remove(event.name)
        else:
            return
        length = Length(event.seconds, event.octets)
        recording_log.stopped(self._log, event.name, length, event.error)

    @property
    def unwritten(self) -> bool:
        """Whether the engine is still to tell of the end of a file."""
        return self.file is not None or bool(self._ending)

    def forsake(self) -> None:
        """The call is over, whatever the engine has not told yet."""
        for file in (*self._ending, *filter(None, [self.file])):
            recording_log.stopped(self._log, file, None, NOT_TOLD)
        self._ending, self.file = [], None
