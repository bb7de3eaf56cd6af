#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long-term copies: what is due goes to a medium, is proved there, counted, read again, and made anew when it went bad."""

import contextlib
import errno
import glob
import json
import os
import shutil
import signal
import sqlite3
import subprocess

import tap
from testbed import StationTest, sha256_file

LIAR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "archive_liar.py")
CRASHES = ("archive-planned", "archive-begun", "archive-proved", "archive-recorded")
WORKER_CRASHES = ("archive-copying:2", "archive-ended")


class Archive(StationTest):
    start_station = False
    auto = True

    def setUp(self):
        super().setUp()
        self.media = [os.path.join(self.folder, name) for name in ("disk1", "disk2")]
        for path in self.media:
            os.mkdir(path)
        self.mounted = []
        self.configure()

    def tearDown(self):
        try:
            super().tearDown()
        finally:
            for path in self.mounted:
                subprocess.run(["umount", path], check=False)

    def configure(self, folders=1, auto=True, more="", docking=""):
        lines = "".join(f"Folder={path}\n" for path in self.media[:folders])
        self.station.configure(
            f"[Docking]\n{docking}[Archive]\n{lines}AllowSameDisk=yes\nAuto={'yes' if auto else 'no'}\n{more}"
        )

    def begin(self, **files):
        """A station with a medium, and a closed case of category L1 with these files."""
        self.station.start()
        self.station.ctl("archive", "init", self.media[0], "--place=shelf 3")
        self.station.ctl("unit", "add", "U1", "First brigade")
        return self.close_case("C1", files)

    def close_case(self, number, files, name="a", closed=True):
        folder = self.recorder_folder(name, files)
        mark = self.station.mark()
        self.plug(name, folder)
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.unplug(name)
        ids = [str(f["id"]) for f in self.station.footage() if f["case"] is None]
        self.station.ctl("case", "open", number, "--unit=U1", "--long-term=L1", "--party=Zhang San", "--handler=Li Si")
        self.station.ctl("case", "tag", number, *ids)
        if closed:
            self.station.ctl("case", "close", number)
        return folder

    def volumes(self):
        return {v["number"]: v for v in self.station.json("archive", "list")}

    def written(self, n=1, failed=0):
        def enough():
            states = [v["state"] for v in self.volumes().values()]
            self.assertLessEqual(states.count("failed"), failed)
            return states.count("written") >= n

        self.station.until(enough)
        return [v for v in self.volumes().values() if v["state"] == "written"]

    def root(self, volume, medium=0):
        return os.path.join(self.media[medium], volume["number"])

    def alerts(self):
        return sorted((a["kind"], a["subject"]) for a in self.station.json("alert", "list") if a["kind"].startswith("archive-"))

    def acts(self):
        return [e["act"] for e in self.station.json("ledger", "list")]

    def assert_sound(self, volume, medium=0):
        """Other programs say that it is whole, and the catalogue says what is on it."""
        root = self.root(volume, medium)
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            checked = subprocess.run(["sha256sum", "-c", "--strict", manifest], cwd=root, capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertEqual(sha256_file(os.path.join(root, "tagmanifest-sha256.txt")), volume["seal"])
        copies = self.station.json("archive", "show", volume["number"])[0]["copies"]
        footage = {f["id"]: f for f in self.station.footage()}
        for copy in copies:
            self.assertIn(copy["result"], ("good", "cached"))
            self.assertEqual(sha256_file(os.path.join(root, copy["path"])), footage[copy["footage"]]["sha256"])
        self.assertEqual(volume["files"], len(copies))
        return copies


class Way(Archive):
    def test_a_closed_case_is_copied_proved_damaged_and_copied_again(self):
        files = {f"DCIM/{n}.bin": os.urandom(40000 + n) for n in range(5)} | {"DCIM/现场 记录.bin": b"zh" * 1000}
        self.begin(**files)
        volume = self.written()[0]
        self.assertRegex(volume["number"], r"^S1-\d{4}-0001$")
        copies = self.assert_sound(volume)
        self.assertEqual(len(copies), 6)
        self.assertEqual([c["case"] for c in copies], ["C1"] * 6)
        for f in self.station.footage():
            self.assertEqual((f["copies"], f["volumes"]), (1, [volume["number"]]))
        shown = self.station.ctl("show", str(copies[0]["footage"])).stdout
        self.assertIn(volume["number"], shown)
        case = self.station.json("case", "show", "C1")[0]
        self.assertEqual((case["archived"], case["copies"]), (True, 1))
        self.assertEqual(self.alerts(), [])
        status = self.station.json("archive", "status")[0]
        self.assertEqual((status["due_files"], status["running"]), (0, None))
        medium = self.station.json("archive", "media")[0]
        self.assertEqual((medium["state"], medium["place"], medium["volumes"], medium["files"]), ("active", "shelf 3", 1, 6))
        self.assertEqual(medium["check_at"][:10], volume["check_at"][:10])
        self.assertEqual(self.acts().count("volume.written"), 1)

        self.configure(auto=False)
        self.station.ctl("reload")
        good = self.station.ctl("archive", "verify", volume["number"])
        self.assertEqual(good.returncode, 0)
        self.assertIn("0 of 6 files are not good", good.stdout)
        bad = copies[2]
        path = os.path.join(self.root(volume), bad["path"])
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            f.seek(20000)
            f.write(b"x")
        found = self.station.ctl("archive", "verify", volume["number"], "--json", check=False)
        self.assertEqual(found.returncode, 1)
        told = json.loads(found.stdout)[0]
        self.assertEqual((told["check_result"], told["bad"], told["others"]), ("bad", 1, []))
        results = {c["footage"]: c["result"] for c in told["copies"]}
        self.assertEqual(results.pop(bad["footage"]), "differs")
        self.assertTrue(set(results.values()) <= {"good", "cached"}, results)
        self.assertEqual(self.alerts(), [("archive-copy-bad", f"volume/{volume['number']}")])
        counted = {f["id"]: f["copies"] for f in self.station.footage()}
        self.assertEqual(counted.pop(bad["footage"]), 0)
        self.assertEqual(set(counted.values()), {1})
        self.assertFalse(self.station.json("case", "show", "C1")[0]["archived"])
        self.assertEqual(self.station.json("archive", "status")[0]["due_files"], 1)

        refused = self.station.ctl("archive", "retire", volume["number"], check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn("the reason is empty", refused.stderr)
        self.station.ctl("archive", "retire", volume["number"], "--reason=a damaged file")
        self.assertEqual(self.alerts(), [])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {0})
        plan = self.station.json("archive", "plan")
        self.assertEqual([(p["medium"], p["files"]) for p in plan], [("S1-M0001", 6)])
        row = self.station.json("archive", "start", "--wait")[0]
        self.assertEqual((row["state"], row["files"]), ("written", 6))
        self.assert_sound(self.volumes()[row["number"]])
        self.assertEqual({tuple(f["volumes"]) for f in self.station.footage()}, {(row["number"],)})
        self.assertTrue(self.station.json("case", "show", "C1")[0]["archived"])
        for act in ("medium.registered", "volume.planned", "volume.checked", "volume.retired"):
            self.assertIn(act, self.acts())
        self.assertEqual(self.station.ctl("verify").returncode, 0)  # the ledger's chain, too

    def test_a_case_that_is_open_is_copied_when_somebody_asks(self):
        self.configure(auto=False)
        self.station.start()
        self.station.ctl("unit", "add", "U1", "First brigade")
        self.close_case("C1", {"a.bin": b"a" * 5000}, closed=False)
        nothing = self.station.ctl("archive", "start", check=False)
        self.assertEqual(nothing.returncode, 6)
        self.assertIn("nothing is due", nothing.stderr)
        without = self.station.ctl("archive", "start", "--case=C1", check=False)
        self.assertEqual(without.returncode, 6)
        self.assertIn("no medium is at hand", without.stderr)
        self.assertEqual(self.station.json("archive", "plan")[0]["medium"], None)
        self.station.ctl("archive", "init")
        row = self.station.json("archive", "start", "--wait")[0]
        self.assertEqual((row["state"], row["files"]), ("written", 1))
        self.assertEqual(self.acts().count("case.archive-asked"), 1)
        label = self.station.ctl("archive", "label", row["number"]).stdout
        self.assertIn(row["number"], label)
        with open(os.path.join(self.root(row), "label.svg"), encoding="utf-8") as f:
            self.assertEqual(label, f.read())

    def test_a_media_hash_list_is_on_it_when_that_is_asked_for(self):
        self.configure(more="MediaHashList=yes\n")
        self.begin(**{f"DCIM/{n}.bin": os.urandom(40000 + n) for n in range(3)})
        volume = self.written()[0]
        self.assert_sound(volume)
        listing, = glob.glob(os.path.join(self.root(volume), "ascmhl", f"0001_{volume['number']}_*Z.mhl"))
        with open(listing, encoding="utf-8") as f:
            self.assertEqual(f.read().count('">data/C1/'), 3)

    def test_a_folder_that_is_read_back_from_memory_counts_and_says_so(self):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", self.media[0]], check=True)
        self.mounted.append(self.media[0])
        self.begin(a=b"1" * 9000)
        copies = self.assert_sound(self.written()[0])
        self.assertEqual({c["result"] for c in copies}, {"cached"})
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})

    def test_a_volume_that_was_forged_with_its_manifests(self):
        """Whoever changes a file can change the manifests as well, so that they fit; but not the seal, which the station has."""
        self.begin(**{f"{n}.bin": os.urandom(9000 + n) for n in range(3)})
        volume = self.written()[0]
        self.configure(auto=False)
        self.station.ctl("reload")
        root, copy = self.root(volume), self.assert_sound(volume)[1]
        before = sha256_file(os.path.join(root, copy["path"]))
        path = os.path.join(root, copy["path"])
        for name in (path, *(os.path.join(root, n) for n in ("manifest-sha256.txt", "tagmanifest-sha256.txt"))):
            os.chmod(name, 0o600)
        with open(path, "r+b") as f:
            f.write(b"another")
        self.exchange(root, "manifest-sha256.txt", before, sha256_file(path), "tagmanifest-sha256.txt")
        subprocess.run(["sha256sum", "--check", "--quiet", "manifest-sha256.txt", "tagmanifest-sha256.txt"], cwd=root, check=True)
        found = self.station.ctl("archive", "verify", volume["number"], "--json", check=False)
        self.assertEqual(found.returncode, 1)
        told = json.loads(found.stdout)[0]
        self.assertEqual((told["check_result"], told["bad"]), ("other-manifests", 3))
        self.assertEqual({f["copies"] for f in self.station.footage()}, {0})
        self.assertEqual(self.alerts(), [("archive-copy-bad", f"volume/{volume['number']}")])

    @staticmethod
    def exchange(root, name, was, now, above):
        """One digest for another in a manifest, and that manifest's in the one that is above it."""
        path = os.path.join(root, name)
        before = sha256_file(path)
        for where, old, new in ((path, was, now), (os.path.join(root, above), before, None)):
            with open(where, encoding="utf-8") as f:
                text = f.read()
            new = new or sha256_file(path)
            assert text.count(old) == 1
            with open(where, "w", encoding="utf-8") as f:
                f.write(text.replace(old, new))

    def overdue(self):
        return [(a["subject"], a["severity"]) for a in self.station.json("alert", "list", "--open") if a["kind"] == "archive-check-overdue"]

    def years_go_by(self, volume):
        self.station.stop()
        with contextlib.closing(sqlite3.connect(os.path.join(self.station.state, "catalogue.sqlite"))) as db:
            db.execute("UPDATE volume SET check_at = check_at - 3 * 365 * 86400 * 1000000 WHERE number = ?", (volume["number"],))
            db.commit()
        mark = self.station.mark()
        self.station.start()
        self.station.wait("ALERT_RAISED", start=mark, alert="archive-check-overdue")
        self.assertEqual(self.overdue(), [(f"volume/{volume['number']}", "warning")])

    def test_a_check_that_is_overdue_is_told_until_it_is_made(self):
        self.begin(a=b"1" * 9000)
        volume = self.written()[0]
        self.assertEqual(self.overdue(), [])
        self.years_go_by(volume)
        alert, = [a["id"] for a in self.station.json("alert", "list", "--kind=archive-check-overdue")]
        refused = self.station.ctl("alert", "clear", str(alert), "--reason=later", check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn("the volume was read again or is retired", refused.stderr)
        self.station.ctl("archive", "verify", volume["number"])
        self.assertEqual(self.overdue(), [])
        self.assertGreater(self.volumes()[volume["number"]]["check_at"], volume["written_at"])
        self.years_go_by(volume)
        self.station.ctl("archive", "retire", volume["number"], "--reason=worn out")
        self.assertEqual(self.overdue(), [])

    def test_what_is_wrong_is_refused_and_changes_nothing(self):
        self.configure(auto=False)
        self.station.start()
        used = os.path.join(self.media[0], "photo.jpg")
        with open(used, "wb") as f:
            f.write(b"x")
        for code, text, *args in (
            (6, "has something in it", "init"),
            (6, "is no folder for media", "init", "/srv"),
            (4, "there is no volume", "verify", "S1-2026-0001"),
            (4, "there is no volume", "retire", "S1-2026-0001", "--reason=x"),
            (4, "there is no volume", "label", "S1-2026-0001"),
            (4, "there is no volume", "show", "S1-2026-0001"),
            (4, "there is no case", "start", "--case=C9"),
            (6, "state 'good'", "list", "--state=good"),
        ):
            with self.subTest(args=args):
                refused = self.station.ctl("archive", *args, check=False)
                self.assertIn(text, refused.stderr)
                self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(self.files_below(self.media[0]), ["photo.jpg"])
        self.assertEqual((self.station.json("archive", "list"), self.station.json("archive", "media")), ([], []))
        os.unlink(used)
        self.station.ctl("archive", "init", "--number=D7")
        self.station.ctl("unit", "add", "U1", "First brigade")
        self.station.ctl("case", "open", "C2", "--unit=U1")
        refused = self.station.ctl("archive", "start", "--case=C2", check=False)
        self.assertIn("is of no long-term category", refused.stderr)
        self.assertEqual([m["number"] for m in self.station.json("archive", "media")], ["D7"])
        self.configure(auto=False, folders=2)
        self.station.ctl("reload")
        refused = self.station.ctl("archive", "init", self.media[1], "--number=D7", check=False)
        self.assertIn("there is a medium 'D7' already", refused.stderr)
        self.station.configure(f"[Archive]\nFolder={self.media[1]}\n")
        self.station.ctl("reload")
        refused = self.station.ctl("archive", "init", check=False)
        self.assertIn("AllowSameDisk=yes", refused.stderr)

    def test_two_copies_are_on_two_media(self):
        self.configure(folders=2, more="Copies=2\n")
        self.begin(a=b"1" * 9000)
        first = self.written()[0]
        self.station.wait("ALERT_RAISED", alert="archive-medium-wanted")
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})
        self.assertFalse(self.station.json("case", "show", "C1")[0]["archived"])
        self.station.ctl("archive", "init", self.media[1])
        second = [v for v in self.written(2) if v["number"] != first["number"]][0]
        self.assertNotEqual(second["medium"], first["medium"])
        self.assert_sound(first)
        self.assert_sound(second, medium=1)
        self.assertEqual({f["copies"] for f in self.station.footage()}, {2})
        self.assertTrue(self.station.json("case", "show", "C1")[0]["archived"])
        self.station.until(lambda: self.alerts() == [])


