"""Calls over a network that loses a tenth of all packets, delays each by 20 to 120 ms, lets them
overtake each other and repeats some: SIP and voice, each way, between the server and all phones.

Whatever is done in a call, it ends once and as it should, no phone is left in it, and both parties
hear each other. All calls are made at once, so together they take as long as the unluckiest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support.bad_network import BadNetwork
from support.baresip import BaresipPhone
from support.namespaces import why_no_namespaces
from support.own_phone import OwnPhone
from support.place import Place
from support.server import DOMAIN, CordboardServer, result_of
from support.together import together
from support.tones import seconds_of
from support.waiting import let_last, wait_until

pytestmark = [pytest.mark.interop("ip", "baresip"), pytest.mark.slow]

START_SECONDS = 25.0
"""For a registration: two requests, of which each may be lost several times."""

RELEASE_SECONDS = 15.0
"""For the other side to learn that a call is over."""

TALK = 3.0
HEARD = 0.5
"""The part of the talk in which the other must be heard: on the two ways a fifth of all frames is
lost, and a phone that plays them leaves those out which come too late."""

EDGES = 0.3
"""Seconds of it in which the first frame is still on its way, or the last one is cut off."""

SOME_PACKETS = 10
"""A fifth of a second of audio: that any flows, however little a busy machine gets done."""

KEYS = "159"

# Voices of whole periods in 20 ms: where a frame is lost the tone has a gap, but no break.
VOICES = {
    "anna": 600,
    "bert": 1100,
    "carl": 800,
    "dora": 1300,
    "gina": 700,
    "hans": 1200,
    "jessica-desk": 1000,
    "ivan": 1500,
    "judy": 1700,
    "kate": 1400,
    "liam": 900,
}
ANSWER = ("--answer-after", "0.2", "--lines", "20")
SAYS_GOODBYE = (*ANSWER, "--hangup-after", str(TALK))
LEAVES = (*ANSWER, "--hangup-after", str(TALK + 3.0))
TCP = ("--transport", "tcp")

OWN = {
    "anna": ANSWER,
    "bert": SAYS_GOODBYE,
    "carl": LEAVES,
    "dora": ANSWER,
    "gina": (*LEAVES, *TCP),
    "hans": (*SAYS_GOODBYE, *TCP),
    "jessica-desk": ANSWER,
    "jessica-soft": ("--ring-only",),
    "silent": ("--ring-only", "--lines", "20"),
    "busy": ("--reject", "486", "--lines", "20"),
}
BARESIP = {"ivan": "udp", "judy": "tcp", "kate": "udp", "liam": "udp"}
HAVE_G722 = ("kate", "liam")

IN_THE_FILE = ("jessica-desk", "jessica-soft")
"""Terminals of the server's usual configuration."""

USERS = "".join(
    f'[tenant.demo.user.{name}.terminal.{name}]\nsecret = "demo-{name}"\n'
    + ('codecs = ["G722"]\n' if name in HAVE_G722 else "")
    for name in (*OWN, *BARESIP)
    if name not in IN_THE_FILE
)

Act = Callable[["Stage", str], None]
"""What somebody does in a call."""


@dataclass(frozen=True)
class Case:
    """A call: which user is rung first, with whom he is connected, and how it is to end."""

    name: str
    first: str
    second: str
    outcome: str = "completed"
    cause: str = "normal"
    talks: bool = True
    act: Act | None = None
    rings: int = 60


@dataclass(frozen=True)
class Played:
    """What became of a call."""

    events: list[dict[str, Any]]
    ladder: dict[str, Any]

    def channels(self) -> dict[str, str]:
        """Its channels, and the terminal of each."""
        return {
            channel["channel"]: channel["party"].partition("@")[0]
            for channel in self.ladder["channels"]
        }


@dataclass(frozen=True)
class Stage:
    """The running server and the phones that the bad network is between."""

    server: CordboardServer
    own: dict[str, OwnPhone]
    baresip: dict[str, BaresipPhone]

    def play(self, case: Case) -> Played | BaseException:
        """Place a call and see it end, or give what went wrong."""
        try:
            placed = self.server.basix(
                *("call_user",),
                user_name=case.first,
                destination=case.second,
                answer_timeout=case.rings,
            )
            if case.act is not None:
                case.act(self, placed.call)
            events = self.server.wait_ended(placed.call)
            return Played(events, self.server.get(f"/v1/calls/{placed.call}/ladder").body)
        except BaseException as error:
            return error

    def heard_of(self, terminal: str, channel: str) -> bool:
        """Whether a phone has been rung: one may be cancelled before anything comes to it."""
        return terminal in self.baresip or bool(self.own[terminal].happened(channel))

    def wait_released(self, terminal: str, channel: str) -> None:
        """See that a phone knows that it is over."""

        def released() -> bool:
            if terminal in self.baresip:
                return self.baresip[terminal].happened("CALL_CLOSED")
            return not RELEASED.isdisjoint(self.own[terminal].happened(channel))

        wait_until(released, RELEASE_SECONDS, f"{terminal} is released from {channel}")

    def recording(self, terminal: str, channel: str) -> Path:
        """What a phone has heard on a channel."""
        if terminal in self.baresip:
            return self.baresip[terminal].recording()
        told = self.own[terminal].wait_for("recorded", RELEASE_SECONDS, call_id=channel)
        return Path(told["file"])


