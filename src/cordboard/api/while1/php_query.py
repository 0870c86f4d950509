"""``http_build_query`` as PHP 8 does it, octet by octet, for the hash of a request.

Source: vendor facts, 3.1, taken with PHP 8.2: ``&`` between fields, RFC 1738 encoding, no sorting.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import md5
from urllib.parse import quote_from_bytes

from cordboard.api.while1.php_values import Leaf, PhpArray, octets

_PRECISION = 14
"""Significant digits of a float as text: PHP's default ``precision``."""

_LEAST_EXPONENT = -4
"""Floats below 10 to this power are written with an exponent."""


def api_hash(parameters: PhpArray, api_key: str) -> str:
    """The hash that a client sends beside its parameters, in lower-case hex."""
    digest = md5(build_query(parameters).encode("ascii"), usedforsecurity=False)
    digest.update(api_key.encode("utf-8"))
    return digest.hexdigest()


def build_query(parameters: PhpArray) -> str:
    """The parameters as ``http_build_query`` writes them."""
    return "&".join(_fields(parameters, None))


def _fields(array: PhpArray, parent: str | None) -> Iterator[str]:
    for key, value in array.items():
        name = f"{parent}%5B{_encoded(key)}%5D" if parent is not None else _encoded(key)
        if isinstance(value, dict):
            yield from _fields(value, name)
        elif value is not None:
            yield f"{name}={_encoded(leaf_text(value))}"


def leaf_text(value: Leaf) -> str:
    """A scalar as the query has it, before it is encoded: 1 for true, 0 for false."""
    if isinstance(value, bool):
        return "1" if value else "0"
    return float_text(value) if isinstance(value, float) else str(value)


def float_text(value: float) -> str:
    """A finite float as PHP turns it into a string: ``1``, ``1.1``, ``1.0E+25``."""
    mantissa, exponent_text = f"{value:.{_PRECISION - 1}e}".split("e")
    exponent = int(exponent_text)
    if _LEAST_EXPONENT <= exponent < _PRECISION:
        plain = f"{value:.{max(_PRECISION - 1 - exponent, 0)}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    mantissa = mantissa.rstrip("0")
    return f"{mantissa}{'0' if mantissa.endswith('.') else ''}E{exponent:+d}"


def _encoded(string: str) -> str:
    """RFC 1738 as PHP's urlencode has it: ``~`` is encoded, unlike Python does."""
    return quote_from_bytes(octets(string), safe=" ").replace(" ", "+").replace("~", "%7E")
