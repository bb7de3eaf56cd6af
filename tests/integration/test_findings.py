#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a disk tells besides its files: what was deleted, what it cannot give, what is missing; and what is no recorder."""

import os

import tap
from testbed import StationTest

SECTOR = 512
RECORDED = 1793491200  # 2026-11-01
BAYS = '[Bay "9"]\nPort=1-1\n'


class DiskTest(StationTest):
    kind = "fat32"

    def make(self, files, **options):
        """A card with these files, in place of the one before. The same ones are of the same time."""
        self.assert_cards_untouched()
        self.cards.clear()
        folder = self.recorder_folder("a", files)
        for path in files:
            os.utime(os.path.join(folder, path), (RECORDED, RECORDED))
        return self.card("a", folder, **options)

    def sectors_of(self, image, content, first, count):
        """Sectors of a file on a fresh card, as FIRST-LAST: it lies there in one piece."""
        with open(image, "rb") as f:
            begin = f.read().find(content[:4096]) // SECTOR + first
        return f"{begin}-{begin + count - 1}"

    def dock_card(self, image, count, name="a", **options):
        self.plug_disk(name, image, **options)
        self.station.wait("DOCKING_RELEASED", count=count)

    def alerts(self, kind):
        return self.station.json("alert", "list", f"--kind={kind}", "--open=yes")

    def receipt(self, docking):
        return self.station.json("docking", "show", str(docking))[0]