RELEASED = frozenset({"ended", "refused", "missed", "answered_elsewhere"})


def hang_up_at(kind: str) -> Act:
    """The client hangs up as soon as something has happened."""

    def act(stage: Stage, call: str) -> None:
        stage.server.wait_event(call, kind)
        assert stage.server.request("DELETE", f"/v1/calls/{call}").status == 204

    return act


def cancel_as_it_rings(leg: str) -> Act:
    """The client gives up as the phone rings. Whether we know that it does is luck: a 180 is not
    repeated (RFC 3261, 17.2.1)."""

    def act(stage: Stage, call: str) -> None:
        channel = stage.server.wait_event(call, "channel.dialled", leg)["channel"]
        stage.own["silent"].wait_for("ringing", RELEASE_SECONDS, call_id=channel)
        assert stage.server.request("DELETE", f"/v1/calls/{call}").status == 204

    return act


def press_keys_and_hang_up(stage: Stage, call: str) -> None:
    """Judy presses keys, and hangs up when they and the other have been heard."""
    judy = stage.baresip["judy"]
    heard = ""
    for event in stage.server.events(call):
        if event["kind"] == "call.bridged":
            judy.send_digit(KEYS)
        elif event["kind"] == "channel.digit":
            heard += event["data"]["digit"]
            if len(heard) == len(KEYS):
                break
    wait_until(lambda: judy.has_heard(TALK), TALK + RELEASE_SECONDS, "judy has heard enough")
    judy.hang_up()


def hold_and_resume(stage: Stage, call: str) -> None:
    """Once they have come to G.722, kate holds and resumes, and liam hangs up."""
    kate, liam = stage.baresip["kate"], stage.baresip["liam"]
    for phone in (kate, liam):
        phone.program.lines.wait_for(
            lambda line: "Set audio decoder: G722" in line, RELEASE_SECONDS, "they come to G.722"
        )
    kate.hold()
    stage.server.wait_event(call, "call.held")
    kate.resume()
    stage.server.wait_event(call, "call.resumed")
    let_last(2.0)
    liam.hang_up()


CASES = (
    Case("the-second-hangs-up", "anna", "bert"),
    Case("the-second-hangs-up-again", "anna", "bert"),
    Case("the-second-hangs-up-once-more", "dora", "bert"),
    Case("the-first-hangs-up", "carl", "dora"),
    Case("the-first-hangs-up-again", "carl", "anna"),
    Case("the-first-hangs-up-once-more", "carl", "dora"),
    Case(
        *("the-client-hangs-up", "dora", "anna", "completed", "cancelled", False),
        act=hang_up_at("call.bridged"),
    ),
    Case("by-tcp-the-second-hangs-up", "gina", "hans"),
    Case("by-tcp-the-first-hangs-up", "gina", "dora"),
    Case("from-udp-to-tcp", "anna", "hans"),
    Case("one-of-two-phones-answers", "jessica", "bert"),
    Case("baresip", "ivan", "bert"),
    Case("baresip-presses-keys-and-hangs-up", "judy", "dora", act=press_keys_and_hang_up),
    Case("another-codec-hold-and-resume", "kate", "liam", talks=False, act=hold_and_resume),
    Case(
        *("cancelled-at-once", "silent", "anna", "cancelled", "cancelled", False),
        act=hang_up_at("channel.dialled"),
    ),
    Case(
        *("cancelled-as-it-rings", "silent", "anna", "cancelled", "cancelled", False),
        act=cancel_as_it_rings("first"),
    ),
    Case(
        *("cancelled-as-the-second-rings", "anna", "silent", "cancelled", "cancelled", False),
        act=cancel_as_it_rings("second"),
    ),
    Case("the-first-is-busy", "busy", "anna", "first_leg_failed", "busy", False),
    Case("the-second-is-busy", "anna", "busy", "second_leg_failed", "busy", False),
    Case("no-answer", "silent", "anna", "first_leg_failed", "no_answer", False, rings=2),
)
TALKS = tuple(case for case in CASES if case.talks)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    reason = why_no_namespaces()
    if reason is not None:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("bad-network")
    with BadNetwork() as network:
        place = network.phones
        with CordboardServer(folder / "server", more=USERS, place=network.server) as server:
            own = {name: own_phone(name, server, folder, place) for name in OWN}
            baresip = {name: baresip_phone(name, server, folder, place) for name in BARESIP}
            with together([*own.values(), *baresip.values()]):
                yield Stage(server, own, baresip)


