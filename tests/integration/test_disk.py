#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that docks as a disk: its footage is pulled from user space, whatever the disk does; the card stays as it was."""

import os

import tap
from testbed import StationTest, make_card, sha256_file

SECTOR = 512
MIB = 1 << 20


class Disk(StationTest):
    config = "[Docking]\nWarnTimeout=4s\nKillTimeout=30s\n"

    def setUp(self):
        super().setUp()
        self.files = {
            "DCIM/100REC/a.bin": os.urandom(400000),
            "DCIM/100REC/big.bin": os.urandom(3000000),
            "DCIM/100REC/现场 记录.bin": os.urandom(70000),
            "z.bin": os.urandom(5000),
        }
        self.recorder = self.recorder_folder("a", self.files)

    def card(self, name="a", folder=None, **options):
        """A card, and its digest before anybody has seen it."""
        image = make_card(os.path.join(self.folder, f"card-{name}"), folder or self.recorder, **options)
        return image, sha256_file(image)

    def sectors_of(self, image, path, first=0, count=None):
        """Where a file lies on a fresh card: as FIRST-LAST. mcopy writes it in one piece."""
        content = self.files[path]
        with open(image, "rb") as f:
            start = f.read().find(content[:4096])
        self.assertGreaterEqual(start, 0)
        self.assertEqual(start % SECTOR, 0)
        begin = start // SECTOR + first
        return f"{begin}-{begin + (count or -(-len(content) // SECTOR)) - 1}"

    def released(self, timeout=120):
        self.station.wait("DOCKING_RELEASED", timeout=timeout)
        return self.assert_all_filed(self.recorder)

    def recovers_from(self, *faults, again=0.2, **options):
        """All is filed in the end, without the card having been read all over again."""
        card, digest = self.card()
        self.plug_disk("a", card, fault=faults, **options)
        self.released()
        stats = self.assert_untouched("a", card, digest)
        self.assertLess(stats["sector_bytes_again"], again * stats["sector_bytes"] + 2 * MIB)
        return stats

    def fails(self, *faults, timeout=150, **options):
        """Nothing can be had, and the docking says so in bounded time."""
        card, digest = self.card()
        self.plug_disk("a", card, fault=faults, **options)
        self.wait_any("DOCKING_FAILED", "WORKER_DIED", timeout=timeout)
        self.assertEqual(self.station.footage(), [])
        self.assert_untouched("a", card, digest)

    # The main job.

    def test_fat32(self):
        card, digest = self.card(zone="Asia/Shanghai")
        self.plug_disk("a", card)
        rows = self.released()
        self.assertTrue(any(r["source_path"].endswith("DCIM/100REC/现场 记录.bin") for r in rows))
        stats = self.assert_untouched("a", card, digest)
        self.assertEqual((stats["driver_detached"], stats["failed_commands"]), (1, 0))
        self.assertLess(stats["sector_bytes_again"], 0.05 * stats["sector_bytes"])

    def test_other_volumes(self):
        for number, options in enumerate(({"table": "none"}, {"fs": "fat16"}, {"fs": "fat12"}, {"sector": 4096, "size": 400 * MIB})):
            with self.subTest(options):
                card, digest = self.card(f"v{number}", **options)
                self.plug_disk("a", card, serial=f"V{number}", sector=options.get("sector", 512))
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                self.assertEqual(len(self.station.footage("--recorder", f"V{number}")), len(self.files))
                self.assert_untouched("a", card, digest)
                self.unplug("a")

    def test_memory_and_card(self):
        other = self.recorder_folder("b", {"card.bin": os.urandom(100000)})
        inside, one = self.card()
        card, two = self.card("b", other)
        self.plug_disk("a", inside, card, "none")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(len(self.station.footage()), len(self.files) + 1)
        self.assert_untouched("a", inside, one)
        self.assert_untouched("a", card, two)

    def test_docking_again_reads_no_footage(self):
        card, digest = self.card()
        self.plug_disk("a", card)
        self.released()
        self.unplug("a")
        self.plug_disk("a", card)
        self.station.wait("DOCKING_RELEASED", count=2)
        stats = self.assert_untouched("a", card, digest)
        self.assertLess(stats["sector_bytes"], 2 * MIB, "tables and folders only")

    def test_driver_is_given_back(self):
        card, _ = self.card()
        self.plug_disk("a", card)
        self.released()
        self.station.stop()
        self.assertEqual(self.control.stats("a")["driver_attached"], 1)

    def test_vendor_mode_then_disk_is_one_docking(self):
        card, digest = self.card()
        self.plug_disk("a", card, vendor_mode="yes")
        self.control.send("switch a")
        self.released()
        self.assertEqual(len(self.station.json("docking", "list")), 1)
        self.assert_untouched("a", card, digest)

    def test_uas_falls_back(self):
        self.recovers_from(uas="yes")

    def test_a_disk_that_is_more_is_refused(self):
        for beside in ("keyboard", "network"):
            with self.subTest(beside):
                card, _ = self.card(beside)
                self.plug_disk("a", card, beside=beside, serial=beside)
                self.wait_any("DOCKING_FAILED", "DOCKING_REFUSED", timeout=60)
                self.assertEqual(self.station.footage(), [])
                self.assertEqual(self.control.stats("a")["commands"], 0)
                self.unplug("a")

    # What a medium does.

    def test_medium_error_that_heals(self):
        card, digest = self.card()
        where = self.sectors_of(card, "DCIM/100REC/big.bin", 1000, 8)
        self.plug_disk("a", card, fault=f"medium,lba={where},times=2")
        self.released()
        self.assert_untouched("a", card, digest)

    def test_unreadable_sectors_make_a_damaged_file(self):
        card, digest = self.card()
        where = self.sectors_of(card, "DCIM/100REC/big.bin", 1000, 4)
        self.plug_disk("a", card, fault=f"medium,lba={where}")
        self.wait_any("DOCKING_RELEASED", "DOCKING_FAILED", timeout=120)
        rows = {r["name"]: r for r in self.station.footage()}
        self.assertEqual(len(rows), len(self.files))
        self.assertEqual(rows["big.bin"]["verdict"], "damaged")
        self.assertEqual(rows["big.bin"]["size"], 3000000)
        content = bytearray(self.files["DCIM/100REC/big.bin"])
        content[1000 * SECTOR : 1004 * SECTOR] = bytes(4 * SECTOR)
        with open(os.path.join(self.station.store, rows["big.bin"]["path"]), "rb") as f:
            self.assertEqual(f.read(), bytes(content), "exactly the unreadable sectors are zeros")
        self.assert_untouched("a", card, digest)

    def test_no_medium(self):
        self.fails("empty")

    def test_a_card_that_tells_too_much(self):
        self.recovers_from("capacity,value=10000000")

    def test_a_card_that_tells_too_little_fails_its_files(self):
        card, digest = self.card()
        self.plug_disk("a", card, fault="capacity,value=4000")
        self.wait_any("DOCKING_FAILED", "DOCKING_RELEASED", timeout=120)
        whole = {sha256_file(os.path.join(self.recorder, path)) for path in self.files}
        bad = [r for r in self.station.footage() if r["sha256"] not in whole and r["verdict"] == "complete"]
        self.assertEqual(bad, [], "nothing false is called complete")
        self.assert_untouched("a", card, digest)

    # What a unit says.

    def test_attention_once(self):
        self.recovers_from("attention")

    def test_attention_for_ever_ends(self):
        self.fails("attention,times=always")

    def test_not_ready_for_a_while(self):
        self.recovers_from("not-ready,times=5")

    def test_not_ready_for_ever_ends(self):
        self.fails("not-ready,times=always")

    def test_small_reads_only(self):
        for number, kind in enumerate(("read-limit", "read-limit-stall")):
            with self.subTest(kind):
                card, digest = self.card(kind)
                self.plug_disk("a", card, serial=kind, fault=f"{kind},value=128")
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                self.assertEqual(len(self.station.footage("--recorder", kind)), len(self.files))
                self.assert_untouched("a", card, digest)
                self.unplug("a")

    def test_garbage_identity_is_no_disk(self):
        self.fails("garbage,op=0x12,times=always")

    def test_no_max_lun(self):
        self.recovers_from("no-max-lun")

    # What happens on the bus.

    def test_bus_slips_once(self):
        slips = "stall stall-command stall-status tag signature status-size residue,value=512 phase stale babble short silence".split()
        for number, slip in enumerate(slips):
            with self.subTest(slip):
                serial = f"S{number}"
                card, digest = self.card(serial)
                self.plug_disk("a", card, serial=serial, fault=f"{slip},op=0x28,nth=6")
                self.station.wait("DOCKING_RELEASED", count=number + 1, timeout=120)
                wanted = sorted(sha256_file(os.path.join(self.recorder, path)) for path in self.files)
                self.assertEqual(sorted(r["sha256"] for r in self.station.footage("--recorder", serial)), wanted)
                self.assertEqual(len(self.control.stats("a")["faults"]), 1, "it did strike")
                self.assert_untouched("a", card, digest)
                self.unplug("a")

    def test_short_with_a_residue_that_lies(self):
        card, digest = self.card()
        first = int(self.sectors_of(card, "DCIM/100REC/big.bin").split("-", maxsplit=1)[0])
        at = (first + 2000) * SECTOR + 100
        self.plug_disk("a", card, fault=(f"short,at={at}", f"residue,op=0x28,lba={first + 2000},value=0"))
        self.released()
        self.assert_untouched("a", card, digest)

    def test_silence_for_ever_ends(self):
        self.fails("silence,op=0x28,times=always", timeout=200)

    def test_slow(self):
        self.recovers_from(rate=2000000)
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])

    def test_vanish_then_resume(self):
        card, digest = self.card()
        first = int(self.sectors_of(card, "DCIM/100REC/big.bin").split("-", maxsplit=1)[0])
        self.plug_disk("a", card, fault=f"vanish,at={first * SECTOR + 2000000}")
        self.station.wait("DOCKING_INTERRUPTED")
        before = self.assert_untouched("a", card, digest)
        self.unplug("a")
        self.plug_disk("a", card)
        self.released()
        after = self.assert_untouched("a", card, digest)
        total = sum(map(len, self.files.values()))
        self.assertLess(before["sector_bytes"] + after["sector_bytes"], 1.05 * total + 4 * MIB)


if __name__ == "__main__":
    tap.main("__main__")
