"""SIPp as the party rung first: how a hunt ends, and what the client is told."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.ports import free_ports
from support.receiver import CallbackReceiver
from support.server import Answer, CordboardServer, Trunk, result_of
from support.sipp import Sipp

pytestmark = pytest.mark.interop("sipp")

NUMBER = "0312341234"
CONTEXT = "1111"
USER, SECRET = "trunk-user", "trunk-secret"
T1 = 0.2


@dataclass(frozen=True, slots=True)
class Site:
    """A server, its outside network played by SIPp, and where callbacks go."""

    server: CordboardServer
    receiver: CallbackReceiver
    port: int
    folder: Path

    def sipp(self, scenario: str, **options: Any) -> Sipp:
        """SIPp behind the trunk."""
        return Sipp(self.folder / "sipp", scenario, port=self.port, **options)

    def call_external(self, **parameters: Any) -> Answer:
        """Ring the outside number, then play it a prompt."""
        return self.server.basix(
            "call_external",
            target=NUMBER,
            destination=CONTEXT,
            callback_url=self.receiver.url(),
            **parameters,
        )

    def told(self) -> Any:
        """The one callback."""
        (callback,) = self.receiver.wait_for(1)
        return callback.json


@contextmanager
def site_of(folder: Path, **trunk: Any) -> Iterator[Site]:
    port = free_ports()
    with (
        CallbackReceiver() as receiver,
        CordboardServer(folder / "server", Trunk("pstn", "", port, **trunk), t1=T1) as server,
    ):
        yield Site(server, receiver, port, folder)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with site_of(tmp_path) as one:
        yield one


@pytest.mark.parametrize(
    ("scenario", "error", "status"),
    [("busy", "busy", 486), ("decline", "rejected", 603)],
)
def test_refusals(site: Site, scenario: str, error: str, status: int) -> None:
    with site.sipp(scenario):
        placed = site.call_external()
        assert site.told() == {"result_code": 500, "error": {"id": error}}
        result = result_of(site.server.wait_ended(placed.call))
    assert (result["outcome"], result["leg"], result["sip_status"]) == (
        "first_leg_failed",
        "first",
        status,
    )
    assert len(site.receiver.callbacks) == 1


def test_nobody_answers_in_time(site: Site) -> None:
    with site.sipp("ring") as sipp:
        placed = site.call_external(answer_timeout=1)
        assert site.told() == {"result_code": 500, "error": {"id": "no_answer"}}
        result = result_of(site.server.wait_ended(placed.call))
        sipp.wait()
    assert (result["outcome"], result["cause"]) == ("first_leg_failed", "no_answer")
    assert result["first_ring_seconds"] == pytest.approx(1.0, abs=0.3)


def test_an_answer_that_crosses_the_cancel_is_taken_and_hung_up(site: Site) -> None:
    with site.sipp("cancel_crosses_answer") as sipp:
        placed = site.call_external(answer_timeout=1)
        assert site.told() == {"result_code": 500, "error": {"id": "no_answer"}}
        result = result_of(site.server.wait_ended(placed.call))
        sipp.wait()  # it saw the ACK and the BYE
    assert (result["outcome"], result["cause"]) == ("first_leg_failed", "no_answer")
    assert len(site.receiver.callbacks) == 1


def test_an_outside_number_is_played_the_prompt_and_hung_up(site: Site) -> None:
    with site.sipp("answer") as sipp:
        placed = site.call_external()
        assert site.told() == {"result_code": 0, "uuid": placed.uuids[0]}
        result = result_of(site.server.wait_ended(placed.call))
        sipp.wait()
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    invite = sipp.received("INVITE")[0]
    assert invite.startswith(f"INVITE sip:{NUMBER}@127.0.0.1:{site.port}")
    assert f"Call-ID: {placed.uuids[0]}" in invite
    assert len(site.receiver.callbacks) == 1


def test_a_trunk_that_asks_for_credentials_gets_them(tmp_path: Path) -> None:
    with (
        site_of(tmp_path, username=USER, password=SECRET) as site,
        site.sipp("challenge") as sipp,
    ):
        placed = site.call_external()
        assert site.told() == {"result_code": 0, "uuid": placed.uuids[0]}
        assert result_of(site.server.wait_ended(placed.call))["outcome"] == "completed"
        sipp.wait()
        first, second = sipp.received("INVITE")
        for name in ("Call-ID", "From"):
            assert header(first, name) == header(second, name), name
        number, method = header(first, "CSeq").split()
        assert header(second, "CSeq") == f"{int(number) + 1} {method}"
        given = header(second, "Proxy-Authorization")
        assert 'realm="trunk.test"' in given
        assert f'username="{USER}"' in given
        assert parameter(given, "response") == digest_response(
            given, "INVITE", "trunk.test", nonce="7a9d1c55"
        )
        ladder = site.server.get(f"/v1/calls/{placed.call}/ladder").body
        assert SECRET not in str(ladder)
        assert parameter(given, "response") not in str(ladder)


def test_a_trunk_that_refuses_the_credentials(tmp_path: Path) -> None:
    """Asked again with the same nonce, the server must not try for ever."""
    with (
        site_of(tmp_path, username=USER, password="wrong") as site,
        site.sipp("always_challenge") as sipp,
    ):
        placed = site.call_external()
        assert site.told()["result_code"] == 500
        result = result_of(site.server.wait_ended(placed.call))
        sipp.wait()
    assert (result["outcome"], result["leg"]) == ("first_leg_failed", "first")
    assert len(sipp.received("INVITE")) == 2


def test_a_silent_trunk_is_given_up(site: Site) -> None:
    placed = site.call_external(answer_timeout=2)
    assert site.told()["error"]["id"] in ("unreachable", "no_answer")
    assert result_of(site.server.wait_ended(placed.call))["outcome"] == "first_leg_failed"


def digest_response(given: str, method: str, realm: str, nonce: str) -> str:
    """What RFC 7616 3.4.1 makes of the right password, with qop=auth and MD5."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    first = md5(f"{USER}:{realm}:{SECRET}")
    second = md5(f"{method}:{parameter(given, 'uri')}")
    cnonce, count = parameter(given, "cnonce"), parameter(given, "nc")
    return md5(f"{first}:{nonce}:{count}:{cnonce}:auth:{second}")


def parameter(header_value: str, name: str) -> str:
    """A parameter of a Digest header, without its quotes."""
    found = re.search(rf'[ ,]{name}="?([^",]*)"?', header_value)
    assert found is not None, name
    return found.group(1)


def header(message: str, name: str) -> str:
    """The value of a header of a SIP message."""
    lines = (line for line in message.splitlines() if line.lower().startswith(f"{name.lower()}:"))
    return next(lines).partition(":")[2].strip()