class Again(Archive):
    """A copy that is lost is made anew: from the store, or from another copy when the store has none."""

    def damage(self, path):
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            f.seek(4000)
            f.write(b"x")

    def test_from_the_store(self):
        self.configure(auto=False)
        self.begin(a=b"1" * 9000, b=b"2" * 9000)
        first = self.station.json("archive", "start", "--wait")[0]["number"]
        bad = self.station.json("archive", "show", first)[0]["copies"][1]
        self.damage(os.path.join(self.media[0], first, bad["path"]))
        self.station.ctl("archive", "verify", first, check=False)
        second = self.station.json("archive", "start", "--wait")[0]
        self.assertEqual((second["state"], second["files"]), ("written", 1))
        self.assertEqual([c["footage"] for c in self.assert_sound(self.volumes()[second["number"]])], [bad["footage"]])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})
        self.assertTrue(self.station.json("case", "show", "C1")[0]["archived"])

    def from_another_medium(self, lose):
        self.configure(folders=2, auto=False, more="Copies=2\n")
        self.begin(a=b"1" * 9000, b=b"2" * 9000)
        first = self.station.json("archive", "start", "--wait")[0]["number"]
        self.station.ctl("archive", "init", self.media[1])
        copy = self.station.json("archive", "show", first)[0]["copies"][0]
        good, footage = os.path.join(self.media[0], first, copy["path"]), copy["footage"]
        stored = os.path.join(self.station.store, {f["id"]: f["path"] for f in self.station.footage()}[footage])
        lose(stored)
        failed = json.loads(self.station.ctl("archive", "start", "--wait", "--json", check=False).stdout)[0]
        self.assertEqual(failed["state"], "failed")
        alert = [a for a in self.station.json("alert", "list") if a["kind"] == "archive-failed"]
        self.assertEqual([a["subject"] for a in alert], [f"footage/{footage}"])
        self.assertIn(f"--footage={footage} --source=FILE", alert[0]["text"])

        wrong = os.path.join(self.folder, "wrong")
        with open(wrong, "wb") as f:
            f.write(b"1" * 8999 + b"x")
        failed = json.loads(self.station.ctl("archive", "start", f"--footage={footage}", f"--source={wrong}", "--wait", "--json", check=False).stdout)[0]
        self.assertEqual(failed["state"], "failed")
        self.assertIn("the file that was given is not what the catalogue knows of it", failed["reason"])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})

        volume = self.station.json("archive", "start", f"--footage={footage}", f"--source={good}", "--wait")[0]
        self.assertEqual((volume["state"], volume["files"]), ("written", 2))
        self.assert_sound(self.volumes()[volume["number"]], medium=1)
        self.assertEqual({f["copies"] for f in self.station.footage()}, {2})
        self.assertTrue(self.station.json("case", "show", "C1")[0]["archived"])
        self.assertEqual(self.alerts(), [])
        given = [e for e in self.station.json("ledger", "list") if e["act"] == "volume.source-given"]
        self.assertEqual([(e["detail"]["footage"], e["detail"]["path"]) for e in given], [(footage, good), (footage, wrong)])
        return stored

    def test_a_medium_that_has_it_already_is_not_written_without_it(self):
        """Who gives a file wants that one written: not a volume of what else is due."""
        self.configure(auto=False, more="Copies=2\n")
        self.begin(a=b"1" * 9000)
        first = self.station.json("archive", "start", "--wait")[0]["number"]
        copy = self.station.json("archive", "show", first)[0]["copies"][0]
        self.close_case("C2", {"b": b"2" * 9000}, name="b")
        source = os.path.join(self.media[0], first, copy["path"])
        refused = self.station.ctl("archive", "start", f"--footage={copy['footage']}", f"--source={source}", "--wait", check=False)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("or it is there already", refused.stderr)
        self.assertEqual(list(self.volumes()), [first])

    def test_from_another_medium_when_the_store_has_it_damaged(self):
        stored = self.from_another_medium(self.damage)
        self.assertNotEqual(sha256_file(stored), sha256_file(os.path.join(self.folder, "wrong")))  # as it was
        self.assertNotEqual(self.station.ctl("verify", check=False).returncode, 0)

    def test_from_another_medium_when_the_store_has_lost_it(self):
        self.assertFalse(os.path.exists(self.from_another_medium(os.unlink)))

    def test_what_is_wrong_is_refused(self):
        self.configure(auto=False)
        self.begin(a=b"1" * 9000)
        self.station.ctl("archive", "start", "--wait")
        path = os.path.join(self.folder, "given")
        for name, size in ((path, 9000), (f"{path}.short", 8999)):
            with open(name, "wb") as f:
                f.write(b"1" * size)
        for code, text, *args in (
            (2, "expected --footage and --source together", "--footage=1"),
            (2, "expected --footage and --source together", f"--source={path}"),
            (2, "expected --footage and --source together", "--footage=1", f"--source={path}", "--case=C1"),
            (2, "expected the number of a footage", "--footage=1x", f"--source={path}"),
            (2, "expected the number of a footage", "--footage=-1", f"--source={path}"),
            (2, "is no regular file", "--footage=1", f"--source={self.folder}"),
            (2, "cannot be read", "--footage=1", f"--source={path}.none"),
            (5, "there is no footage '99'", "--footage=99", f"--source={path}"),
            (6, f"'{path}.short' has 8999 bytes, expected the 9000 of footage '1'", "--footage=1", f"--source={path}.short"),
            (6, "'1' is not due", "--footage=1", f"--source={path}"),
        ):
            with self.subTest(args=args):
                refused = self.station.ctl("archive", "start", *args, check=False)
                self.assertIn(text, refused.stderr)
                self.assertEqual(refused.returncode, code)
        self.assertEqual(len(self.volumes()), 1)


