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
    own = _own_caller_id(acting, trunk, leg)
    if own is None:
        return CallerId("", name, "no number of one's own to show")
    number, because = own
    return CallerId(number_on_trunk(trunk, number, country), name, because)


def _own_caller_id(acting: Acting, trunk: Trunk, leg: Leg) -> tuple[str, str] | None:
    """The number of one's own to show, and why just that."""
    group, user, policy = acting.group, acting.user, acting.tenant.policy
    if group is not None and group.caller_id is not None:
        return group.caller_id, f"group {group.name}"
    for_user = leg is Leg.SECOND or isinstance(acting.request.first, RingNumber)
    if user is not None and for_user and user.caller_id is not None:
        return user.caller_id, f"user {user.name}"
    if trunk.caller_id is not None:
        return trunk.caller_id, f"trunk {trunk.name}"
    if policy.caller_id is not None:
        return policy.caller_id, f"tenant {policy.domain}"
    for number in acting.tenant.numbers:
        if number.show:
            return number.number, f"first number of {policy.domain}"
    return None


def _not_allowed(number: str, tenant: TenantDirectory, leg: Leg) -> Refused:
    return Refused(
        RefusalId.CALLING_NUMBER_NOT_ALLOWED,
        f"{number} is not a number of {tenant.domain} that may be shown",
        f"{leg.value}.caller_id",
    )
