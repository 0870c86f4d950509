from __future__ import annotations

import hashlib

import pytest

from cordboard.directory.accounts import Account
from cordboard.directory.challenger import challenger_of
from cordboard.directory.model import Context, Group, Member, Number, TenantPolicy, Terminal, User
from cordboard.directory.snapshot import Directory, TenantDirectory
from cordboard.directory.target import ContextTarget, GroupTarget, Key, UserTarget

JESSICA = User(
    1,
    "jessica",
    "Jessica Jones",
    extension="1001",
    dids=("05031001001",),
    email="jessica@demo.test",
    terminals=("desk", "soft"),
)
THOMAS = User(2, "thomas", "Sales", extension="1002", terminals=("thomas",))
SALES = Group(
    7,
    "sales",
    "Sales",
    extension="2001",
    dids=("05031002001",),
    members=(Member(2, priority=1), Member(1)),
)
SUPPORT = Group(8, "support", "Help desk", members=(Member(1), Member(99)))
WELCOME = Context("welcome", extension="1111", dids=("05031001111",))
DESK, SOFT = Terminal("desk", 1, "aa"), Terminal("soft", 1, "bb")


def account(name: str, token: str) -> Account:
    return Account(name, (hashlib.sha256(token.encode()).digest(),))


TENANT = TenantDirectory(
    TenantPolicy("demo", "demo", "jp"),
    accounts=(account("main", "first-token"), account("other", "second-token")),
    users=(JESSICA, THOMAS),
    terminals=(DESK, SOFT, Terminal("thomas", 2, "cc")),
    groups=(SALES, SUPPORT),
    contexts=(WELCOME,),
    numbers=(Number("05068680000"), Number("0312340000", show=False)),
)


def test_a_user_is_found_by_each_key() -> None:
    assert TENANT.user_by_id(1) is JESSICA
    assert TENANT.user_by_id("1") is JESSICA
    assert TENANT.user_by_name("jessica") is JESSICA
    assert TENANT.user_by_label("Jessica Jones") is JESSICA
    assert TENANT.user_by_extension("1001") is JESSICA
    assert TENANT.user_by_did("05031001001") is JESSICA
    assert TENANT.user_by_did("+81 50 3100 1001") is JESSICA
    assert TENANT.user_by_email("jessica@demo.test") is JESSICA


def test_a_group_and_a_context_are_found_by_each_key() -> None:
    assert TENANT.group_by_id("7") is SALES
    assert TENANT.group_by_name("sales") is SALES
    assert TENANT.group_by_label("Help desk") is SUPPORT
    assert TENANT.group_by_extension("2001") is SALES
    assert TENANT.group_by_did("+815031002001") is SALES
    assert TENANT.context_by_name("welcome") is WELCOME
    assert TENANT.context_by_extension("1111") is WELCOME
    assert TENANT.context_by_did("050-3100-1111") is WELCOME


@pytest.mark.parametrize("text", ["", "x", "1.0", "-1", "٣", "9" * 5000, "jessica"])
def test_an_id_that_is_none_finds_nobody(text: str) -> None:
    assert TENANT.user_by_id(text) is None
    assert TENANT.group_by_id(text) is None


def test_names_are_found_without_regard_to_case_where_nobody_has_them_as_written() -> None:
    upper = User(3, "JESSICA", "x")
    assert TENANT.user_by_name("Jessica") is JESSICA
    assert TENANT.user_by_email("Jessica@Demo.Test") is JESSICA
    both = TenantDirectory(TENANT.policy, users=(JESSICA, upper))
    assert both.user_by_name("JESSICA") is upper
    assert both.user_by_name("jessica") is JESSICA
    assert both.user_by_name("Jessica") is JESSICA
    assert TENANT.user_by_name("\0jessica") is None


def test_members_and_memberships() -> None:
    assert TENANT.groups_of(1) == (SALES, SUPPORT)
    assert TENANT.groups_of(2) == (SALES,)
    assert TENANT.groups_of(99) == (SUPPORT,)
    assert TENANT.groups_of(5) == ()
    assert TENANT.members_of(SALES) == (JESSICA, THOMAS)
    assert TENANT.members_of(SUPPORT) == (JESSICA,)
    assert TENANT.terminals_of(JESSICA) == (DESK, SOFT)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("1001", UserTarget(JESSICA, Key.EXTENSION)),
        (" 2001 ", GroupTarget(SALES, Key.EXTENSION)),
        ("1111", ContextTarget(WELCOME, Key.EXTENSION)),
        ("jessica", UserTarget(JESSICA, Key.NAME)),
        ("sales", GroupTarget(SALES, Key.NAME)),
        ("welcome", ContextTarget(WELCOME, Key.NAME)),
        ("05031001001", UserTarget(JESSICA, Key.DID)),
        ("+815031002001", GroupTarget(SALES, Key.DID)),
        ("05031001111", ContextTarget(WELCOME, Key.DID)),
        ("Jessica Jones", UserTarget(JESSICA, Key.LABEL)),
        ("Help desk", GroupTarget(SUPPORT, Key.LABEL)),
        ("jessica@demo.test", UserTarget(JESSICA, Key.EMAIL)),
    ],
)
def test_a_destination_means_one_of_ours(text: str, target: object) -> None:
    assert TENANT.resolve(text) == target


