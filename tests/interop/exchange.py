"""What every peer on other people's WebRTC is tested for, answering and offering. A peer without
`fileAcks` stands for Zajel's own clients, which acknowledge no file. One that has it speaks v1:
with an ephemeral key as well it would be a Culver, and would have to confirm."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.dont_write_bytecode = True

from culver_e2e import Client, Process, make_file, sha256  # noqa: E402

SIZE = 1 << 20
GREETING = "Grüße an 世界 🙂"


class Peer(Client):
    """One of the peers of this folder; its events are told as culver tells its own."""

    def __init__(self, command, stage, *arguments):  # pylint: disable=super-init-not-called
        Process.__init__(self, [*command, "--server", stage.server.url, *arguments],
                         stage.folder / "peer.log")


class Exchange:
    """What holds for every peer; a class below names it."""

    command = ()
    why_not = None

    def setUp(self):
        if self.why_not:
            self.skipTest(self.why_not)
        super().setUp()
        self.file = make_file(self.stage.folder / "in" / "report.bin", SIZE)

    def start(self, *arguments):
        peer = Peer(self.command, self.stage, *arguments)
        self.stage.processes.append(peer)
        return peer

    def answered(self, *arguments):
        """culver offers, the peer answers; both, ended."""
        peer = self.start(*arguments)
        sender = self.stage.send(self.code_of(peer), "--text", GREETING, self.file)
        self.expect_exit(sender, 0)
        self.expect_exit(peer, 0)
        self.assertEqual([e["text"] for e in peer.events("textReceived")], [GREETING])
        received, = peer.events("fileReceived")
        self.assertEqual((received["name"], received["size"], received["sha256"]),
                         (self.file.name, SIZE, sha256(self.file)))
        self.check_ends(sender, peer, speaks="--text" in arguments)
        return sender, peer

    def offered(self, *arguments):
        """The peer offers, culver answers; both, ended."""
        receiver = self.stage.receive("--yes", "--once")
        peer = self.start("--ask", self.code_of(receiver), "--text", GREETING,
                          "--file", self.file, *arguments)
        self.expect_exit(peer, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual([e["text"] for e in receiver.events("textReceived")], [GREETING])
        received, = receiver.events("fileReceived")
        self.assertEqual(received["sha256"], sha256(self.file))
        self.assertEqual(sha256(self.stage.out / self.file.name), sha256(self.file))
        self.assertEqual(self.in_out(), [self.file.name])
        self.check_ends(receiver, peer)
        return receiver, peer

    def check_ends(self, client, peer, speaks=True):
        """A session over a direct path, and nobody was cut off. Who says nothing has not shown its
        key, and is not told as connected."""
        version = 1 if "--file-acks" in peer.arguments else 2
        self.assertEqual([e["version"] for e in peer.events("peerConnected")], [version])
        self.assertEqual([e["path"] for e in client.events("peerUnproven")], ["direct"])
        self.assertEqual([e["path"] for e in client.events("peerConnected")],
                         ["direct"] if speaks else [])
        self.assertFalse(any(e["isCulver"] for e in client.events("peerConnected")))
        self.assertEqual(client.failures(), [])
        self.assertEqual(client.events()[-1]["type"], "peerDisconnected")
        self.assertEqual(peer.events()[-1]["type"], "peerDisconnected")

    def test_answers_like_zajel(self):
        sender, _ = self.answered()
        self.assertEqual([e["isConfirmed"] for e in sender.events("fileSent")], [False])

    def test_answers_with_acknowledgements_and_a_text_of_its_own(self):
        sender, _ = self.answered("--file-acks", "--text", GREETING)
        # What acknowledges a file is in clear: it counts where the key was shown before the file began.
        # Which of the two comes first is the peer's affair.
        self.assertEqual(len(sender.events("fileSent")), 1)
        self.assertEqual([e["text"] for e in sender.events("textReceived")], [GREETING])

    def test_offers_like_zajel(self):
        _, peer = self.offered()
        self.assertEqual([e["isConfirmed"] for e in peer.events("fileSent")], [False])

    def test_offers_with_acknowledgements(self):
        _, peer = self.offered("--file-acks")
        self.assertEqual([e["isConfirmed"] for e in peer.events("fileSent")], [True])
