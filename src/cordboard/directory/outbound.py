"""Which way out an outside number takes, or why it may not be called.

Theory. A rule's prefix is compared with every way of writing the number (as dialled, ``+81...``,
``03...``, ``0081...``), so that ``03`` and ``+813`` are the same rule and neither is evaded by
dialling differently. The rule that leaves the fewest digits unmatched decides; of equals the first.
Emergency and premium numbers (:mod:`cordboard.directory.denied`) are refused unless the deciding
rule names at least as much of the number as the denial does.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from cordboard.directory.denied import Danger, denied_prefix
from cordboard.directory.model import NumberFormat, OutboundRule, Trunk
from cordboard.directory.numbers import NotANumber, dialled, e164, written_forms
from cordboard.directory.snapshot import TenantDirectory


class Denial(Enum):
    """Why an outside number is not called."""

    NOT_A_NUMBER = "not_a_number"
    NO_RULE = "no_rule"
    RULE = "rule"
    EMERGENCY = "emergency"
    PREMIUM = "premium"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_TRUNK = "no_trunk"


class Denied(msgspec.Struct, frozen=True, gc=False):
    """An outside number that may not be called; ``message`` is for the operator and the client."""

    reason: Denial
    message: str


class Route(msgspec.Struct, frozen=True, gc=False):
    """The way out: trunks to try in order, and the number after the rule's strip and prepend."""

    trunks: tuple[Trunk, ...]
    number_to_dial: str
    rule: OutboundRule
    country: str

    def number_for(self, trunk: Trunk) -> str:
        """The number in the form that one of the trunks wants."""
        return number_on_trunk(trunk, self.number_to_dial, self.country)


class _Match(msgspec.Struct, frozen=True, gc=False):
    """A rule and the way of writing the number in which it matched."""

    rule: OutboundRule
    form: str
    unmatched: int


_BY_DANGER = {
    Danger.EMERGENCY: (Denial.EMERGENCY, "an emergency number"),
    Danger.PREMIUM: (Denial.PREMIUM, "a premium rate number"),
}

_ANY_NUMBER = 1_000
"""Digits that the empty prefix counts as leaving unmatched: more than any number has."""


def number_on_trunk(trunk: Trunk, number: str, country: str) -> str:
    """A number, called or shown, as a trunk wants it; one without an E.164 form stays as it is."""
    if trunk.number_format is NumberFormat.AS_DIALLED:
        return number
    full = e164(number, country)
    if full is None:
        return number
    return full if trunk.number_format is NumberFormat.E164_PLUS else full[1:]


def choose_route(tenant: TenantDirectory, text: str) -> Route | Denied:
    """The way out for an outside number as the tenant's rules have it, or the reason for none."""
    country = tenant.policy.country
    try:
        number = dialled(text)
    except NotANumber as error:
        return Denied(Denial.NOT_A_NUMBER, str(error))
    forms = written_forms(number, country)
    match = _deciding(tenant.outbound, forms)
    if match is None:
        return Denied(Denial.NO_RULE, f"no outbound rule of {tenant.domain} covers {number}")
    rule = match.rule
    if not rule.allowed:
        return Denied(Denial.RULE, f"the outbound rule for prefix {rule.prefix!r} denies {number}")
    denied = denied_prefix(number, country)
    if denied is not None and match.unmatched > _unmatched(denied.prefix, forms):
        reason, what = _BY_DANGER[denied.danger]
        return Denied(reason, f"{number} is {what}, and no outbound rule names it")
    digits = len(number.lstrip("+"))
    if digits < rule.minimum_digits:
        return Denied(
            Denial.TOO_SHORT,
            f"{number} has {digits} digits, the rule wants {rule.minimum_digits} or more",
        )
    if digits > rule.maximum_digits:
        return Denied(
            Denial.TOO_LONG,
            f"{number} has {digits} digits, the rule wants {rule.maximum_digits} or fewer",
        )
    return _route(tenant, number, match)


def _deciding(rules: tuple[OutboundRule, ...], forms: tuple[str, ...]) -> _Match | None:
    best: _Match | None = None
    for rule in rules:
        for form in forms:
            if form.startswith(rule.prefix):
                unmatched = len(form) - len(rule.prefix) if rule.prefix else _ANY_NUMBER
                if best is None or unmatched < best.unmatched:
                    best = _Match(rule, form, unmatched)
    return best


def _unmatched(prefix: str, forms: tuple[str, ...]) -> int:
    return min(len(form) - len(prefix) for form in forms if form.startswith(prefix))


def _route(tenant: TenantDirectory, number: str, match: _Match) -> Route | Denied:
    rule = match.rule
    trunks = tuple([trunk for name in rule.trunks if (trunk := tenant.trunk(name)) is not None])
    if not trunks:
        return Denied(Denial.NO_TRUNK, f"the trunks of the rule for {rule.prefix!r} do not exist")
    if not rule.strip and not rule.prepend:
        return Route(trunks, number, rule, tenant.policy.country)
    to_dial = rule.prepend + match.form.removeprefix("+")[rule.strip :]
    if not to_dial:
        return Denied(Denial.TOO_SHORT, f"nothing is left of {number} after the rule's strip")
    return Route(trunks, to_dial, rule, tenant.policy.country)
