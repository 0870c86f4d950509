"""Documents with the next steps: JSON, Basix XML, and what is neither."""

from __future__ import annotations

import pytest

from cordboard.calls.programs.program_words import Fetch, Sound
from cordboard.directory.step_document import Document, DocumentFault, read_steps_of
from cordboard.directory.steps import (
    AddJobStep,
    AnswerStep,
    BranchStep,
    EndReason,
    FetchStep,
    GatherStep,
    GotoStep,
    HangUpStep,
    PlayStep,
    RingStep,
    SayStep,
    Step,
    WaitStep,
)
from support.programs import Caller


def read(text: str) -> tuple[Step, ...]:
    return read_steps_of(Document(text.encode(), "/etc/cordboard/prompts/demo"))


def xml(text: str) -> list[object]:
    """The actions of a document without those that close it."""
    steps = read(f"<IVR>{text}</IVR>")
    assert steps[-1].action == HangUpStep()
    return [step.action for step in steps[:-1]]


def test_json_has_the_steps_of_the_file() -> None:
    steps = read("""
        {"steps": [
            {"label": "a", "play": "x.wav"}, {"goto": "b"}, {"label": "b", "hangup": "busy"}
        ]}""")
    assert steps == (
        Step(PlayStep(("/etc/cordboard/prompts/demo/x.wav",)), "a"),
        Step(GotoStep("b")),
        Step(HangUpStep(EndReason.BUSY), "b"),
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "it is neither JSON nor XML"),
        ("[" * 30_000, "it is neither JSON nor XML"),
        ("[]", 'it has no list "steps"'),
        ('{"steps": {}}', 'it has no list "steps"'),
        ('{"steps": [1]}', "steps[0]: a step is a table"),
        ('{"steps": [{"goto": "x"}]}', 'steps[0]: there is no step with the label "x"'),
        ('{"steps": [{"play": "/etc/x.wav"}]}', "only be below"),
        ('{"steps": [{"play": "a/../../x.wav"}]}', "only be below"),
        ('{"steps": [{"label": "a", "goto": "a"}]}', "an endless loop"),
        ('{"steps": [{"play": null}]}', "expected the path"),
        ("<IVR>", "no element found"),
        ("<Foo/>", "the root is <Foo>"),
        ("<IVR><speak/></IVR>", "<speak> is not understood"),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><IVR>&a;</IVR>", "a document type is not taken"),
        ("<IVR><Play>http://a.test/x.wav</Play></IVR>", "no URLs"),
        ("<IVR><Play>../x.wav</Play></IVR>", "only be below"),
        ("<IVR><Play/></IVR>", "has no text"),
        ("<IVR><Speak>Good morning</Speak></IVR>", "can say digits only"),
        ("<IVR><Wait length='x'/></IVR>", "is no number of seconds"),
        ("<IVR><Wait length='0'/></IVR>", "is no number of seconds"),
        ("<IVR><Wait length='nan'/></IVR>", "is no number of seconds"),
        ("<IVR><GetDigits numDigits='0'/></IVR>", "is no whole number"),
        ("<IVR><GetDigits><Hangup/></GetDigits></IVR>", "in <GetDigits> is not understood"),
        ("<IVR><Hangup reason='cross'/></IVR>", "neither rejected nor busy"),
        ("<IVR><Transfer answerTimeout='2'>1</Transfer></IVR>", "is no number of seconds"),
        ("<IVR><Redirect>file:///x</Redirect></IVR>", "neither a URL nor a section"),
        ("<IVR><GoTo>nowhere</GoTo></IVR>", 'no step with the label "section nowhere"'),
        ("<IVR><Switch var='a b'/></IVR>", "a b is no expression"),
        ("<IVR><Switch var='A'><If/></Switch></IVR>", "in <Switch> is not understood"),
        ("<IVR><Set val='1'/></IVR>", "<Set> has no var"),
        ("<IVR><Set var='a'/></IVR>", "<Set> takes either val or expr"),
        ("<IVR><Set var='a' val='1' expr='2'/></IVR>", "<Set> takes either val or expr"),
        ("<IVR><Set var='a b' val='1'/></IVR>", "<Set> can't set a b"),
        ("<IVR><Set var='CallingNumber' val='1'/></IVR>", "<Set> can't set CallingNumber"),
        ("<IVR><Speak>{{a}} dollars</Speak></IVR>", "<Speak> can say digits only"),
        ("<IVR><GetDigits><Say>{{a}}</Say></GetDigits></IVR>", "<Say> can say digits only"),
        ("<IVR><AddJob/></IVR>", "<AddJob> has no text"),
        ("<IVR><Set var='__1' val='1'/></IVR>", "<Set> can't set __1"),
        ("<IVR><Set var='a' expr='1 +'/></IVR>", "1 + is no expression"),
        ("<IVR><Speak>{{open(1)}}</Speak></IVR>", "open(1) has what is not understood: Call"),
        ("<IVR><If expr='1'/></IVR>", "<If> has one <Then>"),
        ("<IVR><If><Then/></If></IVR>", "<If> has no expr"),
        ("<IVR><If expr='1'><Then/><Then/></If></IVR>", "<If> has one <Then>"),
        ("<IVR><If expr='1'><Then/><Hangup/></If></IVR>", "<If> has one <Then>"),
        ("<IVR><Cond><Case/></Cond></IVR>", "<Cond> has <Clause> elements"),
        ("<IVR><Cond><Else/><Else/></Cond></IVR>", "<Cond> has <Clause> elements"),
        ("<IVR><Cond><Clause/></Cond></IVR>", "<Clause> has no expr"),
        ("<IVR><GetJSON url='https://a.test'/></IVR>", "<GetJSON> has no var"),
        ("<IVR><GetJSON var='a' url='file://x'/></IVR>", "is no URL of a server"),
        ("<IVR><GetJSON var='a' url='https://a.test' method='PUT'/></IVR>", "neither POST nor GET"),
        ("<IVR><SetErrorHandler/></IVR>", "<SetErrorHandler> has no text"),
        ("<IVR><SetErrorHandler>x</SetErrorHandler></IVR>", 'the label "section x"'),
        ("<IVR><SendFax>a.tiff</SendFax></IVR>", "<SendFax> is not understood"),
        ("<IVR><ReceiveFax>a.tiff</ReceiveFax></IVR>", "<ReceiveFax> is not understood"),
        ("<IVR><SendSMS>a</SendSMS></IVR>", "<SendSMS> is not understood"),
        ("<IVR><Record/></IVR>", "<Record> is not understood"),
        ("<IVR>" + "<Answer/>" * 600 + "</IVR>", "more than 500 steps"),
    ],
)
def test_what_is_no_program_is_told(text: str, fault: str) -> None:
    with pytest.raises(DocumentFault) as told:
        read(text)
    assert fault in str(told.value)


