#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Release=clear for recorders that are disks, as recdockd does it. In the place of recdock-clear, which needs a kernel with the disk,
is a stand-in that speaks its words and removes from the card's image with mtools (tests/vm/test_clear.py has the real one).
"""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import unittest

import tap
from testbed import BUILD, StationTest

SAMPLES = os.environ["RECDOCK_SAMPLES"]
with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as CONFIG:
    INJECTION = "#define RECDOCK_INJECTION 1" in CONFIG.read()
VOLUME, FILE, END, READY, DONE, FINISHED = 1, 2, 3, 64, 65, 66
REMOVED, CHANGED, ABSENT, FAILED = range(4)


def text(field):
    return field.split(b"\0")[0].decode()


class StandIn(threading.Thread):
    """Answers connections one after the other. 'changed': names of files that somebody writes to at that moment; 'lies': says so and does nothing;
    'leaves': goes away at the first file; 'holds': says nothing of the first file before 'go'; 'on_volume': called before it is
    ready."""

    def __init__(self, path, image):
        super().__init__(daemon=True)
        self.image, self.changed, self.lies, self.leaves = image, set(), False, False
        self.holds, self.reached, self.go, self.on_volume = False, threading.Event(), threading.Event(), None
        self.volumes, self.files = [], []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            with peer, contextlib.suppress(BrokenPipeError, ConnectionResetError):  # recdockd may die
                self.serve(peer)

    @staticmethod
    def send(peer, kind, payload=b""):
        peer.send(struct.pack("=II", kind, len(payload)) + payload)

    def remove(self, path):
        name = os.path.basename(path)
        if not self.lies:
            self.mtools("mdel", f"::{path}")
        if name not in self.changed:
            return REMOVED
        self.mtools("mcopy", "-", f"::{path}", input=b"other bytes")
        return CHANGED

    def mtools(self, program, *arguments, **more):
        subprocess.run([program, "-i", f"{self.image}@@{self.volumes[-1]['offset']}", *arguments], check=True,
                       env=os.environ | {"MTOOLS_SKIP_CHECK": "1"}, **more)

    def serve(self, peer):
        removed = 0
        while packet := peer.recv(8192):
            kind, payload = struct.unpack_from("=I", packet)[0], packet[8:]
            if kind == VOLUME:
                port, serial, devnum, unit, offset, number, files = struct.unpack("=64s128sIIqII", payload)
                self.volumes.append({"port": text(port), "serial": text(serial), "offset": offset, "files": files})
                if self.on_volume:
                    self.on_volume()
                self.send(peer, READY)
            elif kind == FILE:
                item, size, when, path = struct.unpack("=Qq40s1024s", payload)
                self.files.append((text(path), size, text(when)))
                if self.leaves:
                    return
                outcome = self.remove(text(path))
                removed += outcome == REMOVED
                if self.holds:
                    self.holds = False
                    self.reached.set()
                    self.go.wait(60)
                self.send(peer, DONE, struct.pack("=Qii", item, outcome, 0))
            elif kind == END:
                self.send(peer, FINISHED, struct.pack("=iiI", 0, 0, removed))


class Clear(StationTest):
    kind = "fat32"
    config = "[Docking]\nRelease=clear\n"

    def setUp(self):
        with tempfile.NamedTemporaryFile(prefix="recdock-clear-") as f:
            self.socket = f.name
        os.environ["RECDOCK_CLEAR_SOCKET"] = self.socket
        super().setUp()
        clips = [n for n in sorted(os.listdir(SAMPLES)) if n.endswith((".jpg", ".wav", ".ts"))][:3]
        files = {f"DCIM/{n}": os.path.join(SAMPLES, n) for n in clips} | {"notes.bin": os.urandom(5000)}
        with open(os.path.join(SAMPLES, "h264-moov-last.mp4"), "rb") as f:
            files["cut.mp4"] = f.read()[:20000]
        self.clips = clips
        self.folder_of_files = self.recorder_folder("a", files)
        self.image = self.card("a", self.folder_of_files)

    def tearDown(self):
        del os.environ["RECDOCK_CLEAR_SOCKET"]
        super().tearDown()
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def stand_in(self):
        del self.cards[self.image]  # it is to be changed
        helper = StandIn(self.socket, self.image)
        helper.start()
        return helper

    def released(self):
        self.plug_disk("a", self.image)
        self.station.wait("DOCKING_RELEASED")
        return self.station.json("docking", "show", "1")[0]

    def ledger(self, act):
        return [e for e in self.station.json("ledger", "list") if e["act"] == act]

    def alerts(self, kind):
        return self.station.json("alert", "list", f"--kind={kind}", "--open=yes")

    def notices(self, words):
        return [r for r in self.station.log.find("WORKER_NOTICE") if words in r["MESSAGE"]]

    def test_without_the_helper_all_stays_and_it_is_said(self):
        docking = self.released()
        self.assertEqual((docking["seen"], docking["pulled"], docking["removed"]), (5, 5, 0))
        self.assertEqual(len(self.notices("recdock-clear.socket cannot be reached")), 1)
        self.assertEqual(len(self.station.log.find("WORKER_SANDBOX")), 1, "and nothing is listed twice")

    def test_exactly_what_is_complete_goes(self):
        helper = self.stand_in()
        docking = self.released()
        self.assertEqual(sorted(path for path, _, _ in helper.files), sorted(f"DCIM/{n}" for n in self.clips))
        self.assertEqual([(v["port"], v["serial"], v["files"]) for v in helper.volumes], [("1-1", "SERA", 3)])
        self.assertEqual((docking["seen"], docking["pulled"], docking["removed"], docking["failed"]), (5, 5, 3, 0))
        self.assertEqual(len(self.notices("3 files are gone, all others are there")), 1)
        self.assertEqual(self.alerts("clearing-mismatch"), [])
        self.assertEqual(len(self.station.log.find("ITEM_REMOVED")), 3)
        self.assertEqual(len(self.ledger("item.removal-asked")), 3)
        self.assertEqual([e["detail"]["outcome"] for e in self.ledger("item.removed-from-recorder")], ["ok"] * 3)
        self.assertEqual([e["detail"]["confirmed"] for e in self.ledger("docking.cleared")], ["yes"])
        self.assertEqual(self.alerts("deleted-on-recorder"), [], "what was removed on purpose is no finding")

    def test_changed_file_stays_with_an_alert(self):
        helper = self.stand_in()
        helper.changed.add(self.clips[0])
        docking = self.released()
        self.assertEqual((docking["seen"], docking["pulled"], docking["removed"]), (5, 6, 2), "and is pulled as what it is now")
        self.assertIn("1 files of docking 1 have changed", self.alerts("changed-on-recorder")[0]["text"])
        self.assertEqual(self.alerts("clearing-mismatch"), [])

    def test_helper_that_lies_is_found_out(self):
        self.stand_in().lies = True
        self.assertEqual(self.released()["removed"], 0)
        self.assertIn("3 files", self.alerts("clearing-mismatch")[0]["text"])

    def test_helper_that_goes_away(self):
        self.stand_in().leaves = True
        self.assertEqual(self.released()["removed"], 0)
        self.assertEqual(len(self.notices("was not cleared to the end")), 1)
        self.assertEqual(self.alerts("clearing-mismatch"), [])

    def outcomes(self):
        """Of every removal that was asked for, in order; one without an outcome fails the test."""
        asked, ended = self.ledger("item.removal-asked"), self.ledger("item.removed-from-recorder")
        self.assertEqual(sorted(e["subject"] for e in asked), sorted(e["subject"] for e in ended))
        return [e["detail"]["outcome"] for e in sorted(ended, key=lambda e: e["sequence"])]

    @unittest.skipUnless(INJECTION, "built without injection")
    def test_one_that_failed_keeps_no_other(self):
        self.station.stop()
        self.station.configure(self.config + "Attempts=1\n")
        self.station.crash_worker("offload", "offload-pulled")
        self.station.start()
        helper = self.stand_in()
        self.plug_disk("a", self.image)
        self.station.wait("DOCKING_FAILED")
        docking = self.station.json("docking", "show", "1")[0]
        self.assertEqual(docking["failed"], 1)
        failed = self.station.log.find("ITEM_FAILED")[0]["RECDOCK_ITEM"]
        asked = {e["subject"] for e in self.ledger("item.removal-asked")}
        self.assertNotIn(f"item/{failed}", asked)
        self.assertIn(len(asked), (2, 3))
        self.assertEqual((docking["removed"], len(helper.files)), (len(asked), len(asked)))
        self.assertEqual(self.alerts("clearing-mismatch"), [])

    def test_what_another_file_could_be_taken_for_stays(self):
        """Names that end in such a number are given by the reader to two files of one name."""
        for name in ("x.jpg", "x~2.jpg"):
            shutil.copy(os.path.join(SAMPLES, "photo.jpg"), os.path.join(self.folder_of_files, name))
            os.utime(os.path.join(self.folder_of_files, name), (1793491200, 1793491200))
        self.image = self.card("a", self.folder_of_files, label="again")
        helper = self.stand_in()
        self.assertEqual(self.released()["removed"], 3)
        self.assertEqual(sorted(path for path, _, _ in helper.files), sorted(f"DCIM/{n}" for n in self.clips))

    def test_file_without_a_time_stays(self):
        shutil.copy(os.path.join(SAMPLES, "photo.jpg"), os.path.join(self.folder_of_files, "NOTIME.JPG"))
        self.image = self.card("a", self.folder_of_files, label="again")
        helper = self.stand_in()
        with open(self.image, "r+b") as f:
            entry = f.read().index(b"NOTIME  JPG")
            for at, size in ((13, 5), (22, 4)):  # created, modified
                f.seek(entry + at)
                f.write(bytes(size))
        self.assertEqual(self.released()["removed"], 3)
        self.assertEqual(len(helper.files), 3)
        self.assertEqual(self.alerts("clearing-mismatch"), [])

    def test_item_that_is_on_record_no_more(self):
        """Nobody waits for an answer to what could not be asked."""
        def forget():
            with contextlib.closing(sqlite3.connect(os.path.join(self.station.state, "catalogue.sqlite"))) as db, db:
                db.execute("UPDATE item SET id = id + 1000")
        helper = self.stand_in()
        helper.on_volume = forget
        self.plug_disk("a", self.image)
        self.station.until(lambda: self.station.log.read() or self.notices("was not cleared to the end"))
        self.assertEqual(helper.files, [])

    def test_stop_waits_for_what_is_asked_for(self):
        helper = self.stand_in()
        helper.holds = True
        self.plug_disk("a", self.image)
        self.assertTrue(helper.reached.wait(60))
        self.station.process.send_signal(signal.SIGTERM)
        self.station.wait("STATION_STOPPING")
        helper.go.set()
        self.assertEqual(self.station.wait_exit(), 0)
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.assertEqual(self.outcomes(), ["ok"] * 3)
        self.assertEqual((len(helper.files), len(self.station.log.find("STATION_RECOVERED"))), (3, 1))

    def dies(self, at, outcomes):
        """Nothing that was asked for is left without an end, and the next docking goes on."""
        self.station.stop()
        self.stand_in()
        self.station.crash_at = at
        self.station.start(crash_at=at)
        self.plug_disk("a", self.image)
        self.assertEqual(self.station.wait_exit(), -signal.SIGKILL)
        self.station.crash_at = None
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.assertEqual(self.outcomes(), outcomes)
        self.assertEqual(self.station.json("docking", "show", "2")[0]["seen"], 2 + outcomes.count("unknown"))

    @unittest.skipUnless(INJECTION, "built without injection")
    def test_death_when_it_is_asked_for(self):
        self.dies("removal-asked", ["unknown"] * 3 + ["ok"] * 3)

    @unittest.skipUnless(INJECTION, "built without injection")
    def test_death_when_it_is_removed(self):
        self.dies("removed", ["ok"] * 3)

    def test_disk_with_a_fault_is_not_cleared(self):
        helper = self.stand_in()
        with open(self.image, "r+b") as f:  # the dirty bit: FAT[1], bit 27 clear
            offset = int.from_bytes(self.at(f, 446 + 8, 4), "little") * 512
            fat = offset + int.from_bytes(self.at(f, offset + 14, 2), "little") * 512
            f.seek(fat + 4)
            f.write(b"\xff\xff\xff\x07")
        self.assertEqual(self.released()["removed"], 0)
        self.assertEqual((helper.volumes, len(self.notices("was not closed by who wrote to it last"))), ([], 1))

    @staticmethod
    def at(f, offset, size):
        f.seek(offset)
        return f.read(size)


if __name__ == "__main__":
    tap.main("__main__")
