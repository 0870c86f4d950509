"""Who talks with whom in a call, for those outside it who ask."""

from __future__ import annotations

from cordboard.calls.planning.talkers import Conversation, Talker
from cordboard.calls.request import Leg
from cordboard.calls.running.parts import Parts
from cordboard.calls.stages import Stage


def conversation(parts: Parts) -> Conversation | None:
    """The two who talk with each other in a call; None where none do."""
    if parts.stage is not Stage.BRIDGED:
        return None
    first, second = (_talker(leg, parts) for leg in Leg)
    return None if first is None or second is None else Conversation(first, second)


def _talker(leg: Leg, parts: Parts) -> Talker | None:
    channel = parts.legs.winner(leg)
    if channel is None:
        return None
    winner = parts.legs.hunt(leg).channels[channel]
    return Talker(channel, parts.dialling.party(leg), winner.planned.user)
