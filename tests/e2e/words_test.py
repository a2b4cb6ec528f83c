"""Every way in which a server can fail to be one, against the real program: what a person reads and
what a program reads. The table stands here, and each row has a real socket."""

import datetime
import ipaddress
import os
import socket
import ssl
import threading
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from culver_e2e import Case, program
import culver_e2e

DAY = datetime.timedelta(days=1)
# Longer than culver dials.
PATIENT = 40


class Listening:
    """A listener on loopback that does one thing with whoever comes."""

    def __init__(self, act, context=None):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.act, self.context = act, context
        self.held = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            try:
                peer.settimeout(PATIENT)
                self.held.append(self.context.wrap_socket(peer, server_side=True)
                                 if self.context else peer)
                self.act(self.held[-1])
            except OSError:  # the other side did not like it: that is what some are here for
                pass

    def close(self):
        # A thread that accepts would keep the socket.
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for peer in self.held:
            peer.close()


def says(text):
    def act(peer):
        peer.sendall(text.encode())
        peer.recv(65536)
        peer.close()
    return act


def answers(text):
    def act(peer):
        peer.recv(65536)
        peer.sendall(text.replace("\n", "\r\n").encode())
        peer.close()
    return act


def keeps(_peer):
    pass


def closes(peer):
    peer.close()


class Authority:
    """Certificates that this machine trusts, as far as it is told so."""

    def __init__(self, folder):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority")])
        made = self._sign(self.name, self.key.public_key(), "authority", (-DAY, DAY), ca=True)
        self.file = folder / "authority.pem"
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, key, name, days, ca=False, issuer=None, signer=None):
        now = datetime.datetime.now(datetime.timezone.utc)
        names = [x509.DNSName(name), x509.DNSName("localhost")]
        if name == "elsewhere.test":
            names = [x509.DNSName(name)]
        elif not ca:
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        return (x509.CertificateBuilder().subject_name(subject)
                .issuer_name(issuer or self.name).public_key(key)
                .serial_number(x509.random_serial_number())
                .not_valid_before(now + days[0]).not_valid_after(now + days[1])
                .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
                .add_extension(x509.SubjectAlternativeName(names), critical=False)
                .sign(signer or self.key, hashes.SHA256()))

    def context(self, name="server", days=(-DAY, DAY), self_signed=False):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._sign(subject, key.public_key(), name, days,
                          issuer=subject if self_signed else None,
                          signer=key if self_signed else None)
        file = self.folder / f"{made.serial_number}.pem"
        file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


