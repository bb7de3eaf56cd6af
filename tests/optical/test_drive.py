#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes burnt to blank DVD+R in a drive that answers SCSI commands: Debian's tgt behind a preload that turns SG_IO into iSCSI and breaks
media. Whatever happens to a disc or to its drive, nothing but a disc that reads as it must is ever proved."""

import errno
import os
import shlex
import signal

from sample_disc import *
import tap

SECTOR = 2048
burner = None
reason = None


def burner_begin():
    """None, or why there can be no burner."""
    global burner
    if not PRELOAD:
        return "built without libiscsi"
    if not shutil.which("tgtd"):
        return "tgt is not installed"
    if os.geteuid() != 0:
        return "tgtd wants to be root"
    try:
        burner = Burner()
    except (OSError, RuntimeError) as e:
        return f"tgtd does not start: {e}"
    return None


def setUpModule():
    global reason
    reason = burner_begin()


def tearDownModule():
    if burner:
        burner.end()


class Drive(Discs):
    def setUp(self):
        if reason:
            self.skipTest(reason)
        super().setUp()
        self.insert_blank()
        self.drive = "/dev/sr0"
        self.environment |= {"LD_PRELOAD": PRELOAD,
                             "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def insert_blank(self):
        self.image, self.environment["RECDOCK_DRIVE"] = burner.insert_blank()
        self.environment["RECDOCK_DRIVE_IMAGE"] = str(self.image)

    def faults(self, words):
        self.environment["RECDOCK_DRIVE_FAULTS"] = words

    def image_of(self, files):
        """What a disc of this volume holds, burnt into a file."""
        got = subprocess.run([BURN, "write", f"stdio:{self.disc}", self.spec(files)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(Burnt(got).outcome, DONE)
        return self.disc.read_bytes()

    def place_of(self, files, i=1):
        return self.image_of(files).index(pathlib.Path(files[i]["source"]).read_bytes()[:64]) // SECTOR

    def is_spoilt(self, *outcomes):
        """The work has ended so, and the disc is neither proved nor ever written again."""
        self.assertIn(self.said.outcome, outcomes, self.said)
        self.faults("")
        self.assertNotEqual(self.verify().outcome, DONE, self.said)
        self.assertNotEqual(self.look()["content"], "blank", self.said)


class Burning(Drive):
    def test_blank_burnt_closed_read_back(self):
        state = self.look()
        self.assertEqual((state["error"], state["content"], state["kind"], state["overwritable"]), (0, "blank", "DVD+R", False))
        self.assertGreater(state["capacity"], 4 << 30)
        files = self.hostile()
        self.assertEqual(self.burn(files, "uncached", "progress").outcome, DONE, self.said)
        state = self.look()
        self.assertEqual((state["content"], state["volume"]), ("ours", NUMBER))
        self.assertEqual(self.verify("uncached").outcome, DONE, self.said)
        self.is_volume(self.extract(self.image), files)
        before = digest(self.image)
        self.assertEqual(self.burn(files).outcome, FOREIGN)
        self.assertEqual(self.burn(files, "overwrite").outcome, FOREIGN)
        self.assertEqual(digest(self.image), before)

    @tool("xorriso")
    def test_another_program_reads_the_drive(self):
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        n = self.said.last["files"]
        listed = output("xorriso", "-indev", "/dev/sr0", "-find", "/", "-type", "f", "-exec", "echo", "--", env=self.environment).decode()
        self.assertEqual(len(listed.splitlines()), n)
        self.assertIn("Media status : is written , is closed", output("xorriso", "-outdev", "/dev/sr0", "-toc", env=self.environment,
                                                                      ).decode() + self.said.messages)

    def test_eject(self):
        self.assertEqual(self.burn(self.some(), "eject").outcome, DONE, self.said)

    def test_no_room(self):
        self.faults("room@1000")
        self.assertEqual(self.look()["capacity"], 1000 * SECTOR)
        self.assertEqual(self.burn(self.some()).outcome, FULL, self.said)
        self.assertEqual(self.image.stat().st_size, 0)
        self.faults("")
        self.assertEqual(self.look()["content"], "blank")


class Breaking(Drive):
    def test_write_error(self):
        self.faults("write-error@800")
        self.burn(self.some())
        self.assertEqual(self.said.last["error"], -errno.EIO)
        self.is_spoilt(MEDIUM_FAILED)

    def test_yanked_disc(self):
        self.faults("yank@800")
        self.burn(self.some())
        self.is_spoilt(MEDIUM_FAILED)

    def test_drive_goes_away(self):
        # libburn does not free what it knows of a disc when its drive goes away.
        self.environment["ASAN_OPTIONS"] += ":detect_leaks=0"
        for words in ("gone@800", f"gone-read@{self.place_of(self.some())}"):
            self.insert_blank()
            self.faults(words)
            self.burn(self.some())
            self.assertIn(self.said.outcome, (MEDIUM_FAILED, NOT_PROVED), self.said)

    def test_disc_that_is_not_closed(self):
        self.faults("open@0")
        self.assertEqual(self.burn(self.some()).outcome, MEDIUM_FAILED, self.said)
        self.assertEqual(self.said.last["error"], -errno.EUCLEAN)

    def test_cancelled(self):
        self.faults("slow@20")
        self.burn(self.some(4, 5000001), "cancel=1000000")
        self.is_spoilt(CANCELLED)

    def test_killed(self):
        self.faults("slow@20")
        self.burn(self.some(4, 5000001), "kill=1000000")
        self.assertEqual(self.said.status, -signal.SIGKILL)
        self.faults("")
        self.assertNotEqual(self.verify().outcome, DONE, self.said)
        self.assertNotEqual(self.look()["content"], "blank", self.said)

    def test_source_that_differs(self):
        files = self.some(4, 5000001)
        data = bytearray(pathlib.Path(files[1]["source"]).read_bytes())
        data[0] ^= 1
        files[1]["changed_source"] = str(self.source("changed", data))
        self.burn(files)
        self.is_spoilt(SOURCE_DIFFERS)


class Reading(Drive):
    def test_lost_sector_of_a_file(self):
        files = self.some()
        self.faults(f"lost@{self.place_of(files) + 3}")
        self.burn(files)
        self.assertEqual(self.said.results, {"data/A 1/现场1.mp4": "differs"})
        self.is_spoilt(NOT_PROVED)

    def test_flipped_bit(self):
        files = self.some()
        self.faults(f"flip@{self.place_of(files) + 5}")
        self.assertEqual(self.burn(files).outcome, NOT_PROVED, self.said)
        self.assertEqual(self.said.results, {"data/A 1/现场1.mp4": "differs"})
        self.assertEqual(self.verify().outcome, NOT_PROVED)

    def test_unreadable_sector(self):
        files = self.some()
        sector = self.place_of(files)
        self.faults(f"read-error@{sector + 5}")
        self.assertEqual(self.burn(files).outcome, NOT_PROVED, self.said)
        self.assertEqual(self.said.results, {"data/A 1/现场1.mp4": "unreadable"})
        # What is good around it is told as good.
        self.assertEqual(self.verify().outcome, NOT_PROVED)
        self.assertEqual(self.said.results, {"data/A 1/现场1.mp4": "unreadable"})

    def test_what_surrounds_the_files(self):
        files = self.some()
        image = self.image_of(files)
        number = lambda at: int.from_bytes(image[at:at + 4], "little")
        # Of the system area, a path table, the folders of Rock Ridge and of Joliet, and the padding, we only use one.
        for sector in (3, number(16 * SECTOR + 140), number(16 * SECTOR + 158), number(17 * SECTOR + 158), number(16 * SECTOR + 80) - 9):
            self.insert_blank()
            self.faults(f"lost@{sector},flip@{sector}")
            self.assertEqual(self.burn(files).outcome, NOT_PROVED, sector)
            self.assertEqual(self.said.results, {".": "differs"})

    def test_directories_cannot_be_read(self):
        files = self.some()
        self.faults("read-error@16")
        self.assertEqual(self.burn(files).outcome, MEDIUM_FAILED, self.said)
        self.assertEqual(self.look()["content"], "foreign")
        self.assertEqual(self.verify().outcome, MEDIUM_FAILED)


if __name__ == "__main__":
    tap.main("__main__")
