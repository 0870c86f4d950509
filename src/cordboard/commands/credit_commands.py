"""The commands for money: what a tenant and its cards have, what has changed it, and payments."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer

from cordboard.commands.client import ApiClient, ServerError
from cordboard.directory.money import millionths, written

EXIT_PROBLEM: Final = 1
EXIT_UNREACHABLE: Final = 3

PAGE: Final = 500
"""Cards that are asked for at a time: all that one answer has."""

credit = typer.Typer(help="Balances, what changes them, and payments.", no_args_is_help=True)

Token = Annotated[
    str,
    typer.Option(envvar="CORDBOARD_TOKEN", help="The account's API token.", show_default=False),
]
Server = Annotated[str, typer.Option(help="Where the server answers HTTP.")]
Domain = Annotated[str, typer.Option(help="The tenant's domain.")]
CardName = Annotated[str | None, typer.Option(help="A card's number; the tenant itself without.")]

DEFAULT_SERVER: Final = "http://127.0.0.1:8080"


@credit.command("show")
def show(token: Token, server: Server = DEFAULT_SERVER, domain: Domain = "demo") -> None:
    """Say what the tenant and its cards have."""
    client = ApiClient(server, domain, token)
    try:
        own, cards = client.get("/v1/credit"), _cards(client)
    except ServerError as error:
        raise _failed(error) from None
    typer.echo(balance_table(own, cards))


@credit.command("ledger")
def ledger(
    token: Token,
    card: CardName = None,
    limit: Annotated[int, typer.Option(min=1, max=PAGE, help="How many entries at most.")] = 50,
    server: Server = DEFAULT_SERVER,
    domain: Domain = "demo",
) -> None:
    """Say what has changed balances, the newest first."""
    asked: dict[str, Any] = {"limit": limit} | ({} if card is None else {"card": card})
    try:
        told = ApiClient(server, domain, token).get(f"/v1/ledger?{urlencode(asked)}")
    except ServerError as error:
        raise _failed(error) from None
    typer.echo(ledger_table(told["entries"]))


@credit.command("pay")
def pay(
    amount: Annotated[str, typer.Argument(help='How much: "12.50"; with --take what is taken.')],
    reference: Annotated[str, typer.Option(help="What it is known by; it is booked once.")],
    token: Token,
    card: CardName = None,
    take: Annotated[bool, typer.Option("--take", help="Take it away, as a correction.")] = False,
    server: Server = DEFAULT_SERVER,
    domain: Domain = "demo",
) -> None:
    """Put an amount on the balance of the tenant, or of a card."""
    try:
        whole = millionths(amount)
        if whole <= 0:
            raise ValueError("an amount is above 0")
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    body = {
        "amount": -whole if take else whole,
        "reference": reference,
        "card": card,
        "kind": "correction" if take else "payment",
    }
    try:
        answer, _ = ApiClient(server, domain, token).post("/v1/payments", body)
    except ServerError as error:
        raise _failed(error) from None
    if "charge" not in answer:
        said = answer.get("detail") or answer.get("title") or json.dumps(answer)
        typer.echo(f"cordboard: {said}", err=True)
        raise typer.Exit(EXIT_PROBLEM)
    typer.echo(f"{answer['charge']}: {written(answer['amount'])}")


def balance_table(own: Mapping[str, Any], cards: Sequence[Mapping[str, Any]]) -> str:
    """The answers of ``GET /v1/credit`` and ``GET /v1/cards``, one line each."""
    heads = ("payer", "balance", "reserved", "available", "tariff", "")
    rows = [heads, _standing("the tenant", own)]
    rows += [_standing(str(card["card"]), card) for card in cards]
    return _table(rows, right=(1, 2, 3))


def ledger_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """The entries of ``GET /v1/ledger``, one line each."""
    rows = [("at", "payer", "amount", "what")]
    for one in entries:
        at = datetime.fromtimestamp(one["at"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        what = one["charge"] if one["call"] is None else f"call {one['call']}"
        rows.append((at, one["card"] or "the tenant", written(one["amount"]), what))
    return _table(rows, right=(2,))


def _standing(payer: str, told: Mapping[str, Any]) -> tuple[str, ...]:
    available = told["available"]
    return (
        payer,
        written(told["balance"]),
        written(told["reserved"]),
        "any" if available is None else written(available),
        told["tariff"] or "none",
        "locked" if told.get("locked") else "",
    )


def _table(rows: Sequence[Sequence[str]], *, right: tuple[int, ...]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _cards(client: ApiClient) -> list[Mapping[str, Any]]:
    cards: list[Mapping[str, Any]] = []
    cursor: str | None = None
    while True:
        asked = {"limit": PAGE} | ({} if cursor is None else {"cursor": cursor})
        told = client.get(f"/v1/cards?{urlencode(asked)}")
        cards += told["cards"]
        cursor = told["next"]
        if cursor is None:
            return cards


def _failed(error: ServerError) -> typer.Exit:
    typer.echo(f"cordboard: {error}", err=True)
    return typer.Exit(EXIT_UNREACHABLE)
