"""Memory stays constant whatever the size of the file."""

import os
import unittest

from culver_e2e import BOUND, Case, make_file

SIZE = 300_000_000
LIMIT = 80_000_000


class Memory(Case):
    def setUp(self):
        if os.environ.get("CULVER_BUILD_TYPE", "Release") != "Release":
            self.skipTest("only a release build without sanitizers says how much memory is used")
        super().setUp()

    def test_peak_of_both_ends(self):
        file = make_file(self.stage.folder / "in" / "large.bin", SIZE, random=False)
        receiver = self.stage.receive("--yes", "--once")
        sender = self.stage.send(self.code_of(receiver), file)
        for client in (receiver, sender):
            client.watch_memory()
        self.expect_exit(sender, 0, bound=4 * BOUND)
        self.expect_exit(receiver, 0)
        self.assertEqual((self.stage.out / "large.bin").stat().st_size, SIZE)
        for client in (receiver, sender):
            self.assertLess(client.peak_memory, LIMIT, client.arguments[5:])


if __name__ == "__main__":
    unittest.main()