class Failures(Archive):
    def test_a_full_medium_goes_to_the_next(self):
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.media[0]], check=False).returncode != 0:
            self.skipTest("cannot mount a small file system here")
        self.mounted.append(self.media[0])
        self.configure(folders=2)
        self.begin(a=os.urandom(3 << 20), b=os.urandom(1 << 20))
        self.station.wait("ALERT_RAISED", alert="archive-medium-wanted")
        self.assertEqual([v["files"] for v in self.written()], [1])  # the small one fits
        self.station.ctl("archive", "init", self.media[1])
        volumes = self.written(2)
        self.assertEqual(sorted(v["files"] for v in volumes), [1, 1])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})
        self.station.until(lambda: self.alerts() == [])

    def test_a_file_that_the_store_has_not_as_it_was_is_left_out_and_told(self):
        self.configure(auto=False)
        self.begin(a=b"1" * 9000, b=b"2" * 9000)
        row = self.station.footage()[0]
        path = os.path.join(self.station.store, row["path"])
        os.chmod(path, 0o600)
        with open(path, "r+b") as f:
            f.write(b"x")
        failed = self.station.ctl("archive", "start", "--wait", check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertEqual(self.alerts(), [("archive-failed", f"footage/{row['id']}")])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {0})
        done = self.station.json("archive", "start", "--wait")[0]
        self.assertEqual((done["state"], done["files"]), ("written", 1))
        self.assertEqual({f["id"]: f["copies"] for f in self.station.footage()}[row["id"]], 0)
        self.assertEqual(self.alerts(), [("archive-failed", f"footage/{row['id']}")])
        # The first one's folder is there still, is no volume, and is told of until it is gone and retired.
        left, = [v["number"] for v in self.volumes().values() if v["state"] == "failed"]
        self.assertFalse(os.path.exists(os.path.join(self.media[0], left, "bagit.txt")))
        self.assertIn(f"volumes that failed: {left};", self.station.wait("ARCHIVE_LEFT", timeout=5)[0]["MESSAGE"])
        folder = os.path.join(self.media[0], left)
        for change, told in (
            (lambda: shutil.rmtree(folder), 0),
            (lambda: os.mkdir(folder), 1),
            (lambda: self.station.ctl("archive", "retire", left, "--reason=its folder is gone"), 0),
        ):
            change()
            mark = self.station.mark()
            self.station.ctl("archive", "retire", done["number"], "--reason=to be written again")
            done = self.station.json("archive", "start", "--wait")[0]
            self.station.wait("ARCHIVE_WRITTEN", start=mark)
            self.assertEqual(len(self.station.log.find("ARCHIVE_LEFT", mark)), told)
        self.assertEqual(len(self.station.json("archive", "list", "--state=failed")), 0)

    def test_a_disk_that_is_not_mounted_is_no_medium(self):
        self.configure(auto=False)
        self.begin(a=b"1" * 9000)
        away = os.path.join(self.folder, "away")
        os.rename(self.media[0], away)
        os.mkdir(self.media[0])
        failed = self.station.ctl("archive", "start", "--wait", check=False)
        self.assertIn("is its disk mounted?", failed.stderr)
        self.assertEqual(os.listdir(self.media[0]), [])
        self.assertEqual(self.volumes(), {})
        os.rmdir(self.media[0])
        os.rename(away, self.media[0])
        self.assertEqual(self.station.json("archive", "start", "--wait")[0]["state"], "written")


