// A Zajel peer on a browser's own WebRTC and WebCrypto that shares no code with Culver: signaling,
// the handshake, sealed texts, files. Written from docs/protocol/signaling.md and
// docs/protocol/peer.md. chromium_peer.py opens the page and takes its events.

const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const chunkSize = 16384;
const [high, low] = [1 << 20, 256 << 10];  // of the bytes that wait in a channel

let said = Promise.resolve();
function say(type, fields = {}) {
  const body = JSON.stringify({v: 1, type, data: fields});
  said = said.then(() => fetch('/event', {method: 'POST', body}));
  return said;
}

function expect(holds, what) {
  if (!holds) throw new Error(what);
}

function toBase64(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const toHex = (buffer) =>
    Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
const utf8 = (text) => new TextEncoder().encode(text);
const fromUtf8 = (bytes) => new TextDecoder('utf-8', {fatal: true}).decode(bytes);
const sha256 = async (bytes) => toHex(await crypto.subtle.digest('SHA-256', bytes));

/// As a page on a slow machine: nothing else of it runs meanwhile, but its network does.
function beBusy(milliseconds) {
  const until = performance.now() + milliseconds;
  while (performance.now() < until) {
  }
}

// ---- keys ----

const makePair = () => crypto.subtle.generateKey({name: 'X25519'}, false, ['deriveBits']);
const publicKey = async (pair) =>
    toBase64(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));

async function agree(pair, theirs) {
  const key = await crypto.subtle.importKey('raw', fromBase64(theirs), {name: 'X25519'}, true, []);
  const bits =
      await crypto.subtle.deriveBits({name: 'X25519', public: key}, pair.privateKey, 256);
  return new Uint8Array(bits);
}

/// Frames under the one key of a session.
class Seal {
  static async make(secret, info) {
    const secretKey = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
    const how = {name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: utf8(info)};
    const bits = await crypto.subtle.deriveBits(how, secretKey, 256);
    const seal = new Seal();
    seal.key = await crypto.subtle.importKey('raw-secret', bits, 'ChaCha20-Poly1305', false,
                                             ['encrypt', 'decrypt']);
    return seal;
  }
  async close(bytes) {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const sealed = new Uint8Array(
        await crypto.subtle.encrypt({name: 'ChaCha20-Poly1305', iv}, this.key, bytes));
    const frame = new Uint8Array(12 + sealed.length);
    frame.set(iv);
    frame.set(sealed, 12);
    return toBase64(frame);
  }
  async open(text) {
    const frame = fromBase64(text);
    return new Uint8Array(await crypto.subtle.decrypt(
        {name: 'ChaCha20-Poly1305', iv: frame.subarray(0, 12)}, this.key, frame.subarray(12)));
  }
}

/// What arrives, until somebody asks for it.
class Queue {
  items = [];
  takers = [];
  put(item) {
    const taker = this.takers.shift();
    if (taker) taker(item);
    else this.items.push(item);
  }
  take() {
    if (this.items.length > 0) return Promise.resolve(this.items.shift());
    return new Promise((resolve) => this.takers.push(resolve));
  }
}

// ---- the server ----

class Server {
  messages = new Queue();
  static async connect(url, key) {
    const server = new Server();
    server.socket = new WebSocket(url);
    server.socket.onmessage = (event) => server.messages.put(JSON.parse(event.data));
    await new Promise((resolve, reject) => {
      server.socket.onopen = resolve;
      server.socket.onerror = () => reject(new Error('the server cannot be reached'));
    });
    server.code = Array.from(crypto.getRandomValues(new Uint8Array(6)), (n) => alphabet[n & 31])
                      .join('');
    server.send({type: 'register', pairingCode: server.code, publicKey: key});
    await server.wait('registered');
    return server;
  }
  send(message) {
    this.socket.send(JSON.stringify(message));
  }
  /// The next message of this type; a refusal is a failure.
  async wait(type) {
    const refusals = ['error', 'pair_error', 'pair_rejected', 'pair_timeout', 'code_collision'];
    while (true) {
      const message = await this.messages.take();
      if (message.type === type) return message;
      expect(!refusals.includes(message.type), `the server said ${JSON.stringify(message)}`);
    }
  }
}

// ---- the peer ----

class Peer {
  connection = new RTCPeerConnection();
  channels = {};
  frames = new Queue();  // {label, text}; null once a channel has closed

