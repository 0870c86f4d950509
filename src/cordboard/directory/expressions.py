"""Expressions of Basix documents (docs.brastel.com/xml/expressions.html): ``Digits == '7'``.

They are written as in Python, whose own parser reads them; of what it makes of them only what the
vendor's page lists is taken, and nothing is ever executed: the tree is walked here. Texts, numbers
and lists are bounded, so that no expression takes more than a moment.
"""

from __future__ import annotations

import ast
import json
import math
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from cordboard.directory.steps import LONGEST_VALUE

LONGEST_EXPRESSION: Final = 500
"""Characters of one expression; the vendor's longest example has 30."""

MOST_NODES: Final = 100
"""Names, values and operators of one expression, by which its depth is bounded too."""

LARGEST: Final = 1e15
"""Of numbers: up to here those with a fraction are exact to a tenth."""

LARGEST_POWER: Final = 64
"""Of exponents."""

Value = Any
"""What an expression comes to: what JSON knows."""

Look = Callable[[str], Value]
"""Finds the value of a variable; of one that is not there an empty text."""

VARIABLES: Final = {
    "From": "CALLER_NUMBER",
    "CallingNumber": "CALLER_NUMBER",
    "To": "CALLED_NUMBER",
    "CalledNumber": "CALLED_NUMBER",
}
"""The vendor's names of what every program knows."""

_CONSTANTS: Final = {"true": True, "false": False, "null": None}
_WORDS: Final = {"GT": ">", "GE": ">=", "LT": "<", "LE": "<="}
_WORD = re.compile(r"""'[^']*'|"[^"]*"|\b(GT|GE|LT|LE)\b""")

_ARITHMETIC: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
}


class ExpressionFault(ValueError):
    """An expression that is none, or that comes to nothing; the message says why."""


def check_expression(text: str) -> None:
    """Raises :class:`ExpressionFault` for what can't be read."""
    _tree(text)


def calculated(text: str, look: Look) -> Value:
    """What an expression comes to; raises :class:`ExpressionFault`."""
    try:
        return _value(_tree(text), look)
    except ExpressionFault:
        raise
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        raise ExpressionFault(f"{text} can't be calculated") from None


def text_of(value: Value) -> str:
    """A value as it is spoken, sent and compared with the cases of a Switch."""
    if isinstance(value, str):
        return value[:LONGEST_VALUE]
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value)[:LONGEST_VALUE]


@lru_cache(maxsize=1024)
def _tree(text: str) -> ast.expr:
    if len(text) > LONGEST_EXPRESSION:
        raise ExpressionFault(f"an expression has at most {LONGEST_EXPRESSION} characters")
    plain = _WORD.sub(lambda match: _WORDS.get(match[1], match[0]), text.strip())
    try:
        tree = ast.parse(plain, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionFault(f"{text} is no expression") from None
    for count, node in enumerate(ast.walk(tree)):
        if count >= MOST_NODES:
            raise ExpressionFault(f"an expression has at most {MOST_NODES} parts")
        if not isinstance(node, _TAKEN) or _is_of_no_use(node):
            raise ExpressionFault(f"{text} has what is not understood: {type(node).__name__}")
    return tree


def _is_of_no_use(node: ast.AST) -> bool:
    """Whether a part of a kind that is taken is none that means anything here."""
    if isinstance(node, ast.Constant):
        return not (node.value is None or isinstance(node.value, bool | int | float | str))
    if isinstance(node, ast.Call):
        known = isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS
        return not known or len(node.args) != 1 or bool(node.keywords)
    return False


def _value(node: ast.expr, look: Look) -> Value:
    return _NODES[type(node)](node, look)


def _name(node: ast.Name, look: Look) -> Value:
    name = node.id
    return _CONSTANTS[name] if name in _CONSTANTS else look(VARIABLES.get(name, name))


def _list(node: ast.List, look: Look) -> Value:
    return [_value(one, look) for one in node.elts]


def _member(node: ast.Attribute, look: Look) -> Value:
    return _mapping(_value(node.value, look)).get(node.attr)


def _item(node: ast.Subscript, look: Look) -> Value:
    of, key = _value(node.value, look), _value(node.slice, look)
    return of[key] if isinstance(of, list | str) else _mapping(of).get(key)


def _mapping(value: Value) -> Mapping[str, Value]:
    if not isinstance(value, dict):
        raise TypeError("only objects have members")
    return value


def _both(node: ast.BoolOp, look: Look) -> Value:
    """``and`` and ``or`` calculate no more than they need."""
    ends = isinstance(node.op, ast.Or)
    value: Value = None
    for one in node.values:
        value = _value(one, look)
        if bool(value) is ends:
            break
    return value


def _unary(node: ast.UnaryOp, look: Look) -> Value:
    value = _value(node.operand, look)
    if isinstance(node.op, ast.Not):
        return not value
    return -_number(value) if isinstance(node.op, ast.USub) else _number(value)


def _binary(node: ast.BinOp, look: Look) -> Value:
    left, right = _value(node.left, look), _value(node.right, look)
    if isinstance(node.op, ast.Add) and isinstance(left, str) and isinstance(right, str):
        return (left + right)[:LONGEST_VALUE]
    if isinstance(node.op, ast.Pow) and abs(_number(right)) > LARGEST_POWER:
        raise ValueError("the exponent is too large")
    return _bounded(_ARITHMETIC[type(node.op)](_number(left), _number(right)))


def _compared(node: ast.Compare, look: Look) -> Value:
    left = _value(node.left, look)
    for how, other in zip(node.ops, node.comparators, strict=True):
        right = _value(other, look)
        if not _COMPARISONS[type(how)](left, right):
            return False
        left = right
    return True


def _called(node: ast.Call, look: Look) -> Value:
    assert isinstance(node.func, ast.Name)  # it was looked at when it was read
    return _FUNCTIONS[node.func.id](_value(node.args[0], look))


def _number(value: Value) -> Any:
    if isinstance(value, int | float):
        return _bounded(value)
    raise TypeError("only numbers can be calculated with")


def _bounded(value: Any) -> Any:
    if isinstance(value, complex) or not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError("the number is too large, or none")
    return value


def _whole(value: Value) -> int:
    whole: int = _bounded(int(value))
    return whole


def _real(value: Value) -> float:
    real: float = _bounded(float(value))
    return real


_FUNCTIONS: Final[dict[str, Callable[[Value], Value]]] = {
    "str": text_of,
    "int": _whole,
    "float": _real,
}
"""Those of the vendor's page; what it has besides is not known here."""

_NODES: Final[dict[type[ast.expr], Callable[[Any, Look], Value]]] = {
    ast.Constant: lambda node, _look: node.value,
    ast.Name: _name,
    ast.List: _list,
    ast.Attribute: _member,
    ast.Subscript: _item,
    ast.BoolOp: _both,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compared,
    ast.Call: _called,
}

_TAKEN: Final = (
    *_NODES,
    *_ARITHMETIC,
    *_COMPARISONS,
    *(ast.And, ast.Or, ast.Not, ast.USub, ast.UAdd, ast.Load),
)
