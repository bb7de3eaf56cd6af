#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock against its peers (ratios.py) on the simulated recorder. Run it as root (it drops caches), from an optimised build with
-Dtestbed=true: `meson compile -C BUILD bench-offload`. One workload alone: RECDOCK_BENCH_WORKLOADS=small.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["RECDOCK_SOURCE"], "tests/integration"))
import peers  # noqa: E402
from pull import pull  # noqa: E402
from ratios import WORKLOADS, make_files, report  # noqa: E402
from testbed import BUILD, Control, Station  # noqa: E402

RUN = os.environ["RECDOCK_TEST_DIR"]
VID, PID = "0x18d1", "0x4ee1"  # known to every peer


class Plugged:
    """The recorder in its bay for one measurement."""

    def __init__(self, control, folder):
        self.control, self.folder = control, folder

    def __enter__(self):
        answer = self.control.send(f"plug bench dir={self.folder} port=1-1 serial=BENCH vid={VID} pid={PID}")
        return dict(word.split("=", 1) for word in answer.split())["node"]

    def __exit__(self, *_):
        self.control.send("unplug bench")


class Native:
    peers = peers.MTP_PEERS

    def __init__(self, control, folder):
        self.control, self.folder = control, folder

    def pull(self):
        with tempfile.TemporaryDirectory(dir=RUN) as target, Plugged(self.control, self.folder) as node:
            return pull(os.path.join(BUILD, "daemon/offload/recdock-offload"), node, target)

    def proved(self):
        home = tempfile.mkdtemp(dir=RUN)
        station = Station(home)
        station.start()
        try:
            mark, started = station.mark(), time.monotonic()
            with Plugged(self.control, self.folder):
                station.wait("DOCKING_RELEASED", start=mark, timeout=600)
                return time.monotonic() - started
        finally:
            station.stop()
            shutil.rmtree(home)

    def reads(self):
        return []

    def peer(self, name, files, proved):
        with tempfile.TemporaryDirectory(dir=RUN) as target, Plugged(self.control, self.folder):
            return peers.measure(name, target, files, proved)


def main():
    os.environ["RECDOCK_QUIRKS_PATH"] = os.path.join(os.environ["RECDOCK_SOURCE"], "lib/recorder/recorders.quirks")
    samples = os.environ["RECDOCK_SAMPLES"]
    clip = os.path.join(samples, sorted(name for name in os.listdir(samples) if name.endswith(".ts"))[0])
    control = Control()
    for name in os.environ.get("RECDOCK_BENCH_WORKLOADS", " ".join(WORKLOADS)).split():
        folder = os.path.join(RUN, name)
        make_files(folder, clip, *WORKLOADS[name])
        subprocess.run(["sync"], check=True)
        report("simulated recorder", Native(control, folder), *WORKLOADS[name])


if __name__ == "__main__":
    main()
