"""What the HTTP floor needs of the floors below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cordboard.api.auth import Gate
from cordboard.directory.snapshot import Directory
from cordboard.exchange.exchange import Exchange
from cordboard.feeds.following import Feed
from cordboard.journal.port import Journal


@dataclass(frozen=True, slots=True)
class Services:
    """The exchange that places calls, the journal that knows them, the directory of the moment, and
    the gate by which clients come in; and the feed of events that they follow."""

    exchange: Exchange
    journal: Journal
    directory: Callable[[], Directory]
    gate: Gate = field(init=False)
    feed: Feed = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", Gate(self.directory))
        object.__setattr__(self, "feed", Feed(self.journal))
