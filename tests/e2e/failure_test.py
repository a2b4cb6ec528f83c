"""What a user sees when something goes wrong: the right exit code, soon, and nothing left behind."""

import os
import shutil
import signal
import socket
import subprocess
import unittest

from culver_e2e import BOUND, Case, Terminal, make_file

HUGE = 1 << 32  # never arrives: long enough to be interrupted at leisure


class Codes(Case):
    def test_a_code_that_nobody_shows(self):
        receiver = self.stage.receive("--yes", "--once")
        code = self.code_of(receiver)
        wrong = ("A" if code[0] != "A" else "B") + code[1:]
        sender = self.stage.send(wrong, "--text", "hello")
        self.expect_exit(sender, 8)
        failed = sender.failures()[0]
        self.assertTrue(failed["code"] and failed["message"])
        self.assertEqual(receiver.events("textReceived"), [])

    def test_a_code_that_is_not_one(self):
        self.expect_exit(self.stage.send("IO01", "--text", "hello"), 8)

    def test_wrong_use(self):
        self.expect_exit(self.stage.client("sender", "send", "--no-such-option"), 1)
        self.expect_exit(self.stage.client("sender"), 1)

    def test_a_file_that_is_not_there(self):
        sender = self.stage.client("sender", "send", self.stage.folder / "absent")
        self.expect_exit(sender, 1)


class Refusal(Case):
    def test_a_person_says_no(self):
        terminal = Terminal()
        self.addCleanup(terminal.close)
        receiver = self.stage.receive(stdin=terminal.slave)
        sender = self.stage.send(self.code_of(receiver), "--text", "hello")
        receiver.wait_said("Accept? [y/N]")  # what is typed before the question does not count
        terminal.write("n\n")
        self.expect_exit(sender, 10)
        self.assertEqual(receiver.events("peerConnected"), [])
        self.assertEqual(self.stage.peers("sender"), [])

    def test_a_person_says_yes_to_both(self):
        terminal = Terminal()
        self.addCleanup(terminal.close)
        receiver = self.stage.receive("--once", stdin=terminal.slave)
        file = make_file(self.stage.folder / "in" / "a.bin", 1000)
        sender = self.stage.send(self.code_of(receiver), file)
        receiver.wait_said("Accept? [y/N]")
        terminal.write("y\n")
        receiver.wait_said("wants to send a.bin")
        terminal.write("y\n")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(self.in_out(), ["a.bin"])


