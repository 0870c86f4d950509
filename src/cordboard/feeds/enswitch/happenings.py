"""Which of Enswitch's events one of ours is, and who is told of it (vendor facts, 6).

A customer's web URLs are told of those events that they ask for, by 015's names; its ``events_url``
is told how each call starts, is routed, is answered and ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from cordboard.calls.events import CallEvent, EventKind, Json, Outcome
from cordboard.calls.owing import Owed
from cordboard.calls.request import Leg
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.webhooks import WebhookEvent
from cordboard.feeds.group_calls import groups_of

WEBHOOK: Final = "enswitch.webhook"
CUSTOMER: Final = "enswitch.event"
"""The dialects of what is owed."""

TOLD_AS: Final = "told_as"
"""The member of what is owed that says which of the vendor's events it is."""

START, ROUTE, ANSWER, END = "start", "route", "answer", "end"

_AGENTS: Final = {
    EventKind.AGENT_LOGIN: WebhookEvent.LOGIN,
    EventKind.AGENT_LOGOUT: WebhookEvent.LOGOUT,
    EventKind.AGENT_PAUSE: WebhookEvent.PAUSE,
    EventKind.AGENT_UNPAUSE: WebhookEvent.UNPAUSE,
}
_ABANDONED: Final = "abandoned"


class EnswitchOwed:
    """A :class:`~cordboard.journal.outbox.AlsoOwed` for customers of the directory of the
    moment."""

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory

    def concerns(self, tenant: str) -> bool:
        """Whether a tenant has any URL that is told."""
        known = self._directory().tenant(tenant)
        return known is not None and bool(known.webhooks or known.policy.events_url)

    def owed(
        self, tenant: str, accepted: CallEvent, event: CallEvent, at: float, seq: int
    ) -> Iterator[Owed]:
        """What web URLs are told of an event of a call."""
        known = self._directory().tenant(tenant)
        if known is None:
            return
        for told in webhook_events(known, accepted, event):
            yield from _to_webhooks(known, told, event, at, seq)
        name = customer_event(accepted, event)
        if known.policy.events_url is not None and name is not None:
            yield Owed(
                f"msg_{event.call}.{seq}.{known.policy.customer}.{CUSTOMER}",
                *(tenant, CUSTOMER, event.call, CUSTOMER, known.policy.events_url, at),
                _as(event, name),
                seq=seq,
            )

    def owed_of_no_call(self, tenant: str, event: CallEvent, at: float, seq: int) -> Iterator[Owed]:
        """What web URLs are told of what an agent does."""
        known, told = self._directory().tenant(tenant), _AGENTS.get(event.kind)
        if known is not None and told is not None:
            yield from _to_webhooks(known, told, event, at, seq)


def webhook_events(
    tenant: TenantDirectory, accepted: CallEvent, event: CallEvent
) -> Iterator[WebhookEvent]:
    """The events of 015's that an event of a call is, in the order in which they are told."""
    kind = event.kind
    if _begins(accepted, event):
        yield WebhookEvent.CALLING
    elif _is_answer(accepted, event):
        yield WebhookEvent.ANSWER
    elif kind is EventKind.CALL_TRANSFERRED:
        yield WebhookEvent.TRANSFER
    elif kind is EventKind.QUEUE_JOINED:
        yield WebhookEvent.REJOIN if event.data.get("again") else WebhookEvent.JOIN
    elif kind is EventKind.QUEUE_LEFT:
        if event.data.get("reason") == _ABANDONED:
            yield WebhookEvent.ABANDON
        yield WebhookEvent.LEAVE
    elif kind is EventKind.CALL_ENDED:
        yield from _endings(tenant, accepted, event)


def customer_event(accepted: CallEvent, event: CallEvent) -> str | None:
    """The event of Enswitch's that one of ours is, None for one that is none."""
    if _begins(accepted, event):
        return START
    if event.kind is EventKind.CHANNEL_DIALLED:
        return ROUTE
    if event.kind is EventKind.LEG_ANSWERED:
        return ANSWER
    return END if event.kind is EventKind.CALL_ENDED else None


def _endings(
    tenant: TenantDirectory, accepted: CallEvent, event: CallEvent
) -> Iterator[WebhookEvent]:
    yield WebhookEvent.HANGUP
    if event.data.get("outcome") != Outcome.COMPLETED.value:
        return
    yield WebhookEvent.HANGUP_ANSWERED_ONLY
    agents = _agents_leg(tenant, accepted)
    if agents is None or event.data.get("leg") is None:
        return
    by_agent = event.data["leg"] == agents.value
    yield WebhookEvent.COMPLETE_AGENT if by_agent else WebhookEvent.COMPLETE_CALLER


def _agents_leg(tenant: TenantDirectory, accepted: CallEvent) -> Leg | None:
    """The leg of a call that a queue answers, None where none does."""
    for leg in (Leg.SECOND, Leg.FIRST):
        party = accepted.data.get(leg.value)
        named = party.get("name") if isinstance(party, dict) else None
        if named in groups_of(accepted) and _kind(party) == "group":
            group = tenant.group_by_name(str(named))
            if group is not None and group.queue is not None:
                return leg
    return None


def _begins(accepted: CallEvent, event: CallEvent) -> bool:
    """Whether a call begins by an event: one for later has no channels when it is accepted."""
    if event.kind is EventKind.CALL_STARTED:
        return True
    return event.kind is EventKind.CALL_ACCEPTED and bool(accepted.data.get("channels"))


def _is_answer(accepted: CallEvent, event: CallEvent) -> bool:
    """Whether the other party is there: somebody, or the context that was asked for."""
    if event.kind is EventKind.LEG_ANSWERED:
        return event.leg is Leg.SECOND
    second = _kind(accepted.data.get(Leg.SECOND.value))
    return event.kind is EventKind.CALL_PROGRAM and second in ("context", "feature")


def _kind(party: Json) -> str | None:
    return str(party.get("kind")) if isinstance(party, Mapping) else None


def _to_webhooks(
    tenant: TenantDirectory, told: WebhookEvent, event: CallEvent, at: float, seq: int
) -> Iterator[Owed]:
    about = event.call or f"{tenant.policy.customer}"
    for hook in tenant.webhooks:
        if told in hook.events:
            slug = told.name.lower()
            yield Owed(
                f"msg_{about}.{seq}.{hook.id}.{slug}.{WEBHOOK}",
                *(tenant.domain, hook.name, event.call, WEBHOOK, hook.url, at),
                _as(event, told.value),
                seq=seq,
            )


def _as(event: CallEvent, name: str) -> CallEvent:
    """The event, with the vendor's name of it."""
    return replace(event, data={**event.data, TOLD_AS: name})
