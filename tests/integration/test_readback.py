#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Proved is what the disk holds, not what memory remembers. The store is a small ext4 on a loop device, and its bytes are changed
beneath the page cache: whoever reads through the cache still sees the right ones, whoever reads the disk does not.
"""

import hashlib
import json
import mmap
import os
import select
import shutil
import signal
import subprocess
import time
import unittest

import tap
from testbed import BUILD, SLOW, StationTest, sha256_file

BLOCK = 4096


class Disk:
    """A file system of its own at a folder."""

    def __init__(self, folder, target, options=""):
        self.target = target
        self.image = os.path.join(folder, "disk.image")
        os.makedirs(target, exist_ok=True)
        with open(self.image, "wb") as f:
            f.truncate(96 << 20)
        self.run("mkfs.ext4", "-q", self.image)
        self.run("mount", "-t", "ext4", "-o", f"loop{options}", self.image, target)

    @staticmethod
    def run(*command):
        # The test bed shows a /dev of its own to what it runs.
        env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        try:
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        except FileNotFoundError as e:
            raise unittest.SkipTest(str(e)) from e
        if done.returncode != 0:
            raise unittest.SkipTest(f"needs root and loop devices: {done.stderr.strip()}")

    def settle(self, path):
        """All of the file is at its place on the disk, and in memory too."""
        with open(path, "rb") as f:
            os.fsync(f.fileno())
            content = f.read()
        self.run("fsfreeze", "--freeze", self.target)  # empties the journal
        self.run("fsfreeze", "--unfreeze", self.target)
        return content

    def rot(self, content):
        """Inverts a byte in the middle of the file that has this content, wherever it lies on the disk."""
        at = len(content) // 2 // BLOCK * BLOCK
        block, found = content[at : at + BLOCK], -1
        with open(self.image, "r+b") as f, mmap.mmap(f.fileno(), 0) as disk:
            count = 0
            while (found := disk.find(block, found + 1)) >= 0:
                disk[found] ^= 0xFF
                count += 1
        return count

    def remove(self):
        subprocess.run(["umount", "-l", self.target], check=False, capture_output=True)
        if os.path.exists(self.image):
            os.unlink(self.image)


class Station(StationTest):
    start_station = False
    config = "[Docking]\nWarnTimeout=60s\nKillTimeout=120s\n"

    def setUp(self):
        super().setUp()
        self.disk = Disk(self.folder, self.station.store)

    def tearDown(self):
        for name in list(self.plugged):
            self.unplug(name)
        code = self.station.stop()
        self.disk.remove()
        super().tearDown()
        self.assertIn(code, (None, 0), "recdockd did not end cleanly")

    def wait_whole(self, path, size):
        """Until the part has all its bytes; there is no event for it, since nobody has looked at them yet."""
        end = time.monotonic() + 60 * SLOW
        while not os.path.exists(path) or os.path.getsize(path) < size:
            self.assertLess(time.monotonic(), end, "the part never became whole")
            select.select([], [], [], 0.02)

    def test_what_the_disk_lost_is_not_proved_from_memory(self):
        self.station.start()
        inspectors = self.station.workers("recdock-inspect")
        self.assertTrue(inspectors)
        for pid in inspectors:
            os.kill(pid, signal.SIGSTOP)
        content = os.urandom(3 << 20)
        folder = self.recorder_folder("a", {"x.bin": content})
        self.plug("a", folder)
        part = os.path.join(self.station.store, "incoming/1/1.part")
        self.wait_whole(part, len(content))
        self.disk.settle(part)
        self.assertGreaterEqual(self.disk.rot(content), 1)
        self.assertEqual(sha256_file(part), hashlib.sha256(content).hexdigest(), "memory still has the right bytes")
        # Mapped pages stay in memory: only a read that goes past them sees the disk.
        with open(part, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as view:
            self.assertEqual(hashlib.sha256(view).digest(), hashlib.sha256(content).digest())
            for pid in inspectors:
                os.kill(pid, signal.SIGCONT)
            self.station.wait("ITEM_MISMATCH")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual([r for r in self.station.log.records if "proved from memory" in r["MESSAGE"]], [])
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["object_bytes"], 2 * len(content), "pulled once more, and once only")
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_verify_sees_what_rots_on_the_disk(self):
        self.station.start()
        content = os.urandom(3 << 20)
        self.plug("a", self.recorder_folder("a", {"x.bin": content, "y.bin": os.urandom(5000)}))
        self.station.wait("DOCKING_RELEASED")
        row = self.station.footage("--name", "x.bin")[0]
        path = os.path.join(self.station.store, row["path"])
        self.disk.settle(path)
        self.assertGreaterEqual(self.disk.rot(content), 1)
        self.assertEqual(sha256_file(path), row["sha256"], "memory still has the right bytes")
        result = self.station.ctl("verify", "--json", check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual({r.get("id"): r.get("result") for r in json.loads(result.stdout)}[row["id"]], "mismatch")
        self.assertIn("digest-mismatch", [a["kind"] for a in self.station.json("alert", "list")])


class Memory(StationTest):
    """A store that is nothing but memory: files are filed, and the log does not pretend."""

    start_station = False

    def test_a_store_that_cannot_be_read_past_the_cache_is_told_of(self):
        os.makedirs(self.station.store)
        Disk.run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", self.station.store)
        try:
            self.station.start()
            folder = self.recorder_folder("a", {"x.bin": os.urandom(100000)})
            self.plug("a", folder)
            self.station.wait("DOCKING_RELEASED")
            self.assert_all_filed(folder)
            told = [r for r in self.station.log.records if "files are proved from memory" in r["MESSAGE"]]
            self.assertEqual(len(told), 1)
        finally:
            self.unplug("a")
            self.station.stop()
            subprocess.run(["umount", "-l", self.station.store], check=False)


class Inspect(unittest.TestCase):
    """The worker by itself, on file systems that take direct reads and on such as only say so."""

    def inspect(self, options, held):
        """Lets the worker read a file that has rotted on its disk. Returns its answer and the digest it had."""
        folder = os.path.join(os.environ["RECDOCK_TEST_DIR"], "inspect")
        os.makedirs(folder, exist_ok=True)
        disk = Disk(folder, os.path.join(folder, "mnt"), options)
        try:
            path, content = os.path.join(disk.target, "x.bin"), os.urandom(1 << 20)
            with open(path, "wb") as f:
                f.write(content)
            disk.settle(path)
            self.assertGreaterEqual(disk.rot(content), 1)
            with open(path, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as view:
                self.assertEqual(hashlib.sha256(view).digest(), hashlib.sha256(content).digest())
                if not held:
                    view.close()
                answer = subprocess.run(
                    [os.path.join(BUILD, "daemon/inspect/recdock-inspect"), "--check", "--json", "--sync", path],
                    capture_output=True,
                    check=False,
                )
            return json.loads(answer.stdout), hashlib.sha256(content).hexdigest()
        finally:
            disk.remove()
            shutil.rmtree(folder, ignore_errors=True)

    def test_direct_reads_need_no_cold_cache(self):
        for held in (False, True):
            with self.subTest(held=held):
                answer, was = self.inspect("", held)
                self.assertNotEqual(answer["sha256"], was)
                self.assertTrue(answer["uncached"])

    def test_without_direct_reads_the_pages_are_dropped(self):
        answer, was = self.inspect(",data=journal", False)
        self.assertNotEqual(answer["sha256"], was)
        self.assertTrue(answer["uncached"])

    def test_pages_that_cannot_be_dropped_are_told_of(self):
        # Somebody has the file mapped, and the file system reads it through the cache though it took O_DIRECT.
        answer, was = self.inspect(",data=journal", True)
        self.assertEqual(answer["sha256"], was, "it came from memory")
        self.assertFalse(answer["uncached"])


if __name__ == "__main__":
    tap.main("__main__")
