"""What was measured at one rate, and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Step:
    """One rate of the ladder; times in milliseconds."""

    rate: int
    calls: int
    lost: int
    retransmissions: int
    callbacks: int
    repeated_callbacks: int
    cpu_ms_a_call: float
    cpu_ms_in_system: float
    cpu_ms_in_threads: float
    reply_p50: float
    reply_p99: float
    first_invite_p50: float
    first_invite_p99: float
    second_invite_p50: float
    second_invite_p99: float
    resident_mb: float

    @property
    def clean(self) -> bool:
        """Whether the step counts."""
        return self.lost == 0 and self.retransmissions == 0 and self.callbacks == self.calls


def as_json(steps: list[Step]) -> list[dict[str, float | int]]:
    """The ladder for the JSON file."""
    return [asdict(step) for step in steps]


def table(steps: list[Step]) -> str:
    """The ladder for a person."""
    head = (
        f"{'calls/s':>8} {'calls':>6} {'lost':>5} {'repeats':>8} {'callbacks':>10} {'again':>6} "
        f"{'CPU ms':>7} {'system':>7} {'threads':>8} {'reply p50/p99':>15} "
        f"{'to INVITE 1':>15} {'200 to INVITE 2':>16} {'MB':>5}"
    )
    rows = [
        f"{s.rate:>8} {s.calls:>6} {s.lost:>5} {s.retransmissions:>8} "
        f"{s.callbacks:>10} {s.repeated_callbacks:>6} "
        f"{s.cpu_ms_a_call:>7.2f} {s.cpu_ms_in_system:>7.2f} {s.cpu_ms_in_threads:>8.2f} "
        f"{s.reply_p50:>7.2f}/{s.reply_p99:>7.2f} "
        f"{s.first_invite_p50:>7.2f}/{s.first_invite_p99:>7.2f} "
        f"{s.second_invite_p50:>8.2f}/{s.second_invite_p99:>7.2f} {s.resident_mb:>5.0f}"
        for s in steps
    ]
    return "\n".join([head, *rows])
