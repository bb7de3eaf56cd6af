#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lists and clocks of recorders that are not as they say."""

import os

import tap
from faults_case import FaultsTest
from testbed import sha256_file


class Listing(FaultsTest):
    """The list by properties, of a product that is trusted with it: GetObjectHandles says what there is."""

    sound = {"vid": "0x18d1", "pid": "0x4ee1"}

    def setUp(self):
        super().setUp()
        self.recorder = self.recorder_folder("a", {f"DCIM/{n:02}.bin": os.urandom(20000 + 1000 * n) for n in range(12)})

    def plug_fault(self, fault):
        self.plug("a", self.recorder, fault=fault, **self.sound)

    def test_a_list_that_omits_is_not_believed(self):
        self.plug_fault("list-omits,object=05.bin")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(self.recorder)

    def test_a_list_that_omits_all_is_not_believed(self):
        self.plug_fault("list-omits")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(self.recorder)

    def assert_named_right(self):
        """No file goes under another's name: it could be another officer's."""
        names = {sha256_file(os.path.join(self.recorder, "DCIM", n)): n for n in os.listdir(os.path.join(self.recorder, "DCIM"))}
        rows = self.station.footage()
        for row in rows:
            self.assertEqual(names[row["sha256"]], row["name"])
        return rows

    def test_a_list_that_lies_names_nothing_wrongly(self):
        for fault in ("list-lies,object=05.bin", "list-lies"):
            with self.subTest(fault):
                mark = self.station.mark()
                self.plug_fault(fault)
                self.station.wait("DOCKING_RELEASED", start=mark)
                self.assert_all_filed(self.recorder)
                self.assert_named_right()
                self.unplug("a")

    def test_a_lie_between_files_of_one_size(self):
        self.recorder = self.recorder_folder("b", {f"DCIM/{n:02}.bin": os.urandom(20000) for n in range(12)})
        self.plug_fault("list-lies")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(self.recorder)
        self.assert_named_right()

    def test_sizes_of_the_list(self):
        for value, released in ((0xFFFFFFFF, True), (0, True), (1000, False)):
            with self.subTest(value):
                mark = self.station.mark()
                self.plug("a", self.recorder, serial=f"L{value}", fault=f"list-size,object=05.bin,value={value}", **self.sound)
                self.station.wait("DOCKING_RELEASED" if released else "DOCKING_FAILED", start=mark)
                rows = self.station.footage("--recorder", f"L{value}")
                self.assertEqual(len(rows), 12 if released else 11)
                self.assertEqual("05.bin" in {r["name"] for r in rows}, released)
                self.unplug("a")
        self.assert_named_right()


class Clocks(FaultsTest):
    """A recorder's clock that does not do as it is told: the docking is none the worse, and nothing false is on record."""

    config = "[Docking]\nSetClock=yes\n"

    def assert_not_set(self, sets=1, **options):
        folder = self.recorder_folder("a", {"x.bin": b"x" * 100})
        self.plug("a", folder, **options)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["clock_sets"], sets)
        acts = [e["act"] for e in self.station.json("ledger", "list")]
        self.assertIn("recorder.clock-not-set", acts)
        self.assertNotIn("recorder.clock-set", acts)
        self.assertEqual(self.station.log.find("CLOCK_SET"), [])
        self.assertIsNone(self.station.json("docking", "show", "1")[0]["clock_set_to"])

    def test_a_clock_that_is_stuck(self):
        self.assert_not_set(fault="clock-stuck", clock=780)
        self.assertIn("clock-drift", [a["kind"] for a in self.station.json("alert", "list")])

    def test_a_clock_that_runs_back(self):
        self.assert_not_set(fault="clock-back", clock=780)

    def test_a_clock_that_refuses(self):
        self.assert_not_set(sets=0, fault="refuse,op=0x1016,times=always", clock=780)


if __name__ == "__main__":
    tap.main("__main__")
