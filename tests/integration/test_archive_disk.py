#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Disks that become media, with somebody in recdock-medium's place who says what it would: what is registered, and what is refused.
What is written to one is shown in the guest (tests/vm/test_archive.py)."""

import os
import socket
import struct
import threading

import tap
from testbed import StationTest

INIT, INITIALISED, REFUSED = 3, 66, 67
EEXIST = 17
UUID = "11111111-2222-3333-4444-555555555555"


class Helper(threading.Thread):
    """Answers one request for each of 'answers', and keeps what was asked."""

    def __init__(self, path, *answers):
        super().__init__(daemon=True)
        self.answers, self.asked = answers, []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        self.listener.listen(1)
        self.start()

    def run(self):
        with self.listener:
            for kind, payload in self.answers:
                connection, _ = self.listener.accept()
                with connection:
                    message = connection.recv(4096)
                    port, major, minor, form, label, force = struct.unpack("64sIII12s128s", message[8:])
                    text = [t.partition(b"\0")[0].decode() for t in (port, label, force)]
                    self.asked.append((struct.unpack("II", message[:8])[0], text[0], major, minor, form, *text[1:]))
                    connection.send(struct.pack("II", kind, len(payload)) + payload)
                    connection.recv(1)  # until the station has done with it


def made(uuid=UUID):
    return INITIALISED, struct.pack("64s32s128s64sIIQ", uuid.encode(), b"ext4", b"SERIAL-1", b"2-1", 8, 16, 8 << 30)


class Disk(StationTest):
    start_station = False

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.folder, "medium")
        os.environ["RECDOCK_MEDIUM_SOCKET"] = self.path
        self.addCleanup(os.environ.pop, "RECDOCK_MEDIUM_SOCKET")
        self.station.start()

    def known(self):
        folder = os.path.join(self.station.state, "media")
        return os.listdir(folder) if os.path.isdir(folder) else []

    def refused(self, *args):
        result = self.station.ctl("archive", "init", *args, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual((self.station.json("archive", "media"), self.known()), ([], []))
        return result.stderr

    def test_a_disk_is_made_registered_and_told_to_udev(self):
        helper = Helper(self.path, made())
        self.station.ctl("archive", "init", "--port=2-1", "--format=exfat", "--label=V0001", "--force=SERIAL-1", "--place=shelf 3")
        helper.join()
        self.assertEqual(helper.asked, [(INIT, "2-1", 0, 0, 2, "V0001", "SERIAL-1")])
        row = self.station.json("archive", "media")[0]
        self.assertEqual(
            (row["number"], row["kind"], row["type"], row["capacity"], row["place"]), ("S1-M0001", "removable", "ext4", 8 << 30, "shelf 3")
        )
        self.assertEqual(self.known(), [UUID])
        self.assertEqual([e["act"] for e in self.station.json("ledger", "list")].count("medium.registered"), 1)
        os.unlink(os.path.join(self.station.state, "media", UUID))
        self.station.stop()
        self.station.start()
        self.assertEqual(self.known(), [UUID], "it is told again at each start")
        again = self.station.ctl("archive", "init", "--port=2-2", "--number=S1-M0001", check=False)
        self.assertIn("there is a medium 'S1-M0001' already", again.stderr)

    def test_what_it_refuses_is_told_and_changes_nothing(self):
        text = "the disk on port 2-1, serial 'X', is not empty: it holds ext4"
        helper = Helper(self.path, (REFUSED, struct.pack("i400s", -EEXIST, text.encode())))
        self.assertIn(text, self.refused("--port=2-1"))
        helper.join()
        self.assertEqual(helper.asked, [(INIT, "2-1", 0, 0, 1, "RECDOCK", "")])

    def test_what_is_wrong_never_gets_there(self):
        for text, *args in (
            ("recdock-medium.socket", "--port=2-1"),
            ("is no USB port", "--port=2_1"),
            ("expected ext4 or exfat", "--port=2-1", "--format=ntfs"),
            ("cannot be one", "--port=2-1", "--label=-x"),
            ("label", "--port=2-1", "--label=123456789012"),
            ("is no disk", "--device=/dev/null"),
            ("cannot be looked at", "--device=/dev/there-is-none"),
            ("expected one of --port", "--port=2-1", "--device=/dev/null"),
            ("expected one of --port", "--port=2-1", "/srv"),
            ("is of a disk", "--force=X"),
        ):
            with self.subTest(args=args):
                self.assertIn(text, self.refused(*args))


if __name__ == "__main__":
    tap.main("__main__")
