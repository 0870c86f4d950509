"""``ws_cti``: who is let in, what he is told, when he is let go, and what he may want."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from aiohttp import (
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    WSMsgType,
    WSServerHandshakeError,
)

from cordboard.api.app import create_app
from cordboard.api.basix.cti.readers import Parting
from cordboard.api.services import Services
from cordboard.calls.events import EventKind
from cordboard.calls.ports import Tone, ToneKind
from cordboard.directory.model import TenantPolicy
from cordboard.directory.scopes import ApiScope
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.engines.far_end import FarEnd
from cordboard.serving.http_server import HttpServer
from support.cti_store import CtiStore
from support.ports import LOOPBACK, free_ports
from support.quick_house import AT_ONCE, PHONES, QuickHouse
from support.tenants import DOMAIN, TOKEN, tenant
from support.waiting import BOUND, eventually

pytestmark = pytest.mark.anyio

SOON = ClientTimeout(total=10.0)
ORIGIN = "https://crm.example.com"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


def basic(token: str, domain: str = DOMAIN) -> dict[str, str]:
    """RFC 7617."""
    return {"Authorization": f"Basic {b64encode(f'{domain}:{token}'.encode()).decode()}"}


class Site:
    """A house behind real HTTP, and clients of its CTI socket."""

    def __init__(self) -> None:
        where = tenant()
        (main,) = where.accounts
        self.tenant = replace(where, accounts=(replace(main, origins=(ORIGIN,)),))
        self.house = QuickHouse(where=self.tenant)
        self.services = Services(
            self.house.exchange, self.house.journal, lambda: self.house.directory
        )
        self.address = (LOOPBACK, free_ports())
        self.server = HttpServer(self.address, create_app(self.services))
        self.session = ClientSession(timeout=SOON)

    def connect(
        self,
        query: str = "?app_name=board",
        token: str = TOKEN,
        domain: str = DOMAIN,
        **more: Any,
    ) -> Any:
        host, port = self.address
        url = f"http://{host}:{port}/basix/api/ws_cti{query}"
        return self.session.ws_connect(url, headers=basic(token, domain), **more)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    await made.server.start()
    yield made
    await made.session.close()
    await made.server.stop()


class Client:
    """A connection with the store that its frames make."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.store = CtiStore()

    async def until(self, is_so: Callable[[CtiStore], bool]) -> None:
        """Take frames until the store is so."""
        while not ("channel" in self.store.elements and is_so(self.store)):
            await self.one()

    async def greeted(self) -> None:
        """Take all that a new connection is told."""
        while "channel" not in self.store.elements:
            await self.one()

    async def one(self) -> None:
        message = await self.socket.receive(timeout=BOUND)
        assert message.type is WSMsgType.BINARY, message
        self.store.take(message.data)

    async def ends(self) -> int | None:
        """Take what is left; the code of the close frame."""
        while True:
            message = await self.socket.receive(timeout=BOUND)
            if message.type is not WSMsgType.BINARY:
                return self.socket.close_code
            self.store.take(message.data)


async def test_a_client_is_told_all_there_is_and_then_what_changes(site: Site) -> None:
    call = await site.house.place()
    await site.house.journal.flush()
    async with site.connect() as socket:
        client = Client(socket)
        await client.greeted()
        assert len(client.store.elements["user"]) == 3
        assert {one["state"]["name"] for one in client.store.channels.values()} == {"bridged"}
        await site.house.hang_up_second(call)
        await client.until(lambda store: not store.channels)


async def test_calls_of_a_time_when_nobody_reads_are_not_there_later(site: Site) -> None:
    async with site.connect() as socket:
        await Client(socket).greeted()
    await site.house.talk()
    async with site.connect() as socket:
        client = Client(socket)
        await client.greeted()
        await client.until(lambda store: not store.channels)


