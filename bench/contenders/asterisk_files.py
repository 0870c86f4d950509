"""The configuration of an Asterisk that does nothing but the calls that are measured.

Tuned fairly: no logging, no CDR and CEL, no module that the job does not need, no re-INVITE for
a connected line, threads that stay, and no event made that nobody reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

APP, USER, SECRET = "bench", "bench", "bench-secret"
DIAL_SECONDS, TALK_SECONDS = 20, 1
MOST_FILES = 20_000


@dataclass(frozen=True, slots=True)
class Ports:
    """Where one Asterisk is; several run beside each other."""

    sip: int
    control: int
    """Of the REST interface or of the manager, whichever there is."""
    media: int


MEDIA_PORTS = 3_000

BASE = (
    "res_pjproject",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_timing_timerfd",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_caller_id",
    "res_pjsip_sdp_rtp",
    "res_pjsip_endpoint_identifier_ip",
    "res_rtp_asterisk",
    "chan_pjsip",
    "codec_ulaw",
    "codec_alaw",
    "format_pcm",
    "bridge_simple",
    "bridge_native_rtp",
    "pbx_config",
    "func_channel",
    "func_callerid",
    "app_dial",
)
ARI = (
    "res_http_websocket",
    "res_websocket_client",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "app_stasis",
    "res_ari",
    "res_ari_model",
    "res_ari_asterisk",
    "res_ari_events",
    "res_ari_applications",
    "res_ari_channels",
    "res_ari_bridges",
    "bridge_softmix",
    "bridge_holding",
)

DECLINED = (
    "ast_channel_varset_type",
    "ast_channel_hangup_handler_type",
    "ast_channel_dtmf_begin_type",
    "ast_channel_dtmf_end_type",
    "ast_channel_moh_start_type",
    "ast_channel_moh_stop_type",
    "ast_rtp_rtcp_sent_type",
    "ast_rtp_rtcp_received_type",
    "ast_security_event_type",
    "ast_test_suite_message_type",
    "stasis_test_message_type",
    "ast_mwi_state_type",
    "ast_presence_state_message_type",
    "ast_system_registry_type",
    "ast_multi_user_event_type",
)
"""Events that nobody reads here. Where the manager is on, it needs them."""

MAIN = """\
[directories]
astetcdir => {folder}
astmoddir => {modules}
astdatadir => {root}/usr/share/asterisk
astvarlibdir => {folder}
astdbdir => {folder}
astkeydir => {folder}
astagidir => {folder}
astspooldir => {folder}
astrundir => {folder}
astlogdir => {folder}
astsbindir => {folder}
[options]
verbose = 0
debug = 0
hideconnect = yes
maxfiles = {most_files}
"""
PJSIP = """\
[global]
type=global
endpoint_identifier_order=ip
mwi_disable_initial_unsolicited=yes
[system]
type=system
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}
[phone]
type=endpoint
context=bench
disallow=all
allow=ulaw,alaw
direct_media=no
send_connected_line=no
send_pai=no
send_rpid=no
trust_connected_line=no
rtp_symmetric=no
identify_by=ip
[phone]
type=identify
endpoint=phone
match=127.0.0.1
"""
STASIS = """\
[taskpool]
initial_size=5
max_size=10
idle_timeout_sec=0
"""
DIALPLAN = f"""\
[bench]
exten => click,1,Dial(PJSIP/phone/${{SECOND}},{DIAL_SECONDS},S({TALK_SECONDS}))
 same => n,Hangup()
"""
MANAGER = """\
[general]
enabled=yes
bindaddr=127.0.0.1
port={port}
webenabled=no
[{user}]
secret={secret}
read=call
write=originate,call
eventfilter=Event: OriginateResponse
eventfilter=Event: DialEnd
eventfilter=Event: Hangup
"""
HTTP = """\
[general]
enabled=yes
bindaddr=127.0.0.1
bindport={port}
session_keep_alive=60000
session_limit=200
"""
REST = f"""\
[general]
enabled=yes
[{USER}]
type=user
read_only=no
password={SECRET}
"""
OFF = "[general]\nenabled=no\n"


def write(folder: Path, root: Path, ports: Ports, by_manager: bool) -> Path:
    """Write all files for an Asterisk under ``root``; the path of the first to read."""
    modules = next((root / "usr/lib").glob("*-linux-gnu")) / "asterisk/modules"
    loaded = BASE if by_manager else BASE + ARI
    declined = "" if by_manager else "".join(f"decline={one}\n" for one in DECLINED)
    manager = MANAGER.format(port=ports.control, user=USER, secret=SECRET)
    files = {
        "asterisk.conf": MAIN.format(
            folder=folder, root=root, modules=modules, most_files=MOST_FILES
        ),
        "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load={m}.so\n" for m in loaded),
        "pjsip.conf": PJSIP.format(port=ports.sip),
        "stasis.conf": STASIS + f"[declined_message_types]\n{declined}",
        "extensions.conf": DIALPLAN,
        "rtp.conf": f"[general]\nrtpstart={ports.media}\nrtpend={ports.media + MEDIA_PORTS - 1}\n",
        "logger.conf": "[general]\n[logfiles]\nerrors => error\n",
        "manager.conf": manager if by_manager else OFF,
        "http.conf": OFF if by_manager else HTTP.format(port=ports.control),
        "ari.conf": OFF if by_manager else REST,
        "cdr.conf": "[general]\nenable=no\n",
        "cel.conf": "[general]\nenable=no\n",
        "indications.conf": "[general]\ncountry=us\n[us]\nring=440+480/2000,0/4000\n",
    }
    for empty in ("acl", "pjproject", "websocket_client", "features", "udptl", "ccss"):
        files[f"{empty}.conf"] = ""
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder / "asterisk.conf"
