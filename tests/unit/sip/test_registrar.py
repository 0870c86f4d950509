"""The registrar: who may register, and what becomes of which binding."""

from __future__ import annotations

import pytest

from cordboard.sip.binding_table import HEAP_SLACK, BindingTable
from cordboard.sip.digest import parse_digest
from cordboard.sip.events import Binding
from cordboard.sip.flow import Flow
from cordboard.sip.guard import FAILURES_OF_A_SOURCE, FAILURES_OF_AN_ACCOUNT
from cordboard.sip.message import Request
from cordboard.sip.rebinding import DEFAULT_EXPIRES, MAX_EXPIRES, MIN_EXPIRES
from cordboard.sip.registrar import (
    MAX_CONTACTS_IN_REQUEST,
    Registrar,
)
from cordboard.sip.registrar_answer import Answer
from support.registering_phone import NOW, REALM, TCP, UDP, Phone, account_of, new_registrar


@pytest.fixture
def registrar() -> Registrar:
    return new_registrar()


@pytest.fixture
def phone(registrar: Registrar) -> Phone:
    return Phone(registrar)


# Who may


def test_without_credentials_there_is_a_challenge(phone: Phone) -> None:
    answer = phone.send("<sip:desk@192.0.2.50>")
    assert (answer.status, answer.reason, answer.changed) == (401, "Unauthorized", None)
    asked = parse_digest(dict(answer.headers)["www-authenticate"])
    assert (asked["realm"], asked["algorithm"]) == (REALM, "MD5")
    assert "stale" not in asked


def test_right_password_registers(phone: Phone) -> None:
    answer = phone.register("<sip:desk@192.0.2.50:5070;transport=udp>;q=0.5")
    assert (answer.status, answer.reason) == (200, "OK")
    assert answer.headers == (
        ("contact", "<sip:desk@192.0.2.50:5070;transport=udp>;q=0.5;expires=3600"),
    )
    (binding,) = phone.registrar.bindings("desk@demo", NOW)
    assert answer.changed is not None
    assert answer.changed.account == "desk@demo"
    assert answer.changed.bindings == (binding,)
    assert binding == Binding(
        account="desk@demo",
        contact="sip:desk@192.0.2.50:5070;transport=udp",
        flow=UDP,
        expires_at=NOW + DEFAULT_EXPIRES,
        call_id="call-1",
        cseq=2,
        q=0.5,
        user_agent="phone 1.0",
    )
    assert phone.registrar.accounts() == ("desk@demo",)


@pytest.mark.parametrize("user", ["desk", "nobody"])
def test_strangers_and_wrong_passwords_get_the_same_answers(
    registrar: Registrar, user: str
) -> None:
    phone = Phone(registrar, user=user, password="wrong")
    first = phone.send("<sip:x@192.0.2.50>")
    asked = parse_digest(dict(first.headers)["www-authenticate"])
    assert (first.status, set(asked), asked["realm"]) == (
        401,
        {"realm", "nonce", "algorithm", "qop"},
        REALM,
    )
    assert phone.register("<sip:x@192.0.2.50>") == Answer(403, "Forbidden")
    assert phone.send("<sip:x@192.0.2.50>", now=NOW + 9999) == Answer(403, "Forbidden")
    assert registrar.accounts() == ()


def test_credentials_of_another_account_are_wrong(registrar: Registrar) -> None:
    phone = Phone(registrar, to="<sip:soft@demo>")
    assert phone.register("<sip:desk@192.0.2.50>").status == 403


def test_old_nonce_is_stale_and_asked_anew(phone: Phone) -> None:
    phone.register("<sip:desk@192.0.2.50>")
    answer = phone.send("<sip:desk@192.0.2.50>", now=NOW + 3000)
    assert answer.status == 401
    assert parse_digest(dict(answer.headers)["www-authenticate"])["stale"] == "true"
    assert phone.register("<sip:desk@192.0.2.50>", now=NOW + 3000).status == 200


def test_credentials_for_others_are_passed_over(phone: Phone) -> None:
    phone.register("<sip:desk@192.0.2.50>")
    others = ["NoOneKnowsThisScheme opaque-data=here", 'Digest realm="other", nonce="n"']
    assert phone.send(authorization=others).status == 401
    assert phone.send(authorization=[*others, phone.answered()]).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"to": ["garbage"]}, 400),
        ({"to": ["<isbn:2983792873>"]}, 416),
    ],
)
def test_what_cannot_be_read_is_refused(
    registrar: Registrar, headers: dict[str, list[str]], status: int
) -> None:
    answer = registrar.handle(Request("REGISTER", "sip:demo", headers), UDP, NOW)
    assert answer is not None
    assert (answer.status, answer.changed) == (status, None)


