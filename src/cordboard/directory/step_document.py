"""The next steps of a program as a web server sends them: JSON with steps as in the file, or a
Basix XML document."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Any

from cordboard.directory.basix_xml import read_xml
from cordboard.directory.problems import Problems, Severity
from cordboard.directory.program_check import check_steps
from cordboard.directory.step_reading import PromptPlaces, read_step_tables
from cordboard.directory.steps import Step


class DocumentFault(ValueError):
    """A document that is no program; the message says why."""


@dataclass(frozen=True, slots=True)
class Document:
    """What was sent, and for whom: prompts are below ``folder``, in a ``language``."""

    body: bytes
    folder: str = ""
    language: str = "en"

    @property
    def is_xml(self) -> bool:
        """Whether it is Basix's, not JSON."""
        return self.body.removeprefix(BOM_UTF8).lstrip().startswith(b"<")


def read_steps_of(document: Document) -> tuple[Step, ...]:
    """The steps of a document; raises :class:`DocumentFault`."""
    try:
        text = document.body.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise DocumentFault("it is not UTF-8") from None
    prompts = PromptPlaces(document.folder, language=document.language, confined=True)
    problems = Problems("document", {})
    if document.is_xml:
        steps = read_xml(text, prompts, problems)
    else:
        steps = read_step_tables(_tables(text), ("steps",), prompts, problems)
    check_steps(steps, ("steps",), problems)
    for problem in problems.in_order():
        if problem.severity is Severity.ERROR:
            raise DocumentFault(f"{problem.key}: {problem.message}")
    return steps


def _tables(text: str) -> list[Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise DocumentFault("it is neither JSON nor XML") from None
    steps = document.get("steps") if isinstance(document, dict) else None
    if not isinstance(steps, list):
        raise DocumentFault('it has no list "steps"')
    return steps
