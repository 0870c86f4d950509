"""What live calls have the exchange do for their programs: documents are fetched, calls for later
are placed; and the calls are told what came of it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from cordboard.calls.programs.program_words import Answer, Errand, WantedJob, WantedSteps
from cordboard.calls.running.call import Call
from cordboard.exchange.fetching import Fetching
from cordboard.exchange.jobs import Jobs, place_nothing
from cordboard.exchange.step_sources import Source
from cordboard.exchange.web_documents import NoServers

Happen = Callable[[Call, float], None]
"""What happens to a call, which is given the time."""


class Errands:
    """Runs them; ``tell`` has something happen to a call if it is still alive."""

    def __init__(self, tell: Callable[[str, Happen], None]) -> None:
        self._tell = tell
        self.fetching = Fetching(NoServers(), monotonic)
        self.jobs = Jobs(place_nothing, str, lambda _tenant, _method: 0)

    def run(self, call: str, tenant: str, errand: Errand) -> None:
        """Do what a tenant's call wants."""
        if isinstance(errand, WantedSteps):
            self._fetch(call, tenant, errand)
        else:
            self._add_job(call, errand)

    async def close(self) -> None:
        """Do nothing more; no call is told."""
        await self.fetching.close()
        await self.jobs.close()

    def _fetch(self, call: str, tenant: str, wanted: WantedSteps) -> None:
        def fetched(answer: Answer, source: Source | None) -> None:
            def happens(one: Call, now: float) -> None:
                if not (wanted.data or isinstance(answer, str)):
                    self.fetching.sources.goes_by(call, source)
                one.fetched(wanted.turn, answer, now)

            self._tell(call, happens)

        self.fetching.begin(call, tenant, wanted, fetched)

    def _add_job(self, call: str, wanted: WantedJob) -> None:
        def added(job: str | None, fault: str | None) -> None:
            self._tell(call, lambda one, now: one.job_added(wanted.turn, job, fault, now))

        self.jobs.begin(call, wanted, added)
