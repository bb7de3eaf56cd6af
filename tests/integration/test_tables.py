#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Registries and rosters as CSV: what spreadsheets write is read whole or not at all, and what is exported is the same again."""

import datetime
import os
import time

import tap
from testbed import StationTest

BOM = b"\xef\xbb\xbf"
NOUNS = ("unit", "officer", "recorder", "assignment", "duty")


class TableTest(StationTest):
    def file(self, data, name="table.csv"):
        path = os.path.join(self.station.folder, name)
        with open(path, "wb") as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        return path

    def enter(self, noun, data):
        return self.station.json(noun, "import", self.file(data))[0]

    def refused(self, noun, data, code=6):
        before = self.station.json("ledger", "list")
        path = self.file(data)
        result = self.station.ctl(noun, "import", path, check=False)
        self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
        self.assertEqual(self.station.json("ledger", "list"), before)
        return result.stderr.replace(path, "FILE")

    def exports(self):
        return {noun: self.station.ctl(noun, "export").stdout for noun in NOUNS}


class Tables(TableTest):
    def furnish(self):
        self.enter("unit", BOM + "number,name,parent\r\nZ1,总队,\r\nA1,\"大队,一\",Z1\r\n".encode())
        self.enter("officer", 'name,number,unit\n"王 ""小"" 芳",200417,A1\n张三,200418,\n')
        self.enter(
            "recorder",
            "number,usb_serial,vendor_id,product_id,unit,registered,retired\n"
            "R1,SERA,04b4,00f9,A1,2026-01-02,\nR0,SER0,,,,2020-01-01,2021-01-01\n",
        )
        self.enter("assignment", "recorder,officer,from,until\nR1,200417,2026-01-02,2026-02-02\nR1,200418,2026-02-02,\nR0,200418,2020-01-02,2020-06-01\n")
        self.enter(
            "duty",
            "recorder,officer,out,until,returned,exported\n"
            "R1,200417,2026-01-02 08:00,2026-01-02 18:00,2026-01-02 17:00,2026-01-02 17:30\n"
            "R1,,2026-01-03 08:00,,2026-01-03 09:00,2026-01-03 10:00\n"
            "R1,200418,2026-11-20 08:00,,,\n",
        )

    def test_the_same_again(self):
        self.furnish()
        exports = self.exports()
        self.assertTrue(exports["unit"].startswith("\ufeffnumber,name,parent\nZ1,总队,\n"))
        self.assertIn('A1,"大队,一",Z1\n', exports["unit"])
        self.assertIn('200417,"王 ""小"" 芳",A1\n', exports["officer"])
        self.assertIn("R1,SERA,,,04b4,00f9,A1,2026-01-02T00:00:00+08:00,\n", exports["recorder"])
        for noun in NOUNS:
            done = self.enter(noun, exports[noun])
            self.assertEqual((done["entered"], done["unchanged"]), (0, exports[noun].count("\n") - 1), noun)
        self.assertEqual(self.exports(), exports)

    def test_another_station_has_the_same(self):
        self.furnish()
        exports = self.exports()
        self.station.stop()
        os.rename(self.station.state, self.station.state + "-before")
        os.mkdir(self.station.state)
        self.station.start()
        self.assertEqual(self.station.json("unit", "list"), [])
        for noun in NOUNS:
            self.assertEqual(self.enter(noun, exports[noun])["unchanged"], 0)
        self.assertEqual(self.exports(), exports)
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_one_bad_line_leaves_nothing(self):
        self.furnish()
        said = self.refused("officer", "number,name,unit\n1,甲,A1\n2,乙,none\n3,丙\n4,丁,A1\n")
        self.assertIn("FILE:3: there is no unit 'none'", said)
        self.assertIn("FILE:4: there are 2 fields, expected 3", said)
        self.assertIn("2 lines are refused, nothing was imported", said)
        said = self.refused("duty", 'recorder,out\nR1,"2026-03-01\nR1,2026-03-02\n')
        self.assertIn("FILE:2: a quote that is not closed", said)
        self.assertIn("column 'colour' is unknown", self.refused("unit", "number,name,colour\n1,2,3\n"))
        self.assertIn("is empty", self.refused("unit", ""))
        self.assertIn("is empty", self.refused("unit", BOM))

    def test_other_encodings_are_refused(self):
        text = "number,name\n1,王芳\n"
        for encoding, line in (("gbk", 2), ("gb18030", 2), ("utf-16", 1)):
            said = self.refused("officer", text.encode(encoding))
            self.assertIn(f"FILE:{line}: byte 0x", said)
            self.assertIn("expected a file in UTF-8; GBK", said)
        self.assertIn("byte 0x00", self.refused("officer", "number,name\n1,a\0b\n"))

    def test_what_cannot_be_read(self):
        for path in (os.path.join(self.station.folder, "none.csv"), self.station.folder):
            result = self.station.ctl("unit", "import", path, check=False)
            self.assertEqual(result.returncode, 2)
            self.assertIn("cannot be read", result.stderr)

    def test_a_large_roster(self):
        self.station.ctl("recorder", "register", "R1", "--usb-serial", "SERA")
        self.station.ctl("officer", "add", "200417", "王芳")
        lines = ["recorder,officer,out,until,returned,exported"]
        for i in range(10000):
            day, hour = divmod(i, 24)
            day = datetime.date(2025, 1, 1) + datetime.timedelta(days=day)
            lines.append(f"R1,200417,{day} {hour:02}:00,{day} {hour:02}:50,{day} {hour:02}:40,{day} {hour:02}:45")
        path = self.file("\r\n".join(lines))
        began = time.monotonic()
        self.assertIn("10000 entered, 0 were there already", self.station.ctl("duty", "import", path).stdout)
        took = time.monotonic() - began
        print(f"# 10000 lines in {took:.2f} s")
        lines[7000] = "R1,200417,2024-13-01,,,"
        self.assertIn("FILE:7001: out '2024-13-01' is not a time", self.refused("duty", "\n".join(lines)))

    def test_an_overdue_duty_of_a_roster_is_seen(self):
        self.station.ctl("recorder", "register", "R1", "--usb-serial", "SERA")
        self.enter("duty", "recorder,out,returned\nR1,2026-01-02 08:00,2026-01-02 17:00\n")
        self.station.wait("ALERT_RAISED", alert="offload-overdue")


class Unknown(TableTest):
    config = "[Station]\nRegister=refuse\n"

    def test_a_recorder_that_waits_in_its_bay_is_admitted(self):
        self.plug("a", self.recorder_folder("a", {"DCAM_CAM001_200417_20261101_080000.bin": os.urandom(5000)}))
        self.station.wait("ALERT_RAISED", alert="unknown-recorder")
        self.enter("recorder", "number,usb_serial\nR1,SERA\n")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(self.station.json("alert", "list", "--kind", "unknown-recorder", "--open", "yes"), [])
        self.assertEqual(self.station.footage()[0]["recorder"], "R1")


if __name__ == "__main__":
    tap.main("__main__")
