"""SIPp scenarios as a list of steps, where a file of XML would say the same in ten times the lines.

A script is the called side (or, beginning with :meth:`Script.invite`, the calling one) of a single
dialog; SIPp plays it exactly and fails on whatever else it gets. Words in square brackets are
SIPp's own (``[local_ip]``), ``[$name]`` are variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Self
from xml.sax.saxutils import quoteattr

LOCAL_TAG: Final = "[pid]-[call_number]"

CONTACT: Final = "Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>"

_REQUEST_HEADERS: Final = {
    "via": "Via:",
    "cseq": "CSeq:",
    "from": "From:",
    "to": "To:",
    "callid": "Call-ID:",
}
_HEADERS: Final = {**_REQUEST_HEADERS, "route": "Record-Route:"}

_PHRASES: Final = {
    100: "Trying",
    180: "Ringing",
    181: "Call Is Being Forwarded",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    401: "Unauthorized",
    407: "Proxy Authentication Required",
    422: "Session Interval Too Small",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}


def sdp(
    *formats: str,
    port: str = "[media_port]",
    host: str = "[media_ip]",
    direction: str = "",
    version: int = 1,
) -> str:
    """A session description of one audio stream; ``formats`` are ``"0 PCMU/8000"`` and the like
    (PCMU where none is given)."""
    formats = formats or ("0 PCMU/8000",)
    numbers = " ".join(one.split()[0] for one in formats)
    lines = [
        "v=0",
        f"o=sipp 1 {version} IN IP[local_ip_type] [local_ip]",
        "s=-",
        f"c=IN IP[media_ip_type] {host}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {numbers}",
        *(f"a=rtpmap:{one}" for one in formats),
        *([f"a={direction}"] if direction else []),
    ]
    return "\n".join(lines)


class Script:
    """The steps of a scenario, in order; each method adds one and returns the script.

    ``proxied``: what it gets comes through one proxy, which stays in the route of the call.
    """

    def __init__(self, name: str, *, proxied: bool = False) -> None:
        self.name = name
        self._proxied = proxied
        self._steps: list[str] = []
        self._variables: set[str] = set()
        self._checks = 0
        self._dialled = self._caller = ""

    # What comes

    def expect(
        self,
        method: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        optional: bool = False,
    ) -> Self:
        """Wait for a request. ``headers`` and ``body`` are regular expressions (POSIX extended)
        that its headers and the whole message must match."""
        actions = self._checks_of(headers or {}, body)
        if method != "ACK":
            actions += [self._keep(name, f"{method}_{name}") for name in _REQUEST_HEADERS]
            if self._proxied:
                actions.append(self._keep("via", f"{method}_via2", occurrence=2))
        if method == "INVITE":
            actions += [self._keep("from", "remote"), self._keep("to", "local")]
            if self._proxied:
                actions.append(self._keep("route", "route"))
        return self._receive(f'request="{method}"', actions, optional=optional)

    def expect_answer(
        self,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
        optional: bool = False,
    ) -> Self:
        """Wait for a response to what was last sent."""
        actions = self._checks_of(headers or {}, body)
        return self._receive(f'response="{status}"', actions, optional=optional)

    # What goes

    def answer(
        self,
        method: str,
        status: int,
        *headers: str,
        sdp: str = "",
        tag: str = LOCAL_TAG,
        repeat: bool = False,
    ) -> Self:
        """Answer the last request of a method. ``repeat``: until its ACK (or PRACK)."""
        to = f"To:[${method}_to]" + (f";tag={tag}" if method == "INVITE" and status > 100 else "")
        lines = [
            f"SIP/2.0 {status} {_PHRASES[status]}",
            *self._way_back(method),
            f"From:[${method}_from]",
            to,
            f"Call-ID:[${method}_callid]",
            f"CSeq:[${method}_cseq]",
            *headers,
        ]
        if method in ("INVITE", "UPDATE") and 100 < status < 300:
            lines.append(CONTACT)
        return self._send(lines, sdp, repeat=repeat)

    def answer_again(self, method: str, status: int, *headers: str, sdp: str = "") -> Self:
        """Answer a request within the dialog, whose To has its tag already."""
        lines = [
            f"SIP/2.0 {status} {_PHRASES[status]}",
            *self._way_back(method),
            f"From:[${method}_from]",
            f"To:[${method}_to]",
            f"Call-ID:[${method}_callid]",
            f"CSeq:[${method}_cseq]",
            *headers,
            CONTACT,
        ]
        repeat = method == "INVITE" and status >= 200
        return self._send(lines, sdp, repeat=repeat)

    def request(
        self, method: str, number: int, *headers: str, sdp: str = "", branch: str = "[branch]"
    ) -> Self:
        """Send a request within the dialog, with ``number`` in its CSeq."""
        lines = [
            f"{method} [next_url] SIP/2.0",
            f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch}",
            "Max-Forwards: 70",
            *(["[routes]"] if self._proxied else []),
            f"From:[$local];tag={LOCAL_TAG}",
            "To:[$remote]",
            "Call-ID: [call_id]",
            f"CSeq: {number} {method}",
            *headers,
        ]
        if method in ("INVITE", "UPDATE"):
            lines.append(CONTACT)
        return self._send(lines, sdp, repeat=method != "ACK")

    def invite(self, dialled: str, *headers: str, caller: str = "0399998888") -> Self:
        """Call a number, as the calling side."""
        self._dialled, self._caller = dialled, caller
        return self._send(self._of_caller("INVITE", 1, *headers, CONTACT), sdp(), repeat=True)

    def is_answered(self) -> Self:
        """The call is accepted, and the far end is told that we know."""
        self.expect_answer(100, optional=True).expect_answer(180, optional=True).expect_answer(200)
        return self._send(self._of_caller("ACK", 1), "", repeat=False)

    def is_refused(self, status: int) -> Self:
        """The call is refused."""
        self.expect_answer(100, optional=True).expect_answer(180, optional=True)
        self.expect_answer(status)
        lines = [
            f"ACK sip:{self._dialled}@[remote_ip]:[remote_port] SIP/2.0",
            "[last_Via:]",
            "[last_From:]",
            "[last_To:]",
            "Call-ID: [call_id]",
            "CSeq: 1 ACK",
            "Max-Forwards: 70",
        ]
        return self._send(lines, "", repeat=False)

    def caller_hangs_up(self) -> Self:
        """The calling side hangs up."""
        return self._send(self._of_caller("BYE", 2), "", repeat=True).expect_answer(200)

    def pause(self, milliseconds: int) -> Self:
        """Do nothing for a while."""
        return self._add(f'<pause milliseconds="{milliseconds}"/>')

    # Whole stretches

    def take_bye(self) -> Self:
        """The other side hangs up."""
        return self.expect("BYE").answer_again("BYE", 200)

    def hang_up(self, number: int) -> Self:
        """This side hangs up."""
        return self.request("BYE", number).expect_answer(200)

    def xml(self) -> str:
        """The scenario as SIPp reads it."""
        names = ",".join(sorted(self._variables))
        reference = f'  <Reference variables="{names}"/>' if names else ""
        steps = "\n".join(self._steps)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<scenario name={quoteattr(self.name)}>\n{steps}\n{reference}\n</scenario>\n"
        )

    # Within

    def _of_caller(self, method: str, number: int, *headers: str) -> list[str]:
        """A request of the calling side, in the dialog once there is one."""
        begun = method != "INVITE"
        target = "[next_url]" if begun else f"sip:{self._dialled}@[remote_ip]:[remote_port]"
        to = "[last_To:]" if begun else f"To: <sip:{self._dialled}@[remote_ip]>"
        return [
            f"{method} {target} SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            "Max-Forwards: 70",
            f'From: "Kondo" <sip:{self._caller}@[local_ip]>;tag={LOCAL_TAG}',
            to,
            "Call-ID: [call_id]",
            f"CSeq: {number} {method}",
            *headers,
        ]

    def _checks_of(self, headers: Mapping[str, str], body: str | None) -> list[str]:
        actions = []
        for name, pattern in headers.items():
            actions.append(self._check(pattern, f'search_in="hdr" header="{name}:"'))
        if body is not None:
            actions.append(self._check(body, 'search_in="msg"'))
        return actions

    def _check(self, pattern: str, where: str) -> str:
        self._checks += 1
        variable = f"check{self._checks}"
        self._variables.add(variable)
        return f'<ereg regexp={quoteattr(pattern)} {where} check_it="true" assign_to="{variable}"/>'

    def _keep(self, header: str, variable: str, *, occurrence: int = 1) -> str:
        self._variables.add(variable)
        where = f'search_in="hdr" header="{_HEADERS[header]}" occurrence="{occurrence}"'
        return f'<ereg regexp=".*" {where} assign_to="{variable}"/>'

    def _way_back(self, method: str) -> list[str]:
        """The first lines of an answer."""
        lines = [f"Via:[${method}_via]"]
        if self._proxied:
            lines.append(f"Via:[${method}_via2]")
            if method == "INVITE":
                lines.append("Record-Route:[$route]")
        return lines

    def _receive(self, what: str, actions: list[str], *, optional: bool) -> Self:
        how = ' optional="true"' if optional else ""
        inner = "".join(f"\n    {action}" for action in actions)
        action = f"\n  <action>{inner}\n  </action>\n" if actions else ""
        makes_dialog = "INVITE" in what or 'response="200"' in what
        routes = ' rrs="true"' if makes_dialog else ""
        return self._add(f'<recv {what}{routes} crlf="true"{how}>{action}</recv>')

    def _send(self, lines: list[str], body: str, *, repeat: bool) -> Self:
        if body:
            content = ["Content-Type: application/sdp", "Content-Length: [len]", "", body]
        else:
            content = ["Content-Length: 0"]
        text = "\n".join("      " + line for line in "\n".join([*lines, *content]).split("\n"))
        how = ' retrans="500"' if repeat else ""
        return self._add(f"<send{how}>\n    <![CDATA[\n\n{text}\n\n    ]]>\n  </send>")

    def _add(self, step: str) -> Self:
        self._steps.append(f"  {step}")
        return self


def answered(name: str, *, proxied: bool = False) -> Script:
    """Begin a script that rings, answers and gets its ACK."""
    return (
        Script(name, proxied=proxied)
        .expect("INVITE")
        .answer("INVITE", 180)
        .answer("INVITE", 200, sdp=sdp(), repeat=True)
        .expect("ACK")
    )
