"""The configuration of the whole service: one TOML file, and what the command line says over it.

The sections of :mod:`cordboard.configuration.sections` are the service's own;
``[tenant.NAME]`` is the directory's (:mod:`cordboard.directory.toml`). Every problem is told with
its line, all at once. The command line counts over the environment, the environment over the file,
the file over defaults.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from cordboard.addresses import LOCAL_HOST, NO_HOSTS, Hosts
from cordboard.calls.overload_limits import OverloadLimits
from cordboard.calls.running.scheduled import DEFAULT_GRACE
from cordboard.configuration.listening import (
    HOSTS,
    Listener,
    check_hosts,
    check_listeners,
    check_trunks,
    hosts_of,
)
from cordboard.configuration.overload_settings import overload_limits
from cordboard.configuration.sections import (
    DEFAULT_HTTP,
    DEFAULT_LANGUAGES,
    DEFAULT_NODE,
    DEFAULT_PORTS,
    DEFAULT_RECORDINGS,
    DEFAULT_SIP,
    DEFAULT_USER_AGENT,
    SECTIONS,
    VARIABLES,
    Strangers,
)
from cordboard.configuration.watch_settings import WatchSettings, watch_settings
from cordboard.directory.declared import Declared
from cordboard.directory.problems import Problem, Problems, Severity
from cordboard.directory.shape import Shape, Unfit, found, read_table, report_unknown_keys
from cordboard.directory.snapshot import Directory
from cordboard.directory.tenant import Surroundings
from cordboard.directory.toml import read_directory, read_document
from cordboard.engines.capacity import USUAL_CAPACITY, Capacity, capacity_of
from cordboard.engines.dns.settings import DnsSettings, dns_settings
from cordboard.engines.embedded.prompt_files import PromptFiles
from cordboard.engines.tls import TlsContexts, TlsError, TlsSettings
from cordboard.journal.settings import DEFAULT_DAYS, IN_MEMORY, recovery_path, store_url
from cordboard.media.prompts import PromptError, check_wav

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""Some 200,000 users; a larger directory does not come as one file."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's own settings; times in seconds.

    ``advertise`` and ``media_advertise`` are told to phones in place of our own addresses, but not
    to those in our own networks,
    ``drain`` is how long live calls may go on when the server stops, ``grace`` how late a call for
    later may begin,
    ``media_hosts`` are those on which voice is received; ``media_ports`` are the first and the last
    of a range, ``recordings`` the folder of recorded calls, ``languages`` that of prompts by
    language. ``store`` is the URL of the journal's database, in which calls are kept for
    ``keep_days`` after their end, ``recovery`` the file of live channels. ``node`` is what this
    server is called; ``overload`` is when there is too much to do for one more call.
    """

    http: tuple[str, int] = DEFAULT_HTTP
    sip: tuple[Listener, ...] = DEFAULT_SIP
    advertise: Hosts = NO_HOSTS
    user_agent: str = DEFAULT_USER_AGENT
    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0
    session_expires: int = 1800
    min_se: int = 90
    strangers: Strangers = Strangers.ANSWER
    tls: TlsSettings = field(default_factory=TlsSettings)
    dns: DnsSettings = field(default_factory=DnsSettings)
    capacity: Capacity = USUAL_CAPACITY
    keepalive: float = 0.0
    origins: tuple[str, ...] | None = None
    media_hosts: Hosts = LOCAL_HOST
    media_advertise: Hosts = NO_HOSTS
    media_ports: tuple[int, int] = DEFAULT_PORTS
    native_relay: bool = True
    recordings: Path = Path(DEFAULT_RECORDINGS)
    languages: Path = Path(DEFAULT_LANGUAGES)
    store: str = field(default=IN_MEMORY, repr=False)
    recovery: Path | None = None
    drain: float = 0.0
    grace: float = DEFAULT_GRACE
    keep_days: float = DEFAULT_DAYS
    overload: OverloadLimits = field(default_factory=OverloadLimits)
    watch: WatchSettings = field(default_factory=WatchSettings)
    node: str = DEFAULT_NODE


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a file says; ``settings`` is None where an error keeps it from being used."""

    settings: Settings | None
    directory: Directory
    problems: tuple[Problem, ...]
    declared: Declared = field(default_factory=lambda: Declared("", {}, Directory()))


def load_configuration(
    path: Path,
    *,
    http: str | None = None,
    sip: list[str] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Configuration:
    """Read a file; ``http`` and ``sip`` from the command line count over what it says."""
    try:
        content = path.read_bytes()
        if len(content) > MAX_FILE_BYTES:
            raise OSError(0, f"larger than {MAX_FILE_BYTES} bytes")
        text = content.decode("utf-8-sig")
    except OSError as error:
        return _unreadable(path, f"cannot be read: {error.strerror}")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return _unreadable(path, "this is not UTF-8", line)
    return parse_configuration(text, path, http=http, sip=sip, environ=environ)


def parse_configuration(
    text: str,
    path: Path,
    *,
    http: str | None = None,
    sip: list[str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Configuration:
    """The configuration in a text; ``path`` is for messages and for relative prompt paths."""
    document, problems = read_document(text, str(path))
    report_unknown_keys((*SECTIONS, "tenant"), document, (), problems)
    sections = {name: _section(name, shape, document, problems) for name, shape in SECTIONS.items()}
    for source, section, key, value in _overrides(http, sip, environ or {}):
        _override(sections, source, section, key, value, problems)
    languages = PromptFiles(path.resolve().parent / sections["media"]["languages"])
    surroundings = Surroundings(
        folder=str(path.resolve().parent),
        prompt_fault=partial(_prompt_fault, languages),
        longest_call=sections["calls"]["longest_call"],
        media_timeout=sections["calls"]["media_timeout"],
    )
    directory = read_directory(document, problems, surroundings)
    if not directory.tenants and not problems.in_order():
        problems.warning((), "there is no table [tenant.NAME], so nobody can call")
    settings = _settings(sections, path.resolve(), problems)
    if settings is not None:
        check_trunks(hosts_of(settings.sip), directory, problems)
    told = problems.in_order()
    faulty = any(problem.severity is Severity.ERROR for problem in told)
    tables = {} if faulty else document.get("tenant", {})
    declared = Declared(str(path.resolve()), tables, directory, surroundings)
    return Configuration(None if faulty else settings, directory, told, declared)


def _overrides(
    http: str | None, sip: list[str] | None, environ: Mapping[str, str]
) -> Iterator[tuple[str, str, str, Any]]:
    """What counts over the file, as source, section, key and value; later ones over earlier."""
    for variable, (section, key) in VARIABLES.items():
        value = environ.get(variable, "").strip()
        if value:
            kind = SECTIONS[section].fields[key].kind
            several = kind.each is not None or kind is HOSTS
            yield variable, section, key, _separated(value) if several else value
    if http is not None:
        yield "--http", "http", "listen", http
    if sip:
        yield "--sip", "sip", "listen", sip


def _separated(value: str) -> list[str]:
    return [one.strip() for one in value.split(",")]


def _override(
    sections: dict[str, dict[str, Any]],
    source: str,
    section: str,
    key: str,
    value: Any,
    problems: Problems,
) -> None:
    """Puts a value from outside the file in the place of the file's."""
    kind = SECTIONS[section].fields[key].kind
    try:
        taken = kind.read(value)
        sections[section][key] = [kind.each.read(one) for one in taken] if kind.each else taken
    except Unfit as error:
        why = f"; {error}" if str(error) else ""
        expected = kind.each.expected if kind.each else kind.expected
        shown = ", ".join(value) if isinstance(value, list) else value
        problems.error_outside(source, f"expected {expected}, found {found(shown)}{why}")


