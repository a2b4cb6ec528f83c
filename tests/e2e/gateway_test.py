"""The gateway over real sockets: Culver's own client, and devices that share no code with it."""

import base64
import json
import random
import secrets
import signal
import time
import unittest

from culver_e2e import BOUND, Client, GatewayCase
from gateway_client import (Account, Closed, Device, Handshake, WebSocket, event_id, http,
                            http_with_headers, metrics, sign_in, signed, verify_answer)
from network import Listener, Proxy, by_frame, messages, slowly, text_frame, upgrade

class CulverShakesHands(GatewayCase):
    arguments = ("--require-handshake",)

    def test_a_text_passes_and_strangers_do_not(self):
        self.pass_on("--text", "hello")
        ended = "culver_handshakes_ended_total"
        self.assertEqual(metrics(self.url)[ended + '{outcome="established_v2"}'], 2)
        stranger = WebSocket(self.url)
        stranger.send(json.dumps({"type": "register", "pairingCode": "ABCDEF",
                                  "publicKey": "A" * 43 + "="}))
        closed = self.refused(stranger)
        self.assertEqual((closed.code, closed.reason), (1008, "Handshake required"))

    def test_the_server_is_known_from_then_on(self):
        receiver = self.stage.receive()
        self.code_of(receiver)
        shown = self.stage.try_run("receiver", "-o", "json", "trust-server")
        found = json.loads(shown.stdout)
        self.assertEqual(found["knownIdentity"], self.stage.server.identity)
        self.assertEqual((found["knownVersion"], found["isTrusted"]), (2, True))

    def test_it_finds_back_after_a_restart(self):
        receiver = self.stage.receive("--yes", "--once")
        code = self.code_of(receiver)
        self.restart()
        receiver.wait_line(lambda line: True if len(receiver.events("online")) > 1 else None,
                           "second code")
        self.assertEqual(receiver.events("online")[-1]["code"], code)
        self.expect_exit(self.stage.send(code, "--text", "hello"), 0)
        self.expect_exit(receiver, 0)

    def test_two_processes_of_one_folder_do_not_evict_each_other(self):
        receiver = self.stage.receive("--yes", "--once", name="one")
        second = self.stage.receive(name="one")
        self.code_of(second)
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "hello"), 0)
        self.expect_exit(receiver, 0)
        self.assertIsNone(second.exit_code)
        self.assertEqual(metrics(self.url)["culver_sessions_replaced_total"], 0)


class OpenServer(GatewayCase):
    def test_it_serves_both_kinds(self):
        stranger = WebSocket(self.url)
        self.assertEqual(json.loads(stranger.receive())["gateway"], 2)
        stranger.send(json.dumps({"type": "register", "pairingCode": "ABCDEF",
                                  "publicKey": "A" * 42 + "E="}))
        while (said := json.loads(stranger.receive()))["type"] != "registered":
            self.assertNotEqual(said["type"], "error")
        self.pass_on("--text", "hello")
        stranger.close()

    def test_a_server_without_a_gateway_is_served_openly(self):
        with_register = []

        def serve(accepted):
            upgrade(accepted)
            accepted.sendall(text_frame(json.dumps(
                {"type": "server_info", "serverId": "x", "endpoint": "y", "region": None})))
            for text in messages(accepted):
                message = json.loads(text)
                with_register.append(message["type"])
                if message["type"] == "register":
                    accepted.sendall(text_frame(json.dumps(
                        {"type": "registered", "pairingCode": message["pairingCode"],
                         "serverId": "x"})))

        plain = Listener(serve)
        self.addCleanup(plain.close)
        receiver = self.stage.receive(url=plain.url)
        self.code_of(receiver)
        self.assertEqual(with_register[0], "register")


