"""The commands for what is stored: ``apply``, ``db`` and ``secrets``.

What they need is imported where it is used: all other commands would wait for it too.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from cordboard.journal.sealing import VARIABLE, Seal, SealError, new_key, seal_of

if TYPE_CHECKING:
    from cordboard.configuration.settings import Configuration
    from cordboard.journal.directory_port import KeptTenant
    from cordboard.journal.sql.store import Store
    from cordboard.serving.applying import Changes

EXIT_PROBLEM: Final = 1

T = TypeVar("T")

db = typer.Typer(help="Look after the database.", no_args_is_help=True)
secrets = typer.Typer(help="Keys, and the secrets in the database.", no_args_is_help=True)

ServerFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="The server's TOML file, which names its database."),
]
StoreUrl = Annotated[
    str | None,
    typer.Option("--store", envvar="CORDBOARD_STORE_URL", help="The database's URL itself."),
]


def apply(
    file: Annotated[Path, typer.Argument(help="The TOML file whose tenants are applied.")],
    config: ServerFile = None,
    store: StoreUrl = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what would change.")] = False,
    prune: Annotated[
        bool, typer.Option(help="Remove all tenants that the file does not declare.")
    ] = False,
) -> None:
    """Make the stored tenants match a file; a running server takes them up by itself."""
    from cordboard.journal.directory_port import KeptDirectory, Overtaken
    from cordboard.journal.memory_directory import MemoryDirectory
    from cordboard.journal.sql.directory import SqlDirectory
    from cordboard.serving.applying import apply as write
    from cordboard.serving.stored_tenants import DirectoryFaulty, assemble_after

    declared, seal = _read(file).declared, _seal()

    def approve(wanted: Changes, after: tuple[KeptTenant, ...]) -> bool:
        if wanted.left_out:
            names = ", ".join(wanted.left_out)
            raise SealError(f"the secrets of {names} can't be stored without {VARIABLE}")
        assemble_after(wanted, after, declared, seal)
        return not dry_run

    async def run(directory: KeptDirectory) -> Changes:
        done, _ = await write(declared, directory, seal, time.time, prune=prune, approve=approve)
        return done

    opened = _store(config or file, store)
    try:
        if dry_run and opened.is_missing:  # nothing is to be made, not even an empty file
            done = _run(run(MemoryDirectory()))
        else:
            done = _with_store(opened, lambda store: run(SqlDirectory(store)))
    except (DirectoryFaulty, SealError) as error:
        raise _fail(str(error)) from None
    except Overtaken:
        raise _fail("others keep changing the stored directory: try again") from None
    if not (declared.tables or prune):
        typer.echo(f"{file} declares no tenant: what is stored stays (--prune removes it)")
    for line in done.lines:
        typer.echo(line)
    count = len(done.lines)
    said = f"{count} {'change' if count == 1 else 'changes'}" if count else "nothing to change"
    typer.echo(f"{said}; nothing was written" if dry_run and count else said)


@db.command()
def upgrade(config: ServerFile = None, store: StoreUrl = None) -> None:
    """Bring the tables up to date, as the server does when it starts."""
    from cordboard.journal.sql.store import NEWEST

    opened = _store(config, store)

    async def run() -> str | None:
        before = None if opened.is_missing else await opened.version()
        await opened.open()
        await opened.close()
        return before

    before = _run(run())
    if before == NEWEST:
        typer.echo(f"{opened}: version {NEWEST}, nothing to do")
    else:
        typer.echo(f"{opened}: version {NEWEST} now, {before or 'nothing'} before")


@db.command()
def check(config: ServerFile = None, store: StoreUrl = None) -> None:
    """Say what is in the database, and whether it is whole."""
    from cordboard.commands.store_report import report_lines
    from cordboard.journal.sql.maintenance import report_on

    opened, seal = _store(config, store), _seal()

    async def run() -> tuple[list[str], bool]:
        try:
            report = await report_on(opened)
        finally:
            await opened.close()
        return report_lines(str(opened), report, seal)

    lines, good = _run(run())
    for line in lines:
        typer.echo(line)
    if not good:
        raise typer.Exit(EXIT_PROBLEM)


@db.command()
def vacuum(config: ServerFile = None, store: StoreUrl = None) -> None:
    """Give the room of what was forgotten back to the disk. With SQLite no server may run."""
    from cordboard.journal.sql.maintenance import vacuum as run

    _run(run(_store(config, store), typer.echo))


@secrets.command()
def key() -> None:
    """Print a new key for CORDBOARD_SECRET_KEY."""
    typer.echo(new_key())


@secrets.command()
def password() -> None:
    """Ask for a password, or read one from a pipe, and print its hash for the file."""
    from secrets import token_hex

    from cordboard.directory.passwords import kept_password

    piped = not sys.stdin.isatty()
    given = (
        sys.stdin.readline().rstrip("\n")
        if piped
        else typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    )
    if not given:
        raise _fail("there is no password")
    typer.echo(kept_password(given, token_hex()))


@secrets.command()
def rotate(config: ServerFile = None, store: StoreUrl = None) -> None:
    """Seal what the database holds of secrets by the first key; then the others can go."""
    from cordboard.journal.directory_port import Overtaken
    from cordboard.journal.sql.directory import SqlDirectory
    from cordboard.serving.applying import seal_anew

    seal = _seal()
    if seal is None:
        raise _fail(f"{VARIABLE} is not set")

    async def run(opened: Store) -> int:
        return await seal_anew(SqlDirectory(opened), seal, time.time)

    try:
        count = _with_store(_store(config, store), run)
    except (SealError, Overtaken) as error:
        raise _fail(str(error) or "the stored directory was changed: try again") from None
    typer.echo(f"{count} {'tenant' if count == 1 else 'tenants'} sealed by the first key")


def _read(file: Path) -> Configuration:
    """A configuration without an error; its problems are printed."""
    from cordboard.configuration.settings import load_configuration

    loaded = load_configuration(file)
    for problem in loaded.problems:
        typer.echo(str(problem), err=True)
    if loaded.settings is None:
        raise typer.Exit(EXIT_PROBLEM)
    return loaded


def _store(config: Path | None, url: str | None) -> Store:
    """The database that is meant, not opened yet."""
    from cordboard.journal.port import StoreFailed
    from cordboard.journal.settings import IN_MEMORY
    from cordboard.journal.sql.store import Store

    if url is None:
        if config is None:
            raise typer.BadParameter("give --config or --store")
        settings = _read(config).settings
        assert settings is not None
        url = settings.store
    if url == IN_MEMORY:
        raise _fail("the server keeps nothing: [store] url is memory:")
    try:
        return Store(url)
    except StoreFailed as error:
        raise _fail(str(error)) from None


def _with_store(store: Store, use: Callable[[Store], Awaitable[T]]) -> T:
    """Use a database beside the server that may run; its tables are made where there are none."""
    from cordboard.journal.sql.store import NEWEST

    async def run() -> T:
        if store.is_missing or await store.version() != NEWEST:
            await store.open()
            await store.close()
        await store.open(upgrade=False, alone=False)
        try:
            return await use(store)
        finally:
            await store.close()

    return _run(run())


def _run(work: Awaitable[T]) -> T:
    from cordboard.journal.port import StoreFailed

    async def main() -> T:
        return await work

    try:
        return asyncio.run(main())
    except StoreFailed as error:
        raise _fail(str(error)) from None


def _seal() -> Seal | None:
    try:
        return seal_of(os.environ)
    except SealError as error:
        raise _fail(str(error)) from None


def _fail(message: str) -> typer.Exit:
    typer.echo(f"cordboard: {message}", err=True)
    return typer.Exit(EXIT_PROBLEM)
