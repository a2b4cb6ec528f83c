"""What a user does when everything goes well."""

import os
import subprocess
import unittest

from culver_e2e import Case, make_file, sha256

PREFIXES = ["typ:start", "typ:", "rcpt:1", "ratchet:now", "ginv:x", "grp:x", "grm:x",
            "\u200bgrp:x", "\u200b\u200btyp:x"]


class PairTextAndFile(Case):
    def test_main_path(self):
        report = make_file(self.stage.folder / "in" / "report.pdf", 1_000_003)
        receiver, sender = self.pass_on("--text", "hello", report)

        self.assertEqual([e["text"] for e in receiver.events("textReceived")], ["hello"])
        received, sent = receiver.events("fileReceived")[0], sender.events("fileSent")[0]
        self.assertEqual(received["sha256"], sha256(report))
        self.assertEqual(sent["sha256"], sha256(report))
        self.assertEqual(received["size"], 1_000_003)
        self.assertEqual(sha256(self.stage.out / "report.pdf"), sha256(report))
        self.assertEqual(self.in_out(), ["report.pdf"])

        mine, theirs = self.stage.peers("receiver"), self.stage.peers("sender")
        self.assertEqual((len(mine), len(theirs)), (1, 1))
        self.assertEqual(mine[0]["fingerprint"], receiver.events("peerConnected")[0]["fingerprint"])
        self.assertEqual(theirs[0]["fingerprint"], sender.events("peerConnected")[0]["fingerprint"])
        self.assertNotEqual(mine[0]["publicKey"], theirs[0]["publicKey"])
        for peer in mine + theirs:
            self.assertLessEqual({"peer", "name", "publicKey", "fingerprint", "firstSeenMs",
                                  "lastSeenMs"}, peer.keys())

    def test_the_same_two_machines_meet_again(self):
        self.pass_on("--text", "one")
        self.pass_on("--text", "two")
        self.assertEqual(len(self.stage.peers("receiver")), 1)
        self.assertEqual(len(self.stage.peers("sender")), 1)


class OneFolder(Case):
    def test_nobody_pairs_with_themselves(self):
        receiver = self.stage.receive(name="ana")
        sender = self.stage.send(self.code_of(receiver), "--text", "x", name="ana")
        self.expect_failure(sender, 4, "own_key")
        self.assertEqual(receiver.wait_failure()["code"], "own_key")
        self.assertEqual(receiver.events("pairRequested"), [])


    def test_a_receiver_leaves_the_peer_to_a_sender_of_its_folder(self):
        ben = self.stage.receive("--yes", "--name", "Ben", name="ben")
        ana = self.stage.send(self.code_of(ben), "--name", "Ana", "--text", "first", name="ana")
        self.expect_exit(ana, 0)
        waits = self.stage.client("ana", "receive", "--out", self.stage.folder)
        waits.wait_event("peerConnected")
        file = make_file(self.stage.folder / "in" / "big.bin", 300_000_000, random=False)
        sender = self.stage.client("ana", "send", "Ben", file)
        self.expect_exit(sender, 0)
        self.assertEqual(len(sender.events("peerConnected")), 1, sender.events())
        self.assertEqual(len(waits.events("peerDisconnected")), 1, waits.events())
        again = self.stage.client("ben", "send", "Ana", "--text", "are you there?")
        self.expect_exit(again, 0)


class Events(Case):
    """Every line is an object with the fields that the command line promises."""

    FIELDS = {
        "online": {"code"},
        "pairRequested": {"name", "fingerprint"},
        "peerConnected": {"peer", "fingerprint", "path", "isCulver"},
        "textReceived": {"peer", "text", "message", "writtenMs"},
        "textDelivered": {"peer", "isConfirmed"},
        "transferState": {"peer", "name", "size", "state"},
        "transferProgress": {"peer", "name", "size", "bytes"},
        "fileReceived": {"peer", "name", "size", "path", "sha256"},
        "fileSent": {"peer", "name", "size", "sha256", "isConfirmed"},
        "failed": {"code", "message"},
        "peerDisconnected": {"peer"},
    }

    def test_fields(self):
        receiver, sender = self.pass_on(
            "--text", "hello", make_file(self.stage.folder / "in" / "a.bin", 3_000_000))
        for client in (receiver, sender):
            for event in client.events():
                self.assertIn(event["type"], self.FIELDS)
                self.assertLessEqual(self.FIELDS[event["type"]], event.keys(), event)
            self.assertEqual([e["isCulver"] for e in client.events("peerConnected")], [True])
        names = [e["type"] for e in receiver.events()]
        for earlier, later in [("online", "pairRequested"), ("pairRequested", "peerConnected"),
                               ("peerConnected", "textReceived"),
                               ("peerConnected", "transferState"),
                               ("transferState", "fileReceived"),
                               ("fileReceived", "peerDisconnected")]:
            self.assertLess(names.index(earlier), names.index(later), names)
        self.assertIn(receiver.events("peerConnected")[0]["path"], ("direct", "relayed"))
        self.assertIn("fileSent", [e["type"] for e in sender.events()])


