"""Errors of the v1 API: RFC 9457 problems with a stable ``id``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cordboard.api.answer import PROBLEM, Answer, compact
from cordboard.api.auth import BEARER, CHALLENGE
from cordboard.api.placing import retry_after
from cordboard.api.requests import note
from cordboard.calls.refusals import RefusalId, Refused

Headers = tuple[tuple[bytes, bytes], ...]

KNOWN: Final[dict[str, tuple[int, str]]] = {
    "invalid_json": (400, "The body can't be read"),
    "authentication_required": (401, "Authentication required"),
    "no_credit": (402, "Who pays for the call has no credit"),
    "scope_missing": (403, "The account may not do this"),
    "eavesdropping_not_allowed": (403, "The user may not overhear this"),
    "origin_not_allowed": (403, "This page may not do this"),
    "not_found": (404, "There is nothing here"),
    "call_not_found": (404, "No such call"),
    "callback_not_found": (404, "No such callback"),
    "recording_not_found": (404, "No such recording"),
    "trunk_not_found": (404, "No such trunk"),
    "no_such_user": (404, "The directory has no such user"),
    "no_such_group": (404, "The directory has no such group"),
    "no_such_member": (404, "No such member"),
    "method_not_allowed": (405, "Method not allowed"),
    "agent_logged_out": (409, "The agent is logged out"),
    "call_over": (409, "The call is over"),
    "wrong_state": (409, "The call is not in a state that allows this"),
    "idempotency_conflict": (409, "The key was used for another request"),
    "user_not_registered": (409, "No phone is registered"),
    "no_member_available": (409, "Nobody of the group can be rung"),
    "trunk_down": (409, "No trunk can take the call now"),
    "recording_under_way": (409, "The recording goes on"),
    "recording_deleted": (410, "The recording was deleted"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body is no JSON"),
    "range_not_satisfiable": (416, "There are no such octets"),
    "invalid_parameter": (422, "A parameter is wrong"),
    "missing_parameter": (422, "A parameter is missing"),
    "user_not_found": (422, "No such user"),
    "group_not_found": (422, "No such group"),
    "invalid_destination": (422, "Nobody can be called there"),
    "calling_number_not_allowed": (422, "This number may not be shown"),
    "recording_not_allowed": (422, "They are never recorded"),
    "no_route": (422, "This number may not be called"),
    "tariff_denied": (422, "The tariff does not allow this number"),
    "too_many_requests": (429, "Too many wrong tokens"),
    "channel_limit_reached": (429, "A limit is reached"),
    "internal_error": (500, "A fault of the server's own"),
    "overloaded": (503, "The server can't take more now"),
    "too_many_readers": (503, "There is no room for one more reader"),
}
"""Every problem by its id: its status and title."""

RETRY_SECONDS: Final = {429: 1, 503: 5}
"""When to ask again: a channel is free as soon as anybody hangs up, a server recovers or is
restarted within seconds."""


class Fault(BaseModel):
    """One of the things that are wrong with a request."""

    where: str = Field(description="body, query, path or header", examples=["body"])
    path: str = Field(description="which member or parameter", examples=["second.number"])
    detail: str = Field(description="what is wrong with it, for a person")


class ProblemShown(BaseModel):
    """An RFC 9457 problem. Programs go by its `id`."""

    type: str = Field(examples=["about:blank"])
    title: str
    status: int
    id: str = Field(examples=["call_not_found"])
    detail: str = Field(description="for a person; its wording may change")
    parameter: str | None = Field(
        None, description="the parameter at fault, or the limit that was reached"
    )
    state: str | None = Field(None, description="the state that the call is in")
    errors: list[Fault] | None = Field(None, description="all that is wrong with the request")


class Problem(Exception):
    """A request fails with a problem that we know by this name, its id; ``detail`` is for a
    person."""

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        parameter: str | None = None,
        state: str | None = None,
        errors: Sequence[Fault] = (),
        headers: Headers = (),
    ) -> None:
        super().__init__(detail)
        self.id = name
        self.detail = detail
        self.parameter = parameter
        self.state = state
        self.errors = errors
        self.headers = headers


class _Answer(Response):
    """An answer that notes of its request what came of it."""

    media_type = PROBLEM.decode()

    def __init__(self, result: str, body: bytes, status: int) -> None:
        super().__init__(body, status)
        self._result = result

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note(scope, result=self._result)
        await super().__call__(scope, receive, send)


def answer_of(problem: Problem) -> Response:
    """The answer for a problem."""
    status, body = _document(problem)
    answer = _Answer(problem.id, body, status)
    answer.raw_headers.extend(_headers(problem, status))
    return answer


def said_at_once(problem: Problem) -> Answer:
    """The same where no application stands behind it."""
    status, body = _document(problem)
    return Answer(status, body, PROBLEM, _headers(problem, status), problem.id)


def _headers(problem: Problem, status: int) -> tuple[tuple[bytes, bytes], ...]:
    headers = tuple(problem.headers)
    if status == 401:
        headers += (CHALLENGE, BEARER)
    if status in RETRY_SECONDS and all(name != b"retry-after" for name, _ in headers):
        headers += ((b"retry-after", b"%d" % RETRY_SECONDS[status]),)
    return headers


def _document(problem: Problem) -> tuple[int, bytes]:
    """The status, and what RFC 9457 has said of it."""
    status, title = KNOWN[problem.id]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "id": problem.id,
        "detail": problem.detail,
    }
    if problem.parameter is not None:
        body["parameter"] = problem.parameter
    if problem.state is not None:
        body["state"] = problem.state
    if problem.errors:
        body["errors"] = [fault.model_dump() for fault in problem.errors]
    return status, compact(body)


def refusal_of(refusal: Refused) -> Answer:
    """The answer for a refusal, where no application stands behind it."""
    return said_at_once(refused(refusal))


def refused(refusal: Refused) -> Problem:
    """The problem that a refusal is for a client of v1."""
    headers = () if refusal.retry_after is None else retry_after(refusal.retry_after)
    return Problem(refusal.id.value, refusal.message, parameter=refusal.parameter, headers=headers)


def faults_of(faults: Iterable[Mapping[str, Any]], where: str | None = None) -> list[Fault]:
    """Faults as pydantic tells them, without any value.

    ``where`` is the part of the request they are in; None where their location begins with it.
    """
    found: list[Fault] = []
    for fault in faults:
        location = [str(step) for step in fault["loc"]]
        part = where if where is not None else location.pop(0)
        found.append(Fault(where=part, path=".".join(location), detail=_said(fault)))
    return found


def wrong(faults: Sequence[Fault]) -> Problem:
    """The problem of a request that has faults."""
    first = faults[0]
    name = first.path or first.where
    return Problem("invalid_parameter", f"{name}: {first.detail}", parameter=name, errors=faults)


def _said(fault: Mapping[str, Any]) -> str:
    said = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return said[:1].lower() + said[1:]


def described(*ids: str | RefusalId) -> dict[int | str, dict[str, Any]]:
    """The answers with these problems, as OpenAPI describes them."""
    names = [one.value if isinstance(one, RefusalId) else one for one in ids]
    by_status: dict[int | str, dict[str, Any]] = {}
    for name in names:
        status, title = KNOWN[name]
        known = by_status.setdefault(status, _description(status))
        example = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "id": name,
            "detail": f"{title[:1].lower()}{title[1:]}",
        }
        known["content"][PROBLEM.decode()]["examples"][name] = {"value": example}
    return by_status


def _description(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemShown"}
    described: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {PROBLEM.decode(): {"schema": schema, "examples": {}}},
    }
    if status == 401:
        described["headers"] = {"WWW-Authenticate": _text("how to authenticate")}
    if status in RETRY_SECONDS:
        described["headers"] = {"Retry-After": _text("seconds after which to ask again")}
    return described


def _text(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}}
