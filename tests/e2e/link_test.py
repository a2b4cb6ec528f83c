"""Linking devices to one account: culver devices link on one machine, culver link on the other."""

import json
import re
import signal
import subprocess
import unittest

from culver_e2e import GatewayCase, Process, program
from gateway_client import Account, sign_in
from network import Listener, messages, text_frame, upgrade


class LinkCase(GatewayCase):
    def offer(self, name="old"):
        """The process that waits, and its code."""
        return self.offer_with("--yes", name=name)

    def offer_with(self, *arguments, name="old", **options):
        offering = self.stage.client(name, "devices", "link", "--name", name, *arguments, **options)
        return offering, offering.wait_event("linkOffered")["code"]

    def link(self, code, name="new"):
        joining = self.stage.client(name, "link", "--code-file", "-", "--name", name,
                                    stdin=subprocess.PIPE)
        joining.type_in(code)
        return joining

    def linked(self, old="old", new="new"):
        offering, code = self.offer(old)
        self.expect_exit(self.link(code, new), 0)
        self.expect_exit(offering, 0)
        return offering

    def identity(self, name):
        return json.loads(self.stage.try_run(name, "-o", "json", "id", check=True).stdout)

    def devices(self, name):
        listed = self.stage.try_run(name, "-o", "json", "devices")
        self.assertEqual(listed.returncode, 0, listed)
        return {device["device"]: device for device in json.loads(listed.stdout)}

    def expect_untouched(self, name, before, account_file):
        self.assertEqual(self.identity(name), before)
        self.assertEqual((self.stage.folder / name / "account").read_bytes(), account_file)

    def wrong(self, code):
        return code[:-1] + ("B" if code[-1] == "A" else "A")


class TwoDevices(LinkCase):
    def test_both_see_both(self):
        old, new = self.identity("old"), self.identity("new")
        key_file = (self.stage.folder / "new" / "account").read_bytes()
        offering, code = self.offer()
        joining = self.link(f" {code[:3]}-{code[3:]} ")
        self.expect_exit(joining, 0)
        self.expect_exit(offering, 0)
        entered, = joining.events("accountJoined")
        self.assertEqual(entered, {"type": "accountJoined", "account": old["account"],
                                   "device": new["device"]})
        joined, = offering.events("deviceLinked")
        self.assertEqual((joined["device"], joined["name"]), (new["device"], "new"))

        for name, own in (("old", old), ("new", new)):
            listed = self.devices(name)
            self.assertEqual(set(listed), {old["device"], new["device"]})
            self.assertTrue(listed[own["device"]]["isThis"])
            self.assertEqual(sum(device["isThis"] for device in listed.values()), 1)
        self.assertEqual(self.identity("new")["account"], old["account"])
        self.assertEqual(self.identity("new")["device"], new["device"])
        self.assertEqual(self.identity("new")["publicKey"], new["publicKey"])
        self.assertEqual((self.stage.folder / "new" / "account").read_bytes(), key_file)

    def test_it_lasts(self):
        self.linked()
        self.restart()
        receiver = self.stage.receive("--yes", "--once", name="new")
        self.expect_exit(self.stage.send(self.code_of(receiver), "--text", "hello", name="old"), 0)
        self.expect_exit(receiver, 0)
        self.assertEqual(len(self.devices("new")), 2)
        self.assertEqual(self.identity("new")["account"], self.identity("old")["account"])

    def test_the_account_may_shut_it_out_again(self):
        self.linked()
        device = self.identity("new")["device"]
        self.assertEqual(self.stage.try_run("old", "devices", "revoke", "--yes",
                                            device).returncode, 0)
        self.expect_failure(self.stage.receive(name="new"), 4, "device_revoked")

    def test_a_linked_device_lets_in_a_third(self):
        self.linked("old", "new")
        self.linked("new", "third")
        self.assertEqual(self.identity("third")["account"], self.identity("old")["account"])
        self.assertEqual(len(self.devices("third")), 3)

    def test_words_for_people(self):
        self.identity("old")
        offering = Process([program("culver"), "-d", self.stage.folder / "old", "--server", self.url,
                            "devices", "link", "--yes"], self.stage.folder / "offering.log")
        self.addCleanup(offering.end)
        code = offering.wait_line(
            lambda line: line.strip() if re.fullmatch(r"\s*\w{3}-\w{4}-\w{4}\s*", line) else None, "code")
        joined = self.stage.try_run("new", "link", code, "--name", "Phone")
        self.assertEqual(joined.returncode, 0, joined.stderr)
        identity, name = joined.stderr.splitlines()
        self.assertTrue(identity.startswith("A new identity is made in "), identity)
        self.assertTrue(name.startswith("Your name is now Phone"), name)
        self.assertIn(self.identity("old")["account"], joined.stdout)
        self.expect_exit(offering, 0)
        self.assertIn("Linked: Phone", offering.lines)
        self.assertTrue(any("culver --server " + self.url + " link" in line
                            for line in offering.lines), offering.lines)


