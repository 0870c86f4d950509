"""Programs on the Basix CTI WebSocket while phones ring, talk and are hung up."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.basix_client import BasixClient
from support.block import Block
from support.cti_followers import CtiFollower, V1Follower
from support.own_phone import OwnPhone
from support.ports import LOOPBACK, free_ports
from support.program import Program
from support.server import DOMAIN, Answer, CordboardServer, Trunk
from support.together import together
from support.waiting import wait_until

pytestmark = pytest.mark.interop("node", "jssip", "baresip")

JESSICA, THOMAS, HELEN, BOB = 10001001, 10001002, 10001003, 10001004
POPEYE = {
    "id": "11223344",
    "name": "山田 *|%+",
    "organization": "Thimble Theatre",
    "avatar": "a.jpg",
}

MEDIA_PORTS = 400

OFTEN = 5
"""How often somebody connects anew at least, however fast the calls are over."""

PEOPLE = """
[tenant.demo.user.helen]
id = 10001003
extension = "1003"
terminal.helen.secret = "demo-helen"
[tenant.demo.user.bob]
id = 10001004
extension = "1004"
terminal.bob.secret = "demo-bob"
[tenant.demo.group.sales]
id = 2001
extension = "2001"
kind = "ring"
members = ["jessica", "thomas", "helen"]
"""


class Outside(Block):
    """The world behind a trunk: any number there is this phone."""

    def __init__(self, *options: str) -> None:
        self.port = free_ports(owner=self)
        where = ("--anyone", "--local", f"{LOOPBACK}:{self.port}", "--lines", "200")
        self._command = [sys.executable, "-m", "cordboard", "phone", *where, *options]
        self._program: Program | None = None

    def _begin(self) -> None:
        self._program = Program(self._command)
        self._program.wait_for_line("takes calls at")

    def _end(self) -> None:
        if self._program is not None:
            self._program.stop()


class House:
    """A server, three people's phones, and the world outside: who answers, and who is busy."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        answers, busy = (
            Outside("--answer-after", "0.2", "--hangup-after", "1"),
            Outside("--reject", "486"),
        )
        trunks = [Trunk("answers", "03", answers.port), Trunk("busy", "04", busy.port)]
        server = CordboardServer(folder, *trunks, more=PEOPLE, media_ports=MEDIA_PORTS)
        self.server = stack.enter_context(server)
        self.phones = {
            name: OwnPhone(name, self.server.sip, "--lines", "200", *behaviour)
            for name, *behaviour in (
                ("jessica-desk", "--answer-after", "0.2"),
                ("jessica-soft", "--ring-only"),
                ("thomas", "--answer-after", "0.1"),
                ("helen", "--ring-only"),
            )
        }
        self.bob = BaresipPhone(
            folder / "bob",
            "bob",
            server=self.server.sip,
            domain=DOMAIN,
            secret="demo-bob",
        )
        stack.enter_context(together([answers, busy, *self.phones.values(), self.bob]))

    def call(self, method: str = "call_user", **parameters: Any) -> Answer:
        """Place a call."""
        return self.server.basix(method, **parameters)

    def cancel(self, call: str) -> None:
        """Have v1 end a call."""
        self.server.request("DELETE", f"/v1/calls/{call}")

    def wish(self, call: str, what: str, **body: Any) -> None:
        """Have v1 do something to a call."""
        answer = self.server.request("POST", f"/v1/calls/{call}/{what}", body)
        assert answer.status in (200, 202, 204), answer


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as stack:
        yield House(tmp_path_factory.mktemp("cti"), stack)


# What a call may be like


def talks(house: House, _: BasixClient) -> str:
    call = house.call(user_name="jessica", destination="thomas").call
    house.server.wait_event(call, "call.bridged")
    house.cancel(call)
    return call


def talks_outside(house: House, _: BasixClient) -> str:
    number = {"called_number": "0377778888", "end_user": POPEYE}
    return house.call(user_name="jessica", destination=number).call


def is_hung_up_by_a_program(house: House, board: BasixClient) -> str:
    placed = house.call("call_external", target="0366665555", destination="thomas")
    house.server.wait_event(placed.call, "call.bridged")
    board.command(cmd="hangup", uuid=placed.uuids[0])
    return placed.call