# What becomes of bindings (RFC 3261 10.3)


def test_query_lists_all_and_changes_nothing(phone: Phone) -> None:
    phone.register("<sip:one@192.0.2.50>", "<sip:two@192.0.2.50>;q=0.1")
    answer = phone.send(now=NOW + 600)
    assert answer == Answer(401, "Unauthorized", answer.headers)
    answer = phone.register(now=NOW + 600)
    assert (answer.status, answer.changed) == (200, None)
    assert answer.headers == (
        ("contact", "<sip:one@192.0.2.50>;expires=3000"),
        ("contact", "<sip:two@192.0.2.50>;q=0.1;expires=3000"),
    )


def test_bindings_come_best_first(phone: Phone) -> None:
    phone.register("<sip:one@h>;q=0.1", "<sip:two@h>", "<sip:three@h>")
    assert phone.contacts() == ["sip:two@h", "sip:three@h", "sip:one@h"]


def test_refresh_moves_the_expiry_and_the_flow(phone: Phone) -> None:
    phone.register("<sip:desk@192.0.2.50>")
    phone.flow = UDP._replace(remote=("192.0.2.50", 6000))
    answer = phone.register("<sip:desk@192.0.2.50>", now=NOW + 100)
    assert answer.changed is not None
    (binding,) = answer.changed.bindings
    assert (binding.expires_at, binding.flow.remote[1]) == (NOW + 3700, 6000)


@pytest.mark.parametrize(
    ("via", "contact", "port"),
    [
        ("192.0.2.50:5060", "<sip:desk@192.0.2.50:5062>", 5062),
        ("192.0.2.50", "<sip:desk@192.0.2.50>", 5060),
        ("192.0.2.50:5060;rport=49152;received=192.0.2.50", "<sip:desk@192.0.2.50:5062>", 49152),
        ("10.0.0.7:5060;received=192.0.2.50", "<sip:desk@10.0.0.7:5060>", 49152),
        ("192.0.2.50:5060", "<sip:desk@10.0.0.7:5060>", 49152),
        ("192.0.2.50:5060", "<sip:desk@192.0.2.50;transport=tcp>", 49152),
        ("192.0.2.50:5060, SIP/2.0/UDP 10.0.0.7", "<sip:desk@192.0.2.50:5062>", 49152),
        ("192.0.2.50:5060", "<sip:desk@desk.example>", 49152),
    ],
)
def test_at_which_port_a_phone_is_called(
    registrar: Registrar, via: str, contact: str, port: int
) -> None:
    phone = Phone(registrar, flow=UDP._replace(remote=("192.0.2.50", 49_152)))
    phone.more["via"] = [f"SIP/2.0/UDP {via}"]
    assert phone.register(contact).status == 200
    (binding,) = registrar.bindings("desk@demo", NOW)
    assert binding.flow.remote == ("192.0.2.50", port)


def test_equal_uris_are_one_contact(phone: Phone) -> None:
    phone.register("<sip:desk@Phone.Example;line=1>")
    phone.register("<sip:%64esk@phone.example>")
    assert phone.contacts() == ["sip:desk@phone.example"]
    phone.register("<sip:desk@phone.example>", expires="0")
    phone.register("<sip:desk@[2001:DB8:0::1]:5062>")
    phone.register("<sip:desk@[2001:db8::1]:5062>")
    assert phone.contacts() == ["sip:desk@[2001:db8::1]:5062"]
    phone.register("<sip:desk@phone.example>")
    phone.register("<sip:desk@[2001:db8::1]:5062>", expires="0")
    phone.register("<sip:desk@phone.example:5060>")
    assert len(phone.contacts()) == 2


