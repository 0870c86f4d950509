"""What a call does, as it stands in the event log, and how it ends.

Events are the spine of the system: callbacks, feeds, CDRs and pages are readers of them. A call
makes :class:`CallEvent` s; the journal gives each its place (:class:`Recorded`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from cordboard.calls.causes import Cause
from cordboard.calls.request import Leg
from cordboard.values import Word

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
_NOTHING: Mapping[str, Json] = MappingProxyType({})


class EventKind(Word):
    """Every kind of event, with the keys of its ``data``."""

    CALL_ACCEPTED = "call.accepted"
    """dialect, method, direction, account, first, second (a party each), channels; where given
    group, external_id, external_info, link, variables, metadata, callback, again (left, seconds:
    it is made once more where nobody answers)."""
    CALL_SCHEDULED = "call.scheduled"
    """due_at (seconds since 1970): the call begins later."""
    CALL_STARTED = "call.started"
    """channels: a call for later begins, and will never be begun again."""
    CHANNEL_OFFERED = "channel.offered"
    """party, endpoint (the terminal or trunk), dialled, caller_number, caller_name, trunk (where it
    came through one), diverted_by (where the trunk says so): who called us, on the first leg's one
    channel; or (dialled is null) a phone that called to take another one's place in ``leg``."""
    CHANNEL_DIALLED = "channel.dialled"
    """party, endpoint, caller_number, caller_name, attempt."""
    CHANNEL_REDIRECTED = "channel.redirected"
    CHANNEL_FAILED_OVER = "channel.failed_over"
    """cause, sip_status, by, reason, trunk (which refused), next (which is tried now), passed_over
    (those between that have no line free). A phone that keeps several flows open is tried over
    another one; trunk and next are null then."""
    CHANNEL_RINGING = "channel.ringing"
    """status (180 to 183)."""
    CHANNEL_EARLY_MEDIA = "channel.early_media"
    """flowing."""
    CHANNEL_SCREENING = "channel.screening"
    """Somebody has picked up and is asked to press 1; ``channel.answered`` follows if he does."""
    CHANNEL_ANSWERED = "channel.answered"
    CHANNEL_ENDED = "channel.ended"
    """cause, sip_status, answered, by (local, remote), reason, trunk, media (figures) where it was
    answered. ``reason`` is what the far end said: phrase, q850, q850_name, sip_cause, text,
    retry_after, each where it was given."""
    LEG_ANSWERED = "leg.answered"
    """ring_seconds: the hunt of this leg ended with ``channel`` as the winner."""
    LEG_FAILED = "leg.failed"
    """cause, sip_status, reason, ring_seconds: the hunt of this leg ended without."""
    CALL_PROGRAM = "call.program"
    """context: the first leg is connected with a context."""
    PROGRAM_STEP = "program.step"
    """step (its place in the program, from 0), does (``play``, ``gather``, ...), label (if it has
    one): it is this one's turn."""
    PROGRAM_GATHERED = "program.gathered"
    """variable, count (of digits), by (``full``, ``finish``, ``timeout``), tries, digits (null
    unless the step shows them)."""
    PROGRAM_REFUSED = "program.refused"
    """id, message: whom a step names can't be rung; the program goes on."""
    PROGRAM_FETCHED = "program.fetched"
    """steps (how many came), error (why none did, or null)."""
    PROGRAM_JOB = "program.job"
    """job (the id of the call that will be made, or null), error (why none will be, or null)."""
    PROGRAM_ERROR = "program.error"
    """error: something went wrong, and the program goes on at its error handler."""
    PROGRAM_STOPPED = "program.stopped"
    """error: the program can't go on, and the call ends ``failed``."""
    QUEUE_JOINED = "queue.joined"
    """group (id and name), party (who waits), place (from 1), again (whether the call has waited
    for it before): the other party waits for somebody of the group of ``leg``. ``channel`` is that
    of who waits, null where it is not answered."""
    QUEUE_ANNOUNCED = "queue.announced"
    """group, place: it is told which place it has."""
    QUEUE_LEFT = "queue.left"
    """group, reason (answered, abandoned, timeout, full, or the cause by which the call ended),
    waited_seconds, agent (id and name of who answered, or null), to (the party where it goes in
    place of the group, or null)."""
    CALL_FORWARDED = "call.forwarded"
    """by (the user who has it so), to (whom, as he says it), reason (always, busy, no_answer),
    refused (why it does not go there, or null), party (who is rung, where it does)."""
    LEG_CREDIT_RESERVED = "leg.credit_reserved"
    """charge (its name in the ledger), tenant and card (null: its own balance) of the payer,
    reserved (in all, in millionths), until (seconds from its answer, or null), last, answered (its
    seconds run): what ``leg`` may talk."""
    LEG_CHARGED = "leg.charged"
    """charge, tenant, card, amount (millionths), seconds (null where nobody knows): what ``leg``
    has cost."""
    CALL_BRIDGED = "call.bridged"
    """first, second: the channels that hear each other."""
    CALL_MEDIA_DIRECT = "call.media_direct"
    """The two send their audio to each other, past the server."""
    CALL_MEDIA_RELAYED = "call.media_relayed"
    """And over the server again, until they are bridged anew."""
    CALL_TRANSFERRING = "call.transferring"
    """party, channels, by (client or phone), from_call: this party is rung in place of that of
    ``leg``, which is hung up: at once where a client wants it, when the other one answers where its
    own phone does. ``from_call`` is the call that the party comes from, with its channels, else
    null."""
    CALL_TRANSFERRED = "call.transferred"
    """ring_seconds: it has answered on ``channel``; ``call.bridged`` follows again."""
    CALL_TRANSFER_FAILED = "call.transfer_failed"
    """cause, sip_status, reason, ring_seconds: it has not."""
    CALL_TRANSFER_REFUSED = "call.transfer_refused"
    """to, sip_status, reason: ``leg`` wanted the other one to be transferred there."""
    CALL_LABELLED = "call.labelled"
    """labels: a client has the parties of ``leg``, or without one of the call, told by these words
    (Enswitch's ``snumber``, ...); where the call goes is the same."""
    CALL_EAVESDROPPING = "call.eavesdropping"
    """call, watched_leg, watched (the channel of who is watched), other (that of who talks with
    him), mode (listen, whisper, join): ``leg`` hears the two of that call from now on; with a mode
    of null it hears nobody, and call is the one that it waits for, or null."""
    CALL_OVERHEARD = "call.overheard"
    """by (a user's id and name), from_call, mode: somebody else hears the two from now on, and
    speaks to ``leg`` (whisper) or both (join); with a mode of null no longer."""
    CALL_MERGED = "call.merged"
    """into, channels: the party of ``leg`` goes on in that call, on its channels; this one ends."""
    CALL_HELD = "call.held"
    """``leg`` put the other on hold."""
    CALL_RESUMED = "call.resumed"
    CHANNEL_HELD = "channel.held"
    """``leg`` was put on hold by a client."""
    CHANNEL_RESUMED = "channel.resumed"
    RECORDING_STARTED = "call.recording_started"
    """recording (its id), file (below the server's folder of recordings), group (of the context),
    record_group, keep_days (null: until somebody deletes it)."""
    RECORDING_PAUSED = "call.recording_paused"
    """recording, file."""
    RECORDING_RESUMED = "call.recording_resumed"
    """recording, file."""
    RECORDING_STOPPED = "call.recording_stopped"
    """recording, file, seconds, octets (null where they are not known), error (why it broke off, or
    null)."""
    RECORDING_DELETED = "recording.deleted"
    """recording, call, file, by (client, retention), account; of no call."""
    CHANNEL_WARNED = "channel.warned"
    """``leg`` hears that the longest duration is nearly reached."""
    DIGIT = "channel.digit"
    """digit."""
    DIGITS_SENT = "channel.digits_sent"
    """count: so many keys are pressed for ``leg``, as a client wanted."""
    AGENT_LOGIN = "agent.login"
    """group, user (id and name each), state (ready, paused, logged_out), reason, account; of no
    call, as the next three."""
    AGENT_LOGOUT = "agent.logout"
    AGENT_PAUSE = "agent.pause"
    AGENT_UNPAUSE = "agent.unpause"
    USER_FORWARDING = "user.forwarding"
    """user (id and name), always, busy, no_answer, after, do_not_disturb, as_in_directory, account;
    of no call: where a user's calls go from now on."""
    AGENT_WRAPPING_UP = "agent.wrapping_up"
    """group, user, until (seconds since 1970); of no call, as the next one."""
    AGENT_WRAPPED_UP = "agent.wrapped_up"
    """group, user, until (null), account: the user has ended it early."""
    CREDIT_CHANGED = "credit.changed"
    """charge, tenant, card, amount (millionths, negative where it is taken away), kind (opening,
    payment, correction), account; of no call."""
    CALL_ENDED = "call.ended"
    """The one terminal result: the keys of :class:`CallResult`."""


