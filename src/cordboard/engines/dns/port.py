"""The resolver port: what is asked of the domain name system."""

from __future__ import annotations

from typing import Protocol

from cordboard.sip.dns_records import Answer, Question

NO_ANSWER = "no name server answers"
"""The fault where nothing came in time."""


class Resolver(Protocol):
    """Asks name servers; keeps nothing."""

    async def ask(self, question: Question) -> Answer:
        """The answer, within the resolver's own bound of time; whatever goes wrong is a fault.

        Aliases are followed as far as the answer goes. At most
        :data:`~cordboard.sip.dns_records.MAX_RECORDS` records are given.
        """
