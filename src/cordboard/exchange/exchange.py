"""Where live calls, engine, journal and clock meet, and nowhere else.

The exchange decides nothing: it plans a request, takes its limits, makes it durable, and hands it
over to the live calls. Everything runs on one event loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from cordboard.calls.credit import Credit
from cordboard.calls.events import CallEvent, Json
from cordboard.calls.limits import LimitKey, Usage
from cordboard.calls.overload_limits import NO_LIMITS, OverloadLimits
from cordboard.calls.planning.attendance import Attendance
from cordboard.calls.planning.explain import explain
from cordboard.calls.planning.plan import CallPlan
from cordboard.calls.planning.planner import plan
from cordboard.calls.planning.talkers import Conversation
from cordboard.calls.ports import Contact, Engine
from cordboard.calls.recorded_files import RecordedFiles
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import CallRequest
from cordboard.calls.ringing.log import accepted_event
from cordboard.calls.running.call import Call
from cordboard.calls.running.progress import last_events
from cordboard.calls.running.scheduled import DEFAULT_GRACE, ScheduledCall, SomeOtherTime, check_due
from cordboard.calls.running.wishes import Wishes
from cordboard.directory.model import Terminal, Trunk
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.exchange.admission import Admission
from cordboard.exchange.balances import Balances
from cordboard.exchange.channels import ChannelBook, ladder_of
from cordboard.exchange.fetching import Fetching
from cordboard.exchange.jobs import Jobs
from cordboard.exchange.live_calls import LiveCalls
from cordboard.exchange.offers import Offers
from cordboard.exchange.queues import Queues
from cordboard.exchange.recordings import Recordings
from cordboard.exchange.records import record_of
from cordboard.exchange.repetition import Accepted, Repetition
from cordboard.exchange.schedule import MAX_SCHEDULED, Schedule, waiting_call
from cordboard.exchange.stopping import Stopping
from cordboard.exchange.switchboard import LiveSwitchboard
from cordboard.exchange.taking import Taking
from cordboard.exchange.trunk_view import trunk_view
from cordboard.exchange.web_documents import Documents
from cordboard.exchange.wrap_ups import WrapUps
from cordboard.journal.port import Journal, JournalUnavailable, Key
from cordboard.randomness import timely_uuid

OVERLOAD_PAUSE = 1.0
"""Seconds until a call that is due is tried again where there was too much to do."""

JOURNAL_PAUSE = 1.0
"""Seconds until a call that is due is tried again where the journal could not take it."""


class Exchange:
    """All live calls of this process.

    ``directory`` gives the snapshot of the moment; ``wall`` is seconds since the epoch; ``grace``
    is how many seconds late a call for later may begin; ``files`` are those of recordings;
    ``limits`` say when there is too much to do.
    """

    def __init__(
        self,
        directory: Callable[[], Directory],
        engine: Engine,
        journal: Journal,
        wall: Callable[[], float],
        grace: float = DEFAULT_GRACE,
        files: RecordedFiles | None = None,
        limits: OverloadLimits = NO_LIMITS,
    ) -> None:
        self._directory = directory
        self._engine = engine
        self._journal = journal
        self._wall = wall
        self._usage = usage = Usage()
        self.admission = Admission(limits, lambda: usage.legs)
        self._attendance = Attendance()
        credit = Credit()
        self.balances = Balances(directory, journal, credit)
        self._switchboard = LiveSwitchboard(
            directory,
            engine.contacts,
            engine.trunk,
            self._usage,
            _new_id,
            time.monotonic,
            journal.agents,
            self._attendance,
            forwardings=journal.forwardings,
            hand_over=lambda *asked: self._live.hand_over(*asked),
            credit=credit,
            wall=wall,
            find_conversation=lambda *asked: self._live.conversation(*asked),
        )
        self._recordings = Recordings(journal, files)
        self._repetition = Repetition(journal)
        self._channels = ChannelBook()
        self._stopping = Stopping()
        self.wrap_ups = WrapUps(directory, self._attendance, journal, wall)
        self._live = LiveCalls(
            engine,
            journal,
            self._channels,
            self._usage,
            self._stopping,
            self._attendance,
            self._switchboard.lines,
            self.wrap_ups,
            self._switchboard.eavesdroppers,
        )
        self._taking = Taking(usage, credit, self._attendance, wall)
        self._live.offers = self._offers = Offers(
            directory, _new_id, self.place, engine.execute, self._live.tell
        )
        self.queues = Queues(self._switchboard, wall, self._live.somebody_may_be_free)
        self._grace = grace
        self._schedule = Schedule(wall, self._begin)
        self._live.errands.jobs = Jobs(self.place, _new_id, self._schedule.waiting)

    # What is asked of us

    def new_call_id(self) -> str:
        """A fresh id for a request."""
        return _new_id()

    async def recover(self) -> None:
        """Give every call its result that was alive when the last process ended, and let those
        wait on whose time has not come; to be called once, before the first request."""
        self.wrap_ups.recover()
        waiting: list[ScheduledCall] = []
        for record in await self._journal.unfinished():
            events = await self._journal.events_of(record.tenant, record.id)
            scheduled = waiting_call(record, events)
            if scheduled is not None:
                waiting.append(scheduled)
                continue
            at = events[-1].at if events else record.accepted_at
            left = await self._recordings.left_by(record.tenant, record.id, events)
            self._journal.append(record.tenant, last_events(record.id, events, at, left))
        await self._journal.flush()
        await self.balances.recover()
        for scheduled in waiting:
            self._schedule.add(scheduled)

    async def place(self, request: CallRequest, key: str | None = None) -> Accepted:
        """Place a call; the reply is about its acceptance only, which is durable.

        A request with a ``key`` that was accepted before gets the reply of then, and nothing rings
        again. Raises :class:`Refused`; then nothing rings.
        """
        try:
            if key is None:
                return await self._accept(request, None)
            return await self._repetition.once(
                request, key, lambda kept: self._accept(request, kept)
            )
        except JournalUnavailable as error:
            raise Refused(RefusalId.OVERLOADED, "the journal can't take more now") from error

    async def _accept(self, request: CallRequest, key: Key | None) -> Accepted:
        if self._stopping.begun:
            raise Refused(RefusalId.OVERLOADED, "the server is going down")
        tenant, accepted_at = self._tenant(request), self._wall()
        due_at = request.due_at(accepted_at)
        if due_at is not None:
            return await self._accept_for_later(request, tenant, accepted_at, due_at, key)
        self.admission.take()
        planned = plan(request, tenant, self._switchboard)
        self._taking.take(planned)
        record = record_of(request, accepted_at, planned.channels)
        try:
            told, acts = self._taking.told(planned), planned.acts_at_once
            first = [accepted_event(planned), *told, *acts]
            await self._journal.accept(record, first, key)
        except BaseException:
            self._taking.give_back(planned)
            raise
        if acts:
            self.wrap_ups.follow(request.tenant, acts)
            self._live.somebody_may_be_free(request.tenant)
        self._run(planned)
        return Accepted(record.id, record.channels)

    def explain(self, request: CallRequest) -> dict[str, Json]:
        """What :meth:`place` would do with the request now, and why; nothing rings. Raises
        :class:`Refused`, as that would."""
        if request.due_at(self._wall()) is None:
            self.admission.explained()
        return explain(plan(request, self._tenant(request), self._switchboard), self._switchboard)

    def hang_up(self, tenant: str, call: str) -> bool:
        """End a call of a tenant that is alive or waits for its time; False where there is none."""
        scheduled = self._schedule.of(tenant, call)
        if scheduled is not None:
            if self._schedule.cancel(scheduled):
                self._journal.append(tenant, [scheduled.cancelled()])
            return True
        return self._live.wish(tenant, call, lambda one, now: one.cancel(now))

    def wish(self, tenant: str, call: str, wish: Callable[[Wishes, float], None]) -> bool:
        """Have something happen to a live call of a tenant; False where there is none. What the
        call refuses is raised (:class:`~cordboard.calls.running.wishes.WrongState` and others)."""
        return self._live.wish(tenant, call, lambda one, now: wish(one.wishes, now))

    def conversation(self, tenant: str, call: str) -> Conversation | None:
        """The two who talk with each other in a call of a tenant; None where none do."""
        return self._live.conversation(tenant, call)

    def ladder(self, tenant: str, call: str) -> dict[str, Json] | None:
        """The signalling of a call, channel by channel; None for an unknown or forgotten one."""
        return ladder_of(self._channels, tenant, call, self._engine.trace)

    def call_of(self, tenant: str, channel: str) -> str | None:
        """The call of a tenant that a channel's UUID, as the vendors' replies have it, is of."""
        call = self._channels.calls.get(channel)
        if call is None or self._channels.channels_of(tenant, call) is None:
            return None
        return call

    def trunk(self, tenant: TenantDirectory, trunk: Trunk) -> dict[str, Json]:
        """How a trunk of a tenant is now."""
        ahead = self._wall() - time.monotonic()
        return trunk_view(trunk, tenant.domain, self._switchboard, lambda at: at + ahead)

    def contacts(self, tenant: TenantDirectory, terminal: Terminal) -> tuple[Contact, ...]:
        """Where a terminal of a tenant can be rung now."""
        return self._engine.contacts(f"{terminal.name}@{tenant.domain}")

    def live_calls(self) -> int:
        """How many calls are alive."""
        return len(self._live)

    @property
    def stopping(self) -> bool:
        """Whether new requests are refused because the server goes down."""
        return self._stopping.begun

    def usage(self) -> dict[LimitKey, int]:
        """How many channels of everything that limits are in use."""
        return self._usage.in_use()

    def scheduled_calls(self) -> int:
        """How many calls wait for their time."""
        return len(self._schedule)

    def hurry(self) -> None:
        """Leave live calls no more time while :meth:`stop` drains."""
        self._stopping.hurry()

    async def stop(self, drain: float = 0.0) -> None:
        """Refuse what comes, leave live calls ``drain`` seconds to end by themselves, hang up the
        rest, and wait for it; calls bound that themselves. Those for later are left to the next
        process."""
        self._stopping.begun = True
        await self._schedule.stop()
        await self.balances.close()
        await self._offers.settled()
        await self._stopping.drain(drain)
        self._live.interrupt()
        await self._stopping.until_idle()
        self._live.close()
        await self._live.errands.close()
        with suppress(JournalUnavailable):  # it has said so in the log
            await self._journal.flush()

    def fetch_from(self, documents: Documents) -> None:
        """Say who asks web servers for the next steps of programs; to be called once, or never
        where none is asked."""
        self._live.errands.fetching = Fetching(documents, self._wall)

    # Acceptance

    def _tenant(self, request: CallRequest) -> TenantDirectory:
        tenant = self._directory().tenant(request.tenant)
        if tenant is None:
            raise Refused(RefusalId.AUTHENTICATION_REQUIRED, "no such domain")
        return tenant

    def _run(self, planned: CallPlan) -> None:
        self._live.begin(Call(planned, self._switchboard), planned.request.tenant)
        if self._stopping.drained:  # while the journal wrote
            self._live.interrupt()

    # Calls for later

    async def _accept_for_later(
        self,
        request: CallRequest,
        tenant: TenantDirectory,
        accepted_at: float,
        due_at: float,
        key: Key | None,
    ) -> Accepted:
        check_due(due_at, accepted_at)
        if len(self._schedule) >= MAX_SCHEDULED:
            raise Refused(RefusalId.OVERLOADED, "too many calls wait for their time", "server")
        checked = plan(request, tenant, SomeOtherTime(self._switchboard))
        group = None if checked.group is None else checked.group.name
        scheduled = ScheduledCall(request, due_at, group)
        accepted = accepted_event(replace(checked, channels=()))
        record = record_of(request, accepted_at)
        await self._journal.accept(record, [accepted, scheduled.scheduled()], key)
        self._schedule.add(scheduled)
        return Accepted(record.id, record.channels)

    async def _begin(self, scheduled: ScheduledCall) -> None:
        """Begin a call that is due, unless something stands in its way, which is its result."""
        request = scheduled.request
        if self._stopping.begun:
            return
        if scheduled.too_late(self._wall(), self._grace):
            self._end_unbegun(scheduled, scheduled.missed())
            return
        if self.admission.busy() is not None:
            self._schedule.again(scheduled, OVERLOAD_PAUSE)
            return
        try:
            self.admission.take()
            planned = plan(request, self._tenant(request), self._switchboard)
            self._taking.take(planned)
        except Refused as refusal:
            self._end_unbegun(scheduled, scheduled.refused(refusal))
            return
        started = scheduled.started(channel.id for channel in planned.channels)
        try:
            await self._journal.commit(request.tenant, [started, *self._taking.told(planned)])
        except JournalUnavailable:
            self._taking.give_back(planned)
            self._schedule.again(scheduled, JOURNAL_PAUSE)
            return
        wanted = self._schedule.done(scheduled)
        self._run(planned)
        if not wanted:
            self.hang_up(request.tenant, request.id)

    def _end_unbegun(self, scheduled: ScheduledCall, end: CallEvent) -> None:
        self._schedule.done(scheduled)
        self._journal.append(scheduled.request.tenant, [end])


def _new_id() -> str:
    return timely_uuid(time.time())
