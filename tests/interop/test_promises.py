"""What a client may rely on, shown with a server on disk and a phone that counts its calls."""

from __future__ import annotations

import json
import resource
import socket
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from support.own_phone import OwnPhone
from support.server import Answer, CordboardServer, result_of
from support.waiting import BOUND, wait_until

AT_ONCE = 50
FULL = 4096
"""Octets that a file of the server may be large while the disk is full for it."""


class House:
    """A server, the file of its journal, and jessica's phone, which refuses every call."""

    def __init__(self, server: CordboardServer, journal: Path, phone: OwnPhone) -> None:
        self.server = server
        self.journal = journal
        self.phone = phone

    def call(self, name: str, **headers: str) -> Answer:
        """Ring jessica, who sees ``name``."""
        asked = {"user_name": "jessica", "destination": "1111", "calling_name": name}
        return self.server.request("POST", "/basix/api/call_user", asked, headers)

    def rung(self, name: str) -> int:
        """How many times her phone has rung for ``name``."""
        lines = [line for line in self.phone.program.lines.all() if line.startswith("{")]
        told = [json.loads(line) for line in lines]
        return sum(one["event"] == "ringing" and one["name"] == name for one in told)

    def is_refused(self, name: str) -> bool:
        """Ask, and say whether that was refused because it can't be written."""
        body: dict[str, Any] = self.call(name).body
        return body.get("error", {}).get("id") == "overloaded"

    def comes_back(self, name: str) -> None:
        """It takes calls again by itself; those that were refused never rang."""
        wait_until(lambda: not self.is_refused(f"{name} is over"), 20.0, "calls are taken again")
        wait_until(lambda: self.rung(f"{name} is over"), BOUND, "her phone rings again")
        assert self.rung(name) == 0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("promises")
    journal = folder / "calls.db"
    server = CordboardServer(folder, store=f"sqlite:///{journal}")
    refusing = ("--reject", "480", "--lines", "100")
    with server, OwnPhone("jessica-desk", server.sip, *refusing) as phone:
        yield House(server, journal, phone)


def test_fifty_at_once_with_one_key_ring_once(house: House) -> None:
    key = {"Idempotency-Key": "the same"}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: house.call("fifty", **key), range(AT_ONCE)))
    assert len({(answer.call, *answer.uuids) for answer in answers}) == 1
    replays = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(replays, key=str) == [None, *["true"] * (AT_ONCE - 1)]
    house.server.wait_ended(answers[0].call)
    assert house.rung("fifty") == 1


def test_a_client_that_goes_away_takes_nothing_back(house: House) -> None:
    asked = {"user_name": "jessica", "destination": "1111", "calling_name": "gone"}
    body = json.dumps(asked).encode()
    with socket.create_connection(("127.0.0.1", house.server.http_port)) as client:
        client.sendall(
            b"POST /basix/api/call_user HTTP/1.1\r\nHost: server\r\n"
            b"Authorization: Basic ZGVtbzpkZW1vLXRva2Vu\r\nIdempotency-Key: gone\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        )
    answer = house.call("gone", **{"Idempotency-Key": "gone"})
    result = result_of(house.server.wait_ended(answer.call))
    assert (result["outcome"], result["sip_status"]) == ("first_leg_failed", 480)
    assert house.rung("gone") == 1


def test_a_locked_database_refuses_calls_until_it_is_free(house: House) -> None:
    with sqlite3.connect(house.journal, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert house.is_refused("locked")
        assert house.is_refused("locked")
        other.execute("ROLLBACK")
    other.close()
    house.comes_back("locked")


def test_a_full_disk_refuses_calls_until_there_is_room(house: House) -> None:
    program = house.server.program
    assert program is not None
    usual = resource.prlimit(program.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, (FULL, usual[1]))
    try:
        assert house.is_refused("full")
        assert house.is_refused("full")
        assert house.server.get("/healthz").status == 200
        assert house.server.get("/readyz").status == 503
    finally:
        resource.prlimit(program.pid, resource.RLIMIT_FSIZE, usual)
    house.comes_back("full")