@pytest.mark.parametrize(
    ("parameter", "header", "seconds"),
    [
        ("", None, DEFAULT_EXPIRES),
        ("", "600", 600),
        (";expires=120", "600", 120),
        (';expires="120"', None, 120),
        (";expires=soon", "600", DEFAULT_EXPIRES),
        (";expires", "600", 600),
        ("", "99999999999999999999", MAX_EXPIRES),
        (f";expires={MIN_EXPIRES}", None, MIN_EXPIRES),
    ],
)
def test_expiry(phone: Phone, parameter: str, header: str | None, seconds: int) -> None:
    answer = phone.register(f"<sip:desk@h>{parameter}", expires=header)
    assert answer.headers == (("contact", f"<sip:desk@h>;expires={seconds}"),)


def test_too_brief_is_refused_with_the_minimum(phone: Phone) -> None:
    answer = phone.register("<sip:desk@h>", expires=str(MIN_EXPIRES - 1))
    assert answer == Answer(423, "Interval Too Brief", (("min-expires", str(MIN_EXPIRES)),))
    assert phone.contacts() == []


def test_expires_0_unregisters_one(phone: Phone) -> None:
    phone.register("<sip:one@h>", "<sip:two@h>")
    answer = phone.register("<sip:one@h>;expires=0")
    assert answer.headers == (("contact", "<sip:two@h>;expires=3600"),)
    assert [binding.contact for binding in phone.changes[-1]] == ["sip:two@h"]


def test_unregistering_what_is_not_there_changes_nothing(phone: Phone) -> None:
    assert phone.register("<sip:one@h>;expires=0") == Answer(200, "OK")
    assert phone.register("*", expires="0") == Answer(200, "OK")
    assert phone.changes == []


def test_star_unregisters_all(phone: Phone) -> None:
    phone.register("<sip:one@h>", "<sip:two@h>")
    assert phone.register("*", expires="0").headers == ()
    assert phone.changes[-1] == ()
    assert phone.registrar.accounts() == ()


@pytest.mark.parametrize(
    ("contacts", "expires"),
    [
        (["*"], None),
        (["*"], "60"),
        (["*"], ""),
        (["*", "<sip:one@h>"], "0"),
        (["*, *"], "0"),
    ],
)
def test_star_stands_alone_with_expires_0(
    phone: Phone, contacts: list[str], expires: str | None
) -> None:
    phone.register("<sip:one@h>")
    assert phone.register(*contacts, expires=expires).status == 400
    assert phone.contacts() == ["sip:one@h"]


@pytest.mark.parametrize(
    ("contacts", "expires"), [(["<sip:desk@h>"], None), (["*"], "0"), (["<sip:desk@h>"], "0")]
)
def test_request_out_of_order_changes_nothing(
    phone: Phone, contacts: list[str], expires: str | None
) -> None:
    phone.register("<sip:desk@h>")
    phone.cseq -= 1
    assert phone.register(*contacts, expires=expires).status == 500
    assert phone.contacts() == ["sip:desk@h"]
    assert len(phone.changes) == 1


def test_order_is_within_a_call_id(phone: Phone) -> None:
    phone.register("<sip:desk@h>")
    phone.call_id, phone.cseq = "after a restart", 0
    assert phone.register("<sip:desk@h>").status == 200


@pytest.mark.parametrize(
    "bad", ["<sip:two@h>;expires=1", "garbage", "<tel:+1>", "sip:a@h?Route=x", "<name:John>"]
)
def test_all_or_nothing(phone: Phone, bad: str) -> None:
    assert phone.register("<sip:one@h>", bad).status in (400, 416, 423)
    assert phone.contacts() == []


def test_contact_twice_in_a_request_counts_once(phone: Phone) -> None:
    answer = phone.register("<sip:desk@h>;q=0.1, <sip:desk@h>;q=0.2")
    assert answer.headers == (("contact", "<sip:desk@h>;q=0.2;expires=3600"),)


def test_headers_in_a_contact_are_left_out(phone: Phone) -> None:
    phone.register("<sip:user@h?Route=%3Csip:evil.example%3E>")
    assert phone.contacts() == ["sip:user@h"]


@pytest.mark.parametrize(
    ("given", "q"), [("0", 0.0), ("0.33", 0.33), ("2", 1.0), ("x", 1.0), ("nan", 1.0)]
)
def test_q(phone: Phone, given: str, q: float) -> None:
    phone.register(f"<sip:desk@h>;q={given}")
    assert phone.registrar.bindings("desk@demo", NOW)[0].q == q


# Bounds


