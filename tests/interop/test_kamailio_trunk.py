"""Kamailio as a carrier: it demands digests, forks, redirects, and stays in the route of calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.kamailio import DOMAIN, Kamailio, forking_to, moved_to
from support.own_phone import OwnPhone
from support.ports import LOOPBACK, free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script, answered, sdp
from support.tones import seconds_of

pytestmark = pytest.mark.interop("kamailio")

USERNAME, PASSWORD = "cordboard", "trunk-secret"
NUMBER, OTHER = "0312341234", "0312345678"
OURS_HZ, THEIRS_HZ = 620.0, 1100.0
AT_ONCE = ("--answer-after", "0")


@dataclass(frozen=True, slots=True)
class Site:
    """A server whose trunk is the carrier."""

    server: CordboardServer
    carrier: Kamailio

    def jessica(self, *options: str | Path) -> OwnPhone:
        """Jessica's phone, registered with us."""
        return OwnPhone("jessica-desk", self.server.sip, *options)

    def subscriber(self, number: str, *options: str | Path, transport: str = "udp") -> OwnPhone:
        """A phone that the carrier itself has registered by its number."""
        return OwnPhone(number, self.carrier.sip, "--transport", transport, *options)

    def place(self) -> str:
        """Connect jessica with the number; the call's id."""
        return self.server.basix("call_user", user_name="jessica", destination=NUMBER).call

    def result(self, call: str) -> dict[str, Any]:
        """The result of a call, once it is over."""
        return result_of(self.server.wait_ended(call))

    def lines(self, call: str) -> list[dict[str, Any]]:
        """The messages of the second leg, all of which were exchanged with the carrier (over TCP
        with any port of it)."""
        ladder = self.server.get(f"/v1/calls/{call}/ladder").body
        lines: list[dict[str, Any]] = [
            line
            for channel in ladder["channels"]
            if channel["leg"] == "second"
            for line in channel["lines"]
        ]
        assert {line["peer"] for line in lines if line["peer"].startswith("udp")} <= {
            f"udp:{self.carrier.address}"
        }
        return lines

    def sent(self, call: str, method: str) -> list[str]:
        """Our requests of a method to the carrier."""
        lines = self.lines(call)
        return [line["text"] for line in lines if line["sent"] and line["text"].startswith(method)]


@contextmanager
def site_of(
    folder: Path,
    *,
    transport: str = "udp",
    numbers: Mapping[str, str] | None = None,
    password: str = PASSWORD,
    algorithm: str = "MD5",
) -> Iterator[Site]:
    with Kamailio(
        folder / "kamailio", password=PASSWORD, algorithm=algorithm, numbers=numbers
    ) as carrier:
        uri = f"sip:{carrier.address};transport={transport}"
        trunk = Trunk("pstn", "", 0, username=USERNAME, password=password, uri=uri)
        with CordboardServer(folder / "server", trunk) as server:
            yield Site(server, carrier)


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_challenged_call_is_heard_both_ways(
    tmp_path: Path, transport: str, algorithm: str
) -> None:
    """And the far side hangs up first, through the proxy."""
    here, there = tmp_path / "here.wav", tmp_path / "there.wav"
    with (
        site_of(tmp_path, transport=transport, algorithm=algorithm) as site,
        site.jessica(*AT_ONCE, "--tone", str(int(OURS_HZ)), "--record", here) as jessica,
        site.subscriber(
            *(NUMBER, *AT_ONCE, "--tone", str(int(THEIRS_HZ)), "--record", there),
            *("--hangup-after", "1.5"),
        ) as far,
    ):
        call = site.place()
        result = site.result(call)
        jessica.wait_for("recorded")
        far.wait_for("recorded")
        first, second = site.sent(call, "INVITE")
        acks = site.sent(call, "ACK")
    assert (result["outcome"], result["cause"], result["leg"]) == ("completed", "normal", "second")
    assert "\nProxy-Authorization: " not in first
    assert "\nProxy-Authorization: " in second
    assert f"\nRoute: <sip:{site.carrier.address};" in acks[-1]
    assert seconds_of(here, THEIRS_HZ) > 1.0
    assert seconds_of(there, OURS_HZ) > 1.0


def test_the_wrong_password(tmp_path: Path) -> None:
    with site_of(tmp_path, password="wrong-secret") as site, site.jessica(*AT_ONCE):
        result = site.result(site.place())
    assert (result["outcome"], result["sip_status"]) == ("second_leg_failed", 407)


def test_a_number_that_nobody_has(tmp_path: Path) -> None:
    with site_of(tmp_path) as site, site.jessica(*AT_ONCE):
        result = site.result(site.place())
    assert (result["outcome"], result["sip_status"]) == ("second_leg_failed", 404)
    assert result["cause"] == "not_found"


