#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A recorder that docks as a disk: its footage is pulled from user space, whatever the disk does. That the card is the same afterwards,
and that no command came that could have changed it, is looked at after every case (testbed.py).
"""

import os

import tap
from testbed import StationTest, sha256_file

SECTOR = 512
MIB = 1 << 20
BIG = "DCIM/100REC/big.bin"


class DiskTest(StationTest):
    kind = "fat32"

    def setUp(self):
        super().setUp()
        self.files = {
            "DCIM/100REC/a.bin": os.urandom(400000),
            BIG: os.urandom(3000000),
            "DCIM/100REC/现场 记录.bin": os.urandom(70000),
            "z.bin": os.urandom(5000),
        }
        self.recorder = self.recorder_folder("a", self.files)

    def sector_of(self, path, sector=0):
        """Where a sector of a file lies on the card of this recorder."""
        return self.place(self.card("a", self.recorder), os.path.join(self.recorder, path)) // SECTOR + sector

    def released(self, timeout=60, count=1):
        self.station.wait("DOCKING_RELEASED", timeout=timeout, count=count)
        return self.assert_all_filed(self.recorder)

    def recovers_from(self, *faults, again=0.2, **options):
        """All is filed in the end, without the card having been read all over again."""
        self.dock("a", self.recorder, fault=faults, **options)
        self.released()
        stats = self.control.stats("a")
        self.assertLess(stats["sector_bytes_again"], again * stats["sector_bytes"] + 2 * MIB)
        for fault in faults:
            self.assertIn(fault.split(",")[0], stats["faults"], "it did strike")
        return stats

    def assert_filed_of(self, serial):
        wanted = sorted(sha256_file(os.path.join(self.recorder, path)) for path in self.files)
        self.assertEqual(sorted(r["sha256"] for r in self.station.footage("--recorder", serial)), wanted)

    def alerts(self, kind):
        return self.station.json("alert", "list", f"--kind={kind}", "--open=yes")


class Docking(DiskTest):
    """The main job, for cards of either file system."""

    def test_everything_is_filed_without_a_kernel_driver(self):
        self.card("a", self.recorder, zone="Asia/Shanghai")
        self.dock("a", self.recorder)
        rows = self.released()
        self.assertTrue(any(r["source_path"].endswith("DCIM/100REC/现场 记录.bin") for r in rows))
        stats = self.control.stats("a")
        self.assertEqual((stats["driver_detached"], stats["failed_commands"]), (1, 0))
        self.assertLess(stats["sector_bytes_again"], 0.05 * stats["sector_bytes"])

    def test_docking_again_reads_no_footage(self):
        self.dock("a", self.recorder)
        self.released()
        first = self.control.stats("a")["sector_bytes"]
        self.unplug("a")
        self.dock("a", self.recorder)
        self.station.wait("DOCKING_RELEASED", count=2)
        tables = self.control.stats("a")["sector_bytes"]
        self.assertLessEqual(tables, first - sum(map(len, self.files.values())), "tables and folders, and no byte of a file")
        self.assertEqual(len(self.station.footage()), len(self.files))
        row = self.station.json("docking", "show", "2")[0]
        self.assertEqual((row["seen"], row["pulled"], row["already_held"], row["bytes"]), (4, 0, 4, 0))

    def test_unplugged_in_a_large_file_then_resumed(self):
        """Less than a twentieth of it is read once more."""
        total = 64 * MIB
        self.files = {"DCIM/100REC/large.bin": os.urandom(total)}
        self.recorder = self.recorder_folder("large", self.files)
        fault = self.fault_in("vanish", "a", self.recorder, "DCIM/100REC/large.bin", 45 * MIB + 700000)
        self.dock("a", self.recorder, fault=fault)
        self.station.wait("DOCKING_INTERRUPTED")
        read = self.control.stats("a")["sector_bytes"]
        self.unplug("a")
        self.dock("a", self.recorder)
        self.released()
        read += self.control.stats("a")["sector_bytes"]
        self.unplug("a")
        self.dock("a", self.recorder)
        self.released(count=2)
        tables = self.control.stats("a")["sector_bytes"]
        print(f"# {self.kind}: {read - 2 * tables - total} bytes of {total} were read again", flush=True)
        self.assertLess(read - 2 * tables, 1.05 * total)
        dockings = self.station.json("docking", "list")
        self.assertLess(sum(d["bytes"] for d in dockings), 1.05 * total)

    def test_unreadable_sectors_make_a_damaged_file(self):
        where = self.sector_of(BIG, 1000)
        self.dock("a", self.recorder, fault=f"medium,lba={where}-{where + 3}")
        self.station.wait("DOCKING_RELEASED")
        rows = {r["name"]: r for r in self.station.footage()}
        self.assertEqual(len(rows), len(self.files))
        row = rows["big.bin"]
        self.assertEqual((row["verdict"], row["size"]), ("damaged", len(self.files[BIG])))
        self.assertTrue([x for x in row["verdict_reasons"] if f"{1000 * SECTOR}+{4 * SECTOR}" in x], row["verdict_reasons"])
        content = bytearray(self.files[BIG])
        content[1000 * SECTOR : 1004 * SECTOR] = bytes(4 * SECTOR)
        with open(os.path.join(self.station.store, row["path"]), "rb") as f:
            self.assertEqual(f.read(), bytes(content), "exactly the unreadable sectors are zeros")
        self.assertEqual(self.station.json("docking", "show", "1")[0]["unreadable"], 4 * SECTOR)


class DockingExfat(Docking):
    kind = "exfat"


class Devices(DiskTest):
    """What a device is besides one disk with one card."""

    def test_other_volumes(self):
        kinds = (
            {"table": "none"},
            {"fs": "fat16"},
            {"fs": "fat12"},
            {"sector": 4096, "size": 400 * MIB},
            {"fs": "exfat", "table": "none"},
            {"fs": "exfat", "sector": 4096, "cluster": 32768},
        )
        for number, options in enumerate(kinds):
            with self.subTest(options):
                card = self.card(f"v{number}", self.recorder, **options)
                self.plug_disk("a", card, serial=f"V{number}", sector=options.get("sector", 512))
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                self.assert_filed_of(f"V{number}")
                self.unplug("a")

    def test_memory_and_card(self):
        other = self.recorder_folder("b", {"card.bin": os.urandom(100000)})
        self.plug_disk("a", self.card("a", self.recorder), self.card("b", other, fs="exfat"), "none")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(len(self.station.footage()), len(self.files) + 1)

    def test_driver_is_given_back(self):
        self.dock("a", self.recorder)
        self.released()
        self.station.stop()
        self.assertEqual(self.control.stats("a")["driver_attached"], 1)

    def test_vendor_mode_then_disk_is_one_docking(self):
        self.dock("a", self.recorder, vendor_mode="yes")
        self.control.send("switch a")
        self.released()
        self.assertEqual(len(self.station.json("docking", "list")), 1)

    def test_uas_falls_back(self):
        self.recovers_from(uas="yes")

    def test_a_disk_that_is_more_is_refused_before_it_docks(self):
        for number, beside in enumerate(("keyboard", "network")):
            with self.subTest(beside):
                self.dock("a", self.recorder, beside=beside, serial=beside)
                self.station.wait("DEVICE_REFUSED", count=number + 1)
                self.assertIn(beside, self.alerts("suspicious-device")[0]["text"])
                self.assertEqual(self.station.json("docking", "list"), [])
                self.assertEqual(self.control.stats("a")["commands"], 0)
                self.unplug("a")
                self.station.wait("ALERT_CLEARED", count=number + 1)


class Faults(DiskTest):
    config = "[Docking]\nWarnTimeout=4s\nKillTimeout=30s\n"
    patience = 700

    def fails(self, *faults, timeout=60, **options):
        """Nothing can be had: the docking says so in bounded time, and somebody is told."""
        self.dock("a", self.recorder, fault=faults, **options)
        self.station.wait("DOCKING_FAILED", timeout=timeout)
        self.assertEqual(self.station.footage(), [])
        self.assertEqual(len(self.alerts("docking-failed")), 1)
        return self.control.stats("a")


class Medium(Faults):
    """What a medium does."""

    def test_an_error_that_heals(self):
        where = self.sector_of(BIG, 1000)
        self.recovers_from(f"medium,lba={where}-{where + 7},times=2")

    def test_none_is_waited_for_as_a_lock(self):
        self.dock("a", self.recorder, fault="empty")
        self.station.wait("WORKER_NOTICE")
        self.assertIn("locked", self.station.json("docking", "list")[0]["reason"])
        self.control.send("fault a clear")
        self.released()

    def test_one_that_tells_too_much(self):
        stats = self.recovers_from("capacity,value=10000000")
        self.assertLess(stats["failed_commands"], 10)

    def test_one_that_ends_within_a_file(self):
        """The volume was made for a larger card: what the medium has of a file is kept, and the end is found in a few commands."""
        end = self.sector_of(BIG, 3001)
        image = self.card("a", self.recorder)
        size = os.path.getsize(image)
        os.truncate(image, end * SECTOR)
        self.cards[image] = sha256_file(image)
        self.dock("a", self.recorder, fault=f"capacity,value={size // SECTOR}")
        self.station.wait("DOCKING_RELEASED")
        rows = {r["name"]: r for r in self.station.footage()}
        with open(os.path.join(self.station.store, rows["big.bin"]["path"]), "rb") as f:
            self.assertEqual(f.read(), self.files[BIG][: 3001 * SECTOR].ljust(len(self.files[BIG]), b"\0"))
        self.assertEqual(rows["big.bin"]["verdict"], "damaged")
        self.assertLess(self.control.stats("a")["failed_commands"], 40)

    def test_one_that_tells_too_little_fails_its_files(self):
        self.dock("a", self.recorder, fault="capacity,value=4000")
        self.wait_any("DOCKING_FAILED", "DOCKING_RELEASED", timeout=60)
        whole = {sha256_file(os.path.join(self.recorder, path)) for path in self.files}
        bad = [r for r in self.station.footage() if r["sha256"] not in whole and r["verdict"] == "complete"]
        self.assertEqual(bad, [], "nothing false is called complete")

    def test_one_that_is_exchanged_is_listed_anew(self):
        self.dock("a", self.recorder, fault=f"attention,op=0x28,lba={self.sector_of(BIG, 2500)}")
        self.released()
        self.assertEqual(len(self.station.log.find("WORKER_SANDBOX")), 2, "another worker listed it")
        self.assertEqual(len(self.station.json("docking", "list")), 1)


class Unit(Faults):
    """What a unit says."""

    def test_attention_once(self):
        self.recovers_from("attention")

    def test_attention_for_ever_ends(self):
        self.fails("attention,times=always")

    def test_attention_in_the_middle_costs_nothing(self):
        where = self.sector_of(BIG, 2500)
        stats = self.recovers_from(f"sense,op=0x28,lba={where},value=0x062900,times=3", again=0)
        self.assertEqual(stats["class_resets"], 1, "the one it begins with")
        self.assertEqual(len(self.station.log.find("WORKER_SANDBOX")), 1)

    def test_attention_in_the_middle_for_ever_damages_nothing(self):
        where = self.sector_of(BIG, 2500)
        self.dock("a", self.recorder, fault=f"sense,op=0x28,lba={where},value=0x062900,times=always")
        self.station.wait("DOCKING_FAILED")
        self.assertEqual(len(self.station.footage()), len(self.files) - 1)
        self.assertNotIn("damaged", {r["verdict"] for r in self.station.footage()})

    def test_not_ready_for_a_while(self):
        self.recovers_from("not-ready,times=5")

    def test_not_ready_for_ever_ends(self):
        self.fails("not-ready,times=always")

    def test_small_reads_only(self):
        for number, kind in enumerate(("read-limit", "read-limit-stall")):
            with self.subTest(kind):
                self.dock("a", self.recorder, serial=kind, fault=f"{kind},value=128")
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                self.assert_filed_of(kind)
                self.unplug("a")

    def test_garbage_once(self):
        """In what it says of itself, and of its size."""
        for number, op in enumerate(("0x12", "0x25")):
            with self.subTest(op):
                self.dock("a", self.recorder, serial=op, fault=f"garbage,op={op}")
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                self.assert_filed_of(op)
                self.unplug("a")

    def test_garbage_for_ever_is_no_disk(self):
        stats = self.fails("garbage,op=0x12,times=always")
        self.assertEqual(stats["sector_bytes"], 0)

    def test_no_max_lun(self):
        self.recovers_from("no-max-lun")


class Bus(Faults):
    """What happens on the bus."""

    def test_slips_once(self):
        slips = "stall stall-command stall-status tag signature status-size residue,value=512 phase stale babble short silence".split()
        for number, slip in enumerate(slips):
            with self.subTest(slip):
                serial = f"S{number}"
                self.dock("a", self.recorder, serial=serial, fault=f"{slip},op=0x28,nth=6")
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                self.assert_filed_of(serial)
                self.assertEqual(len(self.control.stats("a")["faults"]), 1, "it did strike")
                self.unplug("a")

    def test_short_with_a_residue_that_lies(self):
        first = self.sector_of(BIG)
        at = (first + 2000) * SECTOR + 100
        self.recovers_from(f"short,at={at}", f"residue,op=0x28,lba={first + 2000},value=0")

    def test_silence_for_ever_ends(self):
        self.fails("silence,op=0x28,times=always")

    def test_slow(self):
        self.recovers_from(rate=2000000)
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])


if __name__ == "__main__":
    tap.main("__main__")
