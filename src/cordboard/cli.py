"""The ``cordboard`` command."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from cordboard import __version__
from cordboard.api.v1.ladder import COLUMNS, draw
from cordboard.commands.client import ApiClient, ServerError
from cordboard.commands.credit_commands import credit
from cordboard.commands.store_commands import apply, db, secrets
from cordboard.commands.timeline import Timeline
from cordboard.commands.trunk_table import trunk_table
from cordboard.configuration.watch_settings import LogFormat
from cordboard.phone.command import phone
from cordboard.serving.logs import configure_logs

EXIT_PROBLEM = 1
"""The command was understood and something is wrong: a faulty file, a refused call."""

EXIT_UNREACHABLE = 3
"""No server answered."""

app = typer.Typer(
    help="Place calls on request: ring a phone, connect whoever answers.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(phone)
app.command()(apply)
app.add_typer(credit, name="credit")
app.add_typer(db, name="db")
app.add_typer(secrets, name="secrets")

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The TOML file to serve.")]
Server = Annotated[str, typer.Option(help="Where the server answers HTTP.")]
Domain = Annotated[str, typer.Option(help="The tenant's domain.")]
Token = Annotated[
    str,
    typer.Option(envvar="CORDBOARD_TOKEN", help="The account's API token.", show_default=False),
]
User = Annotated[str | None, typer.Option(help="First leg: a user, by name or extension.")]
Number = Annotated[str | None, typer.Option(help="First leg: an outside number.")]
FromTerminal = Annotated[
    str | None, typer.Option("--terminal", help="Who dials: a phone, by its SIP user name.")
]
FromTrunk = Annotated[
    str | None, typer.Option("--trunk", help="Who calls in: a trunk, for the caller --number.")
]
To = Annotated[str, typer.Option(help="Second leg: a name, an extension or a number.")]
CallerId = Annotated[str | None, typer.Option(help="The number an outside second leg is shown.")]
CallingName = Annotated[str | None, typer.Option(help="The name the first leg's phones show.")]
Group = Annotated[str | None, typer.Option(help="The group on whose behalf the call is made.")]
Timeout = Annotated[int | None, typer.Option(min=1, help="Seconds the first leg may ring.")]
AutoAnswer = Annotated[bool, typer.Option(help="Ask the first leg's phone to answer by itself.")]

DEFAULT_SERVER = "http://127.0.0.1:8080"


@app.command()
def serve(
    config: ConfigFile,
    http: Annotated[str | None, typer.Option(help="HOST:PORT for HTTP, over the file's.")] = None,
    sip: Annotated[
        list[str] | None, typer.Option(help="udp:HOST:PORT or tcp:HOST:PORT, over the file's.")
    ] = None,
) -> None:
    """Serve a configuration until SIGTERM or Ctrl-C; calls are then hung up."""
    from cordboard.configuration.settings import load_configuration
    from cordboard.serving.http_server import ServiceFailed  # its imports cost other commands
    from cordboard.serving.service import serve as run

    read = partial(load_configuration, config, http=http, sip=sip)
    loaded = read()
    settings, directory = _usable(loaded)
    watch = settings.watch
    configure_logs(watch.level.number, as_json=watch.format is LogFormat.JSON)
    try:
        _run_loop(run(settings, directory, read=read, declared=loaded.declared))
    except ServiceFailed as error:
        typer.echo(f"cordboard: {error}", err=True)
        raise typer.Exit(EXIT_PROBLEM) from None


@app.command()
def check(config: Annotated[Path, typer.Argument(help="The TOML file to read.")]) -> None:
    """Read a configuration and tell every problem with its line."""
    _, directory = _load(config)
    tenants = directory.tenants
    users = sum(len(tenant.users) for tenant in tenants)
    terminals = sum(len(tenant.terminals) for tenant in tenants)
    typer.echo(
        f"{config}: good. {_count(len(tenants), 'tenant')}, {_count(users, 'user')}, "
        f"{_count(terminals, 'terminal')}."
    )


@app.command()
def call(
    to: To,
    token: Token,
    user: User = None,
    number: Number = None,
    caller_id: CallerId = None,
    calling_name: CallingName = None,
    group: Group = None,
    timeout: Timeout = None,
    auto_answer: AutoAnswer = False,
    server: Server = DEFAULT_SERVER,
    domain: Domain = "demo",
) -> None:
    """Place a call and print what happens, live."""
    client = ApiClient(server, domain, token)
    method, body = _vendor_request(
        user, number, to, caller_id, calling_name, group, timeout, auto_answer
    )
    try:
        answer, placed = client.post(f"/basix/api/{method}", body)
        if placed is None:
            typer.echo(f"refused: {_refusal(answer)}", err=True)
            raise typer.Exit(EXIT_PROBLEM)
        typer.echo(f"call {placed}")
        timeline, outcome = Timeline(), None
        for event in client.events(placed):
            typer.echo(timeline.line(event))
            if event.get("kind") == "call.ended":
                outcome = event["data"]["outcome"]
    except ServerError as error:
        raise _unreachable(error) from None
    if outcome != "completed":
        raise typer.Exit(EXIT_PROBLEM)


@app.command()
def explain(
    to: To,
    token: Token,
    user: User = None,
    number: Number = None,
    terminal: FromTerminal = None,
    trunk: FromTrunk = None,
    caller_id: CallerId = None,
    calling_name: CallingName = None,
    group: Group = None,
    timeout: Timeout = None,
    auto_answer: AutoAnswer = False,
    server: Server = DEFAULT_SERVER,
    domain: Domain = "demo",
) -> None:
    """Say what a call would do, and why; nothing rings."""
    dialect = "basix"
    if terminal is not None or trunk is not None:
        dialect, method, parameters = _invited(terminal, trunk, number, user, to)
    else:
        method, parameters = _vendor_request(
            user, number, to, caller_id, calling_name, group, timeout, auto_answer
        )
    body = {"dialect": dialect, "method": method, "parameters": parameters}
    try:
        answer, _ = ApiClient(server, domain, token).post("/v1/calls/explain", body)
    except ServerError as error:
        raise _unreachable(error) from None
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    if not answer.get("accepted"):
        raise typer.Exit(EXIT_PROBLEM)


@app.command()
def ladder(
    call: Annotated[str, typer.Argument(help="The call's id, or the UUID of a channel of it.")],
    token: Token,
    server: Server = DEFAULT_SERVER,
    domain: Domain = "demo",
) -> None:
    """Draw the SIP messages of a call."""
    try:
        drawn = ApiClient(server, domain, token).get(f"/v1/calls/{call}/ladder")
        typer.echo(draw(drawn, shutil.get_terminal_size((COLUMNS, 0)).columns))
    except ServerError as error:
        raise _unreachable(error) from None


@app.command()
def trunks(token: Token, server: Server = DEFAULT_SERVER, domain: Domain = "demo") -> None:
    """Say how the trunks are: up, down or unregistered, since when, and why."""
    try:
        told = ApiClient(server, domain, token).get("/v1/trunks")["trunks"]
    except ServerError as error:
        raise _unreachable(error) from None
    typer.echo(trunk_table(told, time.time()) if told else "There are no trunks.")


@app.command()
def demo(
    config: ConfigFile,
    once: Annotated[bool, typer.Option(help="End after the first call.")] = False,
) -> None:
    """Serve a file with its phones and place one call, to see how it all works."""
    from cordboard.demo import run_demo

    settings, directory = _load(config)
    raise typer.Exit(_run_loop(run_demo(settings, directory, once=once)))


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"cordboard {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command; the entry point of the package."""
    app()


