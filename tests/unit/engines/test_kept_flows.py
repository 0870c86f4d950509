"""A phone with two connections, on real sockets: called over one, and over the other when that
one goes or its proxy says that nobody is there any more (RFC 5626 7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cordboard.calls.ports import Contact, Failed, TerminalEndpoint
from cordboard.sip.digest import Credentials, answer_challenge
from cordboard.sip.framing import StreamFramer
from cordboard.sip.message import Request, Response, parse
from support.engine_rigs import DOMAIN, SECRET, EmbeddedRig, embedded_rig
from support.waiting import BOUND

pytestmark = pytest.mark.anyio

INSTANCE = '"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
CONTACT = f"<sip:desk@10.0.0.7:5060;transport=tcp>;+sip.instance={INSTANCE}"


class Connection:
    """One of the phone's connections."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._framer = StreamFramer()
        self._messages: list[bytes] = []

    async def next(self) -> Request | Response:
        """The next message."""
        async with asyncio.timeout(BOUND):
            while not self._messages:
                data = await self._reader.read(65536)
                assert data, "the server has cut the connection"
                self._messages += self._framer.feed(data)
        return parse(self._messages.pop(0))

    def say(self, message: Request | Response) -> None:
        """Send a message."""
        self._writer.write(bytes(message))

    def answer(self, request: Request, status: int, phrase: str) -> None:
        """Answer a request."""
        names = ("via", "from", "call-id", "cseq")
        headers = {name: request.headers[name] for name in names}
        self.say(Response(status, phrase, {**headers, "to": [f"{request.need('to')};tag=far"]}))

    async def register(self, reg_id: int) -> Response:
        """Register this connection as a flow."""
        uri, credentials = f"sip:{DOMAIN}", Credentials("desk", SECRET)
        headers = {
            "max-forwards": ["70"],
            "from": [f"<sip:desk@{DOMAIN}>;tag=phone"],
            "to": [f"<sip:desk@{DOMAIN}>"],
            "call-id": [f"registration {reg_id}"],
            "contact": [f"{CONTACT};reg-id={reg_id}"],
            "supported": ["outbound, path"],
            "expires": ["600"],
        }
        given: list[str] = []
        for number in (1, 2):
            more = {
                "via": [f"SIP/2.0/TCP 10.0.0.7;branch=z9hG4bK{reg_id}{number}"],
                "cseq": [f"{number} REGISTER"],
            }
            if given:
                more["authorization"] = given
            self.say(Request("REGISTER", uri, {**headers, **more}))
            answer = await self.next()
            assert isinstance(answer, Response)
            if answer.status != 401:
                return answer
            challenge = answer.need("www-authenticate")
            value = answer_challenge([challenge], credentials, "REGISTER", uri, cnonce="c")
            assert value is not None
            given = [value]
        raise AssertionError("it is challenged again and again")

    def close(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()


@asynccontextmanager
async def two_flows() -> AsyncIterator[tuple[EmbeddedRig, Connection, Connection]]:
    """An engine, and a phone that has registered two connections one after the other."""
    async with embedded_rig("tcp") as rig:
        made = []
        for reg_id in (1, 2):
            connection = Connection(
                *await asyncio.open_connection(rig.server.host, rig.server.port)
            )
            answer = await connection.register(reg_id)
            assert (answer.status, answer.need("require")) == (200, "outbound")
            made.append(connection)
        yield rig, made[0], made[1]
        for connection in made:
            connection.close()


def flow_of(rig: EmbeddedRig, reg_id: int) -> Contact:
    contacts = rig.engine.contacts(f"desk@{DOMAIN}")
    return next(contact for contact in contacts if contact.reg_id == str(reg_id))


async def invited(connection: Connection) -> Request:
    invite = await connection.next()
    assert isinstance(invite, Request)
    assert invite.method == "INVITE"
    return invite


async def test_each_flow_is_called_over_its_own_connection() -> None:
    async with two_flows() as (rig, first, second):
        contacts = rig.engine.contacts(f"desk@{DOMAIN}")
        assert {(c.instance, c.reg_id) for c in contacts} == {(INSTANCE, "1"), (INSTANCE, "2")}
        assert len({contact.uri for contact in contacts}) == 1
        for reg_id, connection in ((2, second), (1, first)):
            channel = rig.dial(TerminalEndpoint(flow_of(rig, reg_id)))
            invite = await invited(connection)
            assert invite.call_id == channel
            connection.answer(invite, 430, "Flow Failed")
            failed = await rig.event(Failed, channel)
            assert (failed.status, failed.local) == (430, False)
            assert (await connection.next()).start_line.startswith("ACK")


async def test_a_connection_that_goes_while_it_rings_leaves_the_other() -> None:
    async with two_flows() as (rig, first, second):
        channel = rig.dial(TerminalEndpoint(flow_of(rig, 2)))
        await invited(second)
        second.close()
        failed = await rig.event(Failed, channel)
        assert (failed.status, failed.local) == (503, True)
        await rig.until(lambda: len(rig.engine.contacts(f"desk@{DOMAIN}")) == 1)
        assert rig.dial(TerminalEndpoint(flow_of(rig, 1)), channel) == channel
        again = await invited(first)
        assert again.call_id == channel
        first.answer(again, 486, "Busy Here")
        await rig.until(lambda: len(rig.ends(channel)) == 2)
