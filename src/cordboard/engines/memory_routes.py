"""Where audio goes in the engine in memory: from one far end to the other, or over us."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cordboard.calls.ports import (
    Bridge,
    Eavesdrop,
    EngineCommand,
    EngineEvent,
    Hold,
    MediaRouted,
    Play,
    Record,
    SendDigits,
)
from cordboard.engines.far_end import AnyEnd


class MemoryRoutes:
    """The pairs that send to each other; ``tell`` is told when one does, or does no more."""

    def __init__(self, ends: Mapping[str, AnyEnd], tell: Callable[[EngineEvent], None]) -> None:
        self._ends = ends
        self._tell = tell
        self._direct: dict[str, str] = {}  # by the first of the two

    def bridged(self, bridge: Bridge) -> None:
        """Two are bridged, and were parted before from whom they were with."""
        both = self._ends[bridge.a].direct_media and self._ends[bridge.b].direct_media
        if both and not bridge.needs_audio:
            self._direct[bridge.a] = bridge.b
            self._tell(MediaRouted(bridge.a, True))

    def follow(self, command: EngineCommand) -> None:
        """Whatever needs somebody's audio has it relayed."""
        if isinstance(command, Play | SendDigits) or (isinstance(command, Hold) and command.on):
            self.needed(command.channel)
        elif isinstance(command, Record):
            self.needed(command.a)
        elif isinstance(command, Eavesdrop):
            self.needed(command.watched)
        elif isinstance(command, Bridge):
            for channel in (command.a, command.b):
                self.over(channel)

    def needed(self, channel: str) -> None:
        """Somebody's audio goes over us again, until he is bridged anew."""
        pair = self._pair_of(channel)
        if pair is not None:
            del self._direct[pair]
            self._tell(MediaRouted(pair, False))

    def over(self, channel: str) -> None:
        """Somebody is bridged with nobody any more."""
        pair = self._pair_of(channel)
        if pair is not None:
            del self._direct[pair]

    def _pair_of(self, channel: str) -> str | None:
        for first, second in self._direct.items():
            if channel in (first, second):
                return first
        return None
