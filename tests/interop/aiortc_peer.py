#!/usr/bin/python3
"""A Zajel peer on aiortc that shares no code with Culver's engine: signaling, the handshake, sealed
texts, files. Written from docs/protocol/signaling.md and docs/protocol/peer.md. With --ask CODE it
asks for the pairing and so is the offerer, otherwise it shows a code and answers. Every line on
standard output is an event in JSON; exit code 0 is a session that ended as it should."""

import argparse
import asyncio
import base64
import hashlib
import json
import os
import secrets
import sys
import threading
import uuid
from pathlib import Path

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
sys.dont_write_bytecode = True

from gateway_client import BOUND, Closed, WebSocket  # noqa: E402

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CHUNK = 16_384
HIGH, LOW = 1 << 20, 256 << 10  # of the bytes that wait in a channel


class Failure(Exception):
    """The other side did not do what the protocol says."""


def expect(holds, what):
    if not holds:
        raise Failure(what)


def say(event, **fields):
    print(json.dumps({"v": 1, "type": event, "data": fields}), flush=True)


def b64(data):
    return base64.b64encode(data).decode()


def raw(public_key):
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def agree(private_key, their_key):
    return private_key.exchange(X25519PublicKey.from_public_bytes(base64.b64decode(their_key)))


class Seal:
    """Frames under the one key of a session."""

    def __init__(self, secret, info):
        key = HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(secret)
        self._aead = ChaCha20Poly1305(key)

    def close(self, data):
        nonce = os.urandom(12)
        return b64(nonce + self._aead.encrypt(nonce, data, None))

    def open(self, frame):
        data = base64.b64decode(frame, validate=True)
        return self._aead.decrypt(data[:12], data[12:], None)


class Server:
    """The signaling socket; a thread reads it."""

    def __init__(self, url, identity):
        self._socket = WebSocket(url)
        self._messages = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self._put = lambda m: loop.call_soon_threadsafe(self._messages.put_nowait, m)
        self.code = "".join(secrets.choice(ALPHABET) for _ in range(6))
        self.send(type="register", pairingCode=self.code, publicKey=b64(raw(identity.public_key())))
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                self._put(json.loads(self._socket.receive()))
        except (Closed, OSError, RuntimeError):
            pass  # whoever waits for a message has a bound

    def send(self, **message):
        self._socket.send(json.dumps(message))

    async def receive(self):
        return await self._messages.get()

    async def wait(self, *kinds):
        """The next message of one of these types; a refusal is a failure."""
        while True:
            message = await self.receive()
            if message["type"] in kinds:
                return message
            expect(message["type"] not in ("error", "pair_error", "pair_rejected", "pair_timeout",
                                           "code_collision"), f"the server said {message}")


