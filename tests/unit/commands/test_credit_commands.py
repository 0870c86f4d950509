"""What `cordboard credit` prints, and what it sends."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from cordboard.cli import app
from cordboard.commands import credit_commands
from cordboard.commands.client import ApiClient, ServerError

OWN = {
    "balance": -12_500_000,
    "reserved": 0,
    "available": 37_500_000,
    "tariff": "standard",
    "currency": "EUR",
    "credit_limit": 50_000_000,
}
CARD = {
    "card": "4001",
    "balance": 9_250_000,
    "reserved": 70_000,
    "available": 9_180_000,
    "tariff": None,
    "locked": True,
}
ENTRY = {"charge": "payment:i", "card": "4001", "amount": 1, "at": 0.0, "call": None}


class Told:
    """A server that tells what it was given to tell."""

    def __init__(self, patch: pytest.MonkeyPatch, **answers: Any) -> None:
        self.asked: list[str] = []
        self.sent: list[dict[str, Any]] = []
        patch.setattr(ApiClient, "get", lambda _client, path: self.get(path))
        patch.setattr(ApiClient, "post", lambda _client, _path, body: self.post(body))
        self.answers = answers

    def get(self, path: str) -> Any:
        self.asked.append(path)
        answer = self.answers[path.partition("?")[0].rpartition("/")[2]]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def post(self, body: dict[str, Any]) -> tuple[Any, None]:
        self.sent.append(body)
        return self.answers["payments"], None


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["credit", *words, "--token", "t"])
    return done.exit_code, done.output


def test_balances_are_shown_of_the_tenant_and_of_all_its_cards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pages = [{"cards": [CARD], "next": "n"}, {"cards": [{**CARD, "card": "5"}], "next": None}]
    told = Told(monkeypatch, credit=OWN, cards=pages)
    code, output = run("show")
    assert code == 0
    assert output.splitlines() == [
        "payer       balance  reserved  available  tariff",
        "the tenant   -12.50      0.00      37.50  standard",
        "4001           9.25      0.07       9.18  none      locked",
        "5              9.25      0.07       9.18  none      locked",
    ]
    assert told.asked[1:] == ["/v1/cards?limit=500", "/v1/cards?limit=500&cursor=n"]


def test_who_has_no_limit_may_spend_any_amount() -> None:
    assert "any" in credit_commands.balance_table({**OWN, "available": None}, ())


def test_the_ledger_names_calls_and_payments(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [ENTRY, {**ENTRY, "card": None, "amount": -110_000, "call": "c-1", "at": 60.0}]
    told = Told(monkeypatch, ledger={"entries": entries, "next": None})
    code, output = run("ledger", "--card", "4001", "--limit", "2")
    assert code == 0
    assert output.splitlines()[1:] == [
        "1970-01-01 00:00:00  4001        0.000001  payment:i",
        "1970-01-01 00:01:00  the tenant     -0.11  call c-1",
    ]
    assert told.asked == ["/v1/ledger?limit=2&card=4001"]


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (("20", "--card", "4001"), (20_000_000, "4001", "payment")),
        (("0.5",), (500_000, None, "payment")),
        (("0.5", "--take"), (-500_000, None, "correction")),
    ],
)
def test_a_payment_is_sent_as_millionths(
    monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], sent: tuple[Any, ...]
) -> None:
    told = Told(monkeypatch, payments={"charge": "payment:i", "amount": sent[0]})
    code, output = run("pay", *words, "--reference", "i")
    assert (code, output.partition(":")[0]) == (0, "payment")
    (body,) = told.sent
    assert (body["amount"], body["card"], body["kind"], body["reference"]) == (*sent, "i")


@pytest.mark.parametrize("amount", ["0", "1,5", "1.0000001", "much"])
def test_no_strange_amount_is_sent(monkeypatch: pytest.MonkeyPatch, amount: str) -> None:
    told = Told(monkeypatch)
    assert run("pay", amount, "--reference", "i")[0] == 2
    assert told.sent == []


def test_what_the_server_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    Told(monkeypatch, payments={"id": "scope_missing", "detail": "the account lacks the scope"})
    assert run("pay", "1", "--reference", "i") == (1, "cordboard: the account lacks the scope\n")


@pytest.mark.parametrize("what", ["show", "ledger"])
def test_a_server_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    gone = ServerError("no answer")
    Told(monkeypatch, credit=gone, ledger=gone)
    assert run(what) == (3, "cordboard: no answer\n")
