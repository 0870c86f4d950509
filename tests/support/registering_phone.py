"""A phone that registers at a registrar without any network between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from cordboard.sip.digest import Credentials, answer_challenge, ha1
from cordboard.sip.digest_server import DigestServer
from cordboard.sip.events import Binding
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.registrar import Realm, Registrar, RegistrarAccount
from cordboard.sip.registrar_answer import Answer

REALM = "demo"
UDP = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.50", 5060))
TCP = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.51", 40000))
NOW = 1000.0


def account_of(user: str, host: str) -> RegistrarAccount | None:
    """The account of a name, if it is one of the two."""
    if user in ("desk", "soft") and host in ("demo", "127.0.0.1"):
        secret = ha1(user, REALM, f"demo-{user}")
        return RegistrarAccount(f"{user}@demo", user, secret, max_contacts=3)
    return None


@dataclass
class Phone:
    """Registers as a phone does: asked for credentials it gives them, with a higher CSeq."""

    registrar: Registrar
    user: str = "desk"
    password: str = "demo-desk"
    flow: Flow = UDP
    call_id: str = "call-1"
    user_agent: str | None = "phone 1.0"
    cseq: int = 0
    challenge: str | None = None
    count: int = 0
    to: str = "<sip:{user}@demo>"
    changes: list[tuple[Binding, ...]] = field(default_factory=list)
    more: dict[str, list[str]] = field(default_factory=dict)

    def send(
        self,
        *contacts: str,
        expires: str | None = None,
        now: float = NOW,
        authorization: list[str] | None = None,
    ) -> Answer:
        """Send one REGISTER."""
        self.cseq += 1
        request = Request("REGISTER", "sip:demo")
        request.headers = {
            "to": [self.to.format(user=self.user)],
            "call-id": [self.call_id],
            "cseq": [f"{self.cseq} REGISTER"],
            **self.more,
        }
        if contacts:
            request.headers["contact"] = list(contacts)
        if expires is not None:
            request.headers["expires"] = [expires]
        if self.user_agent is not None:
            request.headers["user-agent"] = [self.user_agent]
        if authorization is not None:
            request.headers["authorization"] = authorization
        elif self.challenge is not None:
            request.headers["authorization"] = [self.answered()]
        answer = self.registrar.handle(request, self.flow, now)
        assert answer is not None
        if answer.changed is not None:
            self.changes.append(answer.changed.bindings)
        return answer

    def answered(self) -> str:
        """The answer to the challenge that it knows."""
        assert self.challenge is not None
        self.count += 1
        value = answer_challenge(
            [self.challenge],
            Credentials(self.user, self.password),
            "REGISTER",
            "sip:demo",
            cnonce="c",
            nonce_count=self.count,
        )
        assert value is not None
        return value

    def register(self, *contacts: str, expires: str | None = None, now: float = NOW) -> Answer:
        """Register, with credentials where it is asked for them."""
        answer = self.send(*contacts, expires=expires, now=now)
        if answer.status == 401:
            self.challenge, self.count = dict(answer.headers)["www-authenticate"], 0
            answer = self.send(*contacts, expires=expires, now=now)
        return answer

    def contacts(self, now: float = NOW) -> list[str]:
        """The contacts that the registrar has of it."""
        return [binding.contact for binding in self.registrar.bindings(f"{self.user}@demo", now)]


def new_registrar() -> Registrar:
    """A registrar of two accounts, desk and soft."""
    return Registrar(account_of, lambda _user, _host: Realm(REALM), DigestServer(b"secret"))
