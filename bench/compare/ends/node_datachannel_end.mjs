// One end of a data channel of node-datachannel (libdatachannel); lines.mjs says how it is driven.
import nodeDataChannel from 'node-datachannel';

import {Arrivals, bytes, message, now, offers, onSignal, say, setups, signal} from './lines.mjs';

const [high, low] = [4 << 20, 1 << 20];
let connection = null;
let channel = null;  // kept: a channel that is collected closes
let began = 0;
let open = false;
let run = 0;

function make() {
  connection = new nodeDataChannel.PeerConnection('end', {iceServers: []});
  connection.onLocalDescription((sdp, type) => signal({run, began, sdp, type}));
  connection.onLocalCandidate((candidate, mid) => signal({run, candidate, mid}));
}

function offer() {
  open = false;
  began = now();
  make();
  watch(connection.createDataChannel('files'));
}

function watch(made) {
  channel = made;
  const arrivals = new Arrivals();
  channel.onMessage((data) => arrivals.add(data.length));
  let opened = false;
  const onOpen = () => {
    if (opened) return;
    opened = true;
    onChannel();
  };
  channel.onOpen(onOpen);
  if (channel.isOpen()) onOpen();
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

function send() {
  const piece = Buffer.alloc(message, 7);
  let left = bytes;
  const pump = () => {
    while (left > 0 && channel.bufferedAmount() < high) {
      const size = Math.min(left, message);
      channel.sendMessageBinary(size === message ? piece : piece.subarray(0, size));
      left -= size;
    }
  };
  channel.setBufferedAmountLowThreshold(low);
  channel.onBufferedAmountLow(pump);
  pump();
}

onSignal((heard) => {
  if (heard.opened) {
    bothOpen();
  } else if (heard.sdp) {
    if (!offers) {
      if (connection) connection.close();
      [run, began] = [heard.run, heard.began];
      make();
      connection.onDataChannel(watch);
    }
    connection.setRemoteDescription(heard.sdp, heard.type);
  } else if (heard.run === run) {
    connection.addRemoteCandidate(heard.candidate, heard.mid);
  }
});
if (offers) offer();