@pytest.mark.parametrize(
    ("query", "more", "status"),
    [
        ("?app_name=a", {"token": "wrong"}, 401),
        ("", {}, 400),
        ("?app_name=", {}, 400),
        ("?app_name=a&user_name=nobody", {}, 400),
        ("?app_name=a&" + "&".join("x=1" for _ in range(30)), {}, 400),
        ("?app_name=a", {"origin": "https://evil.example.com"}, 403),
    ],
)
async def test_who_may_not_read_is_refused(
    site: Site, query: str, more: dict[str, Any], status: int
) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        async with site.connect(query, **more):
            pass
    assert refused.value.status == status


async def test_a_page_of_a_named_origin_may_read(site: Site) -> None:
    async with site.connect(origin=ORIGIN) as socket:
        await Client(socket).greeted()


async def test_an_account_needs_the_scope(site: Site) -> None:
    (main,) = site.tenant.accounts
    only = replace(main, scopes=frozenset({ApiScope.CALLS_WRITE}))
    site.house.directory = Directory((replace(site.tenant, accounts=(only,)),))
    with pytest.raises(WSServerHandshakeError) as refused:
        async with site.connect():
            pass
    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("query", "users"),
    [
        ("", {1001, 1002}),
        ("&full_events=true&user_name=thomas", {1001, 1002}),
        ("&user_name=thomas", {1002}),
        ("&user_extension=1001", {1001}),
        ("&user_name=nobody&user_email=thomas@demo.test", {1002}),
    ],
)
async def test_a_client_sees_the_channels_of_whom_it_watches(
    site: Site, query: str, users: set[int]
) -> None:
    async with site.connect(f"?app_name=a{query}") as socket:
        client = Client(socket)
        await client.greeted()
        call = await site.house.place()
        seen = len(users)
        await client.until(
            lambda store: (
                sum(one["state"]["name"] == "bridged" for one in store.channels.values()) == seen
            )
        )
        assert {row["user_id"] for element, _, row in client.store.events} == users
        await site.house.hang_up_second(call)
        await client.until(lambda store: not store.channels)


async def test_a_third_connection_of_an_app_is_told_that_it_is_too_many(site: Site) -> None:
    async with site.connect() as one, site.connect() as two, site.connect() as three:
        third = Client(three)
        assert await third.ends() == Parting.LIMIT_REACHED.value
        assert third.store.notices == ["connection_limit_reached"]
        async with (
            site.connect("?app_name=other") as other,
            site.connect("?app_name=board&user_name=thomas") as thomas,
        ):
            for socket in (one, two, other, thomas):
                await Client(socket).greeted()


@pytest.mark.parametrize("word", ["force", "forced"])
async def test_a_forced_connection_replaces_the_oldest(site: Site, word: str) -> None:
    async with (
        site.connect() as one,
        site.connect() as two,
        site.connect(f"?app_name=board&{word}=true") as three,
    ):
        first = Client(one)
        assert await first.ends() == Parting.REPLACED.value
        assert first.store.notices == ["connection_replaced"]
        for socket in (two, three):
            await Client(socket).greeted()


async def test_readers_are_counted(site: Site) -> None:
    figures = site.services.cti
    async with site.connect() as one, site.connect() as two:
        for socket in (one, two):
            await Client(socket).greeted()
        assert (figures.readers, figures.ended) == (2, {})
        async with site.connect() as three:
            await Client(three).ends()
        await eventually(lambda: figures.ended == {"limit_reached": 1})
    await eventually(lambda: figures.ended == {"limit_reached": 1, "left": 2})
    assert figures.readers == 0


async def test_a_place_is_free_again_when_its_client_has_gone(site: Site) -> None:
    for _ in range(4):
        async with site.connect() as socket:
            await Client(socket).greeted()


async def test_a_new_directory_is_told_of(site: Site) -> None:
    async with site.connect() as socket:
        client = Client(socket)
        await client.greeted()
        users = (replace(site.tenant.users[0], label="新"), *site.tenant.users[1:])
        site.house.directory = Directory((replace(site.tenant, users=users),))
        await client.until(lambda store: store.elements["user"][1001]["label"] == "新")


