// A program on the Basix CTI WebSocket as the vendor's are: in node, over the npm package ws, with
// the credentials in the URL. It was written anew from what is known of the vendor's library, web
// phone and of where they break: whatever would end them, or be read in two ways by versions of
// them, ends this one.
//
//   node basix_client.js FOLDER_OF_WS URL [USER_ID]
//
// Prints one JSON object for each thing that happens; a line of input that is a JSON object is sent
// as a command, "store" and "phone" print what is known, "quit" ends it.

"use strict";

const [folder, url, watched] = process.argv.slice(2);
const { createRequire } = require("node:module");
const WebSocket = createRequire(`${folder}/client.js`)("ws");

const say = (event, data = {}) => console.log(JSON.stringify({ event, ...data }));

// --- terms: one binary string, read from its left end ------------------------------------------

class Atom { constructor(value) { this.value = value; } }
class Binary { constructor(value) { this.value = value; } }
class Tuple { constructor(parts) { this.parts = parts; } }

class Term {
  constructor(text) { this.text = text; this.at = 0; }

  take(count) {
    if (this.at + count > this.text.length) throw new Error("less than announced");
    this.at += count;
    return this.text.slice(this.at - count, this.at);
  }

  // Big-endian; a first octet above 0x80 makes it negative, whatever was meant. Of a single octet
  // some versions say so and some do not.
  number(octets) {
    const taken = this.take(octets);
    const first = taken.charCodeAt(0);
    if (octets === 1 && first > 0x7f) throw new Error("an octet that versions read differently");
    let sum = 0;
    for (const octet of taken) sum = sum * 256 + octet.charCodeAt(0);
    return first > 0x80 ? sum - 256 ** octets : sum;
  }

  size(octets) {
    const size = this.number(octets);
    if (size < 0) throw new Error("a negative size");
    return size;
  }

  big(octets) {
    const size = this.size(octets);
    const negative = this.take(1).charCodeAt(0) === 1;
    let sum = 0;
    for (const octet of [...this.take(size)].reverse()) sum = sum * 256 + octet.charCodeAt(0);
    if (!Number.isSafeInteger(sum)) throw new Error("an integer beyond a double");
    return negative ? -sum : sum;
  }

  several(count) {
    const parts = [];
    while (parts.length < count) parts.push(this.next());
    return parts;
  }

  list() {
    const parts = this.several(this.size(4));
    if (this.take(1) !== "j") throw new Error("a list that does not end in nil");
    return parts;
  }

  atom(octets) {
    const name = this.take(this.size(octets));
    return new Atom(name === "true" ? true : name === "false" ? false : name);
  }

  next() {
    const tag = this.take(1).charCodeAt(0);
    switch (tag) {
      case 97: return this.number(1);
      case 98: return this.number(4);
      case 99: return parseFloat(this.take(31));
      case 100: return this.atom(2);
      case 104: return new Tuple(this.several(this.size(1)));
      case 106: return [];
      case 107: return this.take(this.size(2));
      case 108: return this.list();
      case 109: return new Binary(this.take(this.size(4)));
      case 110: return this.big(1);
      case 111: return this.big(4);
      case 115: return this.atom(1);
      default: throw new Error(`an unexpected type of term: ${tag}`);
    }
  }
}

function decoded(message) {
  const term = new Term(message.toString("binary"));
  if (term.take(1) !== "\x83") throw new Error("no term");
  const value = term.next();
  if (term.at !== term.text.length) throw new Error("octets behind the term");
  return value;
}

// --- rows: what columns are made of --------------------------------------------------------------

const MICROS_2020 = 1577836800000000;
const KNOWN_BY_ID = ["user", "group", "group_member", "terminal"];

function plain(term) {
  if (term instanceof Atom) return term.value === "undefined" ? undefined : term.value;
  if (term instanceof Binary) return term.value;
  if (term instanceof Tuple) return term.parts.map(plain);
  if (Array.isArray(term)) throw new Error("a list in a column comes out undefined");
  return term;
}

function state([ts, name, ...more]) {
  if (!(ts > MICROS_2020)) throw new Error(`a state since ${ts}`);
  const data = {};
  if (name === "calling") {
    const [location, type, whom] = more;
    Object.assign(data, { target_location: location, target_type: type });
    if (type === "user") data.user_id = whom[0];
    if (type === "pstn") data.address = whom[0];
    if (type === "bridged_endpoint") data.address = `${whom[0]}@${whom[1]}`;
    if (type === "group") {
      [data.group_type, data.group_id] = whom;
      if (data.group_type === "ring") data.group_queue_id = whom[4];
    }
  } else if (name === "park") {
    [data.slot, , data.parker_id, data.parker_name] = more;
  } else if (name === "eavesdrop") {
    [data.uuid, data.eavesdrop_state] = more;
  } else if (name === "system_operation") {
    [data.operation] = more;
  }
  return { ts, name, data };
}

const PARTS = ["id", "name", "organization", "avatar", "prefecture"];

function person(text) {
  const parts = text.split("*").map((part) => decodeURIComponent(part.replaceAll("+", "%20")));
  return Object.fromEntries(PARTS.map((name, at) => [name, parts[at]]));
}

function people(text) {
  if (/^\*+$/.test(text)) return null;
  if (!text.startsWith("_MANY_:")) return { count: 1, items: [person(text)] };
  const [head, ...each] = text.split("|");
  return { count: parseInt(head.split(":")[1], 10), items: each.map(person) };
}

