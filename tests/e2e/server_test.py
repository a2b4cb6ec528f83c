"""culver-server as people run it: its options, its signals, its folder, its neighbours."""

import base64
import hashlib
import hmac
import json
import os
import pwd
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import time
import unittest
from pathlib import Path

from culver_e2e import BOUND, Process, ServerCase, program, run_server as run
from gateway_client import Account, WebSocket, http, metrics, sign_in

class ServerOptions(ServerCase):
    def refuses(self, *arguments):
        ended = run("--data-dir", self.data, *arguments)
        self.assertEqual(ended.returncode, 1, (arguments, ended))
        self.assertEqual(ended.stdout, "", arguments)
        self.assertLess(len(ended.stderr), 400, ended.stderr)
        self.assertFalse(self.data.exists(), "before anything was made")
        return ended.stderr

    def test_a_senseless_number_gets_a_sentence(self):
        for option, most in (("--max-connections", 1000000), ("--event-days", 3650),
                             ("--max-connections-per-address", 1000000),
                             ("--max-devices-per-user", 1000), ("--turn-minutes", 525600),
                             ("--max-stored-bytes", 2 ** 50)):
            for value in ("0", "1.5", "x", "", "9" * 30):
                self.assertIn(f"{option} takes a whole number from 1 to {most}.",
                              self.refuses(option, value))
            self.refuses(option, "-1")

    def test_an_address_is_one(self):
        for option in ("--listen", "--metrics-listen"):
            for value in ("127.0.0.1", "127.0.0.1:70000", ":9000", "[::1]", "::1:9000", "foo:1",
                          "127.0.0.1:-1", "127.0.0.1:x", "999.0.0.1:1"):
                self.assertIn(f"{option} takes ADDRESS:PORT", self.refuses(option, value))
            self.assertIn("not empty", self.refuses(option, ""))

    def test_an_endpoint_is_a_url_of_websockets(self):
        for value in ("foo", "http://h", "ws://", "wss://h:70000", "wss://u@h", "wss://h/#f"):
            self.assertIn("--endpoint takes the URL that clients connect to",
                          self.refuses("--endpoint", value))

    def test_a_proxy_is_an_address_or_a_network(self):
        for value in ("foo", "10.0.0.0/33", "0.0.0.0/0", "10.0.0.0/", "::/129"):
            self.assertIn("--trusted-proxy takes", self.refuses("--trusted-proxy", value))
        for value in ("example.org", "https://example.org/", "https://*.example.org"):
            self.assertIn("--allow-origin takes", self.refuses("--allow-origin", value))

    def test_what_stands_there_twice_is_refused(self):
        self.refuses("--listen", "127.0.0.1:0", "--listen", "127.0.0.1:1")
        config = self.write("config.json", '{"eventDays":1,"eventDays":2}')
        self.assertIn('"eventDays" is there twice', self.refuses("--config", config))

    def test_a_file_says_what_is_wrong_with_it(self):
        self.assertIn("cannot be read", self.refuses("--config", self.folder / "none"))
        self.assertIn("it is a folder", self.refuses("--config", self.folder))
        self.assertIn("it is not JSON", self.refuses("--config", self.write("a", "{")))

    def test_a_relay_needs_its_secret(self):
        self.assertIn("--turn-secret-file", self.refuses("--ice-server", "turn:h"))
        self.assertIn("--ice-server takes", self.refuses("--ice-server", "turn:u:p@h"))
        ended = run("--data-dir", self.data, "--listen", "127.0.0.1:0", "--ice-server", "turn:h",
                    "--turn-secret-file", self.folder / "none")
        self.assertEqual((ended.returncode, "is not there" in ended.stderr), (1, True), ended)

    def test_an_address_of_nobody_here_and_a_taken_port(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        for option in ("--listen", "--metrics-listen"):
            port = f"127.0.0.1:{taken.getsockname()[1]}"
            other = () if option == "--listen" else ("--listen", "127.0.0.1:0")
            ended = run("--data-dir", self.data, *other, option, port)
            self.assertEqual(ended.returncode, 3, ended)
            self.assertIn(f"Cannot listen on {port}: another program uses that port.",
                          ended.stderr)


class ServerSignals(ServerCase):
    def test_a_hangup_reads_the_configuration_again(self):
        config = self.write("config.json", "{}")
        server = self.stage.start_server("--config", config)
        before = WebSocket(server.url)
        self.assertEqual(json.loads(before.receive())["endpoint"], server.url)
        config.write_text('{"endpoint":"wss://new.example.org","requireHandshake":true}')
        server.signal(signal.SIGHUP)
        server.wait_said("the configuration was read again")
        self.assertEqual(json.loads(WebSocket(server.url).receive())["endpoint"],
                         "wss://new.example.org")
        config.write_text('{"eventDays":0}')
        server.signal(signal.SIGHUP)
        server.wait_said("The server goes on as before.")
        self.assertEqual(json.loads(WebSocket(server.url).receive())["endpoint"],
                         "wss://new.example.org")
        server.signal(signal.SIGTERM)
        self.assertEqual(server.wait_exit(), 0)

    def test_those_of_habit_do_not_end_it(self):
        server = self.stage.start_server()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGXFSZ,
                       signal.SIGHUP):
            server.signal(number)
        server.wait_said("the configuration was read again")
        self.assertEqual(http(server.url, "/health")[0], 200)
        server.signal(signal.SIGQUIT)
        self.assertEqual(server.wait_exit(), 0)

    def test_it_outlives_the_reader_of_its_log(self):
        server = self.stage.start_server()
        read, write = os.pipe()
        os.close(read)
        other = subprocess.Popen(
            [program("culver-server"), "--data-dir", self.folder / "other", "--listen",
             server.url.removeprefix("ws://")], stdout=write, stderr=write)
        os.close(write)
        self.assertEqual(other.wait(BOUND), 3, "it says so to nobody, and ends by itself")


