#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recovery data behind the image of a volume: destroyed sectors come back, byte by byte, by dvdisaster alone."""

import errno
import os

from sample_disc import *
import tap

SECTOR = 2048
PERCENT = 20


@tool("dvdisaster")
class Recovery(Discs):
    def burn_with(self, files, *words, percent=PERCENT):
        (self.root / "scratch").mkdir(exist_ok=True)
        return self.burn(files, f"recovery={percent}", f"scratch={self.root / 'scratch'}", *words)

    def repair(self):
        got = subprocess.run(["dvdisaster", "-i", self.disc, "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                             env=self.environment, cwd=self.root, stdin=subprocess.DEVNULL)
        return got.returncode

    def destroy(self, sectors):
        with open(self.disc, "r+b") as f:
            for i in sectors:
                f.seek(i * SECTOR)
                f.write(random.Random(i).randbytes(SECTOR))

    def test_destroyed_sectors_come_back(self):
        files = self.some(6, 3 << 20) + [sample.file(99, None, "第二.mp4", self.source("99", b"99"))]
        self.assertEqual(self.burn_with(files).outcome, DONE, self.said)
        self.assertEqual(list((self.root / "scratch").iterdir()), [])
        whole, n = digest(self.disc), self.disc.stat().st_size // SECTOR
        print(f"# {n} sectors, plain volume {sample.cost(self.root, 'iso9660') // SECTOR} by the model")
        self.assertEqual(self.verify().outcome, DONE, self.said)
        self.is_volume(self.extract(self.disc), files)
        # Anywhere, descriptors and directories included, but for sector 16, by which dvdisaster finds its codes; and one long scratch.
        for lost in (sorted((set(random.Random(5).sample(range(n), n // 20)) | {17, 18, 20, 24}) - {16}), range(n // 3, n // 3 + n // 20)):
            self.destroy(lost)
            self.assertNotEqual(self.verify().outcome, DONE)
            self.assertNotEqual(digest(self.disc), whole)
            self.repair()
            self.assertEqual(digest(self.disc), whole)
            self.assertEqual(self.verify().outcome, DONE)

    def test_without_dvdisaster(self):
        self.environment["PATH"] = str(self.root)
        self.assertEqual(self.burn_with(self.some()).outcome, -errno.ENOPKG, self.said)
        self.assertFalse(self.disc.exists())

    def test_bad_wishes(self):
        for percent in (-1, 9, 51):
            self.assertEqual(self.burn_with(self.some(), percent=percent).outcome, -errno.EINVAL)
        self.assertEqual(self.burn(self.some(), "recovery=20", "scratch=/nonexistent").outcome, -errno.EBADF)
        self.assertFalse(self.disc.exists())

    def test_cancelled_while_staging(self):
        self.assertEqual(self.burn_with(self.some(), "cancel=0").outcome, CANCELLED, self.said)
        self.assertFalse(self.disc.exists())
        self.assertEqual(list((self.root / "scratch").iterdir()), [])

    def test_source_that_differs(self):
        files = self.some()
        files[1]["changed_source"] = str(self.source("changed", bytes(700001)))
        self.assertEqual(self.burn_with(files).outcome, SOURCE_DIFFERS, self.said)
        self.assertFalse(self.disc.exists())

    def test_room_beside_recovery(self):
        """What is planned with is never more than there really is."""
        for count, size in ((1, 1000), (6, 1 << 20), (2, 9 << 20)):
            files = self.some(count, size)
            for percent in (10, 20, 50):
                self.disc.unlink(missing_ok=True)
                self.assertEqual(self.burn_with(files, percent=percent).outcome, DONE, self.said)
                real = self.disc.stat().st_size
                plain = int(output("isoinfo", "-d", "-i", self.disc).decode().split("Volume size is: ")[1].split()[0]) * SECTOR
                room = int(output(os.environ["MAKE_VOLUME"], "room", real, percent))
                self.assertLessEqual(real, plain * (100 + percent) // 100 + 64 * SECTOR)
                print(f"# {percent} %: {plain} + {real - plain}; of {real} {room} are planned with")
                self.assertLessEqual(room, plain)
                self.assertGreaterEqual(room, plain - plain // 50 - 600 * SECTOR)


if __name__ == "__main__":
    tap.main("__main__")