def finds_it_busy(house: House, _: BasixClient) -> str:
    return house.call(user_name="jessica", destination="0455556666").call


def rings_for_nobody(house: House, _: BasixClient) -> str:
    return house.call(user_name="helen", destination="thomas", answer_timeout=1).call


def is_given_up(house: House, _: BasixClient) -> str:
    call = house.call(user_name="helen", destination="thomas").call
    house.server.wait_event(call, "channel.dialled")
    house.cancel(call)
    return call


def hears_a_program(house: House, _: BasixClient) -> str:
    return house.call(user_name="thomas", destination="1111").call


def is_of_a_group(house: House, _: BasixClient) -> str:
    asked = {"group_name": "sales", "destination": "0377778888", "answer_timeout": 2}
    return house.call("call_group", **asked).call


def is_held_and_transferred(house: House, _: BasixClient) -> str:
    call = house.call(user_name="jessica", destination="thomas").call
    house.server.wait_event(call, "call.bridged")
    house.wish(call, "hold", leg="second")
    house.wish(call, "resume", leg="second")
    house.wish(call, "transfer", leg="second", to="0311112222")
    return call


KINDS = (
    talks,
    talks_outside,
    is_hung_up_by_a_program,
    finds_it_busy,
    rings_for_nobody,
    is_given_up,
    hears_a_program,
    is_of_a_group,
    is_held_and_transferred,
)


def comes_and_goes(house: House, until: threading.Event) -> None:
    """Connect again and again, replacing who is there, and look that each follows on."""
    times = 0
    while times < OFTEN or not until.is_set():
        with CtiFollower(house.server, "app_name=again&force=true") as follower:
            seen = len(follower.moments)
            until.wait(0.05 * (times % 4))
            assert len(follower.moments) >= seen
        times += 1


@pytest.mark.timeout(180)
def test_a_mixed_load_is_what_v1_says_at_every_moment(house: House) -> None:
    load = [*KINDS * 3]
    random.Random(8).shuffle(load)
    over = threading.Event()
    with (
        V1Follower(house.server) as v1,
        CtiFollower(house.server) as python,
        BasixClient(house.server) as node,
        BasixClient(house.server, f"app_name=board&user_id={THOMAS}") as of_thomas,
        ThreadPoolExecutor(8) as pool,
    ):
        coming = pool.submit(comes_and_goes, house, over)
        calls = list(pool.map(lambda kind: kind(house, node), load))
        wait_until(lambda: v1.ended >= set(calls), 60.0, "all calls are over")
        over.set()
        coming.result(60.0)
        wait_until(lambda: python.is_empty, 20.0, "no channel is left")
        node.wait_until(lambda store: not store["channel"], "nor is one for the program in node")
        assert python.moments == v1.moments
        told = [(one["name"], *ids_of(one["row"])) for one in node.changes()]
        assert told == [
            (name, *ids_of(row))
            for element, name, row in python.store.events
            if element == "channel"
        ]
        own = [(one["name"], *ids_of(one["row"])) for one in of_thomas.changes()]
        assert own == [
            (one["name"], *ids_of(one["row"]))
            for one in node.changes()
            if one["row"].get("user_id") == THOMAS
        ]
    with CtiFollower(house.server, "app_name=later") as later:
        assert later.is_empty
    ends = {one["row"].get("last_event_data") for one in node.changes() if one["name"] == "removed"}
    assert ends >= {
        "recv_bye,NORMAL_CLEARING",
        "send_bye,NORMAL_CLEARING",
        "recv_refuse,USER_BUSY",
        "send_cancel,NO_ANSWER",
        "send_cancel,LOSE_RACE",
        "send_cancel,ORIGINATOR_CANCEL",
    }


def ids_of(row: dict[str, Any]) -> tuple[str, str, str | None]:
    return row["uuid"], row["last_event"], row.get("last_event_data")


