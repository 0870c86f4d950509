"""What the plans of a tenant's calls have in common by its directory alone: made once for each
snapshot, and only for whom somebody calls.

Until the directory changes, a user or group is rung at the same phones, takes a channel of the same
limit, and has the same to say about recordings, whoever calls.
"""

from __future__ import annotations

import msgspec

from cordboard.calls.limits import LimitKey, Rate, Take, trunk_take
from cordboard.calls.planning.parties import members_of
from cordboard.calls.planning.plan import PlannedTerminal
from cordboard.calls.planning.recording_policy import Say
from cordboard.calls.planning.recording_says import says_of
from cordboard.directory.model import AutoAnswerStyle, Group, Trunk, User
from cordboard.directory.snapshot import TenantDirectory
from cordboard.directory.target import GroupTarget, UserTarget


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Of ``whom`` it is, what a call for him ``takes``, the phones that he has, which ring or
    (``answering``) answer by themselves as they can, and what he has to say about recordings."""

    whom: User | Group
    take: Take
    phones: tuple[PlannedTerminal, ...]
    answering: tuple[PlannedTerminal, ...]
    says: tuple[tuple[int | None, Say], ...]


class Standings:
    """Those of a tenant. ``joins`` is a channel of it, ``begins`` that and the right to begin a
    call."""

    def __init__(self, tenant: TenantDirectory) -> None:
        policy = tenant.policy
        key, rate = LimitKey("tenant", policy.domain), None
        if policy.calls_per_second is not None:
            rate = Rate(policy.calls_per_second, policy.calls_burst)
        self.begins = Take(key, policy.channel_limit, rate)
        self.joins = Take(key, policy.channel_limit)
        self._domain = tenant.domain
        # By the identity of whom they are of, which says that it is he.
        self._standings: dict[int, Standing] = {}
        self._lines: dict[int, tuple[Trunk, Take]] = {}

    def of(self, target: UserTarget | GroupTarget, tenant: TenantDirectory) -> Standing:
        """That of whom a call is for. The ``tenant`` is the same, which is not kept here: what it
        keeps would refer back to it."""
        whom = target.user if isinstance(target, UserTarget) else target.group
        known = self._standings.get(id(whom))
        if known is None or known.whom is not whom:
            known = self._standings[id(whom)] = self._make(whom, target, tenant)
        return known

    def take_of(self, group: Group) -> Take:
        """A channel of a group that a call is made for."""
        return self._take("group", group.name, group.channel_limit)

    def line_of(self, trunk: Trunk) -> Take:
        """A line of a trunk."""
        known = self._lines.get(id(trunk))
        if known is None or known[0] is not trunk:
            known = self._lines[id(trunk)] = trunk, trunk_take(trunk, self._domain)
        return known[1]

    def _make(
        self, whom: User | Group, target: UserTarget | GroupTarget, tenant: TenantDirectory
    ) -> Standing:
        scope = "user" if isinstance(whom, User) else "group"
        return Standing(
            whom,
            self._take(scope, whom.name, whom.channel_limit),
            _phones(target, tenant, answering=False),
            _phones(target, tenant, answering=True),
            says_of(target, tenant),
        )

    def _take(self, scope: str, name: str, limit: int | None) -> Take:
        """Names are unique within a tenant only, so that they are counted under its domain."""
        return Take(LimitKey(scope, f"{name}@{self._domain}"), limit)


def _phones(
    target: UserTarget | GroupTarget, tenant: TenantDirectory, *, answering: bool
) -> tuple[PlannedTerminal, ...]:
    return tuple(
        PlannedTerminal(
            f"{terminal.name}@{tenant.domain}",
            user.id,
            terminal.auto_answer if answering else AutoAnswerStyle.NONE,
            terminal.codecs,
            user.language,
            terminal.direct_media,
        )
        for user in members_of(tenant, target)
        for terminal in tenant.terminals_of(user)
    )
