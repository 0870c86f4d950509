"""The registrar: which phones are where (RFC 3261 10.3).

Sans-IO: a REGISTER and ``now`` go in, the response comes out, and what changed. Calls to a contact
go back over the flow its REGISTER came by (RFC 3581, RFC 5626 in spirit), whatever the Contact says,
so that phones behind NAT ring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cordboard.sip.address import NameAddr, parse_name_addr
from cordboard.sip.digest import DigestServer, Verdict, parse_digest
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import Binding, BindingsChanged
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.uri import parse_uri

DEFAULT_EXPIRES: Final = 3600  # s; RFC 3261 10.2.1.1 recommends an hour
MIN_EXPIRES: Final = 30  # s; Kamailio 60, Asterisk 60: short enough for tests of phones that move
MAX_EXPIRES: Final = 7200
MAX_CONTACTS_IN_REQUEST: Final = 16
MAX_BINDINGS: Final = 50_000


@dataclass(frozen=True, slots=True)
class RegistrarAccount:
    """A terminal that may register. ``key`` names its bindings, ``ha1`` is of ``realm``."""

    key: str
    realm: str
    username: str
    ha1: str = field(repr=False)
    max_contacts: int = 5


@dataclass(frozen=True, slots=True)
class Answer:
    """What to send back, and the event where bindings changed."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    changed: BindingsChanged | None = None


AccountLookup = Callable[[str, str], RegistrarAccount | None]
"""The account of a user name and SIP domain."""

RealmLookup = Callable[[str, str], str]
"""The realm to challenge a user name and SIP domain with, known or not."""


class _Refusal(Exception):
    def __init__(self, status: int, reason: str, *headers: tuple[str, str]) -> None:
        super().__init__(reason)
        self.answer = Answer(status, reason, headers)


class Registrar:
    """All bindings of this server."""

    def __init__(self, lookup: AccountLookup, realm: RealmLookup, digest: DigestServer) -> None:
        self._lookup = lookup
        self._realm = realm
        self._digest = digest
        self._bindings: dict[str, dict[str, Binding]] = {}
        self._count = 0

    def handle(self, request: Request, flow: Flow, now: float) -> Answer:
        """Answer one REGISTER; never raises."""
        try:
            account = self._authenticate(request, now)
            return self._register(request, account, flow, now)
        except _Refusal as refusal:
            return refusal.answer
        except SipParseError as error:
            return Answer(error.status, str(error))

    def bindings(self, account: str, now: float) -> tuple[Binding, ...]:
        """The contacts of an account that are good now, highest q first, then oldest."""
        found = [b for b in self._bindings.get(account, {}).values() if b.expires_at > now]
        return tuple(sorted(found, key=lambda binding: -binding.q))

    def accounts(self) -> tuple[str, ...]:
        """The accounts that have bindings."""
        return tuple(self._bindings)

    def next_expiry(self) -> float | None:
        """When :meth:`expire` will have something to do."""
        times = (b.expires_at for contacts in self._bindings.values() for b in contacts.values())
        return min(times, default=None)

    def expire(self, now: float) -> list[BindingsChanged]:
        """Forget the bindings whose time is over."""
        return self._drop(lambda binding: binding.expires_at <= now)

    def connection_lost(self, flow: Flow) -> list[BindingsChanged]:
        """Forget the bindings of a connection that is gone: nothing can reach them."""
        return self._drop(lambda binding: binding.flow == flow) if flow.reliable else []

    def _drop(self, over: Callable[[Binding], bool]) -> list[BindingsChanged]:
        changed = []
        for account, contacts in list(self._bindings.items()):
            left = {uri: binding for uri, binding in contacts.items() if not over(binding)}
            if len(left) != len(contacts):
                self._store(account, left)
                changed.append(BindingsChanged(account, tuple(left.values())))
        return changed

    def _store(self, account: str, contacts: dict[str, Binding]) -> None:
        self._count += len(contacts) - len(self._bindings.get(account, {}))
        if contacts:
            self._bindings[account] = contacts
        else:
            self._bindings.pop(account, None)

    # Who

    def _authenticate(self, request: Request, now: float) -> RegistrarAccount:
        """The account, proven by digest; strangers and wrong passwords get the same answers."""
        uri = parse_name_addr(request.need("to")).uri
        user, host = uri.user or "", uri.host.strip("[]")
        account = self._lookup(user, host)
        realm = account.realm if account is not None else self._realm(user, host)
        value = self._authorization(request, realm)
        if value is None:
            raise self._challenge(realm, now)
        username = account.username if account is not None else user
        secret = account.ha1 if account is not None else None
        verdict = self._digest.verify(value, request.method, realm, username, secret, now)
        if verdict is Verdict.STALE:
            raise self._challenge(realm, now, stale=True)
        if verdict is Verdict.WRONG or account is None:
            raise _Refusal(403, "Forbidden")
        return account

    @staticmethod
    def _authorization(request: Request, realm: str) -> str | None:
        """The Authorization value meant for us, among those of other realms."""
        for value in request.each("authorization"):
            try:
                if parse_digest(value).get("realm") == realm:
                    return value
            except SipParseError:
                continue
        return None

    def _challenge(self, realm: str, now: float, *, stale: bool = False) -> _Refusal:
        challenge = self._digest.challenge(realm, now, stale=stale)
        return _Refusal(401, "Unauthorized", ("www-authenticate", challenge))

    # What

    def _register(
        self, request: Request, account: RegistrarAccount, flow: Flow, now: float
    ) -> Answer:
        contacts = request.each("contact")
        before = self._bindings.get(account.key, {})
        after = {uri: binding for uri, binding in before.items() if binding.expires_at > now}
        if len(contacts) > MAX_CONTACTS_IN_REQUEST:
            raise SipParseError("too many contacts in one request")
        if "*" in contacts:
            after = self._without_all(request, contacts, after)
        else:
            for text in contacts:
                after = self._with(request, account, after, parse_name_addr(text), flow, now)
        if len(after) > account.max_contacts:
            raise _Refusal(403, "Too many contacts")
        if self._count + len(after) - len(before) > MAX_BINDINGS:
            raise _Refusal(503, "Registrar full", ("retry-after", "60"))
        self._store(account.key, after)
        changed = BindingsChanged(account.key, tuple(after.values())) if contacts else None
        listed = tuple(("contact", _listed(binding, now)) for binding in after.values())
        return Answer(200, "OK", listed, changed)

    @staticmethod
    def _without_all(
        request: Request, contacts: list[str], bindings: dict[str, Binding]
    ) -> dict[str, Binding]:
        """``Contact: *`` unregisters everything, and stands alone with Expires 0."""
        if len(contacts) != 1 or request.first("expires") != "0":
            raise SipParseError("Contact * needs to stand alone with Expires 0")
        for binding in bindings.values():
            _check_order(request, binding)
        return {}

    def _with(
        self,
        request: Request,
        account: RegistrarAccount,
        bindings: dict[str, Binding],
        contact: NameAddr,
        flow: Flow,
        now: float,
    ) -> dict[str, Binding]:
        expires = _expires_of(request, contact)
        if 0 < expires < MIN_EXPIRES:
            raise _Refusal(423, "Interval Too Brief", ("min-expires", str(MIN_EXPIRES)))
        known = next((b for b in bindings.values() if _same(b, contact)), None)
        if known is not None:
            _check_order(request, known)
        left = {uri: b for uri, b in bindings.items() if b is not known}
        if expires == 0:
            return left
        number, _ = request.cseq
        binding = Binding(
            account=account.key,
            contact=contact.uri.text(),
            flow=flow,
            expires_at=now + expires,
            call_id=request.call_id,
            cseq=number,
            q=_q_of(contact),
            user_agent=request.first("user-agent"),
        )
        return {**_without_a_predecessor(left, binding, account), binding.contact: binding}