def test_too_many_contacts_for_the_account(phone: Phone) -> None:
    phone.user_agent = None
    assert phone.register(*(f"<sip:{n}@h>" for n in range(3))).status == 200
    assert phone.register("<sip:more@h>") == Answer(403, "Too many contacts")
    assert phone.register("<sip:0@h>").status == 200
    assert phone.register("<sip:0@h>;expires=0", "<sip:more@h>").status == 200
    assert phone.contacts() == ["sip:1@h", "sip:2@h", "sip:more@h"]


def test_too_many_contacts_in_a_request(phone: Phone) -> None:
    contacts = [f"<sip:{n}@h>;expires=0" for n in range(MAX_CONTACTS_IN_REQUEST + 1)]
    assert phone.register(*contacts).status == 400


def test_registrar_is_bounded(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cordboard.sip.registrar.MAX_BINDINGS", 1)
    assert phone.register("<sip:one@h>").status == 200
    soft = Phone(phone.registrar, user="soft", password="demo-soft")
    assert soft.register("<sip:two@h>") == Answer(503, "Registrar full", (("retry-after", "60"),))
    assert phone.register("<sip:one@h>").status == 200


def test_phone_that_came_back_takes_its_oldest_place(phone: Phone) -> None:
    phone.register("<sip:desk@192.0.2.50:1>")
    phone.register("<sip:desk@192.0.2.50:2>")
    phone.register("<sip:desk@192.0.2.50:3>")
    assert phone.register("<sip:desk@192.0.2.50:4>").status == 200
    assert phone.contacts() == [f"sip:desk@192.0.2.50:{port}" for port in (2, 3, 4)]


@pytest.mark.parametrize(
    "newcomer",
    [
        {"user_agent": "another"},
        {"user_agent": None},
        {"flow": UDP._replace(remote=("192.0.2.99", 5060))},
    ],
)
def test_nobody_elses_place_is_taken(phone: Phone, newcomer: dict[str, object]) -> None:
    phone.register("<sip:1@h>", "<sip:2@h>", "<sip:3@h>")
    for name, value in newcomer.items():
        setattr(phone, name, value)
    assert phone.register("<sip:4@h>").status == 403


def test_a_phone_that_gives_itself_another_ipv6_address_finds_its_place_again(
    phone: Phone,
) -> None:
    for number in range(5):
        remote = (f"2001:db8::{number}", 5060)
        phone.flow = Flow("udp", ("2001:db8:ffff::1", 5060), remote)
        assert phone.register(f"<sip:desk@[{remote[0]}]>").status == 200
    assert phone.contacts() == [f"sip:desk@[2001:db8::{number}]" for number in (2, 3, 4)]


def test_instance_says_which_phone_it_is(phone: Phone) -> None:
    for number in range(3):
        phone.register(f'<sip:{number}@h>;+sip.instance="<urn:uuid:{number}>"')
    assert phone.register('<sip:4@h>;+sip.instance="<urn:uuid:4>"').status == 403
    assert phone.register('<sip:5@h>;+sip.instance="<urn:uuid:1>"').status == 200
    assert phone.contacts() == ["sip:0@h", "sip:2@h", "sip:5@h"]


def test_a_reg_id_without_an_instance_names_nothing(phone: Phone) -> None:
    phone.register("<sip:1@h>;reg-id=1")
    phone.register("<sip:1@h;line=2>;reg-id=1")
    assert phone.contacts() == ["sip:1@h;line=2"]


def test_flow_of_a_device_replaces_its_predecessor(phone: Phone) -> None:
    phone.register('<sip:1@h>;+sip.instance="<urn:uuid:1>";reg-id=1')
    phone.register('<sip:2@h>;+sip.instance="<urn:uuid:1>";reg-id=2')
    phone.register('<sip:3@h>;+sip.instance="<urn:uuid:1>";reg-id=1')
    assert phone.contacts() == ["sip:2@h", "sip:3@h"]


# What is over


def test_expired_bindings_go(phone: Phone) -> None:
    phone.register("<sip:one@h>;expires=60", "<sip:two@h>;expires=120")
    registrar = phone.registrar
    assert registrar.next_expiry() == NOW + 60
    assert registrar.expire(NOW + 59) == []
    assert phone.contacts(NOW + 60) == ["sip:two@h"]
    (changed,) = registrar.expire(NOW + 60)
    assert [binding.contact for binding in changed.bindings] == ["sip:two@h"]
    assert registrar.next_expiry() == NOW + 120
    (changed,) = registrar.expire(NOW + 500)
    assert (changed.account, changed.bindings) == ("desk@demo", ())
    assert registrar.next_expiry() is None
    assert registrar.expire(NOW + 501) == []


def test_refreshed_binding_does_not_expire_at_its_old_time(phone: Phone) -> None:
    phone.register("<sip:one@h>;expires=60")
    phone.register("<sip:one@h>;expires=60", now=NOW + 50)
    assert phone.registrar.expire(NOW + 60) == []
    assert phone.registrar.next_expiry() == NOW + 110


def test_what_expired_unnoticed_is_not_listed_and_may_be_told(phone: Phone) -> None:
    phone.register("<sip:one@h>;expires=60", "<sip:two@h>;expires=200")
    answer = phone.register(now=NOW + 100)
    assert answer.headers == (("contact", "<sip:two@h>;expires=100"),)
    assert answer.changed is not None


def test_lost_connection_takes_its_bindings_along(registrar: Registrar) -> None:
    desk = Phone(registrar, flow=TCP)
    soft = Phone(registrar, user="soft", password="demo-soft", flow=TCP)
    desk.register("<sip:tcp@h>")
    soft.register("<sip:tcp@h>")
    desk.flow = UDP
    desk.register("<sip:udp@h>")
    changes = registrar.connection_lost(TCP)
    assert [(change.account, len(change.bindings)) for change in changes] == [
        ("desk@demo", 1),
        ("soft@demo", 0),
    ]
    assert desk.contacts() == ["sip:udp@h"]
    assert registrar.connection_lost(TCP) == []


@pytest.mark.parametrize(
    ("hop", "flow"),
    [
        ("<sip:192.0.2.51:5070;transport=tcp;lr>", Flow("tcp", ("", 0), ("192.0.2.51", 5070))),
        ("<sip:192.0.2.51;lr>", Flow("udp", ("", 0), ("192.0.2.51", 5060))),
        ("<sip:198.51.100.7:25;transport=tcp;lr>", Flow("tcp", ("", 0), ("192.0.2.51", 25))),
        (
            "<sip:edge.example.com;transport=tls;lr>",
            Flow("tls", ("", 0), ("192.0.2.51", 5061), "edge.example.com"),
        ),
    ],
)
def test_a_proxy_whose_connection_is_gone_is_connected_to(
    phone: Phone, hop: str, flow: Flow
) -> None:
    """At its own address in any case, never at one that a phone names."""
    phone.flow = TCP
    phone.more["path"] = [hop, "<sip:192.0.2.99;lr>"]
    phone.register("<sip:desk@h>")
    assert phone.registrar.connection_lost(TCP) == []
    (binding,) = phone.registrar.bindings("desk@demo", NOW)
    assert (binding.flow, binding.path[0]) == (flow, hop)
    assert phone.registrar.connection_lost(flow) == [], "that one may fail too"
    assert phone.registrar.bindings("desk@demo", NOW) == (binding,)
    phone.register("<sip:desk@h>")
    assert phone.registrar.bindings("desk@demo", NOW)[0].flow == TCP


def test_a_proxy_that_only_connects_itself_takes_its_bindings_along(phone: Phone) -> None:
    phone.flow = TCP._replace(transport="ws")
    phone.more["path"] = ["<sip:192.0.2.51;transport=ws;lr>"]
    phone.register("<sip:desk@h>")
    assert len(phone.registrar.connection_lost(phone.flow)) == 1
    assert phone.contacts() == []


def test_binding_that_moved_to_another_connection_stays(registrar: Registrar) -> None:
    desk = Phone(registrar, flow=TCP)
    desk.register("<sip:desk@h>")
    desk.flow = TCP._replace(remote=("192.0.2.51", 40001))
    desk.register("<sip:desk@h>")
    assert registrar.connection_lost(TCP) == []
    assert desk.contacts() == ["sip:desk@h"]


def test_udp_has_no_connection_to_lose(phone: Phone) -> None:
    phone.register("<sip:desk@h>")
    assert phone.registrar.connection_lost(UDP) == []
    assert phone.contacts() == ["sip:desk@h"]


def test_table_stays_bounded_whatever_is_refreshed() -> None:
    table = BindingTable()
    for number in range(1000):
        binding = Binding("a", "sip:a@h", TCP, NOW + number, "c", number)
        table.put("a", {"sip:a@h": binding})
    assert len(table) == 1
    assert len(table._expiries) <= 2 + HEAP_SLACK
    assert table.next_expiry() == NOW + 999
    table.put("a", {})
    assert (len(table), table.accounts(), table._on_connection) == (0, (), {})


def test_secrets_are_not_shown() -> None:
    account = account_of("desk", "demo")
    assert account is not None
    assert account.ha1 not in repr(account)


def test_an_answer_to_nobodys_challenge_is_no_guess(registrar: Registrar) -> None:
    """Else anybody could lock a phone out by packets that seem to come from its address."""
    forged = 'Digest username="desk", realm="demo", nonce="x", uri="sip:demo", response="0"'
    phone = Phone(registrar)
    for _ in range(2 * FAILURES_OF_A_SOURCE):
        assert phone.send("<sip:desk@192.0.2.2>", authorization=[forged]).status == 401
    assert phone.register("<sip:desk@192.0.2.2>").status == 200


def test_one_account_has_one_limit_however_it_is_written(registrar: Registrar) -> None:
    statuses = []
    for number in range(FAILURES_OF_AN_ACCOUNT + 1):
        flow = Flow("udp", ("192.0.2.1", 5060), (f"203.0.113.{number}", 5060))
        guesser = Phone(registrar, password="wrong", flow=flow, to=f"<sip:{{user}}@host{number}>")
        statuses.append(guesser.register("<sip:desk@192.0.2.2>").status)
    assert statuses == [403] * FAILURES_OF_AN_ACCOUNT + [503]


def test_a_nonce_is_good_where_it_was_given(registrar: Registrar) -> None:
    """Else anybody could spend his own in the name of a stranger, to have him blocked for it."""
    phone = Phone(registrar)
    phone.challenge = dict(phone.send("<sip:desk@192.0.2.2>").headers)["www-authenticate"]
    elsewhere = Phone(registrar, password="wrong", challenge=phone.challenge)
    elsewhere.flow = Flow("udp", ("192.0.2.1", 5060), ("203.0.113.9", 5060))
    for _ in range(2 * FAILURES_OF_A_SOURCE):
        answer = elsewhere.send("<sip:desk@192.0.2.2>")
        assert answer.status == 401
        assert "stale=true" in dict(answer.headers)["www-authenticate"]
    assert phone.send("<sip:desk@192.0.2.2>").status == 200
    phone.flow = phone.flow._replace(remote=(phone.flow.remote[0], 40001))
    assert phone.send("<sip:desk@192.0.2.2>").status == 200, "another port is no other place"


def test_what_is_remembered_of_failures_is_short(registrar: Registrar) -> None:
    name = "x" * 1000
    guesser = Phone(registrar, user=name, password="wrong")
    assert guesser.register("<sip:a@192.0.2.2>").status == 403
    guard = registrar._guard
    for kept in (guard._accounts, guard._pairs, guard._sources):
        assert all(len(key) < 80 for key in kept._level)


# After a restart


def test_what_an_earlier_process_knew_can_be_called_until_it_expires(registrar: Registrar) -> None:
    known = Binding("desk@demo", "sip:desk@192.0.2.50", UDP, NOW + 60.0, "call-1", 7)
    assert registrar.restore("desk@demo", (known,))
    assert registrar.bindings("desk@demo", NOW) == (known,)
    assert registrar.knows_host(UDP.remote[0])
    assert registrar.next_expiry() == NOW + 60.0
    (changed,) = registrar.expire(NOW + 60.0)
    assert changed.bindings == ()


def test_who_has_registered_since_counts_over_that(registrar: Registrar, phone: Phone) -> None:
    phone.register("<sip:desk@192.0.2.51>")
    known = Binding("desk@demo", "sip:desk@192.0.2.50", UDP, NOW + 60.0, "call-1", 7)
    assert not registrar.restore("desk@demo", (known,))
    (binding,) = registrar.bindings("desk@demo", NOW)
    assert binding.contact == "sip:desk@192.0.2.51"


def test_an_old_register_does_not_undo_what_an_earlier_process_knew(
    registrar: Registrar, phone: Phone
) -> None:
    known = Binding("desk@demo", "sip:desk@192.0.2.50", UDP, NOW + 60.0, "call-1", 7)
    registrar.restore("desk@demo", (known,))
    assert phone.register("<sip:desk@192.0.2.50>;expires=0").status == 500
    assert registrar.bindings("desk@demo", NOW) == (known,)
