#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
What others copy a recorder with, and how their copy is proved by hand.

    peers.py NAME TARGET FILES copied|proved     prints the seconds for FILES files
    peers.py dd FILE BYTES read                  the seconds for so many bytes off the disk itself
    peers.py find TARGET FILES listed            the seconds for listing a disk's volume, and the bytes read off it

Stands alone, so that it can be taken into a guest. Caches are dropped: as root.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import time

TIMEOUT = int(os.environ.get("RECDOCK_BENCH_PEER_TIMEOUT", "300"))  # seconds for one command of a peer; one that takes longer is left out


class PeerFailed(RuntimeError):
    pass


def run(command, target, output=subprocess.DEVNULL):
    try:
        return subprocess.run(command, cwd=target, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL, check=True,
                              timeout=TIMEOUT, text=True)
    except subprocess.TimeoutExpired as e:
        raise PeerFailed(f"{command[0]}: did not end in {TIMEOUT} s") from e
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


def disk():
    """The only USB disk there is, and where its volume lies."""
    folder = glob.glob("/sys/bus/usb/devices/*/host*/target*/*/block/*")[0]
    name = os.path.basename(folder)
    return f"/dev/{name}", f"/dev/{name}1" if os.path.exists(f"{folder}/{name}1") else f"/dev/{name}"


def copy_with_mount(target):
    run(["mount", "-o", "ro", disk()[1], "/mnt"], target)
    try:
        run(["cp", "-r", "/mnt/DCIM/.", target], target)
    finally:
        run(["umount", "/mnt"], target)


MTP_PEERS = {"mtp-connect": copy_with_mtp_connect, "gphoto2": copy_with_gphoto2, "aft-mtp-cli": copy_with_aft}
PEERS = MTP_PEERS | {"mount + cp": copy_with_mount}
PROGRAMS = {"mtp-connect": ("mtp-files", "mtp-connect"), "gphoto2": ("gphoto2",), "aft-mtp-cli": ("aft-mtp-cli",),
            "mount + cp": ("mount", "cp", "umount")}


def read_with_dd(target, size):
    load("dd")
    started = time.monotonic()
    run(["dd", f"if={disk()[0]}", f"of={target}", "bs=1M", "iflag=direct", f"count={size >> 20}"], "/")
    if target != "/dev/null":
        os.sync()
    return time.monotonic() - started


def bytes_read():
    """Off the disk so far: the third figure of its statistics counts sectors (Documentation/block/stat.rst)."""
    with open(f"/sys/block/{os.path.basename(disk()[0])}/stat", encoding="ascii") as f:
        return int(f.read().split()[2]) * 512


def list_with_find(files):
    load("mount", "find", "umount")
    before, started = bytes_read(), time.monotonic()
    run(["mount", "-o", "ro", disk()[1], "/mnt"], "/")
    try:
        listed = run(["find", "/mnt", "-type", "f", "-ls"], "/", subprocess.PIPE).stdout.count("\n")
        elapsed = time.monotonic() - started
    finally:
        run(["umount", "/mnt"], "/")
    if listed != files:
        raise PeerFailed(f"find: listed {listed} of {files} files")
    return f"{elapsed} {bytes_read() - before}"


def prove_by_hand(target):
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
        f.write("3")
    files = sorted(os.path.join(target, name) for name in os.listdir(target))
    run(["sha256sum", *files], target)
    for path in files:
        run(["ffprobe", "-v", "quiet", "-show_format", "-show_streams", path], target)


def load(*programs):
    """Brings programs into memory: what is read for a peer's start is not held against it."""
    paths = [path for path in map(shutil.which, programs) if path]
    needed = subprocess.run(["ldd", *paths], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False, text=True).stdout
    for path in {*paths, *re.findall(r"(/[^\s:]+) \(0x", needed)}:
        with open(path, "rb") as f:
            f.read()


def measure(name, target, files, proved):
    load(*PROGRAMS[name])
    started = time.monotonic()
    PEERS[name](target)
    os.sync()
    if proved:
        prove_by_hand(target)
    elapsed = time.monotonic() - started
    copied = len(os.listdir(target))
    if copied != files:
        raise PeerFailed(f"{name}: copied {copied} of {files} files")
    return elapsed


def main(name, target, count, what):
    if name == "dd":
        return read_with_dd(target, count)
    if name == "find":
        return list_with_find(count)
    return measure(name, target, count, what == "proved")


if __name__ == "__main__":
    try:
        print(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
    except PeerFailed as failure:
        sys.exit(str(failure))
