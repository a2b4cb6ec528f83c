"""Two real clients behind NATs of every kind, the signaling server and a TURN server between them."""

import unittest

from lab import PUBLIC, Lab, NotAllowed

from culver_e2e import Case, make_file, sha256

SIZE = 1_000_003


class Nat(Case):
    """A text and a file get through, on the path that these NATs allow."""

    with_server = False

    def meet(self, nat_a, nat_b, path):
        try:
            lab = Lab(nat_a, nat_b)
        except NotAllowed as why_not:
            self.skipTest(str(why_not))
        self.addCleanup(lab.close)
        self.addCleanup(self.stage.close)  # before the lab, in which its programs run
        self.stage.processes.append(lab.start_turn(self.stage.folder))
        self.stage.start_server(listen=f"{PUBLIC}:0", within=lab.within("public"))
        file = make_file(self.stage.folder / "in" / "report.bin", SIZE)
        receiver = self.stage.receive("--yes", "--once", *lab.ice_servers(),
                                      within=lab.within("b"))
        sender = self.stage.send(self.code_of(receiver), "--text", "hello", file,
                                 *lab.ice_servers(), within=lab.within("a"))
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(receiver.events("textReceived")[0]["text"], "hello")
        self.assertEqual(sha256(self.stage.out / file.name), sha256(file))
        paths = [client.events("peerConnected")[0]["path"] for client in (sender, receiver)]
        self.assertEqual(paths, [path, path], "\n" + self.stage.reports())

    def test_full_cone_and_full_cone(self):
        self.meet("full cone", "full cone", "direct")

    def test_full_cone_and_symmetric(self):
        self.meet("full cone", "symmetric", "direct")

    def test_port_restricted_and_full_cone(self):
        self.meet("port-restricted", "full cone", "direct")

    def test_port_restricted_and_port_restricted(self):
        self.meet("port-restricted", "port-restricted", "direct")

    def test_port_restricted_and_symmetric(self):
        self.meet("port-restricted", "symmetric", "relayed")

    def test_symmetric_and_symmetric(self):
        self.meet("symmetric", "symmetric", "relayed")


if __name__ == "__main__":
    unittest.main()
