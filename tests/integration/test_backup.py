#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Backups: what is copied, what is told, and that an empty machine becomes the station that was lost."""

import glob
import os
import shutil
import signal
import subprocess

import tap
from testbed import BUILD, Station, StationTest, sha256_file


class Backup(StationTest):
    start_station = False

    def setUp(self):
        super().setUp()
        self.disk = os.path.join(self.folder, "disk")
        os.mkdir(self.disk)
        self.settings = f"[Backup]\nTarget={self.disk}\nAllowSameDisk=yes\n"
        self.station.configure(self.settings)
        self.second = None
        self.station.start()

    def tearDown(self):
        if self.second:
            self.second.stop()
        super().tearDown()

    def init(self):
        """The target is made, and the first backup, which begins by itself, is made too."""
        self.station.ctl("backup", "init", self.disk)
        self.station.wait("BACKUP_DONE")

    def backup(self, *options, station=None):
        return (station or self.station).json("backup", "start", "--wait", *options)[0]

    def copies(self):
        """{path below store/: (digest, inode)} of what is in the target."""
        root = os.path.join(self.disk, "recdock-backup/store")
        paths = {p: os.path.join(root, p) for p in self.files_below(root)}
        return {p: (sha256_file(whole), os.stat(whole).st_ino) for p, whole in paths.items()}

    def offload(self, files, name="a"):
        folder = self.recorder_folder(name, files)
        mark = self.station.mark()
        self.plug(name, folder)
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.unplug(name)
        return folder

    def machine(self, name):
        """Another machine of the same number, with nothing on it."""
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        self.second = Station(folder, self.settings)
        return self.second

    def restore(self, station, *options, env=None):
        return subprocess.run(
            [os.path.join(BUILD, "daemon/recdockd"), f"--restore={self.disk}", *options],
            env=station.environment(**(env or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
            text=True,
        )

    def open_alerts(self, kind):
        return [a["subject"] for a in self.station.json("alert", "list") if a["kind"] == kind]

    def test_an_empty_machine_becomes_the_station(self):
        self.init()
        folder = self.offload({"DCIM/one.bin": os.urandom(3000000), "DCIM/two.bin": os.urandom(1000), "DCIM/现场 记录.bin": b"zh"})
        row = self.backup()
        self.assertEqual((row["outcome"], row["copied"], row["footage"]), ("good", 3, 3))
        first = self.copies()
        self.offload({"DCIM/three.bin": os.urandom(200000)})
        row = self.backup()
        self.assertEqual((row["outcome"], row["copied"], row["bytes"], row["footage"]), ("good", 1, 200000, 4))
        both = self.copies()
        self.assertEqual({p: both[p] for p in first}, first)  # digests, and the very files
        self.assertEqual(len(both), 4)
        footage = self.station.footage()
        ledger = {e["sequence"]: e for e in self.station.json("ledger", "list")}
        registry = [self.station.json(noun, "list") for noun in ("recorder", "officer", "unit", "docking")]
        self.station.stop()
        shutil.rmtree(self.station.state)
        shutil.rmtree(self.station.store)

        new = self.machine("new")
        done = self.restore(new)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stderr)
        self.assertIn("restored and verified: 4 footage", done.stdout)
        new.start()
        self.assertEqual(new.footage(), footage)
        self.assertEqual([new.json(noun, "list") for noun in ("recorder", "officer", "unit", "docking")], registry)
        again = {e["sequence"]: e for e in new.json("ledger", "list")}
        act = next(n for n, e in again.items() if e["act"] == "catalogue.restored")
        self.assertEqual({n: e for n, e in again.items() if n < act}, {n: e for n, e in ledger.items() if n < act})
        self.assertEqual(len([n for n in ledger if n < act]), act - 1)
        rows = self.assert_all_filed(folder, new)
        self.assertEqual({r["path"][6:]: r["sha256"] for r in rows}, {p: digest for p, (digest, _) in both.items()})
        self.assertEqual(new.ctl("verify").returncode, 0)
        # What is on the recorder is held, and the backup goes on where it was.
        mark = new.mark()
        self.plug("a", folder)
        self.assertIn("4 seen, 0 pulled, 4 already held", new.wait("DOCKING_RELEASED", start=mark)[0]["MESSAGE"])
        self.assertEqual(self.control.stats("a")["object_bytes"], 0)
        self.assertEqual(self.backup(station=new)["copied"], 0)

    def test_a_restore_that_is_killed_is_gone_on_with_and_nothing_starts_meanwhile(self):
        self.init()
        self.offload({f"{n}.bin": os.urandom(5000) for n in range(5)})
        self.backup()
        footage = self.station.footage()
        self.station.stop()
        new = self.machine("new")
        killed = self.restore(new, env={"RECDOCK_CRASH_AT": "restore-file:3"})
        self.assertEqual(killed.returncode, -signal.SIGKILL)
        new.start(wait=False)
        self.assertEqual(new.wait_exit(), 1)
        new.log.read()
        self.assertTrue([r for r in new.log.records if "was begun and has not ended" in r["MESSAGE"]])
        self.assertFalse(os.path.exists(os.path.join(new.state, "catalogue.sqlite")))
        done = self.restore(new)
        self.assertEqual(done.returncode, 0, done.stderr)
        new.start()
        self.assertEqual(new.footage(), footage)
        self.assertEqual(new.ctl("verify").returncode, 0)

    def test_a_station_that_is_killed_while_it_copies_goes_on(self):
        self.init()
        folder = self.offload({f"{n}.bin": os.urandom(5000) for n in range(5)})
        self.station.stop()
        self.station.crash_at = "backup-file:3"
        self.station.start(crash_at=self.station.crash_at)
        self.station.ctl("backup", "start", check=False)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL)
        self.station.crash_at = None
        self.station.start()
        row = self.backup()
        self.assertEqual((row["outcome"], row["footage"]), ("good", 5))
        self.assertLessEqual(row["copied"], 2)
        self.assertEqual(os.listdir(os.path.join(self.disk, "recdock-backup/incoming")), [])
        self.assert_all_filed(folder)
        self.assertEqual(self.station.ctl("backup", "verify").returncode, 0)

    def test_what_is_not_there_or_not_empty_is_refused(self):
        self.init()
        self.offload({"one.bin": b"1" * 1000})
        self.backup()
        self.station.stop()
        before = self.files_below(self.station.state)
        refused = self.restore(self.station)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("there is a catalogue", refused.stderr)
        self.assertIn("nothing was changed", refused.stderr)
        self.assertEqual(self.files_below(self.station.state), before)
        new = self.machine("new")
        new.configure(self.settings, number="S2")
        self.assertIn("not that of station S2", self.restore(new).stderr)
        new.configure(self.settings)
        self.assertIn("20010101T000000Z", self.restore(new, "--generation=20010101T000000Z").stderr)
        self.assertEqual(self.files_below(new.state) + glob.glob(new.store + "/*"), [])
        wrong = subprocess.run([os.path.join(BUILD, "daemon/recdockd"), "--incomplete"], stderr=subprocess.PIPE, check=False, text=True)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn("--restore=DIR", wrong.stderr)

    def test_a_flipped_bit_is_found_told_and_made_good(self):
        self.init()
        self.offload({"one.bin": b"1" * 100000, "two.bin": b"2" * 100000})
        self.backup()
        path = glob.glob(os.path.join(self.disk, "recdock-backup/store/*/*/*/*/one.bin"))[0]
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            f.seek(50000)
            f.write(b"x")
        found = self.station.ctl("backup", "verify", check=False)
        self.assertEqual(found.returncode, 1)
        self.assertIn("2 checked, 1 bad", found.stdout)
        self.assertEqual(self.open_alerts("backup-failed"), ["backup/copies"])
        row = self.backup("--full-check")
        self.assertEqual((row["outcome"], row["displaced"], row["copied"]), ("good", 1, 1))
        self.assertEqual(self.station.ctl("backup", "verify").returncode, 0)
        self.assertEqual(self.open_alerts("backup-failed"), [])

    def test_another_disk_is_refused_and_told_until_the_right_one_is_back(self):
        self.init()
        away = os.path.join(self.folder, "away")
        os.rename(self.disk, away)
        os.mkdir(self.disk)
        none = self.station.ctl("backup", "start", "--wait", check=False)
        self.assertEqual(none.returncode, 1)
        self.assertIn("is its disk mounted?", none.stdout)
        self.assertEqual(os.listdir(self.disk), [])
        self.assertEqual(self.open_alerts("backup-failed"), ["backup"])
        os.rmdir(self.disk)
        os.rename(away, self.disk)
        self.assertEqual(self.backup()["outcome"], "good")
        self.assertEqual(self.open_alerts("backup-failed"), [])
        self.assertEqual([b["outcome"] for b in self.station.json("backup", "list")], ["good", "failed", "good"])

    def test_the_disk_of_the_store_is_refused(self):
        self.station.configure(f"[Backup]\nTarget={self.disk}\n")
        self.station.ctl("reload")
        refused = self.station.ctl("backup", "init", check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn("AllowSameDisk=yes", refused.stderr)
        self.assertEqual(os.listdir(self.disk), [])

    def test_the_path_is_the_configurations_to_say(self):
        other = os.path.join(self.folder, "other")
        os.mkdir(other)
        refused = self.station.ctl("backup", "init", other, check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn(self.disk, refused.stderr)
        self.assertEqual(os.listdir(other), [])

    def test_without_a_target_the_status_says_so(self):
        self.station.configure("")
        self.station.ctl("reload")
        self.assertIn("[Backup] Target= is not set", self.station.ctl("status").stdout)
        for verb in ("start", "init", "verify"):
            refused = self.station.ctl("backup", verb, check=False)
            self.assertEqual(refused.returncode, 6)
            self.assertIn("[Backup] Target=", refused.stderr)
        self.assertEqual(self.open_alerts("backup-overdue"), [])

    def test_status_tells_what_there_is(self):
        self.assertIn("is not registered", self.station.ctl("status").stdout)
        self.assertEqual(self.open_alerts("backup-overdue"), ["backup"])
        self.init()
        self.assertIn("Last good backup 20", self.station.ctl("status").stdout)
        self.station.until(lambda: self.open_alerts("backup-overdue") == [])
        status = self.station.json("backup", "status")[0]
        self.assertEqual((status["path"], status["registered"], status["overdue"], status["running"]), (self.disk, True, False, None))
        self.assertEqual(status["last"]["outcome"], "good")
        acts = [e["act"] for e in self.station.json("ledger", "list")]
        self.assertEqual(acts.count("backup.target-registered"), 1)
        self.assertIn("backup.done", acts)


if __name__ == "__main__":
    tap.main("__main__")
