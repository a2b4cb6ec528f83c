"""An installed copy of this build, and programs that are built with it as other people would."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "e2e"))

from culver_e2e import BOUND, Case, Process  # noqa: E402

BUILD = Path(os.environ.get("CULVER_PROGRAMS", TOP / "build" / "release"))
COMPILERS = ["g++", "clang++-14"]
STRICT = ["-std=c++20", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Werror"]


def run(*command, bound=300, **options):
    """What it prints; it must go well."""
    command = [str(part) for part in command]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=bound, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


class Installed:
    """`cmake --install` to a folder of its own. The archive of a debug build is larger than all the
    rest, so that comes only where it is asked for."""

    def __init__(self, *components):
        self.folder = Path(tempfile.mkdtemp(prefix="culver-library-"))
        self.prefix = self.folder / "prefix"
        for component in components or ("library", "dev", "archive", "programs"):
            run("cmake", "--install", BUILD, "--prefix", self.prefix, "--strip", "--component",
                component)
        self.libraries = next(self.prefix.rglob("libculver.so")).parent

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def pkg_config(self, *arguments):
        found = {**os.environ, "PKG_CONFIG_PATH": str(self.libraries / "pkgconfig")}
        return run("pkg-config", *arguments, "culver", env=found).split()

    def build(self, name, compiler="g++"):
        """An example, by pkg-config and the shared library."""
        return self.build_source(TOP / "examples" / f"{name}.cpp", compiler)

    def build_source(self, source, compiler="g++"):
        program = self.folder / source.stem
        run(compiler, *STRICT, source, *self.pkg_config("--cflags"), "-o", program,
            *self.pkg_config("--libs"), f"-Wl,-rpath,{self.libraries}")
        return program


class WithCopy(unittest.TestCase):
    components = ()

    @classmethod
    def setUpClass(cls):
        cls.installed = Installed(*cls.components)
        cls.addClassCleanup(cls.installed.close)


class WithExamples(Case):
    """A running server, and examples that are built once for each class."""

    @classmethod
    def setUpClass(cls):
        cls.installed = Installed("library", "dev")
        cls.addClassCleanup(cls.installed.close)

    def start(self, program, *arguments, log, **options):
        return self.stage._add(Process([program, *arguments], self.stage.folder / f"{log}.log",
                                       **options))

    def word_after(self, process, prefix):
        return process.wait_line(
            lambda line: line[len(prefix):] if line.startswith(prefix) else None, prefix)
