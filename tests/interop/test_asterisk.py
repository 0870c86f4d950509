"""A real Asterisk: as the outside network behind a trunk with credentials, and as phones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import asterisk as numbers
from support.asterisk import TONE_HZ, Asterisk, Registering
from support.own_phone import OwnPhone
from support.server import CordboardServer, Trunk, result_of
from support.tones import heard
from support.waiting import let_last, wait_until

pytestmark = [pytest.mark.interop("asterisk"), pytest.mark.slow]

OURS_HZ = 1100.0
USERNAME, PASSWORD = "cordboard", "trunk-secret"
STRICT = "100rel=required\ntimers=required\ntimers_min_se=90"


@dataclass(frozen=True, slots=True)
class Site:
    """A server whose trunk is Asterisk, and jessica's phone, which answers at once."""

    server: CordboardServer
    asterisk: Asterisk
    folder: Path

    @contextmanager
    def jessica(self, *options: str | Path) -> Iterator[Path]:
        """Jessica's phone; gives the file of what it hears."""
        recording = self.folder / "jessica.wav"
        how = ("--answer-after", "0", "--tone", str(int(OURS_HZ)), "--record", recording)
        with OwnPhone("jessica-desk", self.server.sip, *how, *options) as phone:
            yield recording
            phone.wait_for("recorded")

    def call(self, number: str, *options: str | Path) -> tuple[dict[str, Any], Path]:
        """Connect jessica with a number of Asterisk's; the result, and what she heard."""
        with self.jessica(*options) as recording:
            placed = self.server.basix("call_user", user_name="jessica", destination=number)
            result = result_of(self.server.wait_ended(placed.call))
        self.is_quiet()
        return result, recording

    def is_quiet(self) -> None:
        """Nothing is left up at Asterisk."""
        wait_until(lambda: self.asterisk.channels() == 0, 5.0, "Asterisk's channels are gone")


@contextmanager
def site_of(folder: Path, **asterisk: Any) -> Iterator[Site]:
    with ExitStack() as stack:
        far = stack.enter_context(
            Asterisk(folder / "asterisk", username=USERNAME, password=PASSWORD, **asterisk)
        )
        trunk = Trunk("pstn", "", far.port, username=USERNAME, password=PASSWORD)
        server = stack.enter_context(CordboardServer(folder / "server", trunk))
        yield Site(server, far, folder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(tmp_path_factory.mktemp("trunk")) as one:
        yield one


def seconds_of(recording: Path, hertz: float) -> float:
    """How long a tone is heard in all."""
    return sum(tone.seconds for tone in heard(recording, [hertz]))


def test_a_number_behind_asterisk_is_heard(site: Site) -> None:
    result, recording = site.call(numbers.TONE, "--hangup-after", "2")
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert seconds_of(recording, TONE_HZ) > 1.0


def test_asterisk_hears_us(site: Site) -> None:
    result, recording = site.call(numbers.ECHO, "--hangup-after", "2")
    assert result["outcome"] == "completed"
    assert seconds_of(recording, OURS_HZ) > 1.0


@pytest.mark.parametrize(
    ("number", "cause", "status"),
    [
        (numbers.BUSY, "busy", 486),
        (numbers.CONGESTED, "congestion", 503),
        (numbers.NOBODY, "not_found", 404),
    ],
)
def test_refusals(site: Site, number: str, cause: str, status: int) -> None:
    result, _ = site.call(number)
    assert (result["outcome"], result["leg"]) == ("second_leg_failed", "second")
    assert (result["cause"], result["sip_status"]) == (cause, status)


def test_early_media(site: Site) -> None:
    result, recording = site.call(numbers.EARLY, "--hangup-after", "3")
    assert result["outcome"] == "completed"
    assert seconds_of(recording, TONE_HZ) > 1.0


def test_asterisk_hangs_up(site: Site) -> None:
    result, _ = site.call(numbers.SLOW)
    assert (result["outcome"], result["cause"]) == ("completed", "normal")
    assert result["talk_seconds"] == pytest.approx(1.0, abs=0.5)


def test_keys_that_asterisk_presses(site: Site) -> None:
    with site.jessica() as _:
        placed = site.server.basix("call_user", user_name="jessica", destination=numbers.KEYS)
        pressed: list[str] = []
        for event in site.server.events(placed.call):
            if event["kind"] == "channel.digit" and event["leg"] == "second":
                pressed.append(event["data"]["digit"])
            if len(pressed) == 4:
                break
        assert "".join(pressed) == "159#"
        assert site.server.request("DELETE", f"/v1/calls/{placed.call}").status == 204
        site.server.wait_ended(placed.call)
    site.is_quiet()


def test_the_wrong_password_is_refused(tmp_path: Path, site: Site) -> None:
    trunk = Trunk("pstn", "", site.asterisk.port, username=USERNAME, password="wrong-secret")
    with CordboardServer(tmp_path, trunk) as server:
        placed = server.basix("call_external", target=numbers.TONE, destination="1111")
        result = result_of(server.wait_ended(placed.call))
    assert (result["outcome"], result["sip_status"]) == ("first_leg_failed", 401)


def test_a_strict_peer_with_sha_256(tmp_path: Path) -> None:
    """Reliable provisional responses and session timers required, and no MD5."""
    sha = "supported_algorithms_uas=SHA-256"
    with site_of(tmp_path, options=STRICT, algorithms=sha) as site:
        result, recording = site.call(numbers.EARLY, "--hangup-after", "3")
        assert (result["outcome"], result["cause"]) == ("completed", "normal")
        assert seconds_of(recording, TONE_HZ) > 1.0


@pytest.mark.parametrize("options", ["", STRICT], ids=["ordinary", "strict"])
def test_two_phones_of_asterisk(tmp_path: Path, options: str) -> None:
    with CordboardServer(tmp_path / "server") as server:
        names = ("jessica-desk", "thomas")
        phones = [Registering(name, server.sip_port) for name in names]
        with Asterisk(tmp_path / "asterisk", *phones, options=options) as far:
            far.wait_registered(*names)
            placed = server.basix("call_user", user_name="jessica", destination="thomas")
            server.wait_event(placed.call, "call.bridged")
            wait_until(lambda: far.channels() == 2, 5.0, "both are up")
            let_last(1.0)
            assert server.request("DELETE", f"/v1/calls/{placed.call}").status == 204
            events = server.wait_ended(placed.call)
            wait_until(lambda: far.channels() == 0, 5.0, "both are gone")
    ended = [event["data"] for event in events if event["kind"] == "channel.ended"]
    assert all(one["media"]["packets_received"] > 0 for one in ended), ended
