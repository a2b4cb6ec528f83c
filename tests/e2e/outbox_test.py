"""Texts for who is away: kept while it is, delivered once and in order when it comes, whoever is
killed in between."""

import json
import random
import signal
import os
import time
import unittest

from culver_e2e import BOUND, Case

SEED = int(os.environ.get("CULVER_SEED", time.time()))
LETTERS = 50


def shown(receivers):
    """Texts in the order in which a person saw them first, and how many were seen again. A text is
    the same if it is of the same letter."""
    texts, seen, again = [], set(), 0
    for receiver in receivers:
        for event in receiver.events("textReceived"):
            if event["message"] in seen:
                again += 1
            else:
                seen.add(event["message"])
                texts.append(event["text"])
    return texts, again


class BothSend(Case):
    """Each of two programs sends a text to the other, and goes when its own has arrived."""

    def test_both_see_the_others_text_once(self):
        receiver = self.stage.receive("--yes", "--once", "--name", "Ben")
        self.expect_exit(self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "hello"),
                         0)
        self.expect_exit(receiver, 0)
        for n in range(8):
            ana = self.stage.client("sender", "send", "ben", "--text", f"ana {n}", "--wait", "30")
            ben = self.stage.client("receiver", "send", "ana", "--text", f"ben {n}", "--wait", "30")
            for one, expected in ((ana, f"ben {n}"), (ben, f"ana {n}")):
                self.expect_exit(one, 0)
                self.assertEqual([text["text"] for text in one.events("textReceived")], [expected])


