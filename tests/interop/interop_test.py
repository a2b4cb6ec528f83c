"""The real programs and peers on other people's WebRTC: aiortc and Chromium."""

import os
import shutil
import subprocess
import sys
import unittest

from exchange import HERE, Exchange

from culver_e2e import Case, make_file, sha256


def system_python():
    """Debian's aiortc is there for Debian's own python3."""
    return next((p for p in ("/usr/bin/python3", sys.executable) if os.access(p, os.X_OK)
                 and subprocess.run([p, "-c", "import aiortc, cryptography"], check=False,
                                    capture_output=True, timeout=60).returncode == 0), None)


class Aiortc(Exchange, Case):
    command = (system_python(), "-B", HERE / "aiortc_peer.py")
    why_not = None if command[0] else "python3-aiortc is not installed"


class Chromium(Exchange, Case):
    command = (sys.executable, "-B", HERE / "chromium_peer.py")
    why_not = None if shutil.which("chromium") else "chromium is not installed"

    def late_page_gets(self, size):
        """All of it is sent before the page has looked at its second channel."""
        file = make_file(self.stage.folder / "in" / "small.bin", size)
        peer = self.start("--late", "700")
        sender = self.stage.send(self.code_of(peer), file)
        self.expect_exit(sender, 0)
        self.expect_exit(peer, 0)
        received, = peer.events("file_received")
        self.assertEqual((received["name"], received["sha256"]), (file.name, sha256(file)))

    def test_a_page_that_is_late_gets_a_file_of_one_chunk(self):
        self.late_page_gets(5_000)

    def test_a_page_that_is_late_gets_a_file_of_a_whole_chunk(self):
        self.late_page_gets(16_384)


if __name__ == "__main__":
    unittest.main()
