"""Wrap-ups as they begin, go on after a restart, and are ended early."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from cordboard.calls.events import CallEvent
from cordboard.calls.people.wrap_ups import wrap_up_begun, wrap_up_ended, wrap_up_in
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.directory.model import User
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.journal.port import Journal, JournalUnavailable


class WrapUps:
    """Those of all tenants; ``wall`` is seconds since 1970."""

    def __init__(
        self,
        directory: Callable[[], Directory],
        attendance: Attendance,
        journal: Journal,
        wall: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._attendance = attendance
        self._journal = journal
        self._wall = wall

    def recover(self) -> None:
        """Have those go on that an earlier process knew."""
        ahead = self._wall() - monotonic()
        for tenant in self._directory().tenants:
            for user, kept in self._journal.wrap_ups(tenant.domain).items():
                group = tenant.group_by_id(kept.group)
                if group is not None:
                    ended = kept.until - group.wrap_up - ahead
                    self._attendance.wrap_up(tenant.domain, user, group.id, ended)

    def begin(self) -> None:
        """Take down those of whoever has just ended a call of a group."""
        for name, user_id, group_id in self._attendance.take_hung_up():
            tenant = self._directory().tenant(name)
            user = None if tenant is None else tenant.user_by_id(user_id)
            group = None if tenant is None else tenant.group_by_id(group_id)
            if user is not None and group is not None and group.wrap_up > 0:
                begun = wrap_up_begun(group, user, self._wall() + group.wrap_up)
                self._journal.append(name, [begun])

    async def end(self, tenant: TenantDirectory, user: User, account: str) -> bool:
        """Let somebody end his early, by a client's ``account``; False where he does not wrap up.
        Raises :class:`Refused` (overloaded)."""
        group = self._attendance.wrapping(tenant, user, monotonic())
        if group is None:
            return False
        try:
            await self._journal.commit(tenant.domain, [wrap_up_ended(group, user, account)])
        except JournalUnavailable as error:
            message = "the journal can't take more now"
            raise Refused(RefusalId.OVERLOADED, message) from error
        self._attendance.wrapped_up(tenant.domain, user.id)
        return True

    def follow(self, tenant: str, acts: Iterable[CallEvent]) -> None:
        """Take notice of what was committed, among which somebody may have ended his."""
        for event in acts:
            told = wrap_up_in(event)
            if told is not None and told[1] is None:
                self._attendance.wrapped_up(tenant, told[0])
