"""The stacks that are compared, each as two processes: how one file goes through, how long it takes
until both ends are open. Every figure is taken in the same way for all of them: rates from when the
receiver tells of bytes, CPU from what the kernel says of the two processes from start to end."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
ENDS = Path(__file__).resolve().parent / "ends"
BUILD = TOP / "build" / "release"
NODE = TOP / "build" / "compare"
sys.path[:0] = [str(TOP / "tests" / "e2e"), str(TOP / "bench")]

from culver_e2e import Process, Stage, make_file, sha256  # noqa: E402
from report import Others, cpu_seconds  # noqa: E402

MIB = 1 << 20
BOUND = 900          # seconds for one whole file
START = 60           # seconds until the first byte, over the worst path too


@dataclass
class Here:
    """Both ends on this machine, over loopback."""

    address: dict = field(default_factory=lambda: {"a": "127.0.0.1", "b": "127.0.0.1"})

    @staticmethod
    def within(_end):
        return []


@dataclass
class Sample:
    rate: float                  # MB/s; MB = 10^6 bytes that the receiver has
    cpu: dict = None             # s/GB of the sender and of the receiver
    memory: dict = None          # peak MB of each
    others: float = 0.0          # cores


BEGAN, MOVED, ENDED = ({"started", "transferState"}, {"progress", "transferProgress"},
                       {"received", "fileReceived"})


def parse(line):
    """What an end says: ours with its data in an envelope, the others flat."""
    said = json.loads(line)
    return {"event": said["type"], **said["data"]} if "v" in said else said


def rate_of(receiver, size, within=None):
    """From the first byte to the last; with WITHIN, of what was told in so many seconds."""
    began, moved = None, (0, 1.0)
    for line, at in zip(list(receiver.lines), list(receiver.arrived)):
        event = parse(line)
        kind = event.get("event")
        if kind in BEGAN:
            began = at
        elif kind in ENDED:
            moved = (size, at - began)
        elif kind in MOVED and within and at - began <= within:
            moved = (event["bytes"], within)
    return moved[0] / 1e6 / max(moved[1], 1e-6)


def is_event(*names):
    def accepts(line):
        event = parse(line)
        return event if event.get("event") in names else None
    return accepts


def has_event(process, names, seconds):
    try:
        process.wait_line(is_event(*names), "event", seconds)
        return True
    except AssertionError:
        return False


def kill(*processes):
    for process in processes:
        process.signal(signal.SIGKILL)
        process.wait_exit(30)


class Stack:
    name = ""
    share = 1.0     # of the file's size, for stacks that would take minutes
    message = None  # bytes, where it matters
    only_path = False  # differs from another only there

    def why_not(self):
        return None

    def transfer(self, place, size, seconds=None):
        """A Sample of a file of SIZE bytes; with SECONDS, of what gets through in them."""
        stage = Stage("culver-compare-")
        others = Others()
        try:
            sender, receiver = self.begin(stage, place, size if seconds is None else None)
            for process in (sender, receiver):
                process.watch_memory()
            if not has_event(receiver, BEGAN, START):
                if seconds is None:
                    raise AssertionError(f"{self.name} did not begin\n{stage.reports()}")
                kill(sender, receiver)
                return Sample(0.0)
            if seconds is not None:
                has_event(receiver, ENDED, seconds)
                rate = self.rate_so_far(stage, receiver, seconds)
                kill(sender, receiver)
                return Sample(rate)
            receiver.wait_line(is_event(*ENDED), "whole file", BOUND)
            self.end(sender, receiver)
            ours = list(stage.processes)
            stage.close()
            gigabytes = size / 1e9
            ends = {"sender": sender, "receiver": receiver}
            return Sample(rate_of(receiver, size),
                          {n: cpu_seconds(p) / gigabytes for n, p in ends.items()},
                          {n: p.peak_memory / 1e6 for n, p in ends.items()},
                          others.cores(ours))
        finally:
            stage.close()


    @staticmethod
    def rate_so_far(_stage, receiver, seconds):
        return rate_of(receiver, None, seconds)


def serve(stage, place):
    """A server beside the receiver, which many connections from one address do not trouble."""
    return stage.start_server(*stage.for_a_crowd(), listen=f"{place.address['b']}:0",
                              within=place.within("b"))


class Culver(Stack):
    """The product: a file from disk to disk, sealed once more inside DTLS, and its digest."""

    name = "Culver"

    def begin(self, stage, place, size):
        serve(stage, place)
        file = make_file(stage.folder / "bench.bin", size or 2048 * MIB, random=False)
        receiver = stage.receive("--yes", "--once", within=place.within("b"))
        code = receiver.wait_event("online")["code"]
        return stage.send(code, file, within=place.within("a")), receiver

    @staticmethod
    def rate_so_far(stage, _receiver, seconds):
        """By what the disk has: culver tells of each hundredth of a file, which is too seldom."""
        return sum(p.stat().st_size for p in stage.out.iterdir()) / 1e6 / seconds

    def end(self, sender, receiver):
        for process in (sender, receiver):
            if process.wait_exit(60) != 0:
                raise AssertionError(process.report())

    def setups(self, place, times):
        """Milliseconds from the match until both ends are secured."""
        stage, measured = Stage("culver-compare-"), []
        try:
            serve(stage, place)
            for number in range(times):
                receiver = stage.receive("--yes", "--once", name=f"receiver{number}",
                                         within=place.within("b"))
                sender = stage.send(receiver.wait_event("online")["code"], "--text", "x",
                                    name=f"sender{number}", within=place.within("a"))
                self.end(sender, receiver)
                measured.append(max(p.events("peerConnected")[0]["setupMs"]
                                    for p in (sender, receiver)))
            return measured
        finally:
            stage.close()

    @staticmethod
    def delays(place, size):
        """Of texts every 5 ms, in ms: percentiles. SIZE: of the file beside them, or 0."""
        stage = Stage("culver-compare-")
        try:
            server = serve(stage, place)

            def talk(end, *arguments):
                return stage._add(Process(  # pylint: disable=protected-access
                    [BUILD / "bench" / "talk", "--server", server.url, "--data-dir",
                     stage.folder / end, *arguments], stage.folder / f"{end}.log",
                    within=place.within(end)))
            listener = talk("b", "--out", stage.out)
            code = listener.wait_line(is_event("code"), "code")["code"]
            beside = []
            if size:
                beside = ["--texts", "1000000", "--file",
                          make_file(stage.folder / "bench.bin", size, random=False)]
            talk("a", "--code", code, *beside)
            return listener.wait_line(is_event("delays"), "delays", BOUND)
        finally:
            stage.close()


class Ends(Stack):
    """A stack that is driven by two programs of ends/: this script passes on their signals."""

    messages = (16_384, 65_536)

    def command(self):
        raise NotImplementedError

    def _start(self, stage, place, *arguments):
        ends = {}
        for end, role in (("b", "answer"), ("a", "offer")):
            ends[end] = stage._add(Process(  # pylint: disable=protected-access
                [*self.command(), "--role", role, *self.more(place), *arguments],
                stage.folder / f"{role}.log", stdin=subprocess.PIPE, within=place.within(end)))
        for source, sink in (("a", "b"), ("b", "a")):
            threading.Thread(target=relay, args=(ends[source], ends[sink]), daemon=True).start()
        return ends["a"], ends["b"]

    def more(self, _place):
        return []

    def begin(self, stage, place, size):
        return self._start(stage, place, "--bytes", size or 0, "--message",
                           self.message or self.messages[-1])

    @staticmethod
    def end(sender, receiver):
        """Whoever does not leave when its input ends has no business left all the same."""
        for process in (sender, receiver):
            process.stdin.close()
        for process in (sender, receiver):
            try:
                process.wait_exit(10)
            except AssertionError:
                kill(process)

    def setups(self, place, times):
        """Milliseconds from before the offer until both ends are open."""
        stage = Stage("culver-compare-")
        try:
            offerer, answerer = self._start(stage, place, "--setups", times)
            offerer.wait_line(is_event("done"), "end", BOUND)
            self.end(offerer, answerer)
            latest = {}
            for line in offerer.lines + answerer.lines:
                event = parse(line)
                if event.get("event") == "opened":
                    latest[event["run"]] = max(event["ms"], latest.get(event["run"], 0.0))
            return list(latest.values())
        finally:
            stage.close()

    def choose_message(self, place, size):
        """The size of message with which it is faster."""
        rates = {}
        for self.message in self.messages:
            rates[self.message] = self.transfer(place, size).rate
        self.message = max(rates, key=rates.get)


def relay(source, sink):
    """Passes on the signals of SOURCE until it ends."""
    seen = 0
    while True:
        with source._changed:  # pylint: disable=protected-access
            source._changed.wait_for(lambda: len(source.lines) > seen or source._ended())
            new = source.lines[seen:]
        if not new:
            return
        seen += len(new)
        for line in new:
            message = json.loads(line)
            if "signal" not in message:
                continue
            try:
                sink.stdin.write(json.dumps(message["signal"]).encode() + b"\n")
                sink.stdin.flush()
            except (OSError, ValueError):
                return  # it has ended


def install_node_packages():
    """Exactly what the lock file names, into the build folder. Why not, if it cannot be."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed"
    NODE.mkdir(parents=True, exist_ok=True)
    wanted = (ENDS / "package-lock.json").read_bytes()
    stamp = NODE / "installed"
    if not stamp.exists() or stamp.read_bytes() != wanted:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ENDS / name, NODE)
        try:
            done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, check=False,
                                  capture_output=True, text=True, timeout=300)
        except subprocess.TimeoutExpired:
            return "npm ci took more than 300 s"
        if done.returncode != 0:
            return "npm ci failed: " + done.stderr.strip().rsplit("\n", 1)[-1]
        stamp.write_bytes(wanted)
    for script in ENDS.glob("*.mjs"):  # node looks for packages beside the file
        shutil.copy(script, NODE)
    return None


