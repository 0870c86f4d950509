"""Phones transfer their calls: who hears whom after it is told by their tones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from support.baresip import BaresipPhone
from support.linphone import LinphonePhone
from support.own_phone import OwnPhone
from support.server import DOMAIN, PROMPT_HZ, PROMPT_SECONDS, CordboardServer, result_of
from support.tones import recorded_seconds, seconds_of
from support.waiting import let_last, wait_until

pytestmark = pytest.mark.interop("baresip")

DESK_HZ, THOMAS_HZ, HELEN_HZ = 620.0, 1100.0, 1500.0
TALK = 0.6  # s heard of each other, which no accident makes

HELEN = """
[tenant.demo.user.helen]
id = 1003
extension = "1003"
terminal.helen.secret = "demo-helen"
"""


class Office:
    """A server with three phones."""

    def __init__(self, folder: Path, running: ExitStack) -> None:
        self.folder = folder
        self.server = running.enter_context(CordboardServer(folder / "server", more=HELEN))
        self.desk, self.thomas, self.helen = (
            running.enter_context(self._phone(terminal, hertz))
            for terminal, hertz in (
                ("jessica-desk", DESK_HZ),
                ("thomas", THOMAS_HZ),
                ("helen", HELEN_HZ),
            )
        )

    def _phone(self, terminal: str, tone_hz: float) -> BaresipPhone:
        return BaresipPhone(
            self.folder / terminal,
            terminal,
            server=self.server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            tone_hz=tone_hz,
        )

    def newest(self) -> dict[str, Any]:
        """The call that was placed last."""
        call: dict[str, Any] = self.server.get("/v1/calls").body["calls"][0]
        return call

    def connect(self) -> str:
        """Let jessica dial thomas; the call, once they talk."""
        rung, seen = len(self.thomas.events), len(self.desk.events)
        self.desk.dial(f"sip:1002@{DOMAIN}")
        self.thomas.wait_ringing(after=rung)
        self.thomas.answer()
        self.desk.wait_established(after=seen)
        self.thomas.wait_established(after=rung)
        return str(self.newest()["id"])


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as running:
        yield Office(tmp_path, running)


def test_a_phone_sends_its_party_on(office: Office) -> None:
    server, desk, thomas, helen = office.server, office.desk, office.thomas, office.helen

    # Helen declines: jessica has thomas back. This phone hangs up by itself where it is told so.
    call = office.connect()
    desk.command("transfer", f"sip:helen@{DOMAIN}")
    helen.wait_ringing()
    helen.hang_up()
    kinds = [event["kind"] for event in server.wait_ended(call)]
    failed = kinds.index("call.transfer_failed")
    assert kinds[failed + 1] == "call.bridged"
    assert [text for text in desk.messages("NOTIFY") if "SIP/2.0 486 Busy Here" in text]
    thomas.wait_closed()

    # Helen takes it: jessica leaves, the two talk.
    call = office.connect()
    rung, seen = len(helen.events), len(desk.events)
    desk.command("transfer", f"sip:1003@{DOMAIN}")
    helen.wait_ringing(after=rung)
    helen.answer()
    desk.wait_closed(after=seen)
    wait_until(lambda: helen.has_heard(1.0), 10.0, "they talk")
    thomas.hang_up()
    helen.wait_closed(after=rung)
    events = server.wait_ended(call)
    result = result_of(events)
    assert (result["outcome"], result["cause"], result["leg"]) == ("completed", "normal", "second")
    assert seconds_of(helen.recording(), THOMAS_HZ) > TALK
    assert seconds_of(thomas.recording(), HELEN_HZ) > TALK
    assert seconds_of(helen.recording(), DESK_HZ) == 0.0
    left = [one for one in events if one["kind"] == "channel.ended"]
    assert "transferred" in [one["data"]["cause"] for one in left]

    # A context takes him at once: jessica, who is the first party, leaves.
    call = office.connect()
    seen, rung = len(desk.events), len(thomas.events)
    desk.command("transfer", f"sip:1111@{DOMAIN}")
    desk.wait_closed(after=seen)
    thomas.wait_closed(after=rung)  # it hangs up when it has played its prompt
    events = server.wait_ended(call)
    (begun,) = [one for one in events if one["kind"] == "call.program"]
    assert begun["leg"] == "second"
    assert (result_of(events)["outcome"], result_of(events)["stage"]) == ("completed", "program")
    assert seconds_of(thomas.recording(), PROMPT_HZ) > PROMPT_SECONDS / 2

    # She asks helen first, and then connects the two.
    call = office.connect()
    rung = len(helen.events)
    replaces = desk.replaces(office.newest()["channels"][0])
    desk.hold()
    server.wait_event(call, "call.held")
    desk.dial(f"sip:1003@{DOMAIN}")
    helen.wait_ringing(after=rung)
    helen.answer()
    helen.wait_established(after=rung)
    asked = str(office.newest()["id"])
    desk.command("transfer", f"<sip:thomas@{DOMAIN}?Replaces={replaces}>")
    merged = result_of(server.wait_ended(call))
    assert (merged["outcome"], merged["cause"]) == ("completed", "transferred")
    before = recorded_seconds(helen.recording())
    wait_until(lambda: helen.has_heard(before + 1.5), 10.0, "they talk")
    thomas.hang_up()
    helen.wait_closed(after=rung)
    events = server.wait_ended(asked)
    (transferring,) = (one for one in events if one["kind"] == "call.transferring")
    assert transferring["data"]["from_call"] == call
    assert seconds_of(helen.recording(), THOMAS_HZ) > TALK
    (to_thomas,) = transferring["data"]["channels"]
    (figures,) = (
        one["data"]["media"]
        for one in events
        if one["kind"] == "channel.ended" and one["channel"] == to_thomas
    )
    # This phone records no more once it has been on hold: what it was sent shows the other way.
    assert figures["packets_sent"] * 0.02 > TALK


@pytest.mark.interop("linphonec")
def test_a_phone_connects_the_two_that_it_talks_with(tmp_path: Path) -> None:
    heard_by = {name: tmp_path / f"{name}.wav" for name in ("thomas", "helen")}
    with ExitStack() as running:
        server = running.enter_context(CordboardServer(tmp_path / "server", more=HELEN))

        def own(name: str, hertz: float) -> OwnPhone:
            options = ("--answer-after", "0.1", "--tone", str(int(hertz)), "--record")
            return OwnPhone(name, server.sip, *options, heard_by[name])

        thomas = running.enter_context(own("thomas", THOMAS_HZ))
        helen = running.enter_context(own("helen", HELEN_HZ))
        folder = tmp_path / "jessica"
        jessica = running.enter_context(
            LinphonePhone(folder, "jessica-desk", server.sip, tone_hz=DESK_HZ)
        )
        jessica.command(f"call sip:thomas@{DOMAIN}", "Media streams established")
        thomas.wait_for("talking")
        jessica.hold()
        thomas.wait_for("held")
        jessica.command(f"call sip:helen@{DOMAIN}", "Media streams established")
        helen.wait_for("talking")
        asked, first = (one["id"] for one in server.get("/v1/calls").body["calls"][:2])
        jessica.command("transfer 1 --to-call 2")
        merged = result_of(server.wait_ended(asked))
        assert (merged["outcome"], merged["cause"]) == ("completed", "transferred")
        thomas.wait_for("resumed")
        let_last(1.5)
        server.request("DELETE", f"/v1/calls/{first}")
        thomas.wait_for("recorded")
        helen.wait_for("recorded")
        events = server.wait_ended(first)
    assert result_of(events)["outcome"] == "completed"
    (transferring,) = (one for one in events if one["kind"] == "call.transferring")
    assert transferring["data"]["from_call"] == asked
    assert seconds_of(heard_by["helen"], THOMAS_HZ) > TALK
    assert seconds_of(heard_by["thomas"], HELEN_HZ) > TALK