def _without_a_predecessor(
    bindings: dict[str, Binding], binding: Binding, account: RegistrarAccount
) -> dict[str, Binding]:
    """Where there is no room left, a phone that came back under a new port takes its own old place.

    Only what plainly is the same phone (same program, same address) makes room, the oldest first.
    """
    if len(bindings) < account.max_contacts:
        return bindings
    for uri, old in bindings.items():
        same_host = old.flow.remote[0] == binding.flow.remote[0]
        if same_host and old.user_agent == binding.user_agent:
            return {other: b for other, b in bindings.items() if other != uri}
    return bindings


def _same(binding: Binding, contact: NameAddr) -> bool:
    return binding.contact == contact.uri.text() or parse_uri(binding.contact).same_as(contact.uri)


def _check_order(request: Request, binding: Binding) -> None:
    """A request of the same Call-ID that is not newer changes nothing (RFC 3261 10.3 step 7)."""
    if request.call_id == binding.call_id and request.cseq[0] <= binding.cseq:
        raise _Refusal(500, "Out of order")


def _expires_of(request: Request, contact: NameAddr) -> int:
    text = contact.parameters.get("expires") or request.first("expires")
    if text is None or not text.isascii() or not text.isdigit():
        return DEFAULT_EXPIRES
    return min(int(text[:10]), MAX_EXPIRES)


def _q_of(contact: NameAddr) -> float:
    try:
        value = float(contact.parameters.get("q") or 1.0)
    except ValueError:
        return 1.0
    return value if 0.0 <= value <= 1.0 else 1.0


def _listed(binding: Binding, now: float) -> str:
    left = max(1, round(binding.expires_at - now))
    q = "" if binding.q == 1.0 else f";q={binding.q:g}"
    return f"<{binding.contact}>{q};expires={left}"
