"""Whom a user knows, what they say of them, and what happens to a key that is not the known one."""

import json
import os
import unittest

from culver_e2e import Case, Client, Terminal, make_file


class Peers(Case):
    def ask(self, *words, name="receiver", code=0):
        """One verb of the book, to its end; what it printed."""
        done = self.stage.try_run(name, "-o", "json", *words)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return Client.parse(done.stdout.splitlines()[-1])

    def known(self, name="receiver"):
        peers = self.stage.peers(name)
        self.assertEqual(len(peers), 1, peers)
        return peers[0]

    def meet(self, *options, name="sender"):
        """The sender, called Ana, and the receiver exchange a text."""
        receiver = self.stage.receive("--yes", "--once", *options)
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "hello",
                                 name=name)
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        return receiver, sender

    def be_refused(self, reason, name="sender"):
        """Ana asks for a pairing that nobody is asked about; the receiver, still running."""
        receiver = self.stage.receive("--yes")
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "no", name=name)
        self.expect_failure(sender, 10, reason)
        self.assertEqual(receiver.events("pairRequested"), [])
        return receiver

    def stop(self, receiver, reasons):
        """It has failed for these reasons by now, and ends."""
        receiver.signal(15)
        receiver.wait_exit()
        self.assertEqual([e["code"] for e in receiver.failures()], reasons)


class TheBook(Peers):
    def test_a_peer_is_verified_renamed_and_forgotten(self):
        self.meet()
        ana, other_side = self.known(), self.known("sender")
        self.assertEqual((ana["peer"], ana["handle"], ana["alias"]), ("Ana", "Ana", None))
        self.assertFalse(ana["isVerified"] or ana["isBlocked"])
        self.assertTrue(ana["isCulver"])
        self.assertEqual(len(ana["safetyNumber"]), 60)
        self.assertEqual(ana["safetyNumber"], other_side["safetyNumber"])

        self.assertTrue(self.ask("verify", "ANA", "--yes")["isVerified"])
        self.assertTrue(self.known()["isVerified"])
        self.assertEqual(self.ask("rename", "ana", "Sister")["peer"], "Sister")
        self.ask("verify", "ana", "--no", code=8)
        receiver, _ = self.meet()
        self.assertEqual(receiver.events("peerConnected")[0]["peer"], "Sister")
        sister = self.known()
        self.assertEqual((sister["name"], sister["isVerified"]), ("Ana", True))
        self.assertEqual(sister["firstSeenMs"], ana["firstSeenMs"])

        self.ask("forget", "sister", code=1)  # nobody is there to ask
        self.ask("forget", sister["fingerprint"][:8], "--yes")
        self.assertEqual(self.stage.peers("receiver"), [])

    def test_verify_shows_the_number_to_people(self):
        self.meet()
        digits = self.known()["safetyNumber"]
        shown = self.stage.try_run("receiver", "verify", "ana", "--yes").stdout
        lines = [line.split() for line in shown.splitlines() if line.startswith("    ")]
        self.assertEqual(lines, [[digits[20 * i + 5 * k:20 * i + 5 * k + 5] for k in range(4)]
                                 for i in range(3)])

    def test_a_blocked_peer_is_refused_and_nobody_is_asked(self):
        self.meet()
        self.assertTrue(self.ask("block", "ana")["isBlocked"])
        self.stop(self.be_refused("pair_refused"), ["terminated"])
        self.assertFalse(self.ask("unblock", "ana")["isBlocked"])
        self.meet()

    def test_blocking_ends_the_connection_of_another_process(self):
        terminal = Terminal()
        self.addCleanup(terminal.close)
        receiver = self.stage.receive(stdin=terminal.slave)
        file = make_file(self.stage.folder / "in" / "a.bin", 1000)
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", file)
        receiver.wait_said("Accept? [y/N]")
        terminal.write("y\n")
        receiver.wait_said("wants to send a.bin")  # connected, and waiting for an answer
        self.ask("block", "ana")
        self.assertEqual(receiver.wait_failure()["code"], "peer_blocked")
        receiver.wait_event("peerDisconnected")
        self.assertNotEqual(sender.wait_exit(), 0)
        self.assertEqual(self.in_out(), [])


