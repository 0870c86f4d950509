"""What a server under load may keep, and what it must not: figures in, complaints out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from cordboard.engines.udp import MAX_KNOWN_FLOWS
from cordboard.sip.wheel import MIN_SWEEP

MB: Final = 1024 * 1024

NOISE_OCTETS: Final = 3 * MB
"""By which resident memory may have grown over the second half, whatever ran: the allocator's own
pools, and pages touched for the first time."""

OCTETS_A_CALL: Final = 256
"""And by which for each call of that half: below what a single forgotten object of ours takes, with
its dictionary and strings."""

OBJECTS_A_CALL: Final = 0.05
"""Objects of one class that may be more after the second half than before it, for each call: what
is forgotten now and then counts as much as what is forgotten every time."""

FEW_OBJECTS: Final = 30
"""And of those whatever ran: a cache that is not full yet."""

SWEPT: Final = 2 * MIN_SWEEP
"""Cancelled timers, with the tuples that order them, that the stack's and the calls' heaps hold
before they are swept."""

URIS: Final = 4096
"""Of those that were read last, so many are remembered read (:mod:`cordboard.sip.uri`)."""

NONCES: Final = 1000
"""Of those that phones proved their passwords with, each is remembered for five minutes."""

CURSORS: Final = 400
"""Past cursors that the connections of SQLite have in their lists: up to 200 each."""

PAIRS: Final = 100
"""Media ports that rest until the next call is made; there are as many as calls came at once."""

MANY: Final = {
    "weakref.ReferenceType": CURSORS,
    "cordboard.engines.embedded.rtp_ports.PortPair": PAIRS,
    "socket.socket": 2 * PAIRS,
    "cordboard.sip.flow.Flow": MAX_KNOWN_FLOWS,
    "cordboard.sip.session_timer.SessionTimer": SWEPT,
    "cordboard.sip.wheel.Alarm": SWEPT,
    "builtins.tuple": SWEPT,
    "cordboard.sip.nonces._Counts": NONCES,
    "cordboard.sip.uri.SipUri": URIS,
}
"""What there may be that many more of, in place of a few."""

FEW: Final = 8
"""Tasks and files that a quiet server may have more than before the load: HTTP connections that
are kept open for a while."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A look at the server; ``at`` in monotonic seconds, ``rss`` in octets.

    ``files`` are those beside the pool of media ports; ``objects`` counts by class, at some looks.
    """

    at: float
    rss: int
    files: int
    tasks: int
    calls: int
    channels: int
    media: int
    sessions: int
    transactions: int
    timers: int
    bindings: int
    connections: int
    objects: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Sample:
        """One as it was written."""
        return cls(**told)

    def write(self) -> dict[str, Any]:
        """For :meth:`read`."""
        return asdict(self)

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of any call is left."""
        left = (self.calls, self.channels, self.media, self.sessions, self.transactions)
        return not any(left)


def left_over(before: Sample, quiet: Sample) -> list[str]:
    """What a server that should be quiet has more than before it ever had a call."""
    complaints = [
        f"{left} {name} left over"
        for name in ("calls", "channels", "media", "sessions", "transactions")
        if (left := getattr(quiet, name))
    ]
    for name, more in (("tasks", FEW), ("files", FEW), ("timers", FEW), ("connections", FEW)):
        was, now = getattr(before, name), getattr(quiet, name)
        if now > was + more:
            complaints.append(f"{now} {name}, {was} before the load")
    if quiet.bindings != before.bindings:
        complaints.append(f"{quiet.bindings} bindings, {before.bindings} phones")
    return complaints


def grown(middle: Sample, end: Sample, calls: int) -> list[str]:
    """Classes of which there are more at the end than in the middle, quiet both times."""
    more = Counter(end.objects)
    more.subtract(middle.objects)
    return [
        f"{count} more {name} after {calls} calls"
        for name, count in more.most_common()
        if count > MANY.get(name, FEW_OBJECTS) + OBJECTS_A_CALL * calls
    ]


def growth(samples: Sequence[Sample]) -> float:
    """By how many octets resident memory has grown: the line of least squares, end to end."""
    if len(samples) < 2:
        return 0.0
    middle = sum(sample.at for sample in samples) / len(samples)
    spread = sum((sample.at - middle) ** 2 for sample in samples)
    if spread == 0:
        return 0.0
    slope = sum((sample.at - middle) * sample.rss for sample in samples) / spread
    return slope * (samples[-1].at - samples[0].at)


def memory(second_half: Sequence[Sample], calls: int) -> list[str]:
    """Complain where memory was not flat in the second half; the first is warm-up."""
    allowed = NOISE_OCTETS + OCTETS_A_CALL * calls
    octets = growth(second_half)
    if octets <= allowed:
        return []
    by, most = f"{octets / MB:.1f} MB", f"{allowed / MB:.1f} MB"
    return [f"memory has grown by {by} over {calls} calls, more than {most}"]
