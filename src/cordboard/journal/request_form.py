"""A call request as it is kept: JSON, and a digest by which equal requests are known."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from cordboard.calls.request import CallRequest

_FORM = TypeAdapter(CallRequest)


def written(request: CallRequest) -> dict[str, Any]:
    """The request as JSON; what was not given is left out."""
    form: dict[str, Any] = _FORM.dump_python(request, mode="json", exclude_defaults=True)
    return form


def read(form: dict[str, Any]) -> CallRequest:
    """The request again; raises :class:`ValueError` for what is none."""
    return _FORM.validate_python(form)


def variables_in(form: dict[str, Any]) -> dict[str, Any]:
    """A written request's variables; their form is a list of pairs."""
    return {str(name): value for name, value in form.get("variables", ())}


def digest(request: CallRequest) -> str:
    """Equal for requests that ask for the same, whatever ids they were given."""
    asked = replace(request, id="")
    return hashlib.sha256(_FORM.dump_json(asked, exclude_defaults=True)).hexdigest()
