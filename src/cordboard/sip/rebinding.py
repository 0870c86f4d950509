"""What a REGISTER makes of the bindings of its account (RFC 3261 10.3 step 7, RFC 5626 6).

A contact whose flow is kept is known by its device and reg-id, whatever its URI says: a phone may
reach us over several flows with the same Contact. Any other is known by its URI.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cordboard.addresses import network_of
from cordboard.sip.address import NameAddr, q_of
from cordboard.sip.binding_table import Contacts
from cordboard.sip.errors import SipParseError
from cordboard.sip.events import Binding
from cordboard.sip.flow import Flow
from cordboard.sip.grammar import delta_seconds, unquote
from cordboard.sip.message import Request
from cordboard.sip.outbound import keeps_flow, path_of
from cordboard.sip.registrar_answer import Refusal
from cordboard.sip.uri import parse_uri
from cordboard.sip.way_back import way_back

DEFAULT_EXPIRES: Final = 3600  # s; RFC 3261 10.2.1.1 recommends an hour
MIN_EXPIRES: Final = 30  # s; Kamailio 60, Asterisk 60: shorter, for phones that move about
MAX_EXPIRES: Final = 7200  # s; Asterisk 7200, Kamailio 3600
MAX_FLOWS: Final = 4
"""Of one device; RFC 5626 4.2.1 wants phones to be able to keep two, better four."""

MAX_TEXT: Final = 255  # characters kept of a Call-ID, User-Agent or instance


@dataclass(frozen=True, slots=True)
class Rebinding:
    """One REGISTER of an account that may have so many contacts and had ``before``."""

    request: Request
    account: str
    max_contacts: int
    flow: Flow
    now: float
    before: Contacts

    def with_contact(self, bindings: Contacts, contact: NameAddr) -> Contacts:
        """What becomes of the bindings by one Contact value. Raises :class:`Refusal` and
        SipParseError."""
        if contact.uri.scheme not in ("sip", "sips"):
            raise SipParseError("a contact that calls can't go to", 416)
        expires = _expires_of(self.request, contact)
        if 0 < expires < MIN_EXPIRES:
            raise Refusal(423, "Interval Too Brief", ("min-expires", str(MIN_EXPIRES)))
        new = self._binding(contact, expires)
        for known in self.before.values():
            if _is_replaced(known, new, contact):
                _check_order(self.request, known)
        left = {key: b for key, b in bindings.items() if not _is_replaced(b, new, contact)}
        if expires == 0:
            return left
        return {**self._without_a_predecessor(left, new), new.key: new}

    def without_all(self, contacts: list[str]) -> Contacts:
        """``Contact: *`` unregisters everything, and stands alone with Expires 0."""
        expires = self.request.first("expires")
        if len(contacts) != 1 or not expires or set(expires) != {"0"}:
            raise SipParseError("Contact * needs to stand alone with Expires 0")
        for binding in self.before.values():
            _check_order(self.request, binding)
        return {}

    def _binding(self, contact: NameAddr, expires: int) -> Binding:
        request = self.request
        uri = contact.uri.text()
        return Binding(
            account=self.account,
            contact=uri,
            flow=way_back(request, uri, self.flow),
            expires_at=self.now + expires,
            call_id=request.call_id[:MAX_TEXT],
            cseq=request.cseq[0],
            q=q_of(contact.parameters.get("q")),
            user_agent=_bounded(request.first("user-agent")),
            instance=_bounded(contact.parameters.get("+sip.instance")),
            reg_id=_bounded(contact.parameters.get("reg-id")),
            kept=keeps_flow(request, contact),
            path=path_of(request),
        )

    def _without_a_predecessor(self, bindings: Contacts, new: Binding) -> Contacts:
        """Drop what a phone that came back under another address or port left behind: where there
        is no room left, the oldest of what plainly is the same phone. Nobody else's contact ever
        gives way, nor do other flows that this phone keeps."""
        if phones_of({**bindings, new.key: new}) <= self.max_contacts:
            return bindings
        for key, old in bindings.items():
            if _same_phone(old, new):
                return {other: b for other, b in bindings.items() if other != key}
        return bindings


def phones_of(contacts: Contacts) -> int:
    """How many phones contacts belong to: the flows that one keeps count once."""
    return len({b.instance if b.kept else b.key for b in contacts.values()})


def flows_of(contacts: Contacts, new: Contacts) -> int:
    """The most flows that one phone of the ``new`` contacts keeps."""
    kept = [b.instance for b in contacts.values() if b.kept]
    return max((kept.count(b.instance) for b in new.values() if b.kept), default=0)


def _is_replaced(old: Binding, new: Binding, contact: NameAddr) -> bool:
    named = new.instance is not None and new.reg_id is not None
    if named and (old.instance, old.reg_id) == (new.instance, new.reg_id):
        return True
    if old.kept and new.kept:
        return False
    return old.contact == new.contact or parse_uri(old.contact).same_as(contact.uri)


def _same_phone(old: Binding, new: Binding) -> bool:
    """By its instance; where one has none, by its program and the address it comes from. Of IPv6
    that is the network, within which a phone gives itself another address now and then (RFC 8981).
    """
    if old.instance is not None and new.instance is not None:
        return old.instance == new.instance
    same_program = old.user_agent is not None and old.user_agent == new.user_agent
    return same_program and network_of(old.flow.remote[0]) == network_of(new.flow.remote[0])


def _check_order(request: Request, binding: Binding) -> None:
    """A request of the same Call-ID that is not newer changes nothing (RFC 3261 10.3 step 7)."""
    if request.call_id[:MAX_TEXT] == binding.call_id and request.cseq[0] <= binding.cseq:
        raise Refusal(500, "Out of order")


def _expires_of(request: Request, contact: NameAddr) -> int:
    """Seconds asked for, at most our own maximum; malformed ones are an hour (10.2.1.1)."""
    given = contact.parameters.get("expires")
    text = request.first("expires") if given is None else unquote(given)
    seconds = delta_seconds(text, MAX_EXPIRES)
    return DEFAULT_EXPIRES if seconds is None else seconds


def _bounded(text: str | None) -> str | None:
    return None if text is None else text[:MAX_TEXT]
