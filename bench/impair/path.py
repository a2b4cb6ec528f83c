"""Two network namespaces with a path of our own between them. Names carry the id of the process that
made them; what a process that was killed has left behind goes when the next one begins."""

import os
import re
import shutil
import subprocess
from pathlib import Path

SKIPPED = 77  # the exit code of a script that may not make namespaces
PREFIX = "culver-path"


class NotAllowed(Exception):
    """This machine does not let us."""


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False,
                          timeout=30)
    if done.returncode != 0:
        raise NotAllowed(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout


def is_running(pid):
    return Path(f"/proc/{pid}").exists()


def remove_leftovers():
    """Of processes that are gone; their proxies ended with them."""
    for name in re.findall(rf"^{PREFIX}-\d+-[ab]\b", ip("netns", "list"), re.MULTILINE):
        if not is_running(name.split("-")[2]):
            ip("netns", "delete", name)


class ImpairedPath:
    """Addresses and names of the two ends. `within` makes a program run at an end."""

    address = {"a": "10.91.0.1", "b": "10.91.0.2"}

    def __init__(self):
        if not shutil.which("ip") or not shutil.which("nsenter"):
            raise NotAllowed("iproute2 or util-linux is not installed")
        if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
            raise NotAllowed("/dev/net/tun cannot be opened")
        self.name = {end: f"{PREFIX}-{os.getpid()}-{end}" for end in "ab"}
        try:
            remove_leftovers()
            for end in "ab":
                self._make(end)
        except NotAllowed:
            self.close()
            raise

    def _make(self, end):
        name = self.name[end]
        ip("netns", "add", name)
        # Only IPv4: no router solicitations that would be impaired too.
        subprocess.run([*self.within(end), "sh", "-c",
                        "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6"], check=False,
                       stderr=subprocess.DEVNULL, timeout=30)
        for words in ("link set lo up", "tuntap add dev path0 mode tun",
                      f"address add {self.address[end]}/30 dev path0",
                      "link set path0 mtu 1500 txqueuelen 10000 up"):
            ip("-netns", name, *words.split())

    def within(self, end):
        return ["nsenter", f"--net=/run/netns/{self.name[end]}"]

    def proxy_arguments(self, **impairment):
        """delay (ms, one way), loss, rate (Mbit/s), queue (ms), seed."""
        words = [word for name, value in impairment.items() for word in (f"--{name}", str(value))]
        return ["--a", self.name["a"], "--b", self.name["b"], *words]

    def close(self):
        for name in self.name.values():
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False,
                           timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