class Deaths(Archive):
    def worker_dies(self, where):
        self.station.crash_worker("archive", where)
        self.begin(**{f"{n}.bin": os.urandom(3000 + n) for n in range(4)})
        volume = self.written()[0]
        self.station.wait("WORKER_DIED", timeout=5)
        self.assertEqual(len(self.volumes()), 1)
        self.assert_sound(volume)
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})

    def daemon_dies(self, where):
        self.configure(auto=False)
        self.begin(**{f"{n}.bin": os.urandom(3000 + n) for n in range(4)})
        self.station.stop()
        self.configure()
        self.station.crash_at = where
        self.station.start(crash_at=where)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL, f"never passed '{where}'")
        self.station.crash_at = None
        with contextlib.closing(sqlite3.connect(os.path.join(self.station.state, "catalogue.sqlite"))) as db:
            found = db.execute("SELECT count(*), sum(state = 2), (SELECT sum(copies) FROM footage) FROM volume").fetchall()
        self.assertEqual(found, [(1, 1, 4) if where == "archive-recorded" else (1, 0, 0)])
        self.configure(auto=False)  # what was begun is gone on with in any case
        self.station.start()
        volume = self.written()[0]
        self.assertEqual(len(self.volumes()), 1)
        self.assert_sound(volume)
        self.assertEqual({f["copies"] for f in self.station.footage()}, {1})
        self.assertEqual(self.acts().count("volume.written"), 1)

    def goes_on_as_begun(self, begun, then):
        """MediaHashList= is another one when a volume that was cut off is gone on with."""
        self.configure(auto=False)
        self.begin(**{f"{n}.bin": os.urandom(3000 + n) for n in range(4)})
        self.station.stop()
        self.configure(more=f"MediaHashList={begun}\n")
        self.station.crash_at = "archive-proved"
        self.station.start(crash_at="archive-proved")
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL)
        self.station.crash_at = None
        self.configure(auto=False, more=f"MediaHashList={then}\n")
        self.station.start()
        volume = self.written()[0]
        self.assertEqual(len(self.volumes()), 1)
        self.assert_sound(volume)
        self.assertEqual(os.path.isdir(os.path.join(self.root(volume), "ascmhl")), begun == "yes")

    def test_a_hash_list_that_is_not_asked_for_any_more(self):
        self.goes_on_as_begun("yes", "no")

    def test_a_hash_list_that_is_asked_for_meanwhile(self):
        self.goes_on_as_begun("no", "yes")

    def test_a_worker_that_stalls_is_killed_and_gone_on_with(self):
        self.configure(docking="WarnTimeout=1s\nKillTimeout=2s\n")
        frozen = os.path.join(self.folder, "frozen")
        path = os.path.join(self.station.libexec, "recdock-archive")
        program = os.readlink(path)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/bash\nmkdir '{frozen}' 2>&- && kill -STOP $$\nexec -a \"$0\" '{program}'\n")
        os.chmod(path, 0o755)
        self.begin(a=b"1" * 9000)
        volume = self.written()[0]
        self.station.wait("WORKER_KILLED", timeout=5)
        self.assert_sound(volume)

    def test_a_worker_that_always_dies_fails_the_volume(self):
        path = os.path.join(self.station.libexec, "recdock-archive")
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write("#!/bin/bash\nexit 1\n")
        os.chmod(path, 0o755)
        self.begin(a=b"1" * 9000)
        self.station.wait("ALERT_RAISED", alert="archive-failed")
        self.assertEqual([v["state"] for v in self.volumes().values()], ["failed"])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {0})
        self.assertEqual(self.station.json("archive", "media")[0]["state"], "failed")
        self.assertEqual(self.station.json("archive", "status")[0]["due_files"], 1)


