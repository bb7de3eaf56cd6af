#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Death at every step of the way of a byte: recdockd or a worker kills itself at a named point, or is killed at whatever it does;
after a restart the catalogue, the store and the recorder agree, and every file is there exactly once.
"""

import os
import re
import signal

import tap
from testbed import SOURCE, StationTest, sha256_file

ONCE, TWICE, OFTEN = (1,), (1, 2), (1, 2, 5)

# What dies, and at which passing of the point. Files are filed in batches: there may be no fifth one.
DAEMON = {
    "plugged": ONCE, "worker-started": ONCE, "identified": ONCE, "listed": ONCE, "part-created": OFTEN, "checkpoint": TWICE,
    "pulled": OFTEN, "proved": OFTEN, "intent": TWICE, "store-linked": OFTEN, "linked": TWICE, "store-synced": TWICE,
    "synced": TWICE, "committed": TWICE, "removal-asked": TWICE, "removed": TWICE, "clock-asked": ONCE,
    "clock-set": ONCE, "released": ONCE,
}
OFFLOAD = {
    "offload-identified": ONCE, "offload-listing": OFTEN, "offload-begun": OFTEN, "offload-checkpoint": TWICE,
    "offload-pulled": OFTEN, "offload-removed": TWICE, "offload-clock-set": ONCE,
}
INSPECT = {"inspect-asked": OFTEN, "inspect-answering": OFTEN}
INSPECT_CHILD = {"inspect-walk"}  # a child's death is a verdict: see the case of its own
IMPORT = {"held"}  # a case of its own, too
# tests/unit/test_backup.c and test_restore.c die at these.
BACKUP = {"copy-written", "copy-named", "backup-snapshot", "backup-file", "backup-database", "restore-file", "restore-catalogue"}
# test_archive.py dies at these.
ARCHIVE = {"archive-planned", "archive-begun", "archive-proved", "archive-recorded", "archive-copying", "archive-ended"}
# test_archive_disc.py dies at these.
DISC = {"disc-writing", "disc-written"}
# test_mend.py dies at these.
MEND = {"mend-asked", "mend-displaced", "mend-linked", "mend-placed", "mend-recorded"}
SEALED = {"mode-lifted"}  # only on a file system that seals; what it leaves behind is a case of its own

# What goes on after the footage is filed, and what takes its time, need another recorder than the rest.
RELEASING = {"removal-asked", "removed", "clock-asked", "clock-set", "released", "offload-removed", "offload-clock-set"}
SLOW = {"checkpoint", "offload-checkpoint"}


class CrashTest(StationTest):
    start_station = False

    def recorder(self):
        return self.recorder_folder("a", {f"DCIM/{n:03}.bin": os.urandom(50000 + 4096 * n) for n in range(12)})

    def assert_whole(self):
        """No part is left over, and all that is filed is what it was."""
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [])
        result = self.station.ctl("verify", "--json", check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def assert_sound(self, folder):
        self.assert_all_filed(folder)
        self.assert_whole()


class PointsTest(CrashTest):
    """One case for each point and passing; see add_cases()."""

    def releases(self, point):
        return self.kind == "mtp" and point in RELEASING  # a disk is not written to by its worker

    def plug_for(self, point):
        """A recorder whose docking passes the point. Returns what is to be asked when it is over."""
        if self.releases(point):
            return self.plug_releasing()
        if point in SLOW:
            rate = 250000 if self.kind == "mtp" else 1000000  # a disk's reads are larger
            folder = self.recorder_folder("a", {"DCIM/long.bin": os.urandom(6 * rate), "DCIM/z.bin": os.urandom(5000)})
            self.dock("a", folder, rate=rate)
        else:
            folder = self.recorder()
            self.dock("a", folder)
        return lambda: self.assert_sound(folder)

    def plug_releasing(self):
        """Complete footage is removed from the recorder, its clock is set: nothing may be lost between here and there."""
        samples = os.environ["RECDOCK_SAMPLES"]
        names = [n for n in sorted(os.listdir(samples)) if n.endswith((".jpg", ".wav", ".ts"))][:3]
        files = {n: os.path.join(samples, n) for n in names} | {"other.bin": os.urandom(5000)}
        folder = self.recorder_folder("a", files)
        held = sorted(sha256_file(os.path.join(folder, n)) for n in files)
        self.assertEqual(len(names), 3)
        self.plug("a", folder, clock=7200)

        def settled():
            self.assertEqual(sorted(r["sha256"] for r in self.station.footage()), held)
            self.assertEqual(os.listdir(folder), ["other.bin"], "only what is complete goes, and all of it")
            self.assertLess(abs(self.control.stats("a")["clock"]), 60)
            self.assert_whole()
            moved = [d["docking"] for d in self.station.json("docking", "list") if d["clock_moved"]]
            self.assertEqual(moved, [], "nobody but the station has set the clock")
            acts = [(e["act"], e["subject"]) for e in self.station.json("ledger", "list")]
            asked = {s for act, s in acts if act == "item.removal-asked"}
            self.assertEqual(len(asked), 3, "what is gone from the recorder was on record before")

        return settled

    def configure_for(self, point):
        if self.releases(point):
            self.station.configure("[Docking]\nRelease=clear\nSetClock=yes\n")

    def daemon_dies(self, point, where):
        self.configure_for(point)
        self.station.crash_at = where
        self.station.start(crash_at=where)
        settled = self.plug_for(point)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL, f"never passed '{where}'")
        self.station.crash_at = None
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark)
        settled()

    def worker_dies(self, name, point, where):
        self.configure_for(point)
        self.station.crash_worker(name, where)
        self.station.start()
        settled = self.plug_for(point)
        self.station.wait("DOCKING_RELEASED")
        self.assertTrue(self.died(name), f"never passed '{where}'")
        settled()

    def died(self, name):
        if name == "offload":
            return self.station.log.find("WORKER_DIED")
        return [r for r in self.station.log.records if "recdock-inspect ended: signal Killed" in r["MESSAGE"]]


class Crash(CrashTest):
    def test_every_point_is_died_at(self):
        found = set()
        for root in ("daemon", "lib"):
            for folder, _, files in os.walk(os.path.join(SOURCE, root)):
                for name in files:
                    with open(os.path.join(folder, name), encoding="utf-8") as f:
                        found.update(re.findall(r'inject_point\("([^"]+)"\)', f.read()))
        self.assertEqual(found, {*DAEMON, *OFFLOAD, *INSPECT, *INSPECT_CHILD, *IMPORT, *BACKUP, *ARCHIVE, *DISC, *MEND, *SEALED})

    def test_held(self):
        """An import of what is footage already: its item points there, or is asked again."""
        folder = self.recorder()
        arguments = ("import", folder, "--recorder=R1", "--officer=200417", "--reason=card")
        self.station.start()
        self.station.ctl("officer", "add", "200417", "Wang Fang")
        self.station.ctl("recorder", "register", "R1", "--usb-serial", "SERA")
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.station.stop()
        self.station.crash_at = "held"
        self.station.start(crash_at="held")
        self.assertEqual(self.station.ctl(*arguments, check=False).returncode, 3)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL)
        self.station.crash_at = None
        self.station.start()
        self.station.ctl(*arguments)
        self.assert_sound(folder)

    def test_a_mode_that_a_crash_left_open_is_closed(self):
        folder = self.recorder()
        self.station.crash_at = "committed"
        self.station.start(crash_at="committed")
        self.plug("a", folder)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL)
        self.station.crash_at = None
        filed = os.path.join(self.station.store, "store")
        paths = [os.path.join(filed, name) for name in self.files_below(filed)]
        self.assertTrue(paths)
        for path in paths:  # as between the moment that fs-verity needs it and the one after
            os.chmod(path, 0o640)
        self.unplug("a")
        self.station.start()
        self.station.wait("STATION_READY", count=2)
        self.assertEqual([oct(os.stat(path).st_mode & 0o777) for path in paths if os.stat(path).st_mode & 0o777 != 0o440], [])

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
        acts = sorted((e for e in self.station.json("ledger", "list") if e["subject"] == "item/1" and "remov" in e["act"]),
                      key=lambda e: e["sequence"])
        self.assertEqual([e["act"] for e in acts], ["item.removal-asked", "item.removed-from-recorder"])
        self.assertEqual(acts[1]["detail"]["outcome"], "unknown", "nobody can say it")

    def test_a_walk_that_dies_is_a_verdict(self):
        """The file may have killed its reader: it is kept, proved by its digest, alerted, and stays on the recorder."""
        self.station.configure("[Docking]\nRelease=clear\n")
        samples = os.environ["RECDOCK_SAMPLES"]
        clip = next(n for n in sorted(os.listdir(samples)) if n.endswith(".jpg"))
        folder = self.recorder_folder("a", {clip: os.path.join(samples, clip)})
        self.station.crash_worker("inspect", "inspect-walk")
        self.station.start()
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.assert_sound(folder)
        self.assertEqual(os.listdir(folder), [clip])
        row = self.station.footage()[0]
        self.assertEqual(row["verdict"], "unreadable")
        self.assertTrue(row["verdict_reasons"])
        self.assertIn("verdict-bad", [a["kind"] for a in self.station.json("alert", "list")])


class Killed(CrashTest):
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


class Points(PointsTest):
    pass


class PointsWithDisk(PointsTest):
    kind = "fat32"


class KilledWithDisk(Killed):
    kind = "fat32"


class KilledWithExfat(Killed):
    kind = "exfat"


def add_case(cls, point, nth, run, *args):
    where = point if nth == 1 else f"{point}:{nth}"
    name = f"test_{where.replace('-', '_').replace(':', '_')}"
    setattr(cls, name, lambda self: run(self, *args, point, where))


def add_cases(cls, daemon, offload, inspect):
    for point, passings in daemon.items():
        for nth in passings:
            add_case(cls, point, nth, PointsTest.daemon_dies)
    for worker, points in (("offload", offload), ("inspect", inspect)):
        for point, passings in points.items():
            for nth in passings:
                add_case(cls, point, nth, PointsTest.worker_dies, worker)


def without(points, names):
    return {point: passings for point, passings in points.items() if point not in names}


# Once with what an MTP recorder can do; with a disk what is above the seam only where the disk is in it.
WRITING = RELEASING - {"released"}
add_cases(PointsWithDisk, without(DAEMON, WRITING), without(OFFLOAD, WRITING), {})
add_cases(Points, DAEMON, OFFLOAD, INSPECT)


if __name__ == "__main__":
    tap.main("__main__")
