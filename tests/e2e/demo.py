"""The play behind tools/demo: a server and two clients, told in plain lines."""

import shutil
import sys
from pathlib import Path

from culver_e2e import Stage, make_file, sha256

SIZE = 100 * 1024 * 1024
BOUND = 600  # seconds for the file, however slow the machine
TEXT = "Hello from the other side of the wire."


def say(who, what):
    print(f"{who:>9}  {what}", flush=True)


def mebibytes(count):
    return f"{count / 1048576:.1f} MiB"


def meet(stage, file):
    """Starts both clients and returns them when they have found each other."""
    receiver = stage.receive("--yes", "--once")
    code = receiver.wait_event("online")["code"]
    say("receiver", f"shows the code {code}")
    sender = stage.send(code, "--text", TEXT, file)
    say("sender", "was given the code")
    request = receiver.wait_event("pairRequested")
    say("receiver", f"is asked to pair by {request['name'] or 'a peer without a name'}, and accepts")
    for who, client in (("sender", sender), ("receiver", receiver)):
        connected = client.wait_event("peerConnected")
        say(who, f"is connected, {connected['path']}, with the peer of fingerprint")
        say("", connected["fingerprint"])
    say("receiver", f"reads: {receiver.wait_event('textReceived')['text']}")
    return receiver, sender


def follow(receiver, size):
    """Tells each quarter of the file once; returns the seconds that it took."""
    for quarter in (1, 2, 3):
        def passed(line):
            event = receiver.parse(line)
            if event["type"] == "fileReceived":
                return event
            reached = event["type"] == "transferProgress" and event["bytes"] * 4 >= size * quarter
            return event if reached else None
        event = receiver.wait_line(passed, f"{25 * quarter} % of the file", BOUND)
        if event["type"] == "fileReceived":
            break
        say("receiver", f"has {mebibytes(event['bytes'])} of {mebibytes(size)}")
    receiver.wait_event("fileReceived", BOUND)
    begin, end = (receiver.time_of(name) for name in ("transferState/started", "fileReceived"))
    return max(end - begin, 1e-6)


def play(stage, file):
    server = stage.start_server()
    say("server", f"listens on {server.url}")
    size = file.stat().st_size
    receiver, sender = meet(stage, file)
    seconds = follow(receiver, size)
    received = receiver.wait_event("fileReceived")
    sender.wait_event("fileSent", BOUND)
    codes = sender.wait_exit(), receiver.wait_exit()
    say("receiver", f"has {mebibytes(size)} ({size} bytes) in {seconds:.2f} s, "
                    f"{size / 1e6 / seconds:.1f} MB/s: {received['path']}")

    ours, theirs = sha256(file), sha256(received["path"])
    print()
    print(f"SHA-256 of the file sent      {ours}")
    print(f"SHA-256 of the file received  {theirs}")
    print(f"Exit codes: sender {codes[0]}, receiver {codes[1]}")
    for who in ("sender", "receiver"):
        print(f"\nculver peers, {who}:")
        print(stage.run("peers", who).rstrip())
    texts = [e["text"] for e in receiver.events("textReceived")]
    if ours != theirs or codes != (0, 0) or texts != [TEXT]:
        raise AssertionError("the two sides do not agree")


def main():
    stage = Stage("culver-demo-")
    try:
        if len(sys.argv) > 1:
            file = Path(sys.argv[1]).resolve(strict=True)
        else:
            needed = 2 * SIZE + (1 << 20)
            if shutil.disk_usage(stage.folder).free < needed:
                raise OSError(f"{stage.folder} has less than {mebibytes(needed)} free")
            file = make_file(stage.folder / "in" / "demo.bin", SIZE)
        play(stage, file)
        print("\nBoth copies are the same. Everything worked.")
        return 0
    except (AssertionError, OSError, KeyError, ValueError) as failure:
        print(f"\nThe demo failed: {failure}\n{stage.reports()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        stage.close()


if __name__ == "__main__":
    sys.exit(main())
