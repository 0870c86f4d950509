"""What the engine in memory records: how long, and under which names."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.calls.ports import Record, RecordingEnded
from cordboard.engines.embedded.wav_file import FRAME_OCTETS, HEADER_OCTETS
from cordboard.media.g711 import SAMPLE_RATE


@dataclass(slots=True)
class _Recording:
    record: Record
    began: float
    paused_at: float | None = None


class MemoryRecordings:
    """The recordings that are under way; times are the engine's."""

    def __init__(self) -> None:
        self._live: list[_Recording] = []

    def begin(self, record: Record, now: float, *, there: bool) -> None:
        """Record two channels, if they are there and not recorded already, or one."""
        channels = {record.a, record.b} - {None}
        taken = any(channels & {one.record.a, one.record.b} for one in self._live)
        if there and not taken:
            self._live.append(_Recording(record, now))

    def pause(self, channel: str, on: bool, now: float) -> None:
        """Leave out what is said from now on, or no longer."""
        for one in self._live:
            if one.record.a == channel and on and one.paused_at is None:
                one.paused_at = now
            elif one.record.a == channel and not on and one.paused_at is not None:
                one.began += now - one.paused_at
                one.paused_at = None

    def end(self, channel: str, now: float) -> list[RecordingEnded]:
        """End what is recorded of a channel, on either side."""
        over = [one for one in self._live if channel in (one.record.a, one.record.b)]
        self._live = [one for one in self._live if one not in over]
        return [_ended(one, now) for one in over]


def _ended(one: _Recording, now: float) -> RecordingEnded:
    seconds = (now if one.paused_at is None else one.paused_at) - one.began
    octets = HEADER_OCTETS + FRAME_OCTETS * round(seconds * SAMPLE_RATE)
    return RecordingEnded(one.record.a, one.record.name, seconds, octets=octets)