def test_what_is_no_text_is_told() -> None:
    with pytest.raises(DocumentFault, match="UTF-8"):
        read_steps_of(Document("<IVR/>".encode("utf-16")))


def test_plain_elements_are_the_steps_that_do_the_same() -> None:
    assert xml(
        "<Answer/><Play loop='3' terminators='*#'>a.wav</Play><Say>12, 3</Say><Wait length='1.5'/>"
        "<Park/><AddJob>{{CalledNumber}}</AddJob><Hangup reason='rejected'/>"
    ) == [
        AnswerStep(),
        PlayStep(("/etc/cordboard/prompts/demo/a.wav",), 3, "*#"),
        SayStep("12, 3"),
        WaitStep(1.5),
        WaitStep(21_600.0),
        AddJobStep("${CALLED_NUMBER}"),
        HangUpStep(EndReason.REJECTED),
    ]


def test_the_defaults_of_get_digits_are_the_vendors() -> None:
    assert xml("<GetDigits/>") == [GatherStep("Digits")]


def test_get_digits_asks_with_what_is_nested_and_goes_to_its_action() -> None:
    gather, branch, fetch = xml(
        "<GetDigits action='https://(timeout=5)a.test/x,http://b.test' timeout='7' numDigits='4'"
        " interdigitTimeout='2' finishOnKey='*' validDigits='123' maxTries='2' playBeep='true'>"
        "<Play loop='2'>a.wav</Play><Wait length='2'/><Speak>7</Speak>"
        "<Play purpose='alert'>wrong.wav</Play></GetDigits>"
    )
    path = "/etc/cordboard/prompts/demo/a.wav"
    prompts = (path, path, "builtin:silence", "builtin:silence", "builtin:7", "builtin:beep")
    assert gather == GatherStep("Digits", prompts, 4, 7.0, 2.0, "*", "123", 2)
    assert isinstance(branch, BranchStep)
    assert fetch == FetchStep(("https://a.test/x", "http://b.test"))


