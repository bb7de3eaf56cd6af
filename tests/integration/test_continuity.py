#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Continuity with the whole station: files joined to recordings, what lies between them, who answers for it, and two at once."""

import csv
import io
import json
import os
import subprocess

import tap
from testbed import StationTest

SAMPLES = os.environ["RECDOCK_SAMPLES"]
DAY = "2026-11-01"


class ContinuityTest(StationTest):
    def setUp(self):
        super().setUp()
        self.station.ctl("unit", "add", "410100", "二大队")
        self.station.ctl("officer", "add", "200417", "王芳", "--unit", "410100")
        self.station.ctl("officer", "add", "200418", "李雷", "--unit", "410100")
        self.station.ctl("recorder", "register", "R1", "--usb-serial", "SERA", "--unit", "410100")
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB", "--unit", "410100")

    def clip(self):
        """One minute of video."""
        path = os.path.join(self.folder, "minute.mp4")
        if not os.path.exists(path):
            command = ["ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error", "-f", "lavfi",
                       "-i", "testsrc=size=64x48:rate=5", "-t", "60", "-c:v", "libx264", "-bf", "0", "-threads", "1", path]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        return path

    def files(self, *times, officer="200417", suffix="mp4"):
        return {f"DCAM_CAM001_{officer}_20261101_{t}.{suffix}": self.clip() for t in times}

    def dock(self, name, files, count=1):
        folder = self.recorder_folder(name, files)
        self.plug(name, folder, clock_readable="no")  # or all times are corrected by a fraction of a second
        self.station.wait("DOCKING_RELEASED", count=count)
        return folder

    def alerts(self, state="yes"):
        rows = self.station.json("alert", "list", "--kind", "recording-gap", f"--open={state}")
        return [(a["subject"], a["text"]) for a in rows]

    def spans(self, rows, first, last):
        self.assertTrue(all(r[first][:10] == DAY for r in rows), rows)
        return [f"{r[first][11:19]}-{r[last][11:19] if r[last] else '?'}" for r in rows]

    def recordings(self, *filters):
        return self.spans(self.station.json("recording", "list", *filters), "started_at", "ended_at")

    def gaps(self, *filters):
        return self.spans(self.station.json("gap", "list", *filters), "from", "to")

    def explain(self, *words, **more):
        options = {"from": f"{DAY} 08:02:00", "to": f"{DAY} 08:10:00", "reason": "equipment-failure", "reporter": "王芳",
                   "approver": "赵六"} | more
        return self.station.ctl("gap", "explain", *words, *[f"--{k}={v}" for k, v in options.items() if v is not None],
                                check=False)

    def dock_with_a_hole(self):
        files = self.files("080000", "080100", "081000")
        files["DCAM_CAM001_200417_20261101_080500.jpg"] = os.path.join(SAMPLES, "photo.jpg")
        self.dock("a", files)
        self.station.wait("ALERT_RAISED", alert="recording-gap")