function otherInfo([type, who, direction, peer_location, address, offer_timestamp, group_id, whoscall]) {
  const info = { type, direction, peer_location, address, offer_timestamp, whoscall };
  if (type === "user") return { ...info, user_id: who, group_id };
  return { ...info, end_user: who ? people(who) : null };
}

const decodeUtf8 = (text) =>
  text && new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(text, "binary"));

const specs = {};

function object(element, row) {
  const terms = row instanceof Tuple ? row.parts : row;
  const columns = specs[element];
  const found = Object.fromEntries(columns.map((name, at) => [name, plain(terms[at])]));
  if (element === "user" || element === "group") found.label = decodeUtf8(found.label);
  if (element !== "channel" && element !== "channel_waiting") return found;
  if (found.other_info) found.other_info = otherInfo(found.other_info);
  if (found.state) found.state = state(found.state);
  if (found.target) {
    const [type, id, name, address] = found.target;
    found.target = { type, id, name, address };
  }
  if (found.end_user) found.end_user = people(found.end_user);
  if (found.origination) found.origination = found.origination.split("*").map(decodeURIComponent);
  if (found.tags) found.tags = found.tags.split(";");
  return found;
}

// --- the store, as the web app keeps it ------------------------------------------------------------

const store = { channel: {}, channel_waiting: {}, user: {}, group: {}, group_member: {}, terminal: {} };
const greeted = new Set();

function fill(element, rows) {
  if (greeted.has(element)) throw new Error(`${element} is told once`);
  greeted.add(element);
  for (const row of rows) {
    const found = object(element, row);
    store[element][found[KNOWN_BY_ID.includes(element) ? "id" : "uuid"]] = found;
  }
  Object.values(store[element]).forEach((one) => ring(element, one, "updated"));
  say("initial_info", { element, count: rows.length });
}

function change(element, row, name) {
  const found = object(element, row);
  const id = found.id || found.uuid;
  const is = id in store[element];
  if (name === "added" ? is : !is) throw new Error(`${name} of ${element} ${id}`);
  if (name === "removed") delete store[element][id];
  else store[element][id] = found;
  if (found.last_event === "CHANNEL_HANGUP" && name !== "removed") throw new Error("a ghost");
  ring(element, found, name);
  say("info_event", { element, name, row: found });
}

// --- the web phone's bookkeeping: what rings for its user, and what is parked ----------------------

const phone = { ringing: {}, parking: {}, heard: [] };
const user = watched === undefined ? undefined : Number(watched);

function ring(element, found, name) {
  if (user === undefined) return;
  if (element === "channel") ringsMe(found, name);
  if (element === "channel_waiting") parks(found, name);
}

function ringsMe(channel, name) {
  if (channel.user_id !== user) return;
  const webPhone = channel.called_number.startsWith("RINGING_PARK");
  if (webPhone && channel.direction === "outbound" && channel.state) {
    if (name === "removed") {
      delete phone.ringing[channel.uuid];
    } else if (name === "updated" && channel.state.name === "ringing") {
      const self = Boolean(channel.tags && channel.tags.includes("auto_answer"));
      phone.ringing[channel.uuid] = { dial: `pickup_uuid.${channel.other_uuid}`, self };
    }
  } else if (!webPhone) {
    phone.heard.push([channel.call_id, name, channel.state.name]);
  }
}

function parks(channel, name) {
  if (channel.state.name !== "park") return;
  const me = store.user[user];
  const slot = channel.state.data.slot;
  const first = 901 + me.park_group * 3;
  const common = slot >= 997 && slot <= 999;
  if (!common && !(slot >= first && slot < first + 3)) return;
  const place = common ? slot - 993 : slot - first + 1;
  if (name === "removed") {
    delete phone.parking[place];
    return;
  }
  phone.parking[place] = {
    uuid: channel.uuid,
    since: channel.state.ts,
    parker: store.user[channel.state.data.parker_id],
    address: channel.direction === "inbound" ? channel.calling_number : channel.called_number,
  };
}

// --- messages, and what is wanted of us --------------------------------------------------------------

function take(message) {
  const [head, ...rest] = decoded(message).parts;
  const name = head instanceof Atom ? head.value : head;
  if (name === "field_spec") {
    specs[rest[0]] = rest[1].map((column) => column.value);
    if (specs[rest[0]].includes(undefined)) throw new Error("a column without a name");
  } else if (name === "initial_info") {
    fill(...rest);
  } else if (name === "info_event") {
    change(...rest);
  } else if (name === "system_msg" && typeof rest[0] === "string") {
    say("system_msg", { text: rest[0] });
  } else {
    throw new Error(`an unknown message ${name}`);
  }
}

const socket = new WebSocket(url, { perMessageDeflate: false });
socket.on("open", () => say("open"));
socket.on("message", (message, isBinary) => {
  if (isBinary === false) throw new Error("a text");
  take(message);
});
socket.on("error", (error) => say("error", { text: error.message }));
socket.on("close", (code) => {
  say("close", { code });
  process.exit(0);
});

require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  if (line === "quit") socket.close();
  else if (line === "store") say("store", { store });
  else if (line === "phone") say("phone", phone);
  else socket.send(line);
});
