"""``cordboard phone`` and the demonstration, against a real server process."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.own_phone import OwnPhone
from support.ports import free_ports
from support.program import Program
from support.server import CordboardServer, Trunk, result_of
from support.tones import seconds_of
from support.waiting import wait_until

NUMBER = "0312341234"


@pytest.fixture
def outside_port() -> int:
    return free_ports()


@pytest.fixture
def server(tmp_path: Path, outside_port: int) -> Iterator[CordboardServer]:
    with CordboardServer(tmp_path / "server", Trunk("pstn", "", outside_port)) as running:
        yield running


def phone_command(*options: str | Path) -> list[str | Path]:
    return [sys.executable, "-m", "cordboard", "phone", *options]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_phones_hear_each_other(
    server: CordboardServer, tmp_path: Path, transport: str
) -> None:
    by_jessica, by_thomas = tmp_path / "jessica.wav", tmp_path / "thomas.wav"
    common = ("--answer-after", "0", "--transport", transport, "--count", "1")
    with (
        OwnPhone(
            "jessica-desk", server.sip, *common, "--tone", "620", "--record", by_jessica
        ) as jessica,
        OwnPhone(
            *("thomas", server.sip, *common, "--tone", "1100", "--record", by_thomas),
            *("--hangup-after", "1.5"),
        ) as thomas,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="thomas")
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
        # After its one call each phone unregisters and ends by itself.
        assert jessica.program.wait(5.0) == 0
        assert thomas.program.wait(5.0) == 0
        assert jessica.happened()[-1] == "unregistered"
    assert seconds_of(by_jessica, 1100) > 1.0
    assert seconds_of(by_thomas, 620) > 1.0


def test_the_other_phone_misses_nothing(server: CordboardServer) -> None:
    with (
        OwnPhone("jessica-desk", server.sip, "--answer-after", "0.3") as desk,
        OwnPhone("jessica-soft", server.sip, "--ring-only") as soft,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        desk.wait_for("answered")
        soft.wait_for("answered_elsewhere")
        assert "missed" not in soft.happened()
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"


def test_neither_does_it_where_its_user_declines(server: CordboardServer) -> None:
    with (
        OwnPhone("jessica-desk", server.sip, "--reject", "603"),
        OwnPhone("jessica-soft", server.sip, "--ring-only") as soft,
    ):
        placed = server.basix("call_user", user_name="jessica", destination="1111")
        soft.wait_for("declined_elsewhere")
        assert "missed" not in soft.happened()
        result = result_of(server.wait_ended(placed.call))
    assert (result["cause"], result["sip_status"]) == ("rejected", 603)


def test_a_phone_that_only_rings_misses_the_call(server: CordboardServer) -> None:
    with OwnPhone("thomas", server.sip, "--ring-only") as thomas:
        placed = server.basix("call_user", user_name="thomas", destination="1111", answer_timeout=1)
        assert thomas.wait_for("missed")["reason"] == "No answer"
        result = result_of(server.wait_ended(placed.call))
    assert result["cause"] == "no_answer"


def test_a_phone_that_refuses(server: CordboardServer) -> None:
    with OwnPhone("thomas", server.sip, "--reject", "486") as thomas:
        placed = server.basix("call_user", user_name="thomas", destination="1111")
        assert thomas.wait_for("refused")["status"] == 486
        assert result_of(server.wait_ended(placed.call))["cause"] == "busy"


def test_a_phone_answers_by_itself_when_asked_to(server: CordboardServer) -> None:
    with OwnPhone("thomas", server.sip, "--answer-after", "30") as thomas:
        placed = server.basix("call_user", user_name="thomas", destination="1111", auto_answer=True)
        assert thomas.wait_for("ringing")["auto_answer"] is True
        assert thomas.wait_for("answered")["auto_answer"] is True
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"


def test_the_outside_network_takes_any_number(server: CordboardServer, outside_port: int) -> None:
    at = f"127.0.0.1:{outside_port}"
    outside = phone_command("--anyone", "--local", at, "--answer-after", "0", "--tone", "900")
    with (
        Program(outside) as network,
        OwnPhone("thomas", server.sip, "--answer-after", "0", "--hangup-after", "1") as thomas,
    ):
        network.wait_for_line("takes calls at")
        placed = server.basix("call_user", user_name="thomas", destination=NUMBER)
        network.wait_for_line(f"calls {NUMBER}")
        assert result_of(server.wait_ended(placed.call))["outcome"] == "completed"
        thomas.wait_for("ended")
        network.signal(signal.SIGINT)
        assert network.wait(5.0) == 0


def test_a_wrong_secret_ends_the_phone_and_is_not_shown(server: CordboardServer) -> None:
    command = phone_command(
        *("--user", "thomas", "--secret", "not-it", "--server", f"127.0.0.1:{server.sip_port}")
    )
    with Program(command) as program:
        assert program.wait(10.0) == 1
        assert "not registered: 40" in program.output
        assert "not-it" not in program.output


def test_a_place_that_is_taken_is_named(server: CordboardServer) -> None:
    taken = f"127.0.0.1:{server.sip_port}"
    with Program(phone_command("--anyone", "--local", taken)) as program:
        assert program.wait(10.0) == 1
        assert f"cannot listen at udp:{taken}" in program.output


@pytest.fixture
def demo_file(tmp_path: Path) -> Path:
    """examples/demo.toml on ports of its own."""
    examples = Path(__file__).parents[2] / "examples"
    text = (examples / "demo.toml").read_text()
    for port in ("8080", "5060", "5090"):
        text = text.replace(f"127.0.0.1:{port}", f"127.0.0.1:{free_ports()}")
    text = text.replace("prompts/", f"{examples}/prompts/")
    path = tmp_path / "demo.toml"
    path.write_text(text)
    return path


def demo_command(config: Path, *options: str) -> list[str | Path]:
    return [sys.executable, "-m", "cordboard", "demo", "--config", config, *options]


def test_the_demonstration_shows_one_call(demo_file: Path) -> None:
    with Program(demo_command(demo_file, "--once")) as demo:
        assert demo.wait(30.0) == 0
        output = demo.output
    for part in (
        "basix/api/call_user",
        "☎ jessica-desk: answered",
        "☎ jessica-soft: stopped ringing: answered elsewhere, no missed call",
        "✉ callback_url got",
        "the two hear each other",
        "ended: completed",
        "CANCEL",
    ):
        assert part in output, part
    assert "\x1b[" not in output, "colours where nobody looks"
    assert output.index("jessica-desk: answered") < output.index("the two hear each other")


def test_the_demonstration_stays_up_and_ends_on_sigterm(demo_file: Path) -> None:
    with Program(demo_command(demo_file)) as demo:
        demo.wait_for_line("Now you", 30.0)
        assert demo.exit_code is None
        assert demo.stop() == 0
        assert "Traceback" not in demo.output


def test_the_demonstration_ends_on_sigterm_in_the_middle_of_its_call(demo_file: Path) -> None:
    with Program(demo_command(demo_file)) as demo:
        demo.wait_for_line("jessica-desk: answered", 30.0)
        assert demo.stop() == 0
        assert "Traceback" not in demo.output


def test_a_taken_port_is_named_with_what_to_do(demo_file: Path) -> None:
    with Program(demo_command(demo_file)) as first:
        first.wait_for_line("Cordboard is up", 30.0)
        with Program(demo_command(demo_file, "--once")) as second:
            assert second.wait(30.0) == 1
            assert "cannot listen" in second.output
            assert "stop it" in second.output
        wait_until(lambda: first.exit_code is None, 1.0, "the first goes on")