@unittest.skipUnless(os.environ.get("CULVER_NIGHTLY"), "stands still for a minute")
class SuspendedServer(ServerCase):
    def test_everybody_is_still_there(self):
        server = self.stage.start_server()
        clients = [self.stage.receive(name=f"r{i}") for i in range(5)]
        for client in clients:
            client.wait_event("online")
        server.signal(signal.SIGSTOP)
        time.sleep(64)
        server.signal(signal.SIGCONT)
        server.wait_said("did not run")
        time.sleep(40)
        for client in clients:
            self.assertEqual(len(client.events("online")), 1, client.report())
        self.assertEqual([name for name in metrics(server.url) if "culver_closed" in name], [])


class ServerFolder(ServerCase):
    def test_it_is_in_the_users_home_without_any_variable(self):
        """The home of the system's list of users, which is made to be another one here."""
        home = Path(pwd.getpwuid(os.geteuid()).pw_dir) / ".local/share/culver-server"
        if home.exists():
            self.skipTest("a server is at home here")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        for extra in ({}, {"XDG_DATA_HOME": "relative", "HOME": "relative"}):
            server = Process(["/usr/bin/env", "-i", *(f"{k}={v}" for k, v in extra.items()),
                              program("culver-server"), "--listen", "127.0.0.1:0"],
                             self.folder / "bare.log", within=("/usr/bin/env", "-C", self.folder))
            self.addCleanup(server.end)
            server.wait_line(lambda line: line if line.startswith("identity ") else None, "identity")
            self.assertTrue((home / "server-key").exists())
            self.assertEqual([p.name for p in self.folder.iterdir()
                              if p.name not in ("out", "bare.log")], [])
            server.end()
            shutil.rmtree(home)

    def test_one_that_is_open_to_all_is_closed_and_that_is_said(self):
        self.data.mkdir()
        self.data.chmod(0o777)
        server = self.stage.start_server()
        server.wait_said("others could write to the data folder")
        self.assertEqual(stat.S_IMODE(self.data.stat().st_mode) & 0o022, 0)

    def test_whatever_lies_in_it_gets_a_sentence(self):
        self.stage.start_server().end()
        whole = self.folder / "whole"
        shutil.copytree(self.data, whole)

        def attempt(name, change):
            shutil.rmtree(self.data)
            shutil.copytree(whole, self.data)
            change(self.data / name)
            ended = run("--listen", "127.0.0.1:0", "--data-dir", self.data)
            self.assertIn(ended.returncode, (1, 2, 3), (name, ended))
            self.assertIn(str(self.data / name), ended.stderr)
            self.assertTrue(ended.stderr.startswith("culver-server: "), ended.stderr)

        def to_folder(path):
            path.unlink()
            path.mkdir()

        def to_link(path):
            path.rename(path.with_name("moved"))
            path.symlink_to("moved")

        for name in ("key", "server-key", "gateway.db"):
            for change in (to_folder, to_link, lambda path: path.write_bytes(b"garbage" * 99)):
                attempt(name, change)
        attempt("key", Path.unlink)
        for name in ("key", "server-key"):
            attempt(name, lambda path: path.chmod(0o644))

    def test_two_servers_do_not_share_one(self):
        self.stage.start_server()
        ended = run("--listen", "127.0.0.1:0", "--data-dir", self.data)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("in use by another server", ended.stderr)


