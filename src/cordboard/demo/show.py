"""The demonstration, act by act: the house comes up, a request is made, the call is watched."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

from cordboard.addresses import written
from cordboard.api.v1.ladder import draw
from cordboard.commands.client import ApiClient, ServerError
from cordboard.configuration.settings import Settings
from cordboard.demo.house import House, NoRegistration
from cordboard.demo.mailbox import Mailbox
from cordboard.demo.screen import Screen, compact, one_line
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.transport import ListenError
from cordboard.serving.http_server import ServiceFailed
from cordboard.serving.logs import configure_logs
from cordboard.serving.service import Service

EXIT_PROBLEM: Final = 1
DOMAIN: Final = "demo"
TOKEN: Final = "demo-token"  # noqa: S105 - printed in the documentation, opens the demo only
CALLBACK_SECONDS: Final = 5.0
QUIET_SECONDS: Final = 5.0

# The vendor's page on call_user, Example 1: user 10001001 is connected with 0312341234.
REQUEST: Final[dict[str, Any]] = {"user_id": 10001001, "destination": "0312341234"}


class DemoFailed(Exception):
    """The demonstration can't go on: the message says why and what to do."""


async def run_demo(settings: Settings, directory: Directory, *, once: bool = False) -> int:
    """Show it until SIGTERM or Ctrl-C, or with ``once`` until the call is over; the exit code."""
    configure_logs(logging.WARNING)
    ending = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ending.set)
    screen = Screen()
    try:
        async with AsyncExitStack() as stack:
            show = _Show(settings, directory, screen, stack)
            acts = loop.create_task(show.play(once=once))
            end = loop.create_task(ending.wait())
            await asyncio.wait((acts, end), return_when=asyncio.FIRST_COMPLETED)
            if acts.done():
                acts.result()
                if not once:
                    await end
            for task in (acts, end):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        screen.text("\nGood-bye.")
    except (DemoFailed, ServiceFailed, ListenError, NoRegistration, ServerError) as error:
        screen.problem(str(error))
        return EXIT_PROBLEM
    return 0


