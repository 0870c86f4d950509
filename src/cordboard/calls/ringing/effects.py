"""What a call has brought about since its owner last looked, for him to carry out."""

from __future__ import annotations

from cordboard.calls.events import CallEvent
from cordboard.calls.limits import Take
from cordboard.calls.planning.plan import PlannedChannel
from cordboard.calls.ports import EngineCommand
from cordboard.calls.programs.program_words import Errand
from cordboard.calls.request import Leg


class Effects:
    """The parts of a call add to it; its owner empties what he has carried out.

    ``channels`` came into being, or lead to somebody else; then ``events`` are to be written down,
    among which ``acts`` are of no call; ``commands`` are for the engine, ``errand`` is what a
    program waits for that is not in the call (steps, or another call), ``released`` are limits to
    be given back. Once the call is ``over`` nothing more will come.
    """

    __slots__ = ("acts", "channels", "commands", "errand", "events", "over", "released")

    def __init__(self) -> None:
        self.channels: list[tuple[Leg, PlannedChannel]] = []
        self.events: list[CallEvent] = []
        self.acts: list[CallEvent] = []
        self.commands: list[EngineCommand] = []
        self.errand: Errand | None = None
        self.released: list[Take] = []
        self.over = False