class Table(Case):
    with_server = False

    def listen(self, act, context=None):
        listener = Listening(act, context)
        self.addCleanup(listener.close)
        return listener.port

    def full(self):
        """A listener whose queue is full: nothing more is answered."""
        listener = socket.socket()
        self.addCleanup(listener.close)
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(2):
            waiting = socket.socket()
            self.addCleanup(waiting.close)
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        return listener.getsockname()[1]

    def closed(self):
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]

    def rows(self):
        """What is dialled, the cause, the code, and what has to be read."""
        trusted = Authority(self.stage.folder)
        plain = self.listen(answers("HTTP/1.1 200 OK\nContent-Length: 0\n\n"))
        moved = ("HTTP/1.1 301 Moved Permanently\nLocation: https://example.org/there\n"
                 "Content-Length: 0\n\n")
        later = "HTTP/1.1 {}\nContent-Length: 0\n\n"

        def tls(act=keeps, **certificate):
            return self.listen(act, trusted.context(**certificate))

        here, secure = "ws://127.0.0.1:{}", "wss://127.0.0.1:{}"
        return [
            ("ws://no-such-host.invalid:1", "no_such_name|name_unanswered", 3,
             "no-such-host.invalid port 1: "),
            (here.format(self.closed()), "connection_refused", 3, "nothing listens on that port"),
            (here.format(self.full()), "timed_out", 3, "Nothing answers there."),
            (here.format(self.listen(keeps)), "request_timed_out", 3, "does not answer the request"),
            (secure.format(self.listen(keeps)), "tls_timed_out", 3,
             "does not answer the TLS handshake"),
            (here.format(self.listen(closes)), "hung_up", 3, "closed the connection"),
            (secure.format(self.listen(closes)), "tls_hung_up", 3, "during the TLS handshake"),
            (here.format(self.listen(says("SSH-2.0-OpenSSH_9.2p1\r\n"))), "not_http", 3,
             "An SSH server is there"),
            (secure.format(self.listen(says("SSH-2.0-OpenSSH_9.2p1\r\n"))), "not_tls", 3,
             "An SSH server is there, which speaks no TLS"),
            (here.format(self.listen(says("220 mail.example.org ESMTP\r\n"))), "not_http", 3,
             "does not speak HTTP"),
            (here.format(plain), "not_a_websocket", 3, "HTTP 200"),
            (here.format(self.listen(answers("HTTP/1.1 404 Not Found\nContent-Length: 0\n\n"))),
             "not_a_websocket", 3, "HTTP 404"),
            (here.format(self.listen(answers(moved))), "not_a_websocket", 3,
             "redirects to https://example.org/there"),
            (secure.format(plain), "not_tls", 3, "ws:// instead of wss://"),
            # Its alert may be lost with the connection.
            (here.format(tls()), "tls_spoken|hung_up", 3, "wss:// instead of ws://"),
            (secure.format(tls(self_signed=True)), "certificate_self_signed", 3, "self-signed"),
            (secure.format(tls(days=(-2 * DAY, -DAY))), "certificate_expired", 3, "has expired"),
            (secure.format(tls(days=(DAY, 2 * DAY))), "certificate_not_yet_valid", 3,
             "not valid yet"),
            (secure.format(tls(name="elsewhere.test")), "certificate_of_other_name", 3,
             "another name"),
            (secure.format(tls(answers(later.format("404 Not Found")))), "not_a_websocket", 3,
             "HTTP 404"),
        ], trusted

    def test_each_cause_is_told(self):
        rows, trusted = self.rows()
        verbs = [("receive", "--once"), ("devices",), ("trust-server", "--yes")]
        running = []
        for number, (url, cause, code, words) in enumerate(rows):
            for verb in verbs[:1] if "timed_out" in cause else verbs:
                client = self.stage.client(
                    f"{number}-{verb[0]}", *verb, url=url,
                    environment={"SSL_CERT_FILE": str(trusted.file)})
                running.append((client, url, cause, code, words))
        for client, url, cause, code, words in running:
            with self.subTest(cause=cause, url=url, verb=client.arguments[7]):
                self.expect_exit(client, code)
                failed = client.failures()[0]
                self.assertIn(failed["cause"], cause.split("|"), client.report())
                host, port = url.split("//")[1].rsplit(":", 1)
                self.assertEqual((failed["host"], failed["port"]), (host, int(port)))
                self.assertIn(words, client.stderr())
                self.assertIn(f"{host} port {port}: ", failed["message"])

    def test_an_authority_that_is_not_known(self):
        port = self.listen(keeps, Authority(self.stage.folder).context())
        client = self.stage.client("a", "receive", "--once", url=f"wss://127.0.0.1:{port}",
                                   environment={"SSL_CERT_FILE": "/dev/null"})
        self.expect_failure(client, 3, "server_untrusted")
        self.assertEqual(client.failures()[0]["cause"], "certificate_of_unknown_issuer")

    def test_status_and_redirection_are_fields(self):
        port = self.listen(answers("HTTP/1.1 302 Found\nLocation: /else\u202e\n"
                                   "Content-Length: 0\n\n"))
        client = self.stage.client("a", "receive", "--once", url=f"ws://127.0.0.1:{port}")
        self.expect_failure(client, 3, "server_refused")
        failed = client.failures()[0]
        self.assertEqual(failed["status"], 302)
        self.assertNotIn("\u202e", client.stderr())

    @unittest.skipIf(os.environ.get("CULVER_SANITIZE"),
                     "a sanitizer opens a pipe to look at an object, and finds none")
    def test_no_descriptors_left(self):
        url = f"ws://127.0.0.1:{self.closed()}"
        for limit in range(8, 31):
            client = self.stage.client(f"few-{limit}", "receive", "--once", url=url,
                                       within=("prlimit", f"--nofile={limit}"))
            client.wait_exit()
            failed = client.failures()
            self.assertTrue(failed, client.report())
            # Above some number it is enough, and the port is what is wrong.
            if failed[0].get("cause") != "connection_refused":
                self.assertEqual(failed[0]["code"], "out_of_descriptors", client.report())
                self.assertEqual(client.exit_code, 2)
                self.assertIn("ulimit -n", client.stderr())

    def test_attempts_are_shown_when_asked(self):
        port = self.closed()
        client = self.stage.client("a", "receive", "--once", "-v", url=f"ws://127.0.0.1:{port}")
        self.expect_exit(client, 3)
        self.assertIn(f"not connected 127.0.0.1:{port} connection_refused", client.stderr())


