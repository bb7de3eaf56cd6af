#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file of 6 GiB: more than one extent of ISO 9660, and more than 32 bits."""

import os

from sample_disc import *
import tap

GIB = 1 << 30


class Large(Discs):
    memory = os.environ.get("TMPDIR", "/var/tmp")

    @tool("bsdtar")
    def test_six_gib(self):
        source = self.source("large", b"begins")
        with open(source, "r+b") as f:
            for at in (4 * GIB - 2048, 4 * GIB, 6 * GIB - 6):
                f.seek(at)
                f.write(b"middle")
        self.assertEqual(source.stat().st_size, 6 * GIB)
        files = [sample.file(1, "A", "大.mp4", source), sample.file(2, "A", "small.mp4", self.source("small", b"small"))]
        self.assertEqual(self.burn(files).outcome, DONE, self.said)
        self.assertEqual(self.verify().outcome, DONE, self.said)
        with subprocess.Popen(["bsdtar", "-xOf", self.disc, "data/A/大.mp4"], stdout=subprocess.PIPE, env=self.environment) as tar:
            self.assertEqual(hashlib.file_digest(tar.stdout, "sha256").hexdigest(), digest(source))
        self.assertGreaterEqual(sample.cost(self.root, "iso9660"), self.disc.stat().st_size)


if __name__ == "__main__":
    tap.main("__main__")
