"""Each call on a disk fails once, with each errno that it can have, and each sync lies, while a real
`culver send` and `culver receive` pass a file on: nothing wrong is ever confirmed, nothing that could
not be written is kept, the end is told, and the next attempt brings the file."""

import os
import re
import shutil
import unittest

from faulty import ERRORS, LIE, Faulty, name_of, plan

from culver_e2e import BOUND, Case, make_file, sha256

MIB = 1 << 20
ENDS = {0, 1, 2, 7, 10, 12, 143}  # of docs/protocol/command-line.md: a disk, a file, a peer, no room
NOT_WRITTEN = {"pwrite", "fdatasync", "sync_file_range"}


class FaultyCase(Case):
    SIZE = 5 * MIB + 4321

    with_server = False

    def setUp(self):
        super().setUp()
        self.stage.start_server(*self.stage.for_a_crowd())
        self.file = make_file(self.stage.folder / "in" / "a.bin", self.SIZE)
        self.digest = sha256(self.file)
        self.log = self.stage.folder / "calls"

    def attempt(self, faulty=None, where="receiver"):
        """One transfer; how both ended."""
        environment = {where: faulty.environment} if faulty else {}
        receiver = self.stage.receive("--yes", "--once", name="receiver",
                                      environment=environment.get("receiver"))
        try:
            code = self.code_of(receiver)
        except AssertionError:  # it has found out at the start, or does not answer
            self.assertIn(receiver.wait_exit(BOUND), ENDS - {0})
            self.assertTrue(receiver.failures() and receiver.said, receiver.report())
            self.stage.processes.remove(receiver)
            return None, receiver, (None, receiver.exit_code)
        sender = self.stage.send(code, self.file, name="sender",
                                 environment=environment.get("sender"))
        sent = sender.wait_exit(BOUND)
        if not sender.events("peerConnected"):  # it never came: nobody would end the other
            self.assertTrue(sender.failures() and sender.said, sender.report())
            receiver.end()
        codes = sent, receiver.wait_exit(BOUND)
        for process in (receiver, sender):
            self.stage.processes.remove(process)
        return sender, receiver, codes

    def parts(self):
        return [name for name in self.in_out() if name.endswith(".part")]

    def whole(self):
        return [name for name in self.in_out() if not name.endswith(".part")]

    def check(self, faulty, sender, receiver, codes):
        if sender is None:
            return self.assertEqual(self.in_out(), [])
        said = f"{sender.report()}\n{receiver.report()}\n{faulty.log.read_text()}"
        self.assertLessEqual(set(codes), ENDS, said)
        confirmed = [e for e in sender.events("fileSent") if e["isConfirmed"]]
        received = receiver.events("fileReceived")
        self.assertEqual(codes[0] == 0, bool(confirmed), said)
        if confirmed:
            self.assertTrue(received, said)
        for event in received:
            self.assertEqual(sha256(event["path"]), self.digest, said)
            self.assert_synced(faulty, event["path"], said)
        if not confirmed:
            self.assertTrue(sender.failures(), said)
            self.assertTrue(sender.said.strip() or sender.lines, said)
            for name in self.whole():
                self.assertEqual(sha256(self.stage.out / name), self.digest, said)

    def assert_synced(self, faulty, path, said):
        """Its content was made durable before it had its name, and nothing failed between."""
        calls = faulty.calls()
        if not any(under.startswith(str(self.stage.out)) for _, _, under in calls):
            return  # the other side was watched
        named = max(i for i, (call, result, to) in enumerate(calls)
                    if call in ("renameat2", "linkat", "renameat") and to == path)
        syncs = [i for i, (call, result, _) in enumerate(calls)
                 if call == "fdatasync" and result != "failed"]
        self.assertTrue(syncs and min(syncs) < named, said)
        writes = [i for i, (call, _, _) in enumerate(calls) if call == "pwrite"]
        self.assertGreater(max(i for i in syncs if i < named), max(writes), said)
        failed = [c for c in calls if c[0] in NOT_WRITTEN and c[1] == "failed"]
        harmless = {name for name in ("EINTR", "EINVAL", "ENOSYS")}
        if failed and name_of(int(faulty.environment["FAULTY_ERRNO"])) not in harmless:
            self.fail(f"confirmed what could not be written\n{said}")

    def clear(self):
        for path in self.stage.out.iterdir():
            path.unlink()
        for name in ("sender", "receiver"):
            shutil.rmtree(self.stage.folder / name, ignore_errors=True)

    def sweep(self, where, folder):
        dry = Faulty(folder, self.log)
        sender, receiver, codes = self.attempt(dry, where)
        self.assertEqual(codes, (0, 0), f"{sender.report()}\n{receiver.report()}")
        self.check(dry, sender, receiver, codes)
        tried = 0
        for call, nth, error in plan(dry.counts()):
            self.clear()
            with self.subTest(call=call, nth=nth, error=name_of(error), where=where):
                faulty = Faulty(folder, self.log, call, nth, error)
                sender, receiver, codes = self.attempt(faulty, where)
                self.check(faulty, sender, receiver, codes)
                if call in NOT_WRITTEN and codes[0] not in (0, None) and faulty.has_struck():
                    self.assertEqual(self.parts(), [], "what is not written is not kept")
                before = self.whole()
                sender, receiver, codes = self.attempt()
                self.assertEqual(codes, (0, 0), f"{sender.report()}\n{receiver.report()}")
                new = [name for name in self.whole() if name not in before]
                self.assertEqual(len(new), 1, self.in_out())
                self.assertEqual(sha256(self.stage.out / new[0]), self.digest)
                self.assertEqual(self.parts(), [])
                tried += 1
        self.assertGreater(tried, 0)


