"""The registrar: which phones are where (RFC 3261 10.3).

Sans-IO: a REGISTER and ``now`` go in, what to answer comes out, and what changed. Calls to a
contact go back over the flow that its REGISTER came by (RFC 3581, RFC 5626 in spirit), whatever the
Contact says, so that phones behind NAT ring; a connection that is lost takes its bindings along,
but not those of a proxy, which closes idle connections and can be connected to.

Nobody learns from the answers which accounts there are: without credentials anybody is challenged,
in a realm that does not depend on whether the account exists; with wrong ones anybody gets 403.
A request changes all that it asks for, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from cordboard.addresses import canonical, network_of
from cordboard.sip.address import parse_name_addr
from cordboard.sip.binding_table import BindingTable
from cordboard.sip.digest import parse_digest
from cordboard.sip.digest_server import DigestServer, Verdict
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import Binding, BindingsChanged, RegistrationsBlocked
from cordboard.sip.flow import Flow
from cordboard.sip.guard import Admission, Guard
from cordboard.sip.message import Request
from cordboard.sip.outbound import agreed
from cordboard.sip.rebinding import MAX_FLOWS, MAX_TEXT, Rebinding, flows_of, phones_of
from cordboard.sip.registrar_answer import Answer, Refusal

MAX_CONTACTS_IN_REQUEST: Final = 16
MAX_BINDINGS: Final = 50_000  # of about 1 KB each
MAX_AUTHORIZATIONS: Final = 8  # that are looked through for ours; every proxy on the way adds one
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


AccountLookup = Callable[[str, str], RegistrarAccount | None]
"""The account of a user name and SIP domain."""

RealmLookup = Callable[[str, str], Realm]
"""The realm to challenge a user name and SIP domain with, known or not."""


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
            account = self._authenticate(request, "to", flow, now)
            return None if account is None else self._register(request, account, flow, now)
        except Refusal as refusal:
            return refusal.answer
        except SipParseError as error:
            return Answer(error.status, str(error))

    def caller(self, request: Request, flow: Flow, now: float) -> RegistrarAccount | Answer | None:
        """Who sends an INVITE: the account that its From names, proven by digest (22.1), or what to
        answer instead; None for who has guessed too often. Never raises."""
        try:
            return self._authenticate(request, "from", flow, now)
        except Refusal as refusal:
            return refusal.answer
        except SipParseError as error:
            return Answer(error.status, str(error))

    def bindings(self, account: str, now: float) -> tuple[Binding, ...]:
        """The contacts of an account that are good now, highest q first, then oldest."""
        found = [b for b in self._table.of(account).values() if b.expires_at > now]
        if len(found) > 1:
            found.sort(key=lambda binding: -binding.q)
        return tuple(found)

    def accounts(self) -> tuple[str, ...]:
        """The accounts that have bindings."""
        return self._table.accounts()

    def knows_host(self, host: str) -> bool:
        """Whether a phone is registered from an address."""
        return self._table.has_host(host)

    def has_flow(self, flow: Flow) -> bool:
        """Whether a phone is registered over a connection."""
        return self._table.has_flow(flow)

    def forget(self, accounts: Iterable[str]) -> list[BindingsChanged]:
        """End the registrations of accounts: their phones have to prove themselves anew."""
        return self._table.forget(accounts)

    def restore(self, account: str, bindings: tuple[Binding, ...]) -> bool:
        """Have the bindings of an account that an earlier process knew; False where the account has
        registered since."""
        return self._table.restore(account, bindings)

    def next_expiry(self) -> float | None:
        """When :meth:`expire` will have something to do."""
        return self._table.next_expiry()

    def expire(self, now: float) -> list[BindingsChanged]:
        """Forget the bindings whose time is over."""
        return self._table.expire(now)

    def connection_lost(self, flow: Flow) -> list[BindingsChanged]:
        """Forget the bindings of a connection that is gone, where nothing can reach them.

        UDP has no connections; a phone that could not be reached once may be there again.
        """
        return self._table.connection_lost(flow)

    # Who

    def _authenticate(
        self, request: Request, named_in: str, flow: Flow, now: float
    ) -> RegistrarAccount | None:
        """The account that a header names, proven by digest; strangers and wrong passwords get the
        same answers, and none (None) after too many of them."""
        uri = parse_name_addr(request.need(named_in)).uri
        user, host = uri.user or "", canonical(uri.host)
        account = self._lookup(user, host)
        realm = self._realm(user, host)
        source = network_of(flow.remote[0])
        asked_for = f"{user}@{realm.name}"[:MAX_TEXT] if account is None else account.key
        admission = self._guard.admits(source, asked_for, now)
        if admission is Admission.IGNORED:
            return None
        if admission is Admission.ACCOUNT_UNDER_ATTACK:
            raise Refusal(503, "Try later", ("retry-after", str(RETRY_AFTER)))
        found = self._authorization(request, realm)
        if found is None:
            raise self._challenge(realm, source, now)
        value, algorithm = found
        verdict = self._digest.verify(
            value,
            request.method,
            realm.name,
            account.username if account is not None else user,
            _secret_of(account, algorithm),
            now,
            request.uri,
            source=source,
            algorithm=algorithm,
        )
        if verdict is Verdict.STALE:
            raise self._challenge(realm, source, now, stale=True)
        if verdict is Verdict.WRONG or account is None:
            raise self._failed(source, asked_for, now)
        self._guard.succeeded(source, asked_for)
        return account

    def _failed(self, source: str, asked_for: str, now: float) -> Refusal:
        refusal = Refusal(403, "Forbidden")
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

    def _challenge(self, realm: Realm, source: str, now: float, *, stale: bool = False) -> Refusal:
        challenge = partial(self._digest.challenge, realm.name, now, source=source, stale=stale)
        asked = [("www-authenticate", challenge(algorithm=one)) for one in realm.algorithms]
        return Refusal(401, "Unauthorized", *asked)

    # What

    def _register(
        self, request: Request, account: RegistrarAccount, flow: Flow, now: float
    ) -> Answer:
        contacts = request.each("contact")
        if len(contacts) > MAX_CONTACTS_IN_REQUEST:
            raise SipParseError("too many contacts in one request")
        stored = self._table.of(account.key)
        before = {key: binding for key, binding in stored.items() if binding.expires_at > now}
        asked = Rebinding(request, account.key, account.max_contacts, flow, now, before)
        if "*" in contacts:
            after = asked.without_all(contacts)
        else:
            after = before
            for text in contacts:
                after = asked.with_contact(after, parse_name_addr(text))
        new = {key: b for key, b in after.items() if before.get(key) != b}
        if phones_of(after) > max(account.max_contacts, phones_of(before)):
            raise Refusal(403, "Too many contacts")
        if flows_of(after, new) > MAX_FLOWS:
            raise Refusal(403, "Too many flows")
        if len(self._table) + len(after) - len(stored) > MAX_BINDINGS:
            raise Refusal(503, "Registrar full", ("retry-after", str(RETRY_AFTER)))
        listed = tuple(("contact", _listed(binding, now)) for binding in after.values())
        kept = any(binding.kept for binding in new.values())
        listed += agreed(request, flow, kept=kept)
        if after == stored:
            return Answer(200, "OK", listed)
        self._table.put(account.key, after)
        return Answer(200, "OK", listed, BindingsChanged(account.key, tuple(after.values())))


def _secret_of(account: RegistrarAccount | None, algorithm: str) -> str | None:
    if account is None:
        return None
    return account.ha1_sha256 if algorithm == "SHA-256" else account.ha1


def _listed(binding: Binding, now: float) -> str:
    left = max(1, round(binding.expires_at - now))
    q = "" if binding.q == 1.0 else f";q={binding.q:g}"
    flow = ""
    if binding.kept:  # by which the phone knows this one from its other flows
        flow = f";+sip.instance={binding.instance};reg-id={binding.reg_id}"
    return f"<{binding.contact}>{q}{flow};expires={left}"
