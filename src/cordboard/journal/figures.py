"""What a journal's writer has done so far, for those who watch it."""

from __future__ import annotations

from time import perf_counter
from typing import Final

from cordboard.histogram import Histogram

BATCH_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""From a commit that no disk confirms to one that stalls everybody."""


class JournalFigures:
    """Counts of one process: ``batches`` is how long commits took, ``failed`` how many did not
    succeed, ``refused`` how many requests could not be stored, ``lost`` how many entries no
    database took. ``writing_since`` is when the commit under way began (``perf_counter``)."""

    __slots__ = ("batches", "failed", "lost", "refused", "writing_since")

    def __init__(self) -> None:
        self.batches = Histogram(BATCH_SECONDS)
        self.failed = 0
        self.refused = 0
        self.lost = 0
        self.writing_since: float | None = None

    def writing_for(self) -> float:
        """For how many seconds the commit under way has been; 0.0 where there is none."""
        since = self.writing_since
        return 0.0 if since is None else perf_counter() - since