class Proven(GatewayCase):
    """What a device holds that has proven its key, nobody takes who knows its code and public key."""

    def setUp(self):
        super().setUp()
        self.key = base64.b64encode(secrets.token_bytes(32)).decode()
        self.account = Account()

    def enrolled(self, device, code="AAAAAA"):
        device.say({"type": "register", "pairingCode": code, "publicKey": self.key})
        return self.signaling(device)

    def signaling(self, device):
        """The next message that is none of the gateway's."""
        while True:
            message = device.hear()
            if "payload" not in message:
                return message

    def stranger(self, code="AAAAAA", key=None):
        """Registers without a handshake. Its socket, and what it was told."""
        socket = WebSocket(self.url)
        socket.receive()  # server_info
        socket.send(json.dumps({"type": "register", "pairingCode": code,
                                "publicKey": key or self.key}))
        self.addCleanup(socket.close)
        return socket, json.loads(socket.receive())

    def test_its_code(self):
        for version in (1, 2):
            with self.subTest(version=version):
                device = sign_in(self.url, self.account, version)
                self.assertEqual(self.enrolled(device)["type"], "registered")
                self.assertEqual(self.stranger()[1]["type"], "code_collision")
                other = sign_in(self.url, Account(), version)  # has proven another key
                self.assertEqual(self.enrolled(other)["type"], "code_collision")
                asking, told = self.stranger("BBBBBB", base64.b64encode(b"b" * 32).decode())
                self.assertEqual(told["type"], "registered")
                asking.send(json.dumps({"type": "pair_request", "targetCode": "AAAAAA"}))
                self.assertEqual(self.signaling(device)["type"], "pair_incoming")
                for one in (device, other, asking):
                    one.close()

    def test_it_takes_its_code_back(self):
        unproven, told = self.stranger()
        self.assertEqual(told["type"], "registered")
        first = sign_in(self.url, self.account)
        self.assertEqual(self.enrolled(first)["type"], "registered")
        with self.assertRaises(Closed) as closed:
            unproven.receive()
        self.assertEqual(closed.exception.code, 4001)
        second = sign_in(self.url, self.account.another_device())
        self.assertEqual(self.enrolled(second)["type"], "registered")
        with self.assertRaises(Closed) as closed:
            while True:
                first.hear()
        self.assertEqual(closed.exception.code, 4001)
        second.close()

    def test_its_dead_drops_also_over_a_restart(self):
        def leave(say, code, text):
            say({"type": "register_rendezvous", "peerId": code, "dailyPoints": ["p"],
                 "deadDrop": text})

        device = sign_in(self.url, self.account)
        self.enrolled(device)
        leave(device.say, "AAAAAA", "mine")
        self.assertEqual(self.signaling(device)["type"], "rendezvous_result")
        device.close()
        for _ in range(2):
            thief, told = self.stranger("BBBBBB")
            self.assertEqual(told["type"], "registered")
            leave(lambda message: thief.send(json.dumps(message)), "BBBBBB", "a thief's")
            self.assertEqual(json.loads(thief.receive())["type"], "rendezvous_result")
            looking, _ = self.stranger("CCCCCC", base64.b64encode(b"c" * 32).decode())
            looking.send(json.dumps({"type": "register_rendezvous", "peerId": "CCCCCC",
                                     "dailyPoints": ["p"]}))
            found = {drop["deadDrop"] for drop in json.loads(looking.receive())["deadDrops"]}
            self.assertEqual(found, {"mine", "a thief's"})
            self.restart()

    def test_a_key_of_small_order(self):
        for key in (bytes(32), b"\1" + bytes(31)):
            _, told = self.stranger(key=base64.b64encode(key).decode())
            self.assertEqual(told, {"type": "error", "message": "Invalid public key"})


