"""A call as Zendesk is to know it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cordboard.calls.events import Json
from cordboard.directory.numbers import numbering_plan
from cordboard.feeds.told_call import ToldCall

INBOUND: Final = 45
OUTBOUND: Final = 46
"""How a ticket came about (``via_id``, "Creating Tickets" of the Talk Partner Edition API)."""


def searched_number(number: str, country: str) -> str:
    """The digits by which an end user is searched. What stands before them in his profile does not
    matter ("Retrieving the Zendesk user id of a caller"), so a number at home goes without its
    prefixes: he may have been written down in either way."""
    national = number.removeprefix(f"+{numbering_plan(country).country_code}")
    return "".join(filter(str.isdigit, national))


def ticket_of(told: ToldCall, call: str, group: str, link: str | None) -> dict[str, Json]:
    """The ticket, without who asks for it and who sees it; ``link`` is what it gets for a
    recording."""
    caller, called = told.parties
    cdr = told.cdr
    ticket: dict[str, Json] = {
        "via_id": INBOUND if told.inbound else OUTBOUND,
        "subject": f"Call {'from' if told.inbound else 'to'} {told.outside or 'unknown'}",
        "external_id": call,
    }
    body = _in_words(told, call, group, link)
    if link is None:
        ticket["comment"] = {"body": body}
        return ticket
    ticket["description"] = body
    ticket["voice_comment"] = {
        "from": caller,
        "to": called,
        "recording_url": link,
        "started_at": _moment(cdr.bridged_at or cdr.accepted_at, "%Y-%m-%d %H:%M:%S +0000"),
        "call_duration": round(cdr.talk_seconds or 0.0),
    }
    return ticket


def _in_words(told: ToldCall, call: str, group: str, link: str | None) -> str:
    cdr = told.cdr
    caller, called = told.parties
    lines = [
        f"From {caller or 'unknown'} to {called or 'unknown'}, group {group}",
        f"Agent: {told.agent.label if told.agent is not None else 'nobody'}",
        f"Began: {_moment(cdr.started_at or cdr.accepted_at, '%Y-%m-%d %H:%M:%S UTC')}",
        f"Talked: {round(cdr.talk_seconds or 0.0)} s",
        f"Ended: {cdr.outcome} ({cdr.cause})",
        f"Call: {call}",
    ]
    if link is not None:
        lines.append(f"Recording: {link}")
    return "\n".join(lines)


def _moment(at: float, form: str) -> str:
    return datetime.fromtimestamp(at, UTC).strftime(form)
