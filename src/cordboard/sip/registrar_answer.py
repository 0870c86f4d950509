"""What a registrar answers, and why it refuses."""

from __future__ import annotations

from dataclasses import dataclass

from cordboard.sip.events import BindingsChanged, RegistrationsBlocked


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back, and the event where bindings changed."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    changed: BindingsChanged | None = None
    blocked: RegistrationsBlocked | None = None
    """Where this failure was one too many."""


class Refusal(Exception):
    """A REGISTER ends here, with this answer."""

    def __init__(self, status: int, reason: str, *headers: tuple[str, str]) -> None:
        super().__init__(reason)
        self.answer = Answer(status, reason, headers)