  async meet() {
    this.identity = await makePair();
    this.ephemeral = await makePair();
    this.handshake = JSON.stringify({
      type: 'handshake', publicKey: await publicKey(this.identity), ratchetVersion: 1,
      username: 'chromium',
      ...(options.fileAcks ? {fileAcks: true} :
                             {ephemeralKey: await publicKey(this.ephemeral)}),
    });
    this.server = await Server.connect(options.server, await publicKey(this.identity));
    say('online', {code: this.server.code});
    if (options.ask) {
      this.server.send(
          {type: 'pair_request', targetCode: options.ask, proposedName: 'chromium'});
    } else {
      const asked = await this.server.wait('pair_incoming');
      this.server.send({type: 'pair_response', targetCode: asked.fromCode, accepted: true});
    }
    this.match = await this.server.wait('pair_matched');
    expect(this.match.isInitiator === Boolean(options.ask), 'the roles are as asked for');
  }

  signal(type, payload) {
    this.server.send({type, target: this.match.peerCode, payload});
  }

  watch(channel) {
    this.channels[channel.label] = channel;
    channel.onmessage = (event) => this.frames.put({label: channel.label, text: event.data});
    channel.onclose = () => this.frames.put(null);
    if (channel.label === 'messages') this.greet(channel);
  }

  /// Until something can be sent. A channel may call itself open before the association below it is,
  /// and then loses what it is given; and either may happen first.
  async opened(channel) {
    const once = (target, event) =>
        new Promise((resolve) => target.addEventListener(event, resolve, {once: true}));
    while (true) {
      const {sctp} = this.connection;
      if (channel.readyState === 'connecting') await once(channel, 'open');
      else if (sctp && sctp.state === 'connecting') await once(sctp, 'statechange');
      else return;
    }
  }

  async greet(channel) {
    await this.opened(channel);
    channel.send(this.handshake);
  }

  async describe(kind) {
    const description = kind === 'offer' ? await this.connection.createOffer() :
                                           await this.connection.createAnswer();
    await this.connection.setLocalDescription(description);
    this.signal(kind, {type: kind, sdp: description.sdp});
  }

  /// Never ends: candidates may come late.
  async negotiate() {
    const {connection} = this;
    connection.ondatachannel = (event) => {
      beBusy(options.late);
      this.watch(event.channel);
    };
    connection.onicecandidate = ({candidate}) => {
      if (candidate) this.signal('ice_candidate', candidate.toJSON());
    };
    connection.onconnectionstatechange = () => {
      if (['failed', 'closed'].includes(connection.connectionState)) this.frames.put(null);
    };
    if (options.ask) {
      this.watch(connection.createDataChannel('messages'));
      this.watch(connection.createDataChannel('files'));
      await this.describe('offer');
    }
    const early = [];
    let described = false;
    while (true) {
      const {type, from, payload} = await this.server.messages.take();
      if (from !== this.match.peerCode) continue;
      if (type === 'offer' || type === 'answer') {
        expect((type === 'answer') === Boolean(options.ask), `unexpected ${type}`);
        await connection.setRemoteDescription({type, sdp: payload.sdp});
        if (type === 'offer') await this.describe('answer');
        described = true;
        for (const candidate of early) await connection.addIceCandidate(candidate);
      } else if (type === 'ice_candidate') {
        if (described) await connection.addIceCandidate(payload);
        else early.push(payload);
      }
    }
  }

  /// The next envelope or text that is for us, as [what, its content]; null at the end.
  async receive() {
    const frame = await this.frames.take();
    if (frame === null) return null;
    let message = null;
    try {
      message = JSON.parse(frame.text);
    } catch {
      // a sealed text
    }
    if (message !== null) return [message.type, message];
    return ['text', fromUtf8(await this.seal.open(frame.text))];
  }

  async onHandshake(message) {
    expect(message.publicKey === this.match.peerPublicKey, 'the key is the paired one');
    this.theirs = message;
    const fixed = await agree(this.identity, message.publicKey);
    const version = message.ephemeralKey && !options.fileAcks ? 2 : 1;
    if (version === 2) {
      const fresh = await agree(this.ephemeral, message.ephemeralKey);
      const both = new Uint8Array(64);
      both.set(fixed);
      both.set(fresh, 32);
      this.seal = await Seal.make(both, 'zajel_session_v2');
    } else {
      this.seal = await Seal.make(fixed, 'zajel_session');
    }
    say('peerConnected', {version});
  }

  /// Until at most LEVEL bytes wait in the channel.
  async drained(label, level) {
    const channel = this.channels[label];
    channel.bufferedAmountLowThreshold = level;
    while (channel.bufferedAmount > level)
      await new Promise((resolve) => (channel.onbufferedamountlow = resolve));
  }

  async sendOn(label, frame) {
    const channel = this.channels[label];
    await this.opened(channel);
    if (channel.bufferedAmount > high) await this.drained(label, low);
    channel.send(frame);
  }
  /// Files are, if both handshakes say so.
  acknowledged() {
    return options.fileAcks && this.theirs.fileAcks === true;
  }
  sendEnvelope(envelope) {
    return this.sendOn('files', JSON.stringify(envelope));
  }