class ReceiversDisk(FaultyCase):
    def test_every_call_may_fail(self):
        self.sweep("receiver", self.stage.out)


class SendersDisk(FaultyCase):
    def test_every_call_may_fail(self):
        self.sweep("sender", self.stage.folder / "in")


class FailedSync(FaultyCase):
    def test_nothing_of_it_is_trusted(self):
        for error in (e for e in ERRORS["fdatasync"] if e not in (LIE, 4)):
            with self.subTest(error=name_of(error)):
                faulty = Faulty(self.stage.out, self.log, "fdatasync", 1, error)
                sender, receiver, codes = self.attempt(faulty)
                self.assertNotEqual(codes[0], 0)
                self.assertNotEqual(codes[1], 0)
                self.assertEqual(self.in_out(), [])
                self.assertEqual(sender.events("fileSent"), [])
                sender, receiver, codes = self.attempt()
                self.assertEqual(codes, (0, 0))
                self.assertNotIn("fromBytes", receiver.events("transferState/started")[0])
                self.clear()


class PoorFileSystem(FaultyCase):
    """What FUSE, MTP and the like cannot do."""

    def faulty(self, *calls):
        return Faulty(self.stage.out, self.log, *calls, always=True)

    def test_a_name_is_reserved_where_nothing_else_keeps_it(self):
        (self.stage.out / "a.bin").write_text("mine")
        faulty = self.faulty("renameat2", 1, 22)
        faulty.environment["FAULTY_ALSO"] = "linkat"
        sender, receiver, codes = self.attempt(faulty)
        self.assertEqual(codes, (0, 0), f"{sender.report()}\n{receiver.report()}")
        self.assertEqual((self.stage.out / "a.bin").read_text(), "mine")
        self.assertEqual(sha256(self.stage.out / "a (1).bin"), self.digest)
        self.assertEqual(self.in_out(), ["a (1).bin", "a.bin"])
        self.assertTrue(any(call == "renameat" for call, _, _ in faulty.calls()))

    def test_no_room_and_no_such_size_are_known_before_the_first_byte(self):
        for error, reason, heard in ((27, "file_too_large_here", "file_too_large"),
                                     (28, "no_space", "peer_no_space")):
            with self.subTest(error=name_of(error)):
                faulty = self.faulty("fallocate", 1, error)
                sender, receiver, codes = self.attempt(faulty)
                self.assertEqual(receiver.failures()[0]["code"], reason)
                self.assertEqual(sender.failures()[0]["code"], heard)
                self.assertEqual(sender.events("transferState/started"), [])
                self.assertEqual(self.in_out(), [])
                self.clear()

    def test_a_file_system_that_reserves_nothing_takes_it(self):
        sender, receiver, codes = self.attempt(self.faulty("fallocate", 1, 95))
        self.assertEqual(codes, (0, 0), f"{sender.report()}\n{receiver.report()}")
        self.assertEqual(sha256(self.stage.out / "a.bin"), self.digest)

    def test_a_limit_on_file_sizes_is_known_before_the_first_byte(self):
        receiver = self.stage.receive("--yes", "--once", within=("prlimit", "--fsize=2097152"))
        sender = self.stage.send(self.code_of(receiver), self.file)
        self.expect_failure(sender, 10, "file_too_large")
        self.expect_failure(receiver, 10, "file_too_large_here")
        self.assertEqual(sender.events("transferState/started"), [])
        self.assertEqual(self.in_out(), [])

    def test_a_folder_where_nothing_can_be_made_is_said_at_the_start(self):
        faulty = self.faulty("create", 1, 30)
        receiver = self.stage.receive("--yes", "--once", environment=faulty.environment)
        self.expect_failure(receiver, 2, "folder_read_only")
        self.assertIn(str(self.stage.out), receiver.said)
        self.assertEqual(receiver.events("online"), [])

    def test_a_folder_that_goes_bad_is_said_to_both(self):
        faulty = self.faulty("create", 2, 30)
        sender, receiver, codes = self.attempt(faulty)
        self.assertEqual(receiver.failures()[0]["code"], "folder_read_only")
        self.assertEqual(sender.failures()[0]["code"], "peer_cannot_store")
        self.assertTrue(re.search("folder", sender.said + str(sender.lines)))


class ChangedFile(FaultyCase):
    SIZE = (400 if os.environ.get("CULVER_BUILD_TYPE", "Release") == "Release" else 60) * MIB

    def test_a_byte_that_was_overwritten_in_place_is_noticed(self):
        for hide in (False, True):
            with self.subTest(hidden=hide):
                receiver = self.stage.receive("--yes", "--once")
                sender = self.stage.send(self.code_of(receiver), self.file)
                sender.wait_event("transferProgress")
                facts = os.stat(self.file)
                with open(self.file, "r+b") as changed:
                    changed.write(b"x" if hide else b"y")
                if hide:
                    os.utime(self.file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
                self.expect_failure(sender, 2, "file_changed")
                self.expect_failure(receiver, 2, "file_changed")
                self.assertEqual(self.in_out(), [])


if __name__ == "__main__":
    unittest.main()
