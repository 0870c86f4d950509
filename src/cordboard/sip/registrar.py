"""The registrar: which phones are where (RFC 3261 10.3).

Sans-IO: a REGISTER and ``now`` go in, what to answer comes out, and what changed. Calls to a
contact go back over the flow that its REGISTER came by (RFC 3581, RFC 5626 in spirit), whatever the
Contact says, so that phones behind NAT ring; a connection that is lost takes its bindings along.

Nobody learns from the answers which accounts there are: without credentials anybody is challenged,
in a realm that does not depend on whether the account exists; with wrong ones anybody gets 403.
A request changes all that it asks for, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from cordboard.addresses import canonical
from cordboard.sip.address import NameAddr, parse_name_addr, q_of
from cordboard.sip.binding_table import BindingTable, Contacts
from cordboard.sip.digest import DigestServer, Verdict, parse_digest
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import Binding, BindingsChanged, RegistrationsBlocked
from cordboard.sip.flow import Flow
from cordboard.sip.grammar import unquote
from cordboard.sip.guard import Admission, Guard
from cordboard.sip.message import Request
from cordboard.sip.reliable import has_option
from cordboard.sip.uri import parse_uri

DEFAULT_EXPIRES: Final = 3600  # s; RFC 3261 10.2.1.1 recommends an hour
MIN_EXPIRES: Final = 30  # s; Kamailio 60, Asterisk 60: shorter, for phones that move about
MAX_EXPIRES: Final = 7200  # s; Asterisk 7200, Kamailio 3600
MAX_CONTACTS_IN_REQUEST: Final = 16
MAX_BINDINGS: Final = 50_000  # of about 1 KB each
MAX_AUTHORIZATIONS: Final = 8  # that are looked through for ours; every proxy on the way adds one
MAX_PATH: Final = 8
FLOW_TIMER: Final = 120
"""Seconds after which a phone that has sent nothing should ping (RFC 5626 4.4.1)."""

MAX_TEXT: Final = 255  # characters kept of a Call-ID, User-Agent or instance
RETRY_AFTER: Final = 60  # s


@dataclass(frozen=True, slots=True)
class RegistrarAccount:
    """A terminal that may register. ``key`` names its bindings; ``ha1`` and ``ha1_sha256`` are of
    the realm that it is challenged in."""

    key: str
    username: str
    ha1: str = field(repr=False)
    max_contacts: int = 5
    ha1_sha256: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Realm:
    """What a user name is challenged in: the realm's name and its algorithms, the best first."""

    name: str
    algorithms: tuple[str, ...] = ("MD5",)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back, and the event where bindings changed."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    changed: BindingsChanged | None = None
    blocked: RegistrationsBlocked | None = None
    """Where this failure was one too many."""


AccountLookup = Callable[[str, str], RegistrarAccount | None]
"""The account of a user name and SIP domain."""

RealmLookup = Callable[[str, str], Realm]
"""The realm to challenge a user name and SIP domain with, known or not."""


class _Refusal(Exception):
    """The request ends here, with this answer."""

    def __init__(self, status: int, reason: str, *headers: tuple[str, str]) -> None:
        super().__init__(reason)
        self.answer = Answer(status, reason, headers)