def test_end_users_reach_the_right_legs(house: House) -> None:
    with BasixClient(house.server) as board:
        number = {"called_number": "0377778888", "end_user": POPEYE}
        placed = house.call(user_name="jessica", destination=number)
        bridged = [
            board.wait_for("info_event", partial(is_bridged, user=user))["row"]
            for user in (JESSICA, None)
        ]
        house.cancel(placed.call)
        house.server.wait_ended(placed.call)
    jessica, popeye = bridged
    assert jessica["uuid"] in placed.uuids
    assert (jessica["other_uuid"], popeye["other_uuid"]) == (popeye["uuid"], jessica["uuid"])
    known = {"count": 1, "items": [{**POPEYE, "prefecture": ""}]}
    assert popeye["end_user"] == jessica["other_info"]["end_user"] == known
    assert "end_user" not in jessica
    assert popeye["other_info"]["user_id"] == JESSICA
    assert popeye["last_bridged_user_id"] == JESSICA
    assert jessica["origination"][0] == "call_user"


def is_bridged(told: dict[str, Any], user: int | None) -> bool:
    row = told["row"]
    return row.get("last_event") == "CHANNEL_BRIDGE" and row.get("user_id") == user


def test_a_web_phone_keeps_its_books(house: House) -> None:
    """Helen's rings, and knows her session by its Call-ID; she sends the call on to thomas, it is
    parked, and bob picks it up."""
    with (
        BasixClient(house.server, "app_name=helen&full_events=true", phone_of=HELEN) as helens,
        BasixClient(house.server, f"app_name=web&user_id={HELEN}", phone_of=HELEN) as own,
    ):
        call = house.call(user_name="jessica", destination="helen").call
        told = helens.wait_for("info_event", lambda one: one["row"].get("user_id") == HELEN)["row"]
        jessica = told["other_uuid"]
        house.phones["helen"].wait_for(
            "ringing", 20.0, call_id=told["call_id"]
        )  # as her session is known
        helens.command(
            cmd="transfer", uuid=jessica, user_id=HELEN, user_name="helen", destination="thomas"
        )
        talks = partial(is_bridged, user=THOMAS)
        thomas = helens.wait_for("info_event", talks)["row"]
        assert thomas["other_uuid"] == jessica
        heard = own.known("phone")["heard"]
        assert {call_id for call_id, _, _ in heard} == {told["call_id"]}
        assert heard[-1][1] == "removed"

        helens.command(cmd="park", uuid=jessica, timeout=0.2)
        wait_until(lambda: len(helens.changes("channel_waiting")) == 2, 20.0, "and is given back")
        parked, back = helens.changes("channel_waiting")
        assert (parked["name"], back["name"]) == ("added", "removed")
        assert parked["row"]["state"]["data"]["parker_id"] == THOMAS
        helens.command(cmd="park", uuid=jessica)
        helens.wait_until(lambda store: jessica in store["channel_waiting"], "is parked again")

        house.bob.dial(f"sip:pickup_uuid.{jessica}@{DOMAIN}")
        bob = helens.wait_for("info_event", partial(is_bridged, user=BOB))["row"]
        assert (bob["other_uuid"], bob["direction"]) == (jessica, "inbound")
        house.bob.wait_established(20.0)
        known = helens.known()
        assert not known["channel_waiting"]
        assert set(known["channel"]) == {jessica, bob["uuid"]}
        helens.command(cmd="hangup", uuid=bob["uuid"])
        house.server.wait_ended(call)
        house.bob.wait_closed(20.0)
        helens.wait_until(lambda store: not store["channel"], "all is over")


def test_two_connections_and_no_more_but_by_force(house: House) -> None:
    query = "app_name=one"
    with BasixClient(house.server, query) as first, BasixClient(house.server, query) as second:
        with BasixClient(house.server, query, greeted=False) as third:
            assert third.wait_for("system_msg")["text"] == "connection_limit_reached"
            assert third.wait_for("close")["code"] == 1008
        with BasixClient(house.server, f"{query}&force=true"):
            assert first.wait_for("system_msg")["text"] == "connection_replaced"
            assert first.wait_for("close")["code"] == 4000
            assert second.known()["channel"] == {}
    counted = house.server.get("/metrics").body
    for why in ("limit_reached", "replaced", "left"):
        assert f'cordboard_cti_ended_total{{reason="{why}"}}' in counted
    with BasixClient(house.server, query, token="wrong", greeted=False) as stranger:
        assert stranger.wait_for("error")["text"].endswith("401")
