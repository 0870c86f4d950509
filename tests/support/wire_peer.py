"""A SIP peer of nothing but a UDP socket: it says what a test tells it to say, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from cordboard.sip.errors import SipParseError
from cordboard.sip.message import Request, Response, parse
from cordboard.sip.responses import build_response

HOST = "127.0.0.1"


class WirePeer(asyncio.DatagramProtocol):
    """Keeps the requests that come, repeats included, and answers them as ``answer`` says: with a
    status, and header lines in full; with None not at all."""

    def __init__(self, answer: Callable[[Request], tuple[int, str] | None] | None = None) -> None:
        self.requests: list[Request] = []
        self.answer = answer
        self._transport: asyncio.DatagramTransport | None = None
        self._sources: list[tuple[str, int]] = []

    @classmethod
    async def start(
        cls, answer: Callable[[Request], tuple[int, str] | None] | None = None, port: int = 0
    ) -> WirePeer:
        """One that listens."""
        loop = asyncio.get_running_loop()
        _, peer = await loop.create_datagram_endpoint(lambda: cls(answer), (HOST, port))
        return peer

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])

    def methods(self) -> list[str]:
        """What came, each request once."""
        seen = {(one.need("via"), one.method): one.method for one in self.requests}
        return list(seen.values())

    def of(self, method: str) -> list[Request]:
        """The requests of a method, each once."""
        seen = {one.need("via"): one for one in reversed(self.requests) if one.method == method}
        return list(reversed(seen.values()))

    def respond(
        self, request: Request, status: int, lines: str = "", phrase: str | None = None
    ) -> None:
        """Answer a request, whenever it came."""
        assert self._transport is not None
        source = self._sources[self.requests.index(request)]
        data = build_response(request, status, "wire", reason=phrase, lines=lines)
        self._transport.sendto(data, source)

    def close(self) -> None:
        """Be gone."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A message came."""
        with suppress(SipParseError):
            message = parse(data)
            if isinstance(message, Response):
                return
            self.requests.append(message)
            self._sources.append(addr)
            said = None if self.answer is None else self.answer(message)
            if said is not None and message.method != "ACK":
                self.respond(message, *said)
