#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Death at every step of the way of a byte: recdockd kills itself at a named point, or a worker is killed; after a restart the
catalogue, the store and the recorder agree, and every file is there exactly once.
"""

import os
import signal

import tap
from testbed import StationTest, sha256_file

POINTS = ["plugged", "worker-started", "listed", "part-created", "pulled", "proved", "intent", "linked", "synced", "committed"]


class Crash(StationTest):
    start_station = False

    def recorder(self):
        return self.recorder_folder("a", {f"DCIM/{n:03}.bin": os.urandom(50000 + 4096 * n) for n in range(12)})

    def assert_sound(self, folder):
        self.assert_all_filed(folder)
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [])
        result = self.station.ctl("verify", "--json", check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def crash_at(self, point):
        folder = self.recorder()
        self.station.crash_at = point
        self.station.start(crash_at=point)
        self.dock("a", folder)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL, f"never passed '{point}'")
        self.station.crash_at = None
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.assert_sound(folder)

    def kill_workers(self, name):
        folder = self.recorder()
        self.station.start()
        self.dock("a", folder, rate=400000)
        self.station.wait("FOOTAGE_FILED")
        for pid in self.station.workers(name):
            os.kill(pid, signal.SIGKILL)
        self.station.wait("DOCKING_RELEASED")
        self.assert_sound(folder)

    def test_a_lost_catalogue_costs_no_part(self):
        folder = self.recorder_folder("a", {"x.bin": os.urandom(2000000)})
        self.station.start()
        self.dock("a", folder, fault=self.fault_in("vanish", "a", folder, "x.bin", 1500000))
        self.station.wait("DOCKING_INTERRUPTED")
        self.station.stop()
        parts = self.files_below(os.path.join(self.station.store, "incoming"))
        self.assertEqual(parts, ["1/1.part"])
        part = os.path.join(self.station.store, "incoming", parts[0])
        before = sha256_file(part)
        for name in os.listdir(self.station.state):
            if name.startswith("catalogue"):
                os.unlink(os.path.join(self.station.state, name))
        mark = self.station.mark()
        self.station.start()
        self.dock("b", self.recorder_folder("b", {"y.bin": os.urandom(1000)}), port="1-2")
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.assertEqual(sha256_file(part), before)

    def test_a_removal_is_on_record_before_it_is_asked_for(self):
        self.station.configure("[Docking]\nRelease=clear\n")
        samples = os.environ["RECDOCK_SAMPLES"]
        clip = next(n for n in sorted(os.listdir(samples)) if n.endswith(".jpg"))
        folder = self.recorder_folder("a", {clip: os.path.join(samples, clip)})
        self.station.crash_at = "removal-asked"
        self.station.start(crash_at="removal-asked")
        self.plug("a", folder)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL)
        self.station.crash_at = None
        self.unplug("a")
        self.station.start()
        acts = [e["act"] for e in self.station.json("ledger", "list")]
        self.assertIn("item.removal-asked", acts)
        self.assertNotIn("item.removed-from-recorder", acts)

    def test_offload_worker_killed(self):
        self.kill_workers("recdock-offload")
        self.assertTrue(self.station.log.find("WORKER_DIED"))

    def test_inspect_worker_killed(self):
        self.kill_workers("recdock-inspect")

    def test_daemon_killed_in_the_middle(self):
        folder = self.recorder()
        self.station.start()
        self.dock("a", folder, rate=400000)
        self.station.wait("FOOTAGE_FILED", count=2)
        self.station.kill()
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.assert_sound(folder)


def add_cases():
    for point in POINTS:
        for nth in (1, 2, 5):
            if nth > 1 and point in ("plugged", "worker-started", "listed"):
                continue
            if nth > 2 and point in ("intent", "linked", "synced", "committed"):
                continue  # files are filed in batches: there may be no fifth one
            where = point if nth == 1 else f"{point}:{nth}"

            def case(self, where=where):
                self.crash_at(where)

            setattr(Crash, f"test_{where.replace('-', '_').replace(':', '_')}", case)


add_cases()


class CrashWithDisk(Crash):
    kind = "fat32"
    test_a_removal_is_on_record_before_it_is_asked_for = None  # nothing is removed from a disk by its worker


class CrashWithExfat(CrashWithDisk):
    kind = "exfat"


if __name__ == "__main__":
    tap.main("__main__")
