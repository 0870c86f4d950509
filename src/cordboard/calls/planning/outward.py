"""The trunks that an outside number is called through, as they are now."""

from __future__ import annotations

from dataclasses import replace

from cordboard.calls.planning.caller_ids import Acting, outside_caller
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.parties import named
from cordboard.calls.planning.plan import PlannedTrunks
from cordboard.calls.planning.trunks import ways_out
from cordboard.calls.ports import TrunkEndpoint
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest, Leg
from cordboard.directory.charging import PrefixPrice
from cordboard.directory.denied import is_emergency
from cordboard.directory.numbers import dialled
from cordboard.directory.outbound import Denied, Route, choose_route


def planned_trunks(acting: Acting, live: LiveView, number: str, leg: Leg) -> PlannedTrunks:
    """The trunks for a number, each with the caller id it is told. Raises :class:`Refused`."""
    route, domain = _route(acting, number, leg), acting.tenant.domain
    price = _price(acting, number, leg)
    ways = ways_out(route.trunks, domain, live)
    if not ways.trunks:
        downs = ", ".join(f"{passed.trunk} is {passed.reason}" for passed in ways.passed_over)
        raise Refused(RefusalId.TRUNK_DOWN, downs, _parameter(acting.request, leg))
    endpoints = tuple(
        TrunkEndpoint(
            trunk,
            route.number_for(trunk),
            outside_caller(acting, trunk, leg, route.country),
            domain,
        )
        for trunk in ways.trunks
    )
    return PlannedTrunks(endpoints, ways.passed_over, acting.tenant.policy.language, price)


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


def _price(acting: Acting, number: str, leg: Leg) -> PrefixPrice | None:
    """What it costs by the tenant's tariff. Whoever may call for help may do so at any tariff."""
    tariff, country = acting.tenant.charging.tariff_of(None), acting.tenant.policy.country
    if tariff is None:
        return None
    price = tariff.price_for(number, country)
    if isinstance(price, PrefixPrice):
        return price
    if is_emergency(dialled(number), country):
        return None
    raise Refused(RefusalId.TARIFF_DENIED, price.message, _parameter(acting.request, leg))


def _parameter(request: CallRequest, leg: Leg) -> str:
    """The parameter that named the number."""
    return named(request.first if leg is Leg.FIRST else request.second, leg.value)
