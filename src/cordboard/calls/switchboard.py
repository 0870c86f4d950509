"""What a live call asks of those around it while it runs: who is where, and what is free."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cordboard.calls.limits import LimitKey, Take
from cordboard.calls.plan import CallPlan, LegPlan, PlannedChannel
from cordboard.calls.ports import Contact, RedirectTarget
from cordboard.calls.request import Leg


@dataclass(frozen=True, slots=True)
class Rerouted:
    """Where a redirected channel goes instead: the first of ``channels`` has its id.

    ``taken`` was taken for it, beyond what the leg held already.
    """

    plan: LegPlan
    channels: tuple[PlannedChannel, ...]
    taken: tuple[Take, ...]


class Switchboard(Protocol):
    """The live view of the call's tenant. Everything is answered at once."""

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal (``name@domain``) that can be dialled now."""

    def new_id(self) -> str:
        """Make a channel's UUID."""

    def take(self, takes: tuple[Take, ...]) -> LimitKey | None:
        """Take all of ``takes`` or none; the limit that is in the way, or None."""

    def reroute(
        self,
        plan: CallPlan,
        leg: Leg,
        channel: str,
        target: RedirectTarget,
        held: tuple[Take, ...],
    ) -> Rerouted:
        """Plan where a channel goes that was redirected, under the rights of the call's request.

        Raises :class:`~cordboard.calls.refusals.Refused` where it may not go there, or can't.
        """