class CallEvent(msgspec.Struct, frozen=True, gc=False):
    """One thing that happened in a call; ``data`` is JSON, its keys as :class:`EventKind` says.

    ``call`` is empty where it happened in none: what agents do, what becomes of old recordings.
    """

    kind: EventKind
    call: str
    leg: Leg | None = None
    channel: str | None = None
    data: Mapping[str, Json] = _NOTHING


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event in its place: ``seq`` is gapless per tenant from 1, ``at`` seconds since the epoch.

    ``epoch`` names the journal's incarnation; a reader whose cursor has another must start anew.
    """

    epoch: str
    seq: int
    at: float
    tenant: str
    event: CallEvent

    @property
    def cursor(self) -> str:
        """Where a reader goes on after this event."""
        return f"{self.epoch}:{self.seq}"

    def as_dict(self) -> dict[str, Json]:
        """The event as feeds and pages show it."""
        event = self.event
        return {
            "seq": self.seq,
            "at": self.at,
            "tenant": self.tenant,
            "kind": event.kind.value,
            "call": event.call or None,
            "leg": event.leg.value if event.leg else None,
            "channel": event.channel,
            "data": dict(event.data),
        }


class Outcome(Word):
    """How a request ended, in one word."""

    COMPLETED = "completed"
    FIRST_LEG_FAILED = "first_leg_failed"
    SECOND_LEG_FAILED = "second_leg_failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"


class CallResult(msgspec.Struct, frozen=True, gc=False):
    """The one terminal result of a request.

    ``leg`` and ``stage`` say where it ended, ``cause`` why; durations are in seconds: how long
    each leg rang and how long the two talked. ``q850`` is the value that the far end gave, else the
    one that belongs to the cause; ``reason`` is what it said. ``group`` is the name of the group on
    whose behalf it was made.
    """

    outcome: Outcome
    cause: Cause
    stage: str
    leg: Leg | None = None
    sip_status: int | None = None
    q850: int | None = None
    reason: Mapping[str, Json] | None = None
    first_ring_seconds: float = 0.0
    second_ring_seconds: float = 0.0
    talk_seconds: float = 0.0
    group: str | None = None

    def as_dict(self) -> dict[str, Json]:
        """The result as it stands in ``call.ended``."""
        return {
            "outcome": self.outcome.value,
            "cause": self.cause.value,
            "stage": self.stage,
            "leg": self.leg.value if self.leg else None,
            "sip_status": self.sip_status,
            "q850": self.q850,
            "reason": None if self.reason is None else dict(self.reason),
            "first_ring_seconds": round(self.first_ring_seconds, 3),
            "second_ring_seconds": round(self.second_ring_seconds, 3),
            "talk_seconds": round(self.talk_seconds, 3),
            "group": self.group,
        }