class WhoIsLetIn(LinkCase):
    """The device that shows the code is asked."""

    def setUp(self):
        super().setUp()
        self.before = self.identity("new")
        self.file = (self.stage.folder / "new" / "account").read_bytes()

    def asked(self):
        """Who shows the code, who has used it and waits, and the question."""
        offering, code = self.offer_with(stdin=subprocess.PIPE)
        joining = self.link(code)
        return offering, joining, offering.wait_event("linkRequested")

    def answer(self, offering, question, accept):
        offering.type_in(json.dumps({"question": question["question"], "isAccepted": accept}))

    def test_a_yes(self):
        offering, joining, question = self.asked()
        self.assertEqual(question, {"type": "linkRequested", "device": self.before["device"],
                                    "name": "new", "account": self.before["account"],
                                    "question": question["question"]})
        joining.wait_said("Waiting until the other device lets this one in.")
        self.assertEqual(joining.events("accountJoined"), [])
        self.answer(offering, question, True)
        self.expect_exit(joining, 0)
        self.expect_exit(offering, 0)
        self.assertEqual(offering.wait_event("deviceLinked")["device"], self.before["device"])
        self.assertEqual(self.identity("new")["account"], self.identity("old")["account"])

    def test_a_no(self):
        offering, joining, question = self.asked()
        self.answer(offering, question, False)
        self.expect_failure(joining, 10, "link_refused")
        self.expect_failure(offering, 1, "link_refused_by_us")
        self.expect_untouched("new", self.before, self.file)
        self.assertEqual(len(self.devices("old")), 1)

    def test_nobody_to_ask(self):
        offering, code = self.offer_with(stdin=subprocess.DEVNULL)
        self.expect_failure(self.link(code), 10, "link_refused")
        self.expect_failure(offering, 1, "link_refused_by_us")
        self.expect_untouched("new", self.before, self.file)

    def test_the_one_that_waits_leaves(self):
        offering, joining, _ = self.asked()
        joining.signal(signal.SIGINT)
        self.expect_failure(joining, 130, "interrupted")
        self.expect_failure(offering, 7, "link_withdrawn")
        self.expect_untouched("new", self.before, self.file)

    def test_the_one_that_is_asked_leaves(self):
        offering, joining, _ = self.asked()
        offering.signal(signal.SIGKILL)
        self.expect_failure(joining, 10, "link_refused")
        self.expect_untouched("new", self.before, self.file)


