"""A device of the gateway that shares no code with Culver: RFC 6455 on a plain socket, the handshake
in both of its versions, sealed records, signed requests. Written from docs/protocol/gateway.md and
docs/protocol/gateway-session.md. Everything waits at most BOUND seconds."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import socket
import struct
import time
import urllib.error
import urllib.request
import uuid
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BOUND = float(os.environ.get("CULVER_E2E_BOUND", "60"))

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class Closed(Exception):
    """The server has ended the connection; code 1006 if it did not say so."""

    def __init__(self, code=1006, reason=""):
        super().__init__(f"closed: {code} {reason}")
        self.code = code
        self.reason = reason


class WebSocket:
    """A client's end. Messages may be put together and sent in one write."""

    def __init__(self, url, timeout=BOUND):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.socket.sendall((f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                             "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n")
                            .encode())
        while b"\r\n\r\n" not in self.received:
            self._more()
        head, self.received = self.received.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise Closed(1006, head.split(b"\r\n")[0].decode())

    def _more(self):
        try:
            piece = self.socket.recv(262144)
        except ConnectionError:
            piece = b""
        if not piece:
            raise Closed()
        self.received += piece

    def _take(self, size):
        while len(self.received) < size:
            self._more()
        taken, self.received = self.received[:size], self.received[size:]
        return taken

    @staticmethod
    def frame(message):
        """One whole message as a masked frame: bytes are binary, text is text."""
        kind, data = (BINARY, message) if isinstance(message, bytes) else (TEXT, message.encode())
        return WebSocket._frame(kind, data)

    @staticmethod
    def _frame(kind, data):
        size = len(data)
        if size < 126:
            head = struct.pack(">BB", 0x80 | kind, 0x80 | size)
        elif size < 65536:
            head = struct.pack(">BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack(">BBQ", 0x80 | kind, 0x80 | 127, size)
        return head + bytes(4) + data  # a mask of zeros: nobody is in between who would care

    def write(self, data):
        try:
            self.socket.sendall(data)
        except ConnectionError:
            pass  # what the server said last is still to be read

    def send(self, *messages):
        """All of them in one write."""
        self.write(b"".join(self.frame(m) for m in messages))

    def receive(self):
        """The next message: text, or bytes."""
        whole, kind_of_whole = b"", None
        while True:
            first, second = self._take(2)
            size = second & 0x7f
            if size == 126:
                size, = struct.unpack(">H", self._take(2))
            elif size == 127:
                size, = struct.unpack(">Q", self._take(8))
            data, kind = self._take(size), first & 0x0f
            if kind == CLOSE:
                code = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 1005
                self.write(self._frame(CLOSE, data[:2]))
                self.drop()
                raise Closed(code, data[2:].decode())
            if kind == PING:
                self.write(self._frame(PONG, data))
            elif kind != PONG:
                whole += data
                kind_of_whole = kind or kind_of_whole
                if first & 0x80:
                    return whole if kind_of_whole == BINARY else whole.decode()

    def drop(self):
        """Without a word."""
        self.socket.close()

    def __del__(self):
        if hasattr(self, "socket"):
            self.drop()

    def close(self):
        try:
            self.write(self._frame(CLOSE, struct.pack(">H", 1000)))
            while True:
                self.receive()
        except (Closed, OSError):
            self.drop()


# ---- the handshake ------------------------------------------------------------------------------

def sha256(data):
    return hashlib.sha256(data).digest()


def raw(public_key):
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def wrap(kind, fields):
    return json.dumps({"type": kind, "payload": {"type": kind, **fields}})


class Transcript:
    """Parts, each behind its length in eight bytes."""

    def __init__(self):
        self.bytes = b""
        self.add("culver gateway 2")

    def add(self, *parts):
        for part in parts:
            data = part.encode() if isinstance(part, str) else part
            self.bytes += struct.pack(">Q", len(data)) + data
        return self

    def digest(self):
        return sha256(self.bytes)

    def signed(self, label):
        return Transcript().add(label, self.digest()).digest()

    def keys(self, secret, info, size):
        return HKDF(hashes.SHA256(), size, salt=self.digest(), info=info).derive(secret)

    def confirmation(self, key):
        return hmac.new(key, self.digest(), hashlib.sha256).digest()


class Seal:
    """One direction of the records."""

    def __init__(self, key):
        self.cipher = ChaCha20Poly1305(key)
        self.next = 0

    def _nonce(self, counter):
        return bytes(4) + counter

    def seal(self, text):
        counter = struct.pack(">Q", self.next)
        self.next += 1
        return counter + self.cipher.encrypt(self._nonce(counter), text.encode(), counter)

    def open(self, record):
        counter = struct.pack(">Q", self.next)
        if not isinstance(record, bytes) or record[:8] != counter:
            raise InvalidTag("not the next record")
        self.next += 1
        return self.cipher.decrypt(self._nonce(counter), record[8:], counter).decode()


class Account:
    """A key and a device of it."""

    def __init__(self, key=None, device=None):
        self.key = key or ed25519.Ed25519PrivateKey.generate()
        self.device = device or str(uuid.uuid4())
        self.device_seq = 0

    @property
    def user(self):
        return raw(self.key.public_key()).hex()

    def another_device(self):
        return Account(self.key)


class Handshake:
    """The client's side, message by message, so that a test can send them as it likes."""

    def __init__(self, account, version=2):
        self.account = account
        self.version = version
        self.ephemeral = ec.generate_private_key(ec.SECP256R1())
        self.public = self.ephemeral.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint).hex()
        self.nonce = secrets.token_hex(32)
        fields = {"client_ephemeral_pub": self.public, "nonce_c": self.nonce}
        if version > 1:
            fields["version"] = version
        self.hello = wrap("client_hello", fields)
        self.seal = self.unseal = None
        self.session_id = None

    def auth(self, server_hello, **changes):
        """The message that answers a server_hello, as it goes over the wire. InvalidSignature if the
        server has not signed for this handshake."""
        server = json.loads(server_hello)["payload"]
        self.identity = server["server_identity_pub"]
        spoken = server.get("version", 1)
        if spoken != self.version:
            raise InvalidSignature(f"version {spoken} instead of {self.version}")
        fields = {"user_id": self.account.user, "device_id": self.account.device,
                  "nonce_c2": secrets.token_hex(32)}
        return (self._auth_1 if spoken == 1 else self._auth_2)(server, fields, changes)

    def _verify(self, server, digest):
        ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.identity)).verify(
            bytes.fromhex(server["server_signature"]), digest)

    def _auth_1(self, server, fields, changes):
        theirs, nonce_s = server["server_ephemeral_pub"], server["nonce_s"]
        self._verify(server, sha256((self.identity + theirs + self.nonce + nonce_s).encode()))
        digest = sha256((fields["user_id"] + fields["device_id"] + self.nonce + nonce_s + theirs)
                        .encode())
        fields["client_signature"] = self.account.key.sign(digest).hex()
        return wrap("client_auth", {**fields, **changes})

    def _auth_2(self, server, fields, changes):
        point = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), bytes.fromhex(server["server_ephemeral_pub"]))
        shared = self.ephemeral.exchange(ec.ECDH(), point)
        said = Transcript()
        said.add("client_hello", sha256(self.hello.encode()))
        said.add("server_hello", str(server["version"]), str(server["client_version"]),
                 server["server_ephemeral_pub"], self.identity, server["nonce_s"])
        keys = said.keys(shared, b"culver gateway 2 handshake keys", 128)
        server_key, client_key, auth_key, session = (keys[i:i + 32] for i in range(0, 128, 32))
        self._verify(server, said.signed("culver gateway 2 server signature"))
        said.add(bytes.fromhex(server["server_signature"]))
        confirmation = bytes.fromhex(server["confirmation"])
        if not hmac.compare_digest(confirmation, said.confirmation(server_key)):
            raise InvalidSignature("the server does not confirm the keys")
        said.add(confirmation)
        said.add("client_auth", fields["user_id"], fields["device_id"], fields["nonce_c2"],
                 "unnamed", "untyped")
        signature = self.account.key.sign(said.signed("culver gateway 2 client signature"))
        said.add(signature)
        confirmation = said.confirmation(client_key)
        said.add(confirmation)
        fields["client_signature"] = signature.hex()
        fields["confirmation"] = confirmation.hex()
        keys = said.keys(session, b"culver gateway 2 session keys", 80)
        self.seal, self.unseal, self.session_id = Seal(keys[:32]), Seal(keys[32:64]), keys[64:]
        return Seal(auth_key).seal(wrap("client_auth", {**fields, **changes}))


