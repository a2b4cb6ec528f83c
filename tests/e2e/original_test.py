"""The client of the original on the gateway: whatever its habits and its network do, it is back within
seconds and has every event. Prints its seed; CULVER_SEED repeats a run."""

import json
import os
import random
import secrets
import time
import unittest

from culver_e2e import GatewayCase
from gateway_client import Account, Handshake, WebSocket, event_id, sign_in
from original_client import Closed, Original

KEPT = [{"type": "ack", "payload": {"device_seq": 1}}, {"type": "replay_request"},
        {"type": "event", "payload": {}}, {"type": "heartbeat"}, {"type": "ping"}]


class TheOriginal(GatewayCase):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("CULVER_SEED", secrets.randbits(32)))
        print(f"CULVER_SEED={self.seed}", flush=True)
        self.chance = random.Random(self.seed)
        self.account = Account()

    def original(self, account=None):
        return Original(self.url, account or self.account, self.chance)

    def expect_all(self, client, ids):
        self.assertEqual(sorted(set(client.received)), sorted(ids))

    # ---- coming in ----

    def test_each_thing_that_it_had_kept_comes_behind_its_hello(self):
        other = self.original(self.account.another_device()).connect()
        foreign = other.write(b"from another device")
        other.settle()
        client = self.original().connect()
        client.settle()
        self.expect_all(client, [foreign])
        stale = client.stale_auth
        for behind in [*map(json.dumps, KEPT), stale, client.device.handshake.hello,
                       json.dumps({"type": "event", "payload": client.stored[foreign]}),
                       '{"type":"client_auth"}', "not JSON", "[]", b"\0\1\2",
                       json.dumps({"type": "event", "payload": {"x": "y" * 100_000}})]:
            with self.subTest(behind=behind[:60]):
                client.connect(behind).settle()
                client.connect(behind, first=() if isinstance(behind, bytes) else (stale,)).settle()

    def test_it_had_kept_much(self):
        client = self.original()
        written = [client.write(b"x" * 200) for _ in range(150)]
        client.connect()
        client.settle()
        reader = self.original(self.account.another_device()).connect()
        reader.settle()
        self.expect_all(reader, written)

    def test_two_hellos_in_one_write(self):
        for _ in range(31):
            socket = WebSocket(self.url)
            one, two = Handshake(Account(), 1), Handshake(Account(), 1)
            socket.send(one.hello, two.hello)
            socket.receive()
            auth = one.auth(socket.receive())
            socket.send(auth)
            self.assertIn("session_established", socket.receive())
            socket.close()

    def test_what_it_said_again_is_not_let_in_as_somebody_else(self):
        """Lenient is not blind: the signature must be of this connection's first hello."""
        socket = WebSocket(self.url)
        first, second = Handshake(self.account, 1), Handshake(self.account, 1)
        socket.send(first.hello, second.hello)
        socket.receive()
        answer = json.loads(socket.receive())
        thief = Handshake(Account(), 1)
        thief.public, thief.nonce = first.public, first.nonce
        forged = thief.auth(json.dumps(answer), user_id=self.account.user,
                            device_id=self.account.device)
        socket.send(*[forged] * 5)
        closed = self.refused(socket)
        self.assertEqual((closed.code, closed.reason), (1008, "Invalid client signature"))

    def test_thirty_seconds_until_the_first_frame(self):
        def late(_):
            socket = WebSocket(self.url, timeout=60)
            handshake = Handshake(Account(), 1)
            data = WebSocket.frame(handshake.hello)
            time.sleep(20)
            for i in range(0, len(data), 20):
                socket.write(data[i:i + 20])
                time.sleep(0.2)
            socket.receive()
            socket.send(handshake.auth(socket.receive()))
            self.assertIn("session_established", socket.receive())

        def silent(_):
            began = time.monotonic()
            self.refused(WebSocket(self.url, timeout=60))
            self.assertGreater(time.monotonic() - began, 29)

        works = [late, silent]
        self.in_parallel(2, lambda i: works[i](i))

    # ---- being there ----

    def test_it_sends_back_what_it_received(self):
        a = self.original().connect()
        b = self.original(self.account.another_device()).connect()
        ids = [a.write(b"%d" % i) for i in range(5)]
        a.settle()
        b.settle()
        self.expect_all(b, ids)
        for event in b.stored.values():
            b.device.say({"type": "event", "payload": event})
        b.settle()
        mine = b.write(b"and it goes on")
        b.settle()
        a.settle()
        self.expect_all(a, [mine])
        forged = {**b.stored[ids[0]], "encrypted_payload": "AAAA"}
        b.device.say({"type": "event", "payload": forged})
        refusal = b.device.wait("error")
        self.assertEqual(refusal["code"], "event_of_another_device")

    def test_nothing_that_it_says_wrong_silences_it(self):
        client = self.original().connect()
        event = client.stored[client.write(b"right")]
        over = int(time.time() * 1000)
        for wrong in [{"type": "heartbeat"}, {"type": "missing_events_request"}, {"type": "ack"},
                      {"type": "ack", "payload": {"device_seq": 4711}},
                      {"type": "ack", "payload": {"cursor": 4711}},
                      {"type": "event", "payload": {**event, "event_id": "x"}},
                      {"type": "event", "payload": {**event, "event_id": event_id()}},
                      {"type": "event", "payload": {**event, "ttl": over - 3_600_000}},
                      {"type": "event", "payload": {**event, "stream_id": "a b"}},
                      {"type": "replay_request", "payload": {"limit": "many"}},
                      {"type": "replay_request", "payload": {"continuation_token": "e30.00"}},
                      {"type": "replay_request", "payload": {"cursor": 4711}},
                      {"type": "scratchpad_sync", "payload": "x" * 70_000},
                      {"type": "event", "payload": {**event, "encrypted_payload": "A" * 2_000_000}},
                      {"type": "complete_pairing", "payload": {"pairing_code": "12345"}},
                      {"type": "client_hello"}, {"type": "client_auth", "payload": {}}, {}, []]:
            with self.subTest(wrong=str(wrong)[-60:]):
                client.device.say(wrong)
                client.settle()
        client.device.say(*[{"type": "replay_request", "payload": {}}] * 2)
        client.settle()

    def test_a_code_of_the_wrong_form(self):
        client = self.original().connect()
        for code in ("12345", "", 123456, "1234567890", None):
            client.device.say({"type": "complete_pairing", "payload": {"pairing_code": code}})
            self.assertEqual(client.device.wait("pairing_failed")["error"],
                             "Invalid pairing code format")
        client.settle()

    def test_a_clock_that_is_slow(self):
        client = self.original().connect()
        for seconds in (1, 60, 290):
            event = client.stored[client.write(b"x")]
            late = {**event, "event_id": event_id(), "ttl": int((time.time() - seconds) * 1000),
                    "device_seq": 1000 + seconds}
            client.device.say({"type": "event", "payload": late})
            while client.device.wait("ack")["device_seq"] != late["device_seq"]:
                pass
        reader = sign_in(self.url, self.account.another_device())
        self.assertEqual(len([e for e in reader.replay(cursor=0) if "ttl" in e]), 3)

    # ---- losing the network ----

    def test_it_loses_its_network_at_every_point_of_a_replay(self):
        writer = self.original().connect()
        ids = [writer.write(b"%d" % i) for i in range(12)]
        writer.settle()
        reader = self.original(self.account.another_device())
        for point in range(16):
            reader.connect(*reader.habits())
            done = set(reader.received)
            before = len(reader.received)
            try:
                for _ in range(point):
                    if reader.is_paging:
                        reader.step()
                reader.device.ping()  # what was acknowledged has arrived
            except Closed as closed:
                self.fail(f"closed at {point}: {closed}")
            again = done & set(reader.received[before:])
            self.assertFalse(again, f"acknowledged, and sent again at {point}")
            reader.lose()
        reader.connect().settle()
        self.expect_all(reader, ids)
        self.assertEqual(len(reader.received), len(ids), "each once")

    def test_a_connection_that_is_half_open(self):
        account = self.account.another_device()
        dead = self.original(account).connect()
        writer = self.original().connect()
        ids = [writer.write(b"%d" % i) for i in range(3)]
        writer.settle()
        # Nobody reads from the dead one, and nobody closes it.
        alive = self.original(account).connect()
        alive.settle()
        self.expect_all(alive, ids)
        ids.append(writer.write(b"live"))
        writer.settle()
        alive.settle()
        self.expect_all(alive, ids)
        with self.assertRaises(Closed) as caught:
            while True:
                dead.device.hear()
        self.assertEqual(caught.exception.code, 1000)

    def test_two_tabs_race(self):
        def tab(i):
            mine = Original(self.url, self.account, random.Random(self.seed + i))
            for _ in range(10):
                try:
                    mine.connect(*mine.habits()).settle()
                except Closed as closed:
                    self.assertEqual(closed.code, 1000, closed)

        self.in_parallel(4, tab)
        last = self.original().connect().settle()
        self.wait_metric("culver_sessions", 1)
        last.lose()

    def test_any_order_of_all_of_it(self):
        devices = [Account(self.account.key) for _ in range(3)]
        clients = [self.original(d) for d in devices]
        written = {c: [] for c in clients}
        for _ in range(300):
            client = self.chance.choice(clients)
            what = self.chance.random()
            try:
                if not client.device:
                    if what < 0.3:
                        written[client].append(client.write(b"kept"))
                    else:
                        first = [f for f in client.habits()
                                 if "client_hello" not in f and "heartbeat" not in f]
                        client.connect(*client.habits(), first=first[:1] if what < 0.5 else ())
                elif what < 0.4:
                    written[client].append(client.write(secrets.token_bytes(50)))
                elif what < 0.7:
                    client.settle()
                elif what < 0.8:
                    client.device.say({"type": "ping"})
                    client.step()
                elif what < 0.9:
                    client.lose()
                else:
                    client.connect(*client.habits())  # the old one lies half open
            except Closed as closed:
                self.fail(f"seed {self.seed}: {closed}")
        for _ in range(2):
            for client in clients:
                client.connect().settle()
        for client in clients:
            client.settle()
            others = [i for c in clients if c is not client for i in written[c]]
            self.assertEqual(sorted(set(client.received)), sorted(others), f"seed {self.seed}")


if __name__ == "__main__":
    unittest.main()
