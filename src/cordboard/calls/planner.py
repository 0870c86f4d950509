"""From a request to its plan, or the reason why not: the one place where routing is decided."""

from __future__ import annotations

from cordboard.calls.limits import LimitKey, Rate, Take, rate_of, trunk_take
from cordboard.calls.live import LiveView
from cordboard.calls.parties import (
    Outside,
    find_destination,
    find_group,
    find_inside,
    find_number,
    find_user,
    members_of,
    party_of,
)
from cordboard.calls.plan import (
    CallPlan,
    LegPlan,
    Party,
    PlannedTerminal,
    PlannedTrunks,
    ProgramPlan,
    channels_for,
)
from cordboard.calls.ports import CallerId, TrunkEndpoint
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CallRequest,
    Leg,
    RingNumber,
    RingUser,
    SecondScope,
)
from cordboard.calls.trunks import ways_out
from cordboard.directory.model import AutoAnswerStyle, Group, Trunk, User
from cordboard.directory.outbound import Denied, Route, choose_route, number_on_trunk
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import ContextTarget, GroupTarget, Key, Target, UserTarget


def plan(request: CallRequest, tenant: TenantDirectory, live: LiveView) -> CallPlan:
    """Decide everything about a request as things are now; raises :class:`Refused`."""
    return Planner(request, tenant, live).plan()