class KeyChanged(Peers):
    def test_a_known_name_with_another_key_is_refused_until_it_is_trusted(self):
        self.meet()
        self.ask("verify", "ana", "--yes")
        old = self.known()
        new_key = json.loads(self.stage.try_run("third", "-o", "json", "id").stdout)["fingerprint"]

        self.stop(self.be_refused("pair_refused", name="third"), ["peer_key_changed", "terminated"])
        ana = self.known()
        self.assertEqual((ana["fingerprint"], ana["offered"]), (old["fingerprint"], [new_key]))
        self.ask("trust", "ana", code=1)  # nobody is there to ask
        self.ask("trust", "ana", "--fingerprint", old["fingerprint"], code=4)
        self.assertEqual(self.known(), ana)

        trusted = self.ask("trust", "ana", "--fingerprint", new_key)
        self.assertEqual((trusted["fingerprint"], trusted["isVerified"], trusted["offered"]),
                         (new_key, False, []))
        self.assertEqual(trusted["firstSeenMs"], old["firstSeenMs"])
        self.meet(name="third")
        self.assertEqual(self.known()["fingerprint"], new_key)
        self.stop(self.be_refused("pair_refused"), ["peer_key_changed", "terminated"])

    def test_who_sends_to_another_key_of_that_name_ends_with_4(self):
        sender = self.exchange("receiver")
        self.expect_exit(sender, 0)
        sender = self.exchange("third")
        self.expect_failure(sender, 4, "peer_key_changed")
        self.assertEqual(len(self.stage.peers("sender")), 1)
        self.assertEqual(len(self.known("sender")["offered"]), 1)

    def test_two_machines_of_one_host_name_are_two_peers(self):
        for name in ("one", "other"):
            receiver = self.stage.receive("--yes", "--once", name=name)
            sender = self.stage.send(self.code_of(receiver), "--text", "hello")
            self.expect_exit(sender, 0)
            self.expect_exit(receiver, 0)
        names = [peer["name"] for peer in self.stage.peers("sender")]
        self.assertEqual(len(set(names)), 2, names)
        host = os.uname().nodename[:59]
        for peer in self.stage.peers("sender"):
            self.assertEqual(peer["name"], f"{host}-{peer['fingerprint'][:4]}")

    def test_a_person_can_say_that_it_is_somebody_else(self):
        self.meet()
        terminal = Terminal()
        self.addCleanup(terminal.close)
        receiver = self.stage.receive("--once", stdin=terminal.slave)
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "hello",
                                 name="third")
        receiver.wait_said("Let it in as somebody else? [y/N]")
        terminal.write("y\n")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertIsNotNone(receiver.events("pairRequested")[0]["namesake"])
        peers = self.stage.peers("receiver")
        self.assertEqual([peer["name"] for peer in peers], ["Ana", "Ana"])
        handles = {peer["fingerprint"]: peer["handle"] for peer in peers}
        self.assertEqual(len(set(handles.values())), 2)
        for name in ("third", "sender"):
            own = json.loads(self.stage.try_run(name, "-o", "json", "id").stdout)["fingerprint"]
            self.assertEqual(self.shown_name_of(name), handles[own])
        self.assertEqual([peer["offered"] for peer in peers], [[], []])

    def shown_name_of(self, name):
        """By what a person who receives is told who sends."""
        receiver = self.stage.process("receiver", "receive", "--out", self.stage.out, "--once")
        sender = self.stage.client(name, "send", "--text", "hello", "--to",
                                   self.stage.peers(name)[0]["handle"])
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        said, = (line for line in receiver.lines if line.endswith(": hello"))
        shown = said.removesuffix(": hello")
        self.assertIn(f"Connected with {shown}, directly.", receiver.lines)
        self.assertIn(f"{shown} is disconnected.", receiver.lines)
        return shown

    def test_a_refusal_names_the_peer(self):
        self.meet()
        receiver = self.be_refused("pair_refused", name="third")
        self.assertEqual(receiver.wait_failure()["peer"], "Ana")
        receiver.wait_said("culver trust Ana")

    def exchange(self, name):
        """The sender sends a text to whoever calls itself Ben there."""
        receiver = self.stage.receive("--yes", "--name", "Ben", name=name)
        sender = self.stage.send(self.code_of(receiver), "--text", "hello")
        sender.wait_exit()
        receiver.signal(15)
        receiver.wait_exit()
        return sender

    def test_always_takes_it_and_says_so(self):
        self.meet()
        old = self.known()
        receiver, _ = self.meet("--trust", "always", name="third")
        self.assertEqual(receiver.events("peerConnected")[0]["insteadOf"], old["fingerprint"])
        self.assertEqual(self.known()["firstSeenMs"], old["firstSeenMs"])
        self.assertNotEqual(self.known()["fingerprint"], old["fingerprint"])

    def test_never_takes_nobody_new(self):
        receiver = self.stage.receive("--yes", "--trust", "never")
        sender = self.stage.send(self.code_of(receiver), "--name", "Ana", "--text", "no")
        self.expect_failure(sender, 10, "pair_refused")
        self.stop(receiver, ["peer_not_known", "terminated"])


