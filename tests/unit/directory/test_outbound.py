from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberType, shortnumberinfo

from cordboard.directory.denied import EMERGENCY, PREMIUM, Danger, denied_prefix
from cordboard.directory.model import NumberFormat, OutboundRule, TenantPolicy, Trunk
from cordboard.directory.outbound import Denial, Denied, Route, choose_route, number_on_trunk
from cordboard.directory.snapshot import TenantDirectory

PSTN = Trunk("pstn", "sip:192.0.2.1")
SPARE = Trunk("spare", "sip:192.0.2.2")
ANY = OutboundRule("", ("pstn", "spare"))


def tenant(*rules: OutboundRule, country: str = "jp") -> TenantDirectory:
    return TenantDirectory(
        TenantPolicy("demo", "demo", country), trunks=(PSTN, SPARE), outbound=rules
    )


def route(directory: TenantDirectory, number: str) -> Route:
    chosen = choose_route(directory, number)
    assert isinstance(chosen, Route), chosen
    return chosen


def denial(directory: TenantDirectory, number: str) -> Denial:
    chosen = choose_route(directory, number)
    assert isinstance(chosen, Denied), chosen
    assert chosen.message
    return chosen.reason


@pytest.mark.parametrize(
    "number", ["0312341234", "0377778888", "09011112222", "0901111222", "090111122222"]
)
def test_the_numbers_of_the_vendors_pages_take_the_rule_for_any_number(number: str) -> None:
    chosen = route(tenant(ANY), number)
    assert chosen.number_to_dial == number
    assert chosen.trunks == (PSTN, SPARE)


@pytest.mark.parametrize(
    ("country", "number", "reason"),
    [
        ("jp", "110", Denial.EMERGENCY),
        ("jp", "119", Denial.EMERGENCY),
        ("jp", "+81118", Denial.EMERGENCY),
        ("jp", "184110", Denial.EMERGENCY),
        ("jp", "0990123456", Denial.PREMIUM),
        ("jp", "+81990123456", Denial.PREMIUM),
        ("jp", "01019005550100", Denial.PREMIUM),
        ("jp", "1860990123456", Denial.PREMIUM),
        ("us", "911", Denial.EMERGENCY),
        ("us", "9005550100", Denial.PREMIUM),
        ("us", "19005550100", Denial.PREMIUM),
        ("us", "01181990123456", Denial.PREMIUM),
        ("us", "*679005550100", Denial.PREMIUM),
        ("gb", "999", Denial.EMERGENCY),
        ("gb", "112", Denial.EMERGENCY),
        ("gb", "09012345678", Denial.PREMIUM),
        ("gb", "118500", Denial.PREMIUM),
        ("ro", "112", Denial.EMERGENCY),
        ("ro", "0900123456", Denial.PREMIUM),
        ("il", "100", Denial.EMERGENCY),
        ("il", "1900123456", Denial.PREMIUM),
        ("de", "09001234567", Denial.PREMIUM),
        ("fr", "17", Denial.EMERGENCY),
        ("fr", "0899123456", Denial.PREMIUM),
        ("ch", "117", Denial.EMERGENCY),  # by the library: no table of ours
        ("ch", "0900123456", Denial.PREMIUM),
        ("jp", "+9791234567", Denial.PREMIUM),
    ],
)
def test_emergency_and_premium_numbers_are_denied(
    country: str, number: str, reason: Denial
) -> None:
    assert denial(tenant(ANY, country=country), number) is reason


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("gb", "01185550100"),  # Reading, not directory enquiries
        ("gb", "+441185550100"),
        ("jp", "0118000000"),  # Sapporo
        ("jp", "1840312341234"),
        ("us", "9125550100"),
        ("fr", "0123456789"),
        ("de", "0893012345"),
        ("ch", "0441234567"),
    ],
)
def test_their_neighbours_are_not_denied(country: str, number: str) -> None:
    assert route(tenant(ANY, country=country), number).number_to_dial == number


@pytest.mark.parametrize("country", sorted(PREMIUM))
def test_the_tables_cover_what_the_library_calls_premium(country: str) -> None:
    example = phonenumbers.example_number_for_type(country.upper(), PhoneNumberType.PREMIUM_RATE)
    assert example is not None
    full = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    national = phonenumbers.national_significant_number(example)
    own = national if country == "il" else full
    denied = denied_prefix(own, country)
    assert denied is not None
    assert denied.danger is Danger.PREMIUM


@pytest.mark.parametrize("country", sorted(EMERGENCY))
def test_no_emergency_number_of_the_library_can_be_called(country: str) -> None:
    for number in ("000", "061", "085", *(str(code) for code in range(10, 1000))):
        if shortnumberinfo.is_emergency_number(number, country.upper()):
            assert denied_prefix(number, country) is not None, number


