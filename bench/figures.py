"""What a load comes to: figures, and whether they count."""

from __future__ import annotations

from dataclasses import dataclass

from bench.harness.load import Harvest
from bench.machine import quantile

BUSIEST_HARNESS = 0.75
"""The share of its core above which the driver itself may be what is slow."""

MOST_NAMED = 4

SLOWEST_SETUP_MS = 500.0
"""At the 99th percentile, above which a rate is not held: requests wait in a queue that grows."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One load; times in milliseconds."""

    rate: float
    calls: int
    lost: int
    refused: int
    retransmissions: int
    repeated: str
    """What the first of them were."""
    dropped: int
    settled: bool
    cpu_ms: float
    cpu_ms_system: float
    cpu_ms_threads: float
    driver_ms: float
    phones_ms: float
    harness_share: float
    elsewhere_share: float
    reply_p50: float
    reply_p99: float
    first_invite_p50: float
    first_invite_p99: float
    second_invite_p50: float
    second_invite_p99: float
    setup_p50: float
    setup_p99: float

    def faults(self) -> list[str]:
        """Why the run is void; nothing where it counts."""
        found = []
        if self.lost:
            found.append(f"{self.lost} calls lost")
        if self.refused:
            found.append(f"{self.refused} refused")
        if self.retransmissions:
            found.append(f"{self.retransmissions} messages repeated ({self.repeated})")
        if self.dropped:
            found.append(f"{self.dropped} messages not seen")
        if not self.settled:
            found.append("not all was over in time")
        if self.harness_share > BUSIEST_HARNESS:
            found.append(f"the harness had {self.harness_share:.0%} of its core")
        return found

    @property
    def held(self) -> bool:
        """Whether the server kept up with the rate."""
        return not self.faults() and self.setup_p99 <= SLOWEST_SETUP_MS


def counted(runs: list[Figures]) -> list[Figures]:
    """Those that are not void; all where there are no others, so that something is to be seen."""
    return [one for one in runs if not one.faults()] or runs


def faults_of(runs: list[Figures]) -> str:
    """All that made some of them void, and how many those are."""
    void = [one for one in runs if one.faults()]
    named = sorted({fault for one in void for fault in one.faults()})
    return f"{len(void)} of {len(runs)}: {'; '.join(named)}" if void else ""


def figures_of(harvest: Harvest) -> Figures:
    """Count and divide."""
    seen, calls = harvest.seen, harvest.calls
    total = len(calls)
    reply, first, second, setup = [], [], [], []
    ended = 0
    for call in calls:
        a, b = seen.call_id(call.first), seen.call_id(call.second)
        ended += b in seen.ended and (a in seen.ended or not call.first)
        if call.replied:
            reply.append((call.replied - call.sent) * 1000)
        if a in seen.invites:
            first.append((seen.invites[a] - call.sent) * 1000)
        if a in seen.answers and b in seen.invites:
            second.append((seen.invites[b] - seen.answers[a]) * 1000)
        if b in seen.acknowledged:
            setup.append((seen.acknowledged[b] - call.sent) * 1000)
    refused = sum(1 for call in calls if call.refused)
    return Figures(
        rate=harvest.rate,
        calls=total,
        lost=total - ended - refused,
        refused=refused,
        retransmissions=len(seen.repeated),
        repeated=", ".join(sorted({start[:11] for _, start in seen.repeated})[:MOST_NAMED]),
        dropped=seen.dropped,
        settled=harvest.settled,
        cpu_ms=harvest.cpu.all * 1000 / total,
        cpu_ms_system=harvest.cpu.system * 1000 / total,
        cpu_ms_threads=harvest.cpu.threads * 1000 / total,
        driver_ms=harvest.driver_cpu * 1000 / total,
        phones_ms=harvest.phones_cpu * 1000 / total,
        harness_share=harvest.driver_cpu / harvest.elapsed,
        elsewhere_share=harvest.elsewhere_cpu / harvest.elapsed,
        reply_p50=quantile(reply, 0.50),
        reply_p99=quantile(reply, 0.99),
        first_invite_p50=quantile(first, 0.50),
        first_invite_p99=quantile(first, 0.99),
        second_invite_p50=quantile(second, 0.50),
        second_invite_p99=quantile(second, 0.99),
        setup_p50=quantile(setup, 0.50),
        setup_p99=quantile(setup, 0.99),
    )


def line(one: Figures) -> str:
    """One load, for who watches."""
    return (
        f"{one.rate:4.0f}/s {one.cpu_ms:5.2f} ms CPU (driver {one.driver_ms:.2f}, phones "
        f"{one.phones_ms:.2f})  set-up p50 {one.setup_p50:5.1f} p99 {one.setup_p99:6.1f} ms  "
        f"others {one.elsewhere_share:.2f} cores  {', '.join(one.faults())}"
    )
