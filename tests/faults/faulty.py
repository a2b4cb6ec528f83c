"""Programs whose disk fails: the environment for faulty_calls.c, and what its log says."""

import errno
import os
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

ALL = os.environ.get("CULVER_SWEEP") == "all"
LIE = 0  # instead of an errno: it says that it has done it

# What each call can fail with, by its manual page.
ERRORS = {
    "create": [errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EIO, errno.EMFILE, errno.EDQUOT],
    "open": [errno.EIO, errno.EACCES, errno.EMFILE, errno.ENOMEM],
    "pread": [errno.EIO, errno.EINTR],
    "pwrite": [errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT, errno.EINVAL, errno.EINTR],
    "fallocate": [errno.ENOSPC, errno.EFBIG, errno.EOPNOTSUPP, errno.EIO, errno.EINTR],
    "ftruncate": [errno.EIO, errno.EFBIG],
    "fdatasync": [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EINTR, LIE],
    "fsync": [errno.EIO, errno.EINVAL, errno.ENOSPC, LIE],
    "sync_file_range": [errno.EIO, errno.ENOSYS],
    "renameat2": [errno.EINVAL, errno.ENOSYS, errno.EIO, errno.EACCES, errno.ENOSPC, errno.EROFS,
                  errno.EEXIST, errno.ENAMETOOLONG],
    "fstat": [errno.EIO],
    "fchmod": [errno.EPERM, errno.EIO],
    "flock": [errno.ENOLCK, errno.EWOULDBLOCK],
}


def name_of(error):
    return errno.errorcode.get(error, "a lie")


class Faulty:
    """What lies under FOLDER fails at the NTH call of that name."""

    def __init__(self, folder, log, call=None, nth=0, error=0, always=False):
        self.log = Path(log)
        self.log.unlink(missing_ok=True)
        self.environment = {"LD_PRELOAD": str(library()), "FAULTY_UNDER": str(folder),
                            "FAULTY_LOG": str(log)}
        if call:
            self.environment |= {"FAULTY_CALL": call, "FAULTY_NTH": str(nth),
                                 "FAULTY_ERRNO": str(error)}
        if always:
            self.environment["FAULTY_ALWAYS"] = "1"

    def calls(self):
        """(name, result, path) of each, in order."""
        text = self.log.read_text(encoding="utf-8") if self.log.exists() else ""
        return [tuple(line.split(" ", 2)) for line in text.splitlines()]

    def counts(self):
        made = [call for call, _, _ in self.calls()]
        return {call: made.count(call) for call in ERRORS if call in made}

    def has_struck(self):
        return any(result != "done" for _, result, _ in self.calls())


def library():
    path = Path(os.environ.get("CULVER_PROGRAMS", "build/release")) / "tests/faults/faulty_calls.so"
    if not path.exists():
        raise unittest.SkipTest(f"{path} is not built")
    if os.environ.get("CULVER_SANITIZE"):
        raise unittest.SkipTest("the sanitizer must come first")
    return path


def plan(counts):
    """(call, nth, error) of the sweep: each errno of each call, at some places or at all of them."""
    for call, count in counts.items():
        for index, error in enumerate(ERRORS[call]):
            if ALL:
                places = range(1, count + 1)
            else:  # the first, the last, and one between, by turns
                places = sorted({1, count} if index == 0 else {1 + index * count // 7 % count})
            for nth in places:
                yield call, nth, error