def own_phone(name: str, server: CordboardServer, folder: Path, place: Place) -> OwnPhone:
    """A phone of our own, not started."""
    voice = ("--tone", str(VOICES[name])) if name in VOICES else ()
    recorded = ("--record", folder / f"{name}.wav")
    options = (*OWN[name], *voice, *recorded)
    return OwnPhone(name, server.sip, *options, place=place, start_seconds=START_SECONDS)


def baresip_phone(name: str, server: CordboardServer, folder: Path, place: Place) -> BaresipPhone:
    """A baresip, not yet registered."""
    return BaresipPhone(
        *(folder / name, name),
        server=server.sip,
        domain=DOMAIN,
        secret=f"demo-{name}",
        transport=BARESIP[name],
        answer=True,
        tone_hz=VOICES[name],
        codecs="g722/16000/1,pcmu,pcma" if name in HAVE_G722 else "pcmu,pcma",
        modules=("g722",) if name in HAVE_G722 else (),
        place=place,
        start_seconds=START_SECONDS,
    )


@pytest.fixture(scope="module")
def played(stage: Stage) -> dict[str, Played | BaseException]:
    """All calls, made side by side."""
    with ThreadPoolExecutor(len(CASES)) as pool:
        return dict(zip((case.name for case in CASES), pool.map(stage.play, CASES), strict=True))


Outcomes = dict[str, Played | BaseException]


def of(case: Case, played: Outcomes) -> Played:
    """What became of a case; raises what went wrong with it."""
    became = played[case.name]
    if isinstance(became, BaseException):
        raise became
    return became


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_call_ends_once_and_for_all(case: Case, stage: Stage, played: Outcomes) -> None:
    became = of(case, played)
    result = result_of(became.events)
    assert (result["outcome"], result["cause"]) == (case.outcome, case.cause)
    ended = [event["channel"] for event in became.events if event["kind"] == "channel.ended"]
    channels = became.channels()
    assert sorted(ended) == sorted(channels), "each channel ends once"
    for channel, party in channels.items():
        if stage.heard_of(party, channel):
            stage.wait_released(party, channel)


@pytest.mark.parametrize("case", TALKS, ids=lambda case: case.name)
def test_both_hear_each_other(case: Case, stage: Stage, played: Outcomes) -> None:
    became = of(case, played)
    talk = result_of(became.events)["talk_seconds"]
    bridged = next(event for event in became.events if event["kind"] == "call.bridged")
    first, second = bridged["data"]["first"], bridged["data"]["second"]
    parties = became.channels()
    for hearing, heard in ((first, second), (second, first)):
        recording = stage.recording(parties[hearing], hearing)
        seconds = seconds_of(recording, VOICES[parties[heard]])
        assert seconds > HEARD * (talk - EDGES), f"{parties[heard]} is heard for {seconds} s"


def test_a_codec_is_changed_and_a_hold_heard_of(played: Outcomes) -> None:
    """Baresip 1.0 records no more once its codec has changed: packets are counted instead."""
    (case,) = (case for case in CASES if case.act is hold_and_resume)
    events = of(case, played).events
    kinds = [event["kind"] for event in events]
    assert (kinds.count("call.held"), kinds.count("call.resumed")) == (1, 1)
    for event in events:
        if event["kind"] == "channel.ended":
            assert event["data"]["media"]["packets_received"] > SOME_PACKETS
            assert event["data"]["media"]["packets_sent"] > SOME_PACKETS


def test_keys_are_told_once_and_in_order(played: Outcomes) -> None:
    (case,) = (case for case in CASES if case.act is press_keys_and_hang_up)
    events = of(case, played).events
    digits = [event["data"]["digit"] for event in events if event["kind"] == "channel.digit"]
    assert "".join(digits) == KEYS


def test_the_network_was_bad(played: Outcomes) -> None:
    lost = repeated = 0
    for became in played.values():
        assert isinstance(became, Played)
        for channel in became.ladder["channels"]:
            repeated += sum(line["retransmission"] for line in channel["lines"])
        for event in became.events:
            lost += (event["data"].get("media") or {}).get("packets_lost", 0)
    assert lost > 100, "packets of voice"
    assert repeated > 10, "messages"
