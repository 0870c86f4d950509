"""How callbacks of an account are delivered, by the directory of the moment."""

from __future__ import annotations

from collections.abc import Callable

from cordboard.directory.snapshot import Directory
from cordboard.feeds.delivery import Terms

_OF_NOBODY = Terms()


class TermsOfAccounts:
    """The terms of all accounts, each found once in a directory."""

    def __init__(self, directory: Callable[[], Directory]) -> None:
        self._directory = directory
        self._known_in: Directory | None = None
        self._known: dict[tuple[str, str], Terms] = {}

    def of(self, domain: str, account: str) -> Terms:
        """Those of an account of a tenant; of one that is gone no more than its tenant allows."""
        directory = self._directory()
        if directory is not self._known_in:
            self._known_in, self._known = directory, {}
        known = self._known.get((domain, account))
        if known is not None:
            return known
        tenant = directory.tenant(domain)
        if tenant is None:
            return _OF_NOBODY
        one = tenant.account(account)
        if one is None:
            return Terms(inside=tenant.policy.callbacks_inside)
        terms = Terms(one.webhook_secrets, tenant.policy.callbacks_inside)
        self._known[domain, account] = terms
        return terms
