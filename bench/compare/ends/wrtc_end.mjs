// One end of a data channel of @roamhq/wrtc (libwebrtc); lines.mjs says how it is driven.
import wrtc from '@roamhq/wrtc';

import {Arrivals, bytes, message, now, offers, onSignal, say, setups, signal} from './lines.mjs';

const [high, low] = [4 << 20, 1 << 20];
let connection = null;
let channel = null;
let began = 0;
let open = false;
let run = 0;
let early = [];

function make() {
  early = [];
  connection = new wrtc.RTCPeerConnection();
  const mine = run;
  connection.onicecandidate = ({candidate}) => {
    if (candidate) signal({run: mine, candidate});
  };
}

async function offer() {
  open = false;
  began = now();
  make();
  watch(connection.createDataChannel('files'));
  const made = await connection.createOffer();
  await connection.setLocalDescription(made);
  signal({run, began, sdp: made.sdp, type: 'offer'});
}

function watch(made) {
  channel = made;
  channel.binaryType = 'arraybuffer';
  const arrivals = new Arrivals();
  channel.onmessage = ({data}) => arrivals.add(data.byteLength);
  if (channel.readyState === 'open') onChannel();
  else channel.onopen = onChannel;
}

function onChannel() {
  say({event: 'opened', run, ms: now() - began});
  if (setups === 0) return offers && send();
  if (!offers) return signal({run, opened: true});
  bothOpen();
}

/// Called once for each end.
function bothOpen() {
  if (open) return next();
  open = true;
}

function next() {
  connection.close();
  if (++run < setups) offer();
  else say({event: 'done'});
}

/// Polls: its event of a low buffered amount comes late or not at all.
function send() {
  const piece = new Uint8Array(message).fill(7);
  let left = bytes;
  const pump = () => {
    if (channel.bufferedAmount > low) return;
    while (left > 0 && channel.bufferedAmount < high) {
      const size = Math.min(left, message);
      channel.send(size === message ? piece : piece.subarray(0, size));
      left -= size;
    }
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(pump, 1);
}

async function take(heard) {
  if (heard.opened) {
    bothOpen();
  } else if (heard.sdp) {
    if (!offers) {
      if (connection) connection.close();
      [run, began] = [heard.run, heard.began];
      make();
      connection.ondatachannel = (event) => watch(event.channel);
    }
    await connection.setRemoteDescription({type: heard.type, sdp: heard.sdp});
    if (!offers) {
      const made = await connection.createAnswer();
      await connection.setLocalDescription(made);
      signal({run, sdp: made.sdp, type: 'answer'});
    }
    for (const candidate of early.splice(0)) await connection.addIceCandidate(candidate);
  } else if (heard.run === run && connection.remoteDescription) {
    await connection.addIceCandidate(heard.candidate);
  } else if (heard.run === run) {
    early.push(heard.candidate);
  }
}

let order = Promise.resolve();
onSignal((heard) => (order = order.then(() => take(heard))));
if (offers) offer();