async def test_phones_that_register_are_told_of(site: Site) -> None:
    def registered(store: CtiStore) -> set[str]:
        return {name for name, one in store.elements["terminal"].items() if one["registered"]}

    (contact,) = site.house.engine.contacts(f"thomas@{DOMAIN}")
    site.house.engine.unregister(contact)
    async with site.connect() as socket:
        client = Client(socket)
        await client.greeted()
        assert registered(client.store) == set(PHONES) - {"thomas"}
        site.house.engine.register(f"thomas@{DOMAIN}")
        await client.until(lambda store: registered(store) == set(PHONES))
        (contact,) = site.house.engine.contacts(f"helen@{DOMAIN}")
        site.house.engine.unregister(contact)
        await client.until(lambda store: registered(store) == set(PHONES) - {"helen"})


async def wanted(client: Client, **command: Any) -> None:
    await client.socket.send_str(json.dumps(command))


async def test_a_call_is_hung_up(site: Site) -> None:
    async with site.connect() as socket:
        client = Client(socket)
        await site.house.place()
        await client.until(lambda store: len(store.channels) == 2 and talks(store))
        await wanted(client, cmd="hangup", uuid=next(iter(client.store.channels)))
        await client.until(lambda store: not store.channels)


def talks(store: CtiStore) -> bool:
    return all(one["state"]["name"] == "bridged" for one in store.channels.values())


async def test_a_party_is_parked_and_transferred(site: Site) -> None:
    site.house.when("helen", AT_ONCE)
    async with site.connect() as socket:
        client = Client(socket)
        await site.house.place()
        await client.until(lambda store: len(store.channels) == 2 and talks(store))
        kept = next(uuid for uuid, one in client.store.channels.items() if one["user_id"] == 1001)
        await wanted(client, cmd="park", uuid=kept)
        await client.until(lambda store: list(store.elements["channel_waiting"]) == [kept])
        await wanted(client, cmd="transfer", uuid=kept, destination="helen")
        await client.until(
            lambda store: {one["user_id"] for one in store.channels.values()} == {1001, 1003}
        )


async def test_who_is_parked_for_a_time_is_given_back(site: Site) -> None:
    async with site.connect() as socket:
        client = Client(socket)
        await site.house.place()
        await client.until(lambda store: len(store.channels) == 2 and talks(store))
        kept = next(uuid for uuid, one in client.store.channels.items() if one["user_id"] == 1001)
        await wanted(client, cmd="park", uuid=kept, timeout=0.2)
        await client.until(lambda store: list(store.elements["channel_waiting"]) == [kept])
        (waits,) = client.store.elements["channel_waiting"].values()
        assert waits["state"]["data"]["parker_id"] == 1002
        await client.until(lambda store: not store.elements["channel_waiting"])
        await client.until(talks)


async def test_one_phone_that_rings_is_left_alone_and_the_others_ring_on(site: Site) -> None:
    for phone in ("jessica-desk", "jessica-soft"):
        site.house.when(phone, ((0.0, FarEnd.ring),))
    async with site.connect() as socket:
        client = Client(socket)
        await site.house.place()
        await client.until(lambda store: len(store.channels) == 2)
        one, other = client.store.channels
        await wanted(client, cmd="hangup", uuid=one)
        await client.until(lambda store: list(store.channels) == [other])
        assert client.store.events[-1][2]["last_event_data"] == "send_cancel,CALL_REJECTED"
        await wanted(client, cmd="hangup", uuid=other)
        await client.until(lambda store: not store.channels)
    await eventually(lambda: site.house.exchange.live_calls() == 0)


async def test_a_call_that_rings_is_sent_on_as_the_web_phone_does(site: Site) -> None:
    """It names the other leg, and who transfers."""
    site.house.when("thomas", ((0.0, FarEnd.ring),))
    site.house.when("helen", AT_ONCE)
    async with site.connect() as socket:
        client = Client(socket)
        await site.house.place()
        await client.until(lambda store: any(one["other_uuid"] for one in store.channels.values()))
        (rings,) = [one for one in client.store.channels.values() if one["other_uuid"]]
        await wanted(
            client,
            cmd="transfer",
            uuid=rings["other_uuid"],
            user_id=rings["user_id"],
            user_name="thomas",
            destination="helen",
        )
        await client.until(
            lambda store: {one["user_id"] for one in store.channels.values()} == {1001, 1003}
        )
        await client.until(talks)
    ends = [row for _, name, row in client.store.events if name == "removed"]
    assert rings["uuid"] in {row["uuid"] for row in ends}


