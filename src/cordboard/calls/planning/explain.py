"""A plan told to a person: what would ring where, under which caller id and why, and what bites."""

from __future__ import annotations

from cordboard.calls.events import Json
from cordboard.calls.limits import LimitKey, Take
from cordboard.calls.people.strategies import Candidate, names
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.plan import (
    CallPlan,
    EavesdropPlan,
    GroupHunt,
    LegPlan,
    PlannedTrunks,
    ProgramPlan,
)
from cordboard.calls.planning.told_steps import told_step
from cordboard.calls.planning.trunks import full_name
from cordboard.calls.ports import TerminalEndpoint
from cordboard.calls.refusals import Refused
from cordboard.directory.model import AutoAnswerStyle
from cordboard.directory.money import written


def explain(plan: CallPlan, live: LiveView) -> dict[str, Json]:
    """The plan as JSON. ``limit_reached`` names the limit that would refuse it now, if any."""
    reached, terms = live.exceeded_by(plan.takes), plan.recording_terms
    return {
        "accepted": reached is None,
        "direction": plan.request.direction.value,
        "limit_reached": None if reached is None else str(reached),
        "first": _explain_first(plan, live),
        "second": _explain_second(plan, live),
        "group": plan.group.as_dict() if plan.group is not None else None,
        "limits": [_explain_take(key, plan.takes, live) for key in _keys(plan.takes)],
        "record": terms.wanted,
        "recording": {
            "because": terms.because,
            "allowed": terms.allowed,
            "beep": terms.beep,
            **terms.as_dict(),
        },
        "longest_call": plan.longest_call,
        "country": plan.country,
    }


def explain_refusal(refusal: Refused) -> dict[str, Json]:
    """Why the request would be refused."""
    return {
        "accepted": False,
        "refusal": {
            "id": refusal.id.value,
            "message": refusal.message,
            "parameter": refusal.parameter,
        },
    }


def _explain_first(plan: CallPlan, live: LiveView) -> dict[str, Json]:
    rings: list[Json] = []
    if plan.offered:
        at_once = plan.answers_at_once
        return {
            **_explain_leg(plan.first),
            "calls_from": plan.channels[0].label,
            "answered": "at once" if at_once else "when the second party is",
        }
    for channel in plan.channels:
        endpoint = channel.endpoints[0]
        if isinstance(endpoint, TerminalEndpoint):
            rings.append(
                {
                    "terminal": channel.label,
                    "contact": endpoint.contact.uri,
                    "phone": endpoint.contact.user_agent,
                    "auto_answer": endpoint.auto_answer.value,
                }
            )
    return {
        **_explain_leg(plan.first),
        "rings": rings or _trunks(plan.first, live),
        **_passed_over(plan.first),
    }


def _explain_second(plan: CallPlan, live: LiveView) -> dict[str, Json]:
    second = plan.second
    if isinstance(second, ProgramPlan):
        return {
            "party": second.party.as_dict(),
            **_explain_forwards(second),
            "language": second.language,
            "variables": dict(second.variables),
            "steps": [*map(told_step, second.steps)],
        }
    if isinstance(second, EavesdropPlan):
        return {
            "party": second.party.as_dict(),
            "overhears": second.call,
            "watched_leg": second.leg.value,
            "mode": second.mode.value,
        }
    rings = _trunks(second, live) or _terminals(second, live)
    explained: dict[str, Json] = {
        **_explain_leg(second),
        "rings": rings,
        **_passed_over(second),
    }
    if second.queued and second.hunt is not None and not second.hunt.rungs:
        explained["warning"] = "nobody of the group can be rung now; the caller waits"
    elif second.hunt is not None and not second.hunt.rungs:
        explained["warning"] = "nobody of the group can be rung now; the leg fails unless one can"
    elif not isinstance(second.targets, PlannedTrunks) and not any(
        live.contacts(terminal.account) for terminal in second.targets
    ):
        explained["warning"] = "no terminal is registered now; the leg fails unless one registers"
    return explained


