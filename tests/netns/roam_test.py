"""Machines that move while a file passes between them, and cables that are pulled.

    a ---- data ---- b        the cable of the file; its addresses change
    a - ctl - server - ctl - b    signaling only: the server forwards nothing
"""

import os
import re
import time
import unittest

from lab import Namespaces, NotAllowed

from culver_e2e import BOUND, Case, make_file, sha256

SERVER = "203.0.113.10"
MIB = 1 << 20
# Long enough that a move comes in the middle of it, on a fast machine and a slow one.
SIZE = (600 if os.environ.get("CULVER_BUILD_TYPE", "Release") == "Release" else 100) * MIB
ENOUGH = 10 * MIB
LOSS = 15  # seconds: by then a loss is told
MOVED = "10.0.0.11"  # where a goes
COUNTER = f"""
table inet seen {{
  counter moved {{ }}
  chain in {{ type filter hook input priority 0; ip saddr {MOVED} counter name "moved"; }}
}}
"""


class Roam(Case):
    with_server = False

    def setUp(self):
        super().setUp()
        try:
            self.spaces = Namespaces()
            self.addCleanup(self.spaces.close)
            self.build()
        except NotAllowed as why_not:
            self.skipTest(str(why_not))
        self.addCleanup(self.stage.close)  # before the namespaces, in which its programs run
        self.stage.start_server(listen=f"{SERVER}:0", within=self.spaces.within("server"))
        self.file = make_file(self.stage.folder / "in" / "large.bin", SIZE, random=False)

    def build(self):
        spaces = self.spaces
        for name in ("a", "b", "server"):
            spaces.make(name)
        spaces.ip("server", f"address add {SERVER}/32 dev lo")
        spaces.join("a", "data", "b", "data")
        for number, name in enumerate(("a", "b"), 1):
            spaces.join(name, "ctl", "server", f"to-{name}")
            spaces.ip(name, f"address add 198.51.{number}.1/30 dev ctl")
            spaces.ip("server", f"address add 198.51.{number}.2/30 dev to-{name}")
            spaces.ip(name, "link set ctl up")
            spaces.ip("server", f"link set to-{name} up")
            spaces.ip(name, f"route add {SERVER}/32 via 198.51.{number}.2")
            spaces.ip(name, "link set data up")
            spaces.ip(name, f"address add 10.0.0.{number}/24 dev data")

    def begin(self):
        """A transfer from a to b that is under way."""
        self.receiver = self.stage.receive("--yes", "--once", within=self.spaces.within("b"))
        self.sender = self.stage.send(self.code_of(self.receiver), self.file,
                                      within=self.spaces.within("a"))
        self.until(ENOUGH)

    def until(self, size):
        """So much has arrived."""
        def accepts(line):
            event = self.receiver.parse(line)
            return event if event["type"] == "transferProgress" and event["bytes"] > size else None
        self.receiver.wait_line(accepts, "progress", 2 * BOUND)

    def until_by_the_new_path(self, size):
        """So much has come to b from where a now is; what was under way before says nothing."""
        end = time.monotonic() + 2 * BOUND
        while self.bytes_by_the_new_path() < size:
            if time.monotonic() > end or self.receiver.wait_exit_or(0.02):
                self.fail("nothing comes by the new path\n" + self.stage.reports())

    def bytes_by_the_new_path(self):
        counters = self.spaces.run("b", "nft", "list", "counters", "table", "inet", "seen")
        return int(re.search(r"\bbytes (\d+)", counters)[1])

    def leave(self, name, number):
        self.spaces.ip(name, f"address del 10.0.0.{number}/24 dev data")

    def arrive(self, name, number):
        self.spaces.ip(name, f"address add 10.0.0.{number}/24 dev data")

    def without_signaling(self):
        for name in ("a", "b"):
            self.spaces.ip(name, "link set ctl down")

    def expect_it_arrives(self):
        self.expect_exit(self.sender, 0, bound=4 * BOUND)
        self.expect_exit(self.receiver, 0)
        self.assertEqual(sha256(self.stage.out / "large.bin"), sha256(self.file))
        for client in (self.sender, self.receiver):
            self.assertEqual(len(client.events("peerConnected")), 1, "\n" + self.stage.reports())
            self.assertNotIn("fromBytes", client.events("transferState/started")[0])

    def test_each_moves_without_the_server(self):
        """Who has moved is found by its checks."""
        self.begin()
        self.without_signaling()
        self.spaces.run("b", "nft", "-f", "-", text=COUNTER)
        self.leave("a", 1)
        self.arrive("a", 11)  # MOVED
        self.until_by_the_new_path(ENOUGH)
        self.leave("b", 2)
        self.arrive("b", 12)
        self.expect_it_arrives()

    def test_both_move_at_the_same_moment(self):
        """Neither knows where the other is: a restart by way of the server tells them."""
        self.begin()
        self.leave("a", 1)
        self.leave("b", 2)
        self.arrive("a", 11)
        self.arrive("b", 12)
        self.expect_it_arrives()

    def test_a_pulled_cable_is_told_in_time(self):
        self.begin()
        self.spaces.run("b", "nft", "-f", "-", text="""
table inet pulled {
  chain in { type filter hook input priority 0; policy drop; }
  chain out { type filter hook output priority 0; policy drop; }
}
""")
        pulled = time.monotonic()
        for client in (self.sender, self.receiver):
            self.expect_exit(client, 7)
            self.assertLess(client.time_of("peerDisconnected") - pulled, LOSS + 1)


if __name__ == "__main__":
    unittest.main()
