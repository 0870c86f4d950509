"""``cordboard phone``: a phone on the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cordboard.engines.tls import TlsSettings
from cordboard.engines.transport import TRANSPORTS
from cordboard.media.prompts import Prompt, PromptError
from cordboard.media.sources import FrameSource
from cordboard.phone.script import MANY_LINES, ONE_LINE, Script
from cordboard.phone.session import EXIT_PROBLEM, PhoneOptions, PhoneProblem, run_phone
from cordboard.phone.voice import Sine

OUTSIDE_NETWORK = "127.0.0.1:5090"
"""Where --anyone listens by itself: the trunk of the demonstration."""

DEFAULT_SERVER = "127.0.0.1:5060"
DEFAULT_DOMAIN = "demo"

Server = Annotated[
    str | None, typer.Option(help=f"HOST:PORT to register at (by default {DEFAULT_SERVER}).")
]
User = Annotated[str | None, typer.Option(help="The phone's SIP user name.")]
Secret = Annotated[
    str | None,
    typer.Option(envvar="CORDBOARD_PHONE_SECRET", help="Its password.", show_envvar=True),
]
Domain = Annotated[str, typer.Option(help="The SIP domain: the tenant's.")]
Transport = Annotated[str, typer.Option(help="udp, tcp or tls.")]
Insecure = Annotated[
    bool, typer.Option("--insecure", help="Believe any server's certificate (tls).")
]
Authorities = Annotated[
    Path | None,
    typer.Option(help="Whom to trust for it instead of the system's: a PEM file.", exists=True),
]
Local = Annotated[str | None, typer.Option(help="Its own HOST:PORT (by default any free port).")]
AnswerAfter = Annotated[float, typer.Option(min=0, help="Seconds it rings before it answers.")]
Reject = Annotated[
    int | None, typer.Option(min=400, max=699, help="Refuse calls with this SIP status.")
]
RingOnly = Annotated[bool, typer.Option("--ring-only", help="Never answer.")]
HangupAfter = Annotated[
    float | None, typer.Option(min=0, help="Seconds after the answer, then it hangs up.")
]
Lines = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=MANY_LINES,
        help="Calls it takes at a time, further ones find it busy (by default 1).",
    ),
]
Play = Annotated[
    Path | None,
    typer.Option(help="A WAV file to say, over and over.", exists=True, dir_okay=False),
]
Tone = Annotated[int | None, typer.Option(help="A tone of so many Hz to say instead.")]
Record = Annotated[
    Path | None, typer.Option(help="Write what it hears to this WAV file.", dir_okay=False)
]
Anyone = Annotated[
    bool,
    typer.Option(
        "--anyone",
        help=f"Stand for the outside network: take any number, at --local ({OUTSIDE_NETWORK}).",
    ),
]
Count = Annotated[int | None, typer.Option(min=1, help="End after so many calls.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object an event.")]


def phone(
    server: Server = None,
    user: User = None,
    secret: Secret = None,
    domain: Domain = DEFAULT_DOMAIN,
    transport: Transport = "udp",
    insecure: Insecure = False,
    authorities: Authorities = None,
    local: Local = None,
    answer_after: AnswerAfter = 1.0,
    reject: Reject = None,
    ring_only: RingOnly = False,
    hangup_after: HangupAfter = None,
    lines: Lines = None,
    play: Play = None,
    tone: Tone = None,
    record: Record = None,
    anyone: Anyone = False,
    count: Count = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Be a SIP phone: register, ring, answer, talk, until Ctrl-C."""
    if anyone == (user is not None):
        raise typer.BadParameter("give either --user or --anyone")
    if user is not None and secret is None:
        raise typer.BadParameter("a phone with a name needs --secret or CORDBOARD_PHONE_SECRET")
    if transport not in TRANSPORTS:
        raise typer.BadParameter(f"--transport is one of {', '.join(TRANSPORTS)}")
    if play is not None and tone is not None:
        raise typer.BadParameter("give either --play or --tone")
    if reject is not None and ring_only:
        raise typer.BadParameter("give either --reject or --ring-only")
    options = PhoneOptions(
        name=user or "outside",
        server=None if anyone else address_of(server or DEFAULT_SERVER),
        secret=secret or "",
        domain=domain,
        transport=transport,
        tls=TlsSettings(authorities=authorities, verify=not insecure),
        local=address_of(local or OUTSIDE_NETWORK) if local or anyone else None,
        script=Script(
            answer_after=None if ring_only else answer_after,
            reject=reject,
            hang_up_after=hangup_after,
            lines=lines or (MANY_LINES if anyone else ONE_LINE),
        ),
        voice=_voice(play, tone),
        record_to=record,
        count=count,
        told="nothing" if quiet else "json" if as_json else "lines",
    )
    try:
        code = asyncio.run(run_phone(options))
    except PhoneProblem as problem:
        typer.echo(f"cordboard: {problem}", err=True)
        raise typer.Exit(EXIT_PROBLEM) from None
    raise typer.Exit(code)


def address_of(text: str) -> tuple[str, int]:
    """Read HOST:PORT, IPv6 in brackets."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise typer.BadParameter(f"{text!r} is not HOST:PORT")
    if ":" in host and not (host.startswith("[") and host.endswith("]")):
        raise typer.BadParameter(f"{text!r} is not HOST:PORT: IPv6 stands in brackets")
    return host.strip("[]"), int(port)


def _voice(play: Path | None, tone: int | None) -> FrameSource | None:
    try:
        if play is not None:
            return Prompt.from_wav(play.read_bytes())
        return None if tone is None else Sine(tone)
    except (OSError, PromptError, ValueError) as error:
        raise typer.BadParameter(str(error)) from None
