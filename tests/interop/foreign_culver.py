#!/usr/bin/python3
"""A Culver that is not ours: aiortc_peer.py, with what docs/protocol/files.md (the agreement) and
docs/protocol/outbox.md (letters and the goodbye) ask of two Culvers. Files stay in the first form. Its
options are the ways in which other programs behave."""

import argparse
import asyncio
import hashlib
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from aiortc_peer import (BOUND, Closed, Failure, Peer, Seal, agree, b64, expect,  # noqa: E402
                         raw, say)
import base64  # noqa: E402

MARK = b"\xff"
WINDOW = 16


class ForeignCulver(Peer):
    def __init__(self, options):
        super().__init__(options)
        self.ours = None        # our handshake, as it was sent
        self.confirmed = False  # by them
        self.place = 0
        self.waiting = set()    # numbers of our letters that are not acknowledged
        self.series = options.series
        self.goodbye_said = self.goodbye_heard = False

    def greet(self):
        self.ours = json.dumps({
            "type": "handshake", "publicKey": b64(raw(self.identity.public_key())),
            "ephemeralKey": b64(raw(self.ephemeral.public_key())), "username": self.options.name,
            "fileAcks": True, "news": [1, 2]})
        self.channels["messages"].send(self.ours)

    async def receive(self):
        frame = await self.frames.get()
        if frame is None:
            return None
        label, text = frame
        if label == "files":
            return "files", text
        if self.seal is None:
            message = json.loads(text)
            expect(message["type"] == "handshake", "the handshake comes first")
            return "handshake", (message, text)
        opened = self.seal.open(text)
        if opened.startswith(MARK):
            message = json.loads(opened[1:])
            return message["type"], message
        if not self.confirmed:
            return "capabilities", json.loads(opened)
        return "text", opened.decode()

    async def say_sealed(self, data):
        await self.send_on("messages", self.seal.close(data))

    async def say_letter(self, **fields):
        await self.say_sealed(MARK + json.dumps(fields).encode())

    async def post(self, text, number):
        self.place += 1
        self.waiting.add(number)
        await self.say_letter(type="letter", series=self.series, number=number, place=self.place,
                              written=1_764_000_000_000, text=b64(text.encode()), news="?")

    async def goodbye(self):
        if not self.goodbye_said:
            self.goodbye_said = True
            await self.say_letter(type="goodbye")

    async def agree_on(self, theirs, frame):
        expect(theirs["publicKey"] == self.match["peerPublicKey"], "the key is the paired one")
        expect(theirs.get("fileAcks") and "ephemeralKey" in theirs, "it is a Culver")
        secret = agree(self.identity, theirs["publicKey"]) + agree(self.ephemeral,
                                                                   theirs["ephemeralKey"])
        self.seal = Seal(secret, b"zajel_session_v2")
        sent, received = (hashlib.sha256(f.encode()).digest() for f in (self.ours, frame))
        self.expected = hashlib.sha256(received + sent).hexdigest()
        await self.say_sealed(json.dumps({
            "type": "capabilities", "fileForm": 1, "largestFrame": 262_144,
            "handshakes": hashlib.sha256(sent + received).hexdigest(),
            "letters": self.options.letters, "news": None}).encode())

    async def take(self, kind, content):
        options = self.options
        if kind == "handshake":
            await self.agree_on(*content)
        elif kind == "capabilities":
            expect(content["handshakes"] == self.expected, "it has seen our handshakes")
            self.confirmed = True
            say("peerConnected", letters=content.get("letters", 0))
        elif kind == "letter":
            say("textReceived", text=base64.b64decode(content["text"]).decode(), number=content["number"])
            if not options.deaf:
                await self.say_letter(type="letters_had", series=content["series"],
                                      number=content["number"])
        elif kind == "letters_had":
            expect(content["series"] == self.series, "it acknowledges our series")
            self.waiting = {n for n in self.waiting if n > content["number"]}
            say("delivered", number=content["number"])
        elif kind == "goodbye":
            say("goodbye")
            self.goodbye_heard = True
        elif kind == "text":
            say("textReceived", text=content)

    async def converse(self):
        options = self.options
        while not self.confirmed:
            what = await self.receive()
            expect(what, "the channel closed before the confirmation")
            await self.take(*what)
        if options.nonsense:  # what nobody has asked for, and what nobody knows
            await self.say_letter(type="news", number=1)
            await self.say_letter(type="letters_had", series="0" * 32, number=5)
        if options.goodbye_first:
            await self.goodbye()
        letters = list(enumerate(options.text, options.number))
        while True:
            while letters and len(self.waiting) < WINDOW:
                number, text = letters.pop(0)
                for _ in range(2 if options.twice else 1):
                    await self.post(text, number)
            is_done = not letters and not self.waiting
            if is_done and (options.text or self.goodbye_heard) and not options.no_goodbye:
                await self.goodbye()
            what = await self.receive()
            if what is None:
                break
            await self.take(*what)
        say("peerDisconnected")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, metavar="URL")
    parser.add_argument("--ask", metavar="CODE")
    parser.add_argument("--name", default="foreign")
    parser.add_argument("--text", action="append", default=[], help="to send, as a letter")
    parser.add_argument("--series", default="00112233445566778899aabbccddeeff")
    parser.add_argument("--number", type=int, default=1, help="of the first letter")
    parser.add_argument("--letters", type=int, default=2, help="the form of letters that it claims")
    parser.add_argument("--twice", action="store_true", help="says each letter twice")
    parser.add_argument("--deaf", action="store_true", help="acknowledges nothing")
    parser.add_argument("--nonsense", action="store_true", help="says what is to be ignored")
    parser.add_argument("--goodbye-first", action="store_true", help="and goes on talking")
    parser.add_argument("--no-goodbye", action="store_true", help="never says it")
    options = parser.parse_args()
    options.file_acks, options.file = False, []

    async def bounded():
        await asyncio.wait_for(ForeignCulver(options).run(), BOUND)

    try:
        asyncio.run(bounded())
    except (Failure, Closed, asyncio.TimeoutError) as failure:
        say("failed", message=str(failure) or type(failure).__name__)
        sys.exit(1)


if __name__ == "__main__":
    main()
