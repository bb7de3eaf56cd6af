#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many recorders, many files, huge files, a full store. Runs on an optimised build: sizes and times are the true ones."""

import os
import shutil
import subprocess
import unittest

import tap
from testbed import StationTest, sha256_file

SANITIZED = os.environ.get("RECDOCK_SANITIZED") == "1"


def peak_rss_kib(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        for line in f:
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


class Scale(StationTest):
    config = "[Docking]\nWarnTimeout=5s\nKillTimeout=15s\n"

    def test_sixteen_at_once_one_of_them_hangs(self):
        folders = {}
        for n in range(16):
            folders[n] = self.recorder_folder(f"r{n}", {"v.bin": os.urandom(12000000 + n), "w.bin": os.urandom(1000 + n)})
        for n in range(16):
            fault = {"fault": "silence,at=100000,object=v.bin,times=always"} if n == 3 else {}
            self.plug(f"r{n}", folders[n], port=f"1-{n + 1}", rate=8000000, **fault)
        self.station.wait("FOOTAGE_FILED", count=4)
        peaks = [peak_rss_kib(pid) for pid in self.station.workers()]
        self.station.wait("DOCKING_RELEASED", count=15, timeout=120)
        peaks += [peak_rss_kib(pid) for pid in self.station.workers()]
        print(f"# peak resident memory of an offload worker: {max(peaks)} KiB", flush=True)
        if not SANITIZED:
            self.assertLessEqual(max(peaks), 24 * 1024)
        wanted = {sha256_file(os.path.join(folders[n], f)) for n in folders if n != 3 for f in os.listdir(folders[n])}
        self.assertLessEqual(wanted, {r["sha256"] for r in self.station.footage()})

    def test_five_hundred_small_files(self):
        folder = self.recorder_folder("a", {f"DCIM/{n // 400}/{n:04}.bin": os.urandom(256 * 1024) for n in range(500)})
        # A product whose listing by properties is sound, unlike that of the default one.
        self.plug("a", folder, vid="0x18d1", pid="0x4ee1")
        self.station.wait("DOCKING_RELEASED", timeout=240)
        self.assert_all_filed(folder)

    @unittest.skipIf(SANITIZED, "needs an optimised build")
    def test_more_than_4_gib_with_a_32_bit_size_that_says_nothing(self):
        folder = os.path.join(self.folder, "recorder-huge")
        os.makedirs(folder)
        path = os.path.join(folder, "huge.bin")
        with open(path, "wb") as f:
            f.truncate((4 << 30) + 12345)
            for at in (0, 1 << 31, (1 << 32) - 2, (1 << 32) + 5):
                f.seek(at)
                f.write(os.urandom(4))
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED", timeout=300)
        row = self.station.footage()[0]
        self.assertEqual(row["size"], (4 << 30) + 12345)
        self.assertEqual(row["sha256"], sha256_file(path))


class Room(StationTest):
    """A full store pauses; nothing is half-filed; it goes on when there is room."""

    start_station = False

    def test_keep_free_pauses_and_reload_goes_on(self):
        self.station.configure()
        path = os.path.join(self.station.configuration, "recdock.conf")
        text = open(path, encoding="utf-8").read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("KeepFree=16M", "KeepFree=4000T"))
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(100000)})
        self.plug("a", folder)
        self.station.wait("DOCKING_LISTED")
        self.station.wait("ALERT_RAISED", alert="store-low")
        self.assertEqual(self.station.json("docking", "list")[0]["pulled"], 0)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.station.ctl("reload")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(len(self.station.log.find("STORE_RESUMED")), 1)

    def test_disk_full_in_the_middle(self):
        if os.geteuid() != 0 or subprocess.run(["mkdir", "-p", self.station.store], check=False).returncode != 0:
            self.skipTest("needs root, for a small file system")
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.station.store], capture_output=True, check=False
        )
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system here")
        try:
            path = os.path.join(self.station.configuration, "recdock.conf")
            text = open(path, encoding="utf-8").read()
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace("KeepFree=16M", "KeepFree=0"))
            self.station.start()
            hog = os.path.join(self.station.store, "hog")
            # The size is unknown, so no room can be reserved for it: the disk fills up under the transfer.
            folder = self.recorder_folder("a", {"big.bin": os.urandom(14 << 20), "small.bin": os.urandom(5000)})
            with open(hog, "wb") as f:
                f.write(b"\0" * (16 << 20))
            self.plug("a", folder, fault="info-size,object=big.bin,value=0xffffffff", proplist="no")
            self.station.wait("ALERT_RAISED", alert="store-low", timeout=90)
            os.unlink(hog)
            self.station.wait("DOCKING_RELEASED", timeout=90)
            self.assert_all_filed(folder)
        finally:
            self.unplug("a")
            self.station.stop()
            subprocess.run(["umount", "-l", self.station.store], check=False)
            shutil.rmtree(self.station.store, ignore_errors=True)


if __name__ == "__main__":
    tap.main("__main__")
