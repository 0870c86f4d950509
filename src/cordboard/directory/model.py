"""What a tenant's directory holds: people, phones, groups, numbers and ways out, as plain values.

Every object here is frozen; a change of the directory makes new objects and a new
:class:`~cordboard.directory.snapshot.Directory`. References between objects are by key (a user's
id, a trunk's name), never by pointer, so that a value can be stored and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from cordboard.directory.forwarding import NOT_FORWARDED, Forwarding
from cordboard.directory.integrations import NONE, Integrations
from cordboard.directory.queue_rules import QueueRules
from cordboard.directory.recording import RecordPolicy
from cordboard.directory.steps import Step
from cordboard.values import Word


class GroupKind(Enum):
    """How a group hunts for a member; ``call_center`` is what While1 calls a queue."""

    RING = "ring"
    HUNT = "hunt"
    CALL_CENTER = "call_center"


class GroupStrategy(Enum):
    """Whom of a group's members a hunt rings next."""

    ALL = "all"
    LINEAR = "linear"
    ROUND_ROBIN = "round_robin"
    LONGEST_IDLE = "longest_idle"
    FEWEST_CALLS = "fewest_calls"
    RANDOM = "random"
    PENALTY = "penalty"


_STRATEGIES = {
    GroupKind.RING: GroupStrategy.ALL,
    GroupKind.HUNT: GroupStrategy.LINEAR,
    GroupKind.CALL_CENTER: GroupStrategy.LONGEST_IDLE,
}


class AutoAnswerStyle(Word):
    """Which header dialect asks a terminal to answer by itself (field.md, B 14)."""

    ALL = "all"
    CALL_INFO = "call-info"
    ALERT_INFO = "alert-info"
    ANSWER_MODE = "answer-mode"
    NONE = "none"


class DigestOffer(Enum):
    """By which hashes the phones of a tenant may prove their secrets (RFC 8760); with both, the
    better one is listed first. Some phones give up when they see one that they do not know."""

    MD5 = "md5"
    SHA_256 = "sha-256"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A SIP account of one phone: its name is the SIP user name, unique in its SIP domain.

    ``ha1`` is the digest secret hash ``MD5(name:realm:secret)`` in lower-case hexadecimal
    (RFC 3261 22.4, RFC 7616 3.4.2) for the realm of the tenant's SIP domain, ``ha1_sha256`` the
    same by SHA-256 where it is known. ``codecs`` are what the phone has beyond G.711, the best
    first. ``direct_media``: its audio may go past us, to the other party's phone.
    """

    name: str
    user_id: int
    ha1: str = field(repr=False)
    auto_answer: AutoAnswerStyle = AutoAnswerStyle.ALL
    max_contacts: int = 5
    codecs: tuple[str, ...] = ()
    ha1_sha256: str | None = field(default=None, repr=False)
    direct_media: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A person who can be rung at his terminals. ``record`` and ``record_group`` as of groups;
    ``eavesdrops`` are the names of users and groups whose calls he may overhear."""

    id: int
    name: str
    label: str
    extension: str | None = None
    dids: tuple[str, ...] = ()
    email: str | None = None
    language: str = "en"
    terminals: tuple[str, ...] = ()
    caller_id: str | None = None
    channel_limit: int | None = None
    forwarding: Forwarding = NOT_FORWARDED
    record: RecordPolicy = RecordPolicy.ON_REQUEST
    record_group: str | None = None
    eavesdrops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """A user's place in a group; a lower ``priority`` is rung earlier where order matters, and a
    higher ``penalty`` only after all of a lower one."""

    user_id: int
    priority: int = 0
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Users who answer together, as a destination and as the context of a call.

    ``answer_timeout`` is for the whole hunt and ``member_answer_timeout`` for one attempt, in
    seconds; for ``wrap_up`` seconds after a call of the group no group rings who was in it.
    ``record`` is whether its calls are recorded, ``record_group`` where that is kept. A
    ``strategy`` of None is the kind's own. With a ``queue`` callers wait for somebody who is free.
    """

    id: int
    name: str
    label: str
    kind: GroupKind = GroupKind.RING
    extension: str | None = None
    dids: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    answer_timeout: float = 60.0
    member_answer_timeout: float = 20.0
    caller_id: str | None = None
    channel_limit: int | None = None
    strategy: GroupStrategy | None = None
    wrap_up: float = 0.0
    record: RecordPolicy = RecordPolicy.ON_REQUEST
    record_group: str | None = None
    queue: QueueRules | None = None
    integrations: Integrations = NONE

    @property
    def order(self) -> GroupStrategy:
        """The strategy of its hunts."""
        return self.strategy or _STRATEGIES[self.kind]


@dataclass(frozen=True, slots=True)
class Context:
    """A named program that a caller is connected to (a Basix XML IVR number, a While1 context).

    It speaks its ``language``, None: that of the party. ``folder`` is where the prompts of steps
    begin that it fetches.
    """

    name: str
    extension: str | None = None
    dids: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    language: str | None = None
    folder: str = ""


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the tenant's own: it may be shown as caller id, and may lead somewhere (a DID).

    ``number`` is as written by the operator, digits and an optional leading ``+``.
    """

    number: str
    show: bool = True