class ServerIdentity(GatewayCase):
    def setUp(self):
        super().setUp()
        self.pass_on("--text", "hello")  # both know the server now
        self.before = self.stage.server.identity

    def become_another(self):
        (self.stage.folder / "server" / "server-key").unlink()
        self.restart()
        self.assertNotEqual(self.stage.server.identity, self.before)

    def test_a_change_is_refused_until_a_person_accepts_it(self):
        self.become_another()
        refused = self.stage.receive()
        self.expect_failure(refused, 4, "server_identity_changed")
        self.assertIn("The server has another identity than before. Ask who runs it. "
                      "If the change is meant: culver trust-server.", refused.said)
        self.expect_failure(self.stage.send("ABCDEF", "--text", "hello"), 4,
                            "server_identity_changed")

        asked = self.stage.try_run("receiver", "trust-server")  # nobody is there to say yes
        self.assertEqual(asked.returncode, 1, asked)
        for identity in (self.before, self.stage.server.identity):
            self.assertIn(identity, asked.stdout)
        wrong = self.stage.try_run("receiver", "trust-server", "--fingerprint", self.before)
        self.assertEqual(wrong.returncode, 4, wrong)
        self.expect_failure(self.stage.receive(), 4, "server_identity_changed")

        right = self.stage.try_run("receiver", "trust-server", "--fingerprint",
                                   self.stage.server.identity.upper())
        self.assertEqual(right.returncode, 0, right)
        self.assertEqual(self.stage.try_run("sender", "trust-server", "--yes").returncode, 0)
        self.pass_on("--text", "hello")

    def test_a_running_client_does_not_go_on_with_another_server(self):
        receiver = self.stage.receive()
        self.code_of(receiver)
        self.become_another()
        self.expect_failure(receiver, 4, "server_identity_changed")

    def test_a_server_that_lost_its_gateway_is_refused(self):
        port = int(self.url.rsplit(":", 1)[1])
        self.stage.server.signal(signal.SIGTERM)
        self.stage.server.wait_exit()
        said = []

        def serve(accepted):
            upgrade(accepted)
            accepted.sendall(text_frame(json.dumps(
                {"type": "server_info", "serverId": "x", "endpoint": "y", "region": None})))
            for text in messages(accepted):
                said.append(json.loads(text)["type"])

        plain = Listener(serve, port)
        self.addCleanup(plain.close)
        self.expect_failure(self.stage.receive(), 4, "server_downgraded")
        self.assertEqual(said, ["client_hello"], "nothing else was told to it")


    def test_an_offer_that_was_taken_away_is_noticed(self):
        """A client that does not know the server yet, and somebody in between who would like both
        sides to speak version 1."""
        def strip(text):
            return [text.replace(',"version":2', "")]
        proxy = Proxy(self.url, to_server=by_frame(strip))
        self.addCleanup(proxy.close)
        self.expect_failure(self.stage.receive(name="new", url=proxy.url), 4, "server_downgraded")


class Devices(GatewayCase):
    def setUp(self):
        super().setUp()
        self.receiver = self.stage.receive()
        self.code_of(self.receiver)
        made = self.stage.try_run("receiver", "-o", "json", "id", check=True)
        self.device = json.loads(made.stdout)["device"]

    def devices(self, *arguments):
        return self.stage.try_run("receiver", "-o", "json", "devices", *arguments)

    def test_list_and_rename(self):
        listed, = json.loads(self.devices().stdout)
        self.assertEqual((listed["device"], listed["isThis"], listed["isOnline"], listed["isRevoked"]),
                         (self.device, True, True, False))
        renamed = self.devices("rename", self.device, "Kitchen \N{POT OF FOOD}")
        self.assertEqual(renamed.returncode, 0, renamed)
        listed, = json.loads(self.devices().stdout)
        self.assertEqual(listed["name"], "Kitchen \N{POT OF FOOD}")
        self.assertIn(self.device, self.stage.run("devices", "receiver"))

    def test_a_device_that_is_not_there(self):
        unknown = self.devices("revoke", Account().device)
        self.assertEqual(unknown.returncode, 8, unknown)
        self.assertEqual(Client.parse(unknown.stdout)["code"], "device_unknown")
        self.assertEqual(self.devices("revoke", "laptop").returncode, 8)

    def test_revocation_counts_at_once(self):
        unasked = self.devices("revoke", self.device)
        self.assertEqual(unasked.returncode, 1, unasked)
        self.assertIn("Nothing was changed", unasked.stderr)
        self.assertFalse(json.loads(self.devices().stdout)[0]["isRevoked"])
        revoked = self.devices("revoke", "--yes", self.device)
        self.assertEqual(revoked.returncode, 0, revoked)
        self.expect_failure(self.receiver, 4, "device_revoked")
        self.expect_failure(self.stage.receive(), 4, "device_revoked")

    def test_whoever_is_no_device_learns_nothing(self):
        stranger = Account()
        identity = self.stage.server.identity
        for headers in ({}, {"Authorization": "Culver " + self.device},
                        {"X-User-ID": stranger.user},
                        {"Authorization": signed(stranger, identity, "GET", "/api/devices")}):
            status, text = http(self.url, "/api/devices", headers=headers)
            self.assertEqual(status, 401, text)
            self.assertNotIn(self.device, text)


    def test_answers_are_signed_for_the_request(self):
        account = Account()
        identity = self.stage.server.identity
        sign_in(self.url, account).close()
        for method, target, status in (("GET", "/api/devices", 200), ("GET", "/api/devices/x", 404),
                                       ("PUT", "/api/devices", 405)):
            header = signed(account, identity, method, target)
            answer = http_with_headers(self.url, target, method,
                                       headers={"Authorization": header})
            self.assertEqual(answer[0], status, answer)
            told = verify_answer(header, identity, method, target, *answer)
            self.assertLess(abs(told - time.time() * 1000), 30_000)

    def test_what_somebody_in_between_makes_up_is_not_believed(self):
        """What passes is changed on its way back; the handshakes pass as they are."""
        def forge(piece):
            return [piece.replace(b'"is_revoked":false', b'"is_revoked":true ')]

        def strip(piece):
            return [piece.replace(b"Culver-Answer", b"Culver-Nothing")]
        for change in (forge, strip):
            between = Proxy(self.url, from_server=lambda change=change: change)
            self.addCleanup(between.close)
            self.expect_failure(self.stage.client("receiver", "devices", url=between.url), 4,
                                "answer_not_signed")


