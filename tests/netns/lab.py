"""A small internet: a public network with the signaling server and a TURN server, and two households,
each behind a NAT of a given kind. Addresses are those of RFC 5737 and RFC 1918.

    a -- natA --+-- public, 203.0.113.10: culver-server, turnserver
    b -- natB --+
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
sys.dont_write_bytecode = True

from culver_e2e import Process  # noqa: E402
from namespaces import Namespaces, NotAllowed, need  # noqa: E402, F401

PUBLIC = "203.0.113.10"
NOBODY = "203.0.113.254"
USER, PASSWORD = "ana", "secret"

# The kernel's NAT keeps a source port where it can, so every peer sees the same mapping; only those
# to whom something was sent may answer. What came unasked must not be noted as a connection of the
# router's own, or the port would be taken.
FILTER = """
table ip guard {
  chain input { type filter hook input priority 0; iifname "ext" meta l4proto udp drop; }
}
"""
PORT_RESTRICTED = """
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "ext" masquerade; }
}
"""
FULL_CONE = """
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "ext" masquerade; }
  chain in { type nat hook prerouting priority -100; iifname "ext" meta l4proto udp dnat to %s; }
}
"""
# Another port for each peer.
SYMMETRIC = """
table ip nat {
  chain out { type nat hook postrouting priority 100; oifname "ext" masquerade fully-random; }
}
"""
NATS = {"full cone": FULL_CONE, "port-restricted": PORT_RESTRICTED,
        "symmetric": SYMMETRIC}


class Lab:
    """The networks of one test; what runs in them must end first."""

    def __init__(self, nat_a, nat_b):
        need("nft", "turnserver")
        self._spaces = Namespaces()
        try:
            self._build({"a": nat_a, "b": nat_b})
        except NotAllowed:
            self.close()
            raise

    def _build(self, nats):
        spaces = self._spaces
        spaces.make("public")
        spaces.ip("public", "link add net type bridge")
        spaces.ip("public", f"address add {PUBLIC}/24 dev net")
        spaces.ip("public", "link set net up")
        self._silence("public", "net")
        for number, (home, nat) in enumerate(nats.items(), 1):
            router, inside = f"nat{home}", f"10.{number}.0"
            for name in (router, home):
                spaces.make(name)
            spaces.join(router, "ext", "public", f"to-{home}")
            spaces.join(home, "eth", router, "int")
            spaces.ip("public", f"link set to-{home} master net up")
            spaces.ip(router, f"address add 203.0.113.{number}/24 dev ext")
            spaces.ip(router, f"address add {inside}.1/24 dev int")
            spaces.ip(home, f"address add {inside}.2/24 dev eth")
            for name, device in ((router, "ext"), (router, "int"), (home, "eth")):
                spaces.ip(name, f"link set {device} up")
            spaces.ip(home, f"route add default via {inside}.1")
            self._silence(router, "ext")
            spaces.run(router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
            rules = FILTER + (NATS[nat] % f"{inside}.2" if "%s" in NATS[nat] else NATS[nat])
            spaces.run(router, "nft", "-f", "-", text=rules)

    def _silence(self, name, device):
        """Elsewhere nobody answers, as in the real one; an error at once would be taken to heart by
        a TURN server, which then frees the allocation."""
        self._spaces.ip(name, f"neighbour add {NOBODY} lladdr 02:00:00:00:00:01 dev {device} "
                              "nud permanent")
        self._spaces.ip(name, f"route add default via {NOBODY}")

    def within(self, name):
        return self._spaces.within(name)

    def start_turn(self, folder):
        """Also the STUN server. Relays between private addresses of our own making only."""
        turn = Process(
            ["turnserver", "-n", "--listening-ip", PUBLIC, "--relay-ip", PUBLIC, "--lt-cred-mech",
             "--user", f"{USER}:{PASSWORD}", "--realm", "culver", "--no-tls", "--no-dtls",
             "--no-cli", "-v", "--log-file", "stdout", "--simple-log", "--pidfile",
             folder / "turn.pid", "--userdb", folder / "turn.db"],
            folder / "turn.log", within=self.within("public"))
        turn.wait_line(lambda line: line if "UDP listener opened" in line else None,
                       "UDP listener")
        return turn

    @staticmethod
    def ice_servers():
        return ["--ice-server", f"stun:{PUBLIC}",
                "--ice-server", f"turn:{USER}:{PASSWORD}@{PUBLIC}"]

    def close(self):
        self._spaces.close()