class Backup(Peers):
    """The sender moves to another data folder."""

    def move(self, verb, name, *words, code=0, passphrase="correct horse"):
        file = str(self.stage.folder / "backup")
        done = self.stage.try_run(name, "-o", "json", verb, file, *words,
                                  env={**os.environ, "CULVER_PASSPHRASE": passphrase})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertNotIn(passphrase, done.stdout + done.stderr)
        return Client.parse(done.stdout)

    def test_who_moved_is_known_as_before(self):
        self.meet()
        self.ask("verify", "ana", "--yes")
        exported = self.move("export", "sender")
        self.assertEqual((exported["peers"], exported["servers"]), (1, 1))
        self.move("export", "sender", code=1)  # the file is there
        self.assertEqual(os.stat(self.stage.folder / "backup").st_mode & 0o777, 0o600)
        self.assertEqual(self.move("import", "third")["fingerprint"], exported["fingerprint"])
        self.assertEqual(self.stage.peers("third"), self.stage.peers("sender"))

        self.meet(name="third")
        self.assertTrue(self.known()["isVerified"])
        self.assertEqual(self.known()["fingerprint"], exported["fingerprint"])

    def test_what_cannot_be_imported_changes_nothing(self):
        self.meet()
        self.move("export", "sender")
        wrong = self.move("import", "third", code=4, passphrase="incorrect horse")
        self.assertEqual(wrong["code"], "passphrase_wrong")
        refused = self.move("import", "receiver", code=1)
        self.assertEqual(refused["code"], "usage")
        file = self.stage.folder / "backup"
        file.write_bytes(file.read_bytes()[:-1])
        self.assertEqual(self.move("import", "third", code=2)["code"], "file_damaged")
        self.assertFalse((self.stage.folder / "third").exists())
        self.assertEqual(self.known()["peer"], "Ana")

    def test_an_identity_is_replaced_if_that_is_said_and_kept_aside(self):
        self.meet()
        self.move("export", "sender")
        kept = self.move("import", "receiver", "--replace")["kept"]
        self.assertEqual(self.stage.peers("receiver"), self.stage.peers("sender"))
        self.assertTrue(os.path.exists(os.path.join(kept, "identity.key")))


if __name__ == "__main__":
    unittest.main()
