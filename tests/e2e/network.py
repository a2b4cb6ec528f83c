"""The network between a client and a server, as a test wants it: a proxy that delays, splits or
changes what passes, and a WebSocket server that only speaks from a script."""

import base64
import hashlib
import random
import socket
import struct
import threading
import time
from urllib.parse import urlsplit


class Listener:
    """Accepts on a port of the kernel's choice, or on a given one that has just become free."""

    def __init__(self, serve, port=0):
        self._serve = serve
        self._open = []
        self._socket = socket.create_server(("127.0.0.1", port))
        self.url = f"ws://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._socket.accept()
            except OSError:
                return
            self._open.append(accepted)
            threading.Thread(target=self._run, args=(accepted,), daemon=True).start()

    def _run(self, accepted):
        try:
            self._serve(accepted)
        except OSError:
            pass  # the test has closed it, or the other side is gone
        finally:
            accepted.close()

    def close(self):
        for one in [self._socket, *self._open]:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()


class Proxy(Listener):
    """Passes bytes on in both directions. `from_server` may change what comes back."""

    def __init__(self, server_url, to_server=lambda: lambda piece: [piece],
                 from_server=lambda: lambda piece: [piece]):
        parts = urlsplit(server_url)

        def serve(client):
            with socket.create_connection((parts.hostname, parts.port)) as server:
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                back = threading.Thread(target=pump, args=(server, client, from_server()),
                                        daemon=True)
                back.start()
                pump(client, server, to_server())
                back.join()

        super().__init__(serve)


def pump(source, sink, change):
    """Until the source ends; the sink is then told."""
    try:
        while piece := source.recv(65536):
            for part in change(piece):
                sink.sendall(part)
    except OSError:
        pass
    for one, how in ((sink, socket.SHUT_WR), (source, socket.SHUT_RD)):
        try:
            one.shutdown(how)
        except OSError:
            pass


def slowly(seed, longest=0.03, piece=97):
    """In small pieces, each of them late."""
    def make():
        chance = random.Random(seed)

        def change(data):
            while data:
                size = chance.randint(1, piece)
                time.sleep(chance.uniform(0, longest))
                yield data[:size]
                data = data[size:]
        return change
    return make


def by_frame(change_message):
    """CHANGE_MESSAGE makes a list of messages of each text message that passes in this direction.
    What is not one passes as it is."""
    def make():
        waiting, upgraded = b"", False

        def change(data):
            nonlocal waiting, upgraded
            waiting += data
            if not upgraded:
                end = waiting.find(b"\r\n\r\n")
                if end < 0:
                    return
                yield waiting[:end + 4]
                waiting, upgraded = waiting[end + 4:], True
            while frame := whole_frame(waiting):
                size, kind, payload = frame
                if kind == 1:
                    for text in change_message(payload.decode()):
                        yield text_frame(text, is_masked=waiting[1] & 0x80)
                else:
                    yield waiting[:size]
                waiting = waiting[size:]
        return change
    return make


def whole_frame(data):
    """Size, kind and payload of the frame that DATA begins with, or None."""
    if len(data) < 2:
        return None
    size, at = data[1] & 0x7f, 2
    for mark, form, width in ((126, ">H", 2), (127, ">Q", 8)):
        if data[1] & 0x7f == mark:
            if len(data) < 2 + width:
                return None
            size, at = struct.unpack(form, data[2:2 + width])[0], 2 + width
    mask = bytes(4)
    if data[1] & 0x80:
        mask, at = data[at:at + 4], at + 4
    if len(data) < at + size:
        return None
    payload = bytes(c ^ mask[i % 4] for i, c in enumerate(data[at:at + size]))
    return at + size, data[0] & 0x0f, payload


def text_frame(text, is_masked=False):
    data, mark = text.encode(), 0x80 if is_masked else 0
    if len(data) < 126:
        head = struct.pack(">BB", 0x81, mark | len(data))
    else:
        head = struct.pack(">BBH", 0x81, mark | 126, len(data))
    return head + (bytes(4) if is_masked else b"") + data


def upgrade(accepted):
    """Answers the request of a WebSocket client."""
    request = b""
    while b"\r\n\r\n" not in request:
        piece = accepted.recv(4096)
        if not piece:
            raise OSError("gone")
        request += piece
    key = next(line.split(b":", 1)[1].strip() for line in request.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    proof = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    accepted.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     b"Connection: Upgrade\r\nSec-WebSocket-Accept: " + base64.b64encode(proof) +
                     b"\r\n\r\n")


def messages(accepted):
    """The text messages of a client, until it goes."""
    data = b""
    while piece := accepted.recv(65536):
        data += piece
        while frame := whole_frame(data):
            size, kind, payload = frame
            data = data[size:]
            if kind == 8:
                return
            if kind == 1:
                yield payload.decode()