# ---- the session --------------------------------------------------------------------------------

def event_id():
    """A UUID of version 7, RFC 9562."""
    value = int(time.time() * 1000) << 80 | secrets.randbits(80)
    value = value & ~(0xf << 76) | 7 << 76
    return str(uuid.UUID(int=value & ~(3 << 62) | 2 << 62))


class Device:
    """A connection whose handshake has been said; what the server makes of it is still to come."""

    def __init__(self, socket, handshake):
        self.account = handshake.account
        self.socket = socket
        self.handshake = handshake
        self.waiting = []  # messages that came while another one was waited for

    def enter(self):
        """Waits until the server lets it in."""
        self.established = self.wait("session_established")
        if self.handshake.version == 2 and \
                self.established["session_id"] != self.handshake.session_id.hex():
            raise InvalidSignature("another session")
        return self

    def sealed(self, text):
        return self.handshake.seal.seal(text) if self.handshake.seal else text

    def say(self, *messages):
        """All of them in one write."""
        self.socket.send(*(self.sealed(json.dumps(m)) for m in messages))

    def hear(self):
        bytes_or_text = self.socket.receive()
        if self.handshake.unseal:
            bytes_or_text = self.handshake.unseal.open(bytes_or_text)
        return json.loads(bytes_or_text)

    def wait(self, *kinds):
        """The payload of the next message of one of these kinds. Others are kept, in order."""
        for i, message in enumerate(self.waiting):
            if message["type"] in kinds:
                return self.waiting.pop(i)["payload"]
        while True:
            message = self.hear()
            if message["type"] in kinds:
                return message["payload"]
            self.waiting.append(message)

    def event(self, payload, stream="messages:main", **changes):
        """The next event of this device."""
        self.account.device_seq += 1
        return {"type": "event", "payload": {
            "event_id": event_id(), "user_id": self.account.user, "device_id": self.account.device,
            "device_seq": self.account.device_seq, "stream_id": stream, "type": "message:text",
            "encrypted_payload": base64.b64encode(payload).decode(), **changes}}

    def ping(self):
        """Everything that the server has said before the answer is in `waiting` afterwards."""
        self.say({"type": "ping"})
        return self.wait("pong")

    def replay(self, limit=1000, **where):
        """All pages from there, or from where the acknowledgements of this device ended."""
        events = []
        request = {"type": "replay_request", "limit": limit, **where}
        while True:
            self.say(request)
            page = self.wait("replay_response", "error")
            events += page["events"]
            if not page["has_more"]:
                return events
            request = {"type": "replay_request", "limit": limit,
                       "continuation_token": page["continuation_token"]}

    def close(self):
        self.socket.close()