class WebApp(Client):
    """The vendor's web app, as far as it overhears calls (basix_ws_cti.js, lib/cti.js)."""

    def __init__(self, site: Site, socket: ClientWebSocketResponse) -> None:
        super().__init__(socket)
        self.site = site

    async def plug(self, user: int) -> str:
        """Have a media plug: call the user, and wait for the answer on one of the channels."""
        host, port = self.site.address
        asked = json.dumps({"user_id": user, "destination": "media_plug"})
        form = {**basic(TOKEN), "Content-Type": "application/x-www-form-urlencoded"}
        url = f"http://{host}:{port}/basix/api/call_user"
        async with self.site.session.post(url, data=asked, headers=form) as reply:
            uuids = (await reply.json())["uuids"]

        def answered(store: CtiStore) -> list[str]:
            return [
                one["uuid"]
                for _, _, one in store.events
                if one.get("last_event") == "CHANNEL_ANSWER"
                and one["calling_number"] == "media_plug"
                and one["uuid"] in uuids
            ]

        await self.until(lambda store: bool(answered(store)))
        return answered(self.store)[0]

    async def eavesdrop(self, plug: str, target: str, subcommand: str) -> None:
        await wanted(self, cmd="eavesdrop", uuid=plug, target_uuid=target, subcommand=subcommand)


def who_eavesdrops(site: Site, *names: str) -> None:
    """Let helen overhear these, at a phone that answers at once."""
    *others, helen = site.tenant.users
    users = (*others, replace(helen, eavesdrops=names))
    site.house.directory = Directory((replace(site.tenant, users=users),))
    site.house.when("helen", AT_ONCE)


def eavesdrops(plug: str, target: str, subcommand: str, store: CtiStore) -> bool:
    """Whether a plug is shown to overhear a channel so."""
    told = {"uuid": target, "eavesdrop_state": subcommand}
    return bool(store.channels[plug]["state"]["data"] == told)


async def test_a_user_overhears_calls_by_a_media_plug(site: Site) -> None:
    who_eavesdrops(site, "jessica")
    async with site.connect() as socket:
        app = WebApp(site, socket)
        await site.house.place()
        await app.until(lambda store: len(store.channels) == 2 and talks(store))
        jessica, thomas = (
            next(uuid for uuid, one in app.store.channels.items() if one["user_id"] == user)
            for user in (1001, 1002)
        )
        plug = await app.plug(1003)
        await app.until(lambda store: store.channels[plug]["state"]["name"] == "system_operation")
        hears = {name: site.house.engine.far(name) for name in (jessica, thomas, plug)}
        for subcommand, by_jessica, by_thomas in (
            ("listen", thomas, jessica),
            ("whisper", {thomas, plug}, jessica),
            ("join", {thomas, plug}, {jessica, plug}),
        ):
            await app.eavesdrop(plug, jessica, subcommand)
            await app.until(partial(eavesdrops, plug, jessica, subcommand))
            assert hears[plug].hears == frozenset({jessica, thomas})
            assert (hears[jessica].hears, hears[thomas].hears) == (by_jessica, by_thomas)
        assert app.store.channels[plug]["state"]["name"] == "eavesdrop"
        await wanted(app, cmd="hangup", uuid=jessica)
        await app.until(lambda store: list(store.channels) == [plug])
        assert app.store.channels[plug]["state"]["name"] == "system_operation"
        await wanted(app, cmd="hangup", uuid=plug)
        await app.until(lambda store: not store.channels)


