"""A plan as a value: who rings on what, which caller id each leg sees and why, what is taken.

Placing executes a plan, explaining prints it; nothing else decides routing. The contacts of the
first leg are fixed in the plan, for their ids are the reply; those of a later leg are looked up
when it is dialled, by :func:`channels_for`, for phones come and go while the first leg rings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from cordboard.calls.causes import Cause
from cordboard.calls.credit import PlannedCharge
from cordboard.calls.events import CallEvent, Json
from cordboard.calls.limits import Take
from cordboard.calls.people.forwarding import Hop
from cordboard.calls.people.strategies import Candidate, Rung
from cordboard.calls.planning.recording_policy import NO_WISHES, RecordingWishes, Say, terms_of
from cordboard.calls.planning.trunks import PassedOver
from cordboard.calls.ports import CallerId, Contact, Endpoint, TerminalEndpoint, TrunkEndpoint
from cordboard.calls.recording_terms import RecordingTerms
from cordboard.calls.request import CallRequest, EndUser, Leg, Offered
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import AutoAnswerStyle, GroupStrategy
from cordboard.directory.queue_rules import QueueRules
from cordboard.directory.steps import Step
from cordboard.media.overhearing import EavesdropMode

ContactLookup = Callable[[str], tuple[Contact, ...]]
"""The contacts of a terminal (``name@domain``) that can be dialled now."""

NewId = Callable[[], str]
"""Makes a channel's UUID."""


class Party(msgspec.Struct, frozen=True, gc=False):
    """Whom a leg is for: ``kind`` is user, group, context or number.

    ``number`` is the extension or outside number, ``how`` which key of the directory matched.
    """

    kind: str
    name: str
    number: str
    id: int | None = None
    label: str = ""
    how: str = ""
    end_user: EndUser | None = None

    def as_dict(self) -> dict[str, Json]:
        """The party as events and explanations show it."""
        shown: dict[str, Json] = {"kind": self.kind, "name": self.name, "number": self.number}
        if self.id is not None:
            shown["id"] = self.id
        if self.end_user is not None:
            shown["end_user"] = dict(self.end_user.as_dict())
        return shown


class PlannedTerminal(msgspec.Struct, frozen=True, gc=False):
    """A terminal that will ring at every contact it has; ``account`` is ``name@domain``."""

    account: str
    user: int
    auto_answer: AutoAnswerStyle = AutoAnswerStyle.NONE
    codecs: tuple[str, ...] = ()
    language: str = "en"
    direct_media: bool = False


class PlannedTrunks(msgspec.Struct, frozen=True, gc=False):
    """An outside number, tried through one trunk after another; ``passed_over`` are those that
    would have come earlier, or not at all. Who is there is spoken to in a ``language``. A call to
    it is charged so, None: it costs nothing."""

    endpoints: tuple[TrunkEndpoint, ...]
    passed_over: tuple[PassedOver, ...] = ()
    language: str = "en"
    charge: PlannedCharge | None = None


class PlannedChannel(msgspec.Struct, frozen=True, gc=False):
    """One channel to be dialled; further ``endpoints`` are where the first one fails: other trunks,
    or other flows of the same phone. One that was offered to us has none.

    ``user`` is whose phone it is: a 600 or 603 of one of his phones ends all of them. ``group`` is
    the group that he is rung for. What we say to him is in a ``language``.
    """

    id: str
    endpoints: tuple[Endpoint, ...]
    user: int | None
    label: str
    group: int | None = None
    language: str = "en"

    @property
    def offered(self) -> bool:
        """Whether it was offered to us, by who is at its other end."""
        return not self.endpoints


class GroupHunt(msgspec.Struct, frozen=True, gc=False):
    """A leg is hunted for in a group: ``rungs`` one after the other, each for ``attempt`` seconds,
    as its members stand when this is planned; ``passed_over`` are those who can't be rung now. With
    a ``queue`` the other party waits for somebody who is free."""

    group: int
    strategy: GroupStrategy
    attempt: float
    rungs: tuple[Rung, ...]
    passed_over: tuple[Candidate, ...] = ()
    queue: QueueRules | None = None


class LegPlan(msgspec.Struct, frozen=True, gc=False):
    """How a leg is rung: its targets all at once, or as ``hunt`` says, at most ``timeout`` seconds.

    A first leg that was offered to us has no targets: it is there. ``caller`` is who it is told is
    calling, or who says so himself; a trunk may have been told another number. ``screen``:
    whoever answers is asked whether he takes the call; ``warn``: he hears when it is to end soon.
    ``forwards`` is where its calls go when it fails, ``absent`` why nobody is rung at all, and
    ``forwarded`` who sent it on until here.
    ``says`` is what they have to say about being recorded: whoever answers, or (with a user's id)
    if that one does.
    """

    leg: Leg
    party: Party
    targets: tuple[PlannedTerminal, ...] | PlannedTrunks
    caller: CallerId
    timeout: float
    takes: tuple[Take, ...]
    screen: bool = False
    warn: bool = False
    hunt: GroupHunt | None = None
    forwards: Forwarding | None = None
    absent: Cause | None = None
    forwarded: tuple[Hop, ...] = ()
    says: tuple[tuple[int | None, Say], ...] = ()

    @property
    def queued(self) -> bool:
        """Whether it is hunted for in a group that the other party waits for."""
        return self.hunt is not None and self.hunt.queue is not None

    @property
    def charge(self) -> PlannedCharge | None:
        """What is charged for it, where it costs anything."""
        targets = self.targets
        return targets.charge if isinstance(targets, PlannedTrunks) else None

    def says_with(self, user: int | None) -> Iterator[Say]:
        """What they have to say about being recorded where this user (or nobody yet) answered."""
        return (say for whose, say in self.says if whose is None or whose == user)

    def caller_on(self, endpoint: Endpoint) -> CallerId:
        """Who one of the leg's endpoints is told is calling."""
        own = endpoint.caller if isinstance(endpoint, TrunkEndpoint) else None
        return own or self.caller


