from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cordboard.directory.numbers import (
    MAXIMUM_DIGITS,
    NotANumber,
    dialled,
    e164,
    international,
    iso_country,
    numbering_plan,
    same_number,
    written_forms,
)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("0312341234", "0312341234"),
        ("03-1234-1234", "0312341234"),
        ("(03) 1234.1234", "0312341234"),
        ("+81 3 1234 1234", "+81312341234"),
        ("０３－１２３４－１２３４", "0312341234"),
        ("020\u20117946\u00a00000", "02079460000"),
        ("*67", "*67"),
        ("#31#0312341234", "#31#0312341234"),
        (" 110 ", "110"),
    ],
)
def test_a_written_number_is_dialled_without_its_separators(written: str, number: str) -> None:
    assert dialled(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        "+",
        " ",
        "()",
        "jessica",
        "03x1234",
        "81+3",
        "++81",
        "1" * (MAXIMUM_DIGITS + 1),
        "٣",
        "0\n1",
    ],
)
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(NotANumber, match="1 to 32 digits"):
        dialled(written)


@pytest.mark.parametrize(
    ("country", "number", "full"),
    [
        ("jp", "0312341234", "+81312341234"),
        ("jp", "+81312341234", "+81312341234"),
        ("jp", "01081312341234", "+81312341234"),
        ("jp", "0506868000", "+81506868000"),  # numbers of the vendor's pages that are not valid
        ("jp", "0901111222", "+81901111222"),
        ("jp", "090111122222", "+8190111122222"),
        ("jp", "01012125550100", "+12125550100"),
        ("us", "2125550100", "+12125550100"),
        ("us", "12125550100", "+12125550100"),
        ("us", "011442079460000", "+442079460000"),
        ("gb", "02079460000", "+442079460000"),
        ("uk", "02079460000", "+442079460000"),
        ("gb", "0012125550100", "+12125550100"),
        ("ro", "0213456789", "+40213456789"),
        ("ro", "0040213456789", "+40213456789"),
        ("il", "031234567", "+97231234567"),
        ("il", "01212125550100", "+12125550100"),
        ("de", "03012345678", "+493012345678"),
        ("de", "004981234567", "+4981234567"),
        ("fr", "0123456789", "+33123456789"),
        ("it", "0612345678", "+390612345678"),  # Italy has no national prefix: the 0 stays
        ("es", "912345678", "+34912345678"),
    ],
)
def test_a_number_has_its_international_form(country: str, number: str, full: str) -> None:
    assert international(number, country) == full
    assert e164(number, country) == full


@pytest.mark.parametrize(
    ("country", "number"),
    [
        ("jp", "110"),
        ("jp", "1111"),
        ("jp", "0120"),
        ("jp", "312341234"),  # without the national prefix it is somebody else's
        ("jp", "0"),
        ("us", "911"),
        ("us", "5550100"),
        ("gb", "999"),
        ("de", "8912345"),  # a number of the same town
        ("jp", "*31#0312341234"),
        ("jp", "+8131234123412345678"),
        ("jp", "0100"),
    ],
)
def test_short_codes_and_such_have_no_e164_form(country: str, number: str) -> None:
    assert e164(number, country) is None


@pytest.mark.parametrize(
    ("country", "one", "other", "same"),
    [
        ("jp", "+81312341234", "0312341234", True),
        ("jp", "03-1234-1234", "010 81 3 1234 1234", True),
        ("jp", "0312341234", "0312341235", False),
        ("jp", "0312341234", "312341234", False),
        ("us", "(212) 555-0100", "+1 212 555 0100", True),
        ("ro", "0040 21 345 6789", "0213456789", True),
        ("fr", "+33 1 23 45 67 89", "01 23 45 67 89", True),
        ("gb", "jessica", "jessica", False),
    ],
)
def test_two_ways_of_writing_one_number(country: str, one: str, other: str, same: bool) -> None:
    assert same_number(one, other, country) is same


def test_rules_may_write_a_number_in_every_form() -> None:
    assert set(written_forms("+81312341234", "jp")) == {"+81312341234", "0312341234"}
    assert set(written_forms("01012125550100", "jp")) == {"01012125550100", "+12125550100"}
    assert set(written_forms("2125550100", "us")) == {
        "2125550100",
        "12125550100",
        "+12125550100",
    }
    assert written_forms("110", "jp") == ("110",)


def test_countries_are_iso_codes_with_the_usual_alias() -> None:
    assert iso_country("JP") == "jp"
    assert iso_country("uk") == "gb"
    assert iso_country("xx") is None
    with pytest.raises(ValueError, match="'xx'"):
        numbering_plan("xx")


@given(st.text(max_size=50), st.sampled_from(["jp", "us", "gb", "it", "ru", "br", "au"]))
def test_no_text_breaks_the_reading_of_numbers(text: str, country: str) -> None:
    try:
        number = dialled(text)
    except NotANumber:
        return
    assert dialled(number) == number
    full = e164(number, country)
    assert full is None or (full[0] == "+" and full[1:].isdigit() and len(full) <= 16)
    assert number in written_forms(number, country)


@given(st.from_regex(r"[2-9][0-9]{7,9}", fullmatch=True), st.sampled_from(["jp", "gb", "ro", "fr"]))
def test_national_and_international_forms_agree(national: str, country: str) -> None:
    code = numbering_plan(country).country_code
    assert same_number("0" + national, f"+{code}{national}", country)
