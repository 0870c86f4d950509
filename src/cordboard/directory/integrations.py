"""What a group has with programs outside: who is told of its calls, and in which words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

CALL_EVENTS: Final = frozenset(
    {
        *("call.accepted", "call.scheduled", "call.started", "call.program", "call.bridged"),
        *("call.transferring", "call.transferred", "call.transfer_failed", "call.held"),
        *("call.media_direct", "call.media_relayed"),
        *("call.transfer_refused", "call.merged", "call.labelled", "call.resumed", "call.ended"),
        *("call.eavesdropping", "call.overheard"),
        *("leg.answered", "leg.failed", "channel.offered"),
        *("leg.credit_reserved", "leg.charged"),
        *("call.recording_started", "call.recording_paused", "call.recording_resumed"),
        *("call.recording_stopped", "call.forwarded", "queue.joined", "queue.left"),
        *("channel.dialled", "channel.ringing", "channel.answered", "channel.ended"),
    }
)
"""Events of calls that somebody outside may want to be told of, one by one."""

USUAL_EVENTS: Final = ("call.accepted", "leg.answered", "leg.failed", "call.bridged", "call.ended")
"""What a hook is told where it does not say."""


@dataclass(frozen=True, slots=True)
class EventHook:
    """A URL that is told of the events of a group's calls, signed by ``secrets``; it may hold
    secrets itself."""

    url: str = field(repr=False)
    events: frozenset[str] = frozenset(USUAL_EVENTS)
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Zendesk:
    """A Zendesk account with Talk Partner Edition, by its API token (``{email}/token``).

    ``recording`` is the link that tickets get to a recording, whose id stands in place of
    ``{id}``; None: they get none.
    """

    url: str
    email: str
    token: str = field(repr=False)
    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Integrations:
    """What a group has of them."""

    hook: EventHook | None = None
    zendesk: Zendesk | None = None
    """Opens the caller's profile for the agent who answers, and makes a ticket of the call."""


NONE: Final = Integrations()
