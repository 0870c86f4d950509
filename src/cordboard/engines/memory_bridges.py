"""Who hears whom in the engine in memory: two that are bridged, and who overhears them."""

from __future__ import annotations

from collections.abc import Mapping

from cordboard.calls.ports import Eavesdrop, EavesdropMode
from cordboard.engines.far_end import AnyEnd, FarState
from cordboard.media.overhearing import MOST_EAVESDROPPERS


class MemoryBridges:
    """The bridges between far ends, which ``ends`` has by their channels."""

    def __init__(self, ends: Mapping[str, AnyEnd]) -> None:
        self._ends = ends
        self._partners: dict[str, str] = {}
        self._eavesdroppers: dict[str, Eavesdrop] = {}

    def bridge(self, a: AnyEnd, b: AnyEnd) -> None:
        """Let two hear each other, and nobody whom they heard before."""
        for far in (a, b):
            former = self._partners.pop(far.channel, None)
            if former is not None:
                self._partners.pop(former, None)
                self._ends[former].leave(far.channel)
            self._part(far.channel)
        self._partners.update({a.channel: b.channel, b.channel: a.channel})
        for far in (a, b):
            far.hears = self.heard_by(far)

    def partner_of(self, far: AnyEnd) -> str | None:
        """Whom somebody is bridged with."""
        partner = self._partners.get(far.channel)
        if partner is None or self._partners.get(partner) != far.channel:
            return None
        return partner if self._ends[partner].state is FarState.TALKING else None

    def heard_by(self, far: AnyEnd) -> str | frozenset[str] | None:
        """Whom somebody hears while nothing is played to him: one, several, or nobody."""
        command = self._eavesdroppers.get(far.channel)
        if command is not None:
            joined = self._speakers(command.watched, EavesdropMode.JOIN) - {far.channel}
            return frozenset({command.watched, command.other, *joined})
        partner = self.partner_of(far)
        if partner is None:
            return None
        speakers = self._speakers(far.channel, EavesdropMode.JOIN, EavesdropMode.WHISPER)
        return frozenset({partner, *speakers}) if speakers else partner

    def eavesdrop(self, command: Eavesdrop) -> None:
        """Let somebody overhear two, or in another mode."""
        far, watched = self._ends.get(command.channel), self._ends.get(command.watched)
        if far is None or watched is None or far.state is not FarState.TALKING:
            return
        if self.partner_of(watched) != command.other or self.partner_of(far) is not None:
            return
        self.stop(far)
        if len(self._who_overhear(command.watched)) >= MOST_EAVESDROPPERS:
            return
        self._eavesdroppers[command.channel] = command
        far.hears = self.heard_by(far)
        self._settle(command)

    def stop(self, far: AnyEnd) -> None:
        """Let somebody overhear nobody any more."""
        command = self._eavesdroppers.pop(far.channel, None)
        if command is not None:
            far.hears = None
            self._settle(command)

    def over(self, far: AnyEnd) -> None:
        """Somebody is in no call any more."""
        self.stop(far)
        self._part(far.channel)

    def _part(self, channel: str) -> None:
        """Those hear nobody who overheard somebody and his partner."""
        for one in self._who_overhear(channel):
            command = self._eavesdroppers.pop(one)
            self._ends[one].hears = None
            for party in (command.watched, command.other):
                self._hear_again(party)

    def _settle(self, command: Eavesdrop) -> None:
        """See whom all of them hear now."""
        for one in (command.watched, command.other, *self._who_overhear(command.watched)):
            self._hear_again(one)

    def _hear_again(self, channel: str) -> None:
        far = self._ends[channel]
        if far.state is not FarState.TALKING:
            return
        if far.hears is None or isinstance(far.hears, str | frozenset):
            far.hears = self.heard_by(far)

    def _who_overhear(self, channel: str) -> list[str]:
        return [
            one
            for one, command in self._eavesdroppers.items()
            if channel in (command.watched, command.other)
        ]

    def _speakers(self, heard_by: str, *modes: EavesdropMode) -> set[str]:
        """Who speaks to a party: who has joined, and who whispers to just that one."""
        return {
            one
            for one in self._who_overhear(heard_by)
            if (mode := self._eavesdroppers[one].mode) in modes
            and (mode is EavesdropMode.JOIN or self._eavesdroppers[one].watched == heard_by)
        }
