"""A broken transfer goes on where it ended, whichever side was killed."""

import os
import signal
import time
import unittest

from culver_e2e import BOUND, Case, make_file, sha256

MIB = 1 << 20
# Long enough that a kill comes in the middle of it, on a fast machine and a slow one.
SIZE = (400 if os.environ.get("CULVER_BUILD_TYPE", "Release") == "Release" else 100) * MIB
ENOUGH = 20 * MIB


class Resume(Case):
    def setUp(self):
        super().setUp()
        self.file = make_file(self.stage.folder / "in" / "large.bin", SIZE)

    def begin(self):
        receiver = self.stage.receive("--yes", "--once", name="receiver")
        sender = self.stage.send(self.code_of(receiver), self.file, name="sender")
        return receiver, sender

    def until_enough(self, client):
        def accepts(line):
            event = client.parse(line)
            return event if event["type"] == "transferProgress" and event["bytes"] > ENOUGH else None
        client.wait_line(accepts, "progress", 2 * BOUND)

    def parts(self):
        return [name for name in self.in_out() if name.endswith(".part")]

    def finish(self):
        receiver, sender = self.begin()
        self.expect_exit(sender, 0, bound=4 * BOUND)
        self.expect_exit(receiver, 0)
        starts = [client.events("transferState/started")[0] for client in (receiver, sender)]
        self.assertEqual(starts[0].get("fromBytes"), starts[1].get("fromBytes"))
        self.assertEqual(sha256(self.stage.out / "large.bin"), sha256(self.file))
        self.assertEqual(receiver.events("fileReceived")[0]["sha256"], sha256(self.file))
        self.assertEqual(sender.events("fileSent")[0]["sha256"], sha256(self.file))
        self.assertEqual(self.in_out(), ["large.bin"])
        return starts[0].get("fromBytes", 0)

    def test_the_receiver_is_killed(self):
        receiver, sender = self.begin()
        self.until_enough(receiver)
        receiver.signal(signal.SIGKILL)
        self.expect_exit(sender, 7)
        self.assertEqual(len(self.parts()), 1)
        self.assertGreater(self.finish(), ENOUGH // 2)

    def test_the_sender_is_killed(self):
        receiver, sender = self.begin()
        self.until_enough(receiver)
        sender.signal(signal.SIGKILL)
        self.expect_exit(receiver, 7)
        self.assertEqual(len(self.parts()), 1)
        self.assertGreater(self.finish(), ENOUGH // 2)

    def test_another_file_of_that_name_begins_anew(self):
        receiver, sender = self.begin()
        self.until_enough(receiver)
        receiver.signal(signal.SIGKILL)
        self.expect_exit(sender, 7)
        with open(self.file, "r+b") as changed:
            changed.write(b"something else")
        self.assertEqual(self.finish(), 0)

    def test_whoever_is_told_to_end_keeps_what_there_is(self):
        for number, code in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            for stops in ("sender", "receiver"):
                with self.subTest(signal=number, stops=stops):
                    receiver, sender = self.begin()
                    self.until_enough(receiver)
                    ends, stays = ((sender, receiver) if stops == "sender"
                                   else (receiver, sender))
                    # In the two seconds for a second Ctrl-C a quick disk could get all of it.
                    waits = number == signal.SIGINT and stops == "receiver"
                    if waits:
                        stays.signal(signal.SIGSTOP)
                    ends.signal(number)
                    self.expect_exit(ends, code)
                    if waits:
                        stays.signal(signal.SIGCONT)
                    self.expect_exit(stays, 7)
                    self.assertEqual(len(self.parts()), 1)
                    self.assertGreater(self.finish(), ENOUGH // 2)
                    (self.stage.out / "large.bin").unlink()

    def test_both_say_that_what_is_there_is_checked(self):
        receiver, sender = self.begin()
        self.until_enough(receiver)
        receiver.signal(signal.SIGKILL)
        self.expect_exit(sender, 7)
        receiver, sender = self.begin()
        self.expect_exit(sender, 0, bound=4 * BOUND)
        self.expect_exit(receiver, 0)
        for client in (receiver, sender):
            checking = client.events("transferState/checking")
            self.assertEqual(checking[0]["bytes"], 0)
            self.assertEqual(checking[0]["ofBytes"], client.events("transferState/started")[0]["fromBytes"])
            self.assertGreater(len(checking), 1)
            self.assertGreater(client.time_of("transferState/started"), client.time_of("transferState/checking"))

    def test_what_nobody_continues_is_swept(self):
        def part(name, days):
            path = make_file(self.stage.out / name, 5)
            os.utime(path, (time.time() - days * 86400,) * 2)
        part(".culver-abcdefgh.part", 0)
        part(".culver-abcdefghijklmnopqrstuvwxyz.part", 8)
        part(".culver-bbcdefghijklmnopqrstuvwxyz.part", 6)
        part("other.part", 400)
        small = make_file(self.stage.folder / "in" / "small.bin", 5)
        self.pass_on(small)
        self.assertEqual(self.in_out(), [".culver-bbcdefghijklmnopqrstuvwxyz.part", "other.part",
                                         "small.bin"])


if __name__ == "__main__":
    unittest.main()
