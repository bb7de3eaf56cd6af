#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock against its peers (ratios.py) in a guest: real usbfs, real kernel, digests in software.

    bench_vm.py            on QEMU's usb-mtp: `meson compile -C BUILD bench-vm`
    bench_vm.py disk       on the kernel's mass-storage gadget: `meson compile -C BUILD bench-vm-disk`

A disk's workloads are "large" and "small", from the guest's memory, "rated", the large one from a disk that is no faster than a
recorder on a bus of high speed, and "listing"; RECDOCK_BENCH_WORKLOADS names some of them. The simulated bus is faster than a real one, and
the guest digests at 75 MB/s: only "rated" leaves it a processor for that, as every station has one.

At high speed, unless RECDOCK_BENCH_SPEED is super-speed: there packets have 1024 bytes, the simulated controller takes no segment of
a sector, and the kernel's driver resets the disk again and again while it reads single sectors. Such resets are counted.


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
from peers import MTP_PEERS, TIMEOUT as PEER_TIMEOUT, PeerFailed  # noqa: E402
from ratios import ROUNDS, SLOW, WORKLOADS, make_files, report  # noqa: E402
from station import BUILD, CONFIGURATION, EVENTS, STORE, Station, is_event  # noqa: E402

PEER_PACKAGES = ("android-file-transfer", "ffmpeg", "gphoto2", "mtp-tools", "python3")
# Every measurement begins with an empty disk, and with what the last one wrote out of the way.
FRESH = f"systemctl stop recdockd; rm -rf {STORE}/* /root/target; mkdir /root/target; sync; fstrim / || :; echo 3 >/proc/sys/vm/drop_caches"
TIMEOUT = 900
PEER_LIMIT = 2 * PEER_TIMEOUT  # seconds for all that a peer does, by hand as well: hundreds of ffprobe take minutes in a guest
LISTED_FILES = 10000
RATE = 40_000_000  # bytes a second: as much as gets through at high speed
SPEED = os.environ.get("RECDOCK_BENCH_SPEED", "high-speed")
TITLE = f"the kernel's mass-storage gadget at {SPEED.replace('-', ' ')}, in a guest"

# The kernel's mass-storage gadget.
GADGET = f"""
modprobe -a libcomposite usb_f_mass_storage usbmon
lsmod | grep -q dummy_hcd || modprobe dummy_hcd is_super_speed=Y
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
g=/sys/kernel/config/usb_gadget/bench
mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/mass_storage.0
echo {SPEED} >$g/max_speed
echo 0x0525 >$g/idVendor
echo 0xa4a5 >$g/idProduct
echo BENCH >$g/strings/0x409/serialnumber
echo >$g/functions/mass_storage.0/lun.0/file
echo $medium >$g/functions/mass_storage.0/lun.0/file
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

    def pull(self, target="/root/target"):
        self.station.run(FRESH)
        return json.loads(self.plugged(f"exec python3 /mnt/host/pull.py /usr/libexec/recdock/recdock-offload $node {target}"))

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
        return []

    def peer(self, name, files, proved):
        self.station.run(FRESH)
        what = "proved" if proved else "copied"
        try:
            return float(self.plugged(f"RECDOCK_BENCH_PEER_TIMEOUT={PEER_TIMEOUT} "
                                      f"timeout {PEER_LIMIT} python3 /mnt/host/peers.py '{name}' /root/target {files} {what}"))
        except CommandFailed as e:
            raise PeerFailed(e.output.strip() or f"{name}: did not end in {PEER_LIMIT} s") from e


class DiskInGuest(InGuest):
    peers = ("mount + cp",)
    # The kernel waits a second before it looks at a disk, and nobody is to be measured while it does.
    present = "ls -d /sys/bus/usb/devices/*/host*/target*/*/block/*"
    device = "$(dirname $(grep -lx BENCH /sys/bus/usb/devices/*/serial))"

    def __init__(self, station, size, medium):
        """'size' is what the files on it have together."""
        super().__init__(station, None)
        self.size = size
        station.run(f"medium={medium}{GADGET}")

    def plug(self):
        self.station.run(f"echo dummy_udc.0 >{UDC}")

    def unplug(self):
        self.station.run(f"echo >{UDC}")

    def resets(self):
        """How often the kernel has reset the disk since this was asked last."""
        return int(self.station.run("dmesg --read-clear | grep -c 'reset .*using dummy_hcd' || :"))

    def reads(self):
        """The driver alone, the worker on files in memory, and dd of as many bytes, into nothing and into a file that is synced."""
        self.station.run(FRESH)
        figures = [("recdock", "read", json.loads(self.plugged("exec /mnt/host/bench-disk $node"))["seconds"])]
        self.station.run("mkdir -p /dev/shm/target")
        figures.append(("recdock", "digested", self.pull("/dev/shm/target")["seconds"]))
        self.station.run("rm -r /dev/shm/target")
        for name, what, target in (("dd", "read", "/dev/null"), ("dd + sync", "pull", "/root/target/disk")):
            self.station.run(FRESH)
            figures.append((name, what, float(self.plugged(f"exec python3 /mnt/host/peers.py dd {target} {self.size} read"))))
        return figures

    def listed(self):
        """Seconds of listing the volume with nothing in the caches."""
        self.station.run(FRESH)
        return json.loads(self.plugged("echo 3 >/proc/sys/vm/drop_caches; /mnt/host/bench-disk $node list"))["listing"]

    def listed_bytes(self):
        """What is read for it: all bulk reads that the bus has seen."""
        return int(self.plugged(f"""cat /sys/kernel/debug/usb/usbmon/$(cat {self.device}/busnum)u >/run/usbmon & monitor=$!
            /mnt/host/bench-disk $node list
            kill $monitor
            awk '$3 == "C" && $4 ~ /^Bi/ {{ sum += $6 }} END {{ print sum }}' /run/usbmon""").split()[-1])

    def listed_by_find(self):
        """(seconds, bytes) of the kernel's driver."""
        self.station.run(FRESH)
        seconds, size = self.plugged(f"echo 3 >/proc/sys/vm/drop_caches; python3 /mnt/host/peers.py find / {LISTED_FILES} listed").split()
        return float(seconds), int(size)