class ProgramPlan(msgspec.Struct, frozen=True, gc=False):
    """The second party is a context: a program that the first leg is connected with.

    It begins with these ``variables`` and speaks a ``language``; prompts of steps that it fetches
    are below ``folder``.
    """

    party: Party
    steps: tuple[Step, ...]
    variables: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    folder: str = ""
    forwarded: tuple[Hop, ...] = ()
    from_call: str | None = None


class EavesdropPlan(msgspec.Struct, frozen=True, gc=False):
    """The second party is two who talk with each other, whom the first one overhears for the
    ``user`` of that id: those of ``call``, or (None) of whichever call he turns to. ``leg`` is who
    is watched."""

    party: Party
    user: int
    call: str | None
    leg: Leg
    mode: EavesdropMode

    @property
    def forwarded(self) -> tuple[Hop, ...]:
        """Nobody sends it on."""
        return ()


def nobody_rung(leg: Leg, party: Party) -> LegPlan:
    """A leg in whose place there is a program."""
    return LegPlan(leg, party, (), CallerId(""), 0.0, ())


class CallPlan(msgspec.Struct, frozen=True, gc=False):
    """All that placing a request needs to know.

    ``channels`` are those of the first leg, whose ids are the reply; ``group`` is the group
    context, ``asked`` whom the second leg was for where it is forwarded, ``recording`` what is
    wanted about that, whoever is rung. ``acts`` are events of no call: what a feature code does.
    ``charges`` are what its legs are charged, of those that cost anything.
    """

    request: CallRequest
    first: LegPlan
    channels: tuple[PlannedChannel, ...]
    second: LegPlan | ProgramPlan | EavesdropPlan
    country: str
    longest_call: float
    media_timeout: float
    group: Party | None = None
    asked: Party | None = None
    acts: tuple[CallEvent, ...] = ()
    recording: RecordingWishes = NO_WISHES
    charges: tuple[tuple[Leg, PlannedCharge], ...] = ()

    @property
    def recording_terms(self) -> RecordingTerms:
        """On which terms the two are recorded, if they are, as far as that is known before anybody
        has answered."""
        says = list(self.first.says_with(None)) if self.first.says else []
        if isinstance(self.second, LegPlan) and self.second.says:
            says += self.second.says_with(None)
        return terms_of(self.request.id, self.recording, says)

    @property
    def offered(self) -> bool:
        """Whether the first party called us himself, and waits on its one channel."""
        return bool(self.channels) and not self.channels[0].endpoints

    @property
    def answers_at_once(self) -> bool:
        """Whether who calls us is answered before there is anybody else in the call: a program
        talks to him, or he waits in a queue with music."""
        if not isinstance(self.second, LegPlan):
            return True
        queue = None if self.second.hunt is None else self.second.hunt.queue
        return queue is not None and queue.music is not None

    @property
    def acts_at_once(self) -> tuple[CallEvent, ...]:
        """What is committed with its acceptance: who has dialled a feature code himself is there.
        Who is rung first has it done when he has answered."""
        return self.acts if isinstance(self.request.first, Offered) else ()

    @property
    def takes(self) -> tuple[Take, ...]:
        """What both legs take together."""
        second = self.second.takes if isinstance(self.second, LegPlan) else ()
        return self.first.takes + second


def charges_of(
    first: LegPlan, second: LegPlan | ProgramPlan | EavesdropPlan
) -> tuple[tuple[Leg, PlannedCharge], ...]:
    """What the legs of a plan are charged, of those that cost anything."""
    called = second.charge if isinstance(second, LegPlan) else None
    if first.charge is None and called is None:
        return ()  # as of most calls
    both = ((Leg.FIRST, first.charge), (Leg.SECOND, called))
    return tuple((leg, charge) for leg, charge in both if charge is not None)


def channels_for(
    plan: LegPlan, contacts: ContactLookup, new_id: NewId, users: frozenset[int] | None = None
) -> tuple[PlannedChannel, ...]:
    """The channels of a leg as its phones are registered now, or those of ``users`` among them;
    empty when none is."""
    if isinstance(plan.targets, PlannedTrunks):
        trunks = plan.targets
        number, language = trunks.endpoints[0].number, trunks.language
        return (PlannedChannel(new_id(), trunks.endpoints, None, number, None, language),)
    group = None if plan.hunt is None else plan.hunt.group
    return tuple(
        [
            PlannedChannel(
                new_id(), endpoints, terminal.user, terminal.account, group, terminal.language
            )
            for terminal in plan.targets
            if users is None or terminal.user in users
            for endpoints in _phones(terminal, contacts(terminal.account))
        ]
    )


def _phones(
    terminal: PlannedTerminal, contacts: tuple[Contact, ...]
) -> list[tuple[TerminalEndpoint, ...]]:
    """The endpoints of a terminal, those together that are flows of one phone: of these the one
    that was refreshed last comes first, for the phone was there just now."""
    phones: dict[str, list[TerminalEndpoint]] = {}
    for number, contact in enumerate(contacts):
        endpoint = TerminalEndpoint(
            contact, terminal.auto_answer, terminal.codecs, terminal.direct_media
        )
        phones.setdefault(contact.instance or str(number), []).append(endpoint)
    return [tuple(reversed(flows)) for flows in phones.values()]
