"""Who may call us: asked of each INVITE before anything is kept of it (RFC 3261 8.2.7, 22.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request
    from cordboard.sip.registrar_answer import Answer


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """Somebody who may call: the account that he has proven to be, or else the peers whose address
    he calls from, by the names that our user has for them."""

    account: str | None = None
    peers: tuple[str, ...] = ()


class Callers(Protocol):
    """Who judges them."""

    def judge(self, request: Request, flow: Flow, now: float) -> KnownCaller | Answer | None:
        """Who sends an INVITE, or what to answer to him; None: nothing. Never raises."""