class Deleted(DiskTest):
    FILES = {
        "DCIM/kept.mp4": os.urandom(90000),
        "DCIM/gone.mp4": os.urandom(70000),
        "DCIM/settings.json": os.urandom(3000),
    }

    def check_recovered(self):
        rows = [row for row in self.station.footage() if row["source"] == "recovered"]
        self.assertEqual([row["size"] for row in rows], [70000])
        with open(os.path.join(self.station.store, rows[0]["path"]), "rb") as f:
            self.assertEqual(f.read(), self.FILES["DCIM/gone.mp4"])
        finding = self.station.json("finding", "list", "--kind=deleted")[0]
        self.assertEqual((finding["state"], finding["footage"]), ("recovered", rows[0]["id"]))
        return rows[0]

    def test_deleted_file_is_a_finding_and_is_recovered_when_asked(self):
        image = self.make(self.FILES, delete=["DCIM/gone.mp4", "DCIM/settings.json"])
        self.dock_card(image, 1)
        found = self.station.json("finding", "list")
        self.assertEqual([(f["kind"], f["size"], f["recoverable"], f["state"]) for f in found], [("deleted", 70000, True, "open")])
        self.assertIn("one.mp4", found[0]["path"])  # FAT has overwritten the first byte of a short name
        alert = self.alerts("deleted-on-recorder")[0]
        self.assertEqual(alert["subject"], "recorder/SERA")
        for word in ("one.mp4", "70000 bytes", "recoverable"):
            self.assertIn(word, alert["text"])
        self.assertEqual(self.receipt(1)["findings"], 1)
        self.assertEqual([row["source"] for row in self.station.footage()], ["dock"])
        # Another docking's, one that is not there, and a docking that is over: refused, and nothing is pulled.
        self.assertEqual(self.station.ctl("recover", "1", "99", check=False).returncode, 5)
        self.assertEqual(self.station.ctl("recover", "7", check=False).returncode, 5)
        self.station.ctl("recover", "1", str(found[0]["finding"]))
        self.station.wait("DOCKING_RELEASED", count=2)
        row = self.check_recovered()
        receipt = self.receipt(1)
        self.assertEqual((receipt["state"], receipt["pulled"], receipt["failed"]), ("released", 2, 0))
        act = self.station.json("ledger", "list", "--act=finding.recovery-asked")[0]
        self.assertIn("uid=", act["actor"])
        self.assertEqual(self.station.ctl("recover", "1", check=False).returncode, 5, "there is nothing more to recover")
        self.unplug("a")
        # What was recovered is filed: no finding at the next docking, and it is not pulled again.
        self.dock_card(image, 3)
        self.assertEqual(self.receipt(2)["findings"], 0)
        self.assertEqual(len(self.station.footage()), 2)
        self.assertEqual(self.station.json("show", str(row["id"]))[0]["source"], "recovered")
        self.unplug("a")
        self.assertEqual(self.station.ctl("recover", "2", check=False).returncode, 5, "the docking is over")

    def test_recovery_that_was_cut_off_goes_on_at_the_next_docking(self):
        gone = os.urandom(40 << 20)
        image = self.make({"kept.mp4": b"k" * 5000, "gone.mp4": gone}, delete=["gone.mp4"])
        middle = int(self.sectors_of(image, gone, (30 << 20) // SECTOR, 1).split("-")[0])
        self.dock_card(image, 1, fault=f"vanish,at={middle * SECTOR}")
        self.station.ctl("recover", "1")
        self.station.wait("DOCKING_INTERRUPTED")
        self.unplug("a")
        self.dock_card(image, 2, name="b", serial="SERA")
        self.assertEqual([f["state"] for f in self.station.json("finding", "list")], ["recovered", "recovered"])
        rows = [row for row in self.station.footage() if row["source"] == "recovered"]
        with open(os.path.join(self.station.store, rows[0]["path"]), "rb") as f:
            self.assertEqual(f.read(), gone)
        self.assertLess(self.control.stats("b")["sector_bytes"], len(gone), "it went on from its part")

    def test_what_was_filed_before_it_was_deleted_is_no_finding(self):
        self.dock_card(self.make(self.FILES), 1)
        self.unplug("a")
        self.dock_card(self.make(self.FILES, delete=["DCIM/gone.mp4"]), 2)
        self.assertEqual(self.station.json("finding", "list", "--kind=deleted"), [])
        self.assertEqual(self.alerts("deleted-on-recorder"), [])


class GivenOut(DiskTest):
    def test_recorder_given_out_in_its_bay_does_not_come_back_by_a_recovery(self):
        """A second worker identifies it once more, in the same docking."""
        self.dock_card(self.make(Deleted.FILES, delete=["DCIM/gone.mp4"]), 1)
        recorder = self.receipt(1)["recorder"]
        self.station.ctl("officer", "add", "200417", "王伟")
        self.station.ctl("checkout", recorder, "--officer=200417", "--override=nobody else has one")
        self.station.ctl("recover", "1")
        self.station.wait("DOCKING_RELEASED", count=2)
        self.assertEqual([d["recorder"] for d in self.station.json("duty", "list", "--out=yes")], [recorder])


class DeletedOnExfat(Deleted):
    kind = "exfat"

    def test_deleted_and_overwritten_file_is_a_finding_and_nothing_to_recover(self):
        image = self.make(self.FILES, delete=["DCIM/gone.mp4"], reuse="yes")
        self.dock_card(image, 1)
        found = self.station.json("finding", "list")
        self.assertEqual([(f["kind"], f["size"], f["recoverable"]) for f in found], [("deleted", 70000, False)])
        self.assertEqual(self.alerts("deleted-on-recorder")[0]["subject"], "recorder/SERA")
        refused = self.station.ctl("recover", "1", str(found[0]["finding"]), check=False)
        self.assertEqual((refused.returncode, refused.stdout), (6, ""), refused.stderr)
        self.assertEqual([row["source"] for row in self.station.footage()], ["dock", "dock"])


class DeletedByPolicy(Deleted):
    config = "[Docking]\nRecover=yes\n"

    test_deleted_file_is_a_finding_and_is_recovered_when_asked = None
    test_recovery_that_was_cut_off_goes_on_at_the_next_docking = None

    def test_deleted_file_is_recovered_by_policy(self):
        self.dock_card(self.make(self.FILES, delete=["DCIM/gone.mp4"]), 1)
        self.check_recovered()
        self.assertEqual(len(self.alerts("deleted-on-recorder")), 1)


class Unreadable(DiskTest):
    config = "[Docking]\nWarnTimeout=4s\nKillTimeout=30s\n"

    def check_damaged(self, content, ranges):
        row = self.station.footage()[0]
        self.assertEqual(row["verdict"], "damaged")
        told = [reason for reason in row["verdict_reasons"] if reason.startswith("unreadable")]
        expected = bytearray(content)
        for start, size in ranges:
            self.assertIn(f"{start}+{size}", told[0])
            expected[start : start + size] = bytes(size)
        with open(os.path.join(self.station.store, row["path"]), "rb") as f:
            self.assertEqual(f.read(), bytes(expected), "zeros where nothing was to be had, and nowhere else")
        self.assertEqual(self.alerts("verdict-bad")[0]["subject"], f"footage/{row['id']}")
        return row

    def test_unreadable_sectors_are_listed(self):
        content = os.urandom(900000)
        image = self.make({"a.bin": content})
        bad = self.sectors_of(image, content, 100, 4)
        self.dock_card(image, 1, fault=f"medium,lba={bad}")
        self.check_damaged(content, [(100 * SECTOR, 4 * SECTOR)])
        receipt = self.receipt(1)
        self.assertEqual((receipt["unreadable"], receipt["bad_verdicts"]), (4 * SECTOR, 1))
        self.assertEqual(receipt["items"][0]["unreadable"], 4 * SECTOR)

    def test_ranges_before_an_unplug_are_not_forgotten(self):
        content = os.urandom(60 << 20)
        image = self.make({"a.bin": content})
        bad = self.sectors_of(image, content, 100, 4)
        last = self.sectors_of(image, content, (50 << 20) // SECTOR, 1).split("-")[0]
        self.plug_disk("a", image, fault=[f"medium,lba={bad}", f"vanish,at={int(last) * SECTOR}"])
        self.station.wait("ITEM_UNREADABLE")
        self.station.wait("DOCKING_INTERRUPTED")
        self.unplug("a")
        # The card can be read now: what is in the part stays as it is, zeros included, and is told.
        self.dock_card(image, 1, name="b", serial="SERA")
        self.check_damaged(content, [(100 * SECTOR, 4 * SECTOR)])
        self.assertLess(self.control.stats("b")["sector_bytes"], len(content), "it went on from its part")


class Gaps(DiskTest):
    def name(self, number):
        return f"DCIM/J121000_20260101120000_{number:04}.mp4"

    def test_missing_numbers_are_a_finding(self):
        image = self.make({self.name(n): os.urandom(2000 + n) for n in (1, 2, 5, 6)})
        self.dock_card(image, 1)
        found = self.station.json("finding", "list", "--kind=sequence-gap")
        self.assertEqual([f["count"] for f in found], [2])
        self.assertIn("0003 to 0004 missing", found[0]["text"])
        self.assertEqual(self.alerts("sequence-gap")[0]["subject"], "recorder/SERA")

    def test_what_was_filed_and_removed_is_not_missing(self):
        self.dock_card(self.make({self.name(n): os.urandom(2000 + n) for n in (2, 3)}), 1)
        self.unplug("a")
        os.rename(self.recorder_folder("a", {}), os.path.join(self.folder, "before"))
        self.dock_card(self.make({self.name(n): os.urandom(2000 + n) for n in (1, 4)}), 2)
        self.assertEqual(self.station.json("finding", "list", "--kind=sequence-gap"), [])
        self.assertEqual(self.alerts("sequence-gap"), [])


class Strangers(DiskTest):
    config = BAYS

    def test_disk_in_a_bay_is_left_alone_and_alerted(self):
        image = self.make({"a.bin": b"x" * 1000})
        self.plug_disk("a", image, tag='""')
        self.station.wait("DEVICE_LEFT_ALONE")
        alert = self.alerts("unknown-device")[0]
        self.assertEqual(alert["subject"], "bay/9")
        self.assertIn("SERA", alert["text"])
        self.assertEqual(self.station.json("docking", "list"), [])
        self.assertEqual(self.control.stats("a")["commands"], 0)
        self.unplug("a")
        self.station.wait("ALERT_CLEARED")
        self.assertEqual(self.alerts("unknown-device"), [])

    def test_recorder_that_is_a_keyboard_too_is_refused(self):
        image = self.make({"a.bin": b"x" * 1000})
        for port, beside in (("1-1", "keyboard"), ("1-2", "network")):
            self.plug_disk("a", image, beside=beside, port=port)
            self.station.wait("DEVICE_REFUSED")
            self.assertIn(beside, self.alerts("suspicious-device")[0]["text"])
            self.assertEqual(self.station.json("docking", "list"), [])
            self.assertEqual(self.control.stats("a")["commands"], 0)
            self.unplug("a")
            self.station.wait("ALERT_CLEARED")
            self.station.log.records.clear()
            self.assertEqual(self.alerts("suspicious-device"), [])


class Switching(DiskTest):
    def test_modes_of_one_recorder_are_one_docking(self):
        image = self.make({"a.bin": os.urandom(5000)})
        self.plug("m", self.recorder_folder("m", {}), serial="SAME", pid="0x1001")
        self.station.wait("DOCKING_RELEASED")
        self.unplug("m")
        self.dock_card(image, 2, name="a", serial="SAME", pid="0x1000")
        self.station.wait("DOCKING_CONTINUED")
        dockings = self.station.json("docking", "list")
        self.assertEqual([(d["docking"], d["state"], d["driver"], d["pulled"]) for d in dockings], [(1, "released", "ums", 1)])
        self.assertIsNone(dockings[0]["unplugged_at"])
        self.assertEqual(len(self.station.json("ledger", "list", "--act=docking.continued")), 1)
        self.unplug("a")
        # The same product again is somebody who has put it in again.
        self.dock_card(image, 3, name="b", serial="SAME", pid="0x1000")
        self.assertEqual(len(self.station.json("docking", "list")), 2)


if __name__ == "__main__":
    tap.main("__main__")
