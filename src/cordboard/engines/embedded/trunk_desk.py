"""The trunk desk: keeps trunks registered and watched, and knows how they are.

A trunk that is to be registered with, or asked whether it is there, is located and handed to the
SIP stack, which goes on with it by itself. What the desk adds is where to: when one server of a
trunk fails the next one that was found takes its place, and after the last they are looked for
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import structlog

from cordboard.calls.planning.trunks import full_name
from cordboard.calls.trunk_state import UNWATCHED, TrunkState
from cordboard.engines.embedded.trunk_addresses import first_hop, registration_with, watch_of
from cordboard.sip.errors import SipBuildError, SipParseError
from cordboard.sip.events import ReachabilityChanged, RegistrationFailed, RegistrationSucceeded

if TYPE_CHECKING:
    from cordboard.directory.model import Trunk
    from cordboard.directory.snapshot import Directory
    from cordboard.sip.flow import Flow
    from cordboard.sip.locating import Located, Target
    from cordboard.sip.stack import SipStack
    from cordboard.sip.uri import SipUri

_log = structlog.get_logger(__name__)

LOOK_AGAIN_SECONDS: Final = 30.0
"""Until a trunk is looked for again that was not found: as long as a registration rests."""

ANOTHER_MAY_HELP: Final = frozenset({408, 500, 502, 503, 504})
"""Answers to REGISTER that say something of the server and nothing of us."""


class Finder(Protocol):
    """Finds servers, and hears which of them fail."""

    def targets(self, uri: SipUri, then: Callable[[Located], None]) -> None:
        """Call ``then`` with the servers of a URI, the best first."""

    def failed(self, target: Target, now: float) -> None:
        """A server did not answer."""

    def answered(self, target: Target) -> None:
        """A server has answered."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the desk needs of those around it: ``flow_to`` opens a way to a server (None where we
    have none), ``own_host`` is our address on it, ``later`` calls back after so many seconds."""

    stack: SipStack
    finder: Finder
    flow_to: Callable[[Target], Flow | None]
    own_host: Callable[[Flow], str]
    clock: Callable[[], float]
    later: Callable[[float, Callable[[], None]], object]
    pump: Callable[[], None]


class _Way(NamedTuple):
    target: Target
    flow: Flow


class _Kept:
    """A trunk, the servers it was found at, which of them is used, and how it is."""

    __slots__ = ("begun", "name", "place", "state", "trunk", "ways")

    def __init__(self, name: str, trunk: Trunk) -> None:
        self.name = name
        self.trunk = trunk
        self.ways: list[_Way] = []
        self.place = 0
        self.begun = False
        self.state = UNWATCHED

    @property
    def way(self) -> _Way:
        return self.ways[self.place]


class TrunkDesk:
    """All trunks of a directory that are to be kept an eye on."""

    def __init__(self, outside: Outside) -> None:
        self._outside = outside
        self._kept: dict[str, _Kept] = {}

    def follow(self, directory: Directory) -> None:
        """Begin with the trunks that are new or have changed, leave those that have gone."""
        wanted = {
            full_name(trunk, tenant.domain): trunk
            for tenant in directory.tenants
            for trunk in tenant.trunks
            if trunk.watched
        }
        for kept in tuple(self._kept.values()):
            if wanted.get(kept.name) != kept.trunk:
                self._leave(kept)
        for name, trunk in wanted.items():
            if name not in self._kept:
                kept = self._kept[name] = _Kept(name, trunk)
                self._look_for(kept)

    def close(self) -> None:
        """Forget all trunks; the stack takes the registrations back as it shuts down."""
        self._kept.clear()

    def state(self, name: str) -> TrunkState:
        """How a trunk (``name@domain``) is; nothing is known of one that is not watched."""
        kept = self._kept.get(name)
        return UNWATCHED if kept is None else kept.state

    def server_of(self, name: str) -> Target | None:
        """The server by which a trunk is up now, None where that is not known."""
        kept = self._kept.get(name)
        return kept.way.target if kept is not None and kept.state.word == "up" else None

    # What happens

    def registered(self, event: RegistrationSucceeded) -> None:
        """A trunk took our registration, or let it go."""
        kept = self._kept.get(event.registration)
        if kept is not None and event.expires:
            self._outside.finder.answered(kept.way.target)
            self._note(kept, registered=True)

    def not_registered(self, event: RegistrationFailed) -> None:
        """A trunk refused our registration, or did not answer."""
        kept = self._kept.get(event.registration)
        if kept is not None:
            self._note(kept, registered=False, reason=f"{event.status} {event.reason}")
            if event.status in ANOTHER_MAY_HELP:
                self._try_elsewhere(kept)

    def reachability_changed(self, event: ReachabilityChanged) -> None:
        """A trunk answers again, or not any more."""
        kept = self._kept.get(event.watch)
        if kept is None:
            return
        self._note(kept, reachable=event.reachable, reason=event.reason)
        if event.reachable:
            self._outside.finder.answered(kept.way.target)
        else:
            self._try_elsewhere(kept)

    # Where it is

    def _look_for(self, kept: _Kept) -> None:
        if self._kept.get(kept.name) is not kept:
            return  # it has gone since
        try:
            self._outside.finder.targets(first_hop(kept.trunk), partial(self._found, kept))
        except SipParseError as error:
            self._not_found(kept, str(error))

    def _found(self, kept: _Kept, located: Located) -> None:
        if self._kept.get(kept.name) is not kept:
            return
        ways = [
            _Way(target, flow)
            for target in located.targets
            if (flow := self._outside.flow_to(target)) is not None
        ]
        if not ways:
            self._not_found(kept, located.fault or "there is no way to it")
            return
        kept.ways, kept.place = ways, 0
        if kept.begun:
            self._outside.stack.aim(kept.name, kept.way.flow)
        else:
            self._begin(kept)
        self._outside.pump()

    def _not_found(self, kept: _Kept, fault: str) -> None:
        reachable = False if kept.trunk.ping else None
        registered = False if kept.trunk.register else None
        self._note(kept, reachable=reachable, registered=registered, reason=fault)
        self._outside.later(LOOK_AGAIN_SECONDS, partial(self._look_for, kept))

    def _begin(self, kept: _Kept) -> None:
        stack, now, flow = self._outside.stack, self._outside.clock(), kept.way.flow
        own_host = self._outside.own_host(flow)
        kept.begun = True
        try:
            if kept.trunk.register:
                wanted = registration_with(kept.trunk, kept.name, flow, own_host)
                stack.register(replace(wanted, hurried=len(kept.ways) > 1), now)
            if kept.trunk.ping:
                stack.watch(watch_of(kept.trunk, kept.name, flow, own_host), now)
        except SipBuildError as error:
            self._note(kept, reachable=False, reason=str(error))

    def _try_elsewhere(self, kept: _Kept) -> None:
        """Go to the next server at once; after the last, look where the trunk is by now."""
        stack, now = self._outside.stack, self._outside.clock()
        self._outside.finder.failed(kept.way.target, now)
        if kept.place + 1 < len(kept.ways):
            kept.place += 1
            stack.aim(kept.name, kept.way.flow)
            stack.try_again(kept.name, now)
        else:
            self._look_for(kept)

    def _leave(self, kept: _Kept) -> None:
        del self._kept[kept.name]
        now = self._outside.clock()
        self._outside.stack.unregister(kept.name, now)
        self._outside.stack.unwatch(kept.name, now)

    # How it is

    def _note(
        self,
        kept: _Kept,
        *,
        reachable: bool | None = None,
        registered: bool | None = None,
        reason: str = "",
    ) -> None:
        """Take note of what is new; what is None stays as it was."""
        was = kept.state
        now_reachable = was.reachable if reachable is None else reachable
        now_registered = was.registered if registered is None else registered
        good = now_reachable is not False and now_registered is not False
        state = TrunkState(
            now_reachable,
            now_registered,
            "" if good else reason or was.reason,
            was.since,
            str(kept.way.target) if kept.ways else None,
            kept.trunk.register and now_registered is None,
        )
        if state.word != was.word:
            state = replace(state, since=self._outside.clock())
            why = {"reason": state.reason} if state.reason else {}
            log = _log.info if good else _log.warning
            log("a trunk is " + state.word, trunk=kept.name, at=state.target, **why)
        kept.state = state