class _Show:
    """``stack`` ends, in reverse order, what the acts begin."""

    def __init__(
        self, settings: Settings, directory: Directory, screen: Screen, stack: AsyncExitStack
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._screen = screen
        self._stack = stack
        self._base_url = f"http://{written(*settings.http)}"
        self._client = ApiClient(self._base_url, DOMAIN, TOKEN)

    async def play(self, *, once: bool) -> None:
        """All acts."""
        tenant = self._tenant()
        await self._serve()
        house = await self._furnish(tenant)
        mailbox = Mailbox(self._screen.callback)
        await mailbox.start()
        self._stack.push_async_callback(mailbox.stop)
        call = await self._request(mailbox.url)
        await self._watch(call, house, mailbox)
        await self._draw(call)
        if not once:
            self._say_what_next(call)

    def _tenant(self) -> TenantDirectory:
        tenant = self._directory.tenant(DOMAIN)
        if tenant is None or tenant.authenticate(TOKEN) is None:
            raise DemoFailed(
                f"the demonstration needs the tenant {DOMAIN!r} with the token {TOKEN!r}, "
                "as in examples/demo.toml"
            )
        return tenant

    async def _serve(self) -> None:
        service = Service(self._settings, self._directory)
        self._stack.push_async_callback(service.stop)
        try:
            await service.start()
        except ServiceFailed as error:
            raise DemoFailed(_in_the_way(str(error), "the file's [http] and [sip]")) from error

    async def _furnish(self, tenant: TenantDirectory) -> House:
        screen = self._screen
        house = House(tenant, self._sip(), screen.phone)
        self._stack.push_async_callback(house.stop)
        try:
            await house.start()
        except ListenError as error:
            where = f"the trunk's uri, [tenant.{DOMAIN}.trunk]"
            raise DemoFailed(_in_the_way(str(error), where)) from error
        screen.title("Cordboard is up")
        screen.fact("API", self._base_url)
        screen.fact("SIP", ", ".join(str(listener) for listener in self._settings.sip))
        screen.fact("phones", one_line(phone.name for phone in house.phones))
        if house.outside is not None:
            screen.fact("outside", f"any other number is answered, at {tenant.trunks[0].uri}")
        return house

    async def _request(self, callback_url: str) -> str:
        screen, body = self._screen, {**REQUEST, "callback_url": callback_url}
        screen.title("A documented request of Basix: call_user, Example 1, with a callback")
        screen.code(_curl(self._base_url, "call_user", body))
        screen.text()
        answer, call = await asyncio.to_thread(self._client.post, "/basix/api/call_user", body)
        screen.text(f"  {compact(answer)}")
        if call is None:
            raise DemoFailed("the server refused the call")
        return call

    async def _watch(self, call: str, house: House, mailbox: Mailbox) -> None:
        screen = self._screen
        screen.title("What happens")
        screen.text("  call, first, second: the server's events.  ☎: what its phone says.\n")
        screen.go_on()
        await self._follow(call, screen.event)
        async with asyncio.timeout(CALLBACK_SECONDS):
            await mailbox.arrived.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(QUIET_SECONDS):
                await house.wait_until_quiet()
        await screen.settle()

    async def _follow(self, call: str, told: Callable[[dict[str, Any]], None]) -> None:
        """The server's events of a call over HTTP, until it has ended."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            for event in self._client.events(call):
                loop.call_soon_threadsafe(told, event)

        await asyncio.to_thread(read)

    async def _draw(self, call: str) -> None:
        self._screen.title("Its SIP messages")
        ladder = await asyncio.to_thread(self._client.get, f"/v1/calls/{call}/ladder")
        self._screen.text(draw(ladder))

    def _say_what_next(self, call: str) -> None:
        screen = self._screen
        screen.title("Now you: the server and its phones stay up until Ctrl-C")
        screen.text("  In another terminal, any request of the vendor's pages:\n")
        body = {"user_name": "jessica", "calling_name": "Thomas Jenkins", "destination": "thomas"}
        screen.code(_curl(self._base_url, "call_user", body))
        screen.text("\n  all that happens, as it happens:\n")
        screen.code(f"curl -N -u {DOMAIN}:{TOKEN} {self._base_url}/v1/events")
        screen.text("\n  or the commands, which say what happens:\n")
        command = _command()
        screen.code(
            f"export CORDBOARD_TOKEN={TOKEN}\n"
            f"{command} call --user helen --to sales\n"
            f"{command} explain --user bob --to 0312341234\n"
            f"{command} ladder {call}\n"
            f"{command} phone --user jessica-soft --secret demo-jessica-soft --answer-after 0.5"
        )
        screen.text()

    def _sip(self) -> tuple[str, int]:
        """Where phones of this machine find the server by UDP."""
        for listener in self._settings.sip:
            if listener.transport == "udp":
                host = "127.0.0.1" if listener.host in ("0.0.0.0", "::") else listener.host  # noqa: S104 - a wildcard is read here, not bound
                return host, listener.port
        raise DemoFailed('the demonstration needs "udp:..." in [sip] listen')


def _curl(base_url: str, method: str, body: dict[str, Any]) -> str:
    return (
        f"curl -u {DOMAIN}:{TOKEN} {base_url}/basix/api/{method} \\\n"
        "     -H 'Content-Type: application/json' \\\n"
        f"     -d '{compact(body)}'"
    )


def _command() -> str:
    """How the command is called from where the demonstration was started."""
    path = os.path.join(os.path.dirname(sys.executable), "cordboard")
    return os.path.relpath(path) if os.path.exists(path) else "python -m cordboard"


def _in_the_way(problem: str, where: str) -> str:
    return (
        f"{problem}\nIf another server (or another demonstration) has that port, stop it; "
        f"or give other ports in {where}."
    )
