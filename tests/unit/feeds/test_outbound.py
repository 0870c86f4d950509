"""Where requests to tenants' URLs may go."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from aiohttp import web
from yarl import URL

from cordboard.engines.dns.memory import MemoryResolver
from cordboard.feeds import outbound as outbound_module
from cordboard.feeds.outbound import Outbound, OutboundFailed
from cordboard.feeds.public_addresses import is_public
from cordboard.feeds.step_servers import StepServers
from cordboard.sip.dns_records import Answer, Question, RecordType
from support.http_receiver import listening, prepared, taking

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "text", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808"]
)
def test_the_open_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254"),
        *("0.1.2.3", "100.64.0.1", "192.0.2.1", "224.0.0.1", "255.255.255.255", "198.18.0.1"),
        *("::1", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "::127.0.0.1",
        ),
    ],
)
def test_everything_else_is_not(text: str) -> None:
    assert not is_public(ip_address(text))


def test_nor_is_the_address_that_means_this_host() -> None:
    assert not is_public(IPv4Address(0))
    assert not is_public(IPv6Address(0))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_nothing_inside_is_reached_unless_it_may_be(host: str) -> None:
    asked: list[str] = []

    async def take(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=204)

    async with listening(taking(take)) as there, Outbound(total_timeout=5.0) as outbound:
        url = URL(there).with_host(host.strip("[]")) / "told"
        with pytest.raises(OutboundFailed, match="not on the open Internet"):
            await outbound.post(url, b"{}", {})
        assert asked == []
        assert await outbound.post(url, b"{}", {}, inside=True) == 204
        with pytest.raises(OutboundFailed):  # no connection that may go inside is used again
            await outbound.post(url, b"{}", {})
    assert asked == ["/told"]


class Names:
    """A name server in the hands of an attacker: each lookup gets the next answer, the last one
    for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def ask(self, question: Question) -> Answer:
        if question.type is not RecordType.A:
            return Answer()
        self.asked += 1
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Answer(tuple(found))


PUBLIC, INSIDE = "127.0.0.2", "127.0.0.1"
"""One of these tests' own addresses stands for the open Internet."""


@pytest.mark.parametrize(
    ("answers", "reached"),
    [
        (([PUBLIC],), [PUBLIC, PUBLIC]),
        (([PUBLIC], [INSIDE]), [PUBLIC]),
        (([INSIDE], [PUBLIC]), [PUBLIC]),
        (([INSIDE, PUBLIC],), [PUBLIC, PUBLIC]),
        (([INSIDE],), []),
    ],
)
async def test_a_name_that_changes_its_mind_leads_nowhere_inside(
    answers: tuple[list[str], ...], reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: what was looked at is what is connected to, each time anew."""
    names = Names(*answers)
    asked: list[str] = []
    monkeypatch.setattr(
        outbound_module, "is_public", lambda one: str(one) == PUBLIC or is_public(one)
    )

    async def take(request: web.Request) -> web.Response:
        assert request.transport is not None
        asked.append(request.transport.get_extra_info("sockname")[0])
        return web.Response(status=204, headers={"Connection": "close"})

    outside = socket.create_server((PUBLIC, 0))
    port = outside.getsockname()[1]
    async with (
        prepared(taking(take)) as runner,
        Outbound(total_timeout=5.0, resolver=names) as outbound,
    ):
        await web.SockSite(runner, outside).start()
        await web.SockSite(runner, socket.create_server((INSIDE, port))).start()
        for _ in range(2):
            with suppress(OutboundFailed):
                await outbound.post(URL(f"http://told.example:{port}/"), b"{}", {})
    assert asked == reached
    assert names.asked == 2


async def test_names_that_nobody_answers_for_delay_no_others() -> None:
    async def take(_request: web.Request) -> web.Response:
        return web.Response(status=204)

    class Silent(MemoryResolver):
        """No answer comes for names of one domain."""

        async def ask(self, question: Question) -> Answer:
            if question.name.endswith("silent.example"):
                await asyncio.Event().wait()
            return await super().ask(question)

    resolver = Silent()
    resolver.add(RecordType.A, "told.example", INSIDE)
    async with (
        listening(taking(take)) as there,
        Outbound(total_timeout=5.0, resolver=resolver) as outbound,
    ):

        async def told(name: str) -> int:
            return await outbound.post(URL(there).with_host(name), b"{}", {}, inside=True)

        waiting = [asyncio.create_task(told(f"{one}.silent.example")) for one in range(50)]
        await asyncio.sleep(0)
        assert await asyncio.wait_for(told("told.example"), 2.0) == 204
        with pytest.raises(OutboundFailed, match="the name has no address"):
            await told("nobody.example")
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_an_answer_counts_though_its_body_does_not_come() -> None:
    async def half(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        try:
            await asyncio.sleep(5.0)
        finally:
            writer.close()

    server = await asyncio.start_server(half, INSIDE, 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Outbound(total_timeout=0.2) as outbound:
        assert await outbound.post(URL(f"http://{INSIDE}:{port}/"), b"{}", {}, inside=True) == 200


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/steps", None),
        ("/gone", "status 404"),
        ("/moved", "status 302"),
        ("/endless", "longer than"),
        ("/slow", "no answer in time"),
    ],
)
async def test_what_is_asked_for_is_bounded(path: str, fault: str | None) -> None:
    forms: list[str] = []

    async def take(request: web.Request) -> web.StreamResponse:
        forms.append(await request.text())
        if path == "/slow":
            await asyncio.sleep(60.0)
        if path == "/moved":
            raise web.HTTPFound("/steps")
        if path == "/gone":
            raise web.HTTPNotFound
        octets = 70_000 if path == "/endless" else 60_000
        return web.Response(body=b"x" * octets)

    async with listening(taking(take)) as there, Outbound(total_timeout=0.5) as outbound:
        url = f"{there}{path}"
        servers = StepServers(outbound, lambda tenant: tenant == "demo", LookupError)
        if fault is None:
            assert await servers.ask("demo", url, {"A": "x y&"}) == b"x" * 60_000
            assert await servers.ask("demo", url, None) == b"x" * 60_000
            assert forms == ["A=x+y%26", ""]
        else:
            forms_sent: tuple[dict[str, str] | None, ...] = ({}, None)
            for form in forms_sent:
                with pytest.raises(LookupError, match=fault):
                    await servers.ask("demo", url, form)
        with pytest.raises(LookupError, match="not on the open Internet"):
            await servers.ask("other", url, {})
        with pytest.raises(LookupError, match="the URL is not an http or https URL"):
            await servers.ask("demo", "ftp://a.test/", {})
