#!/usr/bin/python3
"""One end of a data channel of aiortc; lines.mjs says how it is driven."""

import argparse
import asyncio
import json
import sys
import time

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

HIGH, LOW = 4 << 20, 1 << 20


def say(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def now():
    """The clock that all processes of the machine share, in ms."""
    return time.monotonic_ns() / 1e6


class End:
    def __init__(self, options):
        self.options = options
        self.offers = options.role == "offer"
        self.connection = self.channel = None
        self.run = self.total = 0
        self.began = self.told = 0.0
        self.is_open = False

    def make(self):
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    async def offer(self):
        self.is_open, self.began = False, now()
        self.make()
        self.watch(self.connection.createDataChannel("files"))
        await self.describe(await self.connection.createOffer())

    async def describe(self, made):
        await self.connection.setLocalDescription(made)
        there = self.connection.localDescription
        say(signal={"run": self.run, "began": self.began, "sdp": there.sdp, "type": there.type})

    def watch(self, channel):
        self.channel = channel
        channel.on("message", self.arrived)
        if channel.readyState == "open":
            self.opened()
        else:
            channel.on("open", self.opened)

    def arrived(self, data):
        if self.total == 0:
            say(event="started")
        self.total += len(data)
        if self.total >= self.options.bytes > 0:
            say(event="received", bytes=self.total)
        elif now() - self.told >= 100:
            self.told = now()
            say(event="progress", bytes=self.total)

    def opened(self):
        say(event="opened", run=self.run, ms=now() - self.began)
        if self.options.setups == 0:
            if self.offers:
                asyncio.ensure_future(self.send())
        elif not self.offers:
            say(signal={"run": self.run, "opened": True})
        else:
            asyncio.ensure_future(self.next_if_both())

    async def next_if_both(self):
        if not self.is_open:
            self.is_open = True
            return
        await self.connection.close()
        self.run += 1
        if self.run < self.options.setups:
            await self.offer()
        else:
            say(event="done")

    async def send(self):
        channel, piece = self.channel, b"\7" * self.options.message
        left = self.options.bytes or float("inf")
        low = asyncio.Event()
        channel.bufferedAmountLowThreshold = LOW
        channel.on("bufferedamountlow", low.set)
        while left > 0:
            low.clear()
            while left > 0 and channel.bufferedAmount < HIGH:
                size = min(left, len(piece))
                channel.send(piece[:size])
                left -= size
            await low.wait()

    async def take(self, heard):
        if heard.get("opened"):
            return await self.next_if_both()
        if not self.offers:
            if self.connection:
                await self.connection.close()
            self.run, self.began = heard["run"], heard["began"]
            self.make()
            self.connection.on("datachannel", self.watch)
        await self.connection.setRemoteDescription(
            RTCSessionDescription(heard["sdp"], heard["type"]))
        if not self.offers:
            await self.describe(await self.connection.createAnswer())

    async def live(self):
        lines = asyncio.StreamReader(limit=1 << 20)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        if self.offers:
            await self.offer()
        while line := await lines.readline():
            await self.take(json.loads(line))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", choices=("offer", "answer"), required=True)
    parser.add_argument("--bytes", type=int, default=0, help="0: until the end")
    parser.add_argument("--message", type=int, default=65536, help="bytes in one")
    parser.add_argument("--setups", type=int, default=0, help="connections one after another")
    loop = asyncio.new_event_loop()
    loop.run_until_complete(End(parser.parse_args()).live())
    sys.stdout.flush()
    sys.exit(0)


if __name__ == "__main__":
    main()
