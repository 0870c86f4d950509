"""Kamailio as a carrier: it demands digests, forks, redirects, and stays in the route of calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.kamailio import DOMAIN, Kamailio, forking_to, forwarding_to, moved_to
from support.own_phone import OwnPhone
from support.ports import LOOPBACK, free_ports
from support.server import CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script, answered, sdp
from support.tones import seconds_of
from support.waiting import BOUND, wait_until

pytestmark = pytest.mark.interop("kamailio")

USERNAME, PASSWORD = "cordboard", "trunk-secret"
NUMBER, OTHER, MOVED, FORKED, FORWARDED, NOBODY = (f"031234000{n}" for n in range(6))
OURS_HZ, THEIRS_HZ = 620.0, 1100.0
SHORT_SESSIONS = "session_expires = 4\nmin_se = 2"
"""Refreshed after two seconds."""

AT_ONCE = ("--answer-after", "0")


@dataclass(frozen=True, slots=True)
class Site:
    """A server whose trunk is the carrier. Behind :data:`FORKED` are two ports, ``first`` and
    ``late``, behind :data:`FORWARDED` the first and then :data:`OTHER`, which who had
    :data:`MOVED` has now."""

    server: CordboardServer
    carrier: Kamailio
    first: int
    late: int

    def jessica(self, *options: str | Path) -> OwnPhone:
        """Jessica's phone, registered with us."""
        return OwnPhone("jessica-desk", self.server.sip, *options)

    def subscriber(self, number: str, *options: str | Path) -> OwnPhone:
        """A phone that the carrier itself has registered by its number."""
        return OwnPhone(number, self.carrier.sip, *options)

    def baresip(self, folder: Path, *, answer: bool = True) -> BaresipPhone:
        """One that the carrier has registered by :data:`NUMBER`, which answers at once or when it
        is told to."""
        return BaresipPhone(
            folder / "far",
            NUMBER,
            server=self.carrier.sip,
            domain=DOMAIN,
            secret="any",
            answer=answer,
        )

    def place(self, number: str = NUMBER) -> str:
        """Connect jessica with a number; the call's id."""
        return self.server.basix("call_user", user_name="jessica", destination=number).call

    def result(self, call: str) -> dict[str, Any]:
        """The result of a call, once it is over."""
        return result_of(self.server.wait_ended(call))

    def lines(self, call: str) -> list[dict[str, Any]]:
        """The messages of the second leg, all of which were exchanged with the carrier (over TCP
        with any port of it)."""
        lines = self.server.messages(call, "second")
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
    folder: Path, transport: str, algorithm: str, *, password: str = PASSWORD
) -> Iterator[Site]:
    first, late = free_ports(), free_ports()
    numbers = {
        MOVED: moved_to(f"sip:{OTHER}@{LOOPBACK}"),
        FORWARDED: forwarding_to(f"sip:one@{LOOPBACK}:{first}", OTHER),
        FORKED: forking_to(f"sip:one@{LOOPBACK}:{first}", f"sip:two@{LOOPBACK}:{late}"),
    }
    with Kamailio(
        folder / "kamailio", password=PASSWORD, algorithm=algorithm, numbers=numbers
    ) as carrier:
        uri = f"sip:{carrier.address};transport={transport}"
        trunk = Trunk("pstn", "", 0, username=USERNAME, password=password, uri=uri)
        with CordboardServer(folder / "server", trunk, sip_lines=SHORT_SESSIONS) as server:
            yield Site(server, carrier, first, late)


@pytest.fixture(scope="module")
def udp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A carrier by UDP that wants MD5."""
    with site_of(tmp_path_factory.mktemp("udp"), "udp", "MD5") as site:
        yield site


@pytest.fixture(scope="module")
def tcp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A carrier by TCP that wants SHA-256."""
    with site_of(tmp_path_factory.mktemp("tcp"), "tcp", "SHA-256") as site:
        yield site


