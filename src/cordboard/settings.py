"""The configuration of the whole service: one TOML file, and what the command line says over it.

``[http]``, ``[sip]``, ``[media]`` and ``[calls]`` are the service's own; ``[tenant.NAME]`` is the
directory's (:mod:`cordboard.directory.toml`). Every problem is told with its line, all at once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from cordboard.directory import schema
from cordboard.directory.problems import Problem, Problems, Severity
from cordboard.directory.shape import (
    Field,
    Kind,
    Shape,
    list_of,
    number,
    read_table,
    report_unknown_keys,
    text_where,
)
from cordboard.directory.snapshot import Directory
from cordboard.directory.tenant import Surroundings
from cordboard.directory.toml import read_directory, read_document

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""Some 200,000 users; a larger directory does not come as one file."""

TRANSPORTS: Final = ("udp", "tcp")

DEFAULT_HTTP: Final = ("127.0.0.1", 8080)
DEFAULT_PORTS: Final = (20_000, 29_999)

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Listener:
    """Where SIP is listened for: ``transport`` udp or tcp, an IP address, a port."""

    transport: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.transport}:{written_address((self.host, self.port))}"


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's own settings; times in seconds.

    ``advertise`` and ``media_advertise`` are told to phones in place of our own address.
    """

    http: tuple[str, int] = DEFAULT_HTTP
    sip: tuple[Listener, ...] = (Listener("udp", "127.0.0.1", 5060),)
    advertise: str | None = None
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    media_host: str = "127.0.0.1"
    media_advertise: str | None = None
    media_ports: tuple[int, int] = DEFAULT_PORTS


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file says; ``settings`` is None where an error keeps it from being used."""

    settings: Settings | None
    directory: Directory
    problems: tuple[Problem, ...]


def written_address(address: tuple[str, int]) -> str:
    """Host and port as they are written, IPv6 in brackets."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(value: str) -> tuple[str, int]:
    match = _HOST_PORT.fullmatch(value)
    if match is None or not 0 <= int(match.group(2)) <= 65535:
        raise ValueError
    return match.group(1).strip("[]"), int(match.group(2))


def _listener(value: str) -> Listener:
    transport, _, address = value.partition(":")
    if transport not in TRANSPORTS:
        raise ValueError(f"the transport is one of {', '.join(TRANSPORTS)}")
    host, port = _address(address)
    ip_address(host)
    return Listener(transport, host, port)


def _ip(value: str) -> str:
    return str(ip_address(value.strip("[]")))


def _ports(value: str) -> tuple[int, int]:
    first, _, last = value.partition("-")
    low, high = int(first), int(last)
    if not 1024 <= low < high <= 65535:
        raise ValueError
    return low, high


_ADDRESS = text_where('HOST:PORT, "127.0.0.1:8080"', _address)
_LISTENER = text_where('TRANSPORT:IP:PORT, "udp:0.0.0.0:5060"', _listener)
_IP = text_where("an IP address", _ip)


def _seconds(most: float) -> Kind:
    return number(0.001, most, "seconds")


SECTIONS: Final = {
    "http": Shape("http", {"listen": Field(_ADDRESS, DEFAULT_HTTP)}),
    "sip": Shape(
        "sip",
        {
            "listen": Field(
                list_of(_LISTENER, 'a list of TRANSPORT:IP:PORT, ["udp:0.0.0.0:5060"]'),
                Settings().sip,
            ),
            "advertise": Field(_IP),
            "t1": Field(_seconds(2.0), 0.5),
            "t2": Field(_seconds(16.0), 4.0),
            "t4": Field(_seconds(20.0), 5.0),
        },
    ),
    "media": Shape(
        "media",
        {
            "host": Field(_IP, "127.0.0.1"),
            "advertise": Field(_IP),
            "ports": Field(text_where('a range, "20000-29999"', _ports), DEFAULT_PORTS),
        },
    ),
    "calls": Shape(
        "calls",
        {
            "longest_call": Field(schema.SECONDS_OF_A_CALL, 6 * 3600.0),
            "media_timeout": Field(schema.SECONDS_WITHOUT_MEDIA, 60.0),
        },
    ),
}


def load_configuration(
    path: Path, *, http: str | None = None, sip: list[str] | None = None
) -> Configuration:
    """Read a file; ``http`` and ``sip`` from the command line count over what it says."""
    try:
        content = path.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise OSError(0, f"larger than {MAX_FILE_BYTES} bytes")
        text = content.decode("utf-8")
    except OSError as error:
        return _unreadable(path, f"can't be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _unreadable(path, "this is not UTF-8", line)
    return parse_configuration(text, path, http=http, sip=sip)


def parse_configuration(
    text: str, path: Path, *, http: str | None = None, sip: list[str] | None = None
) -> Configuration:
    """The configuration in a text; ``path`` is for messages and for relative prompt paths."""
    document, problems = read_document(text, str(path))
    report_unknown_keys((*SECTIONS, "tenant"), document, (), problems)
    sections = {name: _section(name, shape, document, problems) for name, shape in SECTIONS.items()}
    if http is not None:
        sections["http"]["listen"] = _from_command_line("--http", _ADDRESS, http, problems)
    if sip:
        sections["sip"]["listen"] = [
            _from_command_line("--sip", _LISTENER, one, problems) for one in sip
        ]
    folder = path.resolve().parent
    surroundings = Surroundings(
        folder=str(folder),
        prompt_exists=lambda prompt: Path(prompt).is_file(),
        longest_call=sections["calls"]["longest_call"],
        media_timeout=sections["calls"]["media_timeout"],
    )
    directory = read_directory(document, problems, surroundings)
    settings = _settings(sections, problems)
    found = problems.in_order()
    faulty = any(problem.severity is Severity.ERROR for problem in found)
    return Configuration(None if faulty else settings, directory, found)


def _section(
    name: str, shape: Shape, document: dict[str, Any], problems: Problems
) -> dict[str, Any]:
    given = document.get(name, {})
    if not isinstance(given, dict):
        problems.error((name,), "expected a table")
        given = {}
    return read_table(shape, given, (name,), problems)


def _settings(sections: dict[str, dict[str, Any]], problems: Problems) -> Settings:
    sip, media = sections["sip"], sections["media"]
    listeners = tuple(one for one in sip["listen"] if one is not None)
    if not listeners:
        problems.error(("sip", "listen"), "expected at least one address")
    if sip["t1"] > sip["t2"]:
        problems.error(("sip", "t1"), "t1 is longer than t2")
    if ip_address(media["host"]).is_unspecified and media["advertise"] is None:
        problems.error(
            ("media", "host"), "a wildcard needs media.advertise, the address phones are told"
        )
    return Settings(
        http=sections["http"]["listen"],
        sip=listeners,
        advertise=sip["advertise"],
        t1=sip["t1"],
        t2=sip["t2"],
        t4=sip["t4"],
        media_host=media["host"],
        media_advertise=media["advertise"],
        media_ports=media["ports"],
    )


def _from_command_line(option: str, kind: Kind, value: str, problems: Problems) -> Any:
    try:
        return kind.read(value)
    except ValueError:
        problems.error((), f"{option}: expected {kind.expected}, found {value!r}")
        return None


def _unreadable(path: Path, message: str, line: int = 1) -> Configuration:
    return Configuration(None, Directory(), (Problem(str(path), line, "", message),))
