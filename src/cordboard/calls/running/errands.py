"""What a program asks the exchange for: its next steps or data from a web server, and calls that
are to be made later, each a request like any other, of the same account."""

from __future__ import annotations

from typing import Final

from cordboard.calls.programs.program_words import AddJob, Fetch, WantedSteps
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    Again,
    CallRequest,
    LegWishes,
    Offered,
    RunDocument,
    SecondScope,
)
from cordboard.calls.running.parts import Parts
from cordboard.directory.basix_jobs import Job, JobFault, read_job
from cordboard.directory.steps import OWN_VARIABLES

METHOD: Final = "add_job"
"""How it was asked for, in events and records."""

JOB: Final = "job"


def steps_for(effect: Fetch, parts: Parts) -> WantedSteps | None:
    """What is asked of a server: it is told what Basix tells (docs.brastel.com/xml/request.html),
    and all variables."""
    plan, leg = parts.program_plan, parts.waiting.leg
    if plan is None:
        return None
    if not effect.posted:
        return WantedSteps(effect.turn, effect.urls, None, data=effect.data)
    known, told = dict(plan.variables), effect.variables.items()
    caller, called = known["CALLER_NUMBER"], known["CALLED_NUMBER"]
    about = {
        "CallUUID": parts.legs.winner(leg) or "",
        "CallStatus": "in-progress",
        "Direction": "inbound" if parts.plan.offered else "outbound",
        "CalledNumber": called,
        "CallingNumber": caller,
        "Anonymous": "false" if caller else "true",
        "To": called,
        "From": caller,
    }
    first, group = parts.plan.request.first, parts.plan.group
    if isinstance(first, Offered) and first.diverted_by:
        about["RedirectingNumber"] = first.diverted_by
    party = parts.dialling.party(leg)
    if party.kind == "user":
        about |= {"UserId": str(party.id), "UserName": party.name}
        if group is not None:
            about |= {"GroupId": str(group.id), "GroupName": group.name}
    form = {name: value for name, value in told if not name.startswith(OWN_VARIABLES)} | about
    return WantedSteps(
        *(effect.turn, effect.urls, form, plan.folder, plan.language, effect.data, about),
        began=parts.times.began,
        answered=parts.times.answered(leg),
    )


def request_of(effect: AddJob, parts: Parts, *, inside: bool) -> CallRequest:
    """The request for what a step adds, without an id; raises :class:`Refused`.

    Whoever may only call inside, by his request or because the caller of this function says so, has
    nobody called by the keys that he presses, but himself: as with whom a step rings.
    """
    plan, request = parts.program_plan, parts.plan.request
    if plan is None:
        raise Refused(RefusalId.INVALID_PARAMETER, "there is no program", JOB)
    try:
        job = read_job(effect.text, effect.variables, plan.folder)
    except JobFault as fault:
        raise Refused(RefusalId.INVALID_PARAMETER, str(fault), JOB) from None
    inside = inside or request.second_scope is SecondScope.INSIDE
    if inside and job.chosen and job.called != dict(plan.variables)["CALLER_NUMBER"]:
        message = "who may only call inside can have nobody called but himself"
        raise Refused(RefusalId.INVALID_DESTINATION, message, JOB)
    return CallRequest(
        id="",
        tenant=request.tenant,
        account=request.account,
        dialect=request.dialect,
        method=METHOD,
        first=Address(job.called),
        second=RunDocument(job.document, plan.folder),
        on_first=LegWishes(caller_number=job.shown, outside_only=True),
        metadata={"added_by": request.id},
        delay=job.delay,
        again=_again(job),
    )


def _again(job: Job) -> Again | None:
    return Again(job.attempts - 1, job.backoff) if job.attempts > 1 else None
