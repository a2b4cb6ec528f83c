"""Two network namespaces with a path of our own between them: ends `a` and `b`, each with a TUN device
of which bench/impair/impair moves the packets."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "e2e"))

from namespaces import Namespaces, NotAllowed  # noqa: E402

SKIPPED = 77  # the exit code of a script that may not make namespaces


class ImpairedPath:
    """Addresses of the two ends. `within` makes a program run at an end."""

    address = {"a": "10.91.0.1", "b": "10.91.0.2"}

    def __init__(self):
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            raise NotAllowed("/dev/net/tun cannot be opened")
        self._spaces = Namespaces()
        try:
            for end in "ab":
                self._spaces.make(end)
                for words in ("tuntap add dev path0 mode tun",
                              f"address add {self.address[end]}/30 dev path0",
                              "link set path0 mtu 1500 txqueuelen 10000 up"):
                    self._spaces.ip(end, words)
        except NotAllowed:
            self.close()
            raise

    def within(self, end):
        return self._spaces.within(end)

    def proxy_arguments(self, **impairment):
        """delay (ms, one way), loss, rate (Mbit/s), queue (ms), seed."""
        words = [word for name, value in impairment.items() for word in (f"--{name}", str(value))]
        return ["--a", self._spaces.full_name("a"), "--b", self._spaces.full_name("b"), *words]

    def close(self):
        self._spaces.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
