"""Expressions: the examples of the vendor's page, what is none, and what takes too long."""

from __future__ import annotations

from typing import Any

import pytest

from cordboard.directory.expressions import (
    ExpressionFault,
    calculated,
    check_expression,
    text_of,
)

KNOWN: dict[str, Any] = {
    "Digits": "7",
    "CALLER_NUMBER": "09011112222",
    "data": {"balance": 150, "list": ["a", "b"], "none": None, "nested": {"x y": 1}},
    "myvar": 5,
}


def value(text: str) -> Any:
    return calculated(text, lambda name: KNOWN.get(name, ""))


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 1", 2),
        ("100 - 1", 99),
        ("100/10", 10),
        ("10 * 10", 100),
        ("2 ** 10", 1024),
        ("15 % 4", 3),
        ("15 == 4", False),
        ("'one' in ['two', 'three']", False),
        ("str(123)", "123"),
        ("int('123')", 123),
        ("float('1.5')", 1.5),
        ("Digits == '7'", True),
        ("int(Digits) * 3", 21),
        ("data.balance > 100", True),
        ("data.balance * 0.2", 30.0),
        ("not (myvar > 10)", True),
        ("10 > myvar", True),
        ("myvar LT 10", True),
        ("myvar GE 10", False),
        ("'GT' == 'G' + 'T'", True),
        ("\"a LT b\" == 'a LT b'", True),
        ("1 LE 2 LE 3", True),
        ("CallingNumber == '09011112222'", True),
        ("From == CallingNumber", True),
        ("nothing", ""),
        ("not nothing", True),
        ("nothing or 'x'", "x"),
        ("nothing and nothing.x", ""),
        ("data.missing == null", True),
        ("data.none == None", True),
        ("data['nested']['x y']", 1),
        ("data.list[1]", "b"),
        ("'b' not in data.list", False),
        ("true != false", True),
        ("-(+3)", -3),
    ],
)
def test_what_it_comes_to(text: str, result: object) -> None:
    check_expression(text)
    assert value(text) == result


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 +",
        "a b",
        "a = 1",
        "import os",
        "__import__('os')",
        "open('x')",
        "str(1, 2)",
        "str(x=1)",
        "data.balance()",
        "(1).__class__()",
        "[x for x in data]",
        "lambda: 1",
        "{1: 2}",
        "b'x'",
        "1j",
        "f'{data}'",
        "x := 1",
        "1 << 2",
        "1 // 2",
        "a is b",
        "*data",
        "5 if a else 6",
        "x" * 501,
        "+".join(["1"] * 60),
        "(" * 300,
        "not " * 110 + "1",
    ],
)
def test_what_is_none_is_told_when_it_is_read(text: str) -> None:
    with pytest.raises(ExpressionFault):
        check_expression(text)


@pytest.mark.parametrize(
    "text",
    [
        "1 / 0",
        "1 % 0",
        "'a' * 1000",
        "'a' + 1",
        "'a' > 1",
        "int('x')",
        "int(data)",
        "float('nan')",
        "float('inf')",
        "float('9' + '99999999999999999')",
        "10 ** 64",
        "2 ** 65",
        "2 ** (0 - 65)",
        "(0 - 8) ** 0.5",
        "9999999999999999 * 2",
        "Digits.x",
        "data.list.x",
        "data.list[5]",
        "data.none.x",
        "1 in 2",
        "-Digits",
    ],
)
def test_what_comes_to_nothing_is_told_when_it_is_calculated(text: str) -> None:
    check_expression(text)
    with pytest.raises(ExpressionFault, match="can't be calculated"):
        value(text)


def test_attributes_are_members_of_objects_alone() -> None:
    """Nothing of Python is reached: names with underscores are members like others."""
    assert value("data.__class__") is None
    with pytest.raises(ExpressionFault):
        value("Digits.__class__")


def test_texts_do_not_grow() -> None:
    assert len(calculated("a + a", lambda _name: "x" * 1000)) == 1024


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (12, "12"),
        (10.0, "10"),
        (1.5, "1.5"),
        ([1, "a"], '[1, "a"]'),
        ("x" * 2000, "x" * 1024),
    ],
)
def test_values_as_texts(value: object, text: str) -> None:
    assert text_of(value) == text
