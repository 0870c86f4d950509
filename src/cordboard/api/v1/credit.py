"""What a tenant and its cards have, what has changed that, and how payments are booked."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field
from starlette.responses import Response

from cordboard.api.auth import Principal
from cordboard.api.services import Services
from cordboard.api.v1.absent import NullIs
from cordboard.api.v1.access import Here, needs
from cordboard.api.v1.answers import example, shown
from cordboard.api.v1.asked import MAX_NAME, PRINTABLE, Name
from cordboard.api.v1.bodies import Bound, body_of, takes
from cordboard.api.v1.lists import PageCursor, PageSize, cursor_of, place_in
from cordboard.api.v1.moments import AskedMoment
from cordboard.api.v1.pages import PAGE, Cursor, Limit, page_of
from cordboard.api.v1.problems import Problem, described
from cordboard.api.v1.routing import v1_router
from cordboard.calls.credit import Payer
from cordboard.calls.events import Json
from cordboard.directory.charging import Card
from cordboard.directory.money import MOST_MONEY
from cordboard.directory.snapshot import TenantDirectory
from cordboard.journal.ledger import LedgerEntry, LedgerPlace, WantedEntries, place_of
from cordboard.journal.listing import Place

router = v1_router("credit")

PAYMENT: Final = "payment"
"""What the names of payments begin with in the ledger: calls' and openings' are others."""

Looking = Annotated[Principal, needs("credit:read")]
Booking = Annotated[Principal, needs("credit:write")]

_BODY: Final = ("invalid_json", "body_too_large", "unsupported_media_type", "invalid_parameter")


class Standing(BaseModel):
    """What a payer has, in millionths of the tenant's currency."""

    balance: int = Field(description="as settled so far")
    reserved: int = Field(description="what running calls hold of it")
    available: int | None = Field(description="what may be reserved yet; null: any amount")


class CreditShown(Standing):
    """The tenant's own."""

    currency: str | None
    tariff: str | None = Field(description="by which its calls cost something; null: they do not")
    credit_limit: int | None = Field(description="how far the balance may fall below nothing")


class CardShown(Standing):
    """A card's."""

    card: str
    label: str
    tariff: str | None
    expires: float | None = Field(description="seconds since 1970; null: never")
    locked: bool


class CardPage(BaseModel):
    """A page of cards."""

    cards: list[CardShown]
    next: str | None = Field(description="the `cursor` of the next page; null: there is none")


class EntryShown(BaseModel):
    """One change of a balance."""

    charge: str = Field(description="its name, its own among all of the tenant")
    kind: str = Field(description="charge, opening, payment or correction")
    card: str | None = Field(description="whose balance; null: the tenant's")
    amount: int = Field(description="millionths, below nothing where they were spent")
    at: float = Field(description="seconds since 1970")
    call: str | None
    account: str | None = Field(description="who booked it")


class EntryPage(BaseModel):
    """A page of entries."""

    entries: list[EntryShown]
    next: str | None = Field(description="the `cursor` of the next page; null: there is none")


def _something(amount: int) -> int:
    if amount == 0:
        raise ValueError("must not be 0")
    return amount


class PaymentAsked(Bound):
    """What is put on a balance, or with an amount below nothing taken from it."""

    amount: Annotated[int, Field(ge=-MOST_MONEY, le=MOST_MONEY), AfterValidator(_something)] = (
        Field(description="millionths", json_schema_extra={"not": {"const": 0}})
    )
    reference: Name = Field(description="what it is known by; it is booked once")
    card: Name | None = Field(None, description="the card; null: the tenant's own balance")
    kind: Annotated[Literal["payment", "correction"], NullIs("payment")] = Field(
        "payment", description="what the ledger calls it"
    )


_STANDING: Final = {"balance": 12500000, "reserved": 60000, "available": 12440000}
_CARD: Final[dict[str, Any]] = {
    "card": "400000000001",
    "label": "400000000001",
    "tariff": "standard",
    "expires": None,
    "locked": False,
    **_STANDING,
}
_ENTRY: Final[dict[str, Any]] = {
    "charge": "payment:invoice-7",
    "kind": "payment",
    "card": "400000000001",
    "amount": 12500000,
    "at": 1767225600.0,
    "call": None,
    "account": "main",
}


@router.get(
    "/credit",
    response_model=CreditShown,
    responses={
        200: example(
            {"currency": "EUR", "tariff": "standard", "credit_limit": 50000000, **_STANDING}
        )
    },
)
async def show_credit(principal: Looking, here: Here) -> Response:
    """What the tenant has itself."""
    charging, tenant = principal.tenant.charging, principal.tenant.domain
    view: dict[str, Json] = {
        "currency": charging.currency,
        "tariff": charging.tariff,
        "credit_limit": charging.credit_limit,
        **_standing(here, Payer(tenant), charging.credit_limit),
    }
    return shown(view)


