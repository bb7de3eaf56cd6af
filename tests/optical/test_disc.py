#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes burnt into files that stand in for discs, as xorriso, isoinfo, bsdtar and sha256sum see them; and whatever must not end in a
proved volume."""

import errno
import os
import pathlib
import re
import resource
import shlex
import signal
import tempfile

from sample_disc import *
from test_hash_list import c4
import tap

SECTOR = 2048


class Images(Discs):
    @tool("bsdtar")
    def test_hostile_names_come_back(self):
        files = self.hostile()
        self.assertEqual(self.burn(files).outcome, DONE, self.said)
        out = self.extract(self.disc)
        self.is_volume(out, files)
        names = names_below(out)
        self.assertEqual(len(names), self.said.last["files"])
        self.assertEqual(self.verify().outcome, DONE)
        self.assertEqual(self.said.last["files"], len(names))
        joliet = output("bsdtar", "--options", "iso9660:!rockridge", "-tf", self.disc).decode().splitlines()
        self.assertEqual(sorted(n for n in joliet if not (out / n).is_dir()), names)
        # What is on it is nobody's to change.
        listed = output("bsdtar", "-tvf", self.disc).decode().splitlines()
        self.assertEqual({line.split()[0] for line in listed}, {"-r--r--r--", "dr-xr-xr-x"})

    @tool("xorriso")
    @tool("isoinfo")
    def test_is_an_image_for_others(self):
        files = self.hostile()
        self.assertEqual(self.burn(files).outcome, DONE, self.said)
        found = output("xorriso", "-indev", f"stdio:{self.disc}", "-find", "/", "-type", "f", "-exec", "echo", "--").decode()
        names = sorted(shlex.split(n)[0][1:] for n in found.splitlines())
        self.assertEqual(len(names), self.said.last["files"])
        ridge = output("isoinfo", "-R", "-f", "-i", self.disc).decode().splitlines()
        self.assertTrue(set("/" + n for n in names) <= set(ridge))
        self.assertEqual(len(output("isoinfo", "-J", "-f", "-i", self.disc).splitlines()), len(ridge))
        described = output("isoinfo", "-d", "-i", self.disc).decode()
        self.assertIn("Volume id: 37_2026_0001", described)
        self.assertIn("Application id: RECDOCK", described)
        sectors = int(described.split("Volume size is: ")[1].split()[0])
        self.assertEqual(sectors * SECTOR, self.disc.stat().st_size)

    def test_times_of_files_stay(self):
        files = self.some(1)
        os.utime(files[0]["source"], (1700000000, 1700000000))
        self.assertEqual(self.burn(files).outcome, DONE, self.said)
        out = self.root / "out"
        out.mkdir()
        output("bsdtar", "-xpf", self.disc, "-C", out)
        self.assertEqual(next((out / "data").rglob("*.mp4")).stat().st_mtime, 1700000000)

    def test_five_thousand_files(self):
        data = random.Random(5000).randbytes(600)
        files = [sample.file(i, None if i % 50 == 0 else f"济消行罚决字〔2026〕第{i // 40:04}号",
                             f"执法记录仪_3700102_2026{i:06}_现场录像.MP4", self.source(str(i), data[i % 300:i % 300 + 300 - i % 7]))
                 for i in range(1, 5001)]
        self.assertEqual(self.burn(files).outcome, DONE, self.said)
        self.is_volume(self.extract(self.disc), files)
        self.assertEqual(self.verify().outcome, DONE)
        real, model = self.disc.stat().st_size, sample.cost(self.root, "iso9660")
        print(f"# real {real}, model {model}: +{100 * (model - real) / real:.2f} %")
        self.assertGreaterEqual(model, real)
        self.assertLessEqual(model, real * 1.25)

    def test_model_of_few_large_and_of_hostile(self):
        for files, most in ((self.hostile(), 1.2), (self.some(20, 1 << 20), 1.03)):
            self.disc.unlink(missing_ok=True)
            self.assertEqual(self.burn(files).outcome, DONE, self.said)
            real, model = self.disc.stat().st_size, sample.cost(self.root, "iso9660")
            print(f"# real {real}, model {model}: +{100 * (model - real) / real:.2f} %")
            self.assertGreaterEqual(model, real)
            self.assertLessEqual(model, real * most)

    def test_empty_and_odd_sizes(self):
        sizes = [0, 1, SECTOR - 1, SECTOR, SECTOR + 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 0, 4096]
        files = [sample.file(i + 1, "A", f"{i}.mp4", self.source(str(i), random.Random(i).randbytes(n))) for i, n in enumerate(sizes)]
        self.assertEqual(self.burn(files).outcome, DONE, self.said)
        self.is_volume(self.extract(self.disc), files)

    @tool("bsdtar")
    def test_hash_list(self):
        """Its digests are known only when the last footage is on the disc."""
        files = self.some(3) + [sample.file(9, "A", "empty.mp4", self.source("empty", b""))]
        spec = self.spec(files, hash_list=True)
        self.assertEqual(self.run_program("write", self.drive, spec).outcome, DONE, self.said)
        out = self.extract(self.disc)
        self.is_volume(out, files)
        self.assertEqual(self.verify().outcome, DONE, self.said)
        listing, = (out / "ascmhl").glob("*.mhl")
        listed = dict(re.findall(r">([^<>]+)</path>\s*<c4 action=\"original\">(\w+)<", listing.read_text()))
        self.assertEqual(sum(n.startswith("data/") for n in listed), 4)
        for name, value in listed.items():
            self.assertEqual(c4((out / name).read_bytes()), value, name)
        self.assertIn(f">{c4(listing.read_bytes())}<", (out / "ascmhl" / "ascmhl_chain.xml").read_text())


class Proof(Discs):
    def test_every_changed_byte_is_found(self):
        for size in (50000, (9 << 20) + 1):  # a large file's digest has a thread of its own
            self.disc.unlink(missing_ok=True)
            files = self.some(2, size)
            self.assertEqual(self.burn(files).outcome, DONE, self.said)
            whole = self.disc.read_bytes()
            at = whole.index(pathlib.Path(files[1]["source"]).read_bytes()[:64])
            for place in (at, at + size - 1):
                self.disc.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
                self.assertEqual(self.verify().outcome, NOT_PROVED)
                self.assertEqual(self.said.results, {"data/A 1/现场1.mp4": "differs"})

    def test_short_image(self):
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        os.truncate(self.disc, 1500 * SECTOR // 2)
        self.assertIn(self.verify().outcome, (NOT_PROVED, NO_VOLUME))

    def test_lost_directories(self):
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        whole = bytearray(self.disc.read_bytes())
        first = whole.index(b"External-Identifier")
        whole[17 * SECTOR:first // SECTOR * SECTOR] = bytes(first // SECTOR * SECTOR - 17 * SECTOR)
        self.disc.write_bytes(whole)
        self.assertEqual(self.look()["content"], "ours")
        self.assertNotEqual(self.verify().outcome, DONE)

    @tool("xorriso")
    def test_a_file_that_nobody_knows(self):
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        other = self.root / "other.iso"
        output("xorriso", "-indev", self.drive, "-outdev", f"stdio:{other}", "-map", self.source("x", b"x"), "/data/more/x.mp4", "-commit")
        self.drive = f"stdio:{other}"
        self.assertEqual(self.verify().outcome, NOT_PROVED, self.said)
        self.assertEqual(self.said.results, {"data/more/x.mp4": "extra"})

    def test_what_is_no_volume(self):
        for data in (b"", bytes(1 << 20), random.Random(1).randbytes(1 << 20)):
            self.disc.write_bytes(data)
            self.assertIn(self.verify().outcome, (NO_VOLUME, MEDIUM_FAILED))

    @tool("xorriso")
    def test_folders_that_are_no_tree(self):
        """One that contains itself is followed by libisofs as deep as it can."""
        self.assertEqual(self.burn(self.some(2, 1000)).outcome, DONE)
        whole = bytearray(self.disc.read_bytes())
        root = whole[16 * 2048 + 156 :][:34]
        begin = int.from_bytes(root[2:6], "little") * 2048
        at = whole.index(b"DATA", begin) - 33
        self.assertEqual((whole[at + 25] & 2, at < begin + 2048), (2, True))
        beyond = len(whole) // 2048
        for name, record in (("the root", root[2:10]), ("beyond", beyond.to_bytes(4, "little") + beyond.to_bytes(4, "big"))):
            changed = bytearray(whole)
            changed[at + 2 : at + 10] = record
            self.disc.write_bytes(changed)
            self.assertEqual(self.verify().outcome, NO_VOLUME, (name, self.said))
        changed = bytearray(whole)
        changed[at] = 33  # shorter than any
        self.disc.write_bytes(changed)
        self.assertEqual(self.verify().outcome, NO_VOLUME, self.said)

    def test_an_image_of_somebody_else(self):
        (self.root / "tree").mkdir()
        (self.root / "tree" / "a").write_text("a")
        output("xorriso", "-outdev", self.drive, "-map", self.root / "tree", "/", "-commit")
        self.assertEqual(self.look()["content"], "foreign")
        self.assertEqual(self.verify().outcome, NO_VOLUME)
        before = digest(self.disc)
        self.assertEqual(self.burn(self.some()).outcome, FOREIGN)
        self.assertEqual(self.burn(self.some(), "overwrite").outcome, FOREIGN)
        self.assertEqual(digest(self.disc), before)

    def test_memory_proves_nothing(self):
        """On a real file system it comes from the disk; where that cannot be told, it is not proved."""
        with tempfile.TemporaryDirectory(prefix="recdock-disc.", dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
            self.drive = f"stdio:{folder}/disc.iso"
            burnt = self.burn(self.some(), "uncached")
            if burnt.outcome == NOT_PROVED and not burnt.results:
                self.skipTest("this file system does not say that it reads from the disk")
            self.assertEqual(burnt.outcome, DONE, burnt)
        if self.memory:
            self.drive = f"stdio:{self.disc}"
            self.assertEqual(self.burn(self.some(), "uncached").outcome, NOT_PROVED)
            self.assertEqual(self.said.results, {})


class Refusals(Discs):
    def test_looks(self):
        state = self.look()
        self.assertEqual((state["content"], state["kind"], state["overwritable"]), ("blank", "file", True))
        self.assertGreater(state["capacity"], 1 << 20)
        self.assertFalse(self.disc.exists())
        for data, content in ((b"", "blank"), (bytes(3 << 20), "blank"), (bytes(1 << 20) + b"x" * SECTOR, "foreign"),
                              (bytes(1024) + b"\x53\xef" + bytes(3 << 20), "foreign"), (bytes(65536 + 64) + b"_BHRfS_M" + bytes(3 << 20), "foreign")):
            self.disc.write_bytes(data)
            self.assertEqual(self.look()["content"], content)
        self.disc.unlink()
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        state = self.look()
        self.assertEqual((state["content"], state["volume"]), ("ours", NUMBER))

    def test_names_of_drives(self):
        for drive, error in (("/dev/null", errno.EINVAL), ("stdio:disc.iso", errno.EINVAL), (f"stdio:{self.root}", errno.EINVAL),
                             ("/dev/sr", errno.EINVAL), ("/dev/sr0x", errno.EINVAL), ("", errno.EINVAL), ("stdio:", errno.EINVAL),
                             ("stdio:/dev/null", errno.EINVAL), ("/dev/sr97", errno.ENODEV)):
            self.drive = drive
            self.assertEqual(self.look()["error"], -error, drive)
            self.assertEqual(self.burn(self.some(1, 10)).outcome, -error, drive)
            self.assertEqual(self.verify().outcome, -error, drive)
        link = self.root / "link"
        link.symlink_to(self.disc)
        self.drive = f"stdio:{link}"
        self.assertEqual(self.burn(self.some(1, 10)).outcome, -errno.EINVAL)
        self.assertFalse(self.disc.exists())

    def test_only_this_volume_is_written_over(self):
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        first = digest(self.disc)
        self.assertEqual(self.burn(self.some(2), number="37-2026-0002").outcome, FOREIGN)
        self.assertEqual(digest(self.disc), first)
        self.assertEqual(self.burn(self.some()).outcome, DONE, self.said)
        self.assertEqual(self.burn(self.some(2), "overwrite", number="37-2026-0002").outcome, DONE, self.said)
        self.assertEqual(self.look()["volume"], "37-2026-0002")

    def test_many_long_names(self):
        """Of each length that has the records of a directory full, and beyond: libisofs miscounts what does not fit in there."""
        source = self.source("a", b"a")
        for size in (104, 108, 110, 113, 114, 115, 120, 131, 160):
            with self.subTest(size=size):
                pad = size - len("0000.mp4")
                files = [sample.file(i + 1, "A 1", f"{i:04}{'现' * (pad // 3)}{'a' * (pad % 3)}.mp4", source) for i in range(450)]
                self.disc.unlink(missing_ok=True)
                self.assertEqual(self.burn(files).outcome, DONE, self.said)

    def test_number_of_many_bytes(self):
        long = "济" * 200
        self.assertEqual(self.burn(self.some(1), number=long).outcome, -errno.EINVAL)
        self.assertFalse(self.disc.exists())
        self.assertEqual(self.burn(self.some(1), number="济南 37/1").outcome, DONE, self.said)
        self.assertEqual(self.look()["volume"], "济南 37/1")

    def test_sources_are_looked_at_first(self):
        files = self.some()
        files[2]["changed_source"] = str(self.root / "none")
        self.assertEqual(self.burn(files).outcome, SOURCE_UNREADABLE)
        self.assertEqual((self.said.last["path"], self.said.last["error"]), ("data/A 1/现场2.mp4", -errno.ENOENT))
        self.assertFalse(self.disc.exists())
        for size in (700000, 700002):
            files[2]["changed_source"] = str(self.source("changed", bytes(size)))
            self.assertEqual(self.burn(files).outcome, SOURCE_DIFFERS)
            self.assertFalse(self.disc.exists())

    def test_source_that_differs(self):
        files = self.some(4, 5000001)
        data = bytearray(pathlib.Path(files[2]["source"]).read_bytes())
        data[-1] ^= 1
        files[2]["changed_source"] = str(self.source("changed", data))
        self.assertEqual(self.burn(files).outcome, SOURCE_DIFFERS, self.said)
        self.assertEqual(self.said.last["path"], "data/A 1/现场2.mp4")
        self.assertNotEqual(self.verify().outcome, DONE)
        self.assertNotEqual(self.look()["content"], "blank")

    def test_cancelled(self):
        files = self.some(4, 5000001)
        self.assertEqual(self.burn(files, "cancel=0").outcome, CANCELLED, self.said)
        self.assertNotEqual(self.verify().outcome, DONE)
        self.assertEqual(self.burn(files, "cancel-proof").outcome, CANCELLED, self.said)
        self.assertEqual(self.verify().outcome, DONE)

    def test_no_room_in_a_file(self):
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))
        files = self.some(4, 5000001)
        self.assertEqual(self.burn(files, preexec_fn=limit).outcome, FULL, self.said)
        self.assertNotEqual(self.verify().outcome, DONE)

    def test_progress(self):
        self.assertEqual(self.burn(self.some(), "progress").outcome, DONE, self.said)
        size = self.disc.stat().st_size
        for phase, total in ((0, size), (1, self.said.last["bytes"])):
            told = [line for line in self.said.lines if line.get("phase") == phase]
            self.assertTrue(told)
            self.assertEqual([line["done"] for line in told], sorted(line["done"] for line in told))
            self.assertEqual({line["total"] for line in told}, {total})
            self.assertTrue(all(line["done"] <= total for line in told))
        self.assertEqual(told[-1]["done"], total)


if __name__ == "__main__":
    tap.main("__main__")
