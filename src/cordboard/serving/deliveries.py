"""Everything that is told of calls to others: callbacks of clients, hooks of groups, Zendesk."""

from __future__ import annotations

import time
from collections.abc import Callable

from cordboard.directory.snapshot import Directory
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.delivery import Courier, Terms
from cordboard.feeds.group_calls import HOOK, GroupsOwed
from cordboard.feeds.group_hooks import GroupHooks
from cordboard.feeds.outbound import Outbound
from cordboard.feeds.zendesk import ZendeskDesk
from cordboard.journal.port import Journal


def deliveries(
    journal: Journal, outbound: Outbound, directory: Callable[[], Directory]
) -> Callbacks:
    """Whoever delivers what the journal says is owed, as the directory of the moment has it."""

    def terms(domain: str, account: str) -> Terms:
        """How callbacks of an account are delivered."""
        tenant = directory().tenant(domain)
        if tenant is None:
            return Terms()
        one = tenant.account(account)
        secrets = () if one is None else one.webhook_secrets
        return Terms(secrets, tenant.policy.callbacks_inside)

    courier = Courier(outbound, time.time)
    hooks = GroupHooks(courier, directory)
    zendesk = ZendeskDesk(outbound, journal, directory, time.time)
    journal.owe_also(GroupsOwed(directory))
    others = {HOOK: hooks.deliver, **zendesk.deliverers()}
    return Callbacks(journal, courier, time.time, terms, others=others)
