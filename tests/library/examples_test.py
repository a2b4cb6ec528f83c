"""The examples beside the programs: each is built against an installed copy, and talks to `culver`
by a real server."""

import signal
import subprocess
from pathlib import Path

from culver_library import BOUND, WithExamples
from culver_e2e import make_file, sha256


class EchoBot(WithExamples):
    def setUp(self):
        super().setUp()
        self.data = self.stage.folder / "bot"
        self.program = self.installed.build("echo_bot")

    def bot(self):
        return self.start(self.program, self.data, self.stage.server.url, log="bot")

    def texts_of(self, receiver, count):
        while len(receiver.events("textReceived")) < count:
            seen = len(receiver.events("textReceived"))
            receiver.wait_line(lambda line: len(receiver.events("textReceived")) > seen or None, "a text")
        return [event["text"] for event in receiver.events("textReceived")]

    def test_what_is_sent_comes_back(self):
        bot = self.bot()
        sender = self.stage.send(self.word_after(bot, "code "), "--name", "Ana", "--text", "hello")
        self.expect_exit(sender, 0)
        # It may have gone before the echo came: that waits for it then.
        if not sender.events("textReceived"):
            receiver = self.stage.receive(name="sender")
            self.assertEqual(self.texts_of(receiver, 1), ["hello"])
        bot.signal(signal.SIGTERM)
        self.expect_exit(bot, 0)


class Durable(WithExamples):
    """A text is told until it is acknowledged, whoever dies in between."""

    def setUp(self):
        super().setUp()
        self.program = self.installed.build_source(Path(__file__).parent / "ledger.cpp")

    def ledger(self, manner):
        return self.start(self.program, self.stage.folder / "ledger", self.stage.server.url, manner,
                          log="ledger")

    def text_of(self, ledger):
        return self.word_after(ledger, "text ").split()

    def end(self, ledger):
        ledger.signal(signal.SIGTERM)
        self.expect_exit(ledger, 0)

    def test_a_text_survives_the_death_of_its_reader(self):
        first = self.ledger("keep")
        sender = self.stage.send(self.word_after(first, "code "), "--name", "Ana", "--text", "hello")
        self.expect_exit(sender, 0)
        message, when, text = self.text_of(first)
        self.assertEqual((when, text), ("first", "hello"))
        first.signal(signal.SIGKILL)
        first.wait_exit()
        second = self.ledger("ack")
        self.assertEqual(self.text_of(second), [message, "again", "hello"])
        self.end(second)
        third = self.ledger("ack")
        sender = self.stage.send(self.word_after(third, "code "), "--text", "more", name="sender")
        self.expect_exit(sender, 0)
        self.assertEqual(self.text_of(third)[1:], ["first", "more"])

    def test_a_folder_has_one_receiver(self):
        first = self.ledger("ack")
        self.word_after(first, "code ")
        second = self.ledger("ack")
        self.assertEqual(self.word_after(second, "error "), "data_folder_in_use")


class Both(WithExamples):
    def test_two_clients_of_one_process_do_all_that_there_is(self):
        program = self.installed.build_source(Path(__file__).parent / "both.cpp")
        both = self.start(program, self.stage.folder, self.stage.server.url, log="both")
        self.expect_exit(both, 0, 2 * BOUND)


class DropBox(WithExamples):
    def setUp(self):
        super().setUp()
        self.taken = self.stage.folder / "taken"
        program = self.installed.build("drop_box")
        self.box = self.start(program, self.stage.folder / "box", self.taken,
                              self.stage.server.url, log="box",
                              environment={"DROP_BOX_OPEN": "1"})

    def test_files_lie_in_the_folder(self):
        files = [make_file(self.stage.folder / f"{n}.bin", 300_000 + n) for n in range(3)]
        sender = self.stage.send(self.word_after(self.box, "code "), "--name", "Ana", *files)
        self.expect_exit(sender, 0)
        for file in files:
            fingerprint, digest, path = self.box.wait_line(
                lambda line, name=file.name: line.split()[1:] if line.endswith(name) else None,
                file.name)
            self.assertEqual(len(fingerprint), 64)
            self.assertEqual(digest, sha256(file))
            self.assertEqual(sha256(path), digest)
        self.box.signal(signal.SIGTERM)
        self.expect_exit(self.box, 0)


class Chat(WithExamples):
    def test_two_terminals_talk(self):
        program = self.installed.build("chat")
        url = self.stage.server.url
        ana = self.start(program, self.stage.folder / "ana", url, log="ana", stdin=subprocess.PIPE)
        code = self.word_after(ana, "* your code: ")
        ben = self.start(program, self.stage.folder / "ben", url, code, log="ben",
                         stdin=subprocess.PIPE)
        for one in (ana, ben):
            one.wait_line(lambda line: line.endswith(" is here") or None, "a peer")
        for speaker, listener, said in ((ana, ben, "hello Ben"), (ben, ana, "hello Ana")):
            speaker.stdin.write(said.encode() + b"\n")
            speaker.stdin.flush()
            listener.wait_line(lambda line, said=said: line.endswith(f": {said}") or None, said)
        for one in (ben, ana):
            one.stdin.close()
            self.expect_exit(one, 0, BOUND)