class Registrar:
    """All bindings of this server."""

    def __init__(self, lookup: AccountLookup, realm: RealmLookup, digest: DigestServer) -> None:
        self._lookup = lookup
        self._realm = realm
        self._digest = digest
        self._guard = Guard()
        self._table = BindingTable()

    def handle(self, request: Request, flow: Flow, now: float) -> Answer | None:
        """Answer one REGISTER; None for who has guessed too often to be answered. Never raises."""
        try:
            account = self._authenticate(request, flow, now)
            return None if account is None else self._register(request, account, flow, now)
        except _Refusal as refusal:
            return refusal.answer
        except SipParseError as error:
            return Answer(error.status, str(error))

    def bindings(self, account: str, now: float) -> tuple[Binding, ...]:
        """The contacts of an account that are good now, highest q first, then oldest."""
        found = [b for b in self._table.of(account).values() if b.expires_at > now]
        return tuple(sorted(found, key=lambda binding: -binding.q))

    def accounts(self) -> tuple[str, ...]:
        """The accounts that have bindings."""
        return self._table.accounts()

    def knows_host(self, host: str) -> bool:
        """Whether a phone is registered from an address."""
        return self._table.has_host(host)

    def next_expiry(self) -> float | None:
        """When :meth:`expire` will have something to do."""
        return self._table.next_expiry()

    def expire(self, now: float) -> list[BindingsChanged]:
        """Forget the bindings whose time is over."""
        return self._table.expire(now)

    def connection_lost(self, flow: Flow) -> list[BindingsChanged]:
        """Forget the bindings of a connection that is gone: nothing can reach them.

        UDP has no connections; a phone that could not be reached once may be there again.
        """
        return self._table.connection_lost(flow)

    # Who

    def _authenticate(self, request: Request, flow: Flow, now: float) -> RegistrarAccount | None:
        """The account, proven by digest; strangers and wrong passwords get the same answers, and
        none (None) after too many of them."""
        uri = parse_name_addr(request.need("to")).uri
        user, host = uri.user or "", canonical(uri.host)
        account = self._lookup(user, host)
        realm = self._realm(user, host)
        source = flow.remote[0]
        asked_for = f"{user[:MAX_TEXT]}@{realm.name}" if account is None else account.key
        admission = self._guard.admits(source, asked_for, now)
        if admission is Admission.IGNORED:
            return None
        if admission is Admission.ACCOUNT_UNDER_ATTACK:
            raise _Refusal(503, "Try later", ("retry-after", str(RETRY_AFTER)))
        found = self._authorization(request, realm)
        if found is None:
            raise self._challenge(realm, now)
        value, algorithm = found
        verdict = self._digest.verify(
            value,
            request.method,
            realm.name,
            account.username if account is not None else user,
            _secret_of(account, algorithm),
            now,
            request.uri,
            algorithm=algorithm,
        )
        if verdict is Verdict.STALE:
            raise self._challenge(realm, now, stale=True)
        if verdict is Verdict.WRONG or account is None:
            raise self._failed(source, asked_for, now)
        self._guard.succeeded(source, asked_for)
        return account

    def _failed(self, source: str, asked_for: str, now: float) -> _Refusal:
        refusal = _Refusal(403, "Forbidden")
        if self._guard.failed(source, asked_for, now):
            blocked = RegistrationsBlocked(source, asked_for)
            refusal.answer = replace(refusal.answer, blocked=blocked)
        return refusal

    @staticmethod
    def _authorization(request: Request, realm: Realm) -> tuple[str, str] | None:
        """The Authorization value meant for us, among those of other realms, and its algorithm."""
        for value in request.each("authorization")[:MAX_AUTHORIZATIONS]:
            try:
                given = parse_digest(value)
            except SipParseError:
                continue
            algorithm = given.get("algorithm", "MD5").upper()
            if given.get("realm") == realm.name and algorithm in realm.algorithms:
                return value, algorithm
        return None

    def _challenge(self, realm: Realm, now: float, *, stale: bool = False) -> _Refusal:
        challenge = partial(self._digest.challenge, realm.name, now, stale=stale)
        asked = [("www-authenticate", challenge(algorithm=one)) for one in realm.algorithms]
        return _Refusal(401, "Unauthorized", *asked)

    # What

    def _register(
        self, request: Request, account: RegistrarAccount, flow: Flow, now: float
    ) -> Answer:
        contacts = request.each("contact")
        if len(contacts) > MAX_CONTACTS_IN_REQUEST:
            raise SipParseError("too many contacts in one request")
        kept = self._table.of(account.key)
        before = {uri: binding for uri, binding in kept.items() if binding.expires_at > now}
        if "*" in contacts:
            after = _without_all(request, contacts, before)
        else:
            asked = _Asked(request, account, flow, now, before)
            after = before
            for text in contacts:
                after = asked.with_contact(after, parse_name_addr(text))
        if len(after) > account.max_contacts and len(after) > len(before):
            raise _Refusal(403, "Too many contacts")
        if len(self._table) + len(after) - len(kept) > MAX_BINDINGS:
            raise _Refusal(503, "Registrar full", ("retry-after", str(RETRY_AFTER)))
        listed = tuple(("contact", _listed(binding, now)) for binding in after.values())
        listed += _agreed(request, flow)
        if after == kept:
            return Answer(200, "OK", listed)
        self._table.put(account.key, after)
        return Answer(200, "OK", listed, BindingsChanged(account.key, tuple(after.values())))


@dataclass(frozen=True, slots=True)
class _Asked:
    """One REGISTER of an account, whose bindings were ``before``."""

    request: Request
    account: RegistrarAccount
    flow: Flow
    now: float
    before: Contacts

    def with_contact(self, bindings: Contacts, contact: NameAddr) -> Contacts:
        """What becomes of the bindings by one Contact value (RFC 3261 10.3 step 7)."""
        if contact.uri.scheme not in ("sip", "sips"):
            raise SipParseError("a contact that calls can't go to", 416)
        expires = _expires_of(self.request, contact)
        if 0 < expires < MIN_EXPIRES:
            raise _Refusal(423, "Interval Too Brief", ("min-expires", str(MIN_EXPIRES)))
        for known in self.before.values():
            if _same(known, contact):
                _check_order(self.request, known)
        left = {uri: b for uri, b in bindings.items() if not _same(b, contact)}
        if expires == 0:
            return left
        binding = self._binding(contact, expires)
        return {**_without_a_predecessor(left, binding, self.account), binding.contact: binding}

    def _binding(self, contact: NameAddr, expires: int) -> Binding:
        request = self.request
        return Binding(
            account=self.account.key,
            contact=contact.uri.text(),
            flow=self.flow,
            expires_at=self.now + expires,
            call_id=request.call_id[:MAX_TEXT],
            cseq=request.cseq[0],
            q=q_of(contact.parameters.get("q")),
            user_agent=_bounded(request.first("user-agent")),
            instance=_bounded(contact.parameters.get("+sip.instance")),
            reg_id=_bounded(contact.parameters.get("reg-id")),
            path=_path_of(request),
        )


