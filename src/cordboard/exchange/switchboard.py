"""What live calls of a tenant ask while they run, answered from the state of the moment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cordboard.calls.limits import LimitKey, LimitReached, Take, Usage
from cordboard.calls.plan import CallPlan, ContactLookup
from cordboard.calls.ports import Contact, RedirectTarget
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import Leg
from cordboard.calls.rerouting import reroute
from cordboard.calls.switchboard import Rerouted
from cordboard.calls.trunk_state import TrunkState
from cordboard.directory.snapshot import Directory


@dataclass(frozen=True, slots=True)
class LiveSwitchboard:
    """The :class:`~cordboard.calls.switchboard.Switchboard` of all calls of an exchange."""

    directory: Callable[[], Directory]
    find_contacts: ContactLookup
    find_trunk: Callable[[str], TrunkState]
    usage: Usage
    make_id: Callable[[], str]
    clock: Callable[[], float]

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """The contacts of a terminal that can be dialled now."""
        return self.find_contacts(account)

    def new_id(self) -> str:
        """Make a channel's UUID."""
        return self.make_id()

    def trunk(self, name: str) -> TrunkState:
        """What is known of a trunk now."""
        return self.find_trunk(name)

    def used(self, key: LimitKey) -> int:
        """Channels of ``key`` in use."""
        return self.usage.used(key)

    def exceeded_by(self, takes: Iterable[Take]) -> LimitKey | None:
        """The first limit that ``takes`` together would break now, or None."""
        return self.usage.exceeded_by(takes, self.clock())

    def take(self, takes: tuple[Take, ...]) -> LimitKey | None:
        """Take all of ``takes`` or none; the limit that is in the way, or None."""
        try:
            self.usage.take(takes, self.clock())
        except LimitReached as reached:
            return reached.key
        return None

    def reroute(
        self,
        plan: CallPlan,
        leg: Leg,
        channel: str,
        target: RedirectTarget,
        held: tuple[Take, ...],
    ) -> Rerouted:
        """Plan where a redirected channel goes, and take what that needs; raises Refused."""
        tenant = self.directory().tenant(plan.request.tenant)
        if tenant is None:
            raise Refused(RefusalId.INVALID_DESTINATION, "the tenant is gone", "redirect")
        planned, channels = reroute(plan, leg, channel, target, tenant, self)
        keys = {take.key for take in held}
        needed = tuple(take for take in planned.takes if take.key not in keys)
        reached = self.take(needed)
        if reached is not None:
            message = f"the limit of {reached} is reached"
            raise Refused(RefusalId.CHANNEL_LIMIT_REACHED, message, str(reached))
        return Rerouted(planned, channels, needed)
