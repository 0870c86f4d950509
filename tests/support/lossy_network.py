"""A network in memory that loses, delays, reorders and repeats messages."""

from __future__ import annotations

from collections import Counter
from random import Random

from cordboard.sip.events import InviteFailed, SessionEnded
from cordboard.sip.flow import Flow
from support.sip_network import End

MOST_LOSSES = 2
"""Of one message: a network that loses more of them loses the last of seven INVITEs as well."""


class LossyNetwork:
    """How messages travel; fair, so that what is repeated often enough arrives."""

    def __init__(self, seed: int, loss: float, slowness: float) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.slowness = slowness
        self.lost: Counter[bytes] = Counter()

    def carry(self, _: Flow, data: bytes) -> list[float]:
        """The delays of the copies that arrive."""
        if self.random.random() < self.loss and self.lost[data] < MOST_LOSSES:
            self.lost[data] += 1
            return []
        copies = 2 if self.random.random() < 0.1 else 1
        return [0.001 + self.random.random() * self.slowness for _ in range(copies)]


def endings(end: End) -> Counter[str]:
    """How often each call was told to be over."""
    failed = Counter(event.call_id for event in end.heard(InviteFailed))
    return failed + Counter(event.call_id for event in end.heard(SessionEnded))