def sign_in(url, account, version=2):
    """A device that may speak."""
    socket = WebSocket(url)
    socket.receive()  # server_info
    handshake = Handshake(account, version)
    socket.send(handshake.hello)
    socket.send(handshake.auth(socket.receive()))
    return Device(socket, handshake).enter()


# ---- requests -----------------------------------------------------------------------------------

def http(url, path, method="GET", body=None, headers=None):
    """Status and text."""
    return http_with_headers(url, path, method, body, headers)[:2]


def http_with_headers(url, path, method="GET", body=None, headers=None):
    """Status, text and the headers of the answer."""
    parts = urlsplit(url)
    request = urllib.request.Request(f"http://{parts.netloc}{path}", body, headers or {},
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=BOUND) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


METRICS = {}  # the URL of a server -> where its counters are


def metrics(url):
    """Name with labels -> value."""
    status, text = http(METRICS[url], "/metrics")
    assert status == 200, text
    lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


def hash_of_parts(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(struct.pack(">I", len(part)) + part)
    return digest.digest()


def hash_of_request(device, identity, method, target, now, nonce, body):
    return hash_of_parts(b"culver admin request v1", identity.encode(), method.encode(),
                         target.encode(), uuid.UUID(device).bytes, struct.pack(">Q", now), nonce,
                         sha256(body))


def signed(account, identity, method, target, body=b"", now=None, nonce=None):
    """The Authorization header of a request about devices."""
    now = int(time.time() * 1000) if now is None else now
    nonce = nonce or secrets.token_bytes(16)
    signature = account.key.sign(
        hash_of_request(account.device, identity, method, target, now, nonce, body)).hex()
    return (f"Culver device={account.device},time={now},nonce={nonce.hex()},"
            f"signature={signature}")


def verify_answer(authorization, identity, method, target, status, text, headers, body=b""):
    """Raises unless the server has signed this answer to this request. Its time."""
    said = dict(part.split("=") for part in authorization.removeprefix("Culver ").split(","))
    asked = hash_of_request(said["device"], identity, method, target, int(said["time"]),
                            bytes.fromhex(said["nonce"]), body)
    proof = dict(part.split("=") for part in headers["Culver-Answer"].split(","))
    digest = hash_of_parts(b"culver admin answer v1", asked, struct.pack(">I", status),
                           struct.pack(">Q", int(proof["time"])), sha256(text.encode()))
    key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(identity))
    key.verify(bytes.fromhex(proof["signature"]), digest)
    return int(proof["time"])
