"""Errors of the v1 API: RFC 9457 problems with a stable ``id``."""

from __future__ import annotations

from cordboard.api.answer import PROBLEM, Answer, compact
from cordboard.api.auth import CHALLENGE

_TITLES = {
    "authentication_required": (401, "Authentication required"),
    "call_not_found": (404, "No such call"),
    "callback_not_found": (404, "No such callback"),
    "trunk_not_found": (404, "No such trunk"),
    "call_over": (409, "The call is over"),
    "method_not_allowed": (405, "Method not allowed"),
    "invalid_json": (400, "The body can't be read"),
    "invalid_parameter": (422, "A parameter is wrong"),
    "internal_error": (500, "A fault of the server's own"),
}


def problem(
    id: str,  # noqa: A002 - the word of the vendors' APIs, kept for ours
    detail: str,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Answer:
    """The answer for a problem that we know by id; ``detail`` is for a person."""
    status, title = _TITLES[id]
    body = {"type": "about:blank", "title": title, "status": status, "id": id, "detail": detail}
    if status == 401:
        headers = (*headers, CHALLENGE)
    return Answer(status, compact(body), PROBLEM, headers)
