#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorders that one serial stands for."""

import os
import signal
import time

import tap
from testbed import StationTest


class SharedSerial(StationTest):
    """Cheap recorders share one serial. What cannot be told apart is never filed as one recorder's without a word."""

    def conflicts(self):
        return [a["text"] for a in self.station.json("alert", "list") if a["kind"] == "identity-conflict"]

    def stop_worker_of_silent(self, name):
        """Stopped in the middle of an ioctl, a worker would stop the emulated bus for all: it has to wait for an answer."""
        self.station.until(lambda: self.control.stats(name)["faults"].get("silence"))
        worker = self.station.workers()[0]
        self.station.until(lambda: self.is_polling(worker))
        os.kill(worker, signal.SIGSTOP)
        return worker

    @staticmethod
    def is_polling(pid):
        with open(f"/proc/{pid}/syscall", encoding="ascii") as f:
            return f.read().split()[0] in ("7", "73", "271")  # poll and ppoll of x86-64, ppoll of arm64

    def test_the_first_of_three_wins(self):
        folders = [self.recorder_folder(f"r{i}", {"x.bin": os.urandom(300000 + i)}) for i in range(3)]
        self.plug("r0", folders[0], port="1-1", serial="SAME", rate=400000)
        self.station.wait("DOCKING_IDENTIFIED")
        for i in (1, 2):
            self.plug(f"r{i}", folders[i], port=f"1-{i + 1}", serial="SAME")
            refused = self.station.wait("DOCKING_REFUSED", count=i)[i - 1]
            self.assertIn("identity conflict", refused["MESSAGE"])
            self.assertEqual(self.control.stats(f"r{i}")["object_bytes"], 0)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folders[0])
        self.assertEqual(len(self.conflicts()), 1)
        self.assertEqual([d["recorder"] for d in self.station.json("docking", "list")], [None, None, "SAME"])

    def test_one_after_the_other_with_files_that_were_not_there(self):
        old = {name: self.recorder_folder(name, {f"{name}.bin": os.urandom(4000)}) for name in ("r0", "r1")}
        for name, folder in old.items():
            day = time.time() - 86400
            os.utime(os.path.join(folder, f"{name}.bin"), (day, day))
        for n, (name, folder) in enumerate(old.items()):
            self.plug(name, folder, serial="SAME")
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.assertEqual(len(self.conflicts()), n)
            self.unplug(name)
        self.assertIn("r1.bin", self.conflicts()[0])

    def test_one_after_the_other_of_two_makes(self):
        for n, model in enumerate(("A8", "A9")):
            self.plug("a", self.recorder_folder("a", {}), serial="SAME", model=model)
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.unplug("a")
        self.assertIn("A9", self.conflicts()[0])

    def test_new_recordings_are_no_conflict(self):
        folder = self.recorder_folder("a", {"x.bin": os.urandom(4000)})
        for n in range(2):
            later = time.time() + 3600 * n
            path = os.path.join(folder, f"y{n}.bin")
            with open(path, "wb") as f:
                f.write(os.urandom(300))
            os.utime(path, (later, later))
            self.plug("a", folder, clock=3600 * n)
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.unplug("a")
        self.assertEqual(self.conflicts(), [])

    def test_plugged_again_while_its_worker_is_leaving(self):
        """Dockings of one recorder take turns: the next waits for the worker that may still write to a part."""
        folder = self.recorder_folder("a", {"x.bin": os.urandom(900000)})
        self.plug("a", folder, fault="silence,op=0x1009,at=300000")
        first = self.stop_worker_of_silent("a")
        self.unplug("a")
        self.plug("a", folder, port="1-2", rate=300000)
        self.station.wait("DOCKING_IDENTIFIED", count=2)
        second = next(pid for pid in self.station.workers() if pid != first)
        self.station.json("docking", "list")  # by now recdockd has told it what to do
        self.station.until(lambda: self.is_polling(second))
        self.assertFalse({"0x1007", "0x9805"} & set(self.control.stats("a")["ops"]), "it lists before its turn")
        os.kill(second, signal.SIGKILL)
        self.station.wait("WORKER_DIED")
        os.kill(first, signal.SIGKILL)  # the turn comes to one that has no worker just now
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.conflicts(), [])


class SharedSerialOfDisks(StationTest):
    kind = "exfat"

    def test_the_first_wins(self):
        folders = [self.recorder_folder(f"r{i}", {"x.bin": os.urandom(300000 + i)}) for i in range(2)]
        self.dock("r0", folders[0], port="1-1", serial="SAME", rate=400000)
        self.station.wait("DOCKING_IDENTIFIED")
        self.dock("r1", folders[1], port="1-2", serial="SAME")
        self.assertIn("identity conflict", self.station.wait("DOCKING_REFUSED")[0]["MESSAGE"])
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folders[0])


if __name__ == "__main__":
    tap.main("__main__")
