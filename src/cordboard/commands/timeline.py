"""A call's events as lines that a person reads while the call happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SPOKEN_CAUSES = {
    "normal": "hung up",
    "answered_elsewhere": "answered elsewhere",
    "no_answer": "nobody answered",
    "busy": "busy",
    "rejected": "declined",
    "unreachable": "unreachable",
    "not_found": "no such number",
    "congestion": "no line free",
    "incompatible": "no common codec",
    "cancelled": "cancelled",
    "interrupted": "server stopped",
    "media_timeout": "voice was lost",
    "duration_limit": "longest duration reached",
    "no_credit": "out of credit",
    "transferred": "transferred",
    "failed": "failed",
}

_SPOKEN_OUTCOMES = {
    "completed": "completed",
    "first_leg_failed": "first leg failed",
    "second_leg_failed": "second leg failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}


class Timeline:
    """Turns events into lines; remembers when the call began and which phone each channel is."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._phones: dict[str, str] = {}

    def line(self, event: Mapping[str, Any]) -> str:
        """One event: milliseconds since the request, the leg, what happened."""
        at = float(event.get("at", 0.0))
        if self._began is None:
            self._began = at
        elapsed = round((at - self._began) * 1000)
        leg = event.get("leg") or "call"
        return f"{elapsed:>7} ms  {leg:<6}  {self._said(event)}"

    def _said(self, event: Mapping[str, Any]) -> str:
        kind, data = str(event.get("kind")), event.get("data") or {}
        channel = str(event.get("channel") or "")
        if kind == "channel.dialled":
            self._phones[channel] = str(data.get("endpoint"))
        phone = self._phones.get(channel, "")
        sentence = _SENTENCES.get(kind)
        return sentence(phone, data) if sentence else kind


def _accepted(_phone: str, data: Mapping[str, Any]) -> str:
    return f"accepted: ring {_party(data.get('first'))}, connect with {_party(data.get('second'))}"


def _dialled(phone: str, data: Mapping[str, Any]) -> str:
    caller = data.get("caller_number") or "anonymous"
    name = data.get("caller_name")
    via = f" through {data['trunk']}" if data.get("trunk") else ""
    shown = f"{name} <{caller}>" if name and name != caller else caller
    return f"INVITE to {phone}{via}, showing {shown}"


def _failed_over(phone: str, data: Mapping[str, Any]) -> str:
    busy = data.get("passed_over") or []
    without = f" ({', '.join(busy)} has no line free)" if busy else ""
    if not data.get("trunk"):
        return f"{phone} not reached: {_cause(data)}{_said(data)}; trying its other connection"
    said = f"{phone} not reached through {data.get('trunk')}: {_cause(data)}{_said(data)}"
    return f"{said}; next trunk {data.get('next')}{without}"


def _said(data: Mapping[str, Any]) -> str:
    """Status and words of whoever refused, as they would be read out of a trace."""
    reason = data.get("reason") or {}
    parts = []
    if data.get("sip_status"):
        parts.append(f"SIP {data['sip_status']} {reason.get('phrase') or ''}".rstrip())
    if reason.get("q850") is not None:
        parts.append(f"Q.850 {reason['q850']} {reason.get('q850_name') or ''}".rstrip())
    if reason.get("text"):
        parts.append(f'"{reason["text"]}"')
    if reason.get("retry_after") is not None:
        parts.append(f"again in {reason['retry_after']} s")
    return f" ({', '.join(parts)})" if parts else ""


def _ended_channel(phone: str, data: Mapping[str, Any]) -> str:
    cause = _cause(data)
    busy = data.get("passed_over") or []
    without = f"; {', '.join(busy)} has no line free" if busy else ""
    via = f" through {data['trunk']}" if data.get("trunk") else ""
    media = data.get("media") or {}
    heard = f", {media['packets_received']} voice packets received" if media else ""
    who = " by the phone" if data.get("by") == "remote" and data.get("answered") else ""
    return f"{phone}{via} is over: {cause}{who}{_said(data)}{heard}{without}"


def _failed(_phone: str, data: Mapping[str, Any]) -> str:
    return f"not answered: {_cause(data)}{_said(data)}, after {data.get('ring_seconds', 0):.1f} s"


