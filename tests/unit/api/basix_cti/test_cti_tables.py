"""What the columns hold: end users, hangups, states, and the rows of the directory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.api.basix.cti.channel_states import calling
from cordboard.api.basix.cti.elements import COLUMNS, Element, Notice, micros, system_msg
from cordboard.api.basix.cti.end_users import end_user_text, percent
from cordboard.api.basix.cti.event_values import Told
from cordboard.api.basix.cti.hangups import hangup
from cordboard.api.basix.cti.house_rows import group_row, house_rows
from cordboard.api.basix.cti.phones import Phone
from cordboard.calls.causes import Cause
from cordboard.calls.people.agents import AgentState
from cordboard.directory.forwarding import Forwarding
from cordboard.directory.model import GroupKind
from cordboard.directory.queue_rules import QueueRules
from support.tenants import tenant

YAMADA = {
    "id": "12345678",
    "name": "山田",
    "organization": "Thimble Theatre",
    "avatar": "https://g/a.jpg",
    "prefecture": "Illinois",
}


def test_an_end_user_is_the_text_that_the_vendors_client_was_seen_to_read() -> None:
    assert end_user_text(YAMADA) == (
        b"12345678*%E5%B1%B1%E7%94%B0*Thimble%20Theatre*https%3A%2F%2Fg%2Fa.jpg*Illinois"
    )


def test_what_separates_is_encoded_in_an_end_user() -> None:
    assert end_user_text({"name": "a*b|c%d+e f"}) == b"*a%2Ab%7Cc%25d%2Be%20f***"


def test_lone_surrogates_do_not_stop_anything() -> None:
    assert end_user_text({"name": "\ud800"}) == b"*%3F***"


def test_several_end_users_are_counted() -> None:
    assert end_user_text({"id": "1"}, None, {"id": "2"}) == b"_MANY_:2|1****|2****"


@pytest.mark.parametrize("nobody", [(), (None,), ({},), ({"extra": "x"},), ({"name": ""},)])
def test_nobody_is_no_text(nobody: tuple[dict[str, str] | None, ...]) -> None:
    assert end_user_text(*nobody) is None


def test_parts_of_an_origination_are_encoded() -> None:
    assert percent(["call_user", "a*b"]) == b"call_user*a%2Ab"


@pytest.mark.parametrize(
    ("cause", "inbound", "answered", "remote", "told"),
    [
        (Cause.CANCELLED, True, False, True, b"recv_cancel,ORIGINATOR_CANCEL"),
        (Cause.CANCELLED, False, False, False, b"send_cancel,ORIGINATOR_CANCEL"),
        (Cause.ANSWERED_ELSEWHERE, False, False, False, b"send_cancel,LOSE_RACE"),
        (Cause.NO_ANSWER, False, False, False, b"send_cancel,NO_ANSWER"),
        (Cause.TRANSFERRED, False, False, False, b"send_cancel,PICKED_OFF"),
        (Cause.NORMAL, False, True, True, b"recv_bye,NORMAL_CLEARING"),
        (Cause.NORMAL, False, True, False, b"send_bye,NORMAL_CLEARING"),
        (Cause.DURATION_LIMIT, False, True, False, b"send_bye,ALLOTTED_TIMEOUT"),
        (Cause.NO_ANSWER, True, False, False, b"send_refuse,NO_ANSWER"),
        (Cause.BUSY, False, False, True, b"recv_refuse,USER_BUSY"),
        (Cause.UNREACHABLE, False, False, True, b"recv_refuse,NO_USER_RESPONSE"),
        (Cause.UNREACHABLE, False, False, False, b"recv_refuse,NO_USER_RESPONSE"),
    ],
)
def test_the_vendors_hangups_are_made_of_our_causes(
    cause: Cause, inbound: bool, answered: bool, remote: bool, told: bytes
) -> None:
    assert hangup(cause, inbound=inbound, answered=answered, remote=remote) == told


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_a_hangup_of_every_way(cause: Cause) -> None:
    for inbound in (False, True):
        for answered in (False, True):
            for remote in (False, True):
                told = hangup(cause, inbound=inbound, answered=answered, remote=remote)
                side, _, name = told.decode().partition(",")
                assert side.startswith("recv_") or not remote
                assert name.isupper()


def test_a_channel_calls_a_user_a_group_or_a_number() -> None:
    assert calling({"kind": "user", "id": 7}) == (b"calling", b"int", b"user", (7,))
    sales: Told = {"kind": "group", "id": 8, "name": "sales"}
    group = (b"ring", 8, None, None, b"sales")
    assert calling(sales) == (b"calling", b"int", b"group", group)
    hunt = (b"hunt", 8, None, None, b"sales")
    assert calling(sales, GroupKind.HUNT) == (b"calling", b"int", b"group", hunt)
    number = calling({"kind": "number", "number": "0312345678"})
    assert number == (b"calling", b"ext", b"pstn", (b"0312345678",))
    assert calling({"kind": "context", "name": "welcome"}) == (b"xml_ivr",)


def test_a_time_is_in_microseconds() -> None:
    assert micros(1546839040.024071) == 1546839040024071


def test_a_notice_has_the_octets_of_the_vendors_own() -> None:
    assert system_msg(Notice.CONNECTION_LIMIT_REACHED).hex() == (
        "83680264000a73797374656d5f6d73676b0018636f6e6e656374696f6e5f6c696d69745f72656163686564"
    )


def test_rows_of_the_directory_have_a_value_for_each_column() -> None:
    rows = list(house_rows(tenant(), {}, {}, {}))
    assert {element for element, _ in rows} == set(Element) - {
        Element.CHANNEL,
        Element.CHANNEL_WAITING,
    }
    assert all(len(row) == len(COLUMNS[element]) for element, row in rows)


def shown(element: Element, key: object, **chosen: object) -> dict[str, object]:
    agents = {(2001, 1002): AgentState(logged_in=False)} if "agents" in chosen else {}
    forwardings = {1002: Forwarding("1003", do_not_disturb=True)} if "forward" in chosen else {}
    phones = {"thomas": Phone(True, "baresip v1.0.0")} if "phones" in chosen else {}
    rows = house_rows(tenant(), agents, forwardings, phones)
    (row,) = (row for found, row in rows if found is element and row[0] == key)
    return dict(zip(COLUMNS[element], row, strict=True))


def test_a_user_shows_where_his_calls_go() -> None:
    before, after = shown(Element.USER, 1002), shown(Element.USER, 1002, forward=True)
    assert (before["fwd_always_status"], before["do_not_disturb_status"]) == (0, 0)
    assert before["followme"] is None
    assert (after["fwd_always_status"], after["do_not_disturb_status"]) == (1, 1)
    assert (after["followme"], after["main_extension"]) == (b"1003", b"1002")


def test_a_group_shows_whether_callers_wait_for_it() -> None:
    queue, none = (replace(tenant().groups[0], queue=one) for one in (QueueRules(), None))
    place = COLUMNS[Element.GROUP].index("queue")
    assert (group_row(queue)[place], group_row(none)[place]) == (1, 0)


def test_what_there_is_not_is_as_in_the_vendors_example() -> None:
    user = shown(Element.USER, 1002)
    assert [user[name] for name in ("presence", "role", "park_group", "flags")] == [0, 0, 0, 0]
    assert (user["mwi"], user["mwi_target"]) == (b"", None)
    assert shown(Element.GROUP_MEMBER, b"2001-1002")["role"] == 0


def test_a_member_shows_whether_he_takes_calls() -> None:
    assert shown(Element.GROUP_MEMBER, b"2001-1002")["login_status"] == 1
    assert shown(Element.GROUP_MEMBER, b"2001-1002", agents=True)["login_status"] == 0


def test_a_terminal_names_its_user() -> None:
    assert shown(Element.TERMINAL, b"thomas")["assoc_user_id"] == 1002


def test_a_terminal_shows_the_phone_that_is_registered_as_it() -> None:
    before = shown(Element.TERMINAL, b"thomas")
    after = shown(Element.TERMINAL, b"thomas", phones=True)
    assert (before["registered"], before["user_agent"]) == (False, None)
    assert (after["registered"], after["user_agent"]) == (True, b"baresip v1.0.0")