def _prompt_fault(languages: PromptFiles, path: str) -> str | None:
    """Why a prompt cannot be played; None if it can."""
    try:
        check_wav(languages.read(path))
    except OSError as error:
        return error.strerror or "it cannot be read"
    except PromptError as error:
        return str(error)
    return None


def _section(
    name: str, shape: Shape, document: dict[str, Any], problems: Problems
) -> dict[str, Any]:
    given = document.get(name, {})
    if not isinstance(given, dict):
        problems.error((name,), f"expected a table, found {found(given)}")
        given = {}
    return read_table(shape, given, (name,), problems)


def _settings(
    sections: dict[str, dict[str, Any]], file: Path, problems: Problems
) -> Settings | None:
    http, sip, media = sections["http"], sections["sip"], sections["media"]
    listeners = tuple(one for one in sip["listen"] if one is not None)
    if not listeners:
        problems.error(("sip", "listen"), "expected at least one address")
        return None
    local = tuple(filter(None, sip["local_networks"] or ()))
    url = store_url(sections["store"]["url"], file)
    settings = Settings(
        http=http["listen"],
        sip=listeners,
        advertise=sip["advertise"].but_not_in(local),
        user_agent=sip["user_agent"],
        t1=sip["t1"],
        t2=sip["t2"],
        t4=sip["t4"],
        session_expires=sip["session_expires"],
        min_se=sip["min_se"],
        strangers=sip["strangers"],
        tls=_tls(sip, file.parent),
        dns=dns_settings(sip),
        capacity=capacity_of(sip),
        keepalive=sip["keepalive"],
        origins=tuple(filter(None, sip["origins"])) or None,
        media_hosts=media["host"].or_else(hosts_of(listeners)),
        media_advertise=media["advertise"].or_else(sip["advertise"]).but_not_in(local),
        media_ports=media["ports"],
        native_relay=media["native"],
        recordings=file.parent / media["recordings"],
        languages=file.parent / media["languages"],
        store=url,
        recovery=recovery_path(sections["store"]["recovery"], url, file),
        drain=sections["calls"]["drain"],
        grace=sections["calls"]["grace"],
        keep_days=sections["store"]["keep_days"],
        overload=overload_limits(sections["overload"]),
        watch=watch_settings(sections["metrics"], sections["log"]),
        node=sections["node"]["name"] or DEFAULT_NODE,
    )
    _check(settings, problems)
    return settings