def test_we_hang_up_first(tmp_path: Path) -> None:
    with (
        site_of(tmp_path) as site,
        site.jessica(*AT_ONCE, "--hangup-after", "0.3"),
        site.subscriber(NUMBER, *AT_ONCE) as far,
    ):
        call = site.place()
        assert site.result(call)["outcome"] == "completed"
        far.wait_for("ended")
        (bye,) = site.sent(call, "BYE")
    assert f"\nRoute: <sip:{site.carrier.address};" in bye


def test_we_give_up_while_it_rings(tmp_path: Path) -> None:
    with (
        site_of(tmp_path) as site,
        site.jessica(*AT_ONCE),
        site.subscriber(NUMBER, "--ring-only") as far,
    ):
        call = site.place()
        far.wait_for("ringing")
        assert site.server.request("DELETE", f"/v1/calls/{call}").status == 204
        far.wait_for("missed")
        assert site.result(call)["outcome"] == "cancelled"
        assert len(site.sent(call, "CANCEL")) == 1


def test_two_phones_of_a_number_ring_and_one_answers(tmp_path: Path) -> None:
    """Early dialogs with both; what is said within the call reaches the one that answered."""
    with (
        site_of(tmp_path) as site,
        site.jessica(*AT_ONCE),
        site.subscriber(NUMBER, "--ring-only") as idle,
        site.subscriber(NUMBER, "--answer-after", "0.5", "--hangup-after", "0.3") as far,
    ):
        call = site.place()
        idle.wait_for("ringing")
        far.wait_for("ended")
        result = site.result(call)
        lines = site.lines(call)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    ringing = [line["text"] for line in lines if line["text"].startswith("SIP/2.0 180")]
    assert len({to_of(text) for text in ringing}) == 2


def test_a_number_that_moved(tmp_path: Path) -> None:
    numbers = {NUMBER: moved_to(f"sip:{OTHER}@{LOOPBACK}")}
    with (
        site_of(tmp_path, numbers=numbers) as site,
        site.jessica(*AT_ONCE),
        site.subscriber(OTHER, *AT_ONCE, "--hangup-after", "0.3"),
    ):
        call = site.place()
        result = site.result(call)
        invites = site.sent(call, "INVITE")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert [text.split()[1].partition("@")[0] for text in invites] == [
        *[f"sip:{NUMBER}"] * 2,
        *[f"sip:{OTHER}"] * 2,
    ]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.interop("baresip")
def test_the_far_side_puts_us_on_hold(tmp_path: Path, transport: str) -> None:
    with (
        site_of(tmp_path, transport=transport) as site,
        site.jessica(*AT_ONCE) as jessica,
        BaresipPhone(
            tmp_path / "far",
            NUMBER,
            server=site.carrier.sip,
            domain=DOMAIN,
            secret="any",
            transport=transport,
            answer=True,
        ) as far,
    ):
        call = site.place()
        far.wait_established()
        far.hold()
        jessica.wait_for("held")
        far.resume()
        jessica.wait_for("resumed")
        far.hang_up()
        result = site.result(call)
        holds = [line for line in site.lines(call) if line["text"].startswith("INVITE ")]
    assert (result["outcome"], result["leg"]) == ("completed", "second")
    assert [line["sent"] for line in holds] == [True, True, False, False]


@pytest.mark.interop("sipp")
def test_both_phones_of_a_number_answer(tmp_path: Path) -> None:
    """Two 200s come, for one phone answers just as it is cancelled: one call stays, and the other
    phone is acknowledged and hung up."""
    first, late = free_ports(), free_ports()
    numbers = {NUMBER: forking_to(f"sip:one@{LOOPBACK}:{first}", f"sip:two@{LOOPBACK}:{late}")}
    answers = answered("answers", proxied=True).expect("BYE").answer_again("BYE", 200)
    answers_too = (
        Script("answers-too", proxied=True)
        .expect("INVITE")
        .answer("INVITE", 180)
        .expect("CANCEL")
        .answer_again("CANCEL", 200)
        .answer("INVITE", 200, sdp=sdp(), tag="late-[pid]", repeat=True)
        .expect("ACK")
        .take_bye()
    )
    with (
        site_of(tmp_path, numbers=numbers) as site,
        site.jessica(*AT_ONCE, "--hangup-after", "1"),
        Sipp(tmp_path / "first", answers, port=first),
        Sipp(tmp_path / "late", answers_too, port=late) as loser,
    ):
        call = site.place()
        loser.wait()
        result = site.result(call)
        byes = site.sent(call, "BYE")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert len({to_of(text) for text in byes}) == 2


def to_of(text: str) -> str:
    """The To line of a message."""
    return next(line for line in text.splitlines() if line.startswith("To:"))
