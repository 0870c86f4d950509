"""Where phones are registered, as it is kept over a restart: by wall time, and as text.

With a binding its Call-ID and CSeq are kept, so that an old REGISTER does not bring back what was
before (RFC 3261 10.3 step 7).
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, Final

import structlog
from pydantic import TypeAdapter

from cordboard.engines.stack_runner import StackRunner
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import Binding, BindingsChanged
from cordboard.sip.flow import Flow
from cordboard.sip.framing import PING
from cordboard.sip.left_over import way_after_restart
from cordboard.sip.rebinding import MAX_EXPIRES

_log = structlog.get_logger(__name__)

ASKED_AT_ONCE: Final = 100
ASKING_PAUSE: Final = 0.1
"""Seconds: a thousand phones a second are connected to after a restart."""

REFRESH_PAUSE: Final = 1.0
"""Seconds that registrations wait which only last longer: thousands of phones do that each minute,
and a commit costs the same for one as for many. Phones refresh long before their time is over."""

Ways = tuple[tuple[str, Flow], ...]
"""The contacts of an account and how they are reached."""

_NAMES: Final = tuple(one.name for one in fields(Binding) if one.name != "account")

_encode = json.JSONEncoder(separators=(",", ":")).encode


class KeptBindings:
    """Has kept what changes, and brings back what an earlier process knew.

    ``keep`` takes an account and its bindings as text, None where it has none; ``wall`` is seconds
    since 1970. ``mark`` tells the secrets of an account from others, and is None where there is no
    such account: who has another password by then has to register anew. Phones on connections are
    asked by a ping whether they accept one; those that do not are reachable again when they
    register.
    """

    def __init__(
        self,
        runner: StackRunner,
        keep: Callable[[str, str | None], None],
        wall: Callable[[], float] = time.time,
        mark: Callable[[str], str | None] = lambda _account: "",
    ) -> None:
        self._runner = runner
        self._keep = keep
        self._mark = mark
        self._wall = wall
        self._ways: dict[str, Ways] = {}
        self._refreshed: dict[str, BindingsChanged] = {}
        self._writing: asyncio.TimerHandle | None = None
        self._to_ask: list[Flow] = []
        self._asking: asyncio.TimerHandle | None = None

    def changed(self, event: BindingsChanged) -> None:
        """Have the bindings of an account kept: at once where its phones are elsewhere now, a
        little later and together with others where they are only good for longer."""
        ways = _ways_of(event.bindings)
        if ways and self._ways.get(event.account) == ways:
            self._refreshed[event.account] = event
            if self._writing is None:
                self._writing = self._runner.loop.call_later(REFRESH_PAUSE, self._write)
            return
        before = self._ways.pop(event.account, ())
        if ways:
            self._ways[event.account] = ways
        self._let_go_of({flow for _, flow in before} - {flow for _, flow in ways})
        self._refreshed.pop(event.account, None)
        self._put(event.account, event.bindings)

    def restore(self, kept: Mapping[str, str]) -> None:
        """Have the bindings of an earlier process that still hold; the others are not kept on."""
        now, ahead, stack = self._runner.clock(), self._ahead, self._runner.stack
        assert stack.bindings is not None  # the server is a registrar
        for account, text in kept.items():
            mark, bracket, forms = text.partition("[")
            if self._mark(account) != mark:
                self._keep(account, None)
                continue
            try:
                found, gone = read(account, bracket + forms, ahead, now)
            except ValueError as error:
                _log.warning("strange bindings", account=account, reason=type(error).__name__)
                found, gone = (), True
            if gone:
                self._put(account, found)
            if found:
                stack.bindings.restore(account, found, now)
                self._ways[account] = _ways_of(found)
                self._to_ask += [binding.flow for binding in found if binding.flow.reliable]
        self._ask()

    def close(self) -> None:
        """Write what waits, and ask nobody any more."""
        if self._writing is not None:
            self._writing.cancel()
            self._write()
        self._to_ask = []
        if self._asking is not None:
            self._asking.cancel()

    @property
    def _ahead(self) -> float:
        """By how many seconds wall time is ahead of the stack's."""
        return self._wall() - self._runner.clock()

    def _put(self, account: str, bindings: Iterable[Binding]) -> None:
        text = written(bindings, self._ahead)
        self._keep(account, None if text is None else f"{self._mark(account) or ''}{text}")

    def _let_go_of(self, flows: Iterable[Flow]) -> None:
        """Phones have connected by themselves by now: the connections that we made for them would
        take the place of others."""
        for flow in flows:
            if flow.reliable and not flow.local[1]:
                self._runner.transport.release(flow)

    def _write(self) -> None:
        self._writing = None
        refreshed, self._refreshed = self._refreshed, {}
        for event in refreshed.values():
            self._put(event.account, event.bindings)

    def _ask(self) -> None:
        """Connect to some phones; what fails is lost, and its bindings with it."""
        now_asked, self._to_ask = self._to_ask[:ASKED_AT_ONCE], self._to_ask[ASKED_AT_ONCE:]
        self._runner.transport.send((flow, PING) for flow in now_asked)
        if self._to_ask:
            self._asking = self._runner.loop.call_later(ASKING_PAUSE, self._ask)


def _ways_of(bindings: Iterable[Binding]) -> Ways:
    return tuple((binding.key, binding.flow) for binding in bindings)


def written(bindings: Iterable[Binding], ahead: float) -> str | None:
    """An account's bindings as text, None where there are none; ``ahead`` is by how many seconds
    wall time is ahead of the stack's."""
    forms = [_form(binding, ahead) for binding in bindings]
    return _encode(forms) if forms else None


def read(account: str, text: str, ahead: float, now: float) -> tuple[tuple[Binding, ...], bool]:
    """What of that still holds, with the ways to phones that another process had connections to,
    and whether anything does not. Raises :class:`ValueError` for what was not written by us."""
    try:
        forms = json.loads(text)
    except RecursionError as error:
        raise ValueError("no list of bindings") from error
    if not isinstance(forms, list):
        raise ValueError("no list of bindings")
    found = tuple(_binding(account, form, ahead, now) for form in forms)
    held = tuple(binding for binding in found if binding is not None)
    return held, len(held) < len(found)


def _form(binding: Binding, ahead: float) -> dict[str, Any]:
    form = {name: getattr(binding, name) for name in _NAMES}
    form["expires_at"] += ahead
    return form


def _binding(account: str, form: Any, ahead: float, now: float) -> Binding | None:
    if not isinstance(form, dict):
        raise ValueError("no binding")
    kept = _reader().validate_python({**form, "account": account})
    expires_at = min(kept.expires_at - ahead, now + MAX_EXPIRES)  # a clock may have been put back
    try:
        flow = way_after_restart(kept.flow, kept.contact, kept.path)
    except SipParseError:
        return None
    if flow is None or expires_at <= now or (kept.kept and flow != kept.flow):
        return None  # a flow that a phone keeps is that flow and no other (RFC 5626 5.3)
    return replace(kept, flow=flow, expires_at=expires_at)


@cache
def _reader() -> TypeAdapter[Binding]:
    return TypeAdapter(Binding)