@pytest.mark.parametrize("why", ["the scope", "the user", "the word", "the target", "the plug"])
async def test_who_may_not_eavesdrop_hears_nobody(site: Site, why: str) -> None:
    who_eavesdrops(site, "thomas" if why != "the user" else "helen")
    if why == "the scope":
        scopes = frozenset(ApiScope) - {ApiScope.CALLS_EAVESDROP}
        (where,) = site.house.directory.tenants
        (main,) = where.accounts
        account = replace(main, scopes=scopes)
        site.house.directory = Directory((replace(where, accounts=(account,)),))
    async with site.connect() as socket:
        app = WebApp(site, socket)
        call = await site.house.place()
        await app.until(lambda store: len(store.channels) == 2 and talks(store))
        thomas = next(uuid for uuid, one in app.store.channels.items() if one["user_id"] == 1002)
        plug = await app.plug(1003)
        word = "shout" if why == "the word" else "join"
        target = {"the target": "nobody", "the plug": plug}.get(why, thomas)
        await app.eavesdrop(thomas if why == "the plug" else plug, target, word)
        await wanted(app, cmd="hangup", uuid=thomas)
        await app.until(lambda store: list(store.channels) == [plug])
        assert site.house.engine.far(plug).hears == Tone(ToneKind.HOLD, "jp")
    assert not await site.house.events(call, EventKind.CALL_OVERHEARD)


async def test_a_channel_of_another_tenant_is_none(site: Site) -> None:
    policy = TenantPolicy("other", "other", country="jp")
    stranger = TenantDirectory(policy, accounts=site.tenant.accounts)
    site.house.directory = Directory((site.tenant, stranger))
    call = await site.house.place()
    await site.house.journal.flush()
    async with site.connect() as own, site.connect(domain="other") as other:
        client, strange = Client(own), Client(other)
        await client.greeted()
        await strange.greeted()
        assert (len(client.store.channels), len(strange.store.channels)) == (2, 0)
        for uuid in client.store.channels:
            for cmd in ("hangup", "park", "transfer"):
                await wanted(strange, cmd=cmd, uuid=uuid, destination="helen", timeout=1)
        await wanted(strange, cmd="hangup", uuid=call)
        await wanted(client, cmd="park", uuid=next(iter(client.store.channels)))
        await client.until(lambda store: bool(store.elements["channel_waiting"]))
        assert len(client.store.channels) == 2
        assert not strange.store.events
    site.house.exchange.hang_up(DOMAIN, call)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "[" * 4_000,
        '{"cmd":"hangup"}',
        '{"cmd":"hangup","uuid":"nobody"}',
        '{"cmd":"explode","uuid":"UUID"}',
        '{"cmd":"park","uuid":"UUID","timeout":0}',
        '{"cmd":"park","uuid":"UUID","timeout":"soon"}',
        '{"cmd":"park","uuid":"UUID","timeout":[1]}',
        '{"cmd":"park","uuid":"UUID","timeout":1e999}',
        '{"cmd":"transfer","uuid":"UUID"}',
        '{"cmd":"transfer","uuid":"UUID","destination":"nobody at all"}',
        '{"cmd":["hangup"],"uuid":{"a":1}}',
    ],
)
async def test_what_can_not_be_done_changes_nothing(site: Site, text: str) -> None:
    site.house.when("thomas", ((0.0, FarEnd.ring),))
    async with site.connect() as socket:
        client = Client(socket)
        call = await site.house.place()
        await client.until(lambda store: len(store.channels) == 2)
        await socket.send_str(text.replace("UUID", next(iter(client.store.channels))))
        site.house.exchange.hang_up(DOMAIN, call)
        await client.until(lambda store: not store.channels)
    assert not [one for one in client.store.events if one[0] == "channel_waiting"]


async def test_connections_under_load_leave_no_ghosts(site: Site) -> None:
    live: list[str] = []
    for number in range(12):
        live.append(await site.house.place())
        async with site.connect() as socket:
            client = Client(socket)
            await client.greeted()
            if number % 3 == 2:
                await site.house.hang_up_second(live.pop(0))
    async with site.connect() as socket:
        client = Client(socket)
        await client.until(lambda store: len(store.channels) == 2 * len(live) and talks(store))
        for call in live:
            await site.house.hang_up_second(call)
        await client.until(lambda store: not store.channels)
        await eventually(lambda: site.house.exchange.live_calls() == 0)
