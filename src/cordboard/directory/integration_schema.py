"""The tables of a group's integrations in the configuration file, and what is made of them."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from cordboard.directory.integrations import (
    CALL_EVENTS,
    NONE,
    EventHook,
    Integrations,
    Zendesk,
)
from cordboard.directory.kinds import E_MAIL, SECRET_TEXT, WEBHOOK_SECRET
from cordboard.directory.problems import Problems
from cordboard.directory.rows import Row, fit
from cordboard.directory.shape import Field, Kind, Shape, Unfit, list_of, text, text_where

LONGEST_URL: Final = 2_048
"""Characters, as of the URLs that clients give."""


def _url(value: Any) -> str:
    url = str(text(longest=LONGEST_URL).read(value))
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or " " in url or not url.isascii():
        raise Unfit
    return url


def _base(value: Any) -> str:
    url = _url(value)
    parts = urlsplit(url)
    if parts.query or parts.fragment or parts.username:
        raise Unfit("it has neither a user nor a query")
    return url.rstrip("/")


def _with_id(value: Any) -> str:
    url = _url(value)
    if "{id}" not in url:
        raise Unfit("the recording's id stands in it as {id}")
    return url


def _event(value: str) -> str:
    if value not in CALL_EVENTS:
        raise ValueError(f"known here: {', '.join(sorted(CALL_EVENTS))}")
    return value


URL: Final = Kind("an http or https URL", _url)
BASE_URL: Final = Kind("an http or https URL", _base)
RECORDING_URL: Final = Kind("an http or https URL", _with_id)

HOOK: Final = Shape(
    "hook",
    {
        "url": Field(URL, required=True, secret=True),
        "events": Field(
            list_of(text_where("an event of calls", _event), 'a list of events, ["call.ended"]'),
        ),
        "secrets": Field(
            list_of(WEBHOOK_SECRET, 'a list of secrets, ["whsec_..."]'), (), secret=True
        ),
    },
)

ZENDESK: Final = Shape(
    "zendesk",
    {
        "url": Field(BASE_URL, required=True, secret=True),
        "email": Field(E_MAIL, required=True),
        "token": Field(SECRET_TEXT, required=True, secret=True),
        "recording": Field(RECORDING_URL),
    },
)


def integrations_of(row: Row, problems: Problems) -> Integrations:
    """What a group's table says of them."""
    hook, zendesk = row.values["hook"], row.values["zendesk"]
    if hook is None and zendesk is None:
        return NONE
    if hook is not None and hook["events"] == []:
        problems.error((*row.path, "hook", "events"), "a hook that is told nothing has no use")
    return Integrations(
        _hook(hook) if hook is not None and "url" in hook else None,
        _zendesk(zendesk)
        if zendesk is not None and ZENDESK.fields.keys() <= zendesk.keys()
        else None,
    )


def _hook(values: dict[str, Any]) -> EventHook:
    told = EventHook(values["url"], secrets=fit(values["secrets"]))
    if values["events"] is None:
        return told
    return EventHook(told.url, frozenset(fit(values["events"])), told.secrets)


def _zendesk(values: dict[str, Any]) -> Zendesk:
    return Zendesk(values["url"], values["email"], values["token"], values["recording"])
