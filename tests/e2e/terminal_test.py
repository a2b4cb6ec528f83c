"""What a person sees who presses keys, closes windows and pipes things elsewhere."""

import fcntl
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import termios
import time
import unittest
from pathlib import Path

from culver_e2e import BOUND, Case, Client, make_file, program, shell_code


def plain(shown):
    """Without what colours it."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", shown)


class Window:
    """A terminal window with culver in it, as the foreground job."""

    def __init__(self, case, arguments, columns=80, environment=None):
        self.case = case
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.environ.update(environment or {})
            os.execv(arguments[0], [str(a) for a in arguments])
        termios.tcsetwinsize(self.master, (24, columns))
        self.shown = ""
        self.code = None
        case.addCleanup(self.close)

    def _read(self, bound):
        if not select.select([self.master], [], [], bound)[0]:
            return None
        try:
            return os.read(self.master, 65536).decode(errors="replace")
        except OSError:
            return ""

    def wait_for(self, text):
        end = time.monotonic() + BOUND
        while text not in self.shown:
            piece = self._read(max(0, end - time.monotonic()))
            if not piece:
                raise AssertionError(f"{text!r} is not shown:\n{self.shown}")
            self.shown += piece

    def pairing_code(self):
        while not (code := re.search(r"Pairing code:\s+(\w{6})\s", plain(self.shown))):
            self.shown += self._read(BOUND)
        return code[1]

    def press(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        """The exit code, of a shell; and what was shown until then."""
        end = time.monotonic() + BOUND
        while piece := self._read(max(0, end - time.monotonic())):
            self.shown += piece
        self.case.assertIsNotNone(piece, f"still running:\n{self.shown}")
        return self.reap()

    def reap(self):
        if self.code is None:
            _, status = os.waitpid(self.child, 0)
            self.code = shell_code(os.waitstatus_to_exitcode(status))
        return self.code

    def has_echo(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def close(self):
        if self.code is None:
            os.kill(self.child, signal.SIGKILL)
            self.reap()
        os.close(self.master)


class Terminal(Case):
    def culver(self, name, *words):
        return [program("culver"), "-d", self.stage.folder / name, "--server",
                self.stage.server.url, *words]

    def window(self, name, *words, **options):
        return Window(self, self.culver(name, *words), **options)


class Prompts(Terminal):
    CASES = {"code": (("send", "--text", "x"), "Pairing code: "),
             "link": (("link",), "Link code: "),
             "passphrase": (("lock",), "New passphrase: ")}

    def test_ctrl_c_ends_at_once(self):
        for name, (words, prompt) in self.CASES.items():
            with self.subTest(name):
                window = self.window("ana", *words)
                window.wait_for(prompt)
                window.press("\x03")
                self.assertEqual(window.end(), 130, window.shown)
                self.assertTrue(window.shown.endswith("culver: Interrupted.\r\n"), window.shown)
                self.assertEqual(window.shown.count(prompt), 1, window.shown)

    def test_ctrl_d_is_no_code(self):
        for name in ("code", "link"):
            with self.subTest(name):
                words, prompt = self.CASES[name]
                window = self.window("ana", *words)
                window.wait_for(prompt)
                window.press("\x04")
                self.assertEqual(window.end(), 1, window.shown)
                self.assertIn("\r\nculver: No code was given.", window.shown)
                self.assertNotIn("cannot be understood", window.shown)

    def test_ctrl_d_is_no_passphrase(self):
        window = self.window("ana", "lock")
        window.wait_for("New passphrase: ")
        window.press("\x04")
        self.assertEqual(window.end(), 1, window.shown)
        self.assertIn("No passphrase was given", window.shown)

    def test_a_mistyped_passphrase_is_asked_for_again(self):
        window = self.window("ana", "lock")
        for words in (("short\n",), ("correct horse\n", "correct hoarse\n"),
                      ("correct horse\n", "correct horse\n")):
            for prompt, typed in zip(("New passphrase: ", "The same again: "), words):
                window.wait_for(prompt)
                window.shown = ""
                window.press(typed)
        self.assertEqual(window.end(), 0, window.shown)

        window = self.window("ana", "id")
        for typed in ("wrong\n", "correct horse\n"):
            window.wait_for("Passphrase of the data folder: ")
            window.shown = ""
            window.press(typed)
        self.assertEqual(window.end(), 0, window.shown)

        window = self.window("ana", "id")
        for _ in range(3):
            window.wait_for("Passphrase of the data folder: ")
            window.shown = ""
            window.press("wrong\n")
        self.assertEqual(window.end(), 4, window.shown)

    def test_a_device_is_shut_out_after_a_question(self):
        receiver = self.stage.receive("--yes", name="ana")
        self.code_of(receiver)
        device = json.loads(self.stage.try_run("ana", "-o", "json", "id").stdout)["device"]
        for answer, code in (("n\n", 1), ("y\n", 0)):
            window = self.window("ana", "devices", "revoke", device)
            window.wait_for("THIS IS THE DEVICE THAT YOU ARE AT")
            window.wait_for(f"({device})? [y/N] ")
            self.assertIsNone(receiver.exit_code)
            window.press(answer)
            self.assertEqual(window.end(), code, window.shown)
        self.expect_failure(receiver, 4, "device_revoked")

    def test_the_echo_is_back_whatever_ends_it(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(number.name):
                window = self.window("ana", "lock")
                window.wait_for("New passphrase: ")
                self.assertFalse(window.has_echo())
                os.kill(window.child, number)
                window.wait_for("culver: ")
                self.assertTrue(window.has_echo())
                self.assertEqual(window.end(), 128 + number)

    def test_ctrl_c_at_a_question(self):
        receiver = self.window("ana", "receive", "--out", self.stage.out)
        receiver.wait_for("Pairing code:")
        receiver.wait_for("\r\n    ")
        receiver.press("\x03")
        self.assertEqual(receiver.end(), 130, receiver.shown)


    def test_closing_the_window_at_a_question_refuses_nothing(self):
        for number in (signal.SIGHUP, None):
            with self.subTest(number):
                receiver = self.window("ana", "receive", "--out", self.stage.out)
                receiver.wait_for("Pairing code:")
                sender = self.stage.send(receiver.pairing_code(), "--text", "x", "--wait", "3", name=f"ben{number}")
                receiver.wait_for("[y/N]")
                if number:
                    os.kill(receiver.child, number)
                    self.assertEqual(receiver.end(), 129, receiver.shown)
                else:
                    os.close(receiver.master)
                    receiver.master = os.open(os.devnull, os.O_RDWR)
                    self.assertEqual(receiver.reap(), 129)
                sender.wait_exit()
                self.assertNotIn(sender.failures()[0]["code"], ("pair_refused",))
                self.assertNotEqual(sender.exit_code, 10)


class EndingSignals(Case):
    def test_each_ends_the_process_itself(self):
        """A shell ends its loop only if the program in it died of the signal."""
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                receiver = self.stage.receive(name=f"receiver{number}")
                self.code_of(receiver)
                receiver.signal(number)
                self.expect_exit(receiver, 128 + number)
                self.assertEqual(receiver.ended_by, number)

    def test_each_says_goodbye(self):
        for number in (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                receiver = self.stage.receive("--yes", name=f"receiver{number}")
                code = self.code_of(receiver)
                big = make_file(self.stage.folder / "in" / "big", 2 << 30, random=False)
                sender = self.stage.send(code, big, name=f"sender{number}")
                sender.wait_event("transferProgress")
                begun = time.monotonic()
                receiver.signal(number)
                self.expect_exit(receiver, 128 + number)
                self.expect_exit(sender, 7)
                self.assertIn("What has arrived of big is kept there", sender.said)
                self.assertLess(time.monotonic() - begun, 8, "it was told and not found out")

    def test_both_sides_tell_the_same_of_a_file_that_was_nearly_there(self):
        size = 96 << 20
        for second in (False, True):
            with self.subTest(second=second):
                receiver = self.stage.receive("--yes", name=f"receiver{second}")
                file = make_file(self.stage.folder / "in" / f"big{second}", size)
                sender = self.stage.send(self.code_of(receiver), file, name=f"sender{second}")
                receiver.wait_line(
                    lambda line: True if Client.parse(line).get("bytes", 0) > size * 0.6 else None,
                    "more than half of it")
                receiver.signal(signal.SIGINT)
                receiver.wait_said("Ctrl-C again")
                sender.wait_line(
                    lambda line: True if Client.parse(line).get("bytes", 0) > size * 0.9 or
                    Client.parse(line)["type"] == "fileSent" else None, "nearly all of it")
                if second:
                    receiver.signal(signal.SIGINT)
                self.expect_exit(receiver, 130)
                sender.wait_exit()
                is_there = file.name in self.in_out()
                self.assertEqual(len(receiver.events("fileReceived")), is_there)
                self.assertEqual(len(sender.events("fileSent")), is_there)
                self.assertEqual("Thrown away" in receiver.said, second and not is_there)

    def test_of_ctrl_c_it_is_said_what_comes_of_the_file(self):
        receiver = self.stage.receive("--yes")
        big = make_file(self.stage.folder / "in" / "big", 2 << 30, random=False)
        sender = self.stage.send(self.code_of(receiver), big)
        receiver.wait_event("transferProgress")
        receiver.signal(signal.SIGINT)
        receiver.wait_said("What has come of big is kept")
        receiver.signal(signal.SIGINT)
        self.expect_exit(receiver, 130)
        self.expect_exit(sender, 10)
        self.assertNotIn("is kept there", sender.said)
        self.assertEqual(self.in_out(), [], "pressed twice: thrown away")


class Jobs(Terminal):
    """Of a shell at a terminal: in the background nothing is stopped by a question."""

    def shell(self):
        window = Window(self, ["/bin/bash", "--norc", "--noprofile", "-i"],
                        columns=200, environment={"PS1": "$ "})
        window.wait_for("$ ")
        return window

    def run_in(self, window, *words):
        window.press(shlex.join(str(word) for word in words))

    def test_a_question_in_the_background_stops_nothing(self):
        window = self.shell()
        self.run_in(window, *self.culver("ana", "receive"))
        window.press(" &\n")
        window.wait_for("Pairing code:")
        sender = self.stage.send(window.pairing_code(), "--text", "hello", name="ben")
        window.wait_for("asks to pair. Accept? [y/N] (to be answered in the foreground: fg)")
        window.press("jobs\n")
        window.wait_for("Running")
        window.shown = ""
        window.press("fg\n")
        window.wait_for("Accept? [y/N] ")
        window.press("\x1a")
        window.wait_for("Stopped")
        window.shown = ""
        window.press("fg\n")
        window.wait_for("Accept? [y/N] ")
        window.press("\x1a")
        window.wait_for("Stopped")
        window.shown = ""
        window.press("bg\n")
        window.wait_for("(to be answered in the foreground: fg)")
        window.press("jobs\n")
        window.wait_for("Running")
        window.shown = ""
        window.press("fg\n")
        window.wait_for("Accept? [y/N] ")
        window.press("y\n")
        window.wait_for(": hello")
        self.expect_exit(sender, 0)

    def test_a_passphrase_is_asked_for_in_the_foreground(self):
        window = self.shell()
        self.run_in(window, *self.culver("ana", "lock"))
        window.press(" &\n")
        window.wait_for("New passphrase: (to be typed in the foreground: fg)")
        window.press("jobs\n")
        window.wait_for("Running")
        window.shown = ""
        window.press("fg\n")
        window.wait_for("New passphrase: ")
        window.press("\x03")
        window.wait_for("Interrupted")


class LostOutput(Case):
    VERBS = (("peers",), ("id",), ("version",), ("outbox",), ("name",), ("--help",), ("devices",),
             ("trust-server", "--yes"), ("receive", "--yes"), ("devices", "link"),
             ("lock", "--passphrase-file", "/dev/null"), ("peers", "--no-such-option"))

    def run_to(self, stdout, *words, **options):
        return subprocess.run(
            [program("culver"), "-d", str(self.stage.folder / "ana"), "--server",
             self.stage.server.url, *words], stdout=stdout, stderr=subprocess.PIPE, text=True,
            stdin=subprocess.DEVNULL, timeout=BOUND, check=False, start_new_session=True, **options)

    def test_a_full_disk_is_said(self):
        for words in self.VERBS:
            for form in ("text", "json"):
                with self.subTest(f"{words} {form}"), open("/dev/full", "w", encoding="ascii") as full:
                    ended = self.run_to(full, "-o", form, *words)
                    self.assertNotEqual(ended.returncode, 0, ended.stderr)
                    self.assertNotEqual(ended.stderr, "")

    def test_the_sentence(self):
        self.run_to(subprocess.DEVNULL, "id")
        with open("/dev/full", "w", encoding="ascii") as full:
            ended = self.run_to(full, "peers")
        self.assertEqual(ended.returncode, 2)
        self.assertEqual(ended.stderr,
                         "culver: The output cannot be written: No space left on device.\n")

    def test_a_closed_output_never_ends_in_a_file_of_ours(self):
        ended = self.run_to(None, "peers", preexec_fn=lambda: os.close(1))
        self.assertEqual(ended.returncode, 2, ended.stderr)
        self.assertIn("The output cannot be written", ended.stderr)
        self.assertEqual(self.run_to(subprocess.PIPE, "peers").stdout, "No peers yet.\n")

    def test_a_consumer_that_leaves(self):
        receiver = self.stage.receive("--yes", name="ben")
        reader, writer = os.pipe()
        sender = subprocess.Popen(
            [program("culver"), "-d", str(self.stage.folder / "ana"), "--server",
             self.stage.server.url, "-o", "json", "send",
             str(make_file(self.stage.folder / "in" / "big", 2 << 30, random=False))],
            stdout=writer, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True,
            env={**os.environ, "CULVER_CODE": self.code_of(receiver)})
        self.addCleanup(sender.stderr.close)
        self.addCleanup(sender.kill)
        os.close(writer)
        receiver.wait_event("transferState/started")
        os.close(reader)
        begun = time.monotonic()
        self.assertEqual(sender.wait(BOUND), 141)
        receiver.wait_event("peerDisconnected")
        self.assertLess(time.monotonic() - begun, 8, "there was a goodbye")


    def test_a_consumer_that_leaves_is_noticed_while_nothing_is_said(self):
        for form in ("text", "json"):
            with self.subTest(form):
                reader, writer = os.pipe()
                receiver = subprocess.Popen(
                    [program("culver"), "-d", str(self.stage.folder / "ana"), "--server",
                     self.stage.server.url, "-o", form, "receive", "--out", str(self.stage.out)],
                    stdout=writer, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                    start_new_session=True)
                self.addCleanup(receiver.kill)
                os.read(reader, 1)
                # Whoever shares this end has not asked for one that loses what does not fit.
                self.assertTrue(os.get_blocking(writer))
                os.close(writer)
                os.close(reader)
                self.assertEqual(receiver.wait(BOUND), 141)


class NobodyReads(Terminal):
    """What is printed is not taken for a while: the connections do not hear of it."""

    def send_texts(self, code, texts):
        self.expect_exit(self.stage.send(code, "--name", "ana", "--text", texts[0]), 0)
        for text in texts[1:]:
            self.expect_exit(self.stage.client("sender", "send", "bob", "--text", text), 0)

    def test_a_terminal_that_was_stopped_shows_everything_in_order(self):
        window = self.window("receiver", "--name", "bob", "receive", "--yes", "--out",
                             self.stage.out)
        window.wait_for("Pairing code:")
        while not (code := re.search(r"Pairing code:\s+(\w{6})\s", plain(window.shown))):
            window.shown += window._read(BOUND)
        window.press("\x13")  # Ctrl-S
        texts = ["first", "second", "third"]
        self.send_texts(code[1], texts)
        before = len(window.shown)
        window.press("\x11")  # Ctrl-Q
        window.wait_for(texts[-1])
        shown = window.shown[before:]
        self.assertEqual(sorted(texts, key=shown.index), texts, shown)

    def receiver(self, stdout, *options):
        child = subprocess.Popen(
            self.culver("receiver", "--name", "bob", "-o", "json", "receive", "--yes", "--out",
                        self.stage.out, *options), stdout=stdout, stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL, start_new_session=True)
        self.addCleanup(child.wait)
        self.addCleanup(child.kill)
        return child

    def test_what_a_program_has_not_read_is_told_again(self):
        """A pipe of one page that nobody reads, and then an end without a goodbye."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        child = self.receiver(writer)
        os.close(writer)
        lines = open(reader, "rb", buffering=0)
        self.addCleanup(lines.close)
        events = (Client.parse(lines.readline()) for _ in iter(int, 1))
        code = next(e["code"] for e in events if "code" in e)
        texts = [f"{i}" + "x" * 3000 for i in range(6)]
        self.send_texts(code, texts)
        child.kill()
        child.wait()
        told = [Client.parse(line) for line in lines.read().split(b"\n")[:-1]]
        before = [e["text"] for e in told if "text" in e]
        self.assertLess(len(before), len(texts), "the pipe holds more than it should")
        after = self.stage.client("receiver", "receive", "--out", self.stage.out)
        after.wait_line(lambda line: True if texts[-1] in line else None, "the last text")
        again = [e["text"] for e in after.events() if "text" in e]
        self.assertEqual(list(dict.fromkeys(before + again)), texts)

    def unread(self, count):
        """A receiver to whose output nobody listens any more, with COUNT texts behind the pipe of
        one page; and those texts."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        child = self.receiver(writer)
        os.close(writer)
        lines = open(reader, "rb", buffering=0)
        self.addCleanup(lines.close)
        code = next(e["code"] for e in map(Client.parse, iter(lines.readline, b"")) if "code" in e)
        texts = [f"{i}" + "x" * 48_000 for i in range(count)]
        self.send_texts(code, texts[:1])
        for text in texts[1:]:
            self.expect_exit(self.stage.client("sender", "send", "bob", "--text", text, "--later",
                                               "--wait", "0"), 0)
        if count > 1:
            self.stage.client("sender", "receive", "--out", self.stage.out)
        return child, lines, texts

    @staticmethod
    def read_the_beginning_of_a_text(lines):
        told = b""
        while b"textReceived" not in told:
            told += lines.read(100)

    def wait_until_stuck(self, child):
        """The main thread waits for the output."""
        end = time.monotonic() + BOUND
        path = Path(f"/proc/{child.pid}/task/{child.pid}/wchan")
        for _ in iter(lambda: time.monotonic() < end, False):
            if "futex" in path.read_text(encoding="ascii"):
                return
            time.sleep(0.05)
        self.fail("the loop is not held up")

    def test_the_second_signal_ends_a_loop_that_is_held_up(self):
        child, _, _ = self.unread(30)
        self.wait_until_stuck(child)
        child.send_signal(signal.SIGINT)
        child.send_signal(signal.SIGTERM)
        self.assertIn(child.wait(5), (-signal.SIGINT, -signal.SIGTERM))

    def test_the_first_signal_waits_so_long_for_a_loop_that_is_held_up(self):
        child, lines, texts = self.unread(30)
        self.wait_until_stuck(child)
        child.send_signal(signal.SIGTERM)
        self.assertEqual(child.wait(20), -signal.SIGTERM)
        told = [Client.parse(line) for line in lines.read().split(b"\n")[:-1]]
        before = [e["text"] for e in told if "text" in e]
        self.assertLess(len(before), len(texts))
        after = self.stage.client("receiver", "receive", "--out", self.stage.out)
        after.wait_line(lambda line: True if texts[-1] in line else None, "the last text")
        again = [e["text"] for e in after.events() if "text" in e]
        self.assertEqual(list(dict.fromkeys(before + again)), texts)

    def test_the_first_signal_waits_so_long_for_lines_that_are_not_read(self):
        child, lines, _ = self.unread(1)
        self.read_the_beginning_of_a_text(lines)
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(20), -signal.SIGINT)

    def test_the_second_signal_ends_what_waits_for_lines_to_be_read(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
            with self.subTest(number):
                child, lines, _ = self.unread(1)
                self.read_the_beginning_of_a_text(lines)
                child.send_signal(number)
                with self.assertRaises(subprocess.TimeoutExpired):
                    child.wait(1)
                child.send_signal(number)
                self.assertEqual(child.wait(3), -number)

    def test_what_is_read_late_is_not_told_again(self):
        """The last text is longer than the pipe, and is read when everybody has left."""
        reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
        child = self.receiver(writer, "--once")
        os.close(writer)
        lines = open(reader, "rb", buffering=0)
        self.addCleanup(lines.close)
        code = next(e["code"] for e in map(Client.parse, iter(lines.readline, b"")) if "code" in e)
        self.send_texts(code, ["x" * 20_000])
        self.assertIn(b"x" * 20_000, lines.read())
        self.assertEqual(child.wait(BOUND), 0)
        after = self.stage.receive("--yes", "--once")
        self.send_texts(self.code_of(after), ["afterwards"])
        self.expect_exit(after, 0)
        self.assertEqual([e["text"] for e in after.events("textReceived")], ["afterwards"])



class ProgramsAnswers(Case):
    def answer(self, receiver, event, accept):
        question = receiver.wait_event(event)
        receiver.stdin.write(json.dumps({"question": question["question"], "isAccepted": accept}).encode() + b"\n")
        receiver.stdin.flush()
        return question

    def test_a_program_says_yes(self):
        receiver = self.stage.receive("--once", stdin=subprocess.PIPE)
        files = [make_file(self.stage.folder / "in" / name, 1000) for name in ("a", "b", "c")]
        sender = self.stage.send(self.code_of(receiver), "--text", "hello", *files)
        self.answer(receiver, "pairRequested", True)
        question = self.answer(receiver, "fileOffered", True)
        self.assertEqual((question["files"], question["totalBytes"]), (3, 3000))
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(self.in_out(), ["a", "b", "c"])
        self.assertEqual(len(receiver.events("fileOffered")), 1, "one for all")

    def test_what_was_said_before_it_was_asked_answers_nothing(self):
        receiver = self.stage.receive(stdin=subprocess.PIPE)
        receiver.stdin.write(b"".join(b'{"question":%d,"isAccepted":true}\n' % n for n in range(20)))
        receiver.stdin.flush()
        sender = self.stage.send(self.code_of(receiver), "--text", "hello")
        self.answer(receiver, "pairRequested", False)
        self.expect_exit(sender, 10)
        receiver.wait_said("no question of that number")

    def test_a_program_says_no(self):
        receiver = self.stage.receive(stdin=subprocess.PIPE)
        sender = self.stage.send(self.code_of(receiver), "--text", "hello")
        self.answer(receiver, "pairRequested", False)
        self.expect_exit(sender, 10)


class NarrowTerminal(Terminal):
    def test_forty_columns(self):
        receiver = self.window("ana", "receive", "--out", self.stage.out, columns=40)
        receiver.wait_for("Pairing code:")
        receiver.wait_for("\r\n\r\n    ")
        receiver.press("\x03")
        receiver.end()
        lines = receiver.shown.split("\r\n")
        code = next(i for i, line in enumerate(lines) if line == "Pairing code:")
        self.assertLess(max(i for i, line in enumerate(lines) if "█" in line), code,
                        "the code is below its picture")


class NewFolder(Terminal):
    def test_a_new_identity_is_said(self):
        first = self.stage.try_run("mistyped", "id")
        self.assertIn("A new identity is made in", first.stderr)
        self.assertIn("mistyped", first.stderr)
        self.assertEqual(self.stage.try_run("mistyped", "id").stderr, "")

    def test_who_is_nobodys_peer_makes_no_identity_and_says_of_none(self):
        for _ in range(2):
            nobody = self.stage.try_run("mistyped", "send", "Nobody", "--text", "hello")
            self.assertEqual(nobody.returncode, 8)
            self.assertNotIn("new identity", nobody.stderr)
        self.assertFalse((self.stage.folder / "mistyped" / "key").exists())

    def test_devices_names_a_command_that_helps(self):
        listed = self.stage.try_run("fresh", "devices")
        self.assertNotEqual(listed.returncode, 0)
        self.assertIn("culver receive", listed.stderr)


def shown(fingerprint):
    """The beginning of one, in the groups that people see."""
    return " ".join(fingerprint[at:at + 4] for at in range(0, 16, 4))


class TwoWhoAsk(Terminal):
    def test_each_answer_is_for_the_one_that_is_named(self):
        terminal = pty.openpty()
        self.addCleanup(os.close, terminal[0])
        self.addCleanup(os.close, terminal[1])
        receiver = self.stage.receive(stdin=terminal[1])
        code = self.code_of(receiver)
        keys = {name: json.loads(self.stage.try_run(name, "-o", "json", "id").stdout)["fingerprint"]
                for name in ("ana", "ben")}
        senders = {}
        for name in ("ana", "ben"):
            senders[name] = self.stage.send(code, "--name", name, "--text", "hello", name=name)
            receiver.wait_line(lambda line, name=name: True if f'"name":"{name}"' in line else None,
                               name)
        receiver.wait_said(f"ana ({shown(keys['ana'])}) asks to pair. Accept? [y/N]")
        self.assertNotIn("ben (", receiver.said)
        os.write(terminal[0], b"n\n")
        self.expect_exit(senders["ana"], 10)
        receiver.wait_said(f"ben ({shown(keys['ben'])}) asks to pair. Accept? [y/N]")
        os.write(terminal[0], b"y\n")
        self.expect_exit(senders["ben"], 0)

    def test_who_withdraws_is_named(self):
        terminal = pty.openpty()
        self.addCleanup(os.close, terminal[0])
        self.addCleanup(os.close, terminal[1])
        receiver = self.stage.receive(stdin=terminal[1])
        sender = self.stage.send(self.code_of(receiver), "--name", "ana", "--text", "hello")
        receiver.wait_said("asks to pair. Accept? [y/N]")
        sender.signal(signal.SIGTERM)
        sender.wait_exit()
        receiver.wait_said(") does not wait for an answer any more")


class KeptName(Terminal):
    def test_one_that_no_server_has_taken_is_not_kept(self):
        before = self.stage.try_run("ana", "name").stdout
        refused = subprocess.run(
            [program("culver"), "-d", str(self.stage.folder / "ana"), "--server",
             "ws://127.0.0.1:1", "--name", "Eve", "receive"], capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=BOUND, check=False, cwd=self.stage.out)
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertNotIn("Your name is now", refused.stderr)
        self.assertEqual(self.stage.try_run("ana", "name").stdout, before)

    def test_a_name_that_changes_is_said_once(self):
        for said in (True, False):
            receiver = self.stage.receive("--yes", "--name", "Eve", name="ana")
            self.code_of(receiver)
            receiver.signal(signal.SIGTERM)
            receiver.wait_exit()
            self.assertEqual("Your name is now Eve" in receiver.said, said, receiver.said)

    def test_a_name_is_kept(self):
        self.assertEqual(self.stage.try_run("ana", "--name", "Ana B", "name").stdout, "Ana B\n")
        self.assertEqual(self.stage.try_run("ana", "name").stdout, "Ana B\n")
        receiver = self.stage.receive("--yes", name="ben")
        sender = self.stage.send(self.code_of(receiver), "--text", "x", name="ana")
        self.expect_exit(sender, 0)
        self.assertEqual(receiver.wait_event("peerConnected")["peer"], "Ana B")
        self.assertEqual(self.stage.try_run("ana", "name", "Eve").stdout, "Eve\n")
        self.assertEqual(self.stage.try_run("ana", "name").stdout, "Eve\n")
        self.assertNotEqual(self.stage.try_run("ana", "name", "").stdout, "Eve\n")


if __name__ == "__main__":
    unittest.main()