@pytest.fixture(params=["udp", "tcp"])
def site(request: pytest.FixtureRequest) -> Site:
    """Either of them."""
    either: Site = request.getfixturevalue(request.param)
    return either


def test_a_challenged_call_is_heard_both_ways(tmp_path: Path, site: Site) -> None:
    """And the far side hangs up first, through the proxy."""
    here, there = tmp_path / "here.wav", tmp_path / "there.wav"
    with (
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
    with (
        site_of(tmp_path, "udp", "MD5", password="wrong-secret") as site,
        site.jessica(*AT_ONCE),
    ):
        result = site.result(site.place())
    assert (result["outcome"], result["sip_status"]) == ("second_leg_failed", 407)


def test_a_number_that_nobody_has(udp: Site) -> None:
    with udp.jessica(*AT_ONCE):
        result = udp.result(udp.place(NOBODY))
    assert (result["outcome"], result["sip_status"]) == ("second_leg_failed", 404)
    assert result["cause"] == "not_found"


def test_we_hang_up_first(udp: Site) -> None:
    with (
        udp.jessica(*AT_ONCE, "--hangup-after", "0.3"),
        udp.subscriber(NUMBER, *AT_ONCE) as far,
    ):
        call = udp.place()
        assert udp.result(call)["outcome"] == "completed"
        far.wait_for("ended")
        (bye,) = udp.sent(call, "BYE")
    assert f"\nRoute: <sip:{udp.carrier.address};" in bye


def test_we_give_up_while_it_rings(udp: Site) -> None:
    with (
        udp.jessica(*AT_ONCE),
        udp.subscriber(NUMBER, "--ring-only") as far,
    ):
        call = udp.place()
        far.wait_for("ringing")
        assert udp.server.request("DELETE", f"/v1/calls/{call}").status == 204
        far.wait_for("missed")
        assert udp.result(call)["outcome"] == "cancelled"
        assert len(udp.sent(call, "CANCEL")) == 1


@pytest.mark.interop("baresip")
def test_two_phones_of_a_number_ring_and_one_answers(tmp_path: Path, udp: Site) -> None:
    """Early dialogs with both; what is said within the call reaches the one that answered."""
    with (
        udp.jessica(*AT_ONCE),
        udp.subscriber(NUMBER, "--ring-only") as idle,
        udp.baresip(tmp_path, answer=False) as far,
    ):
        call = udp.place()

        def both_ring() -> bool:
            texts = [line["text"] for line in udp.lines(call)]
            return len({to_of(one) for one in texts if one.startswith("SIP/2.0 180")}) == 2

        wait_until(both_ring, BOUND, "two early dialogs")
        far.answer()
        far.wait_established()
        idle.wait_for("answered_elsewhere")
        far.hang_up()
        result = udp.result(call)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")


@pytest.mark.interop("sipp")
def test_a_number_that_is_forwarded_when_busy(tmp_path: Path, site: Site) -> None:
    """An early dialog with a voice in it ends, another comes: that one is heard and spoken to."""
    here, there = tmp_path / "here.wav", tmp_path / "there.wav"
    busy = (
        Script("rings-and-is-busy", proxied=True)
        .expect("INVITE")
        .answer("INVITE", 183, sdp=sdp())
        .pause(500)
        .answer("INVITE", 486, repeat=True)
        .expect("ACK")
    )
    with (
        site.jessica(*AT_ONCE, "--tone", str(int(OURS_HZ)), "--record", here) as jessica,
        Sipp(tmp_path / "first", busy, port=site.first),
        site.subscriber(
            *(OTHER, "--answer-after", "0.3", "--tone", str(int(THEIRS_HZ)), "--record", there),
            *("--hangup-after", "1.5"),
        ) as far,
    ):
        result = site.result(site.place(FORWARDED))
        jessica.wait_for("recorded")
        far.wait_for("recorded")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert seconds_of(here, THEIRS_HZ) > 1.0
    assert seconds_of(there, OURS_HZ) > 1.0


def test_a_number_that_moved(site: Site) -> None:
    with site.jessica(*AT_ONCE), site.subscriber(OTHER, *AT_ONCE, "--hangup-after", "0.3"):
        call = site.place(MOVED)
        result = site.result(call)
        invites = site.sent(call, "INVITE")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert [text.split()[1].partition("@")[0] for text in invites] == [
        *[f"sip:{MOVED}"] * 2,
        *[f"sip:{OTHER}"] * 2,
    ]


def test_refreshes_of_a_session_find_us(site: Site) -> None:
    with (
        site.jessica(*AT_ONCE),
        site.subscriber(NUMBER, *AT_ONCE, "--hangup-after", "4.5") as far,
    ):
        call = site.place()
        assert far.wait_for("ended", 10.0)["by"] == "us"
        assert site.result(call)["outcome"] == "completed"
        lines = site.lines(call)
    assert len([line for line in lines if line["text"].startswith("UPDATE ")]) >= 2


@pytest.mark.interop("baresip")
def test_our_refreshes_of_a_session_find_the_far_side(tmp_path: Path, site: Site) -> None:
    """baresip 1.0 leaves them to us, and knows no UPDATE."""
    with site.jessica(*AT_ONCE, "--hangup-after", "4.5"), site.baresip(tmp_path) as far:
        call = site.place()
        far.wait_closed(10.0)
        assert site.result(call)["outcome"] == "completed"
        refreshes = site.sent(call, "INVITE")[2:]
    assert len(refreshes) >= 2
    assert all(f"\nRoute: <sip:{site.carrier.address};" in text for text in refreshes)


@pytest.mark.interop("sipp")
def test_reliable_ringing(tmp_path: Path, udp: Site) -> None:
    """PRACK goes along the route of an early dialog."""
    rings = (
        Script("rings-reliably", proxied=True)
        .expect("INVITE")
        .answer("INVITE", 183, "Require: 100rel", "RSeq: 7", sdp=sdp(), repeat=True)
        .expect("PRACK", headers={"RAck": "7 2 INVITE"})
        .answer_again("PRACK", 200)
        .answer("INVITE", 200, repeat=True)
        .expect("ACK")
        .take_bye()
    )
    with (
        udp.jessica(*AT_ONCE, "--hangup-after", "1"),
        Sipp(tmp_path / "first", rings, port=udp.first),
        Sipp(
            tmp_path / "late",
            Script("refuses", proxied=True).expect("INVITE").answer("INVITE", 486).expect("ACK"),
            port=udp.late,
        ),
    ):
        call = udp.place(FORKED)
        result = udp.result(call)
        (prack,) = udp.sent(call, "PRACK")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert f"\nRoute: <sip:{udp.carrier.address};" in prack


@pytest.mark.interop("baresip")
def test_the_far_side_puts_us_on_hold(tmp_path: Path, site: Site) -> None:
    with (
        site.jessica(*AT_ONCE) as jessica,
        site.baresip(tmp_path) as far,
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
def test_both_phones_of_a_number_answer(tmp_path: Path, udp: Site) -> None:
    """Two 200s come, for one phone answers just as it is cancelled: one call stays, and the other
    phone is acknowledged and hung up."""
    answers = answered("answers", proxied=True).take_bye()
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
        udp.jessica(*AT_ONCE, "--hangup-after", "1"),
        Sipp(tmp_path / "first", answers, port=udp.first),
        Sipp(tmp_path / "late", answers_too, port=udp.late) as loser,
    ):
        call = udp.place(FORKED)
        loser.wait()
        result = udp.result(call)
        byes = udp.sent(call, "BYE")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert len({to_of(text) for text in byes}) == 2


def to_of(text: str) -> str:
    """The To line of a message."""
    return next(line for line in text.splitlines() if line.startswith("To:"))
