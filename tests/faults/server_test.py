"""Each call of a real server on its data fails once, with each errno that it can have, and each sync
lies: what it has acknowledged is there after a kill, and it ends or refuses in words otherwise."""

import os
import shutil
import signal
import unittest

from faulty import Faulty, name_of, plan

from culver_e2e import BOUND, Case, Server
from gateway_client import Account, Closed, sign_in

EVENTS = 12
ENDS = {1, 2, 128 + signal.SIGKILL}


class ServersDisk(Case):
    with_server = False

    def setUp(self):
        super().setUp()
        self.data = self.stage.folder / "server"
        self.log = self.stage.folder / "calls"

    def start(self, environment=None):
        server = Server(self.stage.folder, environment=environment)
        self.stage.processes.append(server)
        self.stage.server = server
        return server

    def send_events(self, url):
        """The ids that were acknowledged."""
        acknowledged = []
        try:
            device = sign_in(url, self.account)
            for _ in range(EVENTS):
                event = device.event(os.urandom(40))
                device.say(event)
                answer = device.wait("ack", "error")
                if "code" not in answer:
                    acknowledged.append(answer["event_id"])
            device.close()
        except (Closed, OSError, TimeoutError):
            pass  # refused or ended: nothing more is promised
        return acknowledged

    def life(self, faulty):
        """What a server acknowledged that ran on such a disk; it is killed at the end."""
        try:
            server = self.start(faulty.environment)
        except AssertionError as not_started:  # it has said why
            self.assertIn("culver-server:", str(not_started))
            return []
        acknowledged = self.send_events(server.url)
        server.signal(signal.SIGKILL)
        self.assertIn(server.wait_exit(BOUND), ENDS)
        self.stage.processes.remove(server)
        return acknowledged

    def stored(self):
        server = self.start()
        device = sign_in(server.url, self.account.another_device())
        ids = [event["event_id"] for event in device.replay(cursor=0)]
        device.close()
        server.signal(signal.SIGKILL)
        server.wait_exit(BOUND)
        self.stage.processes.remove(server)
        return ids

    def test_what_is_acknowledged_is_stored(self):
        self.account = Account()
        dry = Faulty(self.data, self.log)
        self.assertEqual(len(self.life(dry)), EVENTS)
        acknowledged = 0
        for call, nth, error in plan(dry.counts()):
            shutil.rmtree(self.data, ignore_errors=True)
            self.account = Account()
            with self.subTest(call=call, nth=nth, error=name_of(error)):
                faulty = Faulty(self.data, self.log, call, nth, error)
                promised = self.life(faulty)
                stored = self.stored()
                self.assertEqual([i for i in promised if i not in stored], [], "lost")
                self.assertEqual(len(stored), len(set(stored)), "doubled")
                acknowledged += len(promised)
        self.assertGreater(acknowledged, 0)


if __name__ == "__main__":
    unittest.main()
