"""Everything that is told of calls to others: callbacks of clients, hooks of groups, Zendesk,
projects."""

from __future__ import annotations

import time
from collections.abc import Callable

from cordboard.directory.snapshot import Directory
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.delivery import Courier, Terms
from cordboard.feeds.group_calls import HOOK, GroupsOwed
from cordboard.feeds.group_hooks import GroupHooks
from cordboard.feeds.outbound import Outbound
from cordboard.feeds.project_calls import DIALECT as PROJECT
from cordboard.feeds.project_calls import ProjectsOwed
from cordboard.feeds.project_events import ProjectEvents
from cordboard.feeds.zendesk import ZendeskDesk
from cordboard.journal.also_owed import Together
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
    projects = ProjectEvents(courier, journal, directory)
    journal.owe_also(Together(GroupsOwed(directory), ProjectsOwed(directory)))
    others = {HOOK: hooks.deliver, PROJECT: projects.deliver, **zendesk.deliverers()}
    return Callbacks(journal, courier, time.time, terms, others=others)
