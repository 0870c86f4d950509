"""What the legs of a call hold of the limits, and give back, each thing once."""

from __future__ import annotations

from collections.abc import Iterable

from cordboard.calls.limits import TRUNK_SCOPE, Take, trunk_take
from cordboard.calls.planning.plan import CallPlan, LegPlan
from cordboard.calls.request import Leg
from cordboard.calls.ringing.effects import Effects
from cordboard.calls.ringing.switchboard import Switchboard
from cordboard.directory.model import Trunk


class Holdings:
    """By leg, to begin with what was taken when the call was planned. What is needed no more goes
    among the call's effects."""

    __slots__ = ("_domain", "_held", "_released", "_switchboard")

    def __init__(self, plan: CallPlan, switchboard: Switchboard, effects: Effects) -> None:
        self._domain = plan.request.tenant  # whose trunks they are
        self._switchboard = switchboard
        self._held: dict[Leg, tuple[Take, ...]] = {Leg.FIRST: plan.first.takes}
        if isinstance(plan.second, LegPlan):
            self._held[Leg.SECOND] = plan.second.takes
        self._released = effects.released

    def of(self, leg: Leg) -> tuple[Take, ...]:
        """What a leg holds."""
        return self._held.get(leg, ())

    def add(self, leg: Leg, takes: tuple[Take, ...]) -> None:
        """A leg holds more; it was taken already."""
        self._held[leg] = self.of(leg) + takes

    def hand_over(self, leg: Leg, needed: tuple[Take, ...], taken: tuple[Take, ...]) -> None:
        """A leg goes to somebody else, who needs ``needed``: ``taken`` was taken for it already,
        the rest it holds; what is needed no more is given back."""
        keys = {take.key for take in needed}
        held = self.of(leg)
        self._released += [take for take in held if take.key not in keys]
        self._held[leg] = tuple(take for take in held if take.key in keys) + taken

    def go_back(self, leg: Leg, to: tuple[Take, ...]) -> None:
        """A leg goes back to what it held; the rest of what it holds by now is given back."""
        left = [*self.of(leg)]
        kept = [take for take in to if _took(left, take)]
        self._released += left
        self._held[leg] = tuple(kept)

    def drop(self, leg: Leg, takes: tuple[Take, ...]) -> None:
        """Give back these of what a leg holds."""
        left = [*self.of(leg)]
        self._released += [take for take in takes if _took(left, take)]
        self._held[leg] = tuple(left)

    def hand_out(self, leg: Leg) -> tuple[Take, ...]:
        """A leg goes to another call, with all that it holds."""
        return self._held.pop(leg, ())

    def change_trunk(self, leg: Leg, to: Trunk, others: Iterable[Trunk]) -> bool:
        """Take a line of the trunk that one of a leg's channels goes over to; False where it has
        none free. ``others`` are the trunks of the leg's other channels."""
        wanted = trunk_take(to, self._domain)
        if wanted not in self.of(leg):
            if self._switchboard.take((wanted,)) is not None:
                return False
            self.add(leg, (wanted,))
            self.leave_trunks(leg, [to, *others])
        return True

    def leave_trunks(self, leg: Leg, but: Iterable[Trunk]) -> None:
        """Give back the lines of trunks that nothing of the leg needs any more."""
        kept = {trunk_take(trunk, self._domain) for trunk in but}
        held = self.of(leg)
        idle = [t for t in held if t.key.scope == TRUNK_SCOPE and t not in kept]
        self._released += idle
        self._held[leg] = tuple(t for t in held if t not in idle)

    def give_back(self, leg: Leg) -> None:
        """A leg is over; a second time changes nothing."""
        self._released += self._held.pop(leg, ())

    def give_all_back(self) -> None:
        """The call is over."""
        for takes in self._held.values():
            self._released += takes
        self._held.clear()


def _took(left: list[Take], take: Take) -> bool:
    """Whether one of these was there, which is none of them any more."""
    if take not in left:
        return False
    left.remove(take)
    return True
