"""What goes on by itself until it is called off: our registrations, and the peers we watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cordboard.sip.registration import Registration, RegistrationSession
from cordboard.sip.watch import Watch, WatchSession

if TYPE_CHECKING:
    from cordboard.sip.core import Core
    from cordboard.sip.flow import Flow


class Standing:
    """Registrations and watches by their names; a peer may have one of each under one name."""

    __slots__ = ("_core", "_registrations", "_watches")

    def __init__(self, core: Core) -> None:
        self._core = core
        self._registrations: dict[str, RegistrationSession] = {}
        self._watches: dict[str, WatchSession] = {}

    def register(self, registration: Registration, now: float) -> None:
        """Register, and keep registered; raises :class:`ValueError` if the name is in use."""
        if registration.name in self._registrations:
            raise ValueError("a registration of this name exists")
        self._registrations[registration.name] = RegistrationSession(
            self._core, registration, self._forget_registration, now
        )

    def unregister(self, name: str, now: float) -> None:
        """Take a registration back."""
        registration = self._registrations.get(name)
        if registration is not None:
            registration.unregister(now)

    def watch(self, watch: Watch, now: float) -> None:
        """Watch a peer; raises :class:`ValueError` if the name is in use."""
        if watch.name in self._watches:
            raise ValueError("a watch of this name exists")
        self._watches[watch.name] = WatchSession(self._core, watch, now)

    def unwatch(self, name: str, now: float) -> None:
        """Watch a peer no more."""
        watch = self._watches.pop(name, None)
        if watch is not None:
            watch.dismiss(now)

    def aim(self, name: str, flow: Flow) -> None:
        """What has this name is found elsewhere from now on."""
        registration, watch = self._registrations.get(name), self._watches.get(name)
        if registration is not None:
            registration.aim(flow)
        if watch is not None:
            watch.aim(flow)

    def try_again(self, name: str, now: float) -> None:
        """What has this name and failed is not left waiting."""
        registration, watch = self._registrations.get(name), self._watches.get(name)
        if registration is not None:
            registration.try_again(now)
        if watch is not None:
            watch.try_again(now)

    @property
    def registrations(self) -> int:
        """How many registrations there are."""
        return len(self._registrations)

    def flow_lost(self, flow: Flow, now: float) -> None:
        """A way to somebody is gone, and what was under way over it has failed already."""
        for registration in tuple(self._registrations.values()):
            registration.flow_lost(flow, now)

    def shut_down(self, now: float) -> None:
        """Take every registration back, watch nobody any more."""
        for name in tuple(self._watches):
            self.unwatch(name, now)
        for registration in tuple(self._registrations.values()):
            registration.unregister(now)

    def _forget_registration(self, name: str) -> None:
        self._registrations.pop(name, None)