class Files(Case):
    def test_an_empty_file(self):
        empty = make_file(self.stage.folder / "in" / "empty", 0)
        receiver, _ = self.pass_on(empty)
        self.assertEqual(receiver.events("fileReceived")[0]["size"], 0)
        self.assertEqual(receiver.events("fileReceived")[0]["sha256"], sha256(empty))
        self.assertEqual((self.stage.out / "empty").stat().st_size, 0)

    def test_three_files_and_a_text(self):
        files = [make_file(self.stage.folder / "in" / f"{n}.bin", n) for n in (1, 16_384, 300_001)]
        receiver, sender = self.pass_on("--text", "three follow", *files)
        self.assertEqual([e["text"] for e in receiver.events("textReceived")], ["three follow"])
        self.assertEqual(self.in_out(), sorted(f.name for f in files))
        for file in files:
            self.assertEqual(sha256(self.stage.out / file.name), sha256(file))
        self.assertEqual(len(sender.events("fileSent")), 3)

    def test_an_existing_file_is_not_overwritten(self):
        kept = self.stage.out / "report.pdf"
        kept.write_text("mine")
        report = make_file(self.stage.folder / "in" / "report.pdf", 1000)
        receiver, _ = self.pass_on(report)
        self.assertEqual(kept.read_text(), "mine")
        path = receiver.events("fileReceived")[0]["path"]
        self.assertNotEqual(os.path.realpath(path), os.path.realpath(kept))
        self.assertEqual(sha256(path), sha256(report))
        self.assertEqual(len(self.in_out()), 2)


class FileNames(Case):
    """A name from elsewhere makes one ordinary file in the target folder and nothing else."""

    NAMES = ["two\nlines.txt", "\x1b[31mred\x1b]0;title\x07.txt", "n" * 251 + ".txt",
             "..hidden", ".bashrc", "...", "-rf", "trailing. ", "\u202egpj.exe", "a\\b", "CON",
             "\x7f\x01"]

    def test_names(self):
        files = []
        for number, name in enumerate(self.NAMES):
            files.append(make_file(self.stage.folder / "in" / name, 100 + number))
        before = sorted(os.listdir(self.stage.folder))
        receiver, _ = self.pass_on("--", *files)
        after = [n for n in sorted(os.listdir(self.stage.folder))
                 if n not in ("receiver", "receiver.log", "sender", "sender.log")]
        self.assertEqual([n for n in before if n in after], after, "nothing beside the folder")
        names = self.in_out()
        self.assertEqual(len(names), len(files), names)
        for name in names:
            self.assertTrue((self.stage.out / name).is_file())
            self.assertFalse(name.startswith("."), name)
            self.assertTrue(all(ch.isprintable() for ch in name), repr(name))
        received = {e["sha256"]: e["path"] for e in receiver.events("fileReceived")}
        self.assertEqual(set(received), {sha256(f) for f in files})
        for digest, path in received.items():
            self.assertEqual(os.path.dirname(os.path.realpath(path)),
                             os.path.realpath(self.stage.out))
            self.assertEqual(sha256(path), digest)
        for line in receiver.lines:
            self.assertTrue(all(ch.isprintable() for ch in line), repr(line))


class Texts(Case):
    def test_text_that_begins_with_a_control_prefix_arrives_as_text(self):
        for text in PREFIXES:
            with self.subTest(text=text):
                receiver, _ = self.pass_on("--text", text)
                self.assertEqual([e["text"] for e in receiver.events("textReceived")], [text])

    def test_text_from_standard_input_with_the_code_in_the_environment(self):
        receiver = self.stage.receive("--yes", "--once")
        sender = self.stage.client("sender", "send", "--text", "-",
                                   stdin=subprocess.PIPE,
                                   environment={"CULVER_CODE": self.code_of(receiver)})
        sender.type_in("two\nlines, ünïcödé")
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(receiver.events("textReceived")[0]["text"].rstrip("\n"), "two\nlines, ünïcödé")


class Silence(Case):
    """The log of a talkative run holds no text, no key, no file name and no whole code."""

    def test_log(self):
        text, name = "a very private sentence", "private-name.bin"
        secret = make_file(self.stage.folder / "in" / name, 200_000)
        receiver = self.stage.client("receiver", "-v", "-v", "-v", "receive", "--out",
                                     self.stage.out, "--yes", "--once")
        code = self.code_of(receiver)
        sender = self.stage.client("sender", "-v", "-v", "-v", "send", "--text", text,
                                   "--code-file", "-", secret, stdin=subprocess.PIPE)
        sender.type_in(code)
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        keys = [p["publicKey"] for n in ("receiver", "sender") for p in self.stage.peers(n)]
        self.stage.server.signal(15)
        self.expect_exit(self.stage.server, 0)
        logs = [p.stderr() for p in (receiver, sender, self.stage.server)]
        self.assertNotEqual(logs[0] + logs[1], "", "-v says something")
        for log in logs:
            for secret_thing in [text, code, name, *keys, *(k.rstrip("=") for k in keys)]:
                self.assertNotIn(secret_thing, log)


if __name__ == "__main__":
    unittest.main()