class Continuity(ContinuityTest):
    def test_hole_is_found_alerted_and_explained(self):
        self.dock_with_a_hole()
        rows = self.station.json("recording", "list")
        self.assertEqual(self.recordings(), ["08:00:00-08:02:00", "08:10:00-08:11:00"])
        self.assertEqual([(r["recorder"], r["officer"], r["unit"], r["segments"], r["certain"]) for r in rows],
                         [("R1", "200417", "410100", 2, True), ("R1", "200417", "410100", 1, True)])
        self.assertEqual(self.gaps(), ["08:02:00-08:10:00"])
        gap = self.station.json("gap", "list", "--unexplained", "--officer=200417")[0]
        self.assertEqual((gap["length_s"], gap["certain"], gap["explained"], gap["reason"]), (480, True, False, None))
        self.assertEqual(self.gaps("--min=8min"), ["08:02:00-08:10:00"])
        self.assertEqual(self.gaps("--min=481s"), [])
        subject, text = self.alerts()[0]
        self.assertEqual(subject, "recorder/R1")
        self.assertIn("from 2026-11-01T08:02:00+08:00 to 2026-11-01T08:10:00+08:00", text)
        table = self.station.ctl("gap", "list").stdout
        self.assertIn("0:08:00", table)

        refused = self.explain("R1", reason="lunch")
        self.assertEqual((refused.returncode, refused.stdout), (6, ""))
        self.assertIn("bad-weather", refused.stderr)
        self.assertEqual(self.explain("R9").returncode, 5)
        self.assertEqual(self.explain("R1", approver=None).returncode, 2)
        self.assertEqual(self.station.json("explanation", "list"), [])
        self.assertEqual(len(self.alerts()), 1)

        half = self.explain("R1", to=f"{DAY} 08:05:00")
        self.assertIn("no gap", half.stdout)
        self.assertEqual(len(self.alerts()), 1, "half of it is not explained")
        rest = self.explain("R1", **{"from": f"{DAY} 08:05:00"}, reason="state-secret", text="会议室")
        self.assertEqual(rest.returncode, 0, rest.stderr)
        self.station.wait("ALERT_CLEARED", alert="recording-gap")
        self.station.wait("GAP_EXPLAINED", count=2, recorder="R1")
        self.assertEqual(self.alerts(), [])
        self.assertEqual(self.gaps("--unexplained"), [])
        gap = self.station.json("gap", "list")[0]
        self.assertEqual((gap["explained"], gap["reason"], gap["text"], gap["approver"]),
                         (True, "state-secret", "会议室", "赵六"))
        acts = self.station.json("ledger", "list", "--act", "gap.explained")
        self.assertEqual([a["subject"] for a in acts], ["recorder/R1"] * 2)
        self.assertEqual((acts[0]["detail"]["reporter"], acts[0]["detail"]["reason"]), ("王芳", "state-secret"))
        self.assertIn("uid=", acts[0]["actor"])
        self.assertEqual(self.station.ctl("verify").returncode, 0)
        # The same recorder again: what is explained stays so.
        self.unplug("a")
        self.dock("a", {}, count=2)
        self.assertEqual(self.alerts(), [])

    def test_alert_goes_when_the_missing_footage_comes(self):
        self.dock_with_a_hole()
        self.unplug("a")
        self.dock("a", self.files("090000"), count=2)
        row = self.station.json("alert", "list", "--kind", "recording-gap", "--open=yes")
        self.assertEqual([a["count"] for a in row], [1], "another docking without a gap of its own changes nothing")
        self.unplug("a")
        self.dock("a", self.files(*[f"080{m}00" for m in range(2, 10)]), count=3)
        self.station.wait("ALERT_CLEARED", alert="recording-gap")
        self.assertEqual((self.gaps(), self.alerts()), ([], []))
        self.assertEqual(self.recordings(), ["08:00:00-08:11:00", "09:00:00-09:01:00"])

    def test_damaged_file_makes_the_gap_unknown(self):
        files = self.files("080000", "080500")
        with open(self.clip(), "rb") as f:
            files["DCAM_CAM001_200417_20261101_080100.mp4"] = f.read()[:3000]
        self.dock("a", files)
        self.assertEqual(self.recordings(), ["08:00:00-?", "08:05:00-08:06:00"])
        self.assertEqual([(g["certain"], g["length_s"]) for g in self.station.json("gap", "list")], [(False, 240)])
        self.assertIn("may be shorter", self.alerts()[0][1])

    def test_duty_is_one_activity(self):
        self.dock("a", self.files("080000", "140000"))
        self.assertEqual((self.gaps(), self.alerts()), ([], []))
        table = os.path.join(self.folder, "duty.csv")
        with open(table, "w", encoding="utf-8") as f:
            f.write("recorder,officer,out,until,returned\nR1,200417,2026-11-01 07:00,,2026-11-01 18:00\n")
        self.station.ctl("duty", "import", table)
        self.assertEqual(self.gaps(), ["08:01:00-14:00:00"])
        self.assertEqual(self.gaps("--from", f"{DAY} 08:02"), [])
        self.assertEqual(self.gaps("--from", f"{DAY} 08:01", "--to", f"{DAY} 08:02"), ["08:01:00-14:00:00"])

    def report_agrees(self, start, end):
        """The report of a period has the gaps of the list of the same period, in every form. Returns their figures."""
        period = ("--from", start, "--to", end)
        rows = self.station.json("gap", "list", *period)
        open_ = self.station.json("gap", "list", "--unexplained", *period)
        report = self.station.json("report", *period)[0]
        total = report["continuity"]
        self.assertEqual(report["gaps"], rows)
        self.assertEqual((total["gaps"], total["unexplained"], total["explained"]), (len(rows), len(open_), len(rows) - len(open_)))
        self.assertAlmostEqual(total["length_s"], sum(r["length_s"] for r in rows), places=6)
        self.assertAlmostEqual(total["unexplained_s"], sum(r["length_s"] for r in open_), places=6)
        for key, noun in (("gap_units", "unit"), ("gap_officers", "officer"), ("gap_recorders", "recorder")):
            for line in report[key]:
                own = self.station.json("gap", "list", f"--{noun}", line["number"], *period)
                self.assertEqual((line["gaps"], line["length_s"]), (len(own), sum(r["length_s"] for r in own)), line)
            self.assertEqual(sum(line["gaps"] for line in report[key]), len(rows))
        sheet = csv.DictReader(io.StringIO(self.station.ctl("report", *period, "--format=csv", "--table=gaps").stdout.lstrip("\ufeff")))
        self.assertEqual([(r["recorder"], r["from"], float(r["length_s"]), r["explained"]) for r in sheet],
                         [(r["recorder"], r["from"], r["length_s"], str(r["explained"]).lower()) for r in rows])
        return total

    def test_report_has_the_gaps_of_the_list(self):
        self.dock("a", self.files("080000", "080100", "081000"))
        self.unplug("a")
        self.dock("b", self.files("080000", "080500", "080700", officer="200418"), count=2)
        self.explain("R1", **{"from": f"{DAY} 08:02", "to": f"{DAY} 08:10"})
        total = self.report_agrees(DAY, "2026-11-02")
        self.assertEqual((total["gaps"], total["explained"], total["length_s"], total["unexplained_s"]), (3, 1, 780, 300))
        self.assertEqual(self.report_agrees(f"{DAY} 08:01", f"{DAY} 08:06")["gaps"], 2)
        self.assertEqual(self.report_agrees(f"{DAY} 08:06", f"{DAY} 09:00")["unexplained_s"], 60)
        self.assertEqual(self.report_agrees(f"{DAY} 09:00", f"{DAY} 10:00")["gaps"], 0)
        text = self.station.ctl("report", "--from", DAY, "--to", "2026-11-02").stdout
        self.assertRegex(text, r"Gaps +3 +2 not explained; 0:13:00 in all")
        page = self.station.ctl("report", "--from", DAY, "--to", "2026-11-02", "--format=html").stdout
        self.assertIn("1 of 3 explained", page)

    def coverage(self, start, end, *options):
        done = self.station.ctl("coverage", "--json", "--from", f"{DAY} {start}", "--to", f"{DAY} {end}", *options,
                                check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)

        return done.returncode, [(s, r["recorders"], r["recording"]) for r in json.loads(done.stdout)
                                 for s in self.spans([r], "from", "to")]

    def test_two_recorders(self):
        self.dock("a", self.files("080000", "080100"))
        self.unplug("a")
        self.dock("b", self.files("080100", "080200", officer="200418"), count=2)
        expected = [("08:00:00-08:01:00", 1, ["R1"]), ("08:02:00-08:03:00", 1, ["R2"]), ("08:03:00-08:04:00", 0, [])]
        for who in (("--unit", "410100"), ("--officer=200417", "--officer=200418")):
            self.assertEqual(self.coverage("08:00", "08:04", *who), (1, expected))
            self.assertEqual(self.coverage("08:01", "08:02", *who), (0, []))
        code, windows = self.coverage("08:00", "08:04", "--unit=410100", "--all")
        self.assertEqual((code, windows[1]), (1, ("08:01:00-08:02:00", 2, ["R1", "R2"])))
        self.assertEqual(self.coverage("08:01", "08:02", "--unit=410100", "--all"),
                         (0, [("08:01:00-08:02:00", 2, ["R1", "R2"])]))
        times = ("--from", f"{DAY} 08:00", "--to", f"{DAY} 08:04")
        self.assertEqual(self.station.ctl("coverage", *times, "--unit=9", check=False).returncode, 5)
        self.assertEqual(self.station.ctl("coverage", *times, "--officer=200417", check=False).returncode, 6)
        self.assertEqual(self.station.ctl("coverage", "--unit=410100", check=False).returncode, 2)


class Lenient(ContinuityTest):
    """The site's own threshold, in what is asked and in what is alerted."""

    config = "[Continuity]\nGap=10min\n"

    def test_the_sites_threshold(self):
        self.dock("a", self.files("080000", "081000"))
        self.assertEqual((self.gaps(), self.alerts()), ([], []))
        self.assertEqual(self.gaps("--min=1min"), ["08:01:00-08:10:00"])


if __name__ == "__main__":
    tap.main("__main__")
