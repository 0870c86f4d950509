"""Phones dial each other, a group, a program and the outside; and the outside calls a DID."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.ports import free_ports
from support.server import DOMAIN, CordboardServer, Trunk, result_of
from support.sipp import Sipp
from support.sipp_script import Script
from support.tones import seconds_of
from support.waiting import BOUND, wait_until

pytestmark = pytest.mark.interop("baresip", "sipp")

DESK_HZ, THOMAS_HZ, PROMPT_HZ = 620.0, 1100.0, 500.0
TALK = 0.6  # s heard of each other, which no accident makes

TEAM = """
[tenant.demo.feature_codes]
forward_busy = "*67"
do_not_disturb = "*78"
do_not_disturb_off = "*79"

[tenant.demo.group.team]
extension = "2001"
members = ["thomas"]
"""


class Office:
    """A server with two phones and a trunk."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        self.trunk_port = free_ports()
        self.server = running.enter_context(
            CordboardServer(
                folder / "server",
                Trunk("pstn", "03", self.trunk_port),
                thomas_lines='dids = ["05031001002"]',
                more=TEAM,
            )
        )
        self.desk = running.enter_context(self._phone("jessica-desk", DESK_HZ))
        self.thomas = running.enter_context(self._phone("thomas", THOMAS_HZ))

    def _phone(self, terminal: str, tone_hz: float) -> BaresipPhone:
        return BaresipPhone(
            self.folder / terminal,
            terminal,
            server=self.server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            tone_hz=tone_hz,
        )

    def call(self, **member: str) -> dict[str, Any]:
        """The newest call, once there is one of a kind."""

        def found() -> list[dict[str, Any]]:
            calls = self.server.get("/v1/calls").body["calls"]
            return [one for one in calls if all(one[key] == member[key] for key in member)]

        return wait_until(found, BOUND, f"there is a call with {member}")[0]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as running:
        yield Office(tmp_path, running)


def test_whom_phones_and_trunks_reach(office: Office) -> None:
    server, desk, thomas = office.server, office.desk, office.thomas

    # An extension: it rings, they talk, the callee hangs up.
    desk.dial(f"sip:1002@{DOMAIN}")
    thomas.wait_ringing()
    desk.wait_for("CALL_RINGING")
    assert '"Jessica Jones" <sip:1001@' in thomas.wait_message("INVITE")
    thomas.answer()
    desk.wait_established()
    thomas.wait_established()
    wait_until(lambda: desk.has_heard(1.0) and thomas.has_heard(1.0), 10.0, "they talk")
    thomas.hang_up()
    desk.wait_closed()
    assert seconds_of(desk.recording(), THOMAS_HZ) > TALK
    assert seconds_of(thomas.recording(), DESK_HZ) > TALK
    events = server.wait_ended(office.call(dialect="phone")["id"])
    assert result_of(events)["outcome"] == "completed"
    assert events[0]["data"]["direction"] == "phone"

    # A group, whose member declines: the caller is told so.
    seen, rung = len(desk.events), len(thomas.events)
    desk.dial(f"sip:2001@{DOMAIN}")
    thomas.wait_ringing(after=rung)
    thomas.hang_up()
    assert desk.wait_closed(after=seen).parameter.startswith(("486", "603"))

    # A caller who changes his mind.
    seen, rung = len(desk.events), len(thomas.events)
    desk.dial(f"sip:thomas@{DOMAIN}")
    thomas.wait_ringing(after=rung)
    desk.hang_up()
    thomas.wait_closed(after=rung)

    # A program answers at once.
    seen = len(desk.events)
    desk.dial(f"sip:1111@{DOMAIN}")
    desk.wait_established(after=seen)
    desk.wait_closed(after=seen)
    assert seconds_of(desk.recording(), PROMPT_HZ) > 0.3

    # Nobody, and what no rule covers.
    for dialled, status in (("1999x", "404"), ("0990123456", "403")):
        seen = len(desk.events)
        desk.dial(f"sip:{dialled}@{DOMAIN}")
        assert desk.wait_closed(after=seen).parameter.startswith(status)

    # An outside number, under a number of the tenant's.
    with Sipp(office.folder / "out", "answer_and_hang_up", port=office.trunk_port) as sipp:
        seen = len(desk.events)
        desk.dial(f"sip:0312341234@{DOMAIN}")
        desk.wait_established(after=seen)
        desk.wait_closed(10.0, after=seen)
        (invite,) = sipp.received("INVITE")
        assert "INVITE sip:0312341234@" in invite
        assert "<sip:05068680000@" in invite

    # Thomas is not to be disturbed, and is busy for everybody; then he has others answer instead.
    seen = len(thomas.events)
    thomas.dial(f"sip:*78@{DOMAIN}")
    thomas.wait_established(after=seen)
    thomas.wait_closed(10.0, after=seen)
    seen = len(desk.events)
    desk.dial(f"sip:1002@{DOMAIN}")
    assert desk.wait_closed(after=seen).parameter.startswith("486")
    seen = len(thomas.events)
    thomas.dial(f"sip:*67*0399998888@{DOMAIN}")
    thomas.wait_established(after=seen)
    thomas.hang_up()
    chosen = server.get("/v1/users/thomas/forwarding").body
    assert (chosen["busy"], chosen["do_not_disturb"]) == ("0399998888", True)
    with Sipp(office.folder / "busy", "answer_and_hang_up", port=office.trunk_port) as sipp:
        seen = len(desk.events)
        desk.dial(f"sip:1002@{DOMAIN}")
        desk.wait_established(after=seen)
        desk.wait_closed(10.0, after=seen)
        (invite,) = sipp.received("INVITE")
        assert "INVITE sip:0399998888@" in invite
        assert "Diversion: <sip:05031001002@" in invite
        assert ";reason=user-busy" in invite
    seen = len(thomas.events)
    thomas.dial(f"sip:*79@{DOMAIN}")
    thomas.wait_established(after=seen)
    thomas.hang_up()

    # The outside calls a DID, and reaches nothing else.
    rung = len(thomas.events)
    script = Script("calls_a_did").invite("05031001002").is_answered().pause(300).caller_hangs_up()
    with Sipp(office.folder / "in", script, port=office.trunk_port, peer=server.sip):
        thomas.wait_ringing(after=rung)
        thomas.answer()
        thomas.wait_closed(after=rung)
    ended = server.wait_ended(office.call(dialect="trunk")["id"])
    assert result_of(ended)["outcome"] == "completed"
    assert [m for m in thomas.messages("INVITE") if '"Kondo" <sip:0399998888@' in m]
    for number in ("0312341234", "1002"):
        script = Script(f"calls_{number}").invite(number).is_refused(404)
        with Sipp(office.folder / number, script, port=office.trunk_port, peer=server.sip):
            pass
