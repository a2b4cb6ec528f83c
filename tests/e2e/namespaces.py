"""Network namespaces of one process. Their names carry its id, so that what a process that was killed
has left behind goes when the next one begins."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

PREFIX = "culver-ns"


class NotAllowed(Exception):
    """This machine, or who we are, does not let us."""


def run(*arguments, text=None):
    done = subprocess.run(arguments, input=text, capture_output=True, text=True, check=False,
                          timeout=30)
    if done.returncode != 0:
        raise NotAllowed(f"{' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise NotAllowed(f"{program} is not installed")


def remove_leftovers():
    """What ran in them goes too: nobody else waits for it any more."""
    for name, pid in re.findall(rf"^({PREFIX}-(\d+)-\S+)", run("ip", "netns", "list"),
                                re.MULTILINE):
        if Path(f"/proc/{pid}").exists():
            continue
        for left in run("ip", "netns", "pids", name).split():
            try:
                os.kill(int(left), signal.SIGKILL)
            except ProcessLookupError:
                pass
        run("ip", "netns", "delete", name)


class Namespaces:
    """Made as they are named, gone with `close`. What runs in one must have ended before."""

    def __init__(self):
        need("ip", "nsenter", "sysctl")
        if os.geteuid() != 0:
            raise NotAllowed("namespaces need root")
        remove_leftovers()
        self._made = []

    @staticmethod
    def full_name(name):
        return f"{PREFIX}-{os.getpid()}-{name}"

    def make(self, name):
        """With IPv4 only and the loopback device up."""
        run("ip", "netns", "add", self.full_name(name))
        self._made.append(name)
        self.run(name, "sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1",
                 "net.ipv6.conf.default.disable_ipv6=1")
        self.ip(name, "link set lo up")

    def within(self, name):
        """What a command begins with to run there; it becomes the program."""
        return ["nsenter", f"--net=/run/netns/{self.full_name(name)}"]

    def run(self, name, *arguments, text=None):
        return run(*self.within(name), *arguments, text=text)

    def ip(self, name, words):
        return run("ip", "-netns", self.full_name(name), *words.split())

    def join(self, name, device, other, other_device):
        """A cable between two of them."""
        run("ip", "-netns", self.full_name(name), "link", "add", device, "type", "veth", "peer",
            "name", other_device, "netns", self.full_name(other))

    def close(self):
        for name in self._made:
            subprocess.run(["ip", "netns", "delete", self.full_name(name)], capture_output=True,
                           check=False, timeout=30)
        self._made = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
