"""The tables of a tenant's webhooks in the configuration file, and what is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from cordboard.directory.integration_schema import URL
from cordboard.directory.problems import Problems
from cordboard.directory.rows import Row, fit
from cordboard.directory.shape import Field, Kind, Shape, Unfit, list_of, one_of
from cordboard.directory.webhooks import Webhook, WebhookEvent, WebMethod

LONGEST_BODY: Final = 16_384
"""Characters: every field of a call a few times over."""

MOST_HEADERS: Final = 32
LONGEST_HEADER: Final = 4_096

OURS: Final = frozenset(
    {*("connection", "content-length", "host", "te", "trailer", "transfer-encoding", "upgrade")}
)
"""Headers that are not the customer's to set: they say where a request ends, and to whom it goes
(RFC 9110 7)."""

OPEN_HEADERS: Final = frozenset({"accept", "accept-language", "content-type", "user-agent"})
"""Headers that hold no secret; all others may."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE: Final = re.compile(r"[\t\x20-\x7e]*")
_NO_PART_OF_BODIES: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _headers(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > MOST_HEADERS:
        raise Unfit(f"it has at most {MOST_HEADERS} headers")
    for name, said in value.items():
        if not _TOKEN.fullmatch(name) or name.lower() in OURS:
            raise Unfit("one of its names is no name of a header that can be set")
        if not isinstance(said, str) or len(said) > LONGEST_HEADER or not _VALUE.fullmatch(said):
            raise Unfit("the value of a header is a text of printable ASCII characters")
    return value


def _body(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Unfit
    if len(value) > LONGEST_BODY:
        raise Unfit(f"it is longer than {LONGEST_BODY} characters")
    if _NO_PART_OF_BODIES.search(value):
        raise Unfit("it holds a control character")
    return value


HEADERS: Final = Kind('a table of headers {"content-type" = "application/json"}', _headers)
BODY: Final = Kind("a text", _body)

WEBHOOK: Final = Shape(
    "webhook",
    {
        "url": Field(URL, required=True, secret=True),
        "events": Field(
            list_of(one_of(WebhookEvent), 'a list of events, ["Answer", "Hangup"]'), required=True
        ),
        "method": Field(one_of(WebMethod), WebMethod.POST),
        "headers": Field(HEADERS, secret=True),
        "body": Field(BODY, secret=True),
    },
)


def webhook_of(row: Row, derived_id: int, problems: Problems) -> Webhook | None:
    """A webhook from its table; None for one that nothing can be made of."""
    values = row.values
    events = frozenset(fit(values.get("events", ())))
    if values.get("events") == []:
        problems.error((*row.path, "events"), "a webhook that is told nothing has no use")
    if "url" not in values or not events:
        return None
    if values["body"] is not None and values["method"] is WebMethod.GET:
        problems.error((*row.path, "body"), "a GET has no body: put placeholders into the url")
    headers = tuple((name.lower(), said) for name, said in (values["headers"] or {}).items())
    return Webhook(
        derived_id, row.name, values["url"], events, values["method"], headers, values["body"]
    )


def secret_headers(table: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Where the table of a webhook has headers that may hold secrets."""
    headers = table.get("headers", {})
    for name in headers:
        if name.lower() not in OPEN_HEADERS:
            yield headers, name
