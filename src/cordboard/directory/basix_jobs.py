"""Jobs of Basix's XML documents: somebody is called later, and hears a message or goes through a
document (docs.brastel.com/xml/elements/addjob.html)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape

from cordboard.directory.step_document import Document, DocumentFault, read_steps_of
from cordboard.directory.steps import filled_in, variables_in

LONGEST_JOB: Final = 16_384
"""Characters of a job: a quarter of the longest document, of which it is a part."""

MOST_ATTEMPTS: Final = 10
"""Who has not answered ten times does not want to."""

LONGEST_DELAY: Final = 366 * 86_400.0
"""Seconds; as long as any call may wait for its time."""

BACKOFF: Final = (10.0, 86_400.0)
"""Seconds between two attempts: nobody is rung without a pause, nor again after days."""

USUAL_BACKOFF: Final = 60.0
"""Seconds; where the vendor's page is silent."""

_QUOTES = {'"': "&quot;", "'": "&apos;"}


class JobFault(ValueError):
    """A text that is no job; the message says why."""


@dataclass(frozen=True, slots=True)
class Job:
    """A call that is to be made: whom it rings, which number he is shown (None: the tenant's own),
    and the document that he goes through.

    It is tried ``attempts`` times, first after ``delay`` seconds, then ``backoff`` seconds after
    each attempt in vain. ``chosen``: the number was made of variables, so that a caller may have
    named it.
    """

    called: str
    shown: str | None
    document: str
    attempts: int = 1
    delay: float = 0.0
    backoff: float = USUAL_BACKOFF
    chosen: bool = False


def read_job(text: str, variables: Mapping[str, str], folder: str = "") -> Job:
    """The job of a text whose variables have these values; prompts are below ``folder``. Raises
    :class:`JobFault`.

    Variables are put into the values of what was read, so that none of them can bring further keys.
    """
    if len(text) > LONGEST_JOB:
        raise JobFault(f"a job has at most {LONGEST_JOB} characters")
    given = _object(_parsed(text), "the job")
    data, options = _object(given.get("data"), "data"), _object(given.get("options", {}), "options")
    called = _text(data, "called_number")
    job = Job(
        _filled(called, variables),
        _filled(_text(data, "calling_number"), variables) if "calling_number" in data else None,
        _document(given.get("type"), data, variables),
        _whole(options, "attempts", 1, MOST_ATTEMPTS),
        _whole(options, "delay", 0, int(LONGEST_DELAY * 1000)) / 1000,
        _backoff(options),
        chosen=bool(variables_in(called)),
    )
    if not job.called:
        raise JobFault("called_number is empty")
    try:
        read_steps_of(Document(job.document.encode(), folder))
    except DocumentFault as fault:
        raise JobFault(f"the document: {fault}") from None
    return job


def _parsed(text: str) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    raise JobFault("it is no JSON")


def _document(kind: Any, data: dict[str, Any], variables: Mapping[str, str]) -> str:
    """What who answers goes through: a message is a document with nothing else."""
    if kind == "msg_call":
        file = _filled(_text(data, "audio_file"), variables)
        return f"<IVR><Play>{escape(file)}</Play></IVR>"
    if kind != "ivr_call":
        raise JobFault("type is neither msg_call nor ivr_call")
    given = _object(data.get("ivr_xml"), "ivr_xml")
    if given.get("type") != "inline":
        raise JobFault("ivr_xml.type is not inline")
    quoted = {name: escape(value, _QUOTES) for name, value in variables.items()}
    return _filled(_text(given, "data"), quoted)


def _backoff(options: dict[str, Any]) -> float:
    given = _object(options.get("backoff", {}), "backoff")
    if given.get("type", "fixed") != "fixed":
        raise JobFault("backoff.type is not fixed")
    least, most = (int(seconds * 1000) for seconds in BACKOFF)
    if "delay" not in given:
        return USUAL_BACKOFF
    return max(least, _whole(given, "delay", 0, most)) / 1000


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return filled_in(text, variables, LONGEST_JOB)


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise JobFault(f"{name} is no object")
    return value


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise JobFault(f"{name} is no text")
    return value


def _whole(data: dict[str, Any], name: str, least: int, most: int) -> int:
    value = data.get(name, least)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise JobFault(f"{name} is no whole number from {least} to {most}")
    return value
