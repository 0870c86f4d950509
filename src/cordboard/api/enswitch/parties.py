"""Whom ``stype`` and ``snumber``, ``ctype`` and ``cnumber`` mean (vendor facts, 4).

No list of the types is known; these are the words that pages and clients use. "" is what everybody
sends: whatever the customer can dial.
"""

from __future__ import annotations

from typing import Final

from cordboard.api.enswitch.fields import Fields
from cordboard.calls.request import (
    Address,
    CalledParty,
    GroupKeys,
    RingGroup,
    RingNumber,
    RingTerminal,
    RunFeature,
)
from cordboard.directory.feature_codes import feature_dialled
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import ContextTarget

PHONE: Final = "phone"
TYPES: Final = (PHONE, "number", "external", "queue", "huntgroup")


def party_of(fields: Fields, tenant: TenantDirectory, side: str) -> CalledParty | None:
    """The party of a side, ``s`` or ``c``; where it is faulty that is noted."""
    kind, number = fields.one_of(f"{side}type", TYPES), fields.dialled(f"{side}number")
    if not number:
        return None
    if kind == PHONE:
        return _line(fields, tenant, f"{side}number", number)
    if kind == "external":
        return RingNumber(Address(number))
    if kind in ("queue", "huntgroup"):
        return _group(fields, tenant, f"{side}number", number)
    dialled = feature_dialled(tenant.feature_codes, number)
    if dialled is not None:
        return RunFeature(dialled[0].feature, dialled[1])
    if tenant.resolve(number) is None and tenant.terminal(number) is not None:
        return RingTerminal(number)
    return Address(number)


def is_program(party: CalledParty | None, tenant: TenantDirectory) -> bool:
    """Whether that is nobody who rings, but what answers by itself: a context or a feature code."""
    if isinstance(party, Address):
        return isinstance(tenant.resolve(party.text), ContextTarget)
    return isinstance(party, RunFeature)


def _line(fields: Fields, tenant: TenantDirectory, key: str, number: str) -> CalledParty | None:
    if tenant.terminal(number) is None:
        fields.fault(key, "There is no such telephone line.")
        return None
    return RingTerminal(number)


def _group(fields: Fields, tenant: TenantDirectory, key: str, number: str) -> CalledParty | None:
    group = (
        tenant.group_by_id(number)
        or tenant.group_by_name(number)
        or tenant.group_by_extension(number)
    )
    if group is None:
        fields.fault(key, "There is no such queue or hunt group.")
        return None
    return RingGroup(GroupKeys(name=group.name))