class Service(Case):
    """Nobody who runs as a service ends at "later"."""

    with_server = False

    def test_a_busy_proxy_is_tried_again(self):
        listener = Listening(answers("HTTP/1.1 502 Bad Gateway\nContent-Length: 0\n\n"))
        url = f"ws://127.0.0.1:{listener.port}"
        receiver = self.stage.receive("--yes", "--once", url=url)
        receiver.wait_said("HTTP 502")
        receiver.wait_said("Trying again.")
        listener.close()
        server = culver_e2e.Server(self.stage.folder, listen=f"127.0.0.1:{listener.port}")
        self.addCleanup(server.end)
        receiver.wait_event("online")

    def test_too_many_handshakes_are_waited_for(self):
        config = self.stage.folder / "server.json"
        config.write_text('{"limits": {"handshakesPerMinutePerAddress": 1}}')
        self.stage.start_server("--config", config)
        first = self.stage.receive(name="first")
        first.wait_event("online")
        receivers = [self.stage.receive(name=f"more-{i}") for i in range(2)]
        for receiver in receivers:
            receiver.wait_said("too many handshakes")
            self.assertIsNone(receiver.exit_code)


def refuses_to_relay(peer):
    """Every request of STUN with 403."""
    while request := peer.recv(65536):
        kind = int.from_bytes(request[:2], "big") | 0x0110
        error = bytes.fromhex("0009 0004 0000 0403")
        peer.sendall(kind.to_bytes(2, "big") + len(error).to_bytes(2, "big") + request[4:20] + error)


class Relays(Case):
    """A relay that is of no use is said once, and nothing waits for it."""

    def test_each_is_told_once_with_its_reason(self):
        closed = socket.socket()
        self.addCleanup(closed.close)
        closed.bind(("127.0.0.1", 0))
        refusing = Listening(refuses_to_relay)
        self.addCleanup(refusing.close)
        ports = {closed.getsockname()[1]: "relay_silent", refusing.port: "relay_refused"}
        relays = [word for port in ports
                  for word in ("--ice-server", f"turn:ana:pw@127.0.0.1:{port}?transport=tcp")]
        receiver = self.stage.receive("--yes", *relays)
        code = self.code_of(receiver)
        for number in range(2):
            self.expect_exit(self.stage.send(code, "--text", "x", name=f"s{number}"), 0)
        for _ in ports:
            receiver.wait_event("relayFailed")
        receiver.end()
        told = receiver.events("relayFailed")
        self.assertEqual({e["port"]: e["code"] for e in told}, ports, receiver.report())
        self.assertEqual(len(told), len(ports))
        self.assertEqual({e.get("cause") for e in told}, {"connection_refused", None})
        self.assertEqual(receiver.stderr().count("culver: Relay 127.0.0.1 port"), len(ports))

    def test_the_path_is_shown_when_asked(self):
        receiver = self.stage.receive("--yes", "--once", "-v")
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "x"), 0)
        self.expect_exit(receiver, 0)
        for word in ("own candidate host ", "peer's candidate host ", "checked ",
                     "pair selected, direct, to "):
            self.assertIn(word, receiver.stderr())


if __name__ == "__main__":
    unittest.main()
