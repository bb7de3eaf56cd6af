#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A disk that is full, of the store and of the catalogue."""

import os
import shutil
import subprocess

import tap
from testbed import StationTest


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
        self.dock("a", folder)
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
            folder = self.recorder_folder("a", {"big.bin": os.urandom(14 << 20), "small.bin": os.urandom(5000)})
            older = os.stat(os.path.join(folder, "big.bin")).st_mtime - 86400
            os.utime(os.path.join(folder, "small.bin"), (older, older))  # so it goes first
            # Of MTP with its size unknown, so that no room can be reserved for it.
            unknown = {"fault": "info-size,object=big.bin,value=0xffffffff", "proplist": "no"} if self.kind == "mtp" else {}
            self.dock("a", folder, rate=4000000, **unknown)
            self.station.wait("FOOTAGE_FILED")
            self.fill(hog)  # what was promised to the recorder, somebody else has taken
            self.station.wait("ALERT_RAISED", alert="store-low", timeout=90)
            self.assertTrue(self.station.log.find("ITEM_FAILED"), "it was in the middle")
            os.unlink(hog)
            self.station.wait("DOCKING_RELEASED", timeout=90)
            self.assert_all_filed(folder)
        finally:
            self.unplug("a")
            self.station.stop()
            subprocess.run(["umount", "-l", self.station.store], check=False)
            shutil.rmtree(self.station.store, ignore_errors=True)

    @staticmethod
    def fill(path):
        with open(path, "wb", buffering=0) as f:
            try:
                while f.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass


class RoomForDisk(Room):
    kind = "fat32"


class OneDisk(StationTest):
    """Catalogue and store on one disk that fills up: all is paused, nothing is half-filed, and it goes on by itself."""

    start_station = False

    def setUp(self):
        super().setUp()
        self.disk = os.path.join(self.folder, "disk")
        os.mkdir(self.disk)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", self.disk], capture_output=True, check=False)
        if made.returncode != 0:
            self.skipTest("cannot mount a small file system here")
        self.hog = os.path.join(self.disk, "hog")
        self.station.state = os.path.join(self.disk, "state")
        self.station.store = os.path.join(self.disk, "store")
        os.mkdir(self.station.state)
        self.station.configure()
        path = os.path.join(self.station.configuration, "recdock.conf")
        text = open(path, encoding="utf-8").read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("KeepFree=16M", "KeepFree=0"))

    def tearDown(self):
        try:
            for name in list(self.plugged):
                self.unplug(name)
            self.station.stop()
        finally:
            subprocess.run(["umount", "-l", self.disk], capture_output=True, check=False)
            super().tearDown()

    def fill(self):
        with open(self.hog, "ab", buffering=0) as f:
            for block in (1 << 20, 4096, 1):
                try:
                    while True:
                        f.write(b"\0" * block)
                except OSError:
                    continue

    def goes_on(self, folders):
        mark = self.station.mark()
        os.unlink(self.hog)
        self.station.wait("STORE_RESUMED", start=mark)
        self.station.wait("DOCKING_RELEASED", start=mark, count=len(folders))
        whole = os.path.join(self.folder, "whole")
        for n, folder in enumerate(folders):
            shutil.copytree(folder, os.path.join(whole, str(n)))
        self.assert_all_filed(whole)
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [])
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_full_when_a_recorder_docks(self):
        self.station.start()
        self.fill()
        folder = self.recorder_folder("a", {f"{n}.bin": os.urandom(20000) for n in range(9)})
        self.plug("a", folder)
        self.station.wait("STORE_PAUSED")
        self.station.wait("ALERT_RAISED", alert="store-low")
        self.assertTrue(self.station.json("status")[0]["store"]["paused"])
        self.assertEqual(self.station.footage(), [])
        self.goes_on([folder])
        alerts = [a for a in self.station.json("alert", "list", "--all") if a["subject"] == "catalogue"]
        self.assertEqual([(a["kind"], a["cleared_at"] is None) for a in alerts], [("store-low", False)])

    def test_full_in_the_middle_of_filing(self):
        self.station.start()
        folders = [self.recorder_folder(f"r{i}", {f"{n}.bin": os.urandom(4000 + n) for n in range(200)}) for i in range(2)]
        self.plug("a", folders[0], port="1-1", rate=200000)
        self.station.wait("FOOTAGE_FILED", count=20)
        self.fill()
        self.plug("b", folders[1], port="1-2", rate=200000)
        self.station.wait("STORE_PAUSED")
        self.assertLess(len(self.station.footage()), 200)
        self.goes_on(folders)

    def test_an_item_without_an_end_leaves_what_is_to_be_kept_free(self):
        path = os.path.join(self.station.configuration, "recdock.conf")
        text = open(path, encoding="utf-8").read()
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("KeepFree=0", "KeepFree=20M"))
        self.station.start()
        folder = self.recorder_folder("a", {"a.bin": os.urandom(50000), "b.bin": os.urandom(60000)})
        self.plug("a", folder, proplist="no", rate=4000000, fault=self.endless("a.bin"))
        self.station.wait("ITEM_FAILED")
        honest = self.recorder_folder("b", {"c.bin": os.urandom(70000)})
        self.plug("b", honest, port="1-2")
        self.station.wait("DOCKING_RELEASED", docking=2)
        self.assertEqual({r["name"] for r in self.station.footage()}, {"b.bin", "c.bin"})
        self.assertIn("store-low", [a["kind"] for a in self.station.json("alert", "list") if not a["cleared_at"]])
        self.assertEqual(self.station.log.find("STORE_PAUSED"), [], "nobody else is held up")
        self.assertEqual(len(self.station.log.find("ITEM_FAILED")), 1, "it is not tried again without more room")

    def test_full_at_the_start(self):
        self.station.start()
        folder = self.recorder_folder("a", {f"{n}.bin": os.urandom(20000) for n in range(9)})
        self.plug("a", folder, rate=40000)
        self.station.wait("FOOTAGE_FILED")
        self.station.kill()
        self.fill()
        self.station.start()
        self.station.wait("STORE_PAUSED")
        self.goes_on([folder])


if __name__ == "__main__":
    tap.main("__main__")