@router.get(
    "/cards",
    response_model=CardPage,
    responses={
        200: example({"cards": [_CARD], "next": None}),
        **described("invalid_parameter"),
    },
)
async def list_cards(
    principal: Looking, here: Here, limit: Limit = PAGE, cursor: Cursor = None
) -> Response:
    """The prepaid cards of the directory, by their names, and what is on them."""
    tenant = principal.tenant
    page, more = page_of(tenant.charging.cards, lambda card: card.name, limit, cursor)
    cards: list[Json] = [_card(here, tenant, card) for card in page]
    return shown({"cards": cards, "next": more})


@router.get(
    "/ledger",
    response_model=EntryPage,
    responses={
        200: example({"entries": [_ENTRY], "next": None}),
        **described("invalid_parameter"),
    },
)
async def list_ledger(
    principal: Looking,
    here: Here,
    card: Annotated[str | None, Query(max_length=MAX_NAME, pattern=PRINTABLE)] = None,
    call: Annotated[str | None, Query(max_length=MAX_NAME, pattern=PRINTABLE)] = None,
    since: Annotated[AskedMoment | None, Query(alias="from", description="then or later")] = None,
    until: Annotated[AskedMoment | None, Query(alias="to", description="before")] = None,
    limit: PageSize = PAGE,
    cursor: PageCursor = None,
) -> Response:
    """What has changed the balances of the tenant and its cards, the newest first."""
    behind = None if cursor is None else place_in(cursor)
    after = None if behind is None else LedgerPlace(behind.accepted_at, behind.id)
    wanted = WantedEntries(limit + 1, card, call, since, until, after)
    found = await here.journal.ledger_entries(principal.tenant.domain, wanted)
    page, more = found[:limit], None
    if len(found) > limit:
        last = place_of(page[-1])
        more = cursor_of(Place(last.at, last.charge))
    entries: list[Json] = [_entry(one) for one in page]
    return shown({"entries": entries, "next": more})


@router.post(
    "/payments",
    status_code=201,
    response_model=EntryShown,
    responses={
        201: example(_ENTRY, "Booked"),
        200: {"model": EntryShown, **example(_ENTRY, "Booked before")},
        **described(*_BODY, "idempotency_conflict", "overloaded"),
    },
    openapi_extra=takes(
        PaymentAsked,
        {"card": {"amount": 12500000, "reference": "invoice-7", "card": "400000000001"}},
    ),
)
async def book_payment(
    principal: Booking, here: Here, asked: Annotated[PaymentAsked, body_of(PaymentAsked)]
) -> Response:
    """Put an amount on a balance, once, whatever is repeated; for accounts alone that name the
    scope."""
    tenant, card = principal.tenant, asked.card
    if card is not None and tenant.charging.card_named(card) is None:
        raise Problem("invalid_parameter", f"there is no card {card}", parameter="card")
    payer, charge = Payer(tenant.domain, card), f"{PAYMENT}:{asked.reference}"
    kind, account = asked.kind, principal.account.name
    booked = await here.exchange.balances.change(payer, charge, asked.amount, kind, account)
    entry = await here.journal.ledger_entry(tenant.domain, charge)
    if entry is None or (entry.payer, entry.amount, entry.kind) != (payer, asked.amount, kind):
        detail = "the reference was used for another payment"
        raise Problem("idempotency_conflict", detail, parameter="reference")
    return shown(_entry(entry), 201 if booked else 200)


def _standing(here: Services, payer: Payer, limit: int | None) -> dict[str, Json]:
    credit = here.exchange.balances.credit
    return {
        "balance": credit.balance(payer),
        "reserved": credit.reserved(payer),
        "available": credit.available(payer, limit),
    }


def _card(here: Services, tenant: TenantDirectory, card: Card) -> dict[str, Json]:
    tariff = tenant.charging.tariff_of(card)
    return {
        "card": card.name,
        "label": card.label,
        "tariff": None if tariff is None else tariff.name,
        "expires": card.expires,
        "locked": card.locked,
        **_standing(here, Payer(tenant.domain, card.name), 0),
    }


def _entry(one: LedgerEntry) -> dict[str, Json]:
    return {
        "charge": one.charge,
        "kind": one.kind,
        "card": one.payer.card,
        "amount": one.amount,
        "at": one.at,
        "call": one.call,
        "account": one.account,
    }
