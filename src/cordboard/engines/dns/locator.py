"""The servers of SIP URIs: asks what has to be asked, and knows who has failed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from math import inf
from typing import Final

import structlog

from cordboard.engines.dns.cache import AnswerCache
from cordboard.engines.dns.port import NO_ANSWER, Resolver
from cordboard.engines.transport import Listen
from cordboard.sip.blacklist import Blacklist
from cordboard.sip.dns_records import Answer, Question, RecordType
from cordboard.sip.locating import Located, Means, Survey, Target, locate, survey
from cordboard.sip.uri import SipUri

_log = structlog.get_logger(__name__)

Then = Callable[[Located], None]

MAX_ROUNDS: Final = 8
"""Of questions for one URI: three do, and some for aliases."""
MAX_SEARCHES: Final = 256
"""At one time; each has its own name, and those that there are come from operators' files."""
MAX_SURVEYS: Final = 1024
"""URIs for which all that the answers say is kept ready; a trunk has one or two."""
MAX_ADDRESSES: Final = 4096
"""That are known as those of servers; the oldest are forgotten."""
SEARCH_TIMEOUTS: Final = 2
"""A search may last as long as so many questions without answer: the first round tells a silent
name server, and what is asked later is asked of one that has answered before."""


class Locator:
    """Finds the servers of URIs (RFC 3263), the best first.

    ``make_resolver`` is called when first there is something to ask; one question may take it
    ``timeout`` seconds. ``means`` says what we can reach, ``chance`` gives numbers from 0 to below
    1.
    """

    def __init__(
        self,
        make_resolver: Callable[[], Resolver],
        means: Callable[[], Means],
        *,
        timeout: float,
        chance: Callable[[], float] = random.random,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = loop or asyncio.get_running_loop()
        self._make_resolver = make_resolver
        self._means = means
        self._limit = timeout * SEARCH_TIMEOUTS
        self._chance = chance
        self._resolver: Resolver | None = None
        self._cache = AnswerCache()
        self._surveys: dict[SipUri, tuple[float, Survey]] = {}
        self._waiting: dict[str, list[tuple[SipUri, Then]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._addresses: dict[str, None] = {}
        self.blacklist = Blacklist()

    def targets(self, uri: SipUri, then: Then) -> None:
        """Call ``then`` with the servers of a URI, at once where all that is needed is known.

        Servers that have failed come last or not at all, see
        :class:`~cordboard.sip.blacklist.Blacklist`. Where there is none, ``fault`` says why; that
        takes no longer than twice the resolver's timeout.
        """
        known = self._survey(uri, self._loop.time())
        if not known.questions:
            then(self._sorted(known.located(self._chance)))
            return
        key = uri.text()
        waiting = self._waiting.get(key)
        if waiting is not None:
            waiting.append((uri, then))
        elif len(self._waiting) >= MAX_SEARCHES:
            then(Located((), fault="too many names are being asked for"))
        else:
            self._waiting[key] = [(uri, then)]
            task = self._loop.create_task(self._search(uri, key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def failed(self, target: Target, now: float, retry_after: float | None = None) -> None:
        """A server did not answer, could not be reached, or asked to be left alone for so many
        seconds: for a while others are tried before it."""
        if not self.blacklist.is_listed(target, now):
            _log.warning("a SIP server has failed", server=str(target), name=target.name)
        self.blacklist.failed(target, now, retry_after)

    def answered(self, target: Target) -> None:
        """A server has answered."""
        if self.blacklist.answered(target):
            _log.info("a SIP server answers again", server=str(target), name=target.name)

    def has_failed(self, target: Target) -> bool:
        """Whether a server has failed a short while ago, and has not answered since."""
        return self.blacklist.is_listed(target, self._loop.time())

    def is_server(self, address: str) -> bool:
        """Whether an address is one of a server that was asked for."""
        return address in self._addresses

    async def close(self) -> None:
        """Ask no more; nobody is called back."""
        self._waiting.clear()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _search(self, uri: SipUri, key: str) -> None:
        """Ask until nothing is open, then call back everybody who waits for that."""
        answers: dict[Question, Answer] = {}
        try:
            async with asyncio.timeout(self._limit):
                for _ in range(MAX_ROUNDS):
                    questions = self._locate(uri, partial(self._known, answers)).questions
                    if not questions:
                        break
                    await asyncio.gather(*(self._ask(one, answers) for one in questions))
        except TimeoutError:
            pass  # what is open stays without answer
        for uri, then in self._waiting.pop(key, ()):
            found = self._locate(uri, partial(self._known, answers))
            if found.questions:
                fault = found.fault and f"{found.questions[0]}: {NO_ANSWER}"
                found = replace(found, questions=(), fault=fault)
            self._tell(found, then)

    def _tell(self, found: Located, then: Then) -> None:
        for target in found.targets:
            self._addresses.pop(target.address, None)
            self._addresses[target.address] = None
        while len(self._addresses) > MAX_ADDRESSES:
            del self._addresses[next(iter(self._addresses))]
        if found.fault:
            _log.warning("a SIP server can't be found", reason=found.fault)
        try:
            then(self._sorted(found))
        except Exception:
            _log.exception("what was found could not be used")

    async def _ask(self, question: Question, answers: dict[Question, Answer]) -> None:
        if self._resolver is None:
            self._resolver = self._make_resolver()
        answer = await self._resolver.ask(question)
        answers[question] = self._cache.put(question, answer, self._loop.time())

    def _known(self, answers: dict[Question, Answer], question: Question) -> Answer | None:
        known = answers.get(question)
        return self._cache.get(question, self._loop.time()) if known is None else known

    def _survey(self, uri: SipUri, now: float) -> Survey:
        """What the answers that are good just now say; made anew when one of them is not."""
        known = self._surveys.get(uri)
        if known is not None and known[0] > now:
            return known[1]
        made = survey(uri, self._means(), lambda question: self._cache.get(question, now))
        if not made.questions:
            if len(self._surveys) >= MAX_SURVEYS:
                self._surveys.clear()
            self._surveys[uri] = min(map(self._cache.until, made.asked), default=inf), made
        return made

    def _locate(self, uri: SipUri, answer_to: Callable[[Question], Answer | None]) -> Located:
        return locate(uri, self._means(), answer_to, self._chance)

    def _sorted(self, found: Located) -> Located:
        if not len(self.blacklist) or len(found.targets) < 2:
            return found
        return replace(found, targets=self.blacklist.sort(found.targets, self._loop.time()))


def means_of(listening: Iterable[Listen]) -> Means:
    """What a server that listens there can reach: UDP by a socket of the same family only, TCP and
    TLS by whatever family we have an address of."""
    places = tuple(listening)
    wide = {":" in place.host for place in places}
    wide_udp = {":" in place.host for place in places if place.transport == "udp"}
    means = {"udp": _types(wide_udp), "tcp": _types(wide), "tls": _types(wide)}
    return {transport: types for transport, types in means.items() if types}


def _types(wide: set[bool]) -> tuple[RecordType, ...]:
    """Which addresses are asked for, the better first (RFC 6724 2.1)."""
    both = ((True, RecordType.AAAA), (False, RecordType.A))
    return tuple(type_ for family, type_ in both if family in wide)
