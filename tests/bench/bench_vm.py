#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock against its peers (ratios.py) in a guest, on QEMU's usb-mtp: real usbfs, real kernel, digests in software.
`meson compile -C BUILD bench-vm`, with nothing else on the machine; the first run builds an image with the peers in it.
"""

import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vm"))
import card  # noqa: E402
import vmimage  # noqa: E402
from guest import CommandFailed, cache_folder  # noqa: E402
from peers import PeerFailed  # noqa: E402
from ratios import WORKLOADS, make_files, report  # noqa: E402
from station import BUILD, CONFIGURATION, EVENTS, STORE, Station, is_event  # noqa: E402

PEER_PACKAGES = ("android-file-transfer", "ffmpeg", "gphoto2", "mtp-tools", "python3")
# Every measurement begins with an empty disk, and with what the last one wrote out of the way.
FRESH = f"systemctl stop recdockd; rm -rf {STORE}/* /root/target; mkdir /root/target; sync; fstrim / || :; echo 3 >/proc/sys/vm/drop_caches"
TIMEOUT = 900


class InGuest:
    def __init__(self, station, folder):
        self.station, self.folder = station, folder

    def plugged(self, script, timeout=TIMEOUT):
        """What a script prints that runs while the recorder is in its bay."""
        self.station.plug("bench", self.folder, "BENCH")
        try:
            self.station.wait_until("[ -e /sys/bus/usb/devices/2-1/serial ] && udevadm settle", 60)
            return self.station.run(script, timeout)
        finally:
            self.station.unplug("bench")

    def pull(self):
        self.station.run(FRESH)
        return json.loads(self.plugged("exec python3 /mnt/host/pull.py /usr/libexec/recdock/recdock-offload "
                                       "$(udevadm info --query=property --property=DEVNAME --value /sys/bus/usb/devices/2-1) /root/target"))

    def proved(self):
        self.station.run(FRESH + "; systemctl start recdockd")
        events = self.station.events()
        self.station.plug("bench", self.folder, "BENCH")
        try:
            first = events.wait(is_event("DOCKING_PLUGGED"), 60)
            last = events.wait(is_event("DOCKING_RELEASED", "DOCKING_FAILED"), TIMEOUT)
        finally:
            events.close()
            self.station.unplug("bench")
        if last["MESSAGE_ID"] != EVENTS["DOCKING_RELEASED"]:
            raise RuntimeError(last["MESSAGE"])
        return (int(last["__MONOTONIC_TIMESTAMP"]) - int(first["__MONOTONIC_TIMESTAMP"])) / 1e6

    def peer(self, name, files, proved):
        self.station.run(FRESH)
        what = "proved" if proved else "copied"
        try:
            return float(self.plugged(f"exec python3 /mnt/host/peers.py {name} /root/target {files} {what}"))
        except CommandFailed as e:
            raise PeerFailed(e.output.strip()) from e


def main():
    cache = cache_folder(BUILD)
    samples = card.samples(cache)
    with tempfile.TemporaryDirectory(prefix="recdock-bench-") as run:
        station = Station(vmimage.build(cache, PEER_PACKAGES), BUILD, run)
        with station:
            station.install()
            station.run(f"cat >/etc/recdock/recdock.conf.d/vm.conf <<'EOF'\n{CONFIGURATION}[Station]\nRegister=auto\nEOF\n")
            for script in ("pull.py", "peers.py"):
                shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), script), station.share)
            for name in os.environ.get("RECDOCK_BENCH_WORKLOADS", " ".join(WORKLOADS)).split():
                folder = os.path.join(run, name)
                make_files(folder, os.path.join(samples, "h264.ts"), *WORKLOADS[name])
                report("QEMU's usb-mtp in a guest", InGuest(station, folder), *WORKLOADS[name])


if __name__ == "__main__":
    main()
