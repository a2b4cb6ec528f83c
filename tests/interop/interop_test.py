"""The real programs and peers on other people's WebRTC: aiortc and Chromium."""

import os
import shutil
import subprocess
import sys
import unittest

from exchange import HERE, Exchange

from culver_e2e import Case


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


if __name__ == "__main__":
    unittest.main()
