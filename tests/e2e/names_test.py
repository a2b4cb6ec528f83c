"""What a file is called, and what it has beside its bytes, on the other side."""

import os
import unittest

from culver_e2e import Case, make_file


class Names(Case):
    def test_what_cannot_keep_its_name_is_told(self):
        names = {".bashrc": "bashrc", "back\\slash": "slash", "-rf": "_-rf",
                 "in\u200bvoice.pdf": "invoice.pdf", "plain.txt": "plain.txt"}
        files = [make_file(self.stage.folder / "in" / name, 5) for name in names]
        receiver, _ = self.pass_on("--", *files)
        received = {e["name"]: os.path.basename(e["path"])
                    for e in receiver.events("fileReceived")}
        self.assertEqual(received, names)
        self.assertEqual(self.in_out(), sorted(names.values()))

    def test_the_time_and_the_mode_are_kept(self):
        file = make_file(self.stage.folder / "in" / "run.sh", 5)
        os.chmod(file, 0o750)
        os.utime(file, ns=(1, 1234567890123456789))
        self.pass_on(file)
        facts = os.stat(self.stage.out / "run.sh")
        self.assertEqual(facts.st_mtime_ns, 1234567890123456789)
        umask = os.umask(0)
        os.umask(umask)
        self.assertEqual(facts.st_mode & 0o7777, 0o750 & ~umask)

    def test_more_than_there_is_room_for_is_refused_with_the_room(self):
        file = make_file(self.stage.folder / "in" / "large", 8 << 40, random=False)
        receiver = self.stage.receive("--yes", "--once")
        sender = self.stage.send(self.code_of(receiver), file)
        self.expect_failure(sender, 12, "peer_no_space")
        self.expect_failure(receiver, 12, "no_space")
        free = os.statvfs(self.stage.out)
        self.assertLess(abs(receiver.failures()[0]["roomBytes"] - free.f_bavail * free.f_frsize),
                        free.f_bavail * free.f_frsize)
        self.assertEqual(sender.events("transferState/started"), [])


if __name__ == "__main__":
    unittest.main()
