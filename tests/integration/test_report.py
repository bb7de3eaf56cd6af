#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A report of the whole station: two recorders docked, one in time and one late, and one that never came."""

import csv
import io
import os
from datetime import datetime, timedelta, timezone

import tap
from testbed import StationTest

ZONE = timezone(timedelta(hours=8))


class Report(StationTest):
    def setUp(self):
        super().setUp()
        ctl = self.station.ctl
        ctl("unit", "add", "3701", "历下区消防救援大队")
        ctl("unit", "add", "3702", "市中区消防救援大队")
        ctl("officer", "add", "200417", "王芳", "--unit", "3701")
        ctl("officer", "add", "200418", "=cmd()<b>", "--unit", "3702")
        for number, serial, unit in (("R1", "SERA", "3701"), ("R2", "SERB", "3702"), ("R3", "SERC", "3702")):
            ctl("recorder", "register", number, "--usb-serial", serial, "--unit", unit)
        self.now = datetime.now(ZONE)
        self.period = ("--from", (self.now - timedelta(days=6)).strftime("%Y-%m-%d"))
        # In time: recorded an hour ago. Late: three days ago, and nobody knows of a return.
        self.dock("a", "200417", self.now - timedelta(hours=1))
        self.dock("b", "200418", self.now - timedelta(days=3))
        ctl("return", "R3", "--at", "-25h")
        self.station.wait("ALERT_RAISED", alert="offload-overdue")

    def dock(self, name, officer, recorded):
        mark = self.station.mark()
        file = f"DCAM_CAM001_{officer}_{recorded:%Y%m%d_%H%M%S}.bin"
        self.plug(name, self.recorder_folder(name, {file: os.urandom(5000)}), port={"a": "1-1", "b": "1-2", "c": "1-3"}[name])
        self.station.wait("DOCKING_RELEASED", start=mark)

    def report(self, *args):
        return self.station.ctl("report", *self.period, *args).stdout

    def test_every_form(self):
        report = self.station.json("report", *self.period)[0]
        footage = report["footage"]
        self.assertEqual((footage["files"], footage["on_time"], footage["late"], footage["undetermined"]), (2, 1, 1, 0))
        self.assertEqual(footage["on_time_rate"], 0.5)
        # The very minutes that the row of the footage has.
        late = [f for f in self.station.footage() if f["late"]][0]
        self.assertEqual([(r["recorder"], r["officer"], r["minutes"], r["deadline"]) for r in report["late"]],
                         [("R2", "200418", late["late"], late["deadline"])])
        self.assertTrue(2880 - 2 <= late["late"] <= 2880 + 30, late["late"])
        self.assertEqual([(m["recorder"], m["exported_at"]) for m in report["missing"]], [("R3", None)])
        self.assertTrue(60 <= report["missing"][0]["minutes"] <= 90)
        self.assertEqual((report["duties"]["total"], report["duties"]["overdue"]), (3, 1))
        self.assertEqual({u["number"]: (u["on_time"], u["late"], u["duties_overdue"]) for u in report["units"]},
                         {"3701": (1, 0, 0), "3702": (0, 1, 1)})
        self.assertEqual({d["day"] for d in report["days"] if d["late"]}, {(self.now - timedelta(days=3)).strftime("%Y-%m-%d")})
        of_unit = self.station.json("report", *self.period, "--unit", "3701")[0]
        self.assertEqual((of_unit["footage"]["files"], of_unit["footage"]["late"], of_unit["missing"]), (1, 0, []))

        text = self.report()
        for piece in ("50.0% 1 of 2", "历下区消防救援大队", "R3", "Footage that came late"):
            self.assertIn(piece, text)
        sheet = self.report("--format", "csv")
        self.assertTrue(sheet.startswith("\ufefftable,key,value\n"), sheet[:40])  # text mode made LF of CRLF
        rows = list(csv.reader(io.StringIO(sheet[1:])))
        self.assertIn(["summary", "footage.late", "1"], rows)
        self.assertEqual([r[2:5] for r in rows if r and r[0] == "late"], [["R2", "200418", "'=cmd()<b>"]])
        page = self.report("--format", "html")
        self.assertIn("=cmd()&lt;b&gt;", page)
        self.assertNotIn("=cmd()<b>", page)

        path = os.path.join(self.station.folder, "r.html")
        self.report("--output", path)
        with open(path, encoding="utf-8") as f:
            self.assertIn("</html>", f.read())
        again = self.station.ctl("report", "--output", path, check=False)
        self.assertEqual(again.returncode, 2)
        metrics = self.station.ctl("metrics").stdout
        for line in ("recdock_up 1", "recdock_overdue_recorders 1", 'recdock_alerts_open{kind="offload-overdue"} 1'):
            self.assertIn(line, metrics.splitlines())
        self.assertTrue(metrics.endswith("# EOF\n"))

    def test_exported_since(self):
        """Who was overdue when the period ended stays on its list when he comes at last, with the time he came."""
        end = datetime.now(ZONE)
        self.dock("c", "200418", self.now - timedelta(hours=30))
        period = (*self.period, "--to", end.isoformat(timespec="seconds"))
        report = self.station.json("report", *period)[0]
        self.assertEqual([m["recorder"] for m in report["missing"]], ["R3"])
        self.assertIsNotNone(report["missing"][0]["exported_at"])
        now = self.station.json("report", *self.period)[0]
        self.assertEqual(now["missing"], [])
        self.assertEqual((now["duties"]["late"], now["duties"]["overdue"]), (1, 0))


if __name__ == "__main__":
    tap.main("__main__")
