"""Whatever phones register in whatever order: what the registrar keeps makes sense."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from cordboard.sip.address import parse_name_addr
from cordboard.sip.binding_table import Contacts
from cordboard.sip.errors import SipParseError
from cordboard.sip.flow import Flow
from cordboard.sip.message import Request
from cordboard.sip.rebinding import Rebinding, phones_of
from cordboard.sip.registrar_answer import Refusal

MAX_CONTACTS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One REGISTER with one contact."""

    uri: str
    instance: str | None
    reg_id: str | None
    expires: int
    port: int
    outbound: bool
    path: str | None

    def contact(self) -> str:
        text = f"<{self.uri}>;expires={self.expires}"
        if self.instance is not None:
            text += f';+sip.instance="{self.instance}"'
        return text if self.reg_id is None else f"{text};reg-id={self.reg_id}"

    def request(self, number: int) -> Request:
        headers = {
            "via": ["SIP/2.0/TCP h;branch=z9hG4bK1"],
            "call-id": [f"call {self.instance}"],
            "cseq": [f"{number} REGISTER"],
        }
        if self.outbound:
            headers["supported"] = ["outbound, path"]
        if self.path is not None:
            headers["path"] = [self.path]
        return Request("REGISTER", "sip:demo", headers)


steps = st.lists(
    st.builds(
        Step,
        uri=st.sampled_from(["sip:a@h", "sip:A@H", "sip:a@h;x=1", "sip:b@h", "sip:c@h:5070"]),
        instance=st.sampled_from([None, "<urn:1>", "<urn:2>"]),
        reg_id=st.sampled_from([None, "1", "2", "x", ""]),
        expires=st.sampled_from([0, 60, 60, 3600]),
        port=st.sampled_from([40001, 40002]),
        outbound=st.booleans(),
        path=st.sampled_from([None, None, "<sip:p;lr>", "<sip:p;lr;ob>"]),
    ),
    max_size=12,
)


def after(step: Step, number: int, before: Contacts) -> Contacts:
    flow = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.50", step.port))
    asked = Rebinding(step.request(number), "desk@demo", MAX_CONTACTS, flow, 1000.0, before)
    return asked.with_contact(before, parse_name_addr(step.contact()))


@given(steps)
def test_bindings_are_what_they_are_known_by(asked: list[Step]) -> None:
    bindings: Contacts = {}
    for number, step in enumerate(asked, start=1):
        before = dict(bindings)
        try:
            bindings = after(step, number, bindings)
        except (Refusal, SipParseError):
            assert bindings == before
            continue
        assert all(binding.key == key for key, binding in bindings.items())
        plain = [b for b in bindings.values() if not b.kept]
        uris = [parse_name_addr(f"<{b.contact}>").uri for b in plain]
        assert not any(
            one.same_as(other) for at, one in enumerate(uris) for other in uris[at + 1 :]
        )
        named = [(b.instance, b.reg_id) for b in bindings.values() if b.instance and b.reg_id]
        assert len(named) == len(set(named)), "a flow of a device is registered once"
        changed = {key for key in bindings if before.get(key) != bindings[key]}
        assert len(changed) <= 1
        if step.expires == 0:
            assert not changed
        else:
            (key,) = changed or {list(bindings)[-1]}
            assert bindings[key].contact == parse_name_addr(f"<{step.uri}>").uri.text()
            gone = [before[key] for key in before if key not in bindings]
            assert phones_of(bindings) >= phones_of(before) - len(gone)


@given(steps)
def test_doing_it_again_changes_nothing_but_the_order(asked: list[Step]) -> None:
    bindings: Contacts = {}
    for number, step in enumerate(asked):
        try:
            bindings = after(step, 2 * number + 1, bindings)
            again = after(step, 2 * number + 2, bindings)
        except (Refusal, SipParseError):
            continue
        assert set(again) == set(bindings)