class NumberFormat(Enum):
    """How a trunk wants numbers: as dialled, or as E.164 with or without ``+``."""

    AS_DIALLED = "as-dialled"
    E164 = "e164"
    E164_PLUS = "e164-plus"


class IdentityStyle(Enum):
    """Which header tells a trunk who calls, beside From: none, RFC 3325's, or the older one."""

    FROM = "from"
    P_ASSERTED = "p-asserted-identity"
    P_PREFERRED = "p-preferred-identity"
    REMOTE_PARTY_ID = "remote-party-id"


@dataclass(frozen=True, slots=True)
class Trunk:
    """A SIP peer that carries calls to outside numbers.

    ``uri`` is a SIP URI without user (``sip:host:port;transport=udp``), ``proxy`` another one where
    everything for it is sent instead. ``failover_codes`` are the final SIP codes after which the
    next trunk is tried (never 486, 600, 603). ``codecs`` are what it carries beyond G.711, the best
    first. ``direct_media``: its audio may go past us. ``calls_per_second`` is the rate of a token
    bucket holding ``calls_burst`` calls.

    With ``register`` we register there as ``username``, each time for ``expires`` seconds, and with
    ``ping`` ask every so many seconds whether it is there. ``from_user`` and ``from_domain`` stand
    in From in place of the caller's number and our own address.
    """

    name: str
    uri: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    channel_limit: int | None = None
    number_format: NumberFormat = NumberFormat.AS_DIALLED
    caller_id: str | None = None
    nat: bool = False
    failover_codes: frozenset[int] = frozenset({408, 500, 502, 503, 504})
    identity: IdentityStyle = IdentityStyle.FROM
    anonymous: bool = False
    codecs: tuple[str, ...] = ()
    direct_media: bool = False
    calls_per_second: float | None = None
    calls_burst: int = 10
    register: bool = False
    expires: int = 3600
    ping: float = 0.0
    proxy: str | None = None
    from_user: str | None = None
    from_domain: str | None = None

    @property
    def watched(self) -> bool:
        """Whether its state is known without calling through it."""
        return self.register or self.ping > 0


@dataclass(frozen=True, slots=True)
class OutboundRule:
    """Which outside numbers may be called, and through which trunks in order.

    The rule with the longest matching ``prefix`` decides (digits, perhaps with ``+``; "" is any
    number). Without ``trunks`` it denies. ``strip`` digits are cut from the front of the number as
    dialled, then ``prepend`` is put there; the trunk's number format comes last.
    """

    prefix: str
    trunks: tuple[str, ...] = ()
    strip: int = 0
    prepend: str = ""
    minimum_digits: int = 3
    maximum_digits: int = 24

    @property
    def allowed(self) -> bool:
        """Whether a matching number may be called at all."""
        return bool(self.trunks)


@dataclass(frozen=True, slots=True)
class TenantPolicy:
    """A tenant's own settings.

    ``country`` is an ISO 3166 code for number formats and tones; limits are None for none;
    ``calls_per_second`` is the rate of a token bucket holding ``calls_burst`` calls;
    ``longest_call`` is in seconds; ``callbacks_inside`` lets callbacks go to addresses that are not
    on the open Internet; ``language`` is that of prompts for whom nothing else is said;
    ``keep_recordings`` are the days for which recordings are kept, None: until they are deleted.
    ``customer`` is the tenant's id as an Enswitch's customer, ``parent`` the domain of the tenant
    that resells to it and may act for it, if any. ``events_url`` is told of its calls as
    Enswitch's customers are, and may hold secrets.
    """

    domain: str
    sip_realm: str
    country: str = "us"
    channel_limit: int | None = None
    calls_per_second: float | None = None
    calls_burst: int = 10
    longest_call: float = 6 * 3600.0
    media_timeout: float = 60.0
    digest: DigestOffer = DigestOffer.MD5
    callbacks_inside: bool = False
    caller_id: str | None = None
    language: str = "en"
    keep_recordings: float | None = None
    customer: int = 0
    parent: str | None = None
    events_url: str | None = field(default=None, repr=False)
