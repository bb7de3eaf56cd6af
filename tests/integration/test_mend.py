#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file that the store has lost, or that is not what was filed, is given a good copy; what the store had is kept, and whatever is
cut off is as if it had never been begun, or done."""

import os
import shutil
import signal
import stat
import subprocess

import tap
from testbed import BUILD, StationTest, sha256_file

# Before the first of the second row nobody has asked for it, as far as the next start knows.
FORGOTTEN = ("copy-written", "copy-named")
FINISHED = ("mend-asked", "mend-displaced", "mend-linked", "mend-placed", "mend-recorded")
with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as CONFIG:
    INJECTION = "#define RECDOCK_INJECTION 1" in CONFIG.read()


class Mending(StationTest):
    start_station = False

    def setUp(self):
        super().setUp()
        self.good = self.recorder_folder("a", {"x.bin": os.urandom((1 << 20) + 4711), "y.bin": os.urandom(5000)})
        self.configure()
        self.station.start()
        self.plug("a", self.good)
        self.station.wait("DOCKING_RELEASED")
        self.unplug("a")
        self.row = self.station.footage("--name", "x.bin")[0]
        self.number = str(self.row["id"])
        self.path = os.path.join(self.station.store, self.row["path"])
        self.source = os.path.join(self.good, "x.bin")
        self.was = os.stat(self.path)

    def configure(self):
        self.station.configure("[Store]\nSM3=yes\n")

    def damage(self):
        """One bit of it is another, as after years on a bad disk."""
        os.chmod(self.path, 0o640)
        with open(self.path, "r+b") as f:
            f.seek(70000)
            byte = f.read(1)
            f.seek(70000)
            f.write(bytes([byte[0] ^ 1]))
        os.chmod(self.path, 0o440)
        return sha256_file(self.path)

    def verify(self):
        return self.station.ctl("verify", "--json", check=False).returncode

    def mend(self, source=None, check=True):
        return self.station.ctl("mend", self.number, source or self.source, "--json", check=check)

    def answer(self, *args):
        return self.station.json("mend", self.number, self.source, *args)[0]

    def acts(self):
        rows = sorted(self.station.json("ledger", "list", f"--subject=footage/{self.number}"), key=lambda e: e["sequence"])
        return [r for r in rows if r["act"].startswith("footage.mend")]

    def alerts(self):
        return [a for a in self.station.json("alert", "list") if a["kind"] == "digest-mismatch"]

    def below(self, name):
        folder = os.path.join(self.station.store, name)
        return self.files_below(folder) if os.path.isdir(folder) else []

    def assert_whole(self):
        self.assertEqual(sha256_file(self.path), self.row["sha256"])
        now = os.stat(self.path)
        self.assertEqual(stat.S_IMODE(now.st_mode), 0o440)
        self.assertEqual((now.st_mtime_ns, now.st_nlink), (self.was.st_mtime_ns, 1))
        self.assertEqual(self.below("mending"), [])
        self.assertEqual(self.verify(), 0)
        self.assertEqual(self.alerts(), [])

    def assert_kept(self, digest):
        """What was bad lies where the answer says, as it was."""
        kept = self.below("displaced")
        self.assertEqual(len(kept), 1)
        self.assertTrue(kept[0].endswith("/" + self.row["path"]))
        self.assertEqual(sha256_file(os.path.join(self.station.store, "displaced", kept[0])), digest)
        return "displaced/" + kept[0]

    def assert_untouched(self, digest):
        """Nothing was changed by a mending that was refused."""
        self.assertEqual(sha256_file(self.path), digest)
        self.assertEqual(self.below("mending") + self.below("displaced"), [])
        self.assertEqual(self.acts(), [])


class Mend(Mending):
    def test_a_damaged_file_is_replaced_and_kept(self):
        bad = self.damage()
        self.assertEqual(self.verify(), 1)
        self.assertEqual(len(self.alerts()), 1)
        answer = self.answer()
        kept = self.assert_kept(bad)
        self.assertEqual(answer, {"footage": self.row["id"], "outcome": "mended", "found": "mismatch", "kept": kept})
        self.assert_whole()
        asked, ended = self.acts()
        self.assertEqual((asked["act"], ended["act"]), ("footage.mend-asked", "footage.mended"))
        self.assertEqual(asked["detail"]["source"], self.source)
        self.assertEqual(ended["detail"], {"found": "mismatch", "kept": kept, "sha256": self.row["sha256"]})
        for entry in (asked, ended):
            self.assertTrue(entry["actor"].startswith(f"uid={os.getuid()}"), entry["actor"])
        self.station.wait("FOOTAGE_MENDED", timeout=5, footage=self.number)

    def test_a_file_that_was_cut_short(self):
        os.chmod(self.path, 0o640)
        os.truncate(self.path, 1000)
        bad = sha256_file(self.path)
        self.assertEqual(self.answer()["found"], "mismatch")
        self.assert_kept(bad)
        self.assert_whole()

    def test_a_missing_file_is_there_again(self):
        os.unlink(self.path)
        self.assertEqual(self.verify(), 1)
        answer = self.answer()
        self.assertEqual(answer, {"footage": self.row["id"], "outcome": "mended", "found": "missing", "kept": None})
        self.assertEqual(self.below("displaced"), [])
        self.assert_whole()
        self.assertIsNone(self.acts()[1]["detail"]["kept"])

    def test_a_whole_folder_was_lost(self):
        shutil.rmtree(os.path.join(self.station.store, "store", *self.row["path"].split("/")[1:2]))
        for row in self.station.footage():
            self.station.ctl("mend", str(row["id"]), os.path.join(self.good, row["name"]))
        self.assert_whole()

    def test_what_is_no_file_goes_aside_too(self):
        os.unlink(self.path)
        os.symlink("/etc/passwd", self.path)
        self.assertEqual(self.answer()["found"], "unreadable")
        self.assertEqual(os.readlink(os.path.join(self.station.store, "displaced", self.below("displaced")[0])), "/etc/passwd")
        self.assert_whole()

    def test_twice(self):
        """Each time what was bad is kept by itself; the clock of the names has seconds."""
        bad = self.damage()
        self.mend()
        mark = self.station.mark()
        os.unlink(self.path)
        shutil.copy(os.path.join(self.good, "y.bin"), self.path)
        self.station.until(lambda: self.mend(check=False).returncode == 0)
        self.station.wait("FOOTAGE_MENDED", start=mark)
        kept = {sha256_file(os.path.join(self.station.store, "displaced", name)) for name in self.below("displaced")}
        self.assertEqual(kept, {bad, sha256_file(os.path.join(self.good, "y.bin"))})
        self.assert_whole()

    def test_a_sound_file_is_left(self):
        before = os.stat(self.path)
        self.assertEqual(self.answer(), {"footage": self.row["id"], "outcome": "sound", "found": "ok", "kept": None})
        self.assertEqual(os.stat(self.path).st_ino, before.st_ino)
        self.assert_untouched(self.row["sha256"])
        text = self.station.ctl("mend", self.number, self.source).stdout
        self.assertIn("nothing was changed", text)

    def test_it_tells_people_where_the_bad_one_is(self):
        bad = self.damage()
        text = self.station.ctl("mend", self.number, self.source).stdout
        self.assertIn(self.assert_kept(bad), text)

    def test_another_file_is_refused_with_both_digests(self):
        bad = self.damage()
        self.verify()
        other = os.path.join(self.folder, "other")
        with open(self.source, "rb") as f, open(other, "wb") as g:
            g.write(f.read()[::-1])
        result = self.mend(other, check=False)
        self.assertEqual(result.returncode, 6)
        self.assertIn(sha256_file(other), result.stderr)
        self.assertIn(self.row["sha256"], result.stderr)
        self.assertEqual(result.stdout, "")
        self.assert_untouched(bad)
        self.assertEqual(len(self.alerts()), 1)
        self.mend()
        self.assert_whole()

    def test_a_file_of_another_size_is_refused(self):
        bad = self.damage()
        result = self.mend(os.path.join(self.good, "y.bin"), check=False)
        self.assertEqual(result.returncode, 6)
        self.assertIn("5000 bytes", result.stderr)
        self.assertIn(str(self.row["size"]), result.stderr)
        self.assert_untouched(bad)

    def test_the_damaged_file_itself_is_refused(self):
        bad = self.damage()
        result = self.mend(self.path, check=False)
        self.assertEqual(result.returncode, 6)
        self.assert_untouched(bad)

    def test_what_cannot_be_read_is_refused(self):
        bad = self.damage()
        fifo = os.path.join(self.folder, "fifo")
        os.mkfifo(fifo)
        for path, says in ((fifo, "no regular file"), ("/dev/zero", "no regular file"), (self.folder, "no regular file"),
                           ("/nonexistent", "No such file")):
            with self.subTest(path=path):
                result = self.mend(path, check=False)
                self.assertEqual(result.returncode, 2)
                self.assertIn(path, result.stderr)
                self.assertIn(says, result.stderr)
        self.assert_untouched(bad)

    def test_who_may_not_read_it_gives_nothing(self):
        bad = self.damage()
        secret = os.path.join(self.folder, "secret")
        shutil.copy(self.source, secret)
        os.chmod(self.folder, 0o755)
        os.chmod(secret, 0o600)
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", os.path.join(BUILD, "cli/recdockctl"), "mend", self.number, secret]
        result = subprocess.run(command, env=self.station.environment(), capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("Permission denied", result.stderr)
        self.assert_untouched(bad)

    def test_words_that_are_no_footage(self):
        for word, code in (("0", 2), ("x", 2), ("17x", 2), ("99", 5)):
            with self.subTest(word=word):
                result = self.station.ctl("mend", word, self.source, check=False)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(word, result.stderr)
        self.assertEqual(self.station.ctl("mend", self.number, check=False).returncode, 2)

    def test_no_room_no_copy(self):
        bad = self.damage()
        self.station.configure("[Store]\nKeepFree=900T\n")
        self.station.ctl("reload")
        result = self.mend(check=False)
        self.assertEqual(result.returncode, 6)
        self.assertIn("no room", result.stderr)
        self.assert_untouched(bad)

    def test_it_can_be_backed_up_again(self):
        """What the store could not give is in the next backup."""
        target = os.path.join(self.folder, "backup")
        os.mkdir(target)
        self.station.configure(f"[Backup]\nTarget={target}\nAllowSameDisk=yes\n")
        self.station.ctl("reload")
        self.damage()
        self.station.ctl("backup", "init")
        self.station.until(lambda: self.station.json("backup", "list"))
        self.assertEqual(self.station.json("backup", "list")[0]["outcome"], "incomplete")
        self.mend()
        self.assertEqual(self.station.json("backup", "start", "--wait")[0]["outcome"], "good")
        self.assert_whole()

    def test_a_stop_changes_nothing_or_everything(self):
        bad = self.damage()
        mending = subprocess.Popen([os.path.join(BUILD, "cli/recdockctl"), "mend", self.number, self.source],
                                   env=self.station.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.station.stop()
        mending.wait()
        self.assertIn(sha256_file(self.path), (bad, self.row["sha256"]))
        self.station.start()
        self.mend()
        self.assert_kept(bad)
        self.assert_whole()


class WithoutSm3(Mending):
    def configure(self):
        pass

    def test_a_damaged_file_is_replaced_and_kept(self):
        bad = self.damage()
        self.mend()
        self.assert_kept(bad)
        self.assert_whole()


class Deaths(Mending):
    def dies(self, point, found):
        if found == "missing":
            os.unlink(self.path)
            bad = None
        else:
            bad = self.damage()
        self.verify()
        self.station.stop()
        self.station.crash_at = point
        self.station.start(crash_at=point)
        self.assertEqual(self.mend(check=False).returncode, 3)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL, f"never passed '{point}'")
        self.station.crash_at = None
        self.station.start()
        self.assertEqual(self.below("mending"), [])
        if point in FORGOTTEN:
            self.assertEqual(os.path.exists(self.path) and sha256_file(self.path), bad or False)
            self.assertEqual(self.below("displaced"), [])
            self.assertEqual((self.acts(), len(self.alerts())), ([], 1))
            self.mend()
        if bad:
            self.assert_kept(bad)
        self.assert_whole()
        self.assertEqual([a["act"] for a in self.acts()], ["footage.mend-asked", "footage.mended"])
        self.assertEqual(self.answer()["outcome"], "sound")

    def test_a_copy_that_nobody_asked_for_is_no_footage(self):
        """Whoever can write to the store's disk gets nothing filed by it."""
        bad = self.damage()
        self.station.stop()
        os.makedirs(os.path.join(self.station.store, "mending"), exist_ok=True)
        for name in (f"{self.number}.good", "99.good", f"{self.number}.copy", "foreign"):
            shutil.copy(os.path.join(self.good, "y.bin"), os.path.join(self.station.store, "mending", name))
        self.station.start()
        self.assertEqual(self.below("mending"), ["foreign"])
        os.unlink(os.path.join(self.station.store, "mending", "foreign"))
        self.assert_untouched(bad)


def add_case(point, found):
    name = f"test_{point.replace('-', '_')}_{found}"
    setattr(Deaths, name, lambda self: self.dies(point, found))


if INJECTION:
    for crash in FORGOTTEN + FINISHED:
        for state in ("mismatch", "missing"):
            if (crash, state) != ("mend-displaced", "missing"):
                add_case(crash, state)


if __name__ == "__main__":
    tap.main("__main__")
