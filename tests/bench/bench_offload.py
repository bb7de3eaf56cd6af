#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock against its peers on one device in one run: mtp-connect, gphoto2 and aft-mtp-cli of Debian, on the simulated recorder.

Two figures for one large file and for many small ones, medians of RUNS:
  pull    recdock-offload, first command to the last byte synced, digest included, against the peer's copy + sync
  proved  recdockd, plug to the last file committed (digest, fsync, uncached read-back, verdict), against the peer's copy + sync +
          drop caches + sha256sum + ffprobe

Nothing is asserted: the figures are ratios, for people. Run it as root (it drops caches), from an optimised build with -Dtestbed=true:
`meson compile -C BUILD bench-offload`.
"""

import array
import json
import os
import re
import resource
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["RECDOCK_SOURCE"], "tests/integration"))
from testbed import BUILD, Control, Station  # noqa: E402

RUNS = int(os.environ.get("RECDOCK_BENCH_RUNS", "5"))
# lib/recorder/offload_messages.h
IDENTITY, ITEM, LISTED, FETCHED, FAILED, LIST, FETCH, CLOSE = 2, 3, 4, 7, 11, 64, 65, 69
FETCH_FORMAT = "=QIIqqI32sI"
FETCHED_FORMAT = "=QiiqqB"
VID, PID = "18d1", "4ee1"  # known to every peer


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Device:
    """One simulated recorder, plugged in for one measurement."""

    def __init__(self, control, folder):
        self.control, self.folder = control, folder

    def __enter__(self):
        answer = self.control.send(f"plug bench dir={self.folder} port=1-1 serial=BENCH vid=0x{VID} pid=0x{PID}")
        self.node = dict(word.split("=", 1) for word in answer.split())["node"]
        return self

    def stats(self):
        return self.control.stats("bench")

    def __exit__(self, *_):
        self.control.send("unplug bench")


class Worker:
    """recdock-offload, driven as recdockd drives it."""

    def __init__(self, node):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket = ours
        env = dict(os.environ, RECDOCK_QUIRKS_PATH=os.path.join(os.environ["RECDOCK_SOURCE"], "lib/recorder/recorders.quirks"))

        def place():
            os.dup2(theirs.fileno(), 3)

        self.process = subprocess.Popen(
            [os.path.join(BUILD, "daemon/offload/recdock-offload"), "--node", node], preexec_fn=place, pass_fds=(3,), env=env
        )
        theirs.close()

    def send(self, kind, payload=b"", fd=None):
        data = struct.pack("=II", kind, len(payload)) + payload
        fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.socket.sendmsg([data], fds)

    def receive(self):
        data = self.socket.recv(8192)
        if not data:
            raise RuntimeError(f"recdock-offload has ended with status {self.process.wait()}")
        kind, size = struct.unpack_from("=II", data)
        if kind == FAILED:
            raise RuntimeError("recdock-offload failed")
        return kind, data[8 : 8 + size]


def pull_with_recdock(device, target):
    worker = Worker(device.node)
    items, files, fetched = [], {}, 0
    started = time.monotonic()
    while True:
        kind, payload = worker.receive()
        if kind == IDENTITY:
            worker.send(LIST)
        elif kind == ITEM:
            index, _, size = struct.unpack_from("=IIq", payload)
            items.append((index, size))
        elif kind == LISTED:
            waiting = list(enumerate(items))
            for _ in range(min(4, len(waiting))):
                next_fetch(worker, waiting, files, target)
        elif kind == FETCHED:
            number, outcome, _, _, _, _ = struct.unpack_from(FETCHED_FORMAT, payload)
            if outcome != 0:
                raise RuntimeError(f"item {number}: outcome {outcome}")
            os.close(files.pop(number))
            fetched += 1
            if waiting:
                next_fetch(worker, waiting, files, target)
            if fetched == len(items):
                break
    subprocess.run(["sync"], check=True)
    elapsed = time.monotonic() - started
    worker.send(CLOSE)
    worker.process.wait()
    return elapsed


def next_fetch(worker, waiting, files, target):
    number, (index, size) = waiting.pop(0)
    fd = os.open(os.path.join(target, f"{number}.part"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    files[number] = fd
    worker.send(FETCH, struct.pack(FETCH_FORMAT, number, index, 0, 0, size, 0, b"\0" * 32, 0), fd)


def run_quiet(command, cwd):
    subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=600)


def copy_with_mtp_connect(folder, target):
    listing = subprocess.run(["mtp-files"], capture_output=True, text=True, timeout=300, check=False).stdout
    pairs = re.findall(r"File ID: (\d+)\s+Filename: (\S+)", listing)
    command = ["mtp-connect"]
    for number, name in pairs:
        command += ["--getfile", number, name]
    run_quiet(command, target)


def copy_with_gphoto2(folder, target):
    run_quiet(["gphoto2", "--get-all-files", "--force-overwrite"], target)


def copy_with_aft(folder, target):
    names = sorted(os.listdir(os.path.join(folder, "DCIM")))
    run_quiet(["aft-mtp-cli", "cd /DCIM", *[f"get {name}" for name in names]], target)


PEERS = {"mtp-connect": copy_with_mtp_connect, "gphoto2": copy_with_gphoto2, "aft-mtp-cli": copy_with_aft}


def prove_by_hand(target):
    subprocess.run(["sync"], check=True)
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as f:
        f.write("3")
    files = sorted(os.path.join(target, name) for name in os.listdir(target))
    subprocess.run(["sha256sum", *files], stdout=subprocess.DEVNULL, check=True)
    for path in files:
        subprocess.run(["ffprobe", "-v", "quiet", "-show_format", "-show_streams", path], stdout=subprocess.DEVNULL, check=False)


def measure_peer(control, folder, copy, proved):
    with tempfile.TemporaryDirectory(dir=os.environ["RECDOCK_TEST_DIR"]) as target, Device(control, folder):
        started = time.monotonic()
        copy(folder, target)
        subprocess.run(["sync"], check=True)
        if proved:
            prove_by_hand(target)
        elapsed = time.monotonic() - started
        wanted = len(os.listdir(os.path.join(folder, "DCIM")))
        if len(os.listdir(target)) != wanted:
            raise RuntimeError(f"copied {len(os.listdir(target))} of {wanted} files")
        return elapsed


def measure_pull(control, folder, notes):
    with tempfile.TemporaryDirectory(dir=os.environ["RECDOCK_TEST_DIR"]) as target, Device(control, folder) as device:
        before = cpu_seconds()
        elapsed = pull_with_recdock(device, target)
        notes["cpu"] = cpu_seconds() - before
        notes["stats"] = device.stats()
        return elapsed


def measure_proved(control, folder):
    home = tempfile.mkdtemp(dir=os.environ["RECDOCK_TEST_DIR"])
    station = Station(home)
    station.start()
    try:
        mark = station.mark()
        started = time.monotonic()
        with Device(control, folder):
            station.wait("DOCKING_RELEASED", start=mark, timeout=600)
            return time.monotonic() - started
    finally:
        station.stop()
        shutil.rmtree(home)


def medians(measure):
    try:
        return statistics.median(measure() for _ in range(RUNS))
    except (RuntimeError, subprocess.SubprocessError, AssertionError) as e:
        print(f"    ({e})")
        return None


def report(title, control, folder, mib):
    print(f"\n{title}")
    notes = {}
    pull = medians(lambda: measure_pull(control, folder, notes))
    proved = medians(lambda: measure_proved(control, folder))
    print(f"  {'':14}{'pull s':>9}{'MiB/s':>9}{'proved s':>10}")
    print(f"  {'recdock':14}{pull:9.2f}{mib / pull:9.1f}{proved:10.2f}")
    best = {"pull": None, "proved": None}
    for name, copy in PEERS.items():
        if not shutil.which(copy.__name__.replace("copy_with_", "").replace("_", "-")) and not shutil.which(name):
            print(f"  {name:14} not installed")
            continue
        a = medians(lambda c=copy: measure_peer(control, folder, c, False))
        b = medians(lambda c=copy: measure_peer(control, folder, c, True)) if a else None
        if a is None or b is None:
            print(f"  {name:14} failed")
            continue
        print(f"  {name:14}{a:9.2f}{mib / a:9.1f}{b:10.2f}")
        best["pull"] = min(filter(None, (best["pull"], a)))
        best["proved"] = min(filter(None, (best["proved"], b)))
    for what, ours in (("pull", pull), ("proved", proved)):
        if best[what]:
            print(f"  {what}: {best[what] / ours:.2f}× as fast as the fastest peer")
    stats = notes["stats"]
    print(f"  recdock's worker: {notes['cpu'] / mib * 1024:.2f} CPU s/GiB; reads by size: {json.dumps(stats['read_sizes'])}, at most {stats['in_flight_max']} in flight")


def main():
    control = Control()
    root = tempfile.mkdtemp(dir=os.environ["RECDOCK_TEST_DIR"])
    clip = os.path.join(os.environ["RECDOCK_SAMPLES"], sorted(n for n in os.listdir(os.environ["RECDOCK_SAMPLES"]) if n.endswith(".ts"))[0])
    block = open(clip, "rb").read()
    workloads = {"large": (1, 256 << 20), "small": (500, 256 << 10)}
    for name in sys.argv[1:] or workloads:
        count, size = workloads[name]
        folder = os.path.join(root, name, "DCIM")
        os.makedirs(folder)
        for n in range(count):
            with open(os.path.join(folder, f"F{n:05}.ts"), "wb") as f:
                data = (block * (size // len(block) + 1))[: size - 8]
                f.write(data + n.to_bytes(8, "big"))
        report(f"{count} × {size >> 10} KiB, median of {RUNS}", control, os.path.join(root, name), count * size / (1 << 20))


if __name__ == "__main__":
    main()
