"""What feature codes do: for the user whose phone has dialled one, and what he hears then.

A code is a call like any other: to a short program that says what is so now. What it changes is an
event of no call that is committed with the call's acceptance, so that both are durable or neither.
A new feature is a member of :class:`~cordboard.directory.feature_codes.Feature` and a line of
:data:`FEATURES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from cordboard.calls.events import CallEvent
from cordboard.calls.people.agents import AgentAct
from cordboard.calls.people.forwarding import ForwardReason, forwarding_event
from cordboard.calls.planning import agent_features
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.plan import Party, ProgramPlan
from cordboard.calls.planning.reaching import check_terms
from cordboard.directory.feature_codes import Feature
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import User
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.steps import Action, HangUpStep, PlayStep, SayStep, Step


@dataclass(frozen=True, slots=True)
class Wish:
    """A ``user`` of a tenant has dialled a code at his ``terminal``, and an ``argument`` with it
    ("" without)."""

    tenant: TenantDirectory
    live: LiveView
    user: User
    terminal: str
    argument: str


@dataclass(frozen=True, slots=True)
class Done:
    """What a code amounts to: what has changed, if anything has, and what the user hears."""

    acts: tuple[CallEvent, ...]
    hears: tuple[Action, ...]


Do = Callable[[Wish], Done]
"""Does what a code is for; raises :class:`~cordboard.calls.refusals.Refused` where it can't, and
then the phone is refused."""


def feature_plan(feature: Feature, wish: Wish) -> tuple[ProgramPlan, tuple[CallEvent, ...]]:
    """The program that tells a user what his code has done, and that."""
    done = FEATURES[feature](wish)
    party = Party("feature", feature.value, wish.argument or feature.value, label=feature.value)
    steps = tuple(Step(action) for action in (*done.hears, HangUpStep()))
    return ProgramPlan(party, steps, language=wish.user.language), done.acts


def _forward(reason: ForwardReason) -> Do:
    """To whom calls go: the argument, or nobody where there is none."""

    def do(wish: Wish) -> Done:
        before = wish.live.forwarding(wish.tenant, wish.user)
        to = wish.argument or None
        if reason is ForwardReason.ALWAYS:
            terms = replace(before, always=to)
        elif reason is ForwardReason.BUSY:
            terms = replace(before, busy=to)
        else:
            terms = replace(before, no_answer=to)
        if to is None:
            return _chosen(wish, before, terms, _say("forward-off"))
        return _chosen(wish, before, terms, (*_say("forward-on"), SayStep(to)))

    return do


def _forward_off(wish: Wish) -> Done:
    before = wish.live.forwarding(wish.tenant, wish.user)
    terms = replace(before, always=None, busy=None, no_answer=None)
    return _chosen(wish, before, terms, _say("forward-off"))


def _undisturbed(*, on: bool) -> Do:
    def do(wish: Wish) -> Done:
        before = wish.live.forwarding(wish.tenant, wish.user)
        terms = replace(before, do_not_disturb=on)
        return _chosen(wish, before, terms, _say(f"undisturbed-{'on' if on else 'off'}"))

    return do


def _chosen(wish: Wish, before: Forwarding, terms: Forwarding, hears: tuple[Action, ...]) -> Done:
    check_terms(wish.tenant, wish.user, terms)
    if terms == before:
        return Done((), hears)
    return Done((forwarding_event(wish.user, terms, wish.terminal),), hears)


def _as_agent(what: AgentAct) -> Do:
    def do(wish: Wish) -> Done:
        acts, told = agent_features.act(
            what, wish.tenant, wish.live, wish.user, wish.terminal, wish.argument
        )
        return Done(acts, _say(told))

    return do


def _wrapped_up(wish: Wish) -> Done:
    acts, told = agent_features.wrapped_up(wish.tenant, wish.live, wish.user, wish.terminal)
    return Done(acts, _say(told))


def _say(prompt: str) -> tuple[Action, ...]:
    return (PlayStep((f"builtin:{prompt}",)),)


FEATURES: Final[dict[Feature, Do]] = {
    Feature.FORWARD_ALWAYS: _forward(ForwardReason.ALWAYS),
    Feature.FORWARD_BUSY: _forward(ForwardReason.BUSY),
    Feature.FORWARD_NO_ANSWER: _forward(ForwardReason.NO_ANSWER),
    Feature.FORWARD_OFF: _forward_off,
    Feature.DO_NOT_DISTURB: _undisturbed(on=True),
    Feature.DO_NOT_DISTURB_OFF: _undisturbed(on=False),
    Feature.AGENT_LOGIN: _as_agent(AgentAct.LOGIN),
    Feature.AGENT_LOGOUT: _as_agent(AgentAct.LOGOUT),
    Feature.AGENT_PAUSE: _as_agent(AgentAct.PAUSE),
    Feature.AGENT_UNPAUSE: _as_agent(AgentAct.UNPAUSE),
    Feature.AGENT_WRAPPED_UP: _wrapped_up,
}
