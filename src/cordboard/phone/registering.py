"""A phone's registration at its server: asked for, told of, and taken back in the end."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from cordboard.engines.stack_runner import StackRunner
from cordboard.phone.account import Account
from cordboard.phone.happenings import What
from cordboard.sip.events import RegistrationFailed, RegistrationSucceeded

UNREGISTER_SECONDS: Final = 2.0
"""How long stopping waits for the server to take note of it."""


class Tell(Protocol):
    """Takes what happened to the phone, or to one of its calls."""

    def __call__(self, what: What, call_id: str | None = None, **data: object) -> None: ...


class Registering:
    """Keeps one account registered through the phone's stack."""

    def __init__(self, account: Account, runner: StackRunner, tell: Tell) -> None:
        self._account = account
        self._runner = runner
        self._tell = tell
        self._over = asyncio.Event()

    def begin(self) -> None:
        """Ask for it; it is renewed by itself from then on."""
        account, runner = self._account, self._runner
        flow = runner.transport.flow_to(account.transport, account.server, account.server_name)
        runner.stack.register(account.registration(flow), runner.clock())
        runner.pump()

    async def end(self) -> None:
        """Take it back, and wait until the server knows, or does not answer."""
        self._runner.stack.unregister(self._account.user, self._runner.clock())
        self._runner.pump()
        try:
            async with asyncio.timeout(UNREGISTER_SECONDS):
                await self._over.wait()
        except TimeoutError:
            pass  # the binding expires by itself

    def succeeded(self, event: RegistrationSucceeded) -> None:
        """The server took note of the phone, or of its leaving."""
        if event.expires == 0:
            self._tell(What.UNREGISTERED)
            self._over.set()
        else:
            self._tell(What.REGISTERED, expires=event.expires)

    def failed(self, event: RegistrationFailed) -> None:
        """The server refused it, or is out of reach; it is tried again by itself."""
        self._tell(What.REGISTRATION_FAILED, status=event.status, reason=event.reason)
        self._over.set()