class NodeDatachannel(Ends):
    name = "node-datachannel"
    script = "node_datachannel_end.mjs"

    def why_not(self):
        return install_node_packages()

    def command(self):
        return ["node", NODE / self.script]


class Wrtc(NodeDatachannel):
    name = "@roamhq/wrtc"
    script = "wrtc_end.mjs"


class Aiortc(Ends):
    name = "aiortc"
    share = 1 / 8
    python = "/usr/bin/python3"

    def why_not(self):
        if not os.access(self.python, os.X_OK) or subprocess.run(
                [self.python, "-c", "import aiortc"], capture_output=True, check=False,
                timeout=60).returncode != 0:
            return "python3-aiortc is not installed"
        return None

    def command(self):
        return [self.python, "-B", ENDS / "aiortc_end.py"]


class Tls(Ends):
    """Its congestion control is named: machines differ in what they do by themselves."""

    name = "TLS 1.3 over TCP"
    congestion = "cubic"

    def command(self):
        return [BUILD / "bench" / "tls_end"]

    def more(self, place):
        return ["--address", place.address["b"], "--congestion", self.congestion]

    def why_not(self):
        known = Path("/proc/sys/net/ipv4/tcp_available_congestion_control").read_text("ascii")
        return None if self.congestion in known.split() else f"the kernel has no {self.congestion}"


class TlsBbr(Tls):
    name = "TLS, BBR"
    congestion = "bbr"
    only_path = True


ALL = (Culver, NodeDatachannel, Wrtc, Aiortc, Tls, TlsBbr)
