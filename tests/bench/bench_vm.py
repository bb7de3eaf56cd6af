#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock against its peers (ratios.py) in a guest: real usbfs, real kernel, digests in software.

    bench_vm.py            on QEMU's usb-mtp: `meson compile -C BUILD bench-vm`
    bench_vm.py disk       on the kernel's mass-storage gadget at super speed: `meson compile -C BUILD bench-vm-disk`

With nothing else on the machine; the first run builds an image with the peers in it.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vm"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "volumes"))
import campaign  # noqa: E402
import card  # noqa: E402
import vmimage  # noqa: E402
from guest import CommandFailed, cache_folder  # noqa: E402
from peers import MTP_PEERS, PeerFailed  # noqa: E402
from ratios import ROUNDS, WORKLOADS, make_files, report  # noqa: E402
from station import BUILD, CONFIGURATION, EVENTS, STORE, Station, is_event  # noqa: E402

PEER_PACKAGES = ("android-file-transfer", "ffmpeg", "gphoto2", "mtp-tools", "python3")
# Every measurement begins with an empty disk, and with what the last one wrote out of the way.
FRESH = f"systemctl stop recdockd; rm -rf {STORE}/* /root/target; mkdir /root/target; sync; fstrim / || :; echo 3 >/proc/sys/vm/drop_caches"
TIMEOUT = 900
LISTED_FILES = 10000
TITLE = "the kernel's mass-storage gadget at super speed, in a guest"

# The kernel's mass-storage gadget, its medium in the guest's memory.
GADGET = """
cp --sparse=always /mnt/host/card.img /dev/shm/card.img
modprobe -a libcomposite usb_f_mass_storage usbmon
lsmod | grep -q dummy_hcd || modprobe dummy_hcd is_super_speed=Y
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
g=/sys/kernel/config/usb_gadget/bench
mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/mass_storage.0
echo 0x0525 >$g/idVendor
echo 0xa4a5 >$g/idProduct
echo BENCH >$g/strings/0x409/serialnumber
echo >$g/functions/mass_storage.0/lun.0/file
echo /dev/shm/card.img >$g/functions/mass_storage.0/lun.0/file
[ -e $g/configs/c.1/mass_storage.0 ] || ln -s $g/functions/mass_storage.0 $g/configs/c.1
printf 'usb:v0525pA4A5*\\n ID_RECDOCK=ums\\n' >/etc/udev/hwdb.d/61-recdock-local.hwdb
systemd-hwdb update
udevadm control --reload
"""
UDC = "/sys/kernel/config/usb_gadget/bench/UDC"


class InGuest:
    peers = MTP_PEERS
    present = "[ -e /sys/bus/usb/devices/1-1/serial ]"
    device = "/sys/bus/usb/devices/1-1"

    def __init__(self, station, folder):
        self.station, self.folder = station, folder

    def plug(self):
        self.station.plug("bench", self.folder, "BENCH")

    def unplug(self):
        self.station.unplug("bench")

    def plugged(self, script, timeout=TIMEOUT):
        """What a script prints that runs while the recorder is in its bay."""
        self.plug()
        try:
            self.station.wait_until(f"{self.present} && udevadm settle", 60)
            return self.station.run(f"node=$(udevadm info --query=property --property=DEVNAME --value {self.device}); {script}", timeout)
        finally:
            self.unplug()

    def pull(self):
        self.station.run(FRESH)
        return json.loads(self.plugged("exec python3 /mnt/host/pull.py /usr/libexec/recdock/recdock-offload $node /root/target"))

    def proved(self):
        self.station.run(FRESH + "; systemctl start recdockd")
        events = self.station.events()
        self.plug()
        try:
            first = events.wait(is_event("DOCKING_PLUGGED"), 60)
            last = events.wait(is_event("DOCKING_RELEASED", "DOCKING_FAILED"), TIMEOUT)
        finally:
            events.close()
            self.unplug()
        if last["MESSAGE_ID"] != EVENTS["DOCKING_RELEASED"]:
            raise RuntimeError(last["MESSAGE"])
        return (int(last["__MONOTONIC_TIMESTAMP"]) - int(first["__MONOTONIC_TIMESTAMP"])) / 1e6

    def reads(self):
        return {}

    def peer(self, name, files, proved):
        self.station.run(FRESH)
        what = "proved" if proved else "copied"
        try:
            return float(self.plugged(f"exec python3 /mnt/host/peers.py '{name}' /root/target {files} {what}"))
        except CommandFailed as e:
            raise PeerFailed(e.output.strip()) from e


