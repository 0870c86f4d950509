"""Who rings, how, under which caller id, and what is refused: the planner, rule by rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cordboard.calls.limits import LimitKey, Usage
from cordboard.calls.planning.explain import explain, explain_refusal
from cordboard.calls.planning.plan import CallPlan, LegPlan, PlannedTrunks, ProgramPlan
from cordboard.calls.planning.planner import plan
from cordboard.calls.ports import TerminalEndpoint, TrunkEndpoint
from cordboard.calls.refusals import RefusalId, Refused
from cordboard.calls.request import (
    Address,
    CalledParty,
    CallRequest,
    EndUser,
    GroupKeys,
    LegWishes,
    RingGroup,
    RingNumber,
    RingTerminal,
    RingUser,
    RunContext,
    SecondScope,
    UserKeys,
)
from cordboard.directory.model import AutoAnswerStyle, Trunk
from cordboard.directory.snapshot import TenantDirectory
from support.tenants import desk, everywhere, nowhere, numbered_ids, only, request, tenant

OUTSIDE = "0312341234"

SHOWN_AS = {
    "state": "unknown",
    "caller_number": "05068680000",
    "identity": "from",
    "anonymous": False,
}


def planned(asked: CallRequest, where: TenantDirectory | None = None) -> CallPlan:
    return plan(asked, where or tenant(), desk(everywhere, numbered_ids()))


def second_leg(made: CallPlan) -> LegPlan:
    assert isinstance(made.second, LegPlan)
    return made.second


def refused(asked: CallRequest, where: TenantDirectory | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        planned(asked, where)
    return caught.value


@pytest.mark.parametrize(
    "keys",
    [
        UserKeys(id="1001"),
        UserKeys(name="jessica"),
        UserKeys(label="Jessica"),
        UserKeys(extension="1001"),
        UserKeys(did="05031001001"),
        UserKeys(did="+815031001001"),
        UserKeys(email="jessica@demo.test"),
        UserKeys(name="nobody", email="jessica@demo.test"),
        UserKeys(id="999", extension="1001"),
    ],
)
def test_a_user_is_found_by_any_of_his_keys(keys: UserKeys) -> None:
    made = planned(request(RingUser(keys)))
    assert made.first.party.name == "jessica"
    assert [channel.label for channel in made.channels] == [
        "jessica-desk@demo",
        "jessica-soft@demo",
    ]
    assert [channel.id for channel in made.channels] == ["c1", "c2"]


def test_an_unknown_user_is_named() -> None:
    refusal = refused(request(RingUser(UserKeys(name="nobody"))))
    assert (refusal.id, refusal.parameter) == (RefusalId.USER_NOT_FOUND, "first.user.name")


def test_nobody_waits_for_a_user_without_a_registered_phone() -> None:
    with pytest.raises(Refused) as caught:
        plan(request(), tenant(), desk(nowhere, numbered_ids()))
    assert caught.value.id is RefusalId.USER_NOT_REGISTERED


def test_the_second_party_may_register_while_the_first_rings() -> None:
    live = desk(only("jessica-desk@demo"), numbered_ids())
    made = plan(request(), tenant(), live)
    assert len(made.channels) == 1
    assert "warning" in explain(made, live)["second"]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("to", "kind", "number"),
    [
        ("thomas", "user", "1002"),
        ("1002", "user", "1002"),
        ("Thomas", "user", "1002"),
        ("thomas@demo.test", "user", "1002"),
        ("05031001002", "user", "1002"),
        ("+815031001002", "user", "1002"),
        ("sales", "group", "2001"),
        ("2001", "group", "2001"),
        ("1111", "context", "1111"),
        ("welcome", "context", "1111"),
        (OUTSIDE, "number", OUTSIDE),
        ("03-1234-1234", "number", OUTSIDE),
    ],
)
def test_destinations_are_what_they_say(to: str, kind: str, number: str) -> None:
    party = planned(request(to=to)).second.party
    assert (party.kind, party.number) == (kind, number)


def test_an_own_did_never_takes_a_trunk() -> None:
    assert not isinstance(second_leg(planned(request(to="05031001002"))).targets, PlannedTrunks)
    made = planned(request(RingNumber(Address("05031001003")), "thomas"))
    assert made.first.party.name == "helen"


@pytest.mark.parametrize("to", ["nobody", "!!", "sip:x@y", "{name=x}"])
def test_nonsense_is_an_invalid_destination(to: str) -> None:
    assert refused(request(to=to)).id is RefusalId.INVALID_DESTINATION


@pytest.mark.parametrize("to", [OUTSIDE, "05031001002", "nobody"])
def test_call_external_reaches_neither_numbers_nor_dids(to: str) -> None:
    asked = request(RingNumber(Address(OUTSIDE)), to, second_scope=SecondScope.INSIDE)
    refusal = refused(asked)
    assert (refusal.id, refusal.parameter) == (RefusalId.INVALID_DESTINATION, "second.address")


def test_a_context_runs_its_steps_and_takes_no_second_channel() -> None:
    made = planned(request(to="1111"))
    assert isinstance(made.second, ProgramPlan)
    assert len(made.second.steps) == 3
    assert made.takes == made.first.takes


def test_a_group_rings_all_its_members() -> None:
    targets = second_leg(planned(request(to="sales"))).targets
    assert not isinstance(targets, PlannedTrunks)
    assert [terminal.account for terminal in targets] == ["thomas@demo", "helen@demo"]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_auto_answer_asks_each_leg_as_its_terminals_want(first: bool, second: bool) -> None:
    wanted = (LegWishes(auto_answer=first), LegWishes(auto_answer=second))
    made = planned(request(on_first=wanted[0], on_second=wanted[1]))
    styles = {True: AutoAnswerStyle.ALL, False: AutoAnswerStyle.NONE}
    endpoint = made.channels[0].endpoints[0]
    assert isinstance(endpoint, TerminalEndpoint)
    assert endpoint.auto_answer is styles[first]
    targets = second_leg(made).targets
    assert not isinstance(targets, PlannedTrunks)
    assert targets[0].auto_answer is styles[second]


def test_trunks_are_tried_in_the_rules_order() -> None:
    targets = second_leg(planned(request(to=OUTSIDE))).targets
    assert isinstance(targets, PlannedTrunks)
    assert [endpoint.trunk.name for endpoint in targets.endpoints] == ["first", "second"]


@pytest.mark.parametrize("number", ["110", "119", "0990123456"])
def test_dangerous_numbers_have_no_route(number: str) -> None:
    refusal = refused(request(to=number))
    assert (refusal.id, refusal.parameter) == (RefusalId.NO_ROUTE, "second.address")


# Caller ids


def test_each_party_sees_the_other() -> None:
    made = planned(request())
    assert (made.first.caller.number, made.first.caller.name) == ("1002", "Thomas")
    second = second_leg(made).caller
    assert (second.number, second.name) == ("1001", "Jessica")


def test_each_leg_is_shown_the_name_that_is_wanted_for_it() -> None:
    made = planned(request(on_first=LegWishes(caller_name="Olive")))
    assert (made.first.caller.number, made.first.caller.name) == ("1002", "Olive")
    assert second_leg(made).caller.name == "Jessica"
    other = planned(request(on_second=LegWishes(caller_name="Olive")))
    assert (other.first.caller.name, second_leg(other).caller.name) == ("Thomas", "Olive")
    outside = planned(request(to=OUTSIDE, on_second=LegWishes(caller_name="Olive")))
    assert second_leg(outside).caller.name == "Olive"


@pytest.mark.parametrize("number", ["05068680000", "1003", "05031001003", "1002"])
def test_a_phone_of_ours_is_shown_the_number_that_is_wanted(number: str) -> None:
    made = planned(request(on_first=LegWishes(caller_number=number)))
    assert (made.first.caller.number, made.first.caller.name) == (number, "Thomas")
    assert made.first.caller.reason == "the request's caller id"
    assert second_leg(made).caller.number == "1001"


def test_a_phone_of_ours_may_be_shown_the_number_it_will_talk_to_and_no_other() -> None:
    made = planned(request(to=OUTSIDE, on_first=LegWishes(caller_number=OUTSIDE)))
    assert made.first.caller.number == OUTSIDE
    refusal = refused(request(on_first=LegWishes(caller_number="0399999999")))
    assert refusal.id is RefusalId.CALLING_NUMBER_NOT_ALLOWED
    assert refusal.parameter == "first.caller_id"


def test_a_number_for_outside_is_not_shown_inside() -> None:
    wanted = LegWishes(caller_number="0399999999", outside_only=True)
    assert planned(request(on_first=wanted)).first.caller.number == "1002"


@pytest.mark.parametrize(
    ("party", "kind", "name"),
    [
        (RingUser(UserKeys(extension="1003")), "user", "helen"),
        (RingTerminal("helen"), "user", "helen"),
        (RingGroup(GroupKeys(name="sales")), "group", "sales"),
        (RingNumber(Address(OUTSIDE)), "number", ""),
        (Address("thomas"), "user", "thomas"),
        (Address(OUTSIDE), "number", ""),
    ],
)
def test_either_leg_may_be_for_anybody(party: CalledParty, kind: str, name: str) -> None:
    first, second = planned(request(party)), planned(request(second=party))
    for met in (first.first.party, second.second.party):
        assert (met.kind, met.name) == (kind, name)


def test_a_terminal_rings_alone_as_its_users() -> None:
    made = planned(request(RingTerminal("jessica-soft")))
    assert [channel.label for channel in made.channels] == ["jessica-soft@demo"]
    assert made.first.party.name == "jessica"
    assert "user:jessica@demo" in [str(take.key) for take in made.first.takes]
    second = second_leg(planned(request(to="1001"))).targets
    alone = second_leg(planned(request(second=RingTerminal("jessica-desk")))).targets
    assert not isinstance(second, PlannedTrunks)
    assert not isinstance(alone, PlannedTrunks)
    assert (len(second), len(alone)) == (2, 1)


def test_an_outside_number_goes_through_the_trunk_that_is_wanted() -> None:
    made = planned(request(to=OUTSIDE, on_second=LegWishes(trunk="second")))
    targets = second_leg(made).targets
    assert isinstance(targets, PlannedTrunks)
    assert [endpoint.trunk.name for endpoint in targets.endpoints] == ["second"]
    refusal = refused(request(to=OUTSIDE, on_second=LegWishes(trunk="third")))
    assert (refusal.id, refusal.parameter) == (RefusalId.NO_ROUTE, "second.trunk")
    assert planned(request(on_second=LegWishes(trunk="third")))  # nobody goes out


def test_a_context_is_found_by_name_and_extension_and_is_never_rung() -> None:
    for name in ("welcome", "1111"):
        assert isinstance(planned(request(second=RunContext(name))).second, ProgramPlan)
    unknown = refused(request(second=RunContext("nothing")))
    assert (unknown.id, unknown.parameter) == (RefusalId.INVALID_DESTINATION, "second.context")
    rung = refused(request(RunContext("welcome")))
    assert (rung.id, rung.parameter) == (RefusalId.INVALID_PARAMETER, "first.context")


def test_who_is_not_there_is_named_as_the_client_named_him() -> None:
    asked = (
        (RingUser(UserKeys(email="x@y")), RefusalId.USER_NOT_FOUND, "first.user.email"),
        (RingTerminal("x"), RefusalId.USER_NOT_FOUND, "first.terminal"),
        (RingGroup(GroupKeys(label="x")), RefusalId.GROUP_NOT_FOUND, "first.group.label"),
        (RingNumber(Address("x")), RefusalId.INVALID_PARAMETER, "first.number"),
        (Address("nobody"), RefusalId.INVALID_DESTINATION, "first.address"),
    )
    for party, fault, parameter in asked:
        refusal = refused(request(party))
        assert (refusal.id, refusal.parameter) == (fault, parameter)


def test_a_group_that_is_rung_in_its_own_context_counts_once() -> None:
    keys = GroupKeys(name="sales")
    made = planned(request(RingGroup(keys), "1001", group=keys))
    assert [str(take.key) for take in made.first.takes].count("group:sales@demo") == 1


def test_an_end_user_is_shown_by_name() -> None:
    target = Address(OUTSIDE, end_user=EndUser(name="Olive"))
    made = planned(request(RingNumber(target), "thomas"))
    second = second_leg(made).caller
    assert (second.number, second.name) == (OUTSIDE, "Olive")


def with_caller_ids(**which: str) -> TenantDirectory:
    """The tenant where the tenant, the trunk, the user have these caller ids."""
    made = tenant(caller_id=which.get("tenant"))
    trunks: tuple[Trunk, ...] = tuple(
        replace(trunk, caller_id=which.get("trunk")) for trunk in made.trunks
    )
    users = tuple(replace(user, caller_id=which.get("user")) for user in made.users)
    return replace(made, trunks=trunks, users=users)


@pytest.mark.parametrize(
    ("set_", "group", "expected"),
    [
        ({}, None, "05068680000"),
        ({"tenant": "0506868001"}, None, "0506868001"),
        ({"tenant": "0506868001", "trunk": "0501"}, None, "0501"),
        ({"tenant": "0506868001", "trunk": "0501", "user": "0502"}, None, "0502"),
        ({"trunk": "0501", "user": "0502"}, GroupKeys(name="support"), "0506868001"),
    ],
)
def test_caller_ids_are_chosen_from_the_nearest(
    set_: dict[str, str], group: GroupKeys | None, expected: str
) -> None:
    made = planned(request(to=OUTSIDE, group=group), with_caller_ids(**set_))
    assert second_leg(made).caller.number == expected
    assert second_leg(made).caller.reason


def test_the_requests_own_number_comes_first_if_it_may_be_shown() -> None:
    def asked(number: str) -> CallRequest:
        return request(to=OUTSIDE, on_second=LegWishes(caller_number=number, outside_only=True))

    assert second_leg(planned(asked("+81506868001"))).caller.number == "+81506868001"
    for foreign in ("0399999999", "0506868009", "1002"):
        refusal = refused(asked(foreign))
        assert refusal.id is RefusalId.CALLING_NUMBER_NOT_ALLOWED
        assert refusal.parameter == "second.caller_id"


def test_an_outside_number_rung_first_has_a_caller_id_of_its_own() -> None:
    def asked(number: str) -> CallRequest:
        return request(RingNumber(Address(OUTSIDE)), on_first=LegWishes(caller_number=number))

    assert planned(asked("0506868001")).first.caller.number == "0506868001"
    refusal = refused(asked("0399999999"))
    assert refusal.id is RefusalId.CALLING_NUMBER_NOT_ALLOWED
    assert refusal.parameter == "first.caller_id"


def test_a_number_rung_as_a_user_shows_that_user() -> None:
    asked = request(RingNumber(Address(OUTSIDE), UserKeys(name="helen")), "thomas")
    made = planned(asked, with_caller_ids(user="0502"))
    assert isinstance(made.channels[0].endpoints[0], TrunkEndpoint)
    assert made.first.caller.number == "0502"
    assert second_leg(made).caller.name == "Helen"


# Groups and limits


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (GroupKeys(id="2001"), "sales"),
        (GroupKeys(name="sales"), "sales"),
        (GroupKeys(label="Sales"), "sales"),
        (GroupKeys(extension="2001"), "sales"),
        (GroupKeys(name="nothing", extension="2001"), "sales"),
        (GroupKeys(resolver="*"), "support"),
        (GroupKeys(resolver="any:CALL_CENTER"), "support"),
    ],
)
def test_the_group_context_is_found(keys: GroupKeys, expected: str) -> None:
    group = planned(request(group=keys)).group
    assert group is not None
    assert group.name == expected


@pytest.mark.parametrize("keys", [GroupKeys(name="nothing"), GroupKeys(resolver="any:CALL_CENTER")])
def test_a_group_that_is_not_there_is_named(keys: GroupKeys) -> None:
    refusal = refused(request(RingUser(UserKeys(name="thomas")), "helen", group=keys))
    assert refusal.id is RefusalId.GROUP_NOT_FOUND


def test_a_call_takes_one_channel_a_leg_however_many_phones_ring() -> None:
    made = planned(request(group=GroupKeys(name="support")), tenant(channel_limit=2))
    keys = [str(take.key) for take in made.takes]
    assert keys.count("tenant:demo") == 2
    assert "group:support@demo" in keys
    assert "user:jessica@demo" in keys
    usage = Usage()
    usage.take(made.takes, 0.0)
    assert usage.exceeded_by(made.takes, 0.0) == LimitKey("tenant", "demo")
    usage.give_back(made.takes)
    assert not usage


def test_explaining_tells_routes_and_reasons() -> None:
    explained = explain(planned(request(to=OUTSIDE)), desk(everywhere, numbered_ids()))
    assert explained["accepted"] is True
    second = explained["second"]
    assert isinstance(second, dict)
    assert second["rings"] == [
        {
            "trunk": "first",
            "uri": "sip:192.0.2.1:5060",
            "number": OUTSIDE,
            "next_after": [408, 500, 502, 503, 504],
            **SHOWN_AS,
        },
        {
            "trunk": "second",
            "uri": "sip:192.0.2.2:5060",
            "number": OUTSIDE,
            "next_after": [],
            **SHOWN_AS,
        },
    ]
    told = explain_refusal(refused(request(to="nobody")))
    assert told["accepted"] is False
