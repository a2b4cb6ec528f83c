"""Either side of a connection is killed at a random moment of its establishment, again and again:
the survivor is back where it was, and the next attempt succeeds."""

import os
import random
import signal
import time
import unittest

from culver_e2e import BOUND, Case, make_file

# A build that is slow for the sake of its checks is killed less often.
QUICK = os.environ.get("CULVER_BUILD_TYPE", "Release") == "Release"
ROUNDS = 40 if QUICK else 4
MOST_TIMES = 6  # ROUNDS are played
GROWTH = 1 << 20  # bytes; 26 KiB that each of ROUNDS left behind would be as much
SENDERS_LEFT = 20 if QUICK else 2
LIFE = 0.06 if QUICK else 0.6  # seconds from the start of a process that is killed, at most
SEED = int(os.environ.get("CULVER_SEED", time.time()))


def descriptors(process):
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def threads(process):
    return len(os.listdir(f"/proc/{process.pid}/task"))


def resident(process):
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class KilledWhileEstablishing(Case):
    with_server = False

    def setUp(self):
        super().setUp()
        self.stage.start_server(*self.stage.for_a_crowd())
        self.random = random.Random(SEED)

    # Each has a name of its own: a key that comes under another's name is refused.

    def kill_at_random(self, process):
        """At a moment that nobody has chosen: the one use of time here that is no wait for it."""
        process.wait_exit_or(self.random.uniform(0, LIFE))
        process.signal(signal.SIGKILL)
        process.wait_exit()

    def await_as_before(self, process, before, what):
        """Losses are noticed within 15 s, and a step of the establishment within 30."""
        end = time.monotonic() + 45
        while (now := (descriptors(process), threads(process))) != before:
            if time.monotonic() > end or process.exit_code is not None:
                self.fail(f"seed {SEED}: {what}: {before} before, {now} now\n{process.report()}")
            process.wait_exit_or(0.05)

    def test_the_receiver_is_as_before(self):
        receiver = self.stage.receive("--yes")
        code = self.code_of(receiver)
        file = make_file(self.stage.folder / "a.bin", 300_000)
        # One whole exchange first: what is made once and kept is there after it.
        self.expect_exit(self.stage.send(code, file), 0)
        receiver.wait_event("peerDisconnected")
        before = (descriptors(receiver), threads(receiver))
        # Memory grows to what the most at once have needed, and then no more. What each left behind
        # would make it grow every time.
        grown = []
        while len(grown) < 2 or grown[-1] > GROWTH:
            self.assertLess(len(grown), MOST_TIMES, f"seed {SEED}: grows by {grown}")
            memory = resident(receiver)
            for i in range(ROUNDS):
                self.kill_at_random(self.stage.send(code, file, "--name", f"killed{i % 4}",
                                                     name=f"killed{i % 4}"))
            self.await_as_before(receiver, before, f"descriptors and threads, time {len(grown)}")
            # A sanitizer keeps what was freed.
            grown.append(resident(receiver) - memory if QUICK else 0)
        self.expect_exit(self.stage.send(code, "--text", "still there?"), 0)
        self.assertIsNone(receiver.exit_code, receiver.report())

    def test_the_sender_ends_by_itself(self):
        file = make_file(self.stage.folder / "a.bin", 300_000)
        senders = []
        for i in range(SENDERS_LEFT):
            receiver = self.stage.receive("--yes", name=f"receiver{i}")
            senders.append(self.stage.send(self.code_of(receiver), file, name=f"sender{i}"))
            self.kill_at_random(receiver)
        for sender in senders:
            # 0 if all of it was there in time; else a sentence and an exit code, never a hang.
            self.assertIn(sender.wait_exit(45 + BOUND), (0, 3, 7, 8), sender.report())
        self.assertTrue(all(not name.startswith("a.bin") or
                            (self.stage.out / name).stat().st_size == 300_000
                            for name in self.in_out()))
        self.pass_on(file)


if __name__ == "__main__":
    unittest.main()