class Outbox(Case):
    def setUp(self):
        super().setUp()
        receiver = self.receive("--once")
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "hello")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)

    def receive(self, *options, name="receiver", called="Ben"):
        return self.stage.receive("--yes", "--name", called, *options, name=name)

    def later(self, text, *options):
        """Ana writes to Ben, who may be away."""
        return self.stage.client("sender", "send", "ben", "--name", "Ana", "--text", text, "--later",
                                 *options)

    def keep(self, text):
        sender = self.later(text, "--wait", "0")
        self.expect_exit(sender, 0)
        return sender

    def waiting(self, *options):
        made = self.stage.try_run("sender", "-o", "json", "outbox", *options)
        self.assertEqual(made.returncode, 0, made.stderr)
        return json.loads(made.stdout)

    def until(self, holds, what, *others):
        end = time.monotonic() + BOUND
        while not holds():
            if time.monotonic() > end:
                self.fail(f"{what}\n{self.stage.reports()}")
            for process in others:
                process.wait_exit_or(0.1)

    def wait_shown(self, receivers, count):
        """Until so many different letters have been shown, and no moment longer."""
        seen = {e["message"] for r in receivers[:-1] for e in r.events("textReceived")}

        def accepts(line):
            event = receivers[-1].parse(line)
            if event["type"] == "textReceived":
                seen.add(event["message"])
            return True if len(seen) >= count else None
        receivers[-1].wait_line(accepts, f"letter {count}")

    def stop(self, *processes):
        for process in processes:
            process.signal(signal.SIGTERM)
        for process in processes:
            process.wait_exit()

    def test_what_was_kept_is_delivered_when_both_run(self):
        for number in range(3):
            kept = self.keep(f"number {number}")
            self.assertEqual(kept.events("textQueued")[0]["peer"], "Ben")
        there = self.waiting("--show")
        self.assertEqual([w["text"] for w in there], [f"number {n}" for n in range(3)])
        self.assertEqual(there[0]["characters"], len("number 0"))
        ben = self.receive()
        ana = self.receive(name="sender", called="Ana")
        self.until(lambda: len(ben.events("textReceived")) >= 3, "not all came", ben)
        self.until(lambda: len(ana.events("textDelivered")) >= 3, "not all were told", ana)
        self.assertTrue(ana.events("textDelivered")[0]["isConfirmed"])
        self.assertEqual(shown([ben]), ([f"number {n}" for n in range(3)], 0))
        self.assertEqual(self.waiting(), [])
        self.stop(ben, ana)

    def test_who_is_there_gets_it_at_once(self):
        ben = self.receive()
        self.code_of(ben)
        ana = self.later("at once")
        self.expect_exit(ana, 0)
        self.assertEqual(len(ana.events("textDelivered")), 1)
        self.assertEqual(shown([ben]), (["at once"], 0))
        self.stop(ben)

    def test_who_does_not_come_in_time_is_no_failure(self):
        ana = self.later("later", "--wait", "1")
        self.expect_exit(ana, 0)
        ana.wait_event("textQueued")
        self.assertEqual(len(self.waiting()), 1)

    def test_without_a_server_it_is_kept(self):
        self.stage.server.signal(signal.SIGKILL)
        self.stage.server.wait_exit()
        self.expect_exit(self.later("no server", "--wait", "2"), 0)
        self.keep("no server either")
        self.assertEqual(len(self.waiting()), 2)

    def test_a_process_that_runs_delivers_what_another_one_keeps(self):
        ben = self.receive()
        ana = self.receive(name="sender", called="Ana")
        ana.wait_event("peerConnected")
        for number in range(3):
            self.keep(str(number))
        self.until(lambda: len(ben.events("textReceived")) >= 3, "not all came", ben)
        self.assertEqual(shown([ben]), (["0", "1", "2"], 0))
        self.stop(ben, ana)

    def test_two_processes_that_deliver_at_once_double_nothing(self):
        """Each of them finds what the other one sends, and may have a connection of its own."""
        ben = self.receive()
        ana = self.receive(name="sender", called="Ana")
        ana.wait_event("peerConnected")
        for number in range(5):
            self.expect_exit(self.later(str(number), "--wait", "20"), 0)
        self.wait_shown([ben], 5)
        self.until(lambda: not self.waiting(), "something waits still", ben)
        self.assertEqual(shown([ben]), ([str(number) for number in range(5)], 0))
        self.stop(ben, ana)

    def test_what_is_dropped_does_not_come(self):
        for number in range(3):
            self.keep(str(number))
        second = self.waiting()[1]["message"]
        dropped = self.stage.try_run("sender", "-o", "json", "outbox", "drop", str(second))
        self.assertEqual([w["message"] for w in json.loads(dropped.stdout)], [second])
        ben, ana = self.receive(), self.receive(name="sender", called="Ana")
        self.until(lambda: len(ben.events("textReceived")) >= 2, "not all came", ben)
        self.until(lambda: len(ana.events("textDelivered")) >= 2, "not all were told", ana)
        self.assertEqual(shown([ben]), (["0", "2"], 0))
        self.stop(ben, ana)
        self.keep("3")
        self.assertEqual(self.stage.try_run("sender", "outbox", "drop", "ben").returncode, 0)
        self.assertEqual(self.waiting(), [])
        self.assertEqual(self.stage.try_run("sender", "outbox", "drop", "nobody").returncode, 8)

    def test_what_waits_goes_with_its_peer(self):
        self.keep("gone")
        self.assertEqual(self.stage.try_run("sender", "forget", "ben", "--yes").returncode, 0)
        self.assertEqual(self.waiting(), [])

    def test_files_and_strangers_cannot_be_kept(self):
        def code_of(*arguments):
            made = self.stage.try_run("sender", "send", *arguments, "--later")
            self.assertNotEqual(made.stderr, "")
            return made.returncode
        self.assertEqual(code_of("ben", __file__, "--text", "x"), 1)
        self.assertEqual(code_of("ben"), 1)
        self.assertEqual(code_of("--text", "x"), 1)
        self.assertEqual(code_of("--to", "nobody", "--text", "x"), 8)

    def test_killed_again_and_again_each_is_shown_in_order(self):
        """Each is shown once; again only what was on the screen when its receiver was killed."""
        chance = random.Random(SEED)
        print(f"seed {SEED}", end=" ", flush=True)
        for number in range(LETTERS):
            self.keep(str(number))
        expected = [str(number) for number in range(LETTERS)]
        bens = [self.receive()]
        ana = self.receive(name="sender", called="Ana")
        kills = 0
        for end in sorted(chance.sample(range(2, LETTERS - 5), 5)):
            self.wait_shown(bens, end)
            if chance.random() < 0.5:
                bens[-1].signal(signal.SIGKILL)
                bens[-1].wait_exit()
                bens.append(self.receive())
                kills += 1
            else:
                ana.signal(signal.SIGKILL)
                ana.wait_exit()
                ana = self.receive(name="sender", called="Ana")
        self.wait_shown(bens, LETTERS)
        self.until(lambda: not self.waiting(), "something waits still", ana)
        texts, again = shown(bens)
        self.assertEqual(texts, expected, f"seed {SEED}")
        self.assertLessEqual(again, 2 * kills, f"seed {SEED}")
        self.stop(bens[-1], ana)
        after = self.receive()
        self.code_of(after)
        self.assertEqual(after.events("textReceived"), [])
        self.stop(after)


if __name__ == "__main__":
    unittest.main()