def _ended(_phone: str, data: Mapping[str, Any]) -> str:
    outcome = _SPOKEN_OUTCOMES.get(str(data.get("outcome")), data.get("outcome"))
    where = f" ({data['leg']} leg)" if data.get("leg") else ""
    talked = data.get("talk_seconds") or 0.0
    return f"ended: {outcome}, {_cause(data)}{where}{_said(data)}; talked {talked:.1f} s"


def _transferring(_phone: str, data: Mapping[str, Any]) -> str:
    party = data.get("party")
    is_context = isinstance(party, Mapping) and party.get("kind") == "context"
    return f"hung up, {_party(party)} {'talks' if is_context else 'is rung'} instead"


_SENTENCES = {
    "call.accepted": _accepted,
    "channel.dialled": _dialled,
    "channel.failed_over": _failed_over,
    "channel.redirected": lambda phone, data: (
        f"{phone} redirects to {data.get('to')}"
        + (f", not followed: {data['refused']}" if data.get("refused") else "")
    ),
    "channel.ringing": lambda phone, _: f"{phone} rings",
    "channel.early_media": lambda phone, data: (
        f"{phone} sends early media" if data.get("flowing") else f"{phone} is silent, ringback"
    ),
    "channel.screening": lambda phone, _: f"{phone} picked up, is to press 1",
    "channel.answered": lambda phone, _: f"{phone} answered",
    "leg.answered": lambda _, data: f"answered after {data.get('ring_seconds', 0):.1f} s",
    "leg.failed": _failed,
    "call.program": lambda _, data: f"connected with context {data.get('context')}",
    "program.step": lambda _, data: f"step {data.get('step')}{_labelled(data)}: {data.get('does')}",
    "program.gathered": lambda _, data: (
        f"{data.get('count')} digits gathered into {data.get('variable')}, by {data.get('by')}"
    ),
    "program.refused": lambda _, data: f"can't be rung: {data.get('message')}",
    "program.fetched": lambda _, data: (
        f"nothing fetched: {data['error']}"
        if data.get("error")
        else f"{data.get('steps')} steps fetched"
    ),
    "program.job": lambda _, data: (
        f"a call will be made: {data.get('job')}"
        if data.get("error") is None
        else f"no call will be made: {data.get('error')}"
    ),
    "program.error": lambda _, data: f"the program meets an error: {data.get('error')}",
    "program.stopped": lambda _, data: f"the program stops: {data.get('error')}",
    "call.bridged": lambda *_: "the two hear each other",
    "call.transferring": _transferring,
    "call.transferred": lambda _, data: f"answered after {data.get('ring_seconds', 0):.1f} s",
    "call.transfer_failed": _failed,
    "call.media_direct": lambda *_: "their audio goes past the server",
    "call.media_relayed": lambda *_: "their audio goes over the server again",
    "call.held": lambda phone, _: f"{phone} put the other on hold",
    "call.resumed": lambda phone, _: f"{phone} resumed",
    "channel.held": lambda phone, _: f"{phone} was put on hold",
    "channel.resumed": lambda phone, _: f"{phone} was taken off hold",
    "channel.warned": lambda phone, _: f"{phone} hears that the call is to end soon",
    "channel.digits_sent": lambda phone, data: f"{data.get('count')} keys pressed for {phone}",
    "call.recording_started": lambda _, data: f"recorded as {data.get('file')}",
    "call.recording_paused": lambda *_: "recording paused",
    "call.recording_resumed": lambda *_: "recording goes on",
    "call.recording_stopped": lambda _, data: (
        f"recording over: {data['error']}" if data.get("error") else "recording over"
    ),
    "channel.digit": lambda phone, data: f"{phone} pressed {data.get('digit')}",
    "channel.ended": _ended_channel,
    "call.ended": _ended,
}


def _labelled(data: Mapping[str, Any]) -> str:
    return f" ({data['label']})" if data.get("label") else ""


def _party(party: Any) -> str:
    if not isinstance(party, Mapping):
        return "?"
    name, number = party.get("name") or "", party.get("number") or ""
    if party.get("kind") == "number":
        return f"{number} ({name})" if name else str(number)
    return f"{party.get('kind')} {name} ({number})" if number != name else f"{name}"


def _cause(data: Mapping[str, Any]) -> str:
    cause = str(data.get("cause"))
    return _SPOKEN_CAUSES.get(cause, cause)