class ServerGone(Case):
    def test_not_there(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers there
            url = f"ws://127.0.0.1:{taken.getsockname()[1]}"
            sender = self.stage.send("ABCDEF", "--text", "hello", url=url)
            self.expect_exit(sender, 3)
            self.expect_exit(self.stage.receive("--once", url=url), 3)

    def test_killed_in_the_middle_of_a_file(self):
        file = make_file(self.stage.folder / "in" / "a.bin", 100_000_000, random=False)
        receiver = self.stage.receive("--yes", "--once")
        sender = self.stage.send(self.code_of(receiver), file)
        sender.wait_event("transferState/started")
        self.stage.server.signal(signal.SIGKILL)
        self.expect_exit(sender, 0, bound=4 * BOUND)
        self.expect_exit(receiver, 0)
        self.assertEqual((self.stage.out / "a.bin").stat().st_size, 100_000_000)

    def test_sigterm_drains(self):
        receiver = self.stage.receive()
        self.code_of(receiver)
        self.stage.server.signal(signal.SIGTERM)
        self.expect_exit(self.stage.server, 0)


class PeerGone(Case):
    def begin(self):
        """A transfer that is under way."""
        file = make_file(self.stage.folder / "in" / "huge.bin", HUGE, random=False)
        receiver = self.stage.receive("--yes", "--once")
        sender = self.stage.send(self.code_of(receiver), file)
        receiver.wait_event("transferProgress")
        sender.wait_event("transferProgress")
        return receiver, sender

    def test_receiver_killed(self):
        receiver, sender = self.begin()
        receiver.signal(signal.SIGKILL)
        self.expect_exit(sender, 7, bound=20)
        self.assertNotIn("huge.bin", self.in_out())

    def test_sender_killed(self):
        receiver, sender = self.begin()
        sender.signal(signal.SIGKILL)
        self.expect_exit(receiver, 7, bound=20)
        # What is hidden waits to be continued.
        self.assertEqual([name for name in self.in_out() if not name.startswith(".")], [])

    def test_receiver_interrupted(self):
        receiver, sender = self.begin()
        receiver.signal(signal.SIGINT)
        self.expect_exit(receiver, 130, bound=20)
        self.expect_exit(sender, 7, bound=20)
        self.assertEqual([name for name in self.in_out() if not name.startswith(".")], [])


class Signals(Case):
    def test_interrupted(self):
        receiver = self.stage.receive()
        self.code_of(receiver)
        receiver.signal(signal.SIGINT)
        self.expect_exit(receiver, 130)

    def test_terminated(self):
        receiver = self.stage.receive()
        self.code_of(receiver)
        receiver.signal(signal.SIGTERM)
        self.expect_exit(receiver, 143)


class NoSpace(Case):
    def setUp(self):
        super().setUp()
        # A target folder of one megabyte.
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "culver-test", str(self.stage.out)]
        if os.geteuid() != 0 or not shutil.which("mount") or \
                subprocess.run(mount, capture_output=True).returncode != 0:
            self.skipTest("this user may not mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.stage.out)], check=True)

    def fill(self):
        with open(self.stage.out / "filling", "wb", buffering=0) as filling, \
                self.assertRaises(OSError):
            while True:
                filling.write(bytes(4096))

    def test_a_sender_hears_that_the_data_folder_is_full(self):
        receiver = self.stage.receive("--yes", "--once", name=f"{self.stage.out.name}/data")
        code = self.code_of(receiver)
        self.fill()
        sender = self.stage.send(code, "--text", "hello")
        self.expect_exit(sender, 7)
        self.assertEqual(sender.failures()[0]["code"], "peer_store_failed")
        self.expect_exit(receiver, 2)

    def test_the_owner_of_a_full_data_folder_is_told_also_when_a_known_peer_comes(self):
        data = f"{self.stage.out.name}/data"
        receiver = self.stage.receive("--yes", "--once", name=data)
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "x", "--name", "ana"), 0)
        self.expect_exit(receiver, 0)
        name, = (peer["peer"] for peer in self.stage.peers("sender"))
        receiver = self.stage.receive(name=data)
        self.code_of(receiver)
        self.fill()
        sender = self.stage.client("sender", "send", "--to", name, "--later", "--text", "y",
                                   "--wait", "5")
        self.assertEqual(receiver.wait_failure()["code"], "store_failed")
        self.expect_exit(sender, 0)
        self.assertEqual(sender.said.count("cannot write to its data folder"), 1, sender.said)

    def test_both_sides_are_told(self):
        file = make_file(self.stage.folder / "in" / "big.bin", 20_000_000)
        receiver = self.stage.receive("--yes", "--once")
        sender = self.stage.send(self.code_of(receiver), file)
        self.expect_exit(sender, 12)
        self.expect_exit(receiver, 12)
        self.assertEqual(self.in_out(), [])

    def test_a_book_on_a_full_disk_is_not_called_damaged(self):
        folder = f"{self.stage.out.name}/data"  # in the small file system
        self.assertEqual(self.stage.try_run(folder, "peers").returncode, 0)
        self.fill()
        full = self.stage.try_run(folder, "peers")
        self.assertEqual(full.returncode, 12)
        self.assertIn("there is no space left on its disk", full.stderr)
        (self.stage.out / "filling").unlink()
        self.assertEqual(self.stage.try_run(folder, "peers").returncode, 0)


if __name__ == "__main__":
    unittest.main()