class ServerBackup(ServerCase):
    def events_of(self, file):
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            return database.execute("SELECT count(*) FROM event").fetchone()[0]

    @staticmethod
    def store(device):
        device.say(device.event(b"x"))
        device.wait("ack")

    def test_of_a_server_that_runs(self):
        server = self.stage.start_server()
        device = sign_in(server.url, Account())
        for _ in range(3):
            self.store(device)
        copied = run("backup", self.folder / "copy.db", "--data-dir", self.data)
        self.assertEqual(copied.returncode, 0, copied)
        self.assertEqual(self.events_of(self.folder / "copy.db"), 3)
        self.assertEqual(stat.S_IMODE((self.folder / "copy.db").stat().st_mode), 0o600)
        # SQLite's own way.
        with sqlite3.connect(self.data / "gateway.db") as source, \
                sqlite3.connect(self.folder / "other.db") as target:
            source.backup(target)
        self.assertEqual(self.events_of(self.folder / "other.db"), 3)
        self.store(device)
        self.assertEqual(http(server.url, "/health")[0], 200)
        again = run("backup", self.folder / "copy.db", "--data-dir", self.data)
        self.assertEqual((again.returncode, "is there already" in again.stderr), (2, True), again)
        for target, data in ((self.folder / "x.db", self.folder), ("/nowhere/x.db", self.data)):
            self.assertEqual(run("backup", target, "--data-dir", data).returncode, 2)

    def test_a_reader_at_the_start_keeps_nobody_out(self):
        self.stage.start_server().end()
        reader = sqlite3.connect(self.data / "gateway.db", isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM event").fetchone()
        server = self.stage.start_server()
        self.assertEqual(http(server.url, "/health"), (200, '{"status":"healthy"}'))


class ServerNeighbours(ServerCase):
    def test_nobody_dumps_what_it_knows(self):
        server = self.stage.start_server()
        client = self.stage.receive()
        client.wait_event("online")
        for process in (server, client):
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            if "CULVER_SANITIZE" not in os.environ:
                self.assertEqual(os.stat(f"/proc/{process.pid}/environ").st_uid, 0)

    def test_without_descriptors_it_waits_and_neither_spins_nor_dies(self):
        server = self.stage.start_server(
            "--max-connections-per-address", "1000",
            within=("/usr/bin/prlimit", "--nofile=80:80"))
        port = int(server.url.rsplit(":", 1)[1])
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(120)]
        before = self.cpu(server.pid)
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertLess(self.cpu(server.pid) - before, 1.0, "seconds of processor in two")
        for one in crowd:
            one.close()
        deadline = time.monotonic() + BOUND
        while True:
            try:
                self.assertEqual(http(server.url, "/health")[0], 200)
                break
            except OSError:
                self.assertLess(time.monotonic(), deadline)

    @staticmethod
    def cpu(pid):
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@unittest.skipUnless(shutil.which("turnserver"), "coturn is not installed")
class ServerRelays(ServerCase):
    secret = "a secret of two"

    def start_coturn(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        coturn = Process(["turnserver", "-n", "-v", "--use-auth-secret",
                          f"--static-auth-secret={self.secret}", "--realm=culver",
                          "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
                          f"--listening-port={port}", "--no-tls", "--no-dtls", "--no-cli",
                          "--allow-loopback-peers", "--log-file=stdout", "--simple-log",
                          f"--pidfile={self.folder / 'coturn.pid'}",
                          f"--userdb={self.folder / 'coturn.db'}"], self.folder / "coturn.log")
        self.addCleanup(coturn.end)
        coturn.wait_line(lambda line: True if "listener opened" in line else None, "listener")
        return coturn, port

    def start(self, port):
        secret = self.write("turn-secret", self.secret + "\n")
        return self.stage.start_server("--ice-server", f"turn:127.0.0.1:{port}", "--ice-server",
                                       f"stun:127.0.0.1:{port}", "--turn-secret-file", secret,
                                       "--turn-minutes", "10")

    def test_both_sides_of_a_match_are_told_of_them(self):
        server = self.start(3478)
        for told in self.match(server.url):
            stun, turn = told["iceServers"]
            self.assertEqual(stun, {"urls": ["stun:127.0.0.1:3478"]})
            self.assertEqual(turn["urls"], ["turn:127.0.0.1:3478"])
            ends = int(turn["username"].split(":")[0])
            self.assertTrue(500 < ends - time.time() < 700, turn)
            mac = hmac.new(self.secret.encode(), turn["username"].encode(), hashlib.sha1).digest()
            self.assertEqual(turn["credential"], base64.b64encode(mac).decode())

    def test_nobody_is_told_of_none(self):
        for told in self.match(self.stage.start_server().url):
            self.assertNotIn("iceServers", told)

    def test_two_culvers_sign_in_at_a_real_one(self):
        coturn, port = self.start_coturn()
        self.start(port)
        receiver = self.stage.receive("--yes", "--once")
        code = receiver.wait_event("online")["code"]
        sender = self.stage.send(code, "--text", "hello")
        self.assertEqual((sender.wait_exit(), receiver.wait_exit()), (0, 0),
                         self.stage.reports())
        named = coturn.wait_line(lambda line: re.search(r"new, realm=<culver>, username=<(\d+:\d+)>",
                                                        line), "allocation")
        self.assertTrue(named)


if __name__ == "__main__":
    unittest.main()