@pytest.mark.parametrize("country", sorted(EMERGENCY))
def test_every_emergency_number_is_denied(country: str) -> None:
    for number in EMERGENCY[country]:
        denied = denied_prefix(number, country)
        assert denied is not None
        assert denied.danger is Danger.EMERGENCY


@pytest.mark.parametrize(
    ("prefix", "number"),
    [
        ("110", "110"),
        ("0990", "0990123456"),
        ("0990", "+81990123456"),
        ("+81990", "0990123456"),
        ("09901", "0990123456"),
        ("+1900", "01019005550100"),
        ("0101900", "+19005550100"),
    ],
)
def test_a_rule_that_names_the_denied_prefix_allows_it(prefix: str, number: str) -> None:
    rule = OutboundRule(prefix, ("spare",))
    chosen = route(tenant(ANY, rule), number)
    assert chosen.trunks == (SPARE,)


def test_a_shorter_rule_does_not_allow_a_denied_number() -> None:
    rules = (OutboundRule("099", ("spare",)), OutboundRule("11", ("spare",)))
    assert denial(tenant(ANY, *rules), "0990123456") is Denial.PREMIUM
    assert denial(tenant(ANY, *rules), "110") is Denial.EMERGENCY


def test_the_rule_that_leaves_the_fewest_digits_decides() -> None:
    rules = (ANY, OutboundRule("03", ("spare",)), OutboundRule("+8131234", ("pstn",)))
    assert route(tenant(*rules), "0355550000").rule.prefix == "03"
    assert route(tenant(*rules), "+81355550000").rule.prefix == "03"
    assert route(tenant(*rules), "0312345678").rule.prefix == "+8131234"
    assert route(tenant(*rules), "0612345678").rule.prefix == ""


def test_of_equal_rules_the_first_decides() -> None:
    rules = (OutboundRule("+813", ("pstn",)), OutboundRule("03", ("spare",)))
    assert route(tenant(*rules), "0312341234").trunks == (PSTN,)


def test_a_denial_of_international_calls_is_not_evaded_by_plus() -> None:
    directory = tenant(ANY, OutboundRule("010"))
    assert denial(directory, "01012125550100") is Denial.RULE
    assert denial(directory, "+12125550100") is Denial.RULE
    assert route(directory, "+81312341234").number_to_dial == "+81312341234"


def test_refusals_name_their_reason() -> None:
    assert denial(tenant(), "0312341234") is Denial.NO_RULE
    assert denial(tenant(ANY), "jessica") is Denial.NOT_A_NUMBER
    assert denial(tenant(ANY), "12") is Denial.TOO_SHORT
    assert denial(tenant(ANY), "0" * 25) is Denial.TOO_LONG
    assert denial(tenant(OutboundRule("", ("gone",))), "0312341234") is Denial.NO_TRUNK
    assert denial(tenant(OutboundRule("031", ("pstn",), strip=5)), "03112") is Denial.TOO_SHORT


@pytest.mark.parametrize(
    ("rule", "number", "sent"),
    [
        (OutboundRule("9", ("pstn",), strip=1), "90312341234", "0312341234"),
        (OutboundRule("0", ("pstn",), strip=1, prepend="+81"), "0312341234", "+81312341234"),
        (OutboundRule("0", ("pstn",), strip=1, prepend="+81"), "+81312341234", "+81312341234"),
        (OutboundRule("", ("pstn",), prepend="0063"), "0312341234", "00630312341234"),
        (OutboundRule("+", ("pstn",), prepend="1234#"), "+12125550100", "1234#12125550100"),
    ],
)
def test_strip_and_prepend(rule: OutboundRule, number: str, sent: str) -> None:
    assert route(tenant(rule), number).number_to_dial == sent


@pytest.mark.parametrize(
    ("wanted", "number", "sent"),
    [
        (NumberFormat.AS_DIALLED, "0312341234", "0312341234"),
        (NumberFormat.E164, "0312341234", "81312341234"),
        (NumberFormat.E164_PLUS, "0312341234", "+81312341234"),
        (NumberFormat.E164_PLUS, "090111122222", "+8190111122222"),
        (NumberFormat.E164_PLUS, "+12125550100", "+12125550100"),
        (NumberFormat.E164_PLUS, "104", "104"),
        (NumberFormat.E164, "*31#0312341234", "*31#0312341234"),
    ],
)
def test_a_trunk_gets_numbers_as_it_wants_them(
    wanted: NumberFormat, number: str, sent: str
) -> None:
    trunk = Trunk("pstn", "sip:192.0.2.1", number_format=wanted)
    assert number_on_trunk(trunk, number, "jp") == sent
    assert route(tenant(ANY), number).number_for(trunk) == sent