  async sendFile(fileName) {
    const bytes = new Uint8Array(await (await fetch('/file/' + fileName)).arrayBuffer());
    const [fileId, totalSize] = [crypto.randomUUID(), bytes.length];
    const totalChunks = Math.ceil(totalSize / chunkSize);
    await this.sendEnvelope({type: 'file_start', fileId, fileName, totalSize, totalChunks});
    const confirmed = this.acknowledged();
    if (confirmed) {
      const answer = await this.waitEnvelope('file_start_ack');
      expect(answer.accepted, `the file is not wanted: ${JSON.stringify(answer)}`);
    }
    for (let chunkIndex = 0; chunkIndex < totalChunks; ++chunkIndex) {
      const chunk = bytes.subarray(chunkIndex * chunkSize, (chunkIndex + 1) * chunkSize);
      const data = await this.seal.close(utf8(toBase64(chunk)));
      await this.sendEnvelope({type: 'file_chunk', fileId, chunkIndex, data});
    }
    const digest = await sha256(bytes);
    await this.sendEnvelope({type: 'file_complete', fileId, sha256: digest});
    if (confirmed) {
      const answer = await this.waitEnvelope('file_complete_ack');
      expect(answer.status === 'success', `the file did not arrive: ${JSON.stringify(answer)}`);
    }
    say('fileSent', {name: fileName, sha256: digest, isConfirmed: confirmed});
  }

  async waitEnvelope(kind) {
    while (true) {
      const what = await this.receive();
      expect(what, `the channel closed before ${kind}`);
      if (what[0] === kind) return what[1];
      await this.take(...what);
    }
  }

  async take(kind, content) {
    if (kind === 'handshake') await this.onHandshake(content);
    if (kind === 'text') say('textReceived', {text: content});
    if (kind === 'file_start') {
      this.incoming = {start: content, bytes: new Uint8Array(content.totalSize), filled: 0,
                       chunks: 0};
      if (this.acknowledged())
        await this.sendEnvelope({type: 'file_start_ack', fileId: content.fileId, accepted: true});
    }
    if (kind === 'file_chunk') await this.takeChunk(content);
    if (kind === 'file_complete') await this.concludeFile(content);
  }

  async takeChunk({chunkIndex, data}) {
    const {start, bytes, filled} = this.incoming;
    expect(chunkIndex === this.incoming.chunks++, 'chunks come in order');
    expect(chunkIndex < start.totalChunks, 'there are no more than announced');
    const chunk = fromBase64(fromUtf8(await this.seal.open(data)));
    bytes.set(chunk, filled);
    this.incoming.filled += chunk.length;
  }

  async concludeFile(complete) {
    const {start, bytes, filled} = this.incoming;
    const digest = await sha256(bytes);
    expect(filled === start.totalSize, 'the size is the announced one');
    expect(complete.sha256 === digest, 'the digest is the announced one');
    say('fileReceived', {name: start.fileName, size: filled, sha256: digest});
    if (!this.acknowledged()) return;
    await this.drained('messages', 0);
    await this.sendEnvelope({type: 'file_complete_ack', fileId: start.fileId, status: 'success'});
  }

  /// A channel closes after its last message has arrived. The other side may then end all of them.
  /// usrsctp closes one that had to wait for that only when more data comes: hence the texts.
  async part() {
    const quiet = await this.seal.close(utf8('typ:stop'));
    for (const label of ['files', 'messages']) {
      const channel = this.channels[label];
      const closed = new Promise((resolve) => channel.addEventListener('close', resolve));
      channel.close();
      const timer = setInterval(() => {
        if (this.channels.messages.readyState === 'open') this.channels.messages.send(quiet);
      }, 100);
      if (channel.readyState !== 'closed') await closed;
      clearInterval(timer);
    }
    this.connection.close();
  }

  async converse() {
    while (!this.seal) {
      const what = await this.receive();
      expect(what, 'the channel closed before the handshake');
      await this.take(...what);
    }
    for (const text of options.texts)
      await this.sendOn('messages', await this.seal.close(utf8(text)));
    for (const file of options.files) await this.sendFile(file);
    if (options.ask) {  // whoever asked says goodbye
      await this.part();
    } else {
      for (let what; (what = await this.receive()) !== null;) await this.take(...what);
    }
  }
}

const peer = new Peer();
try {
  await peer.meet();
  await Promise.race([peer.negotiate(), peer.converse()]);
  await say('peerDisconnected');
} catch (error) {
  await say('failed', {message: String(error)});
}
