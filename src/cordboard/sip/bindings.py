"""The registrar as part of a stack: its events among the others, its expiry among the timers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.nat_pings import NatPings

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.events import Binding
    from cordboard.sip.flow import Flow
    from cordboard.sip.message import Request
    from cordboard.sip.registrar import Registrar
    from cordboard.sip.registrar_answer import Answer
    from cordboard.sip.wheel import Timer

# Expired bindings are swept together: one pass over all of them a second at most.
SWEEP_PAUSE = 1.0


class Bindings:
    """Feeds the registrar and passes on what changed."""

    __slots__ = ("_core", "_due", "_pings", "_registrar", "_timer")

    def __init__(self, core: Core, registrar: Registrar) -> None:
        self._core = core
        self._registrar = registrar
        self._timer: Timer | None = None
        self._due = 0.0
        every = core.settings.keepalive
        self._pings = NatPings(core, registrar, every) if every else None

    def register(self, request: Request, flow: Flow, now: float) -> Answer | None:
        """Answer one REGISTER, or ignore it (None)."""
        answer = self._registrar.handle(request, flow, now)
        if answer is None:
            return None
        if answer.blocked is not None:
            self._core.events.append(answer.blocked)
        if answer.changed is not None:
            self._core.events.append(answer.changed)
            for binding in answer.changed.bindings:
                self._look_after(binding, now)
                self._core.phone_calls.follow(binding.phone, binding.flow, now)
        return answer

    def _look_after(self, binding: Binding, now: float) -> None:
        """See that it expires, and that its NAT stays open."""
        self._expire_at(max(binding.expires_at, now))
        if self._pings is not None and not binding.flow.reliable:
            self._pings.follow(binding.account, binding.flow, now)

    def restore(self, account: str, bindings: tuple[Binding, ...], now: float) -> None:
        """Have the bindings of an account that an earlier process knew."""
        if self._registrar.restore(account, bindings):
            for binding in bindings:
                self._look_after(binding, now)

    def connection_lost(self, flow: Flow) -> None:
        """Drop what was reached over a connection that is gone."""
        self._core.events.extend(self._registrar.connection_lost(flow))

    def _expire_at(self, due: float) -> None:
        if self._timer is not None:
            if self._due <= due:
                return
            self._core.wheel.cancel(self._timer)
        self._due = due
        self._timer = self._core.wheel.schedule(due, self._on_timer)

    def _on_timer(self, now: float) -> None:
        self._timer = None
        self._core.events.extend(self._registrar.expire(now))
        following = self._registrar.next_expiry()
        if following is not None:
            self._expire_at(max(following, now + SWEEP_PAUSE))
