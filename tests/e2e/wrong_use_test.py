"""What is refused, in the data folder and around it, and how that is told."""

import os
import shutil
import socket
import subprocess
import time
import unittest

from culver_e2e import BOUND, Case, program


class WrongUse(Case):
    def culver(self, *words, environment=None, name="ana", stdin=subprocess.DEVNULL):
        return subprocess.run(
            [program("culver"), "-d", str(self.stage.folder / name), *words], capture_output=True, text=True, stdin=stdin,
            timeout=BOUND, check=False,
            env={**os.environ, "CULVER_SERVER": self.stage.server.url, **(environment or {})})

    def expect(self, done, code, words):
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)

    def test_a_passphrase_that_no_other_source_takes(self):
        self.culver("id")
        long = {"CULVER_PASSPHRASE": "x" * 1025}
        self.expect(self.culver("lock", environment=long), 1, "longer than 1024 bytes")
        self.assertEqual(self.culver("id").returncode, 0, "it is not locked")
        copy = str(self.stage.folder / "copy")
        self.expect(self.culver("export", copy, environment=long), 1, "longer than 1024 bytes")
        good = {"CULVER_PASSPHRASE": "correct horse"}
        self.assertEqual(self.culver("export", copy, environment=good).returncode, 0)
        self.expect(self.culver("export", copy, environment=good), 1, "none is overwritten")
        self.assertEqual(self.culver("lock", environment=good).returncode, 0)
        self.expect(self.culver("id"), 1, "CULVER_PASSPHRASE.")

    def test_the_key_of_the_configuration_that_is_wrong_is_named(self):
        folder = self.stage.folder / "config" / "culver"
        folder.mkdir(parents=True)
        home = {"XDG_CONFIG_HOME": str(folder.parent)}
        for text, words in (('{"yes":true,"servre":"x"}', "no key servre"),
                            ('{"once":"yes"}', "the value of once is of the wrong type"),
                            ("[]", "one JSON object")):
            (folder / "config.json").write_text(text)
            self.expect(self.culver("version", environment=home), 1, words)
        (folder / "config.json").unlink()
        os.mkfifo(folder / "config.json")
        self.expect(self.culver("version", environment=home), 1, "is not a file")
        self.expect(self.culver("version", environment={"CULVER_LOG": "bogus"}), 1, "CULVER_LOG")

    def test_the_kept_name_is_opened_with_care(self):
        self.culver("id")
        name = self.stage.folder / "ana" / "name"
        os.mkfifo(name)
        self.expect(self.culver("name"), 2, "is not a regular file")
        name.unlink()
        name.symlink_to("account")
        self.assertEqual(self.culver("name").returncode, 2)

    def test_a_pairing_that_nobody_can_answer_has_an_end(self):
        receiver = self.stage.receive()
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "x"), 10)
        asked = receiver.wait_event("pairRequested")
        ended = receiver.wait_event("failed")
        self.assertEqual((ended["code"], ended["question"]), ("cancelled", asked["question"]))

    def test_a_server_that_says_nothing_is_waited_for_no_longer_than_was_said(self):
        receiver = self.stage.receive("--yes", "--name", "bob", "--once")
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "x", name="ana"), 0)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            begun = time.monotonic()
            url = f"ws://127.0.0.1:{silent.getsockname()[1]}"
            sent = self.culver("--server", url, "send", "bob", "--text", "y", "--wait", "2")
            self.expect(sent, 3, "does not answer")
            self.assertLess(time.monotonic() - begun, 8)

    def test_nothing_needs_a_place_that_goes_nowhere(self):
        receiver = self.stage.receive("--yes", "--name", "bob", "--once")
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "x", name="ana"), 0)
        for _ in range(4):
            self.code_of(self.stage.receive(name="ana"))
        later = ("send", "bob", "--text", "y", "--later", "--wait")
        self.assertEqual(self.culver(*later, "0").returncode, 0)
        self.expect(self.culver(*later, "1"), 1, "End one of them")


class FullDisk(Case):
    def setUp(self):
        super().setUp()
        mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "culver-test", str(self.stage.out)]
        if os.geteuid() != 0 or not shutil.which("mount") or \
                subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            self.skipTest("this user may not mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "--lazy", str(self.stage.out)], check=True)

    def test_it_is_called_that_also_while_another_process_has_the_book(self):
        data = f"{self.stage.out.name}/data"
        receiver = self.stage.receive("--yes", "--once", "--name", "bob", name="bob")
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "x", name=data), 0)
        self.code_of(self.stage.receive(name=data))
        with open(self.stage.out / "filling", "wb", buffering=0) as filling, \
                self.assertRaises(OSError):
            while True:
                filling.write(bytes(4096))
        for words in (("rename", "bob", "bert"), ("block", "bob"), ("forget", "bob", "--yes"),
                      ("send", "bob", "--later", "--wait", "0", "--text", "y")):
            full = self.stage.try_run(data, *words)
            self.assertEqual(full.returncode, 12, f"{words}: {full.stderr}")
            self.assertIn("no space left", full.stderr)


if __name__ == "__main__":
    unittest.main()
