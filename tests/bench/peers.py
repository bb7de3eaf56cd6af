#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What others copy an MTP recorder with, and how their copy is proved by hand.

    peers.py NAME TARGET FILES copied|proved     prints the seconds for FILES files

Stands alone, so that it can be taken into a guest. Caches are dropped: as root.
"""

import os
import re
import subprocess
import sys
import time

TIMEOUT = 300


class PeerFailed(RuntimeError):
    pass


def run(command, target, output=subprocess.DEVNULL):
    try:
        return subprocess.run(command, cwd=target, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, check=True,
                              timeout=TIMEOUT, text=True)
    except (OSError, subprocess.SubprocessError) as e:
        raise PeerFailed(f"{command[0]}: {e.__class__.__name__}") from e


def copy_with_mtp_connect(target):
    pairs = re.findall(r"File ID: (\d+)\s+Filename: (\S+)", run(["mtp-files"], target, subprocess.PIPE).stdout)
    run(["mtp-connect", *[word for number, name in pairs for word in ("--getfile", number, name)]], target)


def copy_with_gphoto2(target):
    run(["gphoto2", "--get-all-files", "--force-overwrite"], target)


def copy_with_aft(target):
    listing = run(["aft-mtp-cli", "cd /DCIM", "ls"], target, subprocess.PIPE).stdout
    run(["aft-mtp-cli", "cd /DCIM", *[f"get {name}" for name in re.findall(r"F\d{5}\.ts", listing)]], target)


PEERS = {"mtp-connect": copy_with_mtp_connect, "gphoto2": copy_with_gphoto2, "aft-mtp-cli": copy_with_aft}


def prove_by_hand(target):
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
        f.write("3")
    files = sorted(os.path.join(target, name) for name in os.listdir(target))
    run(["sha256sum", *files], target)
    for path in files:
        run(["ffprobe", "-v", "quiet", "-show_format", "-show_streams", path], target)


def measure(name, target, files, proved):
    started = time.monotonic()
    PEERS[name](target)
    run(["sync"], target)
    if proved:
        prove_by_hand(target)
    elapsed = time.monotonic() - started
    copied = len(os.listdir(target))
    if copied != files:
        raise PeerFailed(f"{name}: copied {copied} of {files} files")
    return elapsed


if __name__ == "__main__":
    try:
        print(measure(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "proved"))
    except PeerFailed as failure:
        sys.exit(str(failure))
