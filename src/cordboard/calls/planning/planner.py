"""From a request to its plan, or the reason why not: the one place where routing is decided."""

from __future__ import annotations

from dataclasses import replace

from cordboard.calls.events import CallEvent
from cordboard.calls.people.forwarding import Hop
from cordboard.calls.planning.caller_ids import Acting, inside_caller
from cordboard.calls.planning.feature_codes import Wish, feature_plan
from cordboard.calls.planning.group_hunt import first_channels, group_hunt, nobody_there
from cordboard.calls.planning.live import LiveView
from cordboard.calls.planning.offered import calling_party, calling_user, offered_leg
from cordboard.calls.planning.outward import check_right, planned_trunks
from cordboard.calls.planning.overhearing import eavesdrop_plan
from cordboard.calls.planning.parties import (
    Outside,
    find_group,
    find_party,
    find_user,
    named,
    party_of,
)
from cordboard.calls.planning.plan import (
    CallPlan,
    EavesdropPlan,
    GroupHunt,
    LegPlan,
    Party,
    PlannedChannel,
    PlannedTerminal,
    PlannedTrunks,
    ProgramPlan,
    charges_of,
)
from cordboard.calls.planning.reaching import reach
from cordboard.calls.planning.recording_policy import Say
from cordboard.calls.planning.recording_says import must_be_allowed, wishes_of
from cordboard.calls.planning.standing import Standings
from cordboard.calls.ports import CallerId
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    DEFAULT_ANSWER_TIMEOUT,
    Address,
    CallRequest,
    Leg,
    Offered,
    Overhear,
    RingGroup,
    RingNumber,
    RingTerminal,
    RingUser,
    RunFeature,
    SecondScope,
)
from cordboard.directory.model import Context, Group, User
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import ContextTarget, GroupTarget, Target, UserTarget


def plan(request: CallRequest, tenant: TenantDirectory, live: LiveView) -> CallPlan:
    """Decide everything about a request as things are now; raises :class:`Refused`."""
    return Planner(request, tenant, live).plan()


