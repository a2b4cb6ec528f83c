"""Machines whose clocks are wrong: known peers meet all the same, by the server's time. The clock of
a program is set by a library that is loaded before it, and the offset can change while it runs."""

import os
import subprocess
import unittest

from culver_e2e import GatewayCase

HOUR = 3600
MONTH = 30 * 24 * HOUR
YEARS = 50 * 365 * 24 * HOUR

SHIFT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long long offset(void) {
  const char* path = getenv("CLOCK_OFFSET_FILE");
  FILE* file = path ? fopen(path, "r") : NULL;
  long long seconds = 0;
  if (file) {
    if (fscanf(file, "%lld", &seconds) != 1) seconds = 0;
    fclose(file);
  }
  return seconds;
}
int clock_gettime(clockid_t clock, struct timespec* time) {
  static int (*real)(clockid_t, struct timespec*);
  if (!real) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += offset();
  return result;
}
time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}
"""


@unittest.skipIf(os.environ.get("CULVER_SANITIZE"), "the sanitizer must come first")
class Clocks(GatewayCase):
    def setUp(self):
        super().setUp()
        source = self.stage.folder / "shift.c"
        source.write_text(SHIFT)
        self.library = self.stage.folder / "shift.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)
        # They know each other from better times.
        receiver, _ = self.pass_on("--text", "hello")
        self.name = receiver.events("peerConnected")[0]["peer"]

    def off_by(self, seconds, name):
        file = self.stage.folder / f"{name}.offset"
        file.write_text(str(seconds))
        return {"LD_PRELOAD": str(self.library), "CLOCK_OFFSET_FILE": str(file)}

    def receiver_of(self, environment):
        receiver = self.stage.receive("--yes", environment=environment)
        receiver.wait_event("online")
        return receiver

    def send_known(self, environment=None):
        peer = self.stage.peers("sender")[0]["handle"]
        sender = self.stage.client("sender", "send", "--to", peer, "--text", "again",
                                   environment=environment)
        self.expect_exit(sender, 0)
        return sender

    def test_known_peers_meet_whatever_their_clocks_say(self):
        for offset in (3 * HOUR, -3 * HOUR, MONTH, -MONTH, YEARS, -YEARS):
            with self.subTest(offset=offset):
                receiver = self.receiver_of(self.off_by(offset, "receiver"))
                receiver.wait_said("The clock of this machine is ")
                self.send_known()
                receiver.end()

    def test_the_asking_side_may_be_wrong_too(self):
        receiver = self.receiver_of(None)
        sender = self.send_known(self.off_by(-5 * HOUR, "sender"))
        self.assertIn("behind the server's", sender.stderr())
        self.assertRegex(sender.stderr(), "(4|5) hours")
        receiver.end()

    def test_a_clock_that_is_right_is_not_spoken_of(self):
        receiver = self.receiver_of(self.off_by(1, "receiver"))
        self.send_known()
        self.assertNotIn("clock", receiver.stderr())

    def test_a_clock_that_steps_while_it_runs(self):
        environment = self.off_by(0, "receiver")
        receiver = self.receiver_of(environment)
        for offset in (1, 3 * HOUR, MONTH, YEARS, 0, -1, -3 * HOUR, -MONTH, -YEARS):
            with self.subTest(offset=offset):
                self.off_by(offset, "receiver")
                self.send_known()

    def test_requests_about_devices_are_signed_by_the_servers_time(self):
        devices = self.stage.client("sender", "devices",
                                    environment=self.off_by(3 * HOUR, "sender"))
        self.expect_exit(devices, 0)
        self.assertIn("clock of this machine is wrong", devices.stderr())


if __name__ == "__main__":
    unittest.main()
