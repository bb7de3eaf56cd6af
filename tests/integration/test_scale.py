#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many recorders, many files, huge files. Runs on an optimised build: sizes and times are the true ones."""

import os
import unittest

import tap
from testbed import StationTest, sha256_file

SANITIZED = os.environ.get("RECDOCK_SANITIZED") == "1"


def peak_rss_kib(pid):
    """0 of a process that has ended meanwhile."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as f:
            return next((int(line.split()[1]) for line in f if line.startswith("VmHWM:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


class Scale(StationTest):
    config = "[Docking]\nWarnTimeout=5s\nKillTimeout=15s\n"

    lost = {3}  # of the sixteen, those that will not be released

    def faults_of_some(self, folders):
        return {3: self.fault_in("silence", "r3", folders[3], "v.bin", 100000, times="always")}

    def test_sixteen_at_once_some_of_them_bad(self):
        folders = {}
        for n in range(16):
            folders[n] = self.recorder_folder(f"r{n}", {"v.bin": os.urandom(12000000 + n), "w.bin": os.urandom(1000 + n)})
        faults = self.faults_of_some(folders)
        for n in range(16):
            fault = {"fault": faults[n]} if n in faults else {}
            self.dock(f"r{n}", folders[n], port=f"1-{n + 1}", rate=8000000, **fault)
        self.station.wait("FOOTAGE_FILED", count=4)
        peaks = [peak_rss_kib(pid) for pid in self.station.workers()]
        self.station.wait("DOCKING_RELEASED", count=16 - len(self.lost), timeout=120)
        # Nobody waited for the one that hangs: it still does.
        self.assertEqual(self.station.log.find("DOCKING_FAILED", bay="1-4"), [])
        peaks += [peak_rss_kib(pid) for pid in self.station.workers()]
        print(f"# {self.kind}: peak resident memory of an offload worker: {max(peaks)} KiB", flush=True)
        if not SANITIZED:
            self.assertLessEqual(max(peaks), 24 * 1024)
        wanted = {sha256_file(os.path.join(folders[n], f)) for n in folders if n not in self.lost for f in os.listdir(folders[n])}
        self.assertLessEqual(wanted, {r["sha256"] for r in self.station.footage()})

    def test_five_hundred_small_files(self):
        folder = self.recorder_folder("a", {f"DCIM/{n // 400}/{n:04}.bin": os.urandom(256 * 1024) for n in range(500)})
        # A product whose listing by properties is sound, unlike that of the default one.
        self.dock("a", folder, vid="0x18d1", pid="0x4ee1")
        self.station.wait("DOCKING_RELEASED", timeout=240)
        self.assert_all_filed(folder)

    @unittest.skipIf(SANITIZED, "needs an optimised build")
    def test_more_than_4_gib(self):
        """Of which the 32-bit size of MTP says nothing."""
        folder = os.path.join(self.folder, "recorder-huge")
        os.makedirs(folder)
        path = os.path.join(folder, "huge.bin")
        with open(path, "wb") as f:
            f.truncate((4 << 30) + 12345)
            for at in (0, 1 << 31, (1 << 32) - 2, (1 << 32) + 5):
                f.seek(at)
                f.write(os.urandom(4))
        self.dock("a", folder)
        self.station.wait("DOCKING_RELEASED", timeout=300)
        row = self.station.footage()[0]
        self.assertEqual(row["size"], (4 << 30) + 12345)
        self.assertEqual(row["sha256"], sha256_file(path))


class ScaleWithDisk(Scale):
    kind = "exfat"
    lost = {3, 7}

    def faults_of_some(self, folders):
        """One hangs, one lies about its size, one breaks the protocol with each answer."""
        return {**super().faults_of_some(folders), 5: "capacity,value=10000000", 7: "tag,times=always"}


if __name__ == "__main__":
    tap.main("__main__")