def card_make(image, folder, size):
    subprocess.run([os.path.join(card.SOURCE_ROOT, "tests", "recsim", "make-card"), image, folder, "--cluster", "4096",
                    "--size", str(max(300 << 20, size * 5 // 4))], check=True)


def take_in(station, make, *args):
    """Has the guest keep in its memory the image that make(path, …) writes. Returns its name there."""
    image = os.path.join(station.share, "card.img")
    make(image, *args)
    station.run("cp --sparse=always /mnt/host/card.img /dev/shm/card.img", TIMEOUT)
    os.unlink(image)
    return "/dev/shm/card.img"


def listing_report(title, bench):
    """As in ratios.py: who takes ten times as long is measured once."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(bench.listed())
        if not theirs or theirs[0][0] < SLOW * ours[0]:
            theirs.append(bench.listed_by_find())
    seconds, find_seconds = statistics.median(ours), statistics.median(row[0] for row in theirs)
    size, find_size = bench.listed_bytes(), theirs[0][1]
    print(f"\n{title}: listing {LISTED_FILES} files\n  recdock           {seconds:8.3f} s {size >> 10:6} KiB, median of {len(ours)}\n"
          f"  mount + find -ls  {find_seconds:8.3f} s {find_size >> 10:6} KiB, median of {len(theirs)}\n"
          f"  {seconds / find_seconds:.3f} of its time, {size / find_size:.2f} of its bytes; "
          f"the kernel has reset the disk {bench.resets()} times", flush=True)


def files_report(title, bench, count, size):
    report(title, bench, count, size)
    print(f"  the kernel has reset the disk {bench.resets()} times", flush=True)


def disk_report(station, name, make):
    if name == "listing":
        for case in (case for case in campaign.cases(slow=True) if case.style == "many"):
            medium = take_in(station, lambda image, of: campaign.make(of, image), case)
            listing_report(f"{TITLE}, {case.kind}", DiskInGuest(station, 0, medium))
    elif name == "rated":
        count, size = WORKLOADS["large"]
        station.run("echo 1024 >/sys/block/vdb/queue/read_ahead_kb")
        files_report(f"{TITLE}, of {RATE // 1_000_000} MB/s", DiskInGuest(station, count * size, "/dev/vdb"), count, size)
    else:
        count, size = WORKLOADS[name]
        medium = take_in(station, card_make, make(name), count * size)
        files_report(TITLE, DiskInGuest(station, count * size, medium), count, size)


def main(disks):
    cache = cache_folder(BUILD)
    samples = card.samples(cache)
    names = os.environ.get("RECDOCK_BENCH_WORKLOADS", " ".join([*WORKLOADS, *["rated", "listing"] * disks])).split()
    with tempfile.TemporaryDirectory(prefix="recdock-bench-") as run:
        def make(name):
            folder = os.path.join(run, name)
            if not os.path.exists(folder):
                make_files(folder, os.path.join(samples, "h264.ts"), *WORKLOADS[name])
            return folder

        drives = []
        if "rated" in names:
            rated = os.path.join(run, "rated.img")
            card_make(rated, make("large"), WORKLOADS["large"][0] * WORKLOADS["large"][1])
            drives = [f"{rated},throttling.bps-read={RATE}"]
        station = Station(vmimage.build(cache, PEER_PACKAGES), BUILD, run, drives=drives)
        with station:
            station.install()
            station.run(f"cat >/etc/recdock/recdock.conf.d/vm.conf <<'EOF'\n{CONFIGURATION}[Station]\nRegister=auto\nEOF\n")
            for script in ("pull.py", "peers.py"):
                shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), script), station.share)
            if disks:
                shutil.copy(os.path.join(BUILD, "tests", "bench", "bench-disk"), station.share)
            for name in names:
                if disks:
                    disk_report(station, name, make)
                else:
                    report("QEMU's usb-mtp in a guest", InGuest(station, make(name)), *WORKLOADS[name])


if __name__ == "__main__":
    main(sys.argv[1:] == ["disk"])
