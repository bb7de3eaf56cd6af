#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Faults of this host: what was pulled is not lost by them."""

import os
import signal

import tap
from testbed import StationTest


class HostFaults(StationTest):
    """What this host could not file is not lost, and does not wait for a restart."""

    config = "[Docking]\nWarnTimeout=2s\nKillTimeout=5s\n"

    def hang_inspect(self):
        self.station.until(lambda: self.station.workers("recdock-inspect"))
        for pid in self.station.workers("recdock-inspect"):
            os.kill(pid, signal.SIGSTOP)

    def test_inspect_worker_that_hangs_is_killed(self):
        self.hang_inspect()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000)})
        self.dock("a", folder)
        self.station.wait("WORKER_KILLED")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)

    def test_inspect_that_ends_at_once_is_told_of_and_given_up(self):
        self.station.stop()
        program = os.path.join(self.station.libexec, "recdock-inspect")
        real = os.readlink(program)
        os.unlink(program)
        starts = os.path.join(self.folder, "starts")
        with open(program, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\necho start >>{starts}\nexit 3\n")
        os.chmod(program, 0o755)
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000)})
        self.plug("a", folder)
        self.station.wait("ALERT_RAISED", alert="inspect-failed")
        self.station.wait("DOCKING_FAILED")
        with open(starts, encoding="utf-8") as f:
            self.assertLessEqual(len(f.readlines()), 7, "slower each time")
        self.assertEqual(self.station.footage(), [])
        os.unlink(program)
        os.symlink(real, program)
        self.unplug("a")
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED", timeout=90)
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["object_bytes"], 0, "it was here already")
        self.station.wait("ALERT_CLEARED", alert="inspect-failed")

    def test_stopped_while_proving_is_interrupted_and_not_failed(self):
        self.hang_inspect()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000), "y.bin": os.urandom(3000)})
        self.plug("a", folder)
        self.station.wait("DOCKING_LISTED")
        self.station.until(lambda: self.station.json("status")[0]["store"]["proving"] == 2)
        self.assertEqual(self.station.stop(), 0)
        self.assertEqual(self.station.log.find("ITEM_FAILED"), [])
        self.station.start()
        self.station.wait("DOCKING_RELEASED")
        receipt = self.station.json("docking", "show", "1")[0]
        self.assertEqual((receipt["failed"], receipt["pulled"]), (0, 2))
        self.assertIn("interrupted", receipt["reason"])
        self.assert_all_filed(folder)

    def test_what_could_not_be_filed_is_filed_at_the_next_docking(self):
        obstacle = os.path.join(self.station.store, "store", "unassigned")
        open(obstacle, "w", encoding="utf-8").close()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000), "y.bin": os.urandom(1000)})
        self.dock("a", folder)
        self.station.wait("DOCKING_FAILED")
        self.assertEqual(self.station.footage(), [])
        self.unplug("a")
        os.unlink(obstacle)
        self.dock("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.station.json("docking", "show", "2")[0]["bytes"], 0, "it was here already")
        self.assertEqual(self.control.stats("a").get("object_bytes", 0), 0)


class HostFaultsWithDisk(HostFaults):
    kind = "fat32"


if __name__ == "__main__":
    tap.main("__main__")
