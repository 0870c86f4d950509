"""What everybody concerned in a call has to say about recording, found in the directory."""

from __future__ import annotations

from collections.abc import Iterable

from cordboard.calls.planning.parties import Outside, members_of
from cordboard.calls.planning.recording_policy import NO_WISHES, RecordingWishes, Say
from cordboard.calls.recording_terms import RecordingTerms
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest
from cordboard.directory.model import Group, User
from cordboard.directory.recording import RecordPolicy
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import GroupTarget, Target, UserTarget


def says_of(
    target: Target | Outside, tenant: TenantDirectory
) -> tuple[tuple[int | None, Say], ...]:
    """What those have to say who are rung: a group whoever answers, its members each if he does."""
    if isinstance(target, UserTarget):
        say = _say_of(target.user, tenant)
        return () if say is None else ((None, say),)
    if not isinstance(target, GroupTarget):
        return ()
    own = _say_of(target.group, tenant)
    says: list[tuple[int | None, Say]] = [] if own is None else [(None, own)]
    for user in members_of(tenant, target):
        say = _say_of(user, tenant)
        if say is not None:
            says.append((user.id, say))
    return tuple(says)


def _say_of(one: Group | User, tenant: TenantDirectory) -> Say | None:
    if one.record is RecordPolicy.ON_REQUEST and one.record_group is None:
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
    says = tuple([say for one in own if one is not None and (say := _say_of(one, tenant))])
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
