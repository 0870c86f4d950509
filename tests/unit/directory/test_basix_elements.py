"""What the elements of Basix documents that choose, calculate and fetch data do to a caller."""

from __future__ import annotations

import pytest

from cordboard.calls.programs.program_words import AddJob, Data, Ended, Fetch, Recovered, RingOut
from cordboard.directory.step_document import Document, read_steps_of
from cordboard.directory.steps import EndReason
from support.programs import Caller

FOLDER = "/prompts/demo"
ONE, TWO, THREE = (f"builtin:en/{digit}" for digit in "123")


def caller(text: str, **known: str) -> Caller:
    return Caller(read_steps_of(Document(f"<IVR>{text}</IVR>".encode(), FOLDER)), **known)


def spoken(one: Caller) -> str:
    """The digits that are heard."""
    one.listen_to_all()
    return "".join(path.removeprefix("builtin:en/") for path in one.sounds())


LUCKY = """
  <GetDigits numDigits="1" validDigits="0123456789"><Speak>0</Speak></GetDigits>
  <If expr="Digits == '7'">
    <Then><Speak>7</Speak></Then>
    <Else><Speak>{{int(Digits) * 3}}</Speak></Else>
  </If>
"""


@pytest.mark.parametrize(("key", "says"), [("7", "7"), ("4", "12")])
def test_the_lucky_number_of_the_vendors_page(key: str, says: str) -> None:
    one = caller(LUCKY)
    one.sounds()
    one.press(key)
    assert spoken(one) == says


@pytest.mark.parametrize(("balance", "to"), [(20_000, "sales1"), (6_000, "sales2"), (1, "sales3")])
def test_decisions_on_data_of_a_server(balance: int, to: str) -> None:
    one = caller(
        """<GetJSON var="data" url="https://a.test/account?phone={{CallingNumber}}"/>
        <Cond>
          <Clause expr="data.balance > 10000"><Transfer>sales1</Transfer></Clause>
          <Clause expr="data.balance > 5000"><Transfer>sales2</Transfer></Clause>
          <Else><Transfer>sales3</Transfer></Else>
        </Cond>""",
        CALLER_NUMBER="0312341234",
    )
    (asked,) = one.since()
    assert isinstance(asked, Fetch)
    assert asked.urls == ("https://a.test/account?phone=0312341234",)
    assert (asked.data, asked.posted) == (True, True)
    one.fetched(Data({"balance": balance}))
    (rung,) = [each for each in one.since() if isinstance(each, RingOut)]
    assert rung.to == to


def test_data_may_only_be_asked_for() -> None:
    one = caller("<GetJSON var='data' url='https://a.test' method='GET'/>")
    (asked,) = one.since()
    assert isinstance(asked, Fetch)
    assert not asked.posted


def test_without_data_the_variable_is_null() -> None:
    one = caller(
        "<GetJSON var='data' url='https://a.test'/>"
        "<If expr='data == null'><Then><Speak>1</Speak></Then></If><Speak>2</Speak>"
    )
    one.fetched("status 503")
    assert spoken(one) == "12"


def test_set_may_calculate_and_servers_are_told() -> None:
    one = caller(
        "<Set var='a' val='{{Digits}}'/><Set var='b' expr='int(a) * 0.5'/>"
        "<Switch expr='b + 1'><Case val='4'><Redirect>https://a.test/{{b * 2}}</Redirect></Case>"
        "</Switch>",
        Digits="6",
    )
    (asked,) = one.since()
    assert isinstance(asked, Fetch)
    assert asked.urls == ("https://a.test/6",)
    assert (asked.variables["var_a"], asked.variables["var_b"]) == ("6", "3")


def test_whether_a_job_was_added_is_a_truth() -> None:
    for added, says in ((True, "1"), (False, "2")):
        one = caller(
            "<AddJob>{}</AddJob><If expr='JobAdded'><Then><Speak>1</Speak></Then>"
            "<Else><Speak>2</Speak></Else></If>"
        )
        assert isinstance(one.since()[0], AddJob)
        one.job_added(added)
        assert spoken(one) == says


