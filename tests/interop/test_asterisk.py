"""A real Asterisk: as the outside network behind a trunk with credentials, and as phones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import asterisk as numbers
from support.asterisk import OFFICE, TONE_HZ, Asterisk, Registering
from support.baresip import BaresipPhone
from support.certificates import Certificates, make_certificates
from support.own_phone import OwnPhone
from support.ports import LOOPBACK
from support.server import DOMAIN, CordboardServer, Trunk, result_of
from support.tones import heard
from support.waiting import BOUND, let_last, wait_until

pytestmark = [pytest.mark.interop("asterisk"), pytest.mark.slow]

OURS_HZ, FAR_HZ = 1100.0, 850.0
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

    def place(self, number: str) -> str:
        """Connect jessica with a number of Asterisk's; the call's id."""
        return self.server.basix("call_user", user_name="jessica", destination=number).call

    def wait_digits(self, call: str, digits: str) -> None:
        """Wait until these are the last keys that came from either side."""
        pressed = ""
        for event in self.server.events(call):
            if event["kind"] == "channel.digit":
                pressed += event["data"]["digit"]
            if pressed.endswith(digits):
                return
        raise AssertionError(f"only {pressed!r} came")

    def baresip(self, terminal: str, hertz: float) -> BaresipPhone:
        """A baresip of ours, which answers at once."""
        return BaresipPhone(
            self.folder / terminal,
            terminal,
            server=self.server.sip,
            domain=DOMAIN,
            secret=f"demo-{terminal}",
            answer=True,
            tone_hz=hertz,
        )

    def behind_it(self) -> BaresipPhone:
        """A baresip that is registered with Asterisk and answers at once."""
        return BaresipPhone(
            self.folder / OFFICE,
            OFFICE,
            server=(LOOPBACK, self.asterisk.port),
            secret=PASSWORD,
            answer=True,
            tone_hz=FAR_HZ,
            jitter_buffer="0-0",
        )

    def second(self, call: str) -> list[str]:
        """The messages that came from Asterisk in a call."""
        lines = self.server.messages(call, "second")
        return [line["text"] for line in lines if not line["sent"]]

    def wait_asked(self, call: str, method: str) -> None:
        """Wait until Asterisk has sent a request of this method in a call."""
        start = f"{method} "
        wait_until(lambda: any(text.startswith(start) for text in self.second(call)), BOUND, method)

    def codecs(self, call: str) -> list[str]:
        """The first payload types that Asterisk answered or asked for, one after the other."""
        media = [text.partition("\nm=audio ")[2].split() for text in self.second(call)]
        return [words[2] for words in media if words]

    def is_quiet(self) -> None:
        """Nothing is left up at Asterisk."""
        wait_until(lambda: self.asterisk.channels() == 0, BOUND, "Asterisk's channels are gone")


@contextmanager
def site_of(
    folder: Path, *, transport: str = "udp", sip_lines: str = "", **asterisk: Any
) -> Iterator[Site]:
    with ExitStack() as stack:
        far = stack.enter_context(
            Asterisk(folder / "asterisk", username=USERNAME, password=PASSWORD, **asterisk)
        )
        port = far.tls_port if transport == "tls" else far.port
        uri = f"sip:{LOOPBACK}:{port};transport={transport}"
        trunk = Trunk("pstn", "", 0, username=USERNAME, password=PASSWORD, uri=uri)
        server = stack.enter_context(
            CordboardServer(
                folder / "server",
                trunk,
                sip_lines=sip_lines,
                certificate=asterisk.get("certificate"),
            )
        )
        yield Site(server, far, folder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site_of(tmp_path_factory.mktemp("trunk")) as one:
        yield one


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


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
    ("number", "cause", "status", "q850", "phrase"),
    [
        (numbers.BUSY, "busy", 486, 17, "Busy Here"),
        (numbers.CONGESTED, "congestion", 503, 34, "Service Unavailable"),
        (numbers.NOBODY, "not_found", 404, 1, "Not Found"),
    ],
)
def test_refusals(site: Site, number: str, cause: str, status: int, q850: int, phrase: str) -> None:
    result, _ = site.call(number)
    assert (result["outcome"], result["leg"]) == ("second_leg_failed", "second")
    assert (result["cause"], result["sip_status"]) == (cause, status)
    assert (result["q850"], result["reason"]["phrase"]) == (q850, phrase)


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


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_a_trunk_over_a_connection(
    tmp_path: Path, certificates: Certificates, transport: str
) -> None:
    with site_of(
        tmp_path,
        transport=transport,
        certificate=certificates.server,
        sip_lines=f'authorities = "{certificates.authority}"',
    ) as site:
        result, recording = site.call(numbers.EARLY, "--hangup-after", "3")
        assert (result["outcome"], result["cause"]) == ("completed", "normal")
        assert seconds_of(recording, TONE_HZ) > 1.0
        result, _ = site.call(numbers.SLOW)
        assert (result["outcome"], result["leg"]) == ("completed", "second")


@pytest.mark.parametrize("mode", ["rfc4733", "info"])
@pytest.mark.interop("baresip")
def test_keys_that_asterisk_reads(tmp_path: Path, mode: str) -> None:
    with (
        site_of(tmp_path, options=f"dtmf_mode={mode}") as site,
        site.baresip("jessica-desk", OURS_HZ) as jessica,
    ):
        call = site.place(numbers.READ)
        jessica.wait_established()
        site.server.wait_event(call, "call.bridged")
        for key in "159#":
            jessica.send_digit(key)
            site.wait_digits(call, key)
        assert site.asterisk.program is not None
        site.asterisk.program.wait_for_line("User entered '159'")
        jessica.hang_up()
        assert result_of(site.server.wait_ended(call))["outcome"] == "completed"
        site.is_quiet()


def test_keys_that_asterisk_tells_by_info(tmp_path: Path) -> None:
    with site_of(tmp_path, options="dtmf_mode=info") as site, site.jessica():
        call = site.place(numbers.KEYS)
        site.wait_digits(call, "159#")
        assert site.server.request("DELETE", f"/v1/calls/{call}").status == 204
        site.server.wait_ended(call)
        site.is_quiet()


@pytest.mark.parametrize(
    ("number", "method"), [(numbers.RECODED, "INVITE"), (numbers.UPDATED, "UPDATE")]
)
def test_asterisk_asks_for_another_codec(site: Site, number: str, method: str) -> None:
    """It began with A-law, and goes on with µ-law; nothing is lost between."""
    with site.jessica() as recording:
        call = site.place(number)
        site.wait_asked(call, method)
        let_last(1.0)
        assert site.codecs(call) == ["8", "0"]
        assert site.server.request("DELETE", f"/v1/calls/{call}").status == 204
        site.server.wait_ended(call)
    assert seconds_of(recording, TONE_HZ) > 1.7


@pytest.mark.interop("baresip")
def test_asterisk_puts_us_on_hold(tmp_path: Path) -> None:
    """Somebody behind it does, and it tells us by a re-INVITE of its own."""
    with (
        site_of(tmp_path, options="moh_passthrough=yes") as site,
        site.jessica(),
        site.behind_it() as far,
    ):
        call = site.place(numbers.THROUGH)
        far.wait_established()
        site.server.wait_event(call, "call.bridged")
        far.hold()
        site.server.wait_event(call, "call.held")
        far.resume()
        site.server.wait_event(call, "call.resumed")
        let_last(1.0)
        far.hang_up()
        result = result_of(site.server.wait_ended(call))
        site.is_quiet()
    assert (result["outcome"], result["leg"]) == ("completed", "second")


@pytest.mark.interop("baresip")
def test_asterisk_takes_itself_out_of_the_media(tmp_path: Path) -> None:
    """Direct media: it tells us by a re-INVITE where its other party's voice is."""
    with (
        site_of(tmp_path, options="direct_media=yes") as site,
        site.jessica() as recording,
        site.behind_it() as far,
    ):
        call = site.place(numbers.THROUGH)
        far.wait_established()
        site.wait_asked(call, "INVITE")
        let_last(1.5)
        far.hang_up()
        result = result_of(site.server.wait_ended(call))
        site.is_quiet()
    assert result["outcome"] == "completed"
    assert seconds_of(recording, FAR_HZ) > 1.0
    assert seconds_of(far.recording(), OURS_HZ) > 1.0


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_two_phones_of_asterisk_over_connections(
    tmp_path: Path, certificates: Certificates, transport: str
) -> None:
    two_phones(tmp_path, transport=transport, certificate=certificates.server)


