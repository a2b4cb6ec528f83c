"""kill -9 at any moment loses no acknowledged event and doubles none: the real server, killed again
and again while several devices send, and asked afterwards what it has."""

import os
import random
import signal
import threading
import time
import unittest

from culver_e2e import BOUND, GatewayCase
from gateway_client import Account, Closed, sign_in

# A build that is slow for the sake of its checks is killed less often.
ROUNDS = 100 if os.environ.get("CULVER_BUILD_TYPE", "Release") == "Release" else 10
SENDERS = 4
UNANSWERED = 32      # events that a sender has under way
LIFE = 0.25          # seconds that a server lives at most under load
SEED = int(os.environ.get("CULVER_SEED", time.time()))


class Sender:
    """A device that sends until the server dies, and what it was promised."""

    def __init__(self, account, version):
        self.account = account
        self.version = version
        self.acknowledged = []  # ids, in the order of their acknowledgement
        self.under_way = {}     # id -> message: sent, and nobody knows what became of it
        self.failure = None

    def send_until_the_end(self, url, alive):
        try:
            device = sign_in(url, self.account, self.version)
            device.say(*self.under_way.values())  # as a client does after a loss: all of it again
            while alive.is_set():
                fresh = [device.event(os.urandom(60), stream=f"messages:{self.version}")
                         for _ in range(UNANSWERED - len(self.under_way))]
                self.under_way |= {e["payload"]["event_id"]: e for e in fresh}
                device.say(*fresh)
                answer = device.wait("ack", "error")
                self.acknowledged.append(answer["event_id"])
                if "code" in answer or self.under_way.pop(answer["event_id"], None) is None:
                    raise AssertionError(f"an answer of another kind: {answer}")
            device.close()
        except TimeoutError as failure:
            self.failure = failure
        except (Closed, OSError):
            pass  # it has been killed
        except BaseException as failure:  # pylint: disable=broad-except
            self.failure = failure


class KillNine(GatewayCase):
    def setUp(self):
        super().setUp()
        account = Account()
        self.senders = [Sender(account.another_device(), 1 + i % 2) for i in range(SENDERS)]
        self.reader = account.another_device()

    def test_no_acknowledged_event_is_lost_and_none_is_doubled(self):
        chance = random.Random(SEED)
        print(f"seed {SEED}, {ROUNDS} rounds", end=" ", flush=True)
        for number in range(1, ROUNDS + 1):
            self.round(chance.uniform(0, LIFE))
            self.stage.restart_server(*self.arguments, number=signal.SIGKILL)
            if number % 10 == 0 or number == ROUNDS:
                self.compare(f"seed {SEED}, round {number}")
        self.assertGreater(sum(len(s.acknowledged) for s in self.senders), 10 * ROUNDS)

    def round(self, life):
        alive = threading.Event()
        alive.set()
        threads = [threading.Thread(target=s.send_until_the_end, args=(self.url, alive))
                   for s in self.senders]
        for thread in threads:
            thread.start()
        time.sleep(life)
        self.stage.server.signal(signal.SIGKILL)
        for thread in threads:
            thread.join(BOUND)
        for sender in self.senders:
            if sender.failure:
                raise sender.failure

    def compare(self, when):
        """What the store gives back with what was promised."""
        device = sign_in(self.url, self.reader)
        stored = device.replay(cursor=0)
        device.close()
        ids = [event["event_id"] for event in stored]
        self.assertEqual(len(ids), len(set(ids)), f"{when}: doubled")
        cursors = [event["cursor"] for event in stored]
        self.assertEqual(cursors, sorted(set(cursors)), f"{when}: out of order")
        for version in (1, 2):
            numbers = [e["stream_seq"] for e in stored if e["stream_id"] == f"messages:{version}"]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), f"{when}: a hole")
        for sender in self.senders:
            mine = [e for e in stored if e["device_id"] == sender.account.device]
            numbers = [e["device_seq"] for e in mine]
            self.assertEqual(numbers, sorted(numbers), f"{when}: out of order")
            there = {e["event_id"] for e in mine}
            lost = [i for i in sender.acknowledged if i not in there]
            self.assertEqual(lost, [], f"{when}: acknowledged and lost")
            unknown = there - set(sender.acknowledged) - set(sender.under_way)
            self.assertEqual(unknown, set(), f"{when}: never sent")


if __name__ == "__main__":
    unittest.main()