class Peer:
    def __init__(self, options):
        self.options = options
        self.identity = X25519PrivateKey.generate()
        self.ephemeral = X25519PrivateKey.generate()
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.channels = {}
        self.frames = asyncio.Queue()  # (label, text); None once a channel has closed
        self.server = None
        self.match = None
        self.seal = None
        self.theirs = None             # their handshake
        self.incoming = None           # the start of a file, and its bytes so far

    # ---- up to the open channels ----

    async def meet(self):
        self.server = Server(self.options.server, self.identity)
        await self.server.wait("registered")
        say("online", code=self.server.code)
        if self.options.ask:
            self.server.send(type="pair_request", targetCode=self.options.ask,
                             proposedName="aiortc")
        else:
            asked = await self.server.wait("pair_incoming")
            self.server.send(type="pair_response", targetCode=asked["fromCode"], accepted=True)
        self.match = await self.server.wait("pair_matched")
        expect(self.match["isInitiator"] == bool(self.options.ask), "the roles are as asked for")

    def signal(self, kind, payload):
        self.server.send(type=kind, target=self.match["peerCode"], payload=payload)

    def watch(self, channel):
        self.channels[channel.label] = channel

        @channel.on("message")
        def on_message(message):
            self.frames.put_nowait((channel.label, message))

        @channel.on("close")
        def on_close():
            self.frames.put_nowait(None)

        if channel.label == "messages":
            if channel.readyState == "open":
                self.greet()
            else:
                channel.on("open", self.greet)

    def greet(self):
        self.channels["messages"].send(json.dumps({
            "type": "handshake", "publicKey": b64(raw(self.identity.public_key())),
            "ratchetVersion": 1, "username": "aiortc",
            **({"fileAcks": True} if self.options.file_acks else
               {"ephemeralKey": b64(raw(self.ephemeral.public_key()))})}))

    async def describe(self, kind):
        made = await (self.connection.createOffer() if kind == "offer"
                      else self.connection.createAnswer())
        await self.connection.setLocalDescription(made)  # with all candidates
        self.signal(kind, {"type": kind, "sdp": self.connection.localDescription.sdp})

    async def negotiate(self):
        """Goes on after the connection stands: candidates may come late."""
        connection, early, is_described = self.connection, [], False
        connection.on("datachannel", self.watch)

        @connection.on("connectionstatechange")
        def on_state():
            if connection.connectionState in ("failed", "closed"):
                self.frames.put_nowait(None)

        if self.options.ask:
            self.watch(connection.createDataChannel("messages"))
            self.watch(connection.createDataChannel("files"))
            await self.describe("offer")
        while True:
            message = await self.server.receive()
            if message.get("from") != self.match["peerCode"]:
                continue
            kind, payload = message["type"], message["payload"]
            if kind in ("offer", "answer"):
                expect((kind == "answer") == bool(self.options.ask), f"unexpected {kind}")
                await connection.setRemoteDescription(RTCSessionDescription(payload["sdp"], kind))
                if kind == "offer":
                    await self.describe("answer")
                is_described = True
                for candidate in early:
                    await self.add(candidate)
            elif kind == "ice_candidate" and is_described:
                await self.add(payload)
            elif kind == "ice_candidate":
                early.append(payload)

    async def add(self, payload):
        text = payload["candidate"].removeprefix("candidate:")
        if not text or text.split()[4].endswith(".local"):
            return
        candidate = candidate_from_sdp(text)
        candidate.sdpMid, candidate.sdpMLineIndex = payload["sdpMid"], payload["sdpMLineIndex"]
        await self.connection.addIceCandidate(candidate)

    # ---- the session ----

    async def receive(self):
        """The next envelope or text that is for us, as (what, its content); None at the end."""
        frame = await self.frames.get()
        if frame is None:
            return None
        label, text = frame
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if label == "files":
            return message["type"], message
        if isinstance(message, dict):
            return message.get("type"), message
        return "text", self.seal.open(text).decode()

    def on_handshake(self, message):
        expect(message["publicKey"] == self.match["peerPublicKey"], "the key is the paired one")
        self.theirs = message
        secret = agree(self.identity, message["publicKey"])
        fresh = "ephemeralKey" in message and not self.options.file_acks
        if fresh:
            secret += agree(self.ephemeral, message["ephemeralKey"])
            self.seal = Seal(secret, b"zajel_session_v2")
        else:
            self.seal = Seal(secret, b"zajel_session")
        say("peerConnected", version=2 if fresh else 1)

    async def send_on(self, label, frame):
        channel = self.channels[label]
        if channel.readyState == "connecting":
            is_open = asyncio.Event()
            channel.once("open", is_open.set)
            await is_open.wait()
        if channel.bufferedAmount > HIGH:
            channel.bufferedAmountLowThreshold = LOW
            low = asyncio.Event()
            channel.once("bufferedamountlow", low.set)
            if channel.bufferedAmount > LOW:
                await low.wait()
        channel.send(frame)

    def acknowledged(self):
        """Files are, if both handshakes say so."""
        return self.options.file_acks and self.theirs.get("fileAcks", False)

    async def send_envelope(self, **envelope):
        await self.send_on("files", json.dumps(envelope))

    async def send_file(self, path):
        data, file_id = Path(path).read_bytes(), str(uuid.uuid4())
        chunks = [data[i:i + CHUNK] for i in range(0, len(data), CHUNK)]
        await self.send_envelope(type="file_start", fileId=file_id, fileName=Path(path).name,
                                 totalSize=len(data), totalChunks=len(chunks))
        if self.acknowledged():
            answer = await self.wait_envelope("file_start_ack")
            expect(answer["accepted"], f"the file is not wanted: {answer}")
        for index, chunk in enumerate(chunks):
            await self.send_envelope(type="file_chunk", fileId=file_id, chunkIndex=index,
                                     data=self.seal.close(base64.b64encode(chunk)))
        digest = hashlib.sha256(data).hexdigest()
        await self.send_envelope(type="file_complete", fileId=file_id, sha256=digest)
        if self.acknowledged():
            answer = await self.wait_envelope("file_complete_ack")
            expect(answer["status"] == "success", f"the file did not arrive: {answer}")
        say("fileSent", name=Path(path).name, sha256=digest, isConfirmed=self.acknowledged())

    async def wait_envelope(self, kind):
        while True:
            what = await self.receive()
            expect(what, f"the channel closed before {kind}")
            if what[0] == kind:
                return what[1]
            await self.take(*what)

    async def take(self, kind, content):
        if kind == "handshake":
            self.on_handshake(content)
        elif kind == "text":
            say("textReceived", text=content)
        elif kind == "file_start":
            self.incoming = (content, bytearray())
            if self.acknowledged():
                await self.send_envelope(type="file_start_ack", fileId=content["fileId"],
                                         accepted=True)
        elif kind == "file_chunk":
            start, data = self.incoming
            per_chunk = -(-start["totalSize"] // start["totalChunks"])
            expect(content["chunkIndex"] * per_chunk == len(data), "chunks come in order")
            data += base64.b64decode(self.seal.open(content["data"]), validate=True)
        elif kind == "file_complete":
            await self.conclude_file(content)

    async def conclude_file(self, complete):
        start, data = self.incoming
        digest = hashlib.sha256(data).hexdigest()
        expect(len(data) == start["totalSize"], "the size is the announced one")
        expect(complete["sha256"] == digest, "the digest is the announced one")
        say("fileReceived", name=start["fileName"], size=len(data), sha256=digest)
        if self.acknowledged():
            await self.arrived()
            await self.send_envelope(type="file_complete_ack", fileId=start["fileId"],
                                     status="success")

    async def arrived(self):
        """All that was sent is acknowledged: aiortc has no event for that, and a channel that is
        closed earlier loses what waits in it."""
        sctp = self.connection.sctp
        while (any(channel.bufferedAmount for channel in self.channels.values())
               or sctp._outbound_queue or sctp._sent_queue):  # pylint: disable=protected-access
            await asyncio.sleep(0.01)

    async def converse(self):
        while self.seal is None:
            what = await self.receive()
            expect(what, "the channel closed before the handshake")
            await self.take(*what)
        for text in self.options.text:
            await self.send_on("messages", self.seal.close(text.encode()))
        for path in self.options.file:
            await self.send_file(path)
        if self.options.ask:  # whoever asked says goodbye
            await self.part()
        else:
            while what := await self.receive():
                await self.take(*what)
        say("peerDisconnected")

    async def part(self):
        await self.arrived()
        for label in ("files", "messages"):
            channel, closed = self.channels[label], asyncio.Event()
            channel.on("close", closed.set)
            channel.close()
            if channel.readyState != "closed":
                await closed.wait()

    async def run(self):
        await self.meet()
        negotiation = asyncio.ensure_future(self.negotiate())
        conversation = asyncio.ensure_future(self.converse())
        try:
            await asyncio.wait([negotiation, conversation], return_when=asyncio.FIRST_COMPLETED)
            if not conversation.done():
                negotiation.result()  # it never ends but by failing
            await conversation
        finally:
            for task in (negotiation, conversation):
                task.cancel()
            await self.connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, metavar="URL")
    parser.add_argument("--ask", metavar="CODE", help="ask the peer with this code for a pairing")
    parser.add_argument("--text", action="append", default=[], help="to send")
    parser.add_argument("--file", action="append", default=[], help="to send")
    parser.add_argument("--file-acks", action="store_true", help="acknowledge files; speaks v1")
    options = parser.parse_args()

    async def bounded():
        await asyncio.wait_for(Peer(options).run(), BOUND)

    try:
        asyncio.run(bounded())
    except (Failure, Closed, asyncio.TimeoutError) as failure:
        say("failed", message=str(failure) or type(failure).__name__)
        sys.exit(1)


if __name__ == "__main__":
    main()
