#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that never ends what it does, or never begins: the station does, and the rest is none the worse."""

import os
import time

import tap
from faults_case import GET_OBJECT, FileFaultsTest
from testbed import SLOW


class Endless(FileFaultsTest):
    def test_size_beyond_any_disk_holds_up_nobody_else(self):
        honest = self.recorder_folder("b", {f"{n}.bin": os.urandom(50000) for n in range(20)})
        self.plug("b", honest, port="1-2", rate=200000)
        self.station.wait("FOOTAGE_FILED")
        self.plug("a", self.recorder, fault=f"size,object=big.bin,value={1 << 50}")
        self.station.wait("ALERT_RAISED", alert="store-low")
        self.station.wait("DOCKING_RELEASED", docking=1)
        self.assertEqual(self.station.log.find("STORE_PAUSED"), [])

    def test_an_item_without_size_and_end_is_cut_off(self):
        self.station.configure("[Docking]\nItemMax=8M\n")
        self.station.ctl("reload")
        self.plug("a", self.recorder, proplist="no", rate=8000000, fault=self.endless("a.bin"))
        self.station.wait("DOCKING_FAILED")
        self.assertEqual({r["name"] for r in self.station.footage()}, {"big.bin", "z.bin"}, "the others came through")
        alert = [a for a in self.station.json("alert", "list") if a["kind"] == "item-endless"][0]
        self.assertIn("a.bin", alert["text"])
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [], "its part takes no room")

    def test_busy_for_ever_ends(self):
        self.plug("a", self.recorder, fault="busy,times=always")
        self.station.wait("DOCKING_FAILED", timeout=150)
        self.assertEqual(self.station.footage(), [])

    def test_stale_responses_for_ever_end(self):
        self.plug("a", self.recorder, fault="stale,value=0,times=always")
        self.station.wait("DOCKING_FAILED", timeout=150)

    def test_silence_for_ever_ends(self):
        self.plug("a", self.recorder, fault="silence,times=always")
        self.station.wait("DOCKING_FAILED", timeout=200)
        self.assertEqual(self.station.footage(), [])

    def test_endless_data_is_cut_where_the_object_ends(self):
        self.recovers_from(f"endless-data,op={GET_OBJECT},object=a.bin,times=always")

    def test_endless_listing_ends(self):
        self.plug("a", self.recorder, fault="endless-listing")
        mark = self.station.mark()
        self.station.wait("DOCKING_IDENTIFIED", start=0)
        self.assertIsNotNone(mark)
        done = self.wait_any("DOCKING_RELEASED", "DOCKING_FAILED", timeout=150)
        self.assertTrue(done)

    def test_cyclic_folders_end(self):
        self.plug("a", self.recorder, fault="cyclic")
        self.assertTrue(self.wait_any("DOCKING_RELEASED", "DOCKING_FAILED", timeout=120))

    def test_an_answer_that_is_too_late(self):
        # Longer than any answer is waited for: it comes in the middle of what is done about it.
        self.recovers_from(f"delay,op={GET_OBJECT},object=a.bin,value=40000")

    def test_a_cancel_that_is_ignored_does_not_hold_up_the_stop(self):
        self.plug("a", self.recorder, fault="cancel-ignored", rate=300000)
        self.station.wait("FOOTAGE_FILED")
        self.wait_for(lambda: self.greatest_part() > 300000)
        begun = time.monotonic()
        self.assertEqual(self.station.stop(), 0)
        self.assertLess(time.monotonic() - begun, 20 * SLOW)
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark, timeout=120)
        self.assert_all_filed(self.recorder)

    def test_endless_data_and_a_cancel_that_is_ignored(self):
        self.plug("a", self.recorder, fault=f"endless-data,op={GET_OBJECT},object=a.bin")
        self.control.send("fault a cancel-ignored")
        self.released()

    def test_a_failure_before_anybody_knew_whose_it_was_is_cleared(self):
        self.plug("a", self.recorder, fault="silence,times=always")
        self.station.wait("ALERT_RAISED", alert="docking-failed", timeout=200)
        alert = [a for a in self.station.json("alert", "list") if a["kind"] == "docking-failed"][0]
        self.assertEqual(alert["subject"], "bay/1-1")
        self.unplug("a")
        self.plug("a", self.recorder)
        self.released()
        self.assertEqual([a["cleared_at"] is None for a in self.station.json("alert", "list", "--all") if a["kind"] == "docking-failed"], [False])


if __name__ == "__main__":
    tap.main("__main__")
