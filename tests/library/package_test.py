"""What others find when Culver is installed, or taken into a project of theirs."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from culver_library import COMPILERS, STRICT, TOP, WithCopy, run

# What is ours alone, and must not reach anybody's command line.
OURS = ["-Werror", "-Wshadow", "-Wconversion", "-Wpedantic", "-fcoroutines", "-fno-omit-frame-pointer",
        "fuse-ld", "CULVER_INSIDE", "CULVER_VERSION", "-fvisibility"]


class Package(WithCopy):
    def build_with_cmake(self, compiler, *options):
        folder = self.installed.folder / f"build-{compiler}{len(options)}"
        run("cmake", "-S", TOP / "examples", "-B", folder, "-G", "Ninja",
            f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_PREFIX_PATH={self.installed.prefix}",
            "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", *options)
        run("cmake", "--build", folder)
        return folder

    def usage(self, program):
        """It starts, finds its libraries, and says how it is used."""
        done = subprocess.run([program], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual((done.returncode, done.stderr[:6]), (1, "usage:"), done)

    def test_find_package_gives_the_shared_library(self):
        for compiler in COMPILERS:
            with self.subTest(compiler):
                self.usage(self.build_with_cmake(compiler) / "chat")

    def test_find_package_gives_the_archive(self):
        folder = self.build_with_cmake("g++", "-DEXAMPLES_STATIC=ON")
        self.usage(folder / "chat")
        self.assertNotIn("libculver", run("readelf", "-d", folder / "chat"))

    def test_pkg_config_gives_either(self):
        self.usage(self.installed.build("chat", "clang++-14"))
        archive = self.installed.folder / "chat-static"
        needs = [part for part in self.installed.pkg_config("--static", "--libs")
                 if part != "-lculver"]
        run("g++", *STRICT, TOP / "examples" / "chat.cpp", *self.installed.pkg_config("--cflags"),
            "-o", archive, self.installed.libraries / "libculver.a", *needs)
        self.usage(archive)

    def test_it_has_the_version_of_the_programs(self):
        said = run(self.installed.prefix / "bin" / "culver", "version").split()
        version = self.installed.pkg_config("--modversion")[0]
        self.assertIn(version, said)
        major_minor = ".".join(version.split(".")[:2])
        dynamic = run("readelf", "-d", self.installed.libraries / "libculver.so")
        self.assertIn(f"soname: [libculver.so.{major_minor}]", dynamic)


class Page(unittest.TestCase):
    def test_it_begins_with_the_echo_bot_as_it_is(self):
        example = (TOP / "examples" / "echo_bot.cpp").read_text("utf-8")
        self.assertLessEqual(len(example.splitlines()), 40)
        page = (TOP / "docs" / "library.md").read_text("utf-8")
        self.assertEqual(page.split("```cpp\n")[1].split("```")[0],
                         example[example.index("#include"):])


class Headers(WithCopy):
    components = ("library", "dev")

    def test_each_stands_alone_and_warns_of_nothing(self):
        headers = sorted((self.installed.prefix / "include" / "culver").iterdir())
        self.assertIn("culver.hpp", [header.name for header in headers])
        for header in headers:
            for compiler in COMPILERS:
                run(compiler, *STRICT, "-fsyntax-only", f"-I{self.installed.prefix}/include", "-x",
                    "c++", "-include", header, "/dev/null")

    def test_they_name_nothing_but_the_standard_library_and_themselves(self):
        for header in (self.installed.prefix / "include").rglob("*.hpp"):
            for name in re.findall(r'#\s*include\s*[<"]([^>"]+)', header.read_text("utf-8")):
                self.assertTrue(name.startswith("culver/") or re.fullmatch(r"[a-z_]+", name), name)

    def test_the_shared_library_shows_the_interface_alone(self):
        library = self.installed.libraries / "libculver.so"
        names = run("nm", "--dynamic", "--defined-only", "--demangle", library).splitlines()
        names = [line.split(maxsplit=2)[-1] for line in names]
        names = [name.split("@")[0] for name in names if not name.startswith("culver_v1")]
        self.assertIn("culver::v1::version()", names)
        self.assertIn("culver::v1::Client::next()", names)
        self.assertEqual([name for name in names if not name.startswith("culver::v1::")], [])
        self.assertEqual([name for name in names if name.startswith("culver::v1::detail")],
                         [])

    def test_a_handler_for_each_event_is_not_needed(self):
        """Nor is one for what a later version adds."""
        source = self.installed.folder / "visit.cpp"
        source.write_text("""#include <culver/culver.hpp>
            int main() {
              const culver::Event event{1, 2, false, false, culver::Online{"ABCDEF", "ws://a"}};
              int seen = 0;
              const bool missed = culver::visit(event, [&](const culver::TextReceived&) { seen = 1; });
              const bool met = culver::visit(event, [&](const culver::Online&) { seen = 2; });
              const bool all = culver::visit(event, [&](const auto&) { ++seen; });
              return !missed && met && all && seen == 3 ? 0 : 1;
            }""", "utf-8")
        for compiler in COMPILERS:
            program = self.installed.folder / f"visit-{compiler}"
            run(compiler, *STRICT, source, *self.installed.pkg_config("--cflags"), "-o", program)
            run(program)

    def test_a_handler_that_would_never_be_called_does_not_compile(self):
        online = "[](const culver::Online&) {}"
        for handlers in ("[](int) {}", "[](culver::Online&) {}", f"{online}, {online}"):
            source = self.installed.folder / "never.cpp"
            source.write_text("#include <culver/culver.hpp>\nvoid f(const culver::Event& event) "
                              f"{{ culver::visit(event, {handlers}); }}", "utf-8")
            for compiler in COMPILERS:
                done = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", source,
                                       *self.installed.pkg_config("--cflags")],
                                      capture_output=True, text=True, check=False)
                self.assertNotEqual(done.returncode, 0, handlers)
                self.assertRegex(done.stderr, "each handler takes|two handlers take")


FOREIGN = """cmake_minimum_required(VERSION 3.25)
project(foreign LANGUAGES CXX)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
{take_in}
add_executable(foreign main.cpp)
target_compile_options(foreign PRIVATE -Wall)
target_link_libraries(foreign PRIVATE culver::culver)
add_executable(foreign_static main.cpp)
target_link_libraries(foreign_static PRIVATE culver::static)
"""
# What our own options would refuse, and -Wall does not.
MAIN = """#include <culver/culver.hpp>
int main() {
  long wide = culver::version()[0];
  int narrow = wide;
  { int narrow = 1; wide += narrow; }
  return narrow == '0' ? 0 : 1;
}
"""


class Foreign(unittest.TestCase):
    """A project that has Culver inside."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="culver-foreign-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def configure(self, take_in):
        (self.folder / "CMakeLists.txt").write_text(FOREIGN.format(take_in=take_in), "utf-8")
        (self.folder / "main.cpp").write_text(MAIN, "utf-8")
        build = self.folder / "build"
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        run("cmake", "-S", self.folder, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
            "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DCULVER_UNITY=ON", *launcher)
        return build

    def expect_nothing_of_ours(self, build):
        commands = json.loads((build / "compile_commands.json").read_text("utf-8"))
        theirs = [c["command"] for c in commands if c["file"] == str(self.folder / "main.cpp")]
        self.assertEqual(len(theirs), 2)
        for command in theirs:
            for word in OURS + [f"{TOP}/src"]:
                self.assertNotIn(word, command)
        links = run("ninja", "-C", build, "-t", "commands", "foreign").splitlines()[-1]
        for word in OURS:
            self.assertNotIn(word, links)
        # No test, no program of ours: they may not even have what those need.
        self.assertEqual([c["file"] for c in commands if "/tests/" in c["file"] or
                          "/apps/" in c["file"] or "/shell/cli/" in c["file"]], [])
        run("ninja", "-C", build, "CMakeFiles/foreign.dir/main.cpp.o",
            "CMakeFiles/foreign_static.dir/main.cpp.o")

    def test_add_subdirectory(self):
        build = self.configure(f"add_subdirectory({TOP} culver)")
        self.expect_nothing_of_ours(build)
        if "CULVER_NIGHTLY" not in os.environ:
            return
        run("cmake", "--build", build, bound=3600)
        for program in ("foreign", "foreign_static"):
            run(build / program)

    def test_fetch_content(self):
        self.expect_nothing_of_ours(self.configure(
            f"include(FetchContent)\nFetchContent_Declare(culver SOURCE_DIR {TOP})\n"
            "FetchContent_MakeAvailable(culver)"))