def test_a_transfer_rings_and_tells_why_it_was_in_vain() -> None:
    assert xml(
        "<Transfer answerTimeout='20' callingNumber='05068680000' failureAction='http://a.test/'>"
        "Sales</Transfer>"
    ) == [
        RingStep(
            "Sales",
            timeout=20.0,
            result="TransferFailureReason",
            show="05068680000",
            forward=False,
        ),
        FetchStep(("http://a.test/",)),
    ]
    assert xml("<Transfer>Sales</Transfer>") == [RingStep("Sales", result="TransferFailureReason")]


SWITCH = """<Response>
    <GetDigits retries="3" validDigits="012" numDigits="1" timeout="3">
        <Speak>1 2</Speak>
    </GetDigits>
    <Switch var="Digits">
        <Case val="1"><Transfer>Sales</Transfer></Case>
        <Case val="2"><GoTo>more</GoTo></Case>
        <Default><Say>0</Say></Default>
    </Switch>
    <Say>9</Say>
    <Section name="more"><Say>5</Say><Redirect>http://a.test/next</Redirect></Section>
</Response>"""


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("1", ["rings Sales"]),
        ("2", ["hears builtin:en/5", "fetches http://a.test/next"]),
        ("0", ["hears builtin:en/0", "hears builtin:en/9", "is hung up"]),
    ],
)
def test_a_document_runs_as_the_vendor_tells(keys: str, expected: list[str]) -> None:
    caller = Caller(read(SWITCH))
    assert [*caller.conversation()] == ["hears builtin:en/1"]
    caller.press(keys)
    caller.listen_to_all()
    assert [*caller.conversation()] == expected


def test_a_transfer_in_vain_goes_on_with_the_next_element() -> None:
    caller = Caller(read("<IVR><Transfer>Sales</Transfer><Say>5</Say></IVR>"))
    caller.ring_fails("busy")
    assert caller.program.variables["TransferFailureReason"] == "busy"
    assert [*caller.conversation()] == ["rings Sales", "hears builtin:en/5"]


def test_xml_sets_variables_and_puts_them_into_what_is_said() -> None:
    caller = Caller(
        read(
            "<IVR><Set var='amount' val='12'/><Set var='amount' val='{{ amount }}3'/>"
            "<Speak>{{amount}}{{CallingNumber}}</Speak>"
            "<Redirect>https://a.test/</Redirect></IVR>"
        ),
        CALLER_NUMBER="4",
    )
    caller.listen_to_all()
    said = [one.path[-1] for one in caller.done if isinstance(one, Sound)]
    assert "".join(said) == "1234"
    (fetch,) = [one for one in caller.done if isinstance(one, Fetch)]
    assert (fetch.variables["amount"], fetch.variables["var_amount"]) == ("123", "123")
