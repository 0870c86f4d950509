"""Where users have their calls go, made durable."""

from __future__ import annotations

from cordboard.calls.people.forwarding import forwarding_event
from cordboard.calls.planning.reaching import check_terms
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import User
from cordboard.directory.snapshot import TenantDirectory
from cordboard.journal.port import Journal, JournalUnavailable


class Forwardings:
    """Of the users of all tenants."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def chosen(self, tenant: TenantDirectory, user: User) -> Forwarding | None:
        """What was chosen for a user; None: what the directory says of him holds."""
        return self._journal.forwardings(tenant.domain).get(user.id)

    def of(self, tenant: TenantDirectory, user: User) -> Forwarding:
        """Where his calls go."""
        return self.chosen(tenant, user) or user.forwarding

    async def choose(
        self, tenant: TenantDirectory, user: User, terms: Forwarding | None, account: str
    ) -> None:
        """Have his calls go there; None: as the directory says. It is durable then.

        Raises :class:`Refused`: for whom they can't go to, and overloaded.
        """
        if terms is not None:
            check_terms(tenant, user, terms)
        if terms == self.chosen(tenant, user):
            return
        try:
            await self._journal.commit(tenant.domain, [forwarding_event(user, terms, account)])
        except JournalUnavailable as error:
            raise Refused(RefusalId.OVERLOADED, "the journal can't take more now") from error
