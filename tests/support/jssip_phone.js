// JsSIP as a phone in tests: registers, and does with calls what it is told, a word a line.
// It runs without a browser: what would make the audio only says in SDP where to send plain RTP.
//
//   node jssip_phone.js FOLDER_OF_JSSIP URL DOMAIN USER PASSWORD RTP_PORT

"use strict";

const [folder, url, domain, user, password, port] = process.argv.slice(2);
const { createRequire } = require("node:module");
const fetched = createRequire(`${folder}/phone.js`);

class AudioOnly extends EventTarget {
  signalingState = "stable";
  iceConnectionState = "connected";
  iceGatheringState = "complete";
  localDescription = null;
  version = 0;

  async setRemoteDescription(description) {
    if (!/^m=audio [1-9]/m.test(description.sdp)) throw new Error("no audio is offered");
    this.remoteDescription = description;
    tell("offered", { sdp: description.sdp });
  }

  async createAnswer() {
    return { type: "answer", sdp: this.describe() };
  }

  async createOffer() {
    return { type: "offer", sdp: this.describe() };
  }

  describe() {
    this.version += 1;
    const lines = [
      "v=0", `o=- 1 ${this.version} IN IP4 127.0.0.1`, "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
      `m=audio ${port} RTP/AVP 0`, "a=rtpmap:0 PCMU/8000", "a=sendrecv", "",
    ];
    return lines.join("\r\n");
  }

  async setLocalDescription(description) {
    this.localDescription = description;
  }

  getSenders() { return []; }
  getReceivers() { return []; }
  addTrack() {}
  close() {}
}

globalThis.WebSocket = fetched("ws");
globalThis.RTCPeerConnection = AudioOnly;
globalThis.RTCSessionDescription = class { constructor(given) { Object.assign(this, given); } };
globalThis.window = globalThis;

const JsSIP = fetched("jssip");

function tell(event, data = {}) {
  console.log(JSON.stringify({ event, ...data }));
}

const ua = new JsSIP.UA({
  sockets: [new JsSIP.WebSocketInterface(url)],
  uri: `sip:${user}@${domain}`,
  password,
  register_expires: 300,
  connection_recovery_min_interval: 1,
});

let session = null;
for (const event of ["connected", "disconnected", "registered", "unregistered"]) {
  ua.on(event, () => tell(event));
}
ua.on("registrationFailed", (what) => tell("registrationFailed", { cause: what.cause }));
ua.on("newRTCSession", (what) => {
  session = what.session;
  tell("called", { from: session.remote_identity.toString() });
  for (const event of ["accepted", "confirmed", "hold", "unhold"]) {
    session.on(event, () => tell(event));
  }
  for (const event of ["ended", "failed"]) {
    session.on(event, (end) => tell(event, { cause: end.cause, by: end.originator }));
  }
});

const COMMANDS = {
  answer: () => session.answer({ mediaConstraints: { audio: false, video: false } }),
  decline: () => session.terminate({ status_code: 486 }),
  hold: () => session.hold(),
  unhold: () => session.unhold(),
  hangup: () => session.terminate(),
  quit: () => { ua.stop(); setTimeout(() => process.exit(0), 500); },
};

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  COMMANDS[line.trim()]();
});
ua.start();