def _tls(sip: dict[str, Any], folder: Path) -> TlsSettings:
    """Paths are relative to the configuration file's folder."""
    certificate, key, authorities = (
        None if sip[name] is None else folder / sip[name]
        for name in ("certificate", "private_key", "authorities")
    )
    return TlsSettings(certificate, key, authorities, sip["verify"])


def _check_tls(settings: Settings, problems: Problems) -> None:
    if settings.tls.certificate is None:
        secured = {one.transport for one in settings.sip} & {"tls", "wss"}
        if secured:
            problems.error(("sip", "listen"), f"{min(secured)} needs sip.certificate")
        if settings.tls.private_key is not None:
            problems.error(("sip", "private_key"), "there is no sip.certificate that it is of")
    try:
        TlsContexts(settings.tls)
    except TlsError as error:
        problems.error(("sip", "certificate"), str(error))


def _check(settings: Settings, problems: Problems) -> None:
    """Reports settings that do not fit together."""
    if settings.t1 > settings.t2:
        problems.error(("sip", "t1"), f"expected at most t2, which is {settings.t2:g}")
    _check_tls(settings, problems)
    if 0 < settings.session_expires < settings.min_se:
        problems.error(
            ("sip", "session_expires"), f"expected min_se at least, which is {settings.min_se}"
        )
    listened = hosts_of(settings.sip)
    check_hosts(
        listened, settings.advertise, settings.media_hosts, settings.media_advertise, problems
    )
    check_listeners(settings.sip, settings.http, settings.media_ports, problems)


def _unreadable(path: Path, message: str, line: int = 0) -> Configuration:
    return Configuration(None, Directory(), (Problem(str(path), line, "", message),))
