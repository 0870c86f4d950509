"""A party whose own phone has the other one transferred, until that has come to something."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.calls.limits import Take
from cordboard.calls.planning.plan import LegPlan
from cordboard.calls.request import Leg
from cordboard.calls.ringing.hunt import Hunt
from cordboard.calls.ringing.hunt_channel import ChannelState

TRYING, RINGING, OK, TERMINATED = 100, 180, 200, 487


@dataclass(slots=True)
class Referral:
    """He asked on ``channel`` by the referral ``number``, and is told how it goes, ``told`` last.

    ``hunt`` and ``plan`` are of his leg, whose place the target takes, and ``replaced`` is the leg
    that was replaced before; ``held`` is what his leg had taken; ``alone``: the target shares
    nothing of it. ``holds``: his phone holds us; ``on_hold``: he was put on hold.
    """

    channel: str
    number: int
    leg: Leg
    hunt: Hunt
    plan: LegPlan
    replaced: Leg | None
    held: tuple[Take, ...]
    alone: bool
    holds: bool
    on_hold: bool
    told: int = TRYING

    @property
    def is_there(self) -> bool:
        """Whether he has not hung up, and neither have we."""
        winner = self.hunt.winner
        return winner is not None and self.hunt.channels[winner].state is ChannelState.ANSWERED