HANDLED = """
  <Section name="main">
    <SetErrorHandler>fallback</SetErrorHandler>
    <GetJSON var="data" url="https://a.test/ivr.json"/>
    <Play>{{data.some_file_path}}</Play>
    <Speak>9</Speak>
  </Section>
  <Section name="fallback"><Speak>1</Speak></Section>
"""


@pytest.mark.parametrize("path", ["../secret.wav", "a/../../secret.wav"])
def test_an_error_leads_to_its_handler(path: str) -> None:
    one = caller(HANDLED)
    one.fetched(Data({"some_file_path": path}))
    assert any(isinstance(each, Recovered) for each in one.done)
    assert spoken(one) == "1"
    assert one.ends() == [Ended(EndReason.NORMAL)]


def test_a_file_that_is_not_there_is_an_error_where_errors_are_handled() -> None:
    one = caller(HANDLED)
    one.fetched(Data({"some_file_path": "none.wav"}))
    assert one.sounds() == [f"{FOLDER}/none.wav"]
    one.listen(heard=False)
    assert spoken(one) == "1"


def test_a_document_that_is_not_there_is_an_error_where_errors_are_handled() -> None:
    redirect = "<Redirect>https://a.test</Redirect>"
    one = caller(
        f"<SetErrorHandler>s</SetErrorHandler>{redirect}<Section name='s'><Say>1</Say></Section>"
    )
    one.fetched("status 503")
    assert Recovered("no document: status 503") in one.done
    assert spoken(one) == "1"
    one = caller(f"{redirect}<Speak>2</Speak>")
    one.fetched("status 503")
    assert spoken(one) == "2"


def test_without_an_error_the_handler_is_not_heard() -> None:
    one = caller(HANDLED)
    one.fetched(Data({"some_file_path": "hello.wav"}))
    one.listen()
    assert spoken(one).endswith("9")
    assert one.ends() == [Ended(EndReason.NORMAL)]


def test_an_error_of_the_handler_ends_the_program() -> None:
    one = caller(
        "<SetErrorHandler>s</SetErrorHandler><Set var='a' expr='1 / 0'/>"
        "<Section name='s'><Set var='a' expr='2 / 0'/></Section>"
    )
    assert one.ends() == [Ended(EndReason.NORMAL, "2 / 0 can't be calculated")]


def test_without_a_handler_an_error_ends_the_program() -> None:
    one = caller("<Set var='a' expr='int(Digits)'/><Speak>1</Speak>")
    assert one.ends() == [Ended(EndReason.NORMAL, "int(Digits) can't be calculated")]


def test_no_more_than_ten_variables_hold_data() -> None:
    one = caller("".join(f"<GetJSON var='a{n}' url='https://a.test'/>" for n in range(11)))
    for _ in range(11):
        one.fetched(Data([1]))
    assert one.ends() == [Ended(EndReason.NORMAL, "more than 10 variables hold data")]


def test_get_input_takes_keys() -> None:
    one = caller(
        "<GetInput action='https://a.test' language='en-US' speechTimeout='5' numDigits='1'>"
        "<Speak>1</Speak></GetInput>"
    )
    one.sounds()
    one.press("5")
    (asked,) = [each for each in one.since() if isinstance(each, Fetch)]
    assert asked.variables["Digits"] == "5"


def test_a_loop_that_calculates_may_end() -> None:
    one = caller(
        "<Set var='n' expr='0'/><GoTo>again</GoTo>"
        "<Section name='again'><Set var='n' expr='n + 1'/>"
        "<If expr='n LT 3'><Then><GoTo>again</GoTo></Then></If><Speak>{{n}}</Speak></Section>"
    )
    assert spoken(one) == "3"
