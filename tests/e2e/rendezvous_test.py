"""Rendezvous over real sockets, by clients that share no code with the server."""

import base64
import json
import os
import signal
import unittest

from culver_e2e import GatewayCase
from gateway_client import WebSocket, metrics


class Peer:
    """Registered under a code."""

    def __init__(self, url, code, key=None):
        self.code = code
        self.key = key or base64.b64encode(os.urandom(32)).decode()
        self.socket = WebSocket(url)
        self.say({"type": "register", "pairingCode": code, "publicKey": self.key})
        self.hear("registered")

    def say(self, message):
        self.socket.send(json.dumps(message))

    def hear(self, kind):
        """The next message, after the greeting, which must be of this kind."""
        message = json.loads(self.socket.receive())
        if message["type"] == "server_info":
            return self.hear(kind)
        if message["type"] != kind:
            raise AssertionError(f"{message} where {kind} was expected")
        return message

    def meet(self, **fields):
        self.say({"type": "register_rendezvous", "peerId": self.code, **fields})
        return self.hear("rendezvous_result")


class MeetsAgain(GatewayCase):
    def test_two_who_are_there_are_told_of_each_other(self):
        ana, bob = Peer(self.url, "AAAAAA"), Peer(self.url, "BBBBBB")
        met = ana.meet(hourly_tokens=["hr_one", "hr_two"], relayId="rly")
        self.assertEqual(met, {"type": "rendezvous_result", "liveMatches": [], "deadDrops": []})
        met = bob.meet(hourlyTokens=["hr_two", "hr_three"])
        self.assertEqual(met["liveMatches"],
                         [{"peerId": "AAAAAA", "relayId": "rly", "token": "hr_two"}])
        self.assertEqual(ana.hear("rendezvous_match")["match"],
                         {"peerId": "BBBBBB", "relayId": "", "token": "hr_two"})

        # What follows is Zajel's: the smaller code asks the other to pair.
        ana.say({"type": "pair_request", "targetCode": "BBBBBB"})
        self.assertEqual(bob.hear("pair_incoming")["fromPublicKey"], ana.key)
        bob.say({"type": "pair_response", "targetCode": "AAAAAA", "accepted": True})
        self.assertEqual(ana.hear("pair_matched")["peerPublicKey"], bob.key)

    def test_who_has_left_is_met_by_nobody(self):
        for leave in ("close", "drop"):
            ana, bob = Peer(self.url, "AAAAAA"), Peer(self.url, "BBBBBB")
            ana.meet(hourly_tokens=["hr_one"])
            getattr(ana.socket, leave)()
            self.wait_metric("culver_rendezvous_tokens", 0)
            self.assertEqual(bob.meet(hourly_tokens=["hr_one"])["liveMatches"], [])
            bob.socket.close()
            self.wait_metric("culver_connections", 1)  # the one that asks

    def test_a_drop_waits_for_who_comes_later(self):
        ana = Peer(self.url, "AAAAAA")
        ana.meet(daily_points=["day_one", "day_two"], dead_drops={"day_one": "b25l"})
        ana.meet(daily_points=["day_one", "day_two"])  # takes nothing back
        ana.socket.close()
        self.wait_metric("culver_connections", 1)
        bob = Peer(self.url, "BBBBBB")
        self.assertEqual(bob.meet(dailyPoints=["day_one", "day_two"])["deadDrops"],
                         [{"peerId": "AAAAAA", "deadDrop": "b25l", "relayId": "",
                           "meetingPoint": "day_one"}])

    def test_a_drop_outlives_the_server(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            drop = number.name
            Peer(self.url, "AAAAAA").meet(daily_points=["day_" + drop], deadDrop=drop)
            self.restart(number=number)
            self.assertEqual(metrics(self.url)["culver_rendezvous_tokens"], 0)
            met = Peer(self.url, "BBBBBB").meet(daily_points=["day_" + drop])
            self.assertEqual([left["deadDrop"] for left in met["deadDrops"]], [drop])
        self.assertEqual(metrics(self.url)["culver_dead_drops"], 2)

    def test_another_peer_id_is_refused(self):
        ana = Peer(self.url, "AAAAAA")
        ana.say({"type": "register_rendezvous", "peerId": "BBBBBB", "hourlyTokens": ["hr_one"]})
        self.assertEqual(ana.hear("error")["message"], "peerId mismatch with registered identity")
        self.assertEqual(metrics(self.url)["culver_rendezvous_tokens"], 0)

    def test_the_most_that_may_be_brought_is_found(self):
        ana, bob = Peer(self.url, "AAAAAA"), Peer(self.url, "BBBBBB")
        points = [f"day_{n:02}".ljust(128, "x") for n in range(50)]
        drops = {point: base64.b64encode(os.urandom(3072)).decode() for point in points}
        ana.meet(daily_points=points, dead_drops=drops)
        found = bob.meet(daily_points=points)["deadDrops"]
        self.assertEqual({drop["meetingPoint"]: drop["deadDrop"] for drop in found}, drops)


if __name__ == "__main__":
    unittest.main()
