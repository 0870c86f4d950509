"""Who of the members of groups is in a call, is being rung, or has just hung up.

It is told of every channel of a person when that comes into being and when something happens on it;
nobody can be rung by two hunts at once, because a hunt's channels are known here before anything
else is decided. What it remembers is of this process: after a start everybody has taken no call yet
and been idle ever since.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

import msgspec

from cordboard.calls.causes import Cause
from cordboard.calls.events import CallEvent, EventKind
from cordboard.calls.people.agents import NEVER_ACTED, AgentState, Place
from cordboard.calls.people.strategies import Candidate, GroupView, Obstacle
from cordboard.calls.planning.plan import PlannedChannel
from cordboard.directory.model import Group, GroupKind, GroupStrategy, User
from cordboard.directory.snapshot import TenantDirectory

_IN_VAIN = frozenset(
    cause.value
    for cause in (
        Cause.NO_ANSWER,
        Cause.BUSY,
        Cause.REJECTED,
        Cause.UNREACHABLE,
        Cause.NOT_FOUND,
        Cause.CONGESTION,
        Cause.INCOMPATIBLE,
        Cause.FAILED,
    )
)
"""How a phone's ringing ends where that is its own doing, or its person's."""

_Person = tuple[str, int]
"""A tenant and the id of a user of his."""


class _Engaged(msgspec.Struct):
    """A channel of a person; ``group`` is the group that he is rung for. Who calls is ``talking``
    from the start: he has his phone at his ear."""

    person: _Person
    group: int | None
    talking: bool = False


class Attendance:
    """The people of all tenants; times are monotonic seconds."""

    def __init__(self) -> None:
        self._channels: dict[str, _Engaged] = {}
        self._people: dict[_Person, dict[str, _Engaged]] = {}  # by channel
        self._idle_since: dict[_Person, float] = {}
        self._wrapping: dict[_Person, tuple[int, float]] = {}  # which group's call ended when
        self._calls: dict[tuple[_Person, int], int] = {}  # taken for a group
        self._last: dict[tuple[str, int], int] = {}  # whom a group rang last
        self.hung_up: list[tuple[str, int, int]] = []
        """Who has ended a call of a group: tenant, user and group."""
        self._missed: dict[tuple[str, int], dict[int, float]] = {}  # who did not answer it when

    def begin(self, tenant: str, channels: Iterable[PlannedChannel]) -> None:
        """Channels of a tenant's calls are to be dialled; a second time it counts whose phone it is
        that such a channel leads to by then."""
        for channel in channels:
            person = None if channel.user is None else (tenant, channel.user)
            known = self._channels.get(channel.id)
            if known is not None and known.person != person:
                self._over(channel.id)
                known = None
            if known is not None or person is None or channel.user is None:
                continue
            engaged = _Engaged(person, channel.group, talking=channel.offered)
            self._channels[channel.id] = engaged
            self._people.setdefault(person, {})[channel.id] = engaged
            if channel.group is not None:
                self._last[tenant, channel.group] = channel.user

    def forget(self, channels: Iterable[PlannedChannel]) -> None:
        """They are not dialled after all."""
        for channel in channels:
            self._over(channel.id)

    def follow(self, events: Iterable[CallEvent], now: float) -> None:
        """Take notice of what happened in a call."""
        for event in events:
            channel = event.channel
            if channel is None:
                continue
            if event.kind is EventKind.CHANNEL_ANSWERED:
                self._answered(channel)
            elif event.kind is EventKind.CHANNEL_ENDED:
                self._ended(channel, now, vain=event.data.get("cause") in _IN_VAIN)

    def take_hung_up(self) -> list[tuple[str, int, int]]:
        """What is ``hung_up``, said once."""
        taken, self.hung_up = self.hung_up, []
        return taken

    def wrap_up(self, tenant: str, user: int, group: int, ended: float) -> None:
        """Somebody ended a call of a group at that time."""
        self._wrapping[tenant, user] = (group, ended)

    def wrapping(self, tenant: TenantDirectory, user: User, now: float) -> Group | None:
        """After a call of which group somebody wraps up; None where he does not."""
        group_id, ended = self._wrapping.get((tenant.domain, user.id), (None, 0.0))
        group = None if group_id is None else tenant.group_by_id(group_id)
        return group if group is not None and now < ended + group.wrap_up else None

    def wrapped_up(self, tenant: str, user: int) -> None:
        """Somebody wraps up no longer."""
        self._wrapping.pop((tenant, user), None)

    def resting(self, tenant: str, group: int, rest: float, now: float) -> frozenset[int]:
        """The ids of those whom a group rang in vain less than ``rest`` seconds ago."""
        missed = self._missed.get((tenant, group))
        if not missed:
            return frozenset()
        return frozenset(user for user, at in missed.items() if now < at + rest)

    def view(
        self,
        tenant: TenantDirectory,
        group: Group,
        states: Mapping[Place, AgentState],
        registered: Callable[[User], bool],
        now: float,
        draw: Callable[[], float],
        undisturbed: Callable[[User], bool] = lambda _user: False,
    ) -> GroupView:
        """How the members of a group stand; ``states`` is what they did as agents, ``draw`` a lot
        from 0 to 1 where the strategy asks for lots, ``undisturbed`` who wants no calls."""
        members: list[Candidate] = []
        last_rung, last = self._last.get((tenant.domain, group.id)), -1
        lots = group.order is GroupStrategy.RANDOM
        for place, member in enumerate(group.members):
            user = tenant.user_by_id(member.user_id)
            if user is None:
                continue
            if user.id == last_rung:
                last = place
            person = (tenant.domain, user.id)
            obstacle = self._obstacle(tenant, group, person, now)
            state = states.get((group.id, user.id), NEVER_ACTED)
            if not state.logged_in:
                obstacle = Obstacle.LOGGED_OUT
            elif state.paused:
                obstacle = Obstacle.PAUSED
            elif undisturbed(user):
                obstacle = Obstacle.DO_NOT_DISTURB
            elif obstacle is None and not registered(user):
                obstacle = Obstacle.NOT_REGISTERED
            members.append(
                Candidate(
                    user.id,
                    user.name,
                    place,
                    member.priority,
                    member.penalty,
                    self._calls.get((person, group.id), 0),
                    self._idle_since.get(person, -math.inf),
                    draw() if lots else 0.0,
                    obstacle,
                )
            )
        return GroupView(tuple(members), last)

    def __bool__(self) -> bool:
        return bool(self._channels)

    def _obstacle(
        self, tenant: TenantDirectory, group: Group, person: _Person, now: float
    ) -> Obstacle | None:
        engaged = self._people.get(person, {})
        if any(one.talking for one in engaged.values()):
            return Obstacle.BUSY
        if engaged and group.kind is not GroupKind.RING:
            return Obstacle.RINGING
        wrapping = self._wrapping.get(person)
        if wrapping is not None:
            after, ended = wrapping
            of = tenant.group_by_id(after)
            if of is not None and now < ended + of.wrap_up:
                return Obstacle.WRAPPING_UP
            del self._wrapping[person]
        return None

    def _answered(self, channel: str) -> None:
        engaged = self._channels.get(channel)
        if engaged is not None and not engaged.talking:
            engaged.talking = True
            if engaged.group is not None:
                key = (engaged.person, engaged.group)
                self._calls[key] = self._calls.get(key, 0) + 1

    def _ended(self, channel: str, now: float, *, vain: bool) -> None:
        engaged = self._over(channel)
        if engaged is None:
            return
        if vain and engaged.group is not None and not engaged.talking:
            tenant, user = engaged.person
            self._missed.setdefault((tenant, engaged.group), {})[user] = now
        if engaged.talking:
            self._idle_since[engaged.person] = now
            if engaged.group is not None:
                self._wrapping[engaged.person] = (engaged.group, now)
                self.hung_up.append((*engaged.person, engaged.group))

    def _over(self, channel: str) -> _Engaged | None:
        engaged = self._channels.pop(channel, None)
        if engaged is not None:
            channels = self._people[engaged.person]
            del channels[channel]
            if not channels:
                del self._people[engaged.person]
        return engaged
