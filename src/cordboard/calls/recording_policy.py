"""Whether a call is recorded: what everybody concerned has to say about it, and who prevails.

Theory of operation. Concerned are the request, the group in whose context the call is made, the
user on whose behalf it is, and whoever is rung: a user or a group. Of what they say prevails,

    1.  "never" of any of them: nothing is recorded, whoever wants it;
    2.  the request: it is recorded, or, where it only names a record group, its fraction is;
    3.  "always" of any of them: the fraction of the record group is, all where there is none;
    4.  else a client who wants it while the two talk.

The record group is the one that the request names, else the first that one of those has who are
listed above, in this order. Which calls are in a fraction follows from their ids, so that the plan
of a call says the same whenever it is made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cordboard.calls.recording_terms import UNRECORDED, RecordingTerms
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest
from cordboard.directory.model import Group, User
from cordboard.directory.recording import RecordGroup, RecordPolicy
from cordboard.directory.snapshot import TenantDirectory


@dataclass(frozen=True, slots=True)
class Say:
    """What a user or a group, ``who`` in words, has to say."""

    who: str
    policy: RecordPolicy
    group: RecordGroup | None = None


@dataclass(frozen=True, slots=True)
class RecordingWishes:
    """What is the same for a call whoever is rung: what its request wants (``record``, ``group``),
    what those have to ``say`` on whose behalf it is made, and how long their tenant keeps what no
    record group is for."""

    record: bool = False
    group: RecordGroup | None = None
    say: tuple[Say, ...] = ()
    keep_days: float | None = None


NO_WISHES: Final = RecordingWishes()


def say_of(one: Group | User | None, tenant: TenantDirectory) -> Say | None:
    """What one of a tenant's has to say; None: nothing."""
    if one is None or (one.record is RecordPolicy.ON_REQUEST and one.record_group is None):
        return None
    kind = "group" if isinstance(one, Group) else "user"
    group = None if one.record_group is None else tenant.record_group(one.record_group)
    return Say(f"the {kind} {one.name}", one.record, group)


def wishes_of(
    request: CallRequest, tenant: TenantDirectory, own: Iterable[Group | User | None]
) -> RecordingWishes:
    """What a request wants, and its ``own`` group and user, on whose behalf it is. Raises
    :class:`Refused` for a record group that there is not."""
    keep_days = tenant.policy.keep_recordings
    says = tuple(say for say in (say_of(one, tenant) for one in own) if say is not None)
    if not (request.record or request.record_group or says or keep_days):
        return NO_WISHES
    group = None
    if request.record_group is not None:
        group = tenant.record_group(request.record_group)
        if group is None:
            message = f"there is no record group {request.record_group}"
            raise Refused(RefusalId.INVALID_PARAMETER, message, "record_group")
    return RecordingWishes(request.record, group, says, keep_days)


def must_be_allowed(terms: RecordingTerms) -> None:
    """Raises :class:`Refused` where somebody concerned is never recorded."""
    if not terms.allowed:
        raise Refused(RefusalId.RECORDING_NOT_ALLOWED, terms.because, "record")


def terms_of(call: str, wishes: RecordingWishes, rung: Iterable[Say | None]) -> RecordingTerms:
    """On which terms a call is recorded while it is with those who are ``rung``."""
    says = [*wishes.say, *(say for say in rung if say is not None)]
    if wishes is NO_WISHES and not says:
        return UNRECORDED
    for say in says:
        if say.policy is RecordPolicy.NEVER:
            return RecordingTerms(because=f"{say.who} is never recorded", allowed=False)
    group = wishes.group or next((say.group for say in says if say.group is not None), None)
    wanted, because = _wanted(call, wishes, says, group)
    if group is None:
        return RecordingTerms(wanted, because, keep_days=wishes.keep_days)
    keep_days = wishes.keep_days if group.keep_days is None else group.keep_days
    return RecordingTerms(wanted, because, True, group.beep, group.name, group.folder, keep_days)


def _wanted(
    call: str, wishes: RecordingWishes, says: list[Say], group: RecordGroup | None
) -> tuple[bool, str]:
    if wishes.record:
        return True, "the request wants it"
    if wishes.group is not None:
        because = f"the request names the record group {wishes.group.name}"
    else:
        always = next((say for say in says if say.policy is RecordPolicy.ALWAYS), None)
        if always is None:
            return False, UNRECORDED.because
        because = f"{always.who} always is"
    if group is None or in_fraction(call, group.fraction):
        return True, because
    return False, f"{because}, but of {group.name} only {group.fraction:g} are, not this one"


def in_fraction(call: str, fraction: float) -> bool:
    """Whether a call is among a fraction of all, by its id."""
    if fraction >= 1.0:
        return True
    drawn = hashlib.sha256(call.encode("utf-8", "surrogatepass")).digest()[:7]
    return int.from_bytes(drawn) < fraction * 2**56
