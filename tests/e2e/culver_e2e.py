"""Real programs as fixtures: every wait is for a line, an event or an end, and has a bound. Nothing
sleeps, no port is fixed, and every process is ended by its own id."""

import base64
import contextlib
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from gateway_client import METRICS, Closed, WebSocket, metrics

sys.dont_write_bytecode = True

TOP = Path(__file__).resolve().parents[2]
BOUND = float(os.environ.get("CULVER_E2E_BOUND", "60"))  # seconds, for whatever should be quick


def program(name):
    """CULVER_PROGRAMS is the build folder that holds the two programs."""
    folder = Path(os.environ.get("CULVER_PROGRAMS", TOP / "build" / "release"))
    path = folder / name
    if not os.access(path, os.X_OK):
        raise FileNotFoundError(f"{path} is not built")
    return str(path)


def shell_code(code):
    """What a shell calls it: 128 + n of a program that signal n has ended, which Python calls -n."""
    return code if code >= 0 else 128 - code


class Process:
    """One running program. Threads read what it prints and wait for its end, so that it never
    blocks on a full pipe and its use of the machine is known exactly."""

    def __init__(self, arguments, log, stdin=subprocess.DEVNULL, environment=None, within=()):
        # within: a program that becomes the other, somewhere else.
        self.arguments = [str(a) for a in (*within, *arguments)]
        self.log = Path(log)     # stderr, kept also when the next program of that name begins
        self.said = ""           # on stderr, as far as it has been read
        self.lines = []          # of stdout
        self.arrived = []        # when each of them came, on the monotonic clock
        self.exit_code = None    # of a shell: 128 + n after signal n
        self.ended_by = None     # the signal
        self.usage = None        # resource.struct_rusage, after the end; its ru_maxrss may be ours
        self.peak_memory = None  # bytes, once somebody watches
        self._reading = 2
        self._changed = threading.Condition()
        self._child = subprocess.Popen(
            self.arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})}, start_new_session=True)
        self.pid = self._child.pid
        self.stdin = self._child.stdin
        for work in (self._read, self._read_stderr, self._await_end):
            threading.Thread(target=work, daemon=True).start()

    def _read(self):
        with self._child.stdout as stdout:
            for raw in stdout:
                with self._changed:
                    self.lines.append(raw.decode("utf-8").rstrip("\n"))
                    self.arrived.append(time.monotonic())
                    self._changed.notify_all()
        self._stream_ended()

    def _read_stderr(self):
        with self._child.stderr as stderr, open(self.log, "ab", buffering=0) as log:
            while piece := os.read(stderr.fileno(), 65536):
                log.write(piece)
                with self._changed:
                    self.said += piece.decode("utf-8", errors="replace")
                    self._changed.notify_all()
        self._stream_ended()

    def _stream_ended(self):
        with self._changed:
            self._reading -= 1
            self._changed.notify_all()

    def _await_end(self):
        _, status, usage = os.wait4(self.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        with self._changed:
            self._child.returncode = code
            self.ended_by = -code if code < 0 else None
            self.usage = usage
            self.exit_code = shell_code(code)
            self._changed.notify_all()

    def watch_memory(self, period=0.02):
        """Peak resident memory until almost the end. ru_maxrss of a child begins with what its
        parent had when it was forked, so it says little of a small program."""
        def watch():
            while self.exit_code is None and (peak := self._peak_now()):
                self.peak_memory = peak
                with self._changed:
                    self._changed.wait_for(lambda: self.exit_code is not None, period)
        threading.Thread(target=watch, daemon=True).start()

    def _peak_now(self):
        try:
            status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace")
        except OSError:
            return None
        found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
        return int(found[1]) * 1024 if found else None

    def _ended(self):
        return self.exit_code is not None and self._reading == 0

    def wait_line(self, accepts, what, bound=BOUND):
        """What ACCEPTS makes of the first line for which it is not None."""
        seen = 0
        found = None

        def look():
            nonlocal seen, found
            while found is None and seen < len(self.lines):
                found = accepts(self.lines[seen])
                seen += 1
            return found is not None or self._ended()

        with self._changed:
            self._changed.wait_for(look, bound)
        if found is None:
            ended = "before its end" if self.exit_code is not None else f"within {bound:.0f} s"
            raise AssertionError(f"no {what} {ended}\n{self.report()}")
        return found

    def wait_said(self, text, bound=BOUND):
        """TEXT on stderr: a question to a person, which has no line end to wait for."""
        with self._changed:
            self._changed.wait_for(lambda: text in self.said or self._ended(), bound)
            if text in self.said:
                return
        raise AssertionError(f"{text!r} was not said\n{self.report()}")

    def wait_exit(self, bound=BOUND):
        with self._changed:
            if not self._changed.wait_for(self._ended, bound):
                raise AssertionError(f"still running after {bound:.0f} s\n{self.report()}")
        return self.exit_code

    def wait_exit_or(self, seconds):
        """Whether it ended within that time."""
        with self._changed:
            return self._changed.wait_for(self._ended, seconds)

    def signal(self, number):
        with self._changed:  # the id is ours until wait4 has returned
            if self.exit_code is None:
                try:
                    os.kill(self.pid, number)
                except ProcessLookupError:
                    pass

    def end(self):
        """For cleaning up: politely, then not."""
        self.signal(signal.SIGTERM)
        try:
            self.wait_exit(10)
        except AssertionError:
            self.signal(signal.SIGKILL)
            self.wait_exit(10)
        if self.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.close()

    def stderr(self):
        """The log has what earlier processes of this name said as well. It is made by a thread."""
        with contextlib.suppress(FileNotFoundError):
            return self.log.read_text(encoding="utf-8", errors="replace")
        return ""

    def report(self):
        with self._changed:
            lines = list(self.lines[-40:])
        return "\n".join([f"--- {' '.join(self.arguments)}", f"exit code: {self.exit_code}",
                          "stdout:", *lines, "stderr:", self.stderr()[-6000:]])


class Server(Process):
    """culver-server on a port of the kernel's choice."""

    def __init__(self, folder, *arguments, listen="127.0.0.1:0", shows_metrics=True, **options):
        folder = Path(folder)
        if shows_metrics and "--metrics-listen" not in arguments:
            arguments = ("--metrics-listen", "127.0.0.1:0", *arguments)
        super().__init__([program("culver-server"), "--listen", listen,
                          "--data-dir", folder / "server", *arguments], folder / "server.log",
                         **options)
        self.url = self._wait_word("culver-server listening on ")
        self.identity = self._wait_word("identity ")
        self.metrics_url = self._wait_word("metrics at ") if shows_metrics else None
        METRICS[self.url] = self.metrics_url

    def _wait_word(self, prefix):
        return self.wait_line(
            lambda line: line[len(prefix):] if line.startswith(prefix) else None, prefix)


class Client(Process):
    """culver with -o json."""

    def __init__(self, folder, name, url, *arguments, **options):
        folder = Path(folder)
        self.data = folder / name
        super().__init__([program("culver"), "-d", self.data, "--server", url, "-o", "json",
                          *arguments], folder / f"{name}.log", **options)

    @staticmethod
    def parse(line):
        """An event with its type among its data, or the answer of a verb."""
        said = json.loads(line)
        return {"type": said["type"], **said["data"]} if "v" in said else said

    @staticmethod
    def is_named(event, name):
        """By its type; "transferState/started" is one whose state is that."""
        kind, _, state = name.partition("/")
        return event["type"] == kind and state in ("", event.get("state"))

    def events(self, name=None):
        with self._changed:
            lines = list(self.lines)
        parsed = [self.parse(line) for line in lines]
        return [e for e in parsed if name is None or self.is_named(e, name)]

    def failures(self):
        """Of everything: of a transfer they have a type of their own."""
        return [e for e in self.events() if e["type"] in ("failed", "transferFailed")]

    def wait_event(self, name, bound=BOUND):
        def accepts(line):
            event = self.parse(line)
            return event if self.is_named(event, name) else None
        return self.wait_line(accepts, f"event {name}", bound)

    def wait_failure(self):
        return self.wait_line(lambda line: next(iter(
            [e for e in [self.parse(line)] if e["type"] in ("failed", "transferFailed")]), None),
            "a failure")

    def time_of(self, name):
        """When the first event of that name was read, on the monotonic clock."""
        with self._changed:
            for line, moment in zip(self.lines, self.arrived):
                if self.is_named(self.parse(line), name):
                    return moment
        raise KeyError(name)

    def type_in(self, text):
        """A line on its standard input, which then ends. Of one that is over already its end tells."""
        with contextlib.suppress(BrokenPipeError):
            self.stdin.write(text.encode() + b"\n")
            self.stdin.flush()
        with contextlib.suppress(BrokenPipeError):
            self.stdin.close()


class Terminal:
    """The standard input of a person."""

    def __init__(self):
        self.master, self.slave = pty.openpty()

    def write(self, text):
        os.write(self.master, text.encode())

    def close(self):
        os.close(self.master)
        os.close(self.slave)


# Many strangers behind one address, as no real household has them.
CROWD = {"maxConnectionsPerAddress": 1000,
         "limits": {"handshakesPerMinutePerAddress": 1000000,
                    "messagesPerMinutePerAddress": 1000000,
                    "messagesPerMinutePerConnection": 1000000,
                    "pairRequestsPerMinutePerAddress": 1000000,
                    "framesPerMinutePerSession": 10000000,
                    "eventsPerMinutePerUser": 10000000}}


class Stage:
    """A folder, a server and clients; everything ends with it."""

    def __init__(self, prefix="culver-"):
        self.folder = Path(tempfile.mkdtemp(prefix=prefix))
        self.processes = []
        self.out = self.folder / "out"
        self.out.mkdir()
        self.server = None

    def close(self):
        for process in reversed(self.processes):
            process.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_server(self, *arguments, **options):
        self.server = self._add(Server(self.folder, *arguments, **options))
        return self.server

    def for_a_crowd(self):
        """What a server is told that is to serve any number of clients from here."""
        config = self.folder / "server.json"
        config.write_text(json.dumps(CROWD))
        return "--config", config

    def restart_server(self, *arguments, number=signal.SIGTERM):
        """On the same port, with the same data."""
        self.server.signal(number)
        self.server.wait_exit()
        self.processes.remove(self.server)
        return self.start_server(*arguments, listen=self.server.url.removeprefix("ws://"))

    def _add(self, process):
        self.processes.append(process)
        return process

    def client(self, name, *arguments, url=None, **options):
        return self._add(Client(self.folder, name, url or self.server.url, *arguments, **options))

    def process(self, name, *arguments, **options):
        """A client that talks to a person."""
        return self._add(Process([program("culver"), "-d", self.folder / name, "--server",
                                  self.server.url, *arguments], self.folder / f"{name}.log",
                                 **options))

    def receive(self, *arguments, name="receiver", **options):
        return self.client(name, "receive", "--out", self.out, *arguments, **options)

    def send(self, code, *arguments, name="sender", **options):
        """With the code on its standard input, where nobody else can read it."""
        sender = self.client(name, "send", "--code-file", "-", *arguments,
                             stdin=subprocess.PIPE, **options)
        sender.type_in(code)
        return sender

    def run(self, verb, name):
        """What `culver VERB` prints for people in the data folder of that client."""
        return self.try_run(name, verb, check=True).stdout

    def try_run(self, name, *arguments, check=False, **options):
        """`culver ...` to its end in the data folder of that client, without a terminal."""
        server = ["--server", self.server.url] if self.server else []
        return subprocess.run([program("culver"), "-d", str(self.folder / name), *server,
                               *arguments], capture_output=True, text=True, timeout=BOUND,
                              stdin=subprocess.DEVNULL, start_new_session=True, check=check,
                              **options)

    def peers(self, name):
        """What `culver peers` knows in the data folder of that client."""
        client = self.client(name, "peers")
        code = client.wait_exit()
        if code != 0:
            raise AssertionError(f"peers failed\n{client.report()}")
        return json.loads("\n".join(client.lines))

    def reports(self):
        return "\n".join(process.report() for process in self.processes)


def make_file(path, size, random=True):
    """SIZE bytes at PATH. Not random: a hole, made at once whatever the size."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        if not random:
            file.truncate(size)
        else:
            while size > 0:
                file.write(os.urandom(min(size, 1 << 20)))
                size -= min(size, 1 << 20)
    return path


def sha256(path):
    """By the system's own program, not by anything of ours."""
    with open(path, "rb") as file:
        made = subprocess.run(["sha256sum", "--binary"], stdin=file, capture_output=True, check=True)
    return made.stdout.split()[0].decode()


class Case(unittest.TestCase):
    """A test with a stage and a running server."""

    with_server = True

    def setUp(self):
        self.stage = Stage()
        self.addCleanup(self.stage.close)
        if self.with_server:
            self.stage.start_server()

    def expect_exit(self, process, code, bound=BOUND):
        try:
            exit_code = process.wait_exit(bound)
        except AssertionError as late:
            self.fail(f"{late}\nThe others:\n{self.stage.reports()}")
        if exit_code != code:
            self.fail(f"exit code {exit_code}, not {code}\n{self.stage.reports()}")

    def code_of(self, receiver):
        return receiver.wait_event("online")["code"]

    def pass_on(self, *arguments, out_option=("--yes", "--once")):
        """A whole exchange that must succeed; the two clients, ended."""
        receiver = self.stage.receive(*out_option)
        sender = self.stage.send(self.code_of(receiver), *arguments)
        self.expect_exit(sender, 0)
        self.expect_exit(receiver, 0)
        return receiver, sender

    def expect_failure(self, client, code, reason):
        """It ends with this code, and with this reason as its first failure."""
        self.expect_exit(client, code)
        self.assertEqual(client.failures()[0]["code"], reason, "\n" + client.report())

    def in_out(self):
        """Names in the target folder, hidden ones too."""
        return sorted(p.name for p in self.stage.out.iterdir())


def run_server(*arguments, environment=None, **options):
    """culver-server to its end."""
    return subprocess.run([program("culver-server"), *map(str, arguments)], capture_output=True,
                          text=True, timeout=BOUND, stdin=subprocess.DEVNULL, env=environment,
                          **options)


class ServerCase(unittest.TestCase):
    """culver-server by itself, and what a program that is no Culver sees of it."""

    keys = [base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2)]

    def setUp(self):
        self.stage = Stage("culver-server-")
        self.addCleanup(self.stage.close)
        self.folder = self.stage.folder
        self.data = self.folder / "server"

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def enroll(self, url, code, key):
        client = WebSocket(url)
        client.receive()
        client.send(json.dumps({"type": "register", "pairingCode": code, "publicKey": key}))
        self.assertEqual(json.loads(client.receive())["type"], "registered")
        return client

    def match(self, url):
        """What both sides of a pairing are told."""
        one, two = (self.enroll(url, code, key) for code, key in zip(("AAAAAA", "BBBBBB"), ServerCase.keys))
        one.send(json.dumps({"type": "pair_request", "targetCode": "BBBBBB"}))
        two.receive()
        two.send(json.dumps({"type": "pair_response", "targetCode": "AAAAAA", "accepted": True}))
        return [json.loads(side.receive()) for side in (one, two)]


class GatewayCase(Case):
    """A server whose limits are no matter."""

    with_server = False
    arguments = ()

    def setUp(self):
        super().setUp()
        self.arguments = (*self.stage.for_a_crowd(), *self.arguments)
        self.stage.start_server(*self.arguments)
        self.url = self.stage.server.url

    def restart(self, *more, number=signal.SIGTERM):
        return self.stage.restart_server(*self.arguments, *more, number=number)

    def wait_metric(self, name, value):
        end = time.monotonic() + BOUND
        while (there := metrics(self.url)[name]) != value:
            if time.monotonic() > end:
                self.fail(f"{name} is {there} and not {value}\n{self.stage.server.report()}")

    def in_parallel(self, count, work):
        """WORK(i) for each i, each on a thread of its own. The first failure is this test's."""
        failures = []

        def run(i):
            try:
                work(i)
            except BaseException as failure:  # pylint: disable=broad-except
                failures.append(failure)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(4 * BOUND)
        if failures:
            raise failures[0]

    def refused(self, socket):
        """Why the server closes."""
        with self.assertRaises(Closed) as caught:
            while True:
                socket.receive()
        return caught.exception
