"""A call for later: it waits without a plan, is planned when it is due, and ends like any other.

It is validated when it is accepted, as if everybody were there and everything free: who is at his
phone by then is not known yet. What stands in its way when it is due is its result.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cordboard.calls.causes import Q850, Cause
from cordboard.calls.credit import Credit
from cordboard.calls.events import CallEvent, CallResult, EventKind, Outcome
from cordboard.calls.limits import LimitKey, Take
from cordboard.calls.people.agents import NEVER_ACTED, AgentState
from cordboard.calls.people.strategies import Candidate, GroupView
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import Contact
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import MAX_DELAY, CallRequest
from cordboard.calls.stages import Stage, Trigger, next_stage
from cordboard.calls.trunk_state import UNWATCHED, TrunkState
from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.model import Group, User
from cordboard.directory.snapshot import TenantDirectory

DEFAULT_GRACE: Final = 300.0
"""Seconds that a call may begin late, where the server was not there at its time."""


@dataclass(frozen=True, slots=True)
class ScheduledCall:
    """A call that waits; ``due_at`` is in seconds since 1970, ``group`` that on whose behalf it is
    made."""

    request: CallRequest
    due_at: float
    group: str | None = None

    @property
    def id(self) -> str:
        """The call's id."""
        return self.request.id

    def too_late(self, wall: float, grace: float) -> bool:
        """Whether it may not begin any more."""
        return wall > self.due_at + grace

    def scheduled(self) -> CallEvent:
        """The event that says when it will begin."""
        return CallEvent(EventKind.CALL_SCHEDULED, self.id, data={"due_at": self.due_at})

    def started(self, channels: Iterable[str]) -> CallEvent:
        """The event after which it is never begun again: it is committed before anything rings."""
        return CallEvent(EventKind.CALL_STARTED, self.id, data={"channels": list(channels)})

    def cancelled(self) -> CallEvent:
        """Its end, because somebody asked for that."""
        return self._ended(Trigger.CANCELLED, CallResult(Outcome.CANCELLED, Cause.CANCELLED, ""))

    def missed(self) -> CallEvent:
        """Its end, because its time passed while it could not begin."""
        return self._ended(Trigger.MISSED, CallResult(Outcome.INTERRUPTED, Cause.INTERRUPTED, ""))

    def refused(self, refusal: Refused) -> CallEvent:
        """Its end, because of what stood in its way when it was due."""
        cause = _CAUSES.get(refusal.id, Cause.FAILED)
        said = {"refusal": refusal.id.value, "text": refusal.message}
        result = CallResult(Outcome.REFUSED, cause, "", q850=Q850[cause], reason={**said})
        return self._ended(Trigger.REFUSED, result)

    def _ended(self, trigger: Trigger, result: CallResult) -> CallEvent:
        assert next_stage(Stage.SCHEDULED, trigger) is Stage.ENDED
        told = {**result.as_dict(), "stage": Stage.SCHEDULED.value, "group": self.group}
        return CallEvent(EventKind.CALL_ENDED, self.id, data=told)


_CAUSES: Final = {
    RefusalId.USER_NOT_REGISTERED: Cause.UNREACHABLE,
    RefusalId.NO_MEMBER_AVAILABLE: Cause.UNREACHABLE,
    RefusalId.TRUNK_DOWN: Cause.UNREACHABLE,
    RefusalId.CHANNEL_LIMIT_REACHED: Cause.CONGESTION,
    RefusalId.OVERLOADED: Cause.CONGESTION,
    RefusalId.USER_NOT_FOUND: Cause.NOT_FOUND,
    RefusalId.GROUP_NOT_FOUND: Cause.NOT_FOUND,
    RefusalId.INVALID_DESTINATION: Cause.NOT_FOUND,
    RefusalId.NO_ROUTE: Cause.NOT_FOUND,
    RefusalId.TARIFF_DENIED: Cause.REJECTED,
    RefusalId.NO_CREDIT: Cause.NO_CREDIT,
    RefusalId.CALLING_NUMBER_NOT_ALLOWED: Cause.REJECTED,
}


def check_due(due_at: float, wall: float) -> None:
    """Raises :class:`Refused` for a time that no call may wait for: it is far ahead, or over for so
    long that the call would be too late."""
    if due_at < wall - DEFAULT_GRACE:
        raise Refused(RefusalId.INVALID_PARAMETER, "this time has passed", "at")
    if due_at > wall + MAX_DELAY:
        message = f"a call may wait {MAX_DELAY / 86_400:.0f} days at most"
        raise Refused(RefusalId.INVALID_PARAMETER, message, "delay")


@dataclass(frozen=True, slots=True)
class SomeOtherTime:
    """The :class:`~cordboard.calls.planning.live.LiveView` of a moment that is not known yet."""

    live: LiveView

    def contacts(self, account: str) -> tuple[Contact, ...]:
        """Everybody may be there."""
        return (Contact(account, f"sip:{account}"),)

    def new_id(self) -> str:
        """Make a channel's UUID, which nobody will see."""
        return self.live.new_id()

    def trunk(self, _name: str) -> TrunkState:
        """Every trunk may be up."""
        return UNWATCHED

    def group(self, tenant: TenantDirectory, group: Group) -> GroupView:
        """Every member may be ready."""
        members = tenant.members_of(group)
        return GroupView(tuple(Candidate(one.id, one.name, at) for at, one in enumerate(members)))

    def forwarding(self, _tenant: TenantDirectory, _user: User) -> Forwarding:
        """Every call may reach whom it is for."""
        return NOT_FORWARDED

    def agent(self, _tenant: TenantDirectory, _group: Group, _user: User) -> AgentState:
        """Everybody may be logged in."""
        return NEVER_ACTED

    def wrapping_up(self, _tenant: TenantDirectory, _user: User) -> Group | None:
        """Nobody may wrap up."""
        return None

    @property
    def credit(self) -> Credit:
        """What payers have now."""
        return self.live.credit

    def conversation(self, _domain: str, _call: str) -> Conversation | None:
        """Nobody knows who will talk then."""
        return None

    def eavesdroppers_of(self, _call: str) -> int:
        """Nobody may."""
        return 0

    def used(self, _key: LimitKey) -> int:
        """Everything may be free."""
        return 0

    def exceeded_by(self, _takes: Iterable[Take]) -> LimitKey | None:
        """No limit may be reached."""
        return None
