"""Who each leg is told is calling, and why just that."""

from __future__ import annotations

import msgspec

from cordboard.calls.planning.plan import Party
from cordboard.calls.ports import CallerId
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest, Leg, RingNumber
from cordboard.directory.model import Group, Trunk, User
from cordboard.directory.outbound import number_on_trunk
from cordboard.directory.snapshot import TenantDirectory


class Acting(msgspec.Struct, frozen=True, gc=False):
    """A request, and on whose behalf it is made."""

    request: CallRequest
    tenant: TenantDirectory
    group: Group | None
    user: User | None


def inside_caller(
    request: CallRequest, tenant: TenantDirectory, leg: Leg, shown: Party
) -> CallerId:
    """What a phone of ours shows: the other party, unless the request wants another number or name.

    A number may be any that the tenant may show, one of its own extensions, or the other party's.
    Raises :class:`Refused` (calling_number_not_allowed).
    """
    wishes = request.wishes(leg)
    number, name = shown.number, shown.label or shown.name or shown.number
    because = f"the other party, {shown.kind} {shown.number}"
    if wishes.caller_number is not None and not wishes.outside_only:
        own = wishes.caller_number == number or tenant.resolve(wishes.caller_number) is not None
        if not own and not tenant.may_show(wishes.caller_number):
            raise _not_allowed(wishes.caller_number, tenant, leg)
        number, because = wishes.caller_number, "the request's caller id"
    if wishes.caller_name is not None:
        name, because = wishes.caller_name, f"{because}; the request's name"
    return CallerId(number, name, because)


def outside_caller(acting: Acting, trunk: Trunk, leg: Leg, country: str) -> CallerId:
    """The number that an outside party is shown: that of request, group, user, trunk, tenant, in
    that order.

    What the request names must be the tenant's own to show; raises :class:`Refused`
    (calling_number_not_allowed).
    """
    wishes, tenant = acting.request.wishes(leg), acting.tenant
    name = wishes.caller_name or ""
    if wishes.caller_number is not None:
        if not tenant.may_show(wishes.caller_number):
            raise _not_allowed(wishes.caller_number, tenant, leg)
        shown = number_on_trunk(trunk, wishes.caller_number, country)
        return CallerId(shown, name, "the request's caller id")
    for number, because in _own_caller_ids(acting, trunk, leg):
        if number is not None:
            return CallerId(number_on_trunk(trunk, number, country), name, because)
    return CallerId("", name, "no number of one's own to show")


def _own_caller_ids(acting: Acting, trunk: Trunk, leg: Leg) -> tuple[tuple[str | None, str], ...]:
    group, user, policy = acting.group, acting.user, acting.tenant.policy
    shown = [number.number for number in acting.tenant.numbers if number.show]
    for_user = leg is Leg.SECOND or isinstance(acting.request.first, RingNumber)
    return (
        (group.caller_id if group else None, f"group {group.name}" if group else ""),
        (user.caller_id if user and for_user else None, f"user {user.name}" if user else ""),
        (trunk.caller_id, f"trunk {trunk.name}"),
        (policy.caller_id, f"tenant {policy.domain}"),
        (shown[0] if shown else None, f"first number of {policy.domain}"),
    )


def _not_allowed(number: str, tenant: TenantDirectory, leg: Leg) -> Refused:
    return Refused(
        RefusalId.CALLING_NUMBER_NOT_ALLOWED,
        f"{number} is not a number of {tenant.domain} that may be shown",
        f"{leg.value}.caller_id",
    )