class WhatDoesNotLink(LinkCase):
    def setUp(self):
        super().setUp()
        self.before = self.identity("new")
        self.file = (self.stage.folder / "new" / "account").read_bytes()

    def refused(self, code, reason, exit_code):
        self.expect_failure(self.link(code), exit_code, reason)
        self.expect_untouched("new", self.before, self.file)

    def test_wrong_and_spent_codes(self):
        offering, code = self.offer()
        self.refused(self.wrong(code), "link_code_unknown", 8)
        self.refused("12345", "bad_link_code", 8)
        self.expect_exit(self.link(code, "another"), 0)
        self.expect_exit(offering, 0)
        self.refused(code, "link_code_unknown", 8)
        self.assertEqual(self.stage.try_run("new", "link", "1234567").returncode, 8)

    def test_wrong_tries_spoil_nobodys_code(self):
        offering, code = self.offer()
        self.assertEqual(len(code), 11)
        for i in range(7):  # all of one address
            self.expect_failure(self.link(self.wrong(code), f"guesser {i}"), 8, "link_code_unknown")
        self.expect_exit(self.link(code, "another"), 0)
        self.expect_exit(offering, 0)

    def test_six_digits_that_somebody_guesses_at_are_void(self):
        showing = sign_in(self.url, Account(), 1)
        showing.say({"type": "initiate_pairing", "payload": {}})
        code = showing.wait("pairing_initiated")["code"]
        self.assertRegex(code, "^[0-9]{6}$")
        wrong = "000000" if code != "000000" else "000001"
        for i in range(3):
            self.expect_failure(self.link(wrong, f"guesser {i}"), 8, "link_code_unknown")
        self.assertEqual(showing.wait("pairing_failed")["code"], "link_code_burnt")
        self.refused(code, "link_code_unknown", 8)
        showing.close()

    def test_an_account_that_tries_too_often_is_told_how_long_to_wait(self):
        device = sign_in(self.url, Account())
        for _ in range(6):
            device.say({"type": "complete_pairing", "payload": {"pairing_code": "A" * 11}})
            failed = device.wait("pairing_failed")
        self.assertEqual(failed["code"], "too_many_link_codes")
        self.assertTrue(0 < failed["retry_after_ms"] <= 12_000, failed)
        device.close()

    def test_nobody_to_ask_for_the_code(self):
        asked = self.stage.try_run("new", "link")
        self.assertEqual(asked.returncode, 1, asked)
        self.assertIn("--code-file", asked.stderr)

    def test_an_offer_that_is_given_up_takes_its_code_back(self):
        for _ in range(4):  # one more than an account may have at once
            offering, code = self.offer()
            offering.signal(signal.SIGINT)
            self.expect_failure(offering, 130, "interrupted")
        self.refused(code, "link_code_unknown", 8)

    def test_a_server_that_is_gone(self):
        _, code = self.offer()
        self.stage.server.signal(signal.SIGTERM)
        self.stage.server.wait_exit()
        self.refused(code, "server_unreachable", 3)

    def test_a_server_that_ends_while_the_code_waits(self):
        offering, _ = self.offer()
        self.stage.server.signal(signal.SIGKILL)
        self.expect_failure(offering, 3, "server_lost")

    def test_a_server_without_a_gateway(self):
        def serve(accepted):
            upgrade(accepted)
            accepted.sendall(text_frame(json.dumps(
                {"type": "server_info", "serverId": "x", "endpoint": "y", "region": None})))
            for text in messages(accepted):
                self.fail(text)
        plain = Listener(serve)
        self.addCleanup(plain.close)
        for arguments in (("devices", "link"), ("link", "123456")):
            client = self.stage.client("new", *arguments, url=plain.url)
            self.expect_failure(client, 3, "server_without_accounts")
        self.expect_untouched("new", self.before, self.file)

    def test_a_server_that_has_become_another(self):
        self.devices_known()
        (self.stage.folder / "server" / "server-key").unlink()
        self.restart()
        self.refused("123456", "server_identity_changed", 4)
        self.expect_failure(self.stage.client("new", "devices", "link"), 4,
                            "server_identity_changed")

    def devices_known(self):
        receiver = self.stage.receive(name="new")
        self.code_of(receiver)
        receiver.signal(signal.SIGTERM)
        self.expect_exit(receiver, 143)

    def test_a_device_that_is_linked_already(self):
        self.linked()
        offering, code = self.offer("another")
        self.expect_failure(self.link(code), 1, "device_already_linked")
        self.assertEqual(self.identity("new")["account"], self.identity("old")["account"])
        self.expect_exit(self.link(code, "third"), 0)  # the code was not spent
        self.expect_exit(offering, 0)

    def test_what_the_book_missed_is_caught_up_on(self):
        """The server has confirmed, and the machine lost what it had noted."""
        self.linked()
        (self.stage.folder / "new" / "servers.db").unlink()
        self.assertEqual(self.identity("new")["account"], self.before["account"])
        self.expect_failure(self.link("123456"), 1, "device_already_linked")
        self.assertEqual(self.identity("new")["account"], self.identity("old")["account"])

    def test_another_process_on_the_folder_is_not_pushed_out(self):
        receiver = self.stage.receive(name="new")
        self.code_of(receiver)
        self.expect_failure(self.link("123456"), 1, "data_folder_in_use")
        self.linked("new", "third")  # its own account, from a second process
        receiver.signal(signal.SIGTERM)
        self.expect_exit(receiver, 143)

        receiver = self.stage.receive(name="third")
        self.code_of(receiver)
        # A second process of a linked machine is not in the account that it was linked to.
        self.expect_failure(self.stage.client("third", "devices", "link"), 1, "data_folder_in_use")
        self.assertIsNone(receiver.exit_code)


if __name__ == "__main__":
    unittest.main()
