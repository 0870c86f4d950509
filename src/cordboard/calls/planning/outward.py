"""The trunks that an outside number is called through, as they are now."""

from __future__ import annotations

from msgspec.structs import replace

from cordboard.calls.credit import Charge, Payer, PlannedCharge
from cordboard.calls.planning.caller_ids import Acting, outside_caller
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.parties import named
from cordboard.calls.planning.plan import PlannedTrunks
from cordboard.calls.planning.trunks import ways_out
from cordboard.calls.ports import TrunkEndpoint
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest, Direction, Leg
from cordboard.directory.charging import Card, PrefixPrice, Tariff
from cordboard.directory.denied import is_emergency
from cordboard.directory.numbers import dialled
from cordboard.directory.outbound import Denied, Route, choose_route
from cordboard.directory.snapshot import TenantDirectory


def planned_trunks(acting: Acting, live: LiveView, number: str, leg: Leg) -> PlannedTrunks:
    """The trunks for a number, each with the caller id it is told. Raises :class:`Refused`."""
    route, domain = _route(acting, number, leg), acting.tenant.domain
    charge = _charge(acting, live, number, leg)
    ways = ways_out(route.trunks, domain, live)
    if not ways.trunks:
        downs = ", ".join(f"{passed.trunk} is {passed.reason}" for passed in ways.passed_over)
        raise Refused(RefusalId.TRUNK_DOWN, downs, _parameter(acting.request, leg))
    endpoints = tuple(
        [
            TrunkEndpoint(
                trunk,
                route.number_for(trunk),
                outside_caller(acting, trunk, leg, route.country),
                domain,
            )
            for trunk in ways.trunks
        ]
    )
    return PlannedTrunks(endpoints, ways.passed_over, acting.tenant.policy.language, charge)


def _route(acting: Acting, number: str, leg: Leg) -> Route:
    route = choose_route(acting.tenant, number)
    if isinstance(route, Denied):
        raise Refused(RefusalId.NO_ROUTE, route.message, _parameter(acting.request, leg))
    wanted = acting.request.wishes(leg).trunk
    if wanted is None:
        return route
    trunks = tuple(trunk for trunk in route.trunks if trunk.name == wanted)
    if not trunks:
        message = f"this number may not go through a trunk {wanted}"
        raise Refused(RefusalId.NO_ROUTE, message, f"{leg.value}.trunk")
    return replace(route, trunks=trunks)


def check_right(request: CallRequest, tenant: TenantDirectory) -> None:
    """Raises :class:`Refused` where who pays has a tariff by which clients have no calls placed at
    all, or the request names a card that there is not."""
    card = card_of(request, tenant)
    tariff = tenant.charging.tariff_of(card)
    if tariff is not None and not tariff.requests and request.direction is Direction.REQUEST:
        message = f"the tariff {tariff.name} allows no calls by request"
        raise Refused(RefusalId.TARIFF_DENIED, message)


def card_of(request: CallRequest, tenant: TenantDirectory) -> Card | None:
    """The card that pays for a call, None: the tenant does. Raises :class:`Refused`."""
    if request.card is None:
        return None
    card = tenant.charging.card_named(request.card)
    if card is None:
        raise Refused(RefusalId.INVALID_PARAMETER, f"there is no card {request.card}", "card")
    return card


def _charge(acting: Acting, live: LiveView, number: str, leg: Leg) -> PlannedCharge | None:
    """What it costs by the tariff of who pays, and where that is anything, who pays it."""
    charging, card = acting.tenant.charging, card_of(acting.request, acting.tenant)
    tariff = charging.tariff_of(card)
    price = None if tariff is None else _price(tariff, acting, number, leg)
    if price is None or price.is_nothing:
        return None
    if card is None:
        payer, limit = Payer(acting.tenant.domain), charging.credit_limit
        return PlannedCharge(live.new_id(), Charge(payer, price, limit))
    if card.locked:
        raise Refused(RefusalId.NO_CREDIT, f"the card {card.name} is locked", "card")
    charge = Charge(Payer(acting.tenant.domain, card.name), price)
    return PlannedCharge(live.new_id(), charge, card.expires)


def _price(tariff: Tariff, acting: Acting, number: str, leg: Leg) -> PrefixPrice | None:
    """What a tariff says of a number. Whoever may call for help may do so at any tariff."""
    country = acting.tenant.policy.country
    price = tariff.price_for(number, country)
    if isinstance(price, PrefixPrice):
        return price
    if is_emergency(dialled(number), country):
        return None
    raise Refused(RefusalId.TARIFF_DENIED, price.message, _parameter(acting.request, leg))


def _parameter(request: CallRequest, leg: Leg) -> str:
    """The parameter that named the number."""
    return named(request.first if leg is Leg.FIRST else request.second, leg.value)