def _secret_of(account: RegistrarAccount | None, algorithm: str) -> str | None:
    if account is None:
        return None
    return account.ha1_sha256 if algorithm == "SHA-256" else account.ha1


def _path_of(request: Request) -> tuple[str, ...]:
    """The proxies that calls to the phone go through (RFC 3327 5.3). Raises SipParseError."""
    if "path" not in request.headers:
        return ()
    path = tuple(request.each("path"))
    if len(path) > MAX_PATH:
        raise SipParseError("too many proxies in Path")
    for hop in path:
        parse_name_addr(hop)
    return path


def _agreed(request: Request, flow: Flow) -> tuple[tuple[str, str], ...]:
    """What a 200 says of extensions: the Path as it was stored, and that the phone's flow is kept
    where it wants that (RFC 5626 6); over UDP a flow has no end that we would see."""
    path = tuple(("path", hop) for hop in _path_of(request))
    wants_flow = "reg-id=" in (request.first("contact") or "").lower()
    if wants_flow and flow.reliable and has_option(request, "supported", "outbound"):
        return (*path, ("require", "outbound"), ("flow-timer", str(FLOW_TIMER)))
    return path


def _without_all(request: Request, contacts: list[str], bindings: Contacts) -> Contacts:
    """``Contact: *`` unregisters everything, and stands alone with Expires 0."""
    expires = request.first("expires")
    if len(contacts) != 1 or not expires or set(expires) != {"0"}:
        raise SipParseError("Contact * needs to stand alone with Expires 0")
    for binding in bindings.values():
        _check_order(request, binding)
    return {}


def _without_a_predecessor(
    bindings: Contacts, binding: Binding, account: RegistrarAccount
) -> Contacts:
    """Drop what a phone that came back under another address or port left behind.

    The same flow of the same device (RFC 5626 6) always gives way. Where there is no room left, so
    does the oldest of what plainly is the same phone; nobody else's contact ever does.
    """
    if binding.instance is not None and binding.reg_id is not None:
        named = (binding.instance, binding.reg_id)
        bindings = {u: b for u, b in bindings.items() if (b.instance, b.reg_id) != named}
    if len(bindings) < account.max_contacts:
        return bindings
    for uri, old in bindings.items():
        if _same_phone(old, binding):
            return {other: b for other, b in bindings.items() if other != uri}
    return bindings


def _same_phone(old: Binding, new: Binding) -> bool:
    """By its instance; where one has none, by its program and the address it comes from."""
    if old.instance is not None and new.instance is not None:
        return old.instance == new.instance
    same_program = old.user_agent is not None and old.user_agent == new.user_agent
    return same_program and old.flow.remote[0] == new.flow.remote[0]


def _same(binding: Binding, contact: NameAddr) -> bool:
    return binding.contact == contact.uri.text() or parse_uri(binding.contact).same_as(contact.uri)


def _check_order(request: Request, binding: Binding) -> None:
    """A request of the same Call-ID that is not newer changes nothing (RFC 3261 10.3 step 7)."""
    if request.call_id[:MAX_TEXT] == binding.call_id and request.cseq[0] <= binding.cseq:
        raise _Refusal(500, "Out of order")


def _expires_of(request: Request, contact: NameAddr) -> int:
    """Seconds asked for, at most our own maximum; malformed ones are an hour (10.2.1.1)."""
    given = contact.parameters.get("expires")
    text = request.first("expires") if given is None else unquote(given)
    if text is None or not text.isascii() or not text.isdigit():
        return DEFAULT_EXPIRES
    return min(int(text[:10]), MAX_EXPIRES)


def _bounded(text: str | None) -> str | None:
    return None if text is None else text[:MAX_TEXT]


def _listed(binding: Binding, now: float) -> str:
    left = max(1, round(binding.expires_at - now))
    q = "" if binding.q == 1.0 else f";q={binding.q:g}"
    return f"<{binding.contact}>{q};expires={left}"
