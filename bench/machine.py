"""What the figures were taken on, and what a process has cost so far."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    """Processor, cores and Python, for the head of a table."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


@dataclass(frozen=True)
class Cpu:
    """Seconds of CPU: of all threads in our code and in the system, and of all but the first."""

    user: float = 0.0
    system: float = 0.0
    threads: float = 0.0

    @property
    def all(self) -> float:
        """All of it."""
        return self.user + self.system

    def since(self, before: Cpu) -> Cpu:
        """What came after ``before``."""
        return Cpu(
            self.user - before.user, self.system - before.system, self.threads - before.threads
        )


def cpu_of(pid: int) -> Cpu:
    """What a process has used since it began."""
    user, system = _times(Path(f"/proc/{pid}/stat"))
    return Cpu(user, system, user + system - sum(_times(Path(f"/proc/{pid}/task/{pid}/stat"))))


def _times(stat: Path) -> tuple[float, float]:
    fields = stat.read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def waited(pid: int) -> float:
    """Seconds for which the first thread of a process could have run since it began and did not,
    because its core had something else to do; 0 where the system does not count it."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def busy_seconds() -> float:
    """CPU seconds that all processes together have used since the machine started."""
    fields = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    user, nice, system, _, _, interrupts, soft = (int(one) for one in fields[:7])
    return (user + nice + system + interrupts + soft) / TICKS


def resident_bytes(pid: int) -> int:
    """Memory a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def quantile(values: list[float], share: float) -> float:
    """The value below which ``share`` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
