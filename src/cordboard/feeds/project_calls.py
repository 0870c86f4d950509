"""Which of While1's events a call makes, and which project is told (While1, Send Events).

The vendor documents events of calls that come in: answers, their ends, and missed calls; and the
end of calls that go out. A call comes in through a trunk; any other with an outside party goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from cordboard.calls.events import CallEvent, EventKind, Outcome
from cordboard.calls.owing import Owed
from cordboard.calls.request import Direction, Leg
from cordboard.directory.accounts import Project
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.feeds.group_calls import groups_of, outside_party

DIALECT: Final = "while1.event"
PROJECT: Final = "project_id"
"""Where a request's metadata has its project (While1, OriginateCall)."""

QUEUE_ANSWER: Final = "queue_answer"
QUEUE_ANSWER_END: Final = "queue_answer_end"
DIAL_ANSWER: Final = "dial_answer"
MISSED_CALLS: Final = "missed_calls"
OUTGOING_END: Final = "outgoing_end"


class ProjectsOwed:
    """A :class:`~cordboard.journal.outbox.AlsoOwed` for projects of the directory of the moment."""

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory

    def concerns(self, tenant: str) -> bool:
        """Whether a tenant has a project that is told anything."""
        known = self._directory().tenant(tenant)
        return known is not None and any(one.event_url is not None for one in known.projects)

    def owed_of_no_call(
        self, _tenant: str, _event: CallEvent, _at: float, _seq: int
    ) -> Iterator[Owed]:
        """Nothing is told of what agents do."""
        return iter(())

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterator[Owed]:
        """What the project of a call is told of one of its events."""
        if event.kind not in _KINDS:
            return
        known = self._directory().tenant(tenant)
        name = event_name(accepted, event)
        if known is None or name is None:
            return
        project = project_of(known, accepted)
        if project is None or project.event_url is None:
            return
        own = accepted.data.get("external_id")
        yield Owed(
            f"msg_{event.call}.{seq}.{project.id}.{DIALECT}",
            *(tenant, project.name, event.call, DIALECT, project.event_url, at, event),
            external_id=own if isinstance(own, str) else None,
            seq=seq,
        )


_KINDS: Final = frozenset({EventKind.LEG_ANSWERED, EventKind.CALL_ENDED})


def project_of(tenant: TenantDirectory, accepted: CallEvent) -> Project | None:
    """The project that is told of a call, by its first event."""
    metadata = accepted.data.get("metadata")
    asked = metadata.get(PROJECT) if isinstance(metadata, dict) else None
    return tenant.project_of(groups_of(accepted), None if asked is None else str(asked))


def event_name(accepted: CallEvent, event: CallEvent) -> str | None:
    """The vendor's event that one of ours is, None for one that is none."""
    came_in = accepted.data.get("direction") == Direction.TRUNK.value
    queue = bool(groups_of(accepted))
    if event.kind is EventKind.LEG_ANSWERED:
        if not came_in or event.leg is not Leg.SECOND:
            return None
        return QUEUE_ANSWER if queue else DIAL_ANSWER
    if not came_in:
        return OUTGOING_END if outside_party(accepted) is not None else None
    if event.data.get("outcome") != Outcome.COMPLETED.value:
        return MISSED_CALLS
    return QUEUE_ANSWER_END if queue else None
