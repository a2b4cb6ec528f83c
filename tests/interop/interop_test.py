"""The real programs and peers on other people's WebRTC: aiortc and Chromium."""

import os
import shutil
import subprocess
import sys
import unittest

from exchange import HERE, Exchange, Peer

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
        received, = peer.events("fileReceived")
        self.assertEqual((received["name"], received["sha256"]), (file.name, sha256(file)))

    def test_a_page_that_is_late_gets_a_file_of_one_chunk(self):
        self.late_page_gets(5_000)

    def test_a_page_that_is_late_gets_a_file_of_a_whole_chunk(self):
        self.late_page_gets(16_384)


class ForeignCulver(Case):
    """A Culver that is not ours says letters, acknowledges them, and leaves, each in its own way."""

    def setUp(self):
        if not system_python():
            self.skipTest("python3-aiortc is not installed")
        super().setUp()
        self.names = 0

    def start(self, *arguments):
        peer = Peer((system_python(), "-B", HERE / "foreign_culver.py"), self.stage, *arguments)
        self.stage.processes.append(peer)
        return peer

    def send_to(self, peer, code=0, text="hello"):
        sender = self.stage.send(self.code_of(peer), "--text", text)
        self.expect_exit(sender, code)
        return sender

    def to_receiver(self, *arguments):
        receiver = self.stage.receive("--yes", "--once")
        self.names += 1
        peer = self.start("--ask", self.code_of(receiver), "--name", f"foreign {self.names}",
                          *arguments)
        self.expect_exit(peer, 0)
        self.expect_exit(receiver, 0)
        return receiver, peer

    def texts(self, client):
        return [event["text"] for event in client.events("textReceived")]

    def test_a_text_is_confirmed_when_it_says_so(self):
        peer = self.start()
        sender = self.send_to(peer)
        self.expect_exit(peer, 0)
        self.assertEqual(self.texts(peer), ["hello"])
        self.assertEqual([e["isConfirmed"] for e in sender.events("textDelivered")], [True])
        self.assertEqual(len(peer.events("goodbye")), 1)

    def test_a_text_that_it_never_acknowledges_is_not_told_as_sent(self):
        peer = self.start("--deaf")
        sender = self.stage.send(self.code_of(peer), "--text", "hello")
        peer.wait_event("textReceived")
        peer.end()
        self.expect_exit(sender, 7)
        self.assertEqual(sender.events("textDelivered"), [])

    def test_one_that_never_says_goodbye_is_left_after_all_is_said(self):
        sender = self.send_to(self.start("--no-goodbye"))
        self.assertEqual([e["isConfirmed"] for e in sender.events("textDelivered")], [True])

    def test_one_that_says_goodbye_first_still_gets_what_there_is_to_say(self):
        peer = self.start("--goodbye-first")
        sender = self.send_to(peer)
        self.expect_exit(peer, 0)
        self.assertEqual(self.texts(peer), ["hello"])
        self.assertEqual([e["isConfirmed"] for e in sender.events("textDelivered")], [True])

    def test_its_letters_are_shown_once_and_in_order(self):
        texts = [f"letter {n}" for n in range(30)]
        for strange in ((), ("--twice",), ("--nonsense",)):
            with self.subTest(strange=strange):
                series = f"{len(strange):02d}" + "".join(strange).encode().hex().ljust(30, "0")[:30]
                receiver, peer = self.to_receiver("--series", series, *strange,
                                                  *(w for t in texts for w in ("--text", t)))
                self.assertEqual(self.texts(receiver), texts)
                self.assertEqual(max(e["number"] for e in peer.events("delivered")), 30)

    def test_what_it_sends_again_over_another_link_is_not_shown_again(self):
        receiver, _ = self.to_receiver("--text", "one", "--text", "two")
        self.assertEqual(self.texts(receiver), ["one", "two"])
        # Another process with another key may use the same name of a series: it is another's.
        receiver, _ = self.to_receiver("--text", "one", "--text", "two")
        self.assertEqual(self.texts(receiver), ["one", "two"])

    def test_what_comes_behind_its_goodbye_is_shown(self):
        receiver, _ = self.to_receiver("--goodbye-first", "--text", "P.S.")
        self.assertEqual(self.texts(receiver), ["P.S."])

    def test_one_without_letters_gets_and_sends_texts(self):
        peer = self.start("--letters", "0", "--no-goodbye")
        sender = self.send_to(peer)
        self.assertEqual(self.texts(peer), ["hello"])
        self.assertEqual([e["isConfirmed"] for e in sender.events("textDelivered")], [False])

    def test_one_with_letters_of_the_first_form_hears_no_goodbye(self):
        peer = self.start("--letters", "1", "--no-goodbye")
        sender = self.send_to(peer)
        self.assertEqual([e["isConfirmed"] for e in sender.events("textDelivered")], [True])
        self.expect_exit(peer, 0)
        self.assertEqual(peer.events("goodbye"), [])

    def test_one_of_a_later_form_is_spoken_to_like_the_newest(self):
        peer = self.start("--letters", "7")
        sender = self.send_to(peer)
        self.assertEqual([e["isConfirmed"] for e in sender.events("textDelivered")], [True])


if __name__ == "__main__":
    unittest.main()