class Planner:
    """The facts that every step of planning one request needs."""

    def __init__(self, request: CallRequest, tenant: TenantDirectory, live: LiveView) -> None:
        self.request = request
        self.tenant = tenant
        self.live = live
        self._standings = tenant.once(Standings)
        self._found: tuple[Target | Outside, Address] | None = None  # whom the first leg is for
        self.user = self._acting_user()
        self.group = self._group_context()

    def plan(self) -> CallPlan:
        request, policy = self.request, self.tenant.policy
        check_right(request, self.tenant)
        inside = request.second_scope is SecondScope.INSIDE
        first_target, first_party = self._first()
        second: LegPlan | ProgramPlan | EavesdropPlan
        second_target: Target | Outside | None = None
        acts: tuple[CallEvent, ...] = ()
        if isinstance(request.second, RunFeature):
            second, acts = self._feature(request.second)
            second_party = second.party
        elif isinstance(request.second, Overhear):
            second = eavesdrop_plan(request.second, self.user, self.tenant, self.live)
            second_party = second.party
        else:
            second_target, address = find_party(
                self.tenant, request.second, "second", inside=inside
            )
            second_party = party_of(second_target, address)
            second = reach(self, Leg.SECOND, second_target, second_party, shown=first_party)
        first, channels = self._first_leg(first_target, first_party, second_party)
        planned = CallPlan(
            request=request,
            first=first,
            channels=channels,
            second=second,
            country=policy.country,
            longest_call=policy.longest_call,
            media_timeout=policy.media_timeout,
            group=_group_party(self.group) if self.group is not None else None,
            asked=second_party if second.forwarded else None,
            acts=acts,
            recording=wishes_of(request, self.tenant, (self.group, self.user)),
            charges=charges_of(first, second),
        )
        if request.record or request.record_group is not None:
            must_be_allowed(planned.recording_terms)
        return planned

    def _feature(self, asked: RunFeature) -> tuple[ProgramPlan, tuple[CallEvent, ...]]:
        """A phone's user wants something done, or whoever is rung first is to have it done."""
        first = self.request.first
        if self.user is None:
            message = "feature codes are dialled by phones"
            raise Refused(RefusalId.INVALID_PARAMETER, message, "second")
        terminal = first.from_terminal if isinstance(first, Offered) else None
        terminal = terminal or self.user.name
        wish = Wish(self.tenant, self.live, self.user, terminal, asked.argument)
        return feature_plan(asked.feature, wish)

    def _first(self) -> tuple[Target | Outside | None, Party]:
        """Whom the first leg is for; a target of None is there already, for he calls us."""
        request = self.request
        if isinstance(request.first, Offered):
            return None, calling_party(self.tenant, request.first)
        target, address = self._found or find_party(
            self.tenant, request.first, "first", inside=False
        )
        return target, self._first_party(target, address)

    def _first_leg(
        self, target: Target | Outside | None, party: Party, second: Party
    ) -> tuple[LegPlan, tuple[PlannedChannel, ...]]:
        request = self.request
        if isinstance(request.first, Offered):
            begins = self._standings.begins
            leg, channel = offered_leg(self.tenant, request.first, party, begins)
            return leg, (channel,)
        if target is None or isinstance(target, ContextTarget):
            raise Refused(
                RefusalId.INVALID_PARAMETER,
                "a context can't be rung first",
                named(request.first, "first"),
            )
        leg = self.leg(Leg.FIRST, target, party, shown=second)
        channels = first_channels(leg, self.live)
        if not channels:
            raise nobody_there(leg, named(request.first, "first"))
        return leg, channels

    # Who

    def _acting_user(self) -> User | None:
        """On whose behalf the call is made: the user rung, or the one whose outside phone is, or
        whose phone calls."""
        first = self.request.first
        if isinstance(first, Offered):
            return calling_user(self.tenant, first)
        if isinstance(first, RingNumber) and first.user is not None:
            return find_user(self.tenant, first.user, "first.as_user")[0]
        if isinstance(first, RingUser | RingTerminal):
            self._found = found = find_party(self.tenant, first, "first", inside=False)
            return found[0].user if isinstance(found[0], UserTarget) else None
        target = self.tenant.resolve(first.text) if isinstance(first, Address) else None
        return target.user if isinstance(target, UserTarget) else None

    def _group_context(self) -> Group | None:
        """On whose behalf the call is made: a group that is rung first speaks for itself."""
        keys, first = self.request.group, self.request.first
        if keys is not None:
            return find_group(self.tenant, keys, self.user, "group")[0]
        if isinstance(first, RingGroup):
            return find_group(self.tenant, first.group, None, "first.group")[0]
        return None

    def _first_party(self, target: Target | Outside, address: Address) -> Party:
        party = party_of(target, address)
        if isinstance(target, Outside) and self.user is not None and not party.name:
            return Party("number", self.user.name, party.number, label=self.user.label)
        return party

    def program(
        self, context: Context, caller: Party, called: Party, hops: tuple[Hop, ...] = ()
    ) -> ProgramPlan:
        """A program as it begins: it speaks its own language, else that of who is with it."""
        spoken = "" if self.user is None else self.user.language
        language = context.language or spoken or self.tenant.policy.language
        told = dict(self.request.variables) | {
            "CALL_ID": self.request.id,
            "CALLER_NUMBER": caller.number,
            "CALLER_NAME": caller.label or caller.name,
            "CALLED_NUMBER": called.number,
        }
        return ProgramPlan(
            called, context.steps, tuple(told.items()), language, context.folder, hops
        )

    def on_behalf_of(self, user: User, leg: Leg) -> Planner:
        """The planner of what a user has a leg forwarded to: with his rights and his caller id, and
        without what was wanted of his own phones."""
        wishes = replace(self.request.wishes(leg), trunk=None, auto_answer=False)
        if leg is Leg.FIRST:
            request = replace(self.request, on_first=wishes)
        else:
            request = replace(self.request, on_second=wishes)
        forwarded = Planner(request, self.tenant, self.live)
        forwarded.user = user
        return forwarded

    # A leg

    def leg(
        self,
        leg: Leg,
        target: Target | Outside,
        party: Party,
        *,
        shown: Party,
        waited_for: bool = False,
    ) -> LegPlan:
        """The plan of one leg; ``shown`` is the other party, whom it is told is calling. A second
        leg is ``waited_for`` by the first, which is there.

        Raises :class:`Refused`.
        """
        request, standings = self.request, self._standings
        wishes = request.wishes(leg)
        timeout = request.answer_timeout if leg is Leg.FIRST else request.second_answer_timeout
        hunt: GroupHunt | None = None
        says: tuple[tuple[int | None, Say], ...] = ()
        takes = [standings.begins if leg is Leg.FIRST else standings.joins]
        if self.group is not None and leg is Leg.FIRST and not _is(target, self.group):
            takes.append(standings.take_of(self.group))
        targets: tuple[PlannedTerminal, ...] | PlannedTrunks
        if isinstance(target, Outside):
            acting = Acting(request, self.tenant, self.group, self.user)
            targets = planned_trunks(acting, self.live, target.number, leg)
            caller = targets.endpoints[0].caller or CallerId("")
            takes.append(standings.line_of(targets.endpoints[0].trunk))
        else:
            assert not isinstance(target, ContextTarget)  # planned as a program
            caller = inside_caller(request, self.tenant, leg, shown)
            standing = standings.of(target, self.tenant)
            targets = standing.answering if wishes.auto_answer else standing.phones
            targets = self._wanted(targets, target)
            takes.append(standing.take)
            says = standing.says
            if isinstance(target, GroupTarget):
                group = target.group
                hunt = group_hunt(
                    self.tenant,
                    group,
                    self.live,
                    wishes.member_timeout,
                    waited_for=waited_for or leg is Leg.SECOND,
                )
                if timeout is None:
                    queue = hunt.queue
                    timeout = group.answer_timeout if queue is None else queue.longest
        timeout = DEFAULT_ANSWER_TIMEOUT if timeout is None else timeout
        screen, warn = wishes.screen, wishes.warn
        return LegPlan(
            leg, party, targets, caller, timeout, tuple(takes), screen, warn, hunt, says=says
        )

    def _wanted(
        self, phones: tuple[PlannedTerminal, ...], target: UserTarget | GroupTarget
    ) -> tuple[PlannedTerminal, ...]:
        """The one that is wanted, where it is one; and never that which calls."""
        only = target.only if isinstance(target, UserTarget) else None
        first, domain = self.request.first, self.tenant.domain
        if only is not None:
            phones = tuple(one for one in phones if one.account == f"{only}@{domain}")
        if isinstance(first, Offered):
            calling = f"{first.from_terminal}@{domain}"
            phones = tuple(one for one in phones if one.account != calling)
        return phones


def _is(target: Target | Outside, group: Group) -> bool:
    return isinstance(target, GroupTarget) and target.group is group


def _group_party(group: Group) -> Party:
    number = group.extension or group.name
    return Party("group", group.name, number, group.id, group.label or group.name)
