"""Everything that is told of calls to others: callbacks of clients, hooks of groups, Zendesk,
projects, web URLs of customers; and the calls that are made once more."""

from __future__ import annotations

import time
from collections.abc import Callable

from cordboard.directory.snapshot import Directory
from cordboard.exchange.exchange import Exchange
from cordboard.feeds.callbacks import Callbacks
from cordboard.feeds.concerned import Concerned
from cordboard.feeds.delivery import Courier
from cordboard.feeds.enswitch.happenings import CUSTOMER, WEBHOOK, EnswitchOwed
from cordboard.feeds.enswitch.telling import Telling
from cordboard.feeds.group_calls import HOOK, GroupsOwed
from cordboard.feeds.group_hooks import GroupHooks
from cordboard.feeds.job_attempts import DIALECT as ATTEMPT
from cordboard.feeds.job_attempts import AttemptsOwed, JobAttempts
from cordboard.feeds.outbound import Outbound
from cordboard.feeds.project_calls import DIALECT as PROJECT
from cordboard.feeds.project_calls import ProjectsOwed
from cordboard.feeds.project_events import ProjectEvents
from cordboard.feeds.terms import TermsOfAccounts
from cordboard.feeds.zendesk import ZendeskDesk
from cordboard.journal.port import Journal


def deliveries(
    journal: Journal,
    outbound: Outbound,
    directory: Callable[[], Directory],
    exchange: Exchange,
    node: str,
) -> Callbacks:
    """Whoever delivers what the journal says is owed, as the directory of the moment has it; this
    server is called ``node``."""

    courier = Courier(outbound, time.time)
    hooks = GroupHooks(courier, directory)
    zendesk = ZendeskDesk(outbound, journal, directory, time.time)
    projects = ProjectEvents(courier, journal, directory)
    telling = Telling(courier, journal, directory, node)
    attempts = JobAttempts(journal, exchange.place, exchange.new_call_id, time.time)
    several = (GroupsOwed, ProjectsOwed, EnswitchOwed, AttemptsOwed)
    journal.owe_also(Concerned(directory, *(one(directory) for one in several)))
    others = {
        HOOK: hooks.deliver,
        PROJECT: projects.deliver,
        WEBHOOK: telling.tell_webhook,
        CUSTOMER: telling.tell_customer,
        ATTEMPT: attempts.deliver,
        **zendesk.deliverers(),
    }
    terms = TermsOfAccounts(directory).of
    return Callbacks(journal, courier, time.time, terms, others=others)