def _explain_leg(leg: LegPlan) -> dict[str, Json]:
    caller = leg.caller
    explained: dict[str, Json] = {
        "party": leg.party.as_dict(),
        "found_by": leg.party.how or None,
        "answer_timeout": leg.timeout,
        "screening": leg.screen,
        "warning": leg.warn,
        "caller_id": {"number": caller.number, "name": caller.name, "because": caller.reason},
    }
    if leg.hunt is not None:
        explained["hunt"] = _explain_hunt(leg.hunt)
    return {**explained, **_price(leg), **_explain_forwards(leg)}


def _explain_forwards(leg: LegPlan | ProgramPlan) -> dict[str, Json]:
    """Who sends the call on until it comes to a leg's party, and where it goes on from there."""
    explained: dict[str, Json] = {}
    if leg.forwarded:
        explained["forwarded"] = [hop.as_dict() for hop in leg.forwarded]
    if isinstance(leg, LegPlan) and leg.absent is not None:
        explained["not_rung"] = leg.absent.value
    if isinstance(leg, LegPlan) and leg.forwards is not None:
        terms = leg.forwards
        explained["forwards"] = {
            "busy": terms.busy,
            "no_answer": terms.no_answer,
            "after": terms.after,
        }
    return explained


def _explain_hunt(hunt: GroupHunt) -> Json:
    """Who of a group is rung one after the other, and who is not; and how callers wait for it."""
    queue = hunt.queue
    return {
        "strategy": hunt.strategy.value,
        "member_answer_timeout": hunt.attempt,
        "order": [[*names(rung)] for rung in hunt.rungs],
        "passed_over": [_explain_member(member) for member in hunt.passed_over],
        "queue": None if queue is None else {"longest": queue.longest, "places": queue.places},
    }


def _explain_member(member: Candidate) -> Json:
    obstacle = member.obstacle
    return {"member": member.name, "because": None if obstacle is None else obstacle.value}


def _trunks(leg: LegPlan, live: LiveView) -> list[Json]:
    if not isinstance(leg.targets, PlannedTrunks):
        return []
    last = leg.targets.endpoints[-1]
    return [
        {
            "trunk": endpoint.trunk.name,
            "uri": endpoint.trunk.uri,
            "state": live.trunk(full_name(endpoint.trunk, endpoint.domain)).word,
            "number": endpoint.number,
            "caller_number": leg.caller_on(endpoint).number,
            "identity": endpoint.trunk.identity.value,
            "anonymous": endpoint.trunk.anonymous,
            "next_after": [] if endpoint is last else [*sorted(endpoint.trunk.failover_codes)],
        }
        for endpoint in leg.targets.endpoints
    ]


def _passed_over(leg: LegPlan) -> dict[str, Json]:
    """The trunks that would have come first, where there are any."""
    if not isinstance(leg.targets, PlannedTrunks) or not leg.targets.passed_over:
        return {}
    passed: list[Json] = [
        {"trunk": passed.trunk, "because": passed.reason, "tried_later": passed.later}
        for passed in leg.targets.passed_over
    ]
    return {"passed_over": passed}


def _price(leg: LegPlan) -> dict[str, Json]:
    """What an outside number costs, where it costs anything, and who pays."""
    planned = leg.charge
    if planned is None:
        return {}
    price, payer = planned.charge.price, planned.charge.payer
    return {
        "paid_by": {"tenant": payer.tenant, "card": payer.card},
        "price": {
            "prefix": price.prefix,
            "per_minute": written(price.per_minute),
            "set_up": written(price.set_up),
            "first_increment": price.first_increment,
            "increment": price.increment,
            "free_seconds": price.free_seconds,
        },
    }


def _terminals(leg: LegPlan, live: LiveView) -> list[Json]:
    if isinstance(leg.targets, PlannedTrunks):
        return []
    return [
        {
            "terminal": terminal.account,
            "contacts": [contact.uri for contact in live.contacts(terminal.account)],
            "auto_answer": terminal.auto_answer is not AutoAnswerStyle.NONE,
        }
        for terminal in leg.targets
    ]


def _keys(takes: tuple[Take, ...]) -> list[LimitKey]:
    return list(dict.fromkeys(take.key for take in takes))


def _explain_take(key: LimitKey, takes: tuple[Take, ...], live: LiveView) -> Json:
    mine = [take for take in takes if take.key == key]
    return {"limit": str(key), "of": mine[0].limit, "used": live.used(key), "takes": len(mine)}
