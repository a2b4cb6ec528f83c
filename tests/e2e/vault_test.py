"""The secrets of a data folder: locked, used, unlocked, with their key elsewhere, and taken over from
an earlier version."""

import base64
import json
import os
import pty
import select
import subprocess
import unittest

from culver_e2e import BOUND, Case, Client, program

OLD_DEVICE = "550e8400-e29b-41d4-a716-446655440000"


class Vault(Case):
    with_server = False

    def culver(self, name, *words, code=0, passphrase=None, key_file=None, new=None):
        """One verb to its end, without a terminal; what it printed as JSON."""
        environment = {**os.environ}
        if passphrase is not None:
            file = self.stage.folder / "passphrase"
            file.write_text(passphrase + "\n", encoding="utf-8")
            environment["CULVER_PASSPHRASE_FILE"] = str(file)
        if new is not None:
            environment["CULVER_PASSPHRASE"] = new
        if key_file is not None:
            environment["CULVER_KEY_FILE"] = str(key_file)
        done = self.stage.try_run(name, "-o", "json", *words, env=environment)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for secret in filter(None, (passphrase, new)):
            self.assertNotIn(secret, done.stdout + done.stderr)
        return Client.parse(done.stdout.splitlines()[-1])

    def data(self, name):
        return self.stage.folder / name

    def make_earlier_version(self, name):
        """The folder as Culver left it before secrets were sealed; its files, by their names."""
        folder = self.data(name)
        folder.mkdir(mode=0o700)
        secret = [base64.b64encode(os.urandom(32)).decode() for _ in range(2)]
        files = {"identity.key": f"culver-identity-1\n{secret[0]}\n",
                 "account": f"culver-account-1\n{secret[1]}\n{OLD_DEVICE}\n"}
        for file, content in files.items():
            (folder / file).write_text(content, encoding="ascii")
            (folder / file).chmod(0o600)
        return files


class Locked(Vault):
    def test_it_opens_with_the_passphrase_only(self):
        before = self.culver("ana", "id")
        locked = self.culver("ana", "lock", new="correct horse")
        self.assertEqual(locked, {"isLocked": True, "keyFile": str(self.data("ana") / "key")})
        self.assertEqual(self.culver("ana", "id", code=1)["code"], "passphrase_needed")
        wrong = self.culver("ana", "id", code=4, passphrase="incorrect horse")
        self.assertEqual(wrong["code"], "passphrase_wrong")
        self.assertEqual(self.culver("ana", "id", passphrase="correct horse"), before)

        self.culver("ana", "lock", passphrase="correct horse", new="staple battery")
        self.culver("ana", "id", code=4, passphrase="correct horse")
        unlocked = self.culver("ana", "unlock", passphrase="staple battery")
        self.assertFalse(unlocked["isLocked"])
        self.assertEqual(self.culver("ana", "id"), before)

    def test_the_variable_opens_it_too(self):
        before = self.culver("ana", "id")
        self.culver("ana", "lock", new="correct horse")
        self.assertEqual(self.culver("ana", "id", new="correct horse"), before)
        self.assertEqual(self.culver("ana", "id", code=4, new="wrong horse")["code"],
                         "passphrase_wrong")
        # Of these it is the new one.
        self.assertEqual(self.culver("ana", "lock", code=1, new="correct horse")["code"],
                         "passphrase_needed")
        self.culver("ana", "lock", passphrase="correct horse", new="staple battery")
        self.culver("ana", "unlock", new="staple battery")

    def test_unlock_says_what_it_has_done(self):
        self.culver("ana", "id")
        self.culver("ana", "lock", new="correct horse")
        environment = {**os.environ, "CULVER_PASSPHRASE": "correct horse"}
        first = self.stage.try_run("ana", "unlock", env=environment).stdout
        self.assertTrue(first.startswith("The data folder is unlocked:"), first)
        second = self.stage.try_run("ana", "unlock").stdout
        self.assertTrue(second.startswith("The data folder is not locked:"), second)

    def test_a_lock_that_does_not_succeed_changes_nothing(self):
        before = self.culver("ana", "id")
        self.culver("ana", "lock", code=1, new="short")
        self.culver("ana", "lock", code=1)  # nobody is there to ask
        self.assertEqual(self.culver("ana", "id"), before)

    def test_no_secret_is_made_anew(self):
        self.culver("ana", "id")
        self.culver("ana", "lock", new="correct horse")
        (self.data("ana") / "identity.key").unlink()
        self.culver("ana", "id", code=2, passphrase="correct horse")
        self.assertFalse((self.data("ana") / "identity.key").exists())

    def test_an_import_can_be_locked_from_the_start(self):
        before = self.culver("ana", "id")
        file = str(self.stage.folder / "backup")
        self.culver("ana", "export", file, new="correct horse")
        self.culver("bea", "import", "--lock", file, new="correct horse")
        self.culver("bea", "id", code=1)
        self.assertEqual(self.culver("bea", "id", passphrase="correct horse"), before)
        self.culver("cid", "import", file, new="correct horse")
        self.assertEqual(self.culver("cid", "id"), before)
        os.unlink(file)
        # The passphrase of the folder, and that of the file.
        self.culver("bea", "export", file, passphrase="correct horse", new="staple battery")
        self.culver("dot", "import", file, new="staple battery")
        self.assertEqual(self.culver("dot", "id"), before)

    def test_a_person_is_asked_without_an_echo(self):
        before = self.culver("ana", "id")
        self.at_terminal("ana", ["lock"], ["New passphrase: ", "The same again: "], "correct horse")
        self.culver("ana", "id", code=1)
        shown = self.at_terminal("ana", ["id"], ["Passphrase of the data folder: "],
                                 "correct horse")
        self.assertIn(before["fingerprint"], shown.replace(" ", ""))

    def at_terminal(self, name, words, questions, answer):
        """Answers each of these questions on a terminal; what was shown there."""
        child, master = pty.fork()
        if child == 0:
            os.execv(program("culver"), ["culver", "-d", str(self.data(name)), *words])
        shown = ""
        try:
            for question in questions:
                while not shown.endswith(question):
                    shown += self.read(master, shown)
                os.write(master, answer.encode() + b"\n")
            while piece := self.read(master, shown):
                shown += piece
        finally:
            os.close(master)
            _, status = os.waitpid(child, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0, shown)
        self.assertNotIn(answer, shown)
        return shown

    def read(self, master, shown):
        self.assertTrue(select.select([master], [], [], BOUND)[0], shown)
        try:
            return os.read(master, 4096).decode()
        except OSError:  # the program has ended
            return ""


