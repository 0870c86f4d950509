"""What the HTTP floor needs of the floors below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cordboard.api.auth import Gate
from cordboard.api.basix.cti.figures import CtiFigures
from cordboard.calls.recorded_files import RecordedFiles
from cordboard.directory.snapshot import Directory
from cordboard.exchange.agents import Agents
from cordboard.exchange.exchange import Exchange
from cordboard.exchange.forwardings import Forwardings
from cordboard.exchange.recordings import Recordings
from cordboard.feeds.following import Feed
from cordboard.journal.port import Journal


@dataclass(frozen=True, slots=True)
class Services:
    """The exchange that places calls, the journal that knows them, the directory of the moment, and
    the gate by which clients come in; the feed of events that they follow, what agents do, the
    recordings with their ``files``, and where users' calls go. ``node`` is what this server is
    called."""

    exchange: Exchange
    journal: Journal
    directory: Callable[[], Directory]
    files: RecordedFiles | None = None
    node: str = "server01"
    gate: Gate = field(init=False)
    feed: Feed = field(init=False)
    agents: Agents = field(init=False)
    recordings: Recordings = field(init=False)
    forwardings: Forwardings = field(init=False)
    cti: CtiFigures = field(init=False, default_factory=CtiFigures)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gate", Gate(self.directory))
        object.__setattr__(self, "feed", Feed(self.journal))
        object.__setattr__(self, "agents", Agents(self.journal, self._acted))
        object.__setattr__(self, "recordings", Recordings(self.journal, self.files))
        object.__setattr__(self, "forwardings", Forwardings(self.journal))

    def _acted(self, tenant: str) -> None:
        """An agent of a tenant has done something."""
        self.exchange.queues.somebody_may_be_free(tenant)