@pytest.mark.parametrize("options", ["", STRICT], ids=["ordinary", "strict"])
def test_two_phones_of_asterisk(tmp_path: Path, options: str) -> None:
    two_phones(tmp_path, options=options)


def two_phones(
    tmp_path: Path,
    *,
    transport: str = "udp",
    options: str = "",
    certificate: Path | None = None,
) -> None:
    with CordboardServer(tmp_path / "server", certificate=certificate) as server:
        names = ("jessica-desk", "thomas")
        port = server.tls_port if transport == "tls" else server.sip_port
        phones = [Registering(name, port, transport) for name in names]
        with Asterisk(
            tmp_path / "asterisk", *phones, options=options, certificate=certificate
        ) as far:
            far.wait_registered(*names)
            placed = server.basix("call_user", user_name="jessica", destination="thomas")
            server.wait_event(placed.call, "call.bridged")
            wait_until(lambda: far.channels() == 2, BOUND, "both are up")
            let_last(1.0)
            assert server.request("DELETE", f"/v1/calls/{placed.call}").status == 204
            events = server.wait_ended(placed.call)
            wait_until(lambda: far.channels() == 0, BOUND, "both are gone")
    ended = [event["data"] for event in events if event["kind"] == "channel.ended"]
    assert all(one["media"]["packets_received"] > 0 for one in ended), ended
