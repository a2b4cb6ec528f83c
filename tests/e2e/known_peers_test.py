"""Two who were paired once, and then just send: whoever of them comes first, comes back, or is cut
off from the server in between."""

import signal
import unittest

from culver_e2e import Case, make_file, sha256


class Rendezvous(Case):
    def setUp(self):
        super().setUp()
        receiver = self.receive("--once")
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "hello")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)

    def receive(self, *options):
        """Ben waits for whoever comes."""
        return self.stage.receive("--yes", "--name", "Ben", *options)

    def send(self, *arguments, name="sender"):
        """Ana sends to Ben, without a code."""
        return self.stage.client(name, "send", "--name", "Ana", *arguments)

    def stop(self, receiver):
        receiver.signal(signal.SIGTERM)
        receiver.wait_exit()

    def test_a_file_goes_without_a_code(self):
        receiver = self.receive("--once")
        self.code_of(receiver)
        file = make_file(self.stage.folder / "in" / "a.bin", 100_000)
        sender = self.send("Ben", file)
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(receiver.events("pairRequested"), [])
        self.assertEqual(receiver.events("fileReceived")[0]["sha256"], sha256(file))
        self.assertEqual(sender.events("waiting")[0]["peer"], "Ben")

    def test_the_sender_comes_first(self):
        sender = self.send("ben", "--text", "are you there?")
        sender.wait_event("waiting")
        receiver = self.receive("--once")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(receiver.events("textReceived")[0]["text"], "are you there?")

    def test_one_receiver_is_found_again_and_again(self):
        receiver = self.receive()
        self.code_of(receiver)
        for number in range(3):
            self.expect_exit(self.send("--to", "ben", "--text", f"number {number}"), 0)
        self.assertEqual([e["text"] for e in receiver.events("textReceived")],
                         [f"number {number}" for number in range(3)])
        self.stop(receiver)
        self.assertEqual([e["code"] for e in receiver.failures()], ["terminated"])

    def test_who_was_let_in_by_a_code_needs_none_afterwards(self):
        receiver = self.receive()
        sender = self.stage.send(self.code_of(receiver), "--name", "Cleo", "--text", "first",
                                 name="third")
        self.expect_exit(sender, 0)
        sender = self.stage.client("third", "send", "--name", "Cleo", "ben", "--text", "second")
        self.expect_exit(sender, 0)
        self.assertEqual([e["text"] for e in receiver.events("textReceived")], ["first", "second"])

    def test_a_known_peer_does_not_come_under_the_name_of_another(self):
        receiver = self.receive()
        sender = self.stage.send(self.code_of(receiver), "--name", "Cleo", "--text", "first",
                                 name="third")
        self.expect_exit(sender, 0)
        sender = self.stage.client("third", "send", "--name", "Ana", "--wait", "8", "ben",
                                   "--text", "it is me, Ana")
        # Who asks is decided by the codes: a link that is refused is told, a request is waited over.
        self.assertIn((sender.wait_exit(), sender.failures()[0]["code"]),
                      [(10, "pair_refused"), (7, "peer_away")])
        self.assertEqual([e["text"] for e in receiver.events("textReceived")], ["first"])
        self.assertIn("name_of_another", [e["code"] for e in receiver.failures()])
        fingerprints = {e["fingerprint"] for e in receiver.events("textReceived")}
        self.assertEqual(fingerprints, {e["fingerprint"] for e in receiver.events("peerConnected")})

    def test_whom_another_process_pairs_is_met_by_the_one_that_runs(self):
        receiver = self.receive()
        self.code_of(receiver)
        cleo = self.stage.receive("--yes", "--once", "--name", "Cleo", name="third")
        sender = self.stage.send(self.code_of(cleo), "--name", "Ben", "--text", "first",
                                 name="receiver")
        self.expect_exit(sender, 0)
        self.expect_exit(cleo, 0)
        sender = self.stage.client("third", "send", "--name", "Cleo", "ben", "--text", "second")
        self.expect_exit(sender, 0)
        self.assertEqual([e["text"] for e in receiver.events("textReceived")], ["second"])

    def test_both_begin_at_once(self):
        receiver, sender = self.receive("--once"), self.send("ben", "--text", "at once")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)

    def test_a_killed_receiver_is_met_when_it_is_back(self):
        receiver = self.receive()
        self.code_of(receiver)
        receiver.signal(signal.SIGKILL)
        receiver.wait_exit()
        sender = self.send("ben", "--text", "still there?")
        sender.wait_event("waiting")
        back = self.receive("--once")
        self.expect_exit(sender, 0)
        self.expect_exit(back, 0)

    def test_the_server_is_started_again_in_between(self):
        receiver = self.receive("--once")
        self.code_of(receiver)
        self.stage.restart_server(number=signal.SIGKILL)
        self.expect_exit(self.send("ben", "--text", "after all"), 0)
        self.expect_exit(receiver, 0)

    def test_a_sender_that_waits_outlives_the_server(self):
        sender = self.send("ben", "--text", "after all")
        sender.wait_event("waiting")
        self.stage.restart_server(number=signal.SIGKILL)
        receiver = self.receive("--once")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)

    def test_who_is_blocked_is_not_met(self):
        self.assertEqual(self.stage.try_run("receiver", "block", "ana").returncode, 0)
        receiver = self.receive()
        self.code_of(receiver)
        file = make_file(self.stage.folder / "in" / "a.bin", 10)
        self.expect_failure(self.send("ben", file, "--wait", "2"), 7, "peer_away")
        self.stop(receiver)
        self.assertEqual(receiver.events("peerConnected"), [])
        self.assertEqual([e["code"] for e in receiver.failures()], ["terminated"])

    def test_names_of_nobody_and_of_files(self):
        file = make_file(self.stage.folder / "ben", 10)
        both = self.stage.try_run("sender", "send", "ben", "--text", "x", cwd=file.parent)
        self.assertEqual(both.returncode, 1)
        self.assertIn("--to", both.stderr)
        nobody = self.stage.try_run("sender", "send", "--to", "nobody", "--text", "x")
        self.assertEqual(nobody.returncode, 8)


if __name__ == "__main__":
    unittest.main()
