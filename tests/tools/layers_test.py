"""tools/layers refuses what it says it refuses, and nothing that is allowed."""

import importlib.machinery
import importlib.util
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
PATH = str(Path(__file__).resolve().parents[2] / "tools" / "layers")
loader = importlib.machinery.SourceFileLoader("layers", PATH)
layers = importlib.util.module_from_spec(importlib.util.spec_from_loader("layers", loader))
loader.exec_module(layers)


def include(target):
    return f'#include "{target}"\n' if target.startswith(("core/", "shell/")) else f"#include <{target}>\n"


class Refused(unittest.TestCase):
    def refuse(self, path, text):
        self.assertNotEqual(layers.violations(path, text), [], f"{path} may not say {text!r}")

    def test_machines_including_one_another(self):
        machines = ["handshake", "signaling", "connection", "transfer", "ice", "dcep"]
        for one in machines:
            for other in machines:
                if one != other:
                    self.refuse(f"core/{one}/a.hpp", include(f"core/{other}/b.hpp"))

    def test_core_upwards(self):
        for low, high in [("base", "crypto"), ("crypto", "wire"), ("wire", "connection"),
                          ("wire", "engine"), ("transfer", "engine"), ("relay", "engine"),
                          ("engine", "relay"), ("handshake", "relay")]:
            self.refuse(f"core/{low}/a.cpp", include(f"core/{high}/b.hpp"))

    def test_core_and_the_world(self):
        for header in ["shell/run/drive.hpp", "boost/asio.hpp", "boost/asio/ip/tcp.hpp",
                       "boost/beast/core.hpp", "nice/agent.h", "usrsctp.h", "sqlite3.h",
                       "spdlog/spdlog.h", "thread", "mutex", "fstream", "iostream", "filesystem",
                       "sys/socket.h", "random"]:
            self.refuse("core/connection/a.cpp", include(header))

    def test_words_in_core(self):
        for line in ["auto t = std::chrono::steady_clock::now();", "std::function<void()> f;",
                     "std::shared_ptr<int> p;", "virtual void f();", "RAND_bytes(p, 1);"]:
            self.refuse("core/base/a.hpp", line)

    def test_what_has_a_home(self):
        for path in ["core/connection/a.cpp", "core/base/a.hpp", "shell/cli/a.cpp", "shell/server/a.cpp"]:
            self.refuse(path, include("boost/json.hpp"))
            self.refuse(path, include("boost/json/value.hpp"))
        self.refuse("shell/client/a.cpp", include("sqlite3.h"))
        self.refuse("shell/net/a.cpp", include("usrsctp.h"))
        for path in ["shell/client/a.cpp", "shell/p2p/a.cpp"]:
            self.refuse(path, include("nice/agent.h"))
            self.refuse(path, include("glib.h"))

    def test_the_interface_for_others(self):
        for path in ["core/engine/a.cpp", "shell/client/a.cpp", "shell/cli/a.cpp"]:
            self.refuse(path, include("culver/client.hpp"))
        for header in ["boost/asio.hpp", "openssl/ssl.h", "sqlite3.h", "tl/expected.hpp", "poll.h"]:
            self.assertNotEqual(layers.public_violations(include(header)), [], header)
        for header in ["core/engine/api.hpp", "shell/client/client.hpp"]:
            self.assertNotEqual(layers.public_violations(include(header)), [], header)
        for line in ['#include "culver/result.hpp"', "#include <string_view>"]:
            self.assertEqual(layers.public_violations(line), [], line)

    def test_shell_upwards_and_sideways(self):
        for one, other in [("run", "host"), ("host", "net"), ("net", "p2p"), ("p2p", "store"),
                           ("store", "net"), ("net", "server"), ("server", "client"),
                           ("client", "server"), ("client", "cli"), ("p2p", "client")]:
            self.refuse(f"shell/{one}/a.cpp", include(f"shell/{other}/b.hpp"))

    def test_folders_that_are_not_on_the_map(self):
        self.refuse("core/utils/a.hpp", "")
        self.refuse("shell/stuff/a.hpp", "")
        self.refuse("core/loose.hpp", "")
        self.refuse("shell/cli/a.cpp", include("core/utils/b.hpp"))

    def test_spacing_does_not_hide_an_include(self):
        self.refuse("core/connection/a.cpp", "  #  include <mutex>\n")


class Allowed(unittest.TestCase):
    def allow(self, path, text):
        self.assertEqual(layers.violations(path, text), [])

    def test_downwards(self):
        for path, header in [("core/engine/a.cpp", "core/connection/b.hpp"),
                             ("core/connection/a.cpp", "core/wire/b.hpp"),
                             ("core/wire/a.cpp", "core/crypto/b.hpp"),
                             ("core/connection/a.cpp", "core/connection/b.hpp"),
                             ("core/wire/a.cpp", "boost/json.hpp"),
                             ("core/crypto/a.cpp", "openssl/evp.h"),
                             ("core/base/a.hpp", "functional"),
                             ("shell/store/a.cpp", "sqlite3.h"),
                             ("shell/p2p/a.cpp", "usrsctp.h"),
                             ("shell/run/a.hpp", "boost/asio.hpp"),
                             ("shell/cli/a.cpp", "shell/client/b.hpp"),
                             ("shell/server/a.cpp", "core/relay/b.hpp")]:
            self.allow(path, include(header))

    def test_comments_and_literals_are_not_code(self):
        self.allow("core/base/a.hpp", "// core never calls ::now() or std::function\n")
        self.allow("core/base/a.hpp", '/* virtual\nshared_ptr */ auto s = "a shared_ptr";\n')

    def test_lines_are_counted_across_comments(self):
        found = layers.violations("core/base/a.hpp", "/* one\ntwo */\nvirtual void f();\n")
        self.assertEqual([line for line, _ in found], [3])


if __name__ == "__main__":
    unittest.main()
