"""What the legs of a plan cost is reserved as limits are taken: all of it in one synchronous step,
before anything is dialled, or the plan is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cordboard.calls.credit import Credit, NoCredit, PlannedCharge
from cordboard.calls.refusals import RefusalId, Refused


def reserve(credit: Credit, charges: Sequence[PlannedCharge], at: float) -> None:
    """Reserve the first slice of each, or of none; ``at`` is seconds since 1970. Raises
    :class:`Refused`."""
    for number, one in enumerate(charges):
        payer = one.charge.payer
        try:
            if one.expires is not None and at >= one.expires:
                raise Refused(RefusalId.NO_CREDIT, f"the card {payer.card} has expired", "card")
            credit.reserve(one.name, one.charge)
        except NoCredit:
            forget(credit, charges[:number])
            whose = "the tenant" if payer.card is None else f"the card {payer.card}"
            parameter = None if payer.card is None else "card"
            message = f"{whose} has not enough credit for this call"
            raise Refused(RefusalId.NO_CREDIT, message, parameter) from None
        except Refused:
            forget(credit, charges[:number])
            raise


def forget(credit: Credit, charges: Iterable[PlannedCharge]) -> None:
    """Give back what was reserved for legs that were never dialled."""
    for one in charges:
        credit.settle(one.name, None)
