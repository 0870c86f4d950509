"""The phones of the demonstration and the outside network: in this process, on real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from cordboard.directory.model import Terminal
from cordboard.directory.snapshot import TenantDirectory
from cordboard.engines.embedded.local_media import LocalMediaPlane
from cordboard.phone.account import Account, Place
from cordboard.phone.happenings import Happening, What
from cordboard.phone.phone import Phone
from cordboard.phone.script import MANY_LINES, Script
from cordboard.phone.voice import Sine
from cordboard.sip.digest import Credentials
from cordboard.sip.uri import parse_uri

HOST: Final = "127.0.0.1"
MEDIA_PORTS: Final = (30_000, 31_999)
REGISTER_SECONDS: Final = 5.0

FIRST_PHONE_ANSWERS: Final = 1.2
"""Seconds until a user's first phone is picked up; his other ones only ring."""

ONE_AFTER_ANOTHER: Final = 0.1
"""Seconds by which each user is slower than the one before, so that of a group one is first."""

USERS_TALK: Final = 6.0
"""Seconds until a user hangs up: longer than the outside network talks, which does so first."""

OUTSIDE_ANSWERS: Final = 1.5
OUTSIDE_TALKS: Final = 3.0

OUTSIDE_HERTZ: Final = 1000
LOWEST_HERTZ: Final = 300
STEP_HERTZ: Final = 40
"""Each phone has a tone of its own, so that a recording tells who was heard."""


class NoRegistration(Exception):
    """A phone of the demonstration did not get registered; the message says which and why."""


class House:
    """Every terminal of a tenant as a phone, and one phone that takes every outside number.

    ``told`` gets whatever happens to any of them.
    """

    def __init__(
        self,
        tenant: TenantDirectory,
        server: tuple[str, int],
        told: Callable[[Happening], None],
    ) -> None:
        self._told = told
        self._registered = 0
        self._refusal: Happening | None = None
        self._changed = asyncio.Event()
        self._media = LocalMediaPlane(HOST, port_range=MEDIA_PORTS)
        self.outside = self._outside(tenant)
        first_phones = {user.terminals[0] for user in tenant.users if user.terminals}
        self.phones = [
            self._phone(terminal, tenant, server, place, terminal.name in first_phones)
            for place, terminal in enumerate(tenant.terminals)
        ]
        self._starting: list[Phone] = []

    async def start(self) -> None:
        """Start all phones and see them registered.

        Raises :class:`NoRegistration`, and :class:`~cordboard.engines.transport.ListenError` where
        the outside network's port is taken.
        """
        for phone in (*([self.outside] if self.outside else []), *self.phones):
            self._starting.append(phone)
            await phone.start()
        try:
            async with asyncio.timeout(REGISTER_SECONDS):
                while self._registered < len(self.phones):
                    if self._refusal is not None:
                        raise NoRegistration(self._refusal.as_line().strip())
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            missing = len(self.phones) - self._registered
            raise NoRegistration(
                f"{missing} of {len(self.phones)} phones are not registered "
                f"after {REGISTER_SECONDS:.0f} s"
            ) from None

    async def stop(self) -> None:
        """Hang up and unregister all phones."""
        await asyncio.gather(*(phone.stop() for phone in self._starting))
        self._media.close()

    async def wait_until_quiet(self) -> None:
        """Wait until no phone is in a call or rings."""
        while any(phone.calls for phone in self._starting):
            self._changed.clear()
            await self._changed.wait()

    def _phone(
        self,
        terminal: Terminal,
        tenant: TenantDirectory,
        server: tuple[str, int],
        place: int,
        answers: bool,
    ) -> Phone:
        patience = FIRST_PHONE_ANSWERS + ONE_AFTER_ANOTHER * place if answers else None
        # The directory keeps no passwords, only what digest needs (RFC 3261 22.4).
        account = Account(
            Credentials(terminal.name, ha1=terminal.ha1), server, tenant.policy.domain
        )
        return Phone(
            terminal.name,
            Place(HOST),
            self._media,
            self._listen,
            account=account,
            script=Script(answer_after=patience, hang_up_after=USERS_TALK),
            voice=Sine(LOWEST_HERTZ + STEP_HERTZ * (place % 16)),
            call_over=self._call_over,
        )

    def _outside(self, tenant: TenantDirectory) -> Phone | None:
        """The peer of the first trunk, if that is on this machine."""
        for trunk in tenant.trunks:
            address = parse_uri(trunk.uri).address
            if address[0] in (HOST, "localhost"):
                return Phone(
                    "outside",
                    Place(HOST, address[1]),
                    self._media,
                    self._listen,
                    script=Script(
                        answer_after=OUTSIDE_ANSWERS,
                        hang_up_after=OUTSIDE_TALKS,
                        lines=MANY_LINES,
                    ),
                    voice=Sine(OUTSIDE_HERTZ),
                    call_over=self._call_over,
                )
        return None

    def _call_over(self, _number: int) -> None:
        self._changed.set()

    def _listen(self, happening: Happening) -> None:
        if happening.what is What.REGISTERED:
            self._registered += 1
        elif happening.what is What.REGISTRATION_FAILED:
            self._refusal = happening
        self._changed.set()
        self._told(happening)