class HandshakeTiming(GatewayCase):
    """The five tests that the analysis of the original recommends."""

    def test_many_messages_in_one_write(self):
        def one(i):
            socket = WebSocket(self.url)
            socket.receive()
            handshake = Handshake(Account(), 1 + i % 2)
            socket.send(*[handshake.hello] * 3)  # a client that repeats itself
            hellos = [socket.receive() for _ in range(3)]
            self.assertEqual(hellos, hellos[:1] * 3)
            auth = handshake.auth(hellos[0])
            device = Device(socket, handshake)
            events = [device.event(b"%d" % n) for n in range(50)]
            socket.send(auth, *(device.sealed(json.dumps(e)) for e in events))
            device.enter()
            self.assertEqual(device.waiting, [], "it comes first")
            for event in events:
                self.assertEqual(device.wait("ack", "error").get("event_id"),
                                 event["payload"]["event_id"])
            device.ping()
            self.assertEqual(device.waiting, [], "nothing twice")
            device.close()

        self.in_parallel(20, one)
        self.wait_metric("culver_sessions", 0)

    def test_completion_just_before_the_timeout(self):
        """30 s, from the connection: who makes it stays, who does not goes."""
        def complete(version):
            began = time.monotonic()
            socket = WebSocket(self.url)
            socket.receive()
            handshake = Handshake(Account(), version)
            socket.send(handshake.hello)
            auth = handshake.auth(socket.receive())
            wait_until(began + 28.5)
            socket.send(auth)
            device = Device(socket, handshake).enter()
            wait_until(began + 31.5)
            device.ping()
            device.close()

        def never(_):
            began = time.monotonic()
            socket = WebSocket(self.url, timeout=40)
            socket.send(Handshake(Account()).hello)
            closed = self.refused(socket)
            self.assertEqual((closed.code, closed.reason), (1008, "Handshake timeout"))
            self.assertGreater(time.monotonic() - began, 29)
            self.assertLess(time.monotonic() - began, 35)

        works = [complete, complete, never, never]
        self.in_parallel(4, lambda i: works[i](1 + i % 2))
        self.wait_metric("culver_handshakes_under_way", 0)

    def test_a_server_hello_that_comes_twice(self):
        def twice(text):
            return [text, text] if "server_hello" in text else [text]
        proxy = Proxy(self.url, from_server=by_frame(twice))
        self.addCleanup(proxy.close)
        self.through(proxy)

    def test_a_forged_server_hello_that_comes_first(self):
        def forged(text):
            if "server_hello" not in text:
                return [text]
            message = json.loads(text)
            signature = message["payload"]["server_signature"]
            message["payload"]["server_signature"] = signature[::-1]
            return [json.dumps(message), text]
        proxy = Proxy(self.url, from_server=by_frame(forged))
        self.addCleanup(proxy.close)
        self.through(proxy)

    def test_rapid_connecting_and_leaving(self):
        def leave_somewhere(i):
            chance = random.Random(i)
            for _ in range(10):
                socket = WebSocket(self.url)
                steps = chance.randint(0, 3)
                handshake = Handshake(Account(), 1 + i % 2)
                if steps > 0:
                    socket.send(handshake.hello)
                if steps > 1:
                    socket.receive()
                    auth = handshake.auth(socket.receive())
                    socket.send(auth)
                if steps > 2:
                    socket.receive()
                socket.drop() if chance.random() < 0.7 else socket.close()

        self.in_parallel(20, leave_somewhere)
        for nothing in ("culver_sessions", "culver_handshakes_under_way", "culver_queued_bytes"):
            self.wait_metric(nothing, 0)
        self.wait_metric("culver_connections", 1)  # that asks

    def test_a_slow_network(self):
        proxy = Proxy(self.url, to_server=slowly(1), from_server=slowly(2))
        self.addCleanup(proxy.close)
        self.through(proxy)
        for version in (1, 2):
            device = sign_in(proxy.url, Account(), version)
            device.say(*(device.event(b"late") for _ in range(5)))
            for _ in range(5):
                device.wait("ack")
            device.close()

    def through(self, proxy):
        """Culver does its work through it."""
        receiver = self.stage.receive("--yes", "--once", url=proxy.url)
        sender = self.stage.send(self.code_of(receiver), "--text", "hello", url=proxy.url)
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)