class DiskInGuest(InGuest):
    peers = ("mount + cp",)
    # The kernel waits a second before it looks at a disk, and nobody is to be measured while it does.
    present = "ls -d /sys/bus/usb/devices/*/host*/target*/*/block/*"
    device = "$(dirname $(grep -lx BENCH /sys/bus/usb/devices/*/serial))"

    def __init__(self, station, size, make):
        """'make' is given the name of the image; 'size' is what is on it."""
        super().__init__(station, None)
        self.size = size
        image = os.path.join(station.share, "card.img")
        make(image)
        station.run(GADGET, TIMEOUT)
        os.unlink(image)

    def plug(self):
        self.station.run(f"echo dummy_udc.0 >{UDC}")

    def unplug(self):
        self.station.run(f"echo >{UDC}")

    def reads(self):
        """The driver alone, and dd of as many bytes."""
        self.station.run(FRESH)
        ours = json.loads(self.plugged("exec /mnt/host/bench-disk $node"))
        return {"recdock": ours["seconds"], "dd": float(self.plugged(f"exec python3 /mnt/host/peers.py dd / {self.size} read"))}

    def listing(self, ours, counted=False):
        """(seconds, bytes read off the disk) of listing the volume with nothing in the caches. What is counted is not timed."""
        self.station.run(FRESH)
        script = "/mnt/host/bench-disk $node list" if ours else f"python3 /mnt/host/peers.py find / {LISTED_FILES} listed"
        if counted:
            script = f"""echo 3 >/proc/sys/vm/drop_caches; cat /sys/kernel/debug/usb/usbmon/$(cat {self.device}/busnum)u >/run/usbmon & monitor=$!
                {script}; kill $monitor; awk '$3 == "C" && $4 ~ /^Bi/ {{ sum += $6 }} END {{ print sum }}' /run/usbmon"""
            return int(self.plugged(script).split()[-1])
        answer = self.plugged("echo 3 >/proc/sys/vm/drop_caches; " + script)
        return json.loads(answer)["listing"] if ours else float(answer)


def disk_with_files(station, folder, size):
    return DiskInGuest(station, size, lambda image: subprocess.run(
        [os.path.join(card.SOURCE_ROOT, "tests", "recsim", "make-card"), image, folder, "--cluster", "4096",
         "--size", str(max(300 << 20, size * 5 // 4))], check=True))


def listing_report(title, bench):
    seconds = {True: [], False: []}
    for _ in range(ROUNDS):
        for ours, values in seconds.items():
            values.append(bench.listing(ours))
    ours, theirs = (statistics.median(seconds[who]) for who in (True, False))
    our_bytes, their_bytes = (bench.listing(who, counted=True) for who in (True, False))
    print(f"\n{title}: listing {LISTED_FILES} files, median of {ROUNDS}: recdock {ours:.3f} s and {our_bytes >> 10} KiB read, mount + find -ls "
          f"{theirs:.3f} s and {their_bytes >> 10} KiB: {ours / theirs:.2f} of its time, {our_bytes / their_bytes:.2f} of its bytes", flush=True)


def main(disks):
    cache = cache_folder(BUILD)
    samples = card.samples(cache)
    with tempfile.TemporaryDirectory(prefix="recdock-bench-") as run:
        station = Station(vmimage.build(cache, PEER_PACKAGES), BUILD, run)
        with station:
            station.install()
            station.run(f"cat >/etc/recdock/recdock.conf.d/vm.conf <<'EOF'\n{CONFIGURATION}[Station]\nRegister=auto\nEOF\n")
            for script in ("pull.py", "peers.py"):
                shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), script), station.share)
            if disks:
                shutil.copy(os.path.join(BUILD, "tests", "bench", "bench-disk"), station.share)
            for name in os.environ.get("RECDOCK_BENCH_WORKLOADS", " ".join([*WORKLOADS, *["listing"] * disks])).split():
                if name == "listing":
                    for case in (case for case in campaign.cases(slow=True) if case.style == "many"):
                        listing_report(f"{TITLE}, {case.kind}", DiskInGuest(station, 0, lambda image: campaign.make(case, image)))
                    continue
                folder, (count, size) = os.path.join(run, name), WORKLOADS[name]
                make_files(folder, os.path.join(samples, "h264.ts"), count, size)
                if disks:
                    report(TITLE, disk_with_files(station, folder, count * size), count, size)
                else:
                    report("QEMU's usb-mtp in a guest", InGuest(station, folder), count, size)


if __name__ == "__main__":
    main(sys.argv[1:] == ["disk"])
