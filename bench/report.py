"""What the measuring scripts share: tables between markers of a page, so that the prose around them
stays, and how busy others kept the machine meanwhile."""

import os
import platform
import resource
import statistics
import time
from pathlib import Path


def machine():
    return f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}"


def write_between(path, name, text):
    """Replaces what stands between the markers of NAME; without markers, adds them at the end."""
    path = Path(path)
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    page = path.read_text(encoding="utf-8") if path.exists() else ""
    if begin in page and end in page:
        head, rest = page.split(begin, 1)
        tail = rest.split(end, 1)[1]
    else:
        head, tail = (page.rstrip("\n") + "\n\n" if page else ""), ""
    path.write_text(f"{head}{begin}{text.rstrip()}\n{end}{tail}", encoding="utf-8")


class Others:
    """The cores that processes of others used, on average, from the beginning to `cores`."""

    def __init__(self):
        self._began, self._busy, self._own = time.monotonic(), self._ticks(), self._self()

    @staticmethod
    def _ticks():
        first = Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()
        user, nice, system, _, _, irq, softirq, steal = map(int, first[1:9])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def _self():
        used = resource.getrusage(resource.RUSAGE_SELF)
        return used.ru_utime + used.ru_stime

    def cores(self, processes):
        """PROCESSES: ours, all ended."""
        own = self._self() - self._own + sum(cpu_seconds(p) for p in processes)
        busy = self._ticks() - self._busy
        return max(0.0, (busy - own) / max(time.monotonic() - self._began, 1e-3))


def cpu_seconds(process):
    return process.usage.ru_utime + process.usage.ru_stime


def median(values):
    return statistics.median(values)


def spread(values, digits=1):
    """Median and range, as the tables show them."""
    if not values:
        return "-"
    middle = f"{median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} [{min(values):,.{digits}f}-{max(values):,.{digits}f}]"
