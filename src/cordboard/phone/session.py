"""A phone from its start to Ctrl-C, SIGTERM or its last call."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cordboard.addresses import Family, family_of, is_address
from cordboard.engines.embedded.local_media import LocalMediaPlane
from cordboard.engines.tls import TlsContexts, TlsSettings
from cordboard.engines.transport import ListenError
from cordboard.engines.udp import route_address
from cordboard.media.sources import FrameSource
from cordboard.phone.account import Account, Place
from cordboard.phone.happenings import Happening, What
from cordboard.phone.phone import Phone
from cordboard.phone.script import Script
from cordboard.sip.digest import Credentials

EXIT_PROBLEM: Final = 1

MEDIA_PORTS: Final = (30_000, 31_999)
"""Apart from the server's own 20000 to 29999, so that both may run on one machine."""

WARM_PAIRS: Final = 2

WRONG_CREDENTIALS: Final = (401, 403, 404, 407)
"""Statuses of REGISTER that trying again does not mend."""


class PhoneProblem(Exception):
    """The phone can't work: the message says why."""


@dataclass(frozen=True, slots=True)
class PhoneOptions:
    """One run of a phone. ``server`` None: it takes any number at ``local``."""

    name: str
    server: tuple[str, int] | None = None
    secret: str = field(default="", repr=False)
    domain: str = "demo"
    transport: str = "udp"
    tls: TlsSettings = field(default_factory=TlsSettings)
    local: tuple[str, int] | None = None
    script: Script = field(default_factory=Script)
    voice: FrameSource | None = None
    record_to: Path | None = None
    count: int | None = None
    told: Literal["lines", "json", "nothing"] = "lines"


async def run_phone(options: PhoneOptions) -> int:
    """Run until a signal, or ``count`` calls are over; 0, or 1 if the server refuses the account.

    Raises :class:`PhoneProblem` where it can't start.
    """
    ending = asyncio.Event()
    refused: list[Happening] = []
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, ending.set)

    def listen(happening: Happening) -> None:
        _print(happening, options.told)
        status = happening.data.get("status")
        if happening.what is What.REGISTRATION_FAILED and status in WRONG_CREDENTIALS:
            refused.append(happening)
            ending.set()

    def call_over(number: int) -> None:
        if options.count is not None and number >= options.count:
            ending.set()

    account = await _account(options)
    place = _place(options, account)
    media = LocalMediaPlane(place.host, port_range=MEDIA_PORTS, warm=WARM_PAIRS)
    phone = Phone(
        options.name,
        place,
        media,
        listen,
        account=account,
        script=options.script,
        voice=options.voice,
        record_to=options.record_to,
        call_over=call_over,
        tls=TlsContexts(options.tls) if options.transport == "tls" else None,
    )
    try:
        await phone.start()
        await ending.wait()
    except ListenError as error:
        raise PhoneProblem(str(error)) from None
    finally:
        await phone.stop()
        media.close()
    return EXIT_PROBLEM if refused else 0


async def _account(options: PhoneOptions) -> Account | None:
    if options.server is None:
        return None
    host, port = options.server
    family = socket.AF_UNSPEC
    if options.local is not None and is_address(options.local[0]):
        own = family_of(options.local[0])
        family = socket.AF_INET6 if own is Family.IPV6 else socket.AF_INET
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, family=family, type=socket.SOCK_DGRAM
        )
    except (OSError, UnicodeError):
        raise PhoneProblem(f"{host} has no address that can be used") from None
    address = str(found[0][4][0])
    credentials = Credentials(options.name, options.secret)
    return Account(credentials, (address, port), options.domain, options.transport, host)


def _place(options: PhoneOptions, account: Account | None) -> Place:
    if options.local is not None:
        transports = ("udp", "tcp") if account is None else (options.transport,)
        return Place(*options.local, transports)
    assert account is not None  # a phone without an account has a place of its own
    host = route_address(account.server)
    if host is None:
        raise PhoneProblem(f"there is no way to {account.server[0]}")
    return Place(host, 0, (options.transport,))


def _print(happening: Happening, told: str) -> None:
    if told != "nothing":
        line = happening.as_json() if told == "json" else happening.as_line()
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
