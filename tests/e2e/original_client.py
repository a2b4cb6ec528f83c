"""The gateway's client as the original of version 1 behaves, habits and all: it says behind its hello
what it had kept, says again what it has received, acknowledges by device_seq, keeps no cursor, and
stops for ever when it hears an `error`. No library: one call, one step."""

import base64
import json
import secrets
import time

from gateway_client import BOUND, Closed, Device, Handshake, WebSocket, event_id

SECONDS = 10.0  # within which it has to be back


class Silenced(AssertionError):
    """It was sent an `error`, and says nothing any more."""


class Original:
    """One tab of it. What it keeps, it keeps over all of its connections."""

    def __init__(self, url, account, chance):
        self.url = url
        self.account = account
        self.chance = chance
        self.device = None
        self.stored = {}  # event_id -> event, its own and the received, as in its one store
        self.received = []  # event_ids, as often as they came
        self.last_ack = 0
        self.kept = []  # said while there was no connection
        self.stale_auth = None  # made for a connection that is gone
        self.unacked = set()  # device_seqs that were said on this connection
        self.is_paging = False

    # ---- coming ----

    def flush(self):
        """What it had kept."""
        kept, self.kept = self.kept, []
        return kept

    def connect(self, *behind, first=()):
        """BEHIND goes out with the hello, in one write; FIRST in front of it."""
        began = time.monotonic()
        socket = WebSocket(self.url, timeout=BOUND)
        handshake = Handshake(self.account, 1)
        socket.send(*first, handshake.hello, *(json.dumps(m) for m in self.flush()), *behind)
        while True:
            message = json.loads(socket.receive())
            if message["type"] == "server_hello":
                break
            if message["type"] == "error":
                raise Silenced(message)
        auth = handshake.auth(json.dumps(message))
        twice = self.chance.random() < 0.3
        socket.send(*[auth] * (2 if twice else 1))
        self.stale_auth = auth
        self.device = Device(socket, handshake).enter()
        assert time.monotonic() - began < SECONDS, "it was away for too long"
        self.on_established()
        return self

    def on_established(self):
        self.last_ack = self.device.established["last_ack_device_seq"]
        self.unacked = set()
        self.is_paging = True
        self.device.say({"type": "replay_request",
                         "payload": {"limit": self.chance.choice((1, 2, 7, 100)),
                                     "last_ack_device_seq": self.last_ack}})
        # Its one store holds what it has received as well, and nothing looks at the device.
        for event in self.pending():
            self.say_event(event)

    def pending(self):
        return [e for e in self.stored.values() if e["device_seq"] > self.last_ack]

    # ---- being there ----

    def say_event(self, event):
        if event["device_id"] == self.account.device:
            self.unacked.add(event["device_seq"])
        self.device.say({"type": "event", "payload": event})

    def write(self, payload):
        """An event of its own; kept if there is no connection."""
        self.account.device_seq += 1
        event = {"event_id": event_id(), "user_id": "", "device_id": self.account.device,
                 "device_seq": self.account.device_seq, "stream_id": "messages:main",
                 "type": "message:text", "encrypted_payload": base64.b64encode(payload).decode()}
        self.stored[event["event_id"]] = event
        if self.device:
            self.say_event(event)
        else:
            self.kept.append({"type": "event", "payload": event})
        return event["event_id"]

    def acknowledge(self, event):
        self.device.say({"type": "ack", "payload": {"device_seq": event["device_seq"]}})

    def take(self, event):
        self.received.append(event["event_id"])
        self.stored[event["event_id"]] = event
        self.acknowledge(event)

    def on_message(self, message):
        kind, payload = message["type"], message["payload"]
        if kind == "error":
            raise Silenced(payload)
        if kind == "ack":
            self.last_ack = payload["device_seq"]
            self.unacked.discard(payload["device_seq"])
        if kind == "event":
            self.take(payload)
        if kind == "replay_response":
            for event in payload["events"]:
                self.take(event)
            self.is_paging = payload["has_more"]
            if payload["has_more"]:
                self.device.say({"type": "replay_request", "payload": {
                    "continuation_token": payload["continuation_token"]}})
        return kind

    def step(self):
        """The next message, whatever it is."""
        message = self.device.waiting.pop(0) if self.device.waiting else self.device.hear()
        return self.on_message(message)

    def settle(self):
        """Until all pages are there, all its events are acknowledged, and what was said is read."""
        while self.is_paging or self.unacked:
            self.step()
        self.device.say({"type": "ping"})
        while self.step() != "pong":
            pass
        return self

    # ---- going ----

    def lose(self):
        """The network is gone; the server may not know."""
        self.device.socket.drop()
        self.device = None
        self.unacked = set()

    def habits(self):
        """What it may say behind a hello, or in front of it, besides what it had kept."""
        received = [e for e in self.stored.values() if e["device_id"] != self.account.device]
        said = [{"type": "ack", "payload": {"device_seq": self.chance.randint(1, 50)}},
                {"type": "replay_request", "payload": {"limit": 100}}, {"type": "heartbeat"},
                {"type": "ack"}, {"type": "scratchpad_sync", "payload": {"x": secrets.token_hex(9000)}}]
        said += [{"type": "event", "payload": e} for e in received[:3]]
        frames = [json.dumps(m) for m in said]
        if self.stale_auth:
            frames.append(self.stale_auth)
        frames.append(Handshake(self.account, 1).hello)
        return self.chance.sample(frames, self.chance.randint(0, len(frames)))


__all__ = ["Closed", "Original", "SECONDS", "Silenced"]