class Planner:
    """The facts that every step of planning one request needs."""

    def __init__(self, request: CallRequest, tenant: TenantDirectory, live: LiveView) -> None:
        self.request = request
        self.tenant = tenant
        self.live = live
        self.user = self._acting_user()
        self.group = self._group_context()

    def plan(self) -> CallPlan:
        request, policy = self.request, self.tenant.policy
        first_target, first_address = self._first_target()
        second_target = self._second_target()
        first_party = self._first_party(first_target, first_address)
        second_party = party_of(second_target, request.second)
        second: LegPlan | ProgramPlan
        if isinstance(second_target, ContextTarget):
            second = ProgramPlan(second_party, second_target.context.steps)
        else:
            second = self.leg(
                Leg.SECOND, second_target, second_party, request.second, shown=first_party
            )
        if isinstance(first_target, ContextTarget):
            raise Refused(
                RefusalId.INVALID_PARAMETER, "a context can't be rung first", self._first_parameter
            )
        first = self.leg(Leg.FIRST, first_target, first_party, first_address, shown=second_party)
        channels = channels_for(first, self.live.contacts, self.live.new_id)
        if not channels:
            raise Refused(
                RefusalId.USER_NOT_REGISTERED,
                f"no terminal of {first_party.name} is registered",
                self._first_parameter,
            )
        return CallPlan(
            request=request,
            first=first,
            channels=channels,
            second=second,
            country=policy.country,
            longest_call=policy.longest_call,
            media_timeout=policy.media_timeout,
            group=_group_party(self.group) if self.group is not None else None,
        )

    # Who

    def _acting_user(self) -> User | None:
        """On whose behalf the call is made: the user rung, or the one whose outside phone is."""
        first = self.request.first
        keys = first.keys if isinstance(first, RingUser) else first.user
        return find_user(self.tenant, keys)[0] if keys is not None else None

    def _group_context(self) -> Group | None:
        keys = self.request.group
        return find_group(self.tenant, keys, self.user) if keys is not None else None

    @property
    def _first_parameter(self) -> str:
        first = self.request.first
        if isinstance(first, RingUser):
            return f"user_{first.keys.given()[0][0]}"
        return "pstn_number" if self.request.method == "initiate_call" else "target"

    def _first_target(self) -> tuple[Target | Outside, Address]:
        first = self.request.first
        if isinstance(first, RingNumber):
            found = find_number(self.tenant, first.address.text, self._first_parameter)
            return found, first.address
        user, key = find_user(self.tenant, first.keys)
        how = Key(key) if key != "id" else Key.NAME
        return UserTarget(user, how), Address(user.name)

    def _second_target(self) -> Target | Outside:
        request = self.request
        find = find_inside if request.second_scope is SecondScope.INSIDE else find_destination
        return find(self.tenant, request.second.text, "destination")

    def _first_party(self, target: Target | Outside, address: Address) -> Party:
        party = party_of(target, address)
        if isinstance(target, Outside) and self.user is not None and not party.name:
            return Party("number", self.user.name, party.number, label=self.user.label)
        return party

    # A leg

    def leg(
        self,
        leg: Leg,
        target: Target | Outside,
        party: Party,
        address: Address,
        *,
        shown: Party,
    ) -> LegPlan:
        """The plan of one leg; ``shown`` is the other party, whom it is told is calling.

        Raises :class:`Refused`.
        """
        request = self.request
        timeout = request.answer_timeout if leg is Leg.FIRST else request.second_answer_timeout
        takes = [self._tenant_take(leg)]
        if self.group is not None and leg is Leg.FIRST:
            takes.append(self._take("group", self.group.name, self.group.channel_limit))
        targets: tuple[PlannedTerminal, ...] | PlannedTrunks
        if isinstance(target, Outside):
            targets = self._trunks(target, address, leg)
            caller = targets.endpoints[0].caller or CallerId("")
            takes.append(trunk_take(targets.endpoints[0].trunk, self.tenant.domain))
        else:
            assert not isinstance(target, ContextTarget)  # planned as a program
            caller = self._inside_caller(leg, shown)
            targets = self._terminals(target, leg)
            if isinstance(target, UserTarget):
                user = target.user
                takes.append(self._take("user", user.name, user.channel_limit))
            else:
                group = target.group
                takes.append(self._take("group", group.name, group.channel_limit))
        return LegPlan(leg, party, targets, caller, timeout, tuple(takes))

    def _tenant_take(self, leg: Leg) -> Take:
        """A channel of the tenant, and with the first leg's the right to begin a call."""
        policy = self.tenant.policy
        rate: Rate | None = None
        if leg is Leg.FIRST:
            rate = rate_of(policy.calls_per_second, policy.calls_burst)
        return Take(LimitKey("tenant", policy.domain), policy.channel_limit, rate)

    def _take(self, scope: str, name: str, limit: int | None) -> Take:
        """Names are unique within a tenant only, so that they are counted under its domain."""
        return Take(LimitKey(scope, f"{name}@{self.tenant.domain}"), limit)

    def _terminals(self, target: UserTarget | GroupTarget, leg: Leg) -> tuple[PlannedTerminal, ...]:
        wanted = self.request.auto_answer and leg is Leg.FIRST
        return tuple(
            PlannedTerminal(
                f"{terminal.name}@{self.tenant.domain}",
                user.id,
                terminal.auto_answer if wanted else AutoAnswerStyle.NONE,
                terminal.codecs,
            )
            for user in members_of(self.tenant, target)
            for terminal in self.tenant.terminals_of(user)
        )

    def _trunks(self, target: Outside, address: Address, leg: Leg) -> PlannedTrunks:
        """The trunks for an outside number as they are now, each with the caller id it is told."""
        route = self._route(target, leg)
        ways = ways_out(route.trunks, self.tenant.domain, self.live)
        if not ways.trunks:
            downs = ", ".join(f"{passed.trunk} is {passed.reason}" for passed in ways.passed_over)
            raise Refused(RefusalId.TRUNK_DOWN, downs, self._parameter_of(leg))
        endpoints = tuple(
            TrunkEndpoint(
                trunk,
                route.number_for(trunk),
                self._outside_caller(address, trunk, leg, route.country),
                self.tenant.domain,
            )
            for trunk in ways.trunks
        )
        return PlannedTrunks(endpoints, ways.passed_over)

    def _parameter_of(self, leg: Leg) -> str:
        return self._first_parameter if leg is Leg.FIRST else "destination"

    def _route(self, target: Outside, leg: Leg) -> Route:
        route = choose_route(self.tenant, target.number)
        if isinstance(route, Denied):
            raise Refused(RefusalId.NO_ROUTE, route.message, self._parameter_of(leg))
        return route

    # Caller ids

    def _inside_caller(self, leg: Leg, shown: Party) -> CallerId:
        """What a phone inside shows: the other party, under the name the request wants if any."""
        name = shown.label or shown.name or shown.number
        if leg is Leg.FIRST and self.request.calling_name is not None:
            return CallerId(shown.number, self.request.calling_name, "name: calling_name")
        return CallerId(shown.number, name, f"the other party, {shown.kind} {shown.number}")

    def _outside_caller(self, address: Address, trunk: Trunk, leg: Leg, country: str) -> CallerId:
        """The number an outside party is shown: request, group, user, trunk, tenant, in that order.

        What the request names must be the tenant's own to show; raises :class:`Refused`
        (calling_number_not_allowed).
        """
        wanted = address.calling_number or self.request.calling_number
        if wanted is not None:
            parameter = "calling_number" if address.calling_number else "ani"
            if not self.tenant.may_show(wanted):
                raise Refused(
                    RefusalId.CALLING_NUMBER_NOT_ALLOWED,
                    f"{wanted} is not a number of {self.tenant.domain} that may be shown",
                    parameter,
                )
            return self._shown_on(trunk, wanted, f"the request's {parameter}", country)
        for number, reason in self._own_caller_ids(trunk, leg):
            if number is not None:
                return self._shown_on(trunk, number, reason, country)
        return CallerId("", "", "no number of one's own to show")

    def _own_caller_ids(self, trunk: Trunk, leg: Leg) -> tuple[tuple[str | None, str], ...]:
        group, user, policy = self.group, self.user, self.tenant.policy
        shown = [number.number for number in self.tenant.numbers if number.show]
        calls_for_user = user is not None and (leg is Leg.SECOND or not self._rings_user)
        return (
            (group.caller_id if group else None, f"group {group.name}" if group else ""),
            (
                user.caller_id if user is not None and calls_for_user else None,
                f"user {user.name}" if user else "",
            ),
            (trunk.caller_id, f"trunk {trunk.name}"),
            (policy.caller_id, f"tenant {policy.domain}"),
            (shown[0] if shown else None, f"first number of {policy.domain}"),
        )

    @property
    def _rings_user(self) -> bool:
        return isinstance(self.request.first, RingUser)

    def _shown_on(self, trunk: Trunk, number: str, reason: str, country: str) -> CallerId:
        return CallerId(number_on_trunk(trunk, number, country), "", reason)


def _group_party(group: Group) -> Party:
    number = group.extension or group.name
    return Party("group", group.name, number, group.id, group.label or group.name)
