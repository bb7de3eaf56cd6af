#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long-term copies on optical discs: files stand in for them, as libburn's "stdio:" drives; everything else is what runs at a site."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import unittest
from unittest import mock

import tap
from testbed import StationTest, sha256_file

LIAR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "archive_liar.py")


class Discs(StationTest):
    start_station = False

    def setUp(self):
        super().setUp()
        self.discs = [os.path.join(self.folder, name) for name in ("disc1.iso", "disc2.iso")]
        self.configure()

    def configure(self, drives=1, more="Auto=no\n"):
        lines = "".join(f"Drive=stdio:{path}\n" for path in self.discs[:drives])
        self.station.configure(f"[Archive]\n{lines}{more}")

    def begin(self, n=4, size=3000):
        """A station with a closed case of category L1."""
        self.station.start()
        self.station.ctl("unit", "add", "U1", "First brigade")
        folder = self.recorder_folder("a", {f"{i}.bin": os.urandom(size + i) for i in range(n)} | {"现场.bin": b"zh" * 1000})
        mark = self.station.mark()
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.unplug("a")
        ids = [str(f["id"]) for f in self.station.footage()]
        self.station.ctl("case", "open", "C1", "--unit=U1", "--long-term=L1", "--party=Zhang San", "--handler=Li Si")
        self.station.ctl("case", "tag", "C1", *ids)
        self.station.ctl("case", "close", "C1")
        return len(ids)

    def start(self, *args, code=0):
        done = self.station.ctl("archive", "start", "--wait", *args, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def volumes(self):
        return self.station.json("archive", "list")

    def media(self):
        return self.station.json("archive", "media")

    def copies(self):
        return {f["copies"] for f in self.station.footage()}

    def insert(self, n=0):
        """Another, blank disc; the old one is kept."""
        old = self.discs[n] + ".old"
        os.rename(self.discs[n], old)
        return old

    def assert_sound(self, image, volume):
        """Other programs see it, and what is on it is what the catalogue knows."""
        out = os.path.join(self.folder, "out-" + volume["number"])
        os.mkdir(out)
        subprocess.run(["bsdtar", "-xf", image, "-C", out], check=True)
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            checked = subprocess.run(["sha256sum", "-c", "--strict", manifest], cwd=out, capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertEqual(sha256_file(os.path.join(out, "tagmanifest-sha256.txt")), volume["seal"])
        footage = {f["id"]: f for f in self.station.footage()}
        copies = self.station.json("archive", "show", volume["number"])[0]["copies"]
        self.assertEqual(volume["files"], len(copies))
        for copy in copies:
            self.assertEqual(copy["result"], "good")
            self.assertEqual(sha256_file(os.path.join(out, copy["path"])), footage[copy["footage"]]["sha256"])


class Way(Discs):
    def test_a_blank_disc_is_burnt_proved_and_read_again(self):
        n = self.begin()
        self.assertEqual(self.media(), [])
        self.start()
        volume = self.volumes()[0]
        self.assertEqual((volume["state"], volume["files"]), ("written", n))
        self.assert_sound(self.discs[0], volume)
        self.assertEqual(self.copies(), {1})
        medium = self.media()[0]
        self.assertEqual((medium["number"], medium["kind"], medium["type"], medium["state"]), ("S1-M0001", "disc", "file", "active"))
        self.assertTrue(self.station.json("case", "show", "C1")[0]["archived"])
        acts = [e["act"] for e in self.station.json("ledger", "list")]
        self.assertEqual((acts.count("medium.registered"), acts.count("volume.planned"), acts.count("volume.written")), (1, 1, 1))

        good = self.station.ctl("archive", "verify", volume["number"])
        self.assertIn(f"0 of {n} files are not good", good.stdout)
        burnt = self.insert()
        away = self.station.ctl("archive", "verify", volume["number"], check=False)
        self.assertNotEqual(away.returncode, 0)
        self.assertIn("is in no drive", away.stderr)
        self.assertEqual(self.copies(), {1})
        shutil.copy(burnt, self.discs[0])
        copy = self.station.json("archive", "show", volume["number"])[0]["copies"][0]
        row = [f for f in self.station.footage() if f["id"] == copy["footage"]][0]
        with open(os.path.join(self.station.store, row["path"]), "rb") as f:
            content = f.read()
        with open(self.discs[0], "r+b") as f:
            f.seek(f.read().index(content))
            f.write(bytes([content[0] ^ 1]))
        bad = self.station.ctl("archive", "verify", volume["number"], check=False)
        self.assertEqual(bad.returncode, 1, bad.stdout + bad.stderr)
        self.assertEqual(sorted(f["copies"] for f in self.station.footage()), [0] + [1] * (n - 1))

    def test_a_blank_disc_is_burnt_by_itself_when_that_is_asked_for(self):
        self.begin()
        self.configure(more="Auto=yes\n")
        self.station.ctl("reload")
        self.station.wait("ALERT_RAISED", alert="archive-medium-wanted")
        self.assertEqual((self.volumes(), os.path.exists(self.discs[0])), ([], False))
        self.configure(more="Auto=yes\nBurn=auto\n")
        self.station.ctl("reload")
        self.station.wait("ARCHIVE_WRITTEN")
        self.assert_sound(self.discs[0], self.volumes()[0])

    def test_two_copies_are_on_two_discs(self):
        self.begin()
        self.configure(drives=2, more="Auto=yes\nBurn=auto\nCopies=2\n")
        self.station.ctl("reload")
        self.station.until(lambda: [v["state"] for v in self.volumes()] == ["written"] * 2)
        self.assertEqual(self.copies(), {2})
        self.assertEqual(len({v["medium"] for v in self.volumes()}), 2)
        for volume in self.volumes():
            self.assertEqual(self.station.ctl("archive", "verify", volume["number"]).returncode, 0)

    def reads_in_the_next_drive(self, first):
        """The disc is in the second drive, and the first one ends like this."""
        n = self.begin()
        self.start()
        volume = self.volumes()[0]
        os.rename(self.discs[0], self.discs[1])
        self.configure(drives=2)
        self.station.ctl("reload")
        path, asked = os.path.join(self.station.libexec, "recdock-archive"), os.path.join(self.folder, "asked")
        program = os.readlink(path)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/bash\nmkdir '{asked}' 2>&- && {first.format(program=program)}\nexec '{program}'\n")
        os.chmod(path, 0o755)
        good = self.station.ctl("archive", "verify", volume["number"])
        self.assertTrue(os.path.isdir(asked))
        self.assertIn(f"0 of {n} files are not good", good.stdout)

    def test_who_names_a_drive_wants_a_disc(self):
        """Though a folder would take it, which is asked first otherwise."""
        folder = os.path.join(self.folder, "medium")
        os.mkdir(folder)
        self.begin()
        self.configure(more=f"Auto=no\nFolder={folder}\nAllowSameDisk=yes\n")
        self.station.ctl("reload")
        self.station.ctl("archive", "init", folder)
        self.start(f"--drive=stdio:{self.discs[0]}")
        volume, = self.volumes()
        self.assertEqual({m["number"]: m["kind"] for m in self.media()}[volume["medium"]], "disc")
        self.assert_sound(self.discs[0], volume)

    def test_a_drive_that_fails_is_no_verdict(self):
        self.reads_in_the_next_drive(f"exec /usr/bin/python3 '{LIAR}' ends-as=2 - '{{program}}'")

    def test_a_worker_that_dies_at_a_drive_is_no_verdict(self):
        self.reads_in_the_next_drive("kill -KILL $$")


class Refusals(Discs):
    def test_only_a_blank_disc_is_taken(self):
        self.begin()
        with open(self.discs[0], "wb") as f:
            f.write(os.urandom(1 << 20))
        before = sha256_file(self.discs[0])
        self.assertIn("something else is on the disc", self.start(code=7).stderr)
        self.assertEqual((sha256_file(self.discs[0]), self.volumes(), self.media()), (before, [], []))
        self.configure(drives=2)
        self.station.ctl("reload")
        first = f"--drive=stdio:{self.discs[0]}"
        self.assertIn("something else is on the disc", self.start(first, code=7).stderr)
        self.start()  # the second one is blank
        volume = self.volumes()[0]
        self.assert_sound(self.discs[1], volume)
        self.station.ctl("archive", "retire", volume["number"], "--reason=lost")
        second = f"--drive=stdio:{self.discs[1]}"
        self.assertIn(f"the disc is volume {volume['number']} already", self.start(second, code=7).stderr)
        self.assertEqual(sha256_file(self.discs[0]), before)
        self.assertEqual(len(self.volumes()), 1)

    def test_a_drive_that_is_none_is_refused(self):
        self.begin(1)
        refused = self.station.ctl("archive", "start", "--drive=/dev/sr7", check=False)
        self.assertIn("is no drive for discs", refused.stderr)
        self.assertEqual(refused.returncode, 6)
        self.assertEqual(self.volumes(), [])
        for line in ("Drive=/dev/sda", "Drive=/dev/sr", "Drive=stdio:disc.iso", "Burn=yes"):
            self.station.configure(f"[Archive]\n{line}\n")
            self.station.ctl("reload", check=False)
            refused = self.station.ctl("archive", "start", check=False)
            self.assertIn("no medium is at hand", refused.stderr, line)  # a bad value is as none
        self.station.configure("[Archive]\nAuto=no\n")
        self.station.ctl("reload")
        refused = self.station.ctl("archive", "start", f"--drive=stdio:{self.discs[0]}", check=False)
        self.assertIn("no drive is configured", refused.stderr)

    def test_what_does_not_fit_stays_due(self):
        small = os.path.join(self.folder, "small")
        os.mkdir(small)
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=False).returncode != 0:
            self.skipTest("cannot mount a small file system here")
        self.addCleanup(subprocess.run, ["umount", small], check=False)
        self.discs.insert(0, os.path.join(small, "disc.iso"))
        self.configure()
        self.begin(1, 3 << 20)
        self.start("--drive=stdio:" + self.discs[0], code=1)  # the small one fits, and is in memory alone
        self.assertEqual([v["state"] for v in self.volumes()], ["failed"])
        self.assertEqual(self.copies(), {0})
        self.assertIn("already", self.start("--drive=stdio:" + self.discs[0], code=7).stderr)
        os.truncate(self.discs[0], 0)  # the worker may not be quite gone, and have it open
        os.unlink(self.discs[0])
        with open(os.path.join(small, "other"), "wb") as f:
            f.write(bytes(1800 << 10))
        self.assertIn("there is no room", self.start(code=7).stderr)
        self.assertEqual((len(self.volumes()), len(self.media())), (1, 1))
        self.configure(drives=2)
        self.station.ctl("reload")
        self.start()
        self.assertEqual(self.copies(), {1})


@unittest.skipUnless(shutil.which("dvdisaster"), "dvdisaster is not installed")
class Recovery(Discs):
    """Codes behind the image, by a dvdisaster that recdock-archive has started before it locked itself in."""

    def configure(self, drives=1, more="Auto=no\n", store=""):
        super().configure(drives, f"{more}Recovery=20\n{store}")

    def dvdisaster(self, script):
        """What is found in its place; None: nothing is. The real one when left."""
        folder = os.path.join(self.folder, "bin")
        os.makedirs(folder, exist_ok=True)
        if script:
            with open(os.path.join(folder, "dvdisaster"), "w", encoding="utf-8") as f:
                f.write(script)
            os.chmod(f.name, 0o755)
        return mock.patch.dict(os.environ, PATH=folder)

    def coders(self):
        """Processes that are, or are about to be, a dvdisaster of this station's."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                path = os.readlink(f"/proc/{pid}/fd/9")
                if path.startswith(os.path.join(self.station.store, "incoming")) and path.endswith(" (deleted)"):
                    found.append(int(pid))
        return found

    def scratch(self):
        """Of files without names in the store: bytes that are taken for each, and that are in it."""
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                for fd in os.listdir(f"/proc/{pid}/fd"):
                    path = f"/proc/{pid}/fd/{fd}"
                    if os.readlink(path).startswith(os.path.join(self.station.store, "incoming")) and os.stat(path).st_nlink == 0:
                        found[os.stat(path).st_ino] = (os.stat(path).st_blocks * 512, os.stat(path).st_size)
        return found

    def assert_nothing_left(self):
        self.station.until(lambda: not self.coders() and not self.scratch())
        self.assertEqual(os.listdir(os.path.join(self.station.store, "incoming")), [])

    def staging(self):
        """A volume whose codes are never ready."""
        with self.dvdisaster("#!/bin/sh\nexec /bin/sleep 10000\n"):
            self.begin()
        self.station.ctl("archive", "start")
        self.station.until(self.coders)

    def assert_goes_on(self, reason):
        """What ended before it was burnt; and the next start has the real dvdisaster."""
        volume, medium = self.volumes()[0], self.media()[0]
        self.assertEqual((volume["state"], medium["state"]), ("failed", "failed"))
        self.assertIn(reason, volume["reason"])
        self.assertFalse(os.path.exists(self.discs[0]) and os.path.getsize(self.discs[0]))
        self.assertEqual(self.copies(), {0})
        self.assert_nothing_left()
        self.station.stop()
        self.configure()
        self.station.start()
        self.start()
        self.assertEqual([v["state"] for v in self.volumes()], ["written", "failed"])
        self.assert_sound(self.discs[0], self.volumes()[0])

    def destroy(self, sectors):
        with open(self.discs[0], "r+b") as f:
            for i in sectors:
                f.seek(i * 2048)
                f.write(random.Random(i).randbytes(2048))

    def test_destroyed_sectors_come_back(self):
        n = self.begin(size=1 << 20)
        self.start()
        volume, whole = self.volumes()[0], sha256_file(self.discs[0])
        self.assertEqual(volume["state"], "written")
        self.assert_sound(self.discs[0], volume)
        self.assert_nothing_left()
        sectors = os.path.getsize(self.discs[0]) // 2048
        self.assertGreater(sectors * 2048, volume["bytes"] * 6 // 5)
        anywhere = (set(random.Random(7).sample(range(sectors), sectors // 20)) | {17, 18, 20, 24}) - {16}
        for lost in (sorted(anywhere), range(sectors // 2, sectors // 2 + sectors // 20)):
            self.destroy(lost)
            self.assertNotEqual(self.station.ctl("archive", "verify", volume["number"], check=False).returncode, 0)
            subprocess.run(["dvdisaster", "-i", self.discs[0], "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            self.assertEqual(sha256_file(self.discs[0]), whole)
            self.assertIn(f"0 of {n} files are not good", self.station.ctl("archive", "verify", volume["number"]).stdout)
        self.assertEqual(self.copies(), {1})

    def test_a_volume_is_put_off_while_the_store_has_no_room_for_its_image(self):
        self.begin()
        self.configure(store="[Store]\nKeepFree=1000T\n")
        self.station.ctl("reload")
        self.assertIn("no room for its image with recovery data: 1 MiB are needed", self.start(code=7).stderr)
        self.assertEqual((self.volumes(), self.media(), os.path.exists(self.discs[0])), ([], [], False))
        self.configure()
        self.station.ctl("reload")
        self.start()
        self.assert_sound(self.discs[0], self.volumes()[0])

    def test_a_volume_is_put_off_while_there_is_no_dvdisaster(self):
        with self.dvdisaster(None):
            self.begin()
        self.assertIn("expected the package 'dvdisaster'", self.start(code=7).stderr)
        self.configure(more="Burn=auto\n")
        self.station.ctl("reload")
        alert = self.station.wait("ALERT_RAISED", alert="archive-medium-wanted")[0]
        self.assertIn("dvdisaster is not installed, and Recovery= is set", alert["MESSAGE"])
        self.assertEqual((self.volumes(), self.media(), os.path.exists(self.discs[0])), ([], [], False))
        self.configure(more="Auto=no\nRecovery=0\n#")
        self.station.ctl("reload")
        self.start()
        self.assert_sound(self.discs[0], self.volumes()[0])

    def test_a_dvdisaster_that_fails_costs_no_disc(self):
        with self.dvdisaster("#!/bin/sh\nexit 1\n"):
            self.begin()
        self.start(code=1)
        self.assert_goes_on("recovery data cannot be made, by dvdisaster")

    def test_the_room_for_the_image_is_taken_before_and_given_back(self):
        self.staging()
        ((taken, staged),) = self.scratch().values()
        self.assertGreater(taken, staged * 6 // 5)  # what codes will need as well
        self.station.stop()
        self.assert_nothing_left()
        self.station.start()
        self.station.until(lambda: self.volumes()[0]["state"] == "failed")
        self.assert_goes_on("recdockd ended before")

    def test_recdockd_dies_while_codes_are_made(self):
        self.staging()
        self.station.kill()
        self.assert_nothing_left()
        self.station.start()
        self.station.until(lambda: self.volumes()[0]["state"] == "failed")
        self.assert_goes_on("recdockd ended before")

    def test_the_worker_dies_while_codes_are_made(self):
        self.staging()
        os.kill(self.station.workers("recdock-archive")[0], signal.SIGKILL)
        self.station.until(lambda: self.volumes()[0]["state"] == "failed")
        self.assert_goes_on("recdock-archive ended before its word")

    def test_codes_wait_while_a_recorder_is_offloaded(self):
        self.staging()
        coder = self.coders()[0]
        self.plug("b", self.recorder_folder("b", {f"{i}.bin": os.urandom(8 << 20) for i in range(24)}))
        stood, was = [], False
        while len(self.station.log.find("DOCKING_RELEASED")) < 2:
            held, state = self.held(), self.state(coder)
            # Not about to be, or not any more; and from when the worker has heard of it.
            if was and held and self.held() and (stood or state == "T"):
                stood.append(state)
            was = held
            self.station.log.read()
        self.assertGreater(len(stood), 2)
        self.assertEqual(set(stood), {"T"})
        self.station.until(lambda: self.state(coder) == "S")

    def held(self):
        return self.station.json("archive", "status")[0]["running"]["held"]

    @staticmethod
    def state(pid):
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0]

    def test_recorders_have_the_room_that_an_image_takes(self):
        self.staging()
        self.configure(store="[Store]\nKeepFree=1000T\n")
        self.station.ctl("reload")
        self.plug("b", self.recorder_folder("b", {"1.bin": os.urandom(1 << 20)}))
        self.station.wait("ALERT_RAISED", alert="store-low")
        self.station.until(lambda: self.volumes()[0]["state"] == "failed")
        self.unplug("b")
        self.assert_goes_on("recorders needed the room of its image")


class Deaths(Discs):
    def assert_failed(self, image):
        volumes, media = self.volumes(), self.media()
        self.assertEqual([v["state"] for v in volumes], ["failed"])
        self.assertEqual([m["state"] for m in media], ["failed"])
        self.assertEqual(self.copies(), {0})
        self.assertTrue(os.path.exists(image))
        self.insert()
        self.start()
        volume = [v for v in self.volumes() if v["state"] == "written"][0]
        self.assertEqual(len(self.volumes()), 2)
        self.assertNotEqual(volume["medium"], volumes[0]["medium"])
        self.assert_sound(self.discs[0], volume)
        self.assertEqual(self.copies(), {1})

    def worker_dies(self, where):
        self.begin()
        self.station.crash_worker("archive", where)
        with open(self.discs[0], "wb"):
            pass
        # The look is the first to start, and passes none of the points.
        os.rename(os.path.join(self.station.libexec, "recdock-archive"), os.path.join(self.station.libexec, "crashing"))
        with open(os.path.join(self.station.libexec, "recdock-archive"), "w", encoding="utf-8") as f:
            looked = os.path.join(self.folder, "looked")
            build = os.path.join(os.environ["RECDOCK_BUILD"], "daemon", "archive", "recdock-archive")
            f.write(f"#!/bin/bash\nmkdir '{looked}' 2>&- && exec '{build}'\nexec '{self.station.libexec}/crashing'\n")
        os.chmod(os.path.join(self.station.libexec, "recdock-archive"), 0o755)
        self.start(code=1)
        self.station.wait("WORKER_DIED", timeout=5)
        self.assert_failed(self.discs[0])

    def daemon_dies(self, where):
        self.begin()
        self.station.stop()
        self.station.crash_at = where
        self.configure(more="Burn=auto\n")
        self.station.start(crash_at=where)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL, f"never passed '{where}'")
        self.station.crash_at = None
        with contextlib.closing(sqlite3.connect(os.path.join(self.station.state, "catalogue.sqlite"))) as db:
            found = db.execute("SELECT count(*), sum(state = 2), (SELECT sum(copies) FROM footage) FROM volume").fetchall()
        self.assertEqual(found, [(1, 0, 0)])
        with open(self.discs[0], "ab"):
            pass
        self.configure()
        self.station.start()
        self.station.until(lambda: [v["state"] for v in self.volumes()] == ["failed"])
        self.assert_failed(self.discs[0])

    def test_a_drive_whose_disc_failed_is_not_asked_at_once(self):
        """The next blank disc in it would have the same fate, and the one after that."""
        self.begin()
        path = os.path.join(self.station.libexec, "recdock-archive")
        program = os.readlink(path)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/bash\nexec /usr/bin/python3 '{LIAR}' dies-when-it-is-to-write - '{program}'\n")
        os.chmod(path, 0o755)
        self.configure(more="Burn=auto\n")
        self.station.ctl("reload")
        self.station.wait("ALERT_RAISED", alert="archive-medium-wanted")
        self.assertEqual(([v["state"] for v in self.volumes()], [m["state"] for m in self.media()]), (["failed"], ["failed"]))
        self.start(code=1)  # unless somebody says so
        self.assertEqual([v["state"] for v in self.volumes()], ["failed"] * 2)

    def test_a_file_that_cannot_be_read_fails_the_disc(self):
        self.begin()
        row = self.station.footage()[1]
        path = os.path.join(self.station.store, row["path"])
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            f.write(b"x")
        self.start(code=1)
        self.assertEqual([m["state"] for m in self.media()], ["failed"])
        self.assertEqual(self.copies(), {0})
        if os.path.exists(self.discs[0]):
            self.insert()
        self.start()
        self.assertEqual(sorted(f["copies"] for f in self.station.footage())[:2], [0, 1])


def add_cases():
    """One case for each point that a program dies at."""
    for kind, points in (
        ("worker", ("archive-copying:7", "disc-writing", "disc-written", "archive-ended")),
        ("daemon", ("archive-planned", "archive-begun", "archive-proved")),
    ):
        for where in points:

            def case(self, kind=kind, where=where):
                getattr(self, f"{kind}_dies")(where)

            setattr(Deaths, f"test_{kind}_dies_at_{where.replace('-', '_').replace(':', '_')}", case)


add_cases()


if __name__ == "__main__":
    tap.main("__main__")
