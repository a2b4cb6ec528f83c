#!/usr/bin/env python3
"""Runs the Zajel peer of chromium_page.mjs in a Chromium without a window: serves the page and the
files over loopback, prints each event that the page reports as a line in JSON, and ends the browser
when the page is done. No driver protocol: all that a test needs, a page can fetch and post."""

import argparse
import ctypes
import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse
from pathlib import Path

HERE = Path(__file__).resolve().parent
BOUND = float(os.environ.get("CULVER_E2E_BOUND", "60"))  # seconds, for a whole session
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage", "--disable-extensions", "--no-default-browser-check",
         "--password-store=basic", "--use-mock-keychain"]
PAGES = {"/chromium_page.html": "text/html", "/chromium_page.mjs": "text/javascript"}


class Site(http.server.ThreadingHTTPServer):
    """The page, the files that it may send, and its events."""

    daemon_threads = True

    def __init__(self, files):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {file.name: file for file in files}
        self.events = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path = urllib.parse.unquote(self.path)
        if path in PAGES:
            self._answer((HERE / path[1:]).read_bytes(), PAGES[path])
        elif (name := path.removeprefix("/file/")) in self.server.files:
            self._answer(self.server.files[name].read_bytes(), "application/octet-stream")
        else:
            self.send_error(404)

    def do_POST(self):
        self.server.events.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def _answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Browser:
    """A Chromium with a fresh profile, in a process group of its own."""

    def __init__(self, url, more):
        self._profile = tempfile.mkdtemp(prefix="culver-chromium-")
        self._process = subprocess.Popen(
            ["chromium", *FLAGS, *more, f"--user-data-dir={self._profile}", url],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=sys.stderr,
            start_new_session=True, preexec_fn=die_with_parent,
            # Where it would keep what outlives a profile.
            env={**os.environ, "HOME": self._profile, "XDG_CONFIG_HOME": self._profile})

    def end(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)


def follow(site):
    """Prints the events; 0 if the last of them is a good one."""
    while True:
        try:
            event = site.events.get(timeout=BOUND)
        except queue.Empty:
            event = {"v": 1, "type": "failed",
                     "data": {"message": f"the page said nothing for {BOUND:.0f} s"}}
        print(json.dumps(event), flush=True)
        if event["type"] in ("peerDisconnected", "failed"):
            return 0 if event["type"] == "peerDisconnected" else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, metavar="URL")
    parser.add_argument("--ask", metavar="CODE", help="ask the peer with this code for a pairing")
    parser.add_argument("--text", action="append", default=[], help="to send")
    parser.add_argument("--file", action="append", default=[], type=Path, help="to send")
    parser.add_argument("--file-acks", action="store_true", help="acknowledge files; speaks v1")
    parser.add_argument("--late", type=int, default=0, metavar="MS",
                        help="the page is busy so long with each channel that it is given")
    parser.add_argument("--flag", action="append", default=[], help="for Chromium")
    options = parser.parse_args()
    site = Site(options.file)
    wishes = {"server": options.server, "ask": options.ask, "texts": options.text,
              "files": [file.name for file in options.file], "fileAcks": options.file_acks,
              "late": options.late}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    browser = Browser(f"http://127.0.0.1:{site.server_port}/chromium_page.html#"
                      + urllib.parse.quote(json.dumps(wishes)), options.flag)
    try:
        sys.exit(follow(site))
    finally:
        browser.end()


if __name__ == "__main__":
    main()