class LockedAndConnected(Vault):
    with_server = True

    def test_a_locked_peer_sends_and_receives(self):
        for name in ("receiver", "sender"):
            self.culver(name, "lock", new="correct horse")
        file = self.stage.folder / "passphrase"
        file.write_text("correct horse", encoding="utf-8")
        environment = {"CULVER_PASSPHRASE_FILE": str(file)}
        receiver = self.stage.receive("--yes", "--once", environment=environment)
        sender = self.stage.send(self.code_of(receiver), "--text", "hello",
                                 environment=environment)
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(receiver.events("textReceived")[0]["text"], "hello")


class KeyElsewhere(Vault):
    def test_without_it_nothing_opens_and_nothing_is_made(self):
        key = self.stage.folder / "drive" / "culver.key"
        key.parent.mkdir()
        before = self.culver("ana", "id", key_file=key)
        self.assertFalse((self.data("ana") / "key").exists())
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.culver("ana", "id", code=2)
        self.assertFalse((self.data("ana") / "key").exists())
        self.assertEqual(self.culver("ana", "id", "--key-file", str(key)), before)
        other = self.stage.folder / "other.key"
        self.culver("bea", "id", key_file=other)
        self.culver("ana", "id", code=2, key_file=other)
        key.rename(self.data("ana") / "key")
        self.assertEqual(self.culver("ana", "id"), before)

    def test_a_server_has_its_key_elsewhere(self):
        key = self.stage.folder / "server.key"
        server = self.stage.start_server("--key-file", key)
        self.assertTrue(key.exists())
        self.assertFalse((self.stage.folder / "server" / "key").exists())
        identity = server.identity
        self.assertEqual(self.stage.restart_server("--key-file", key).identity, identity)
        server.signal(15)
        self.stage.server.signal(15)
        self.stage.server.wait_exit()
        done = subprocess.run([program("culver-server"), "--listen", "127.0.0.1:0", "--data-dir",
                               str(self.stage.folder / "server")], capture_output=True, text=True,
                              timeout=BOUND, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is missing", done.stderr)


class EarlierVersion(Vault):
    def test_its_secrets_are_sealed_and_it_is_said_once(self):
        files = self.make_earlier_version("ana")
        done = self.stage.try_run("ana", "-v", "-o", "json", "id")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("a plain secret was sealed"), len(files), done.stderr)
        self.assertEqual(json.loads(done.stdout)["device"], OLD_DEVICE)
        for name in files:
            content = (self.data("ana") / name).read_bytes()
            self.assertTrue(content.startswith(b"culver-sealed\n"), name)
        again = self.stage.try_run("ana", "-v", "-o", "json", "id")
        self.assertEqual(again.stdout, done.stdout)
        self.assertNotIn("sealed", again.stderr)

    def test_damaged_it_is_left_as_it_is(self):
        files = self.make_earlier_version("ana")
        identity = self.data("ana") / "identity.key"
        identity.write_text(files["identity.key"][:-4], encoding="ascii")
        before = identity.read_bytes()
        self.assertEqual(self.culver("ana", "id", code=2)["code"], "identity_unreadable")
        self.assertEqual(identity.read_bytes(), before)


if __name__ == "__main__":
    unittest.main()
