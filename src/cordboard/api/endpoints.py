"""What stands at the paths of the vendors' dialects, and where v1 places calls: whoever answers a
request by one value.

These paths are fixed. So one look into a table finds who answers (:mod:`cordboard.api.edge`), and
no framework stands between.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope

from cordboard.api.answer import Answer


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Who answers at a path, whatever the HTTP method or only those of ``verbs``: ``dialect`` and
    ``method`` are what that is called in figures and in the log. ``answer`` may raise
    :class:`~cordboard.api.body.ClientGone`; whatever else comes of it, a client is told it is
    ``broken``."""

    dialect: str
    method: str
    answer: Callable[[Scope, Receive], Awaitable[Answer]]
    broken: Answer
    verbs: frozenset[str] | None = None

    def answers(self, scope: Scope) -> bool:
        """Whether a request for its path is for it."""
        return scope["type"] == "http" and (self.verbs is None or scope["method"] in self.verbs)
