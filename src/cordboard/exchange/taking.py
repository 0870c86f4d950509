"""What a call needs of what others need as well, taken in one synchronous step before it is kept:
channels of what limits it, credit for what costs something, the phones of those who ring."""

from __future__ import annotations

import time
from collections.abc import Callable

from cordboard.calls.charged import reserved_event
from cordboard.calls.credit import Credit
from cordboard.calls.events import CallEvent
from cordboard.calls.limits import LimitKey, LimitReached, Usage
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.planning.plan import CallPlan
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.reserving import forget, reserve


class Taking:
    """Takes it for planned calls; ``wall`` is seconds since 1970."""

    def __init__(
        self,
        usage: Usage,
        credit: Credit,
        attendance: Attendance,
        wall: Callable[[], float],
    ) -> None:
        self._usage = usage
        self._credit = credit
        self._attendance = attendance
        self._wall = wall

    def take(self, planned: CallPlan) -> None:
        """Take all that the call needs; raises :class:`Refused`, and then nothing is taken."""
        charges = [charge for _, charge in planned.charges] if planned.charges else []
        if charges:
            reserve(self._credit, charges, self._wall())
        try:
            self._usage.take(planned.takes, time.monotonic())
        except LimitReached as reached:
            forget(self._credit, charges)
            raise _limit_refusal(reached.key) from None
        self._attendance.begin(planned.request.tenant, planned.channels)

    def told(self, planned: CallPlan) -> list[CallEvent]:
        """What says that its legs have credit: durable before any of them is dialled."""
        if not planned.charges:
            return []  # as of most calls
        call, credit = planned.request.id, self._credit
        return [
            reserved_event(call, leg, one.name, one.charge.payer, credit.slice_of(one.name))
            for leg, one in planned.charges
        ]

    def give_back(self, planned: CallPlan) -> None:
        """The call does not begin after all."""
        self._usage.give_back(planned.takes)
        forget(self._credit, [charge for _, charge in planned.charges])
        self._attendance.forget(planned.channels)


def _limit_refusal(key: LimitKey) -> Refused:
    return Refused(RefusalId.CHANNEL_LIMIT_REACHED, f"the limit of {key} is reached", str(key))