class DeviceEvents(GatewayCase):
    def ids(self, events):
        return [e["event_id"] for e in events]

    def say_all(self, device, messages):
        """Sent at once, acknowledged in order."""
        device.say(*messages)
        for message in messages:
            self.assertEqual(device.wait("ack", "error").get("event_id"),
                             message["payload"]["event_id"])
        return [m["payload"]["event_id"] for m in messages]

    def test_between_two_devices_of_any_version(self):
        for one, other in ((1, 1), (1, 2), (2, 1), (2, 2)):
            with self.subTest(versions=(one, other)):
                account = Account()
                a, b = sign_in(self.url, account, one), sign_in(
                    self.url, account.another_device(), other)
                sent = self.say_all(a, [a.event(b"%d" % i) for i in range(20)])
                came = [b.wait("event") for _ in sent]
                self.assertEqual(self.ids(came), sent)
                self.assertEqual([e["stream_seq"] for e in came], list(range(1, 21)))
                a.ping()
                self.assertFalse([m for m in a.waiting if m["type"] == "event"], "no echo")
                a.close()
                b.close()

    def test_what_was_missed_is_replayed_once(self):
        account = Account()
        a, other = sign_in(self.url, account), account.another_device()
        b = sign_in(self.url, other)
        first = self.say_all(a, [a.event(b"one") for _ in range(3)])
        came = [b.wait("event") for _ in first]
        b.say({"type": "ack", "payload": {"cursor": came[-1]["cursor"]}})
        b.ping()
        b.close()
        missed = self.say_all(a, [a.event(b"two") for _ in range(25)])
        b = sign_in(self.url, other)
        self.assertEqual(b.established["cursor"], came[-1]["cursor"])
        replayed = b.replay(limit=10)
        self.assertEqual(self.ids(replayed), missed)
        b.say({"type": "ack", "payload": {"cursor": replayed[-1]["cursor"]}})
        live = self.say_all(a, [a.event(b"three")])
        self.assertEqual(b.wait("event")["event_id"], live[0])
        b.close()
        self.assertEqual(self.ids(sign_in(self.url, other).replay()), live)

    def test_the_same_event_again_is_stored_once(self):
        account = Account()
        a = sign_in(self.url, account)
        event = a.event(b"once")
        self.say_all(a, [event])
        self.say_all(a, [event])
        b = sign_in(self.url, account.another_device())
        self.assertEqual(self.ids(b.replay()), [event["payload"]["event_id"]])

    def test_every_refusal_has_a_code(self):
        a = sign_in(self.url, Account())
        wrong = [({"event_id": "x"}, "bad_event_id"), ({"stream_id": "a b"}, "bad_stream_id"),
                 ({"encrypted_payload": "%"}, "bad_payload"),
                 ({"device_id": Account().device}, "event_of_another_device"),
                 ({"user_id": Account().user}, "event_of_another_user"),
                 ({"device_seq": 0}, "bad_device_seq"), ({"ttl": 1}, "event_expired")]
        for change, code in wrong:
            event = a.event(b"x", **{"event_id": event_id(), **change})
            a.say(event)
            self.assertEqual(a.wait("ack", "error").get("code"), code)
        self.say_all(a, [a.event(b"and it goes on")])

    def test_an_account_reads_its_own_events_only(self):
        a, stranger = sign_in(self.url, Account()), sign_in(self.url, Account())
        self.say_all(a, [a.event(b"secret")])
        self.assertEqual(stranger.replay(cursor=0), [])
        self.assertEqual(stranger.waiting, [])

    def test_a_device_that_is_somebody_elses_is_refused(self):
        account = Account()
        sign_in(self.url, account).close()
        thief = Account(device=account.device)
        for version in (1, 2):
            with self.assertRaises(Closed) as caught:
                sign_in(self.url, thief, version)
            self.assertEqual((caught.exception.code, caught.exception.reason),
                             (1008, "Device belongs to another key"))

    def test_a_newer_connection_replaces_the_older_one(self):
        account = Account()
        old, new = sign_in(self.url, account), sign_in(self.url, account)
        self.assertEqual(self.refused(old.socket).code, 1000)
        new.ping()
        self.wait_metric("culver_sessions", 1)

    def test_a_revoked_device_hears_nothing_more(self):
        account = Account()
        a, b = sign_in(self.url, account), sign_in(self.url, account.another_device())
        target = f"/api/devices/{b.account.device}"
        header = signed(account, self.stage.server.identity, "DELETE", target)
        status, text = http(self.url, target, "DELETE", headers={"Authorization": header})
        self.assertEqual(status, 200, text)
        status, text = http(self.url, target, "DELETE", headers={"Authorization": header})
        self.assertEqual(status, 401, "the same request twice: " + text)
        a.say(a.event(b"not for b"))
        with self.assertRaises(Closed) as caught:
            while True:
                self.assertNotEqual(b.hear()["type"], "event")
        self.assertEqual((caught.exception.code, caught.exception.reason),
                         (1008, "Device has been revoked"))
        with self.assertRaises(Closed):
            sign_in(self.url, b.account)

    def test_a_restart_keeps_them(self):
        account = Account()
        a = sign_in(self.url, account)
        sent = self.say_all(a, [a.event(b"%d" % i) for i in range(100)])
        identity = self.stage.server.identity
        self.restart()
        self.assertEqual(self.stage.server.identity, identity)
        b = sign_in(self.url, account.another_device())
        self.assertEqual(self.ids(b.replay(limit=30)), sent)
        self.assertEqual(sign_in(self.url, account).established["last_ack_device_seq"], 100)

    def test_a_signed_request_is_served_once_by_all_processes(self):
        account = Account()
        sign_in(self.url, account).close()
        header = {"Authorization": signed(account, self.stage.server.identity, "GET",
                                          "/api/devices")}
        self.assertEqual(http(self.url, "/api/devices", headers=header)[0], 200)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.restart(number=number)
            status, text = http(self.url, "/api/devices", headers=header)
            self.assertEqual((status, json.loads(text)["error"]), (401, "stale_request"))

    def test_a_record_that_comes_twice_ends_the_session(self):
        a = sign_in(self.url, Account())
        record = a.sealed(json.dumps({"type": "ping"}))
        a.socket.send(record, record)
        self.assertEqual(self.refused(a.socket).code, 1008)


def wait_until(moment):
    while (left := moment - time.monotonic()) > 0:
        time.sleep(left)


if __name__ == "__main__":
    unittest.main()