def _load(config: Path, http: str | None = None, sip: list[str] | None = None) -> Any:
    """The settings and directory of a file; its problems are printed, errors end the command."""
    from cordboard.configuration.settings import load_configuration

    return _usable(load_configuration(config, http=http, sip=sip))


def _usable(loaded: Any) -> Any:
    for problem in loaded.problems:
        typer.echo(str(problem), err=True)
    if loaded.settings is None:
        raise typer.Exit(EXIT_PROBLEM)
    return loaded.settings, loaded.directory


def _run_loop(main: Any) -> Any:
    """Run to the end, on uvloop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def _invited(
    terminal: str | None, trunk: str | None, number: str | None, user: str | None, to: str
) -> tuple[str, str, dict[str, Any]]:
    """The call of a phone or trunk, to be explained."""
    if user is not None or (terminal is None) == (trunk is None):
        raise typer.BadParameter("give one of --user, --number, --terminal and --trunk")
    if terminal is not None:
        return "phone", "invite", {"terminal": terminal, "dialled": to}
    return "trunk", "invite", {"trunk": trunk, "number": number, "dialled": to}


def _vendor_request(
    user: str | None,
    number: str | None,
    to: str,
    caller_id: str | None,
    calling_name: str | None,
    group: str | None,
    timeout: int | None,
    auto_answer: bool,
) -> tuple[str, dict[str, Any]]:
    """The documented request for what was asked: call_user or call_external."""
    if (user is None) == (number is None):
        raise typer.BadParameter("give one of --user and --number")
    body: dict[str, Any] = {}
    if timeout is not None:
        body["answer_timeout"] = timeout
    if number is not None:
        target: Any = number
        if caller_id is not None:
            target = {"called_number": number, "calling_number": caller_id}
        return "call_external", {**body, "target": target, "destination": to}
    key = "user_extension" if user is not None and user.isdigit() else "user_name"
    body[key] = user
    body["destination"] = to
    if caller_id is not None:
        body["destination"] = {"called_number": to, "calling_number": caller_id}
    if calling_name is not None:
        body["calling_name"] = calling_name
    if group is not None:
        body["group_name"] = group
    if auto_answer:
        body["auto_answer"] = True
    return "call_user", body


def _refusal(answer: dict[str, Any]) -> str:
    error = answer.get("error") or {}
    message = error.get("message") or ""
    parameter = f" ({error['parameter']})" if error.get("parameter") else ""
    return (
        f"{error.get('id')}{parameter}: {message}" if message else f"{error.get('id')}{parameter}"
    )


def _unreachable(error: ServerError) -> typer.Exit:
    typer.echo(f"cordboard: {error}", err=True)
    return typer.Exit(EXIT_UNREACHABLE)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