class Lies(Archive):
    """A recdock-archive that was taken over by a medium says what is not so. Its word alone makes no copy."""

    def prepare(self, what):
        self.answer = os.path.join(self.folder, "answer")
        self.station.start()
        self.station.ctl("archive", "init", self.media[0])
        self.station.ctl("unit", "add", "U1", "First brigade")
        self.close_case("C1", {"a.bin": os.urandom(9000)})
        self.dock("b", self.recorder_folder("b", {"b.bin": os.urandom(9000)}))  # footage 2 is of no case
        path = os.path.join(self.station.libexec, "recdock-archive")
        program = os.readlink(path)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/bash\nexec /usr/bin/python3 '{LIAR}' {what} '{self.answer}' '{program}'\n")
        os.chmod(path, 0o755)

    def lie(self, what, **configuration):
        self.configure(auto=False, **configuration)
        self.prepare(what)
        said = self.station.ctl("archive", "start", "--wait", "--json", check=False)
        return json.loads(said.stdout)[0]

    def fails(self, what, reason, **configuration):
        row = self.lie(what, **configuration)
        self.assertEqual(row["state"], "failed")
        self.assertIn(reason, row["reason"])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {0})
        self.assertFalse(self.station.json("case", "show", "C1")[0]["archived"])

    def barred(self, outcome, reason, state="active"):
        """It is asked again neither at once nor for ever, and who says so has it asked."""
        self.configure(auto=False)
        self.prepare(f"ends-as={outcome}")
        self.configure()
        self.station.ctl("reload")
        self.station.wait("ALERT_RAISED", alert="archive-medium-wanted")
        self.assertEqual([v["state"] for v in self.volumes().values()], ["failed"])
        self.assertIn(reason, list(self.volumes().values())[0]["reason"])
        self.assertEqual({f["copies"] for f in self.station.footage()}, {0})
        self.assertEqual(self.station.json("archive", "media")[0]["state"], state)
        again = self.station.ctl("archive", "start", "--wait", check=False)
        self.assertNotEqual(again.returncode, 0)
        self.assertEqual(len(self.volumes()), 2 if state == "active" else 1)

    def test_the_medium_is_full(self):
        self.barred(1, "the medium is full")

    def test_the_folder_is_somebody_else_s(self):
        self.barred(5, "its folder on the medium has something else in it")

    def test_it_was_not_proved(self):
        self.barred(7, "reading it back did not prove it", "failed")

    def test_the_medium_fails(self):
        self.barred(2, "the medium failed", "failed")

    def test_one_file_is_not_told_of(self):
        self.fails("omits-one", "reading it back did not prove it")

    def test_one_file_is_not_what_it_was(self):
        self.fails("says-it-differs", "1 of 1 files are not what was written")

    def test_a_file_of_the_volume_s_own_is_not_what_it_was(self):
        self.fails("own-file-differs", "nor are files of the volume's own")

    def test_there_is_no_seal(self):
        self.fails("without-seal", "reading it back did not prove it")

    def test_it_tells_of_footage_that_is_not_on_the_volume(self):
        self.fails("tells-of-another", "recdock-archive ended before its word")

    def test_it_tells_of_another_and_lives_on(self):
        """It is killed for what it said, and not when it has said nothing for long."""
        self.fails("tells-of-another-and-stays", "recdock-archive ended before its word", docking="WarnTimeout=15s\nKillTimeout=20s\n")
        self.assertEqual(self.station.log.find("WORKER_STALLED") + self.station.log.find("WORKER_KILLED"), [])

    def test_it_wants_footage_that_is_not_on_the_volume(self):
        self.assertEqual(self.lie("wants-another")["state"], "written")
        with open(self.answer, encoding="utf-8") as f:
            self.assertEqual(f.read(), f"2 {-errno.EPERM} 0")


def add_cases():
    """One case for each point that a program dies at."""
    for kind, points in (("daemon", CRASHES), ("worker", WORKER_CRASHES)):
        for where in points:

            def case(self, kind=kind, where=where):
                getattr(self, f"{kind}_dies")(where)

            setattr(Deaths, f"test_{kind}_dies_at_{where.replace('-', '_').replace(':', '_')}", case)


add_cases()


if __name__ == "__main__":
    tap.main("__main__")
