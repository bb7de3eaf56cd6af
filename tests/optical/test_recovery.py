#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recovery data behind the image of a volume: destroyed sectors come back, byte by byte, by dvdisaster alone."""

import errno
import os

from sample_disc import *
import tap

SECTOR = 2048
PERCENT = 20

# What a dvdisaster that was taken over by an image can do, on the last sector of the disc.
CAUGHT = r"""#!/usr/bin/perl
use POSIX ();
my @done;
sub try { my ($what, $ok) = @_; push @done, $what if $ok }
try("network", socket(my $s, 2, 1, 0));
try("bus", socket(my $u, 1, 1, 0));
my $child = fork(); POSIX::_exit(0) if defined $child && $child == 0;
try("process", defined $child);
try("signal", kill(0, getppid()));
try("read", open(my $f, "<", "/etc/passwd"));
try("list", opendir(my $d, "/etc"));
try("write", open(my $o, ">", "OUTSIDE"));
try("exec", POSIX::access("OTHER", POSIX::X_OK()) && system("OTHER") == 0);
try("descriptors", scalar grep { (readlink("/proc/self/fd/$_") || $0) ne $0 } 3 .. 8, 10 .. 50);
open(my $image, "+<", "/proc/self/fd/9") or POSIX::_exit(1);
seek($image, 0, 2);
my $text = "caught:" . join(",", @done) . ":";
print $image $text, "\0" x (2048 - length $text);
close($image);
POSIX::_exit(0);
"""


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

    def other_dvdisaster(self, script):
        """This one is the first in the way."""
        folder = self.root / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "dvdisaster").write_text(script)
        (folder / "dvdisaster").chmod(0o755)
        self.environment["PATH"] = f"{folder}:{os.environ['PATH']}"

    def is_not_begun(self):
        self.assertFalse(self.disc.exists())
        self.assertEqual(list((self.root / "scratch").iterdir()), [])

    def test_without_dvdisaster(self):
        self.environment["PATH"] = str(self.root)
        self.assertEqual(self.burn_with(self.some()).outcome, -errno.ENOPKG, self.said)
        self.is_not_begun()

    def codes_of(self, changes):
        """A dvdisaster that does this in perl to the image, open as $image, and says that all went well."""
        self.other_dvdisaster('#!/usr/bin/perl\nopen(my $image, "+<", "/proc/self/fd/9") or exit 1;\n'
                              f'{changes}\nclose($image) or exit 1;\nexit 0;\n')

    def test_dvdisaster_that_fails(self):
        for script in ("#!/bin/sh\nexit 1\n", "#!/bin/sh\nexit 0\n", "#!/bin/sh\nkill -SEGV $$\n", "#!/nonexistent\n", ""):
            self.other_dvdisaster(script)
            said = self.burn_with(self.some())
            self.assertIn(said.outcome, (-errno.EIO, -errno.ENOPKG), (script, said))
            self.is_not_begun()
        for changes in ("seek($image, 0, 2); print $image 'x' x 1000;", "truncate($image, 2048);"):
            self.codes_of(changes)
            self.assertEqual(self.burn_with(self.some()).outcome, -errno.EIO, self.said)
            self.is_not_begun()

    def test_dvdisaster_that_fills_the_disk(self):
        """The limit of a file's size ends it."""
        self.codes_of("seek($image, 0, 2); print $image 'x' x 1048576 for 1 .. 100;")
        self.assertEqual(self.burn_with(self.some()).outcome, -errno.EIO, self.said)
        self.assertIn("ended with signal 25", self.said.messages)
        self.is_not_begun()

    def test_dvdisaster_that_changes_the_image(self):
        """As it would that of a volume with something in it that it takes for its codes: it is seen before the disc is spoilt."""
        add = "seek($image, 0, 2); print $image 'x' x 4096;"
        for change in ("seek($image, 500 * 2048, 0); print $image 'x';", "my $n = -s $image; truncate($image, 300 * 2048); truncate($image, $n);"):
            self.codes_of(change + add)
            said = self.burn_with(self.some())
            self.assertEqual(said.outcome, -errno.EIO, said)
            self.assertIn("has changed the image", said.messages)
            self.is_not_begun()
        self.codes_of(add)
        self.assertEqual(self.burn_with(self.some()).outcome, DONE, self.said)

    def test_dvdisaster_is_locked_in(self):
        script = CAUGHT.replace("OUTSIDE", str(self.root / "outside")).replace("OTHER", str(self.root / "other"))
        (self.root / "other").write_text("#!/bin/sh\nexit 0\n")
        (self.root / "other").chmod(0o755)
        self.other_dvdisaster(script)
        self.assertEqual(self.burn_with(self.some()).outcome, DONE, self.said)
        self.assertFalse((self.root / "outside").exists())
        end = self.disc.read_bytes()[-SECTOR:].rstrip(b"\0")
        self.assertEqual(end, b"caught::")  # nothing

    def test_cancelled_while_codes_are_made(self):
        self.other_dvdisaster("#!/bin/sh\nexec sleep 1000\n")
        self.assertEqual(self.burn_with(self.some(), "cancel-codes").outcome, CANCELLED, self.said)
        self.is_not_begun()

    def test_bad_wishes(self):
        for percent in (-1, 9, 51):
            self.assertEqual(self.burn_with(self.some(), percent=percent).outcome, -errno.EINVAL)
        self.assertEqual(self.burn(self.some(), "recovery=20", "scratch=/nonexistent").outcome, -errno.EINVAL)
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