@pytest.mark.parametrize("text", ["", "  ", "0312341234", "nobody", "05068680000", "9999", "\0"])
def test_an_outside_number_and_nothing_mean_nobody(text: str) -> None:
    assert TENANT.resolve(text) is None


def test_extensions_come_before_names_and_names_before_labels() -> None:
    digits = User(3, "1001", "jessica")
    directory = TenantDirectory(TENANT.policy, users=(digits, JESSICA), groups=(SALES,))
    assert directory.resolve("1001") == UserTarget(JESSICA, Key.EXTENSION)
    assert directory.resolve("jessica") == UserTarget(JESSICA, Key.NAME)
    # A group's name counts before a user's label that reads the same but for case.
    assert TENANT.resolve("Sales") == GroupTarget(SALES, Key.NAME)


def test_own_numbers_are_those_listed_and_all_dids() -> None:
    for text in ("05068680000", "+815068680000", "05031001001", "05031002001", "05031001111"):
        assert TENANT.owns_number(text)
        assert TENANT.may_show(text)
    assert TENANT.owns_number("0312340000")
    assert not TENANT.may_show("0312340000")
    for text in ("0312341234", "1001", "jessica", ""):
        assert not TENANT.owns_number(text)
        assert not TENANT.may_show(text)


def test_a_token_leads_to_its_account() -> None:
    main, other = TENANT.accounts
    assert TENANT.authenticate("first-token") is main
    assert TENANT.authenticate("second-token") is other
    for wrong in ("", "first-tokeN", "first-token ", "\ud800", "é"):
        assert TENANT.authenticate(wrong) is None


def test_no_secret_is_in_a_repr() -> None:
    shown = repr(Directory((TENANT,)))
    assert "aa" not in shown
    assert "tokens" not in shown


def test_a_tenant_is_found_by_its_domain_in_any_case() -> None:
    realm = TenantDirectory(TenantPolicy("other.example", "phones.other.example"))
    directory = Directory((TENANT, realm))
    assert directory.tenant("DEMO") is TENANT
    assert directory.tenant("phones.OTHER.example") is realm
    assert directory.tenant("nowhere") is None


def test_a_terminal_belongs_to_its_domain_or_is_unique_at_our_address() -> None:
    desk = Terminal("desk", 5, "dd")
    only = Terminal("only", 5, "ee")
    other = TenantDirectory(TenantPolicy("other", "realm.other"), terminals=(desk, only))
    directory = Directory((TENANT, other))
    assert directory.terminal_by_sip("desk", "demo") == (TENANT, DESK)
    assert directory.terminal_by_sip("desk", "OTHER") == (other, desk)
    assert directory.terminal_by_sip("only", "192.0.2.1") == (other, only)
    assert directory.terminal_by_sip("soft", "192.0.2.1") == (TENANT, SOFT)
    assert directory.terminal_by_sip("desk", "192.0.2.1") is None
    assert directory.terminal_by_sip("only", "demo") is None
    assert directory.terminal_by_sip("DESK", "demo") is None


def test_the_realm_of_a_challenge_does_not_tell_who_there_is() -> None:
    only = Terminal("only", 5, "ee")
    other = TenantDirectory(TenantPolicy("other", "realm.other"), terminals=(only,))
    empty = TenantDirectory(TenantPolicy("empty", "realm.empty"))
    directory = Directory((TENANT, other, empty))

    def asked(name: str, host: str, secret: bytes = b"secret") -> TenantPolicy | None:
        return challenger_of(directory, name, host, secret)

    assert asked("only", "192.0.2.1") == other.policy
    assert asked("nobody", "other") == other.policy
    drawn = [asked(f"nobody{n}", "192.0.2.1") for n in range(50)]
    assert {TENANT.policy, other.policy} == set(drawn)
    assert drawn == [asked(f"nobody{n}", "192.0.2.1") for n in range(50)]
    assert drawn != [asked(f"nobody{n}", "192.0.2.1", b"other") for n in range(50)]
    assert challenger_of(Directory(), "nobody", "192.0.2.1", b"secret") is None
    assert challenger_of(Directory((empty,)), "nobody", "192.0.2.1", b"") == empty.policy
