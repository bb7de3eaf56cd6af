#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The health of recorders with the whole station: clock, battery and storage at each docking, what becomes of a clock that
is wrong, what recdockctl tells of it, and whether a recorder may be issued."""

import datetime
import json
import os

import tap
from testbed import StationTest

NAME = "DCAM_CAM001_200417_20261101_081300.bin"  # thirteen minutes ahead of 08:00
FAST = 780
SAMPLES = os.environ["RECDOCK_SAMPLES"]
RECORDED = datetime.datetime.fromisoformat("2026-11-01T08:13:00+08:00").timestamp()


class Health(StationTest):
    config = "[Docking]\nSetClock=yes\n"

    def setUp(self):
        super().setUp()
        self.station.ctl("recorder", "register", "R1", "--usb-serial", "SERA")
        self.dockings = 0

    def visit(self, files=None, ends="DOCKING_RELEASED", **options):
        """One docking of recorder a: plugged, offloaded, pulled. Returns its row."""
        mark = self.station.mark()
        folder = self.recorder_folder("a", files or {"x.bin": b"x" * 100})
        for name in files or ():
            os.utime(os.path.join(folder, name), (RECORDED, RECORDED))
        self.plug("a", folder, **options)
        self.station.wait(ends, start=mark)
        self.dockings += 1
        return self.row()

    def again(self, **options):
        if self.dockings:
            self.unplug("a")
        return self.visit(**options)

    def row(self):
        return self.station.json("recorder", "history", "R1")[0]

    def alerts(self, kind, state="yes"):
        return [a["subject"] for a in self.station.json("alert", "list", "--kind", kind, f"--open={state}")]

    def ready(self, *args):
        """The lines of the check list that are not ok, and recdockctl's exit code."""
        answer = self.station.ctl("recorder", "ready", "R1", "--json", *args, check=False)
        checks = json.loads(answer.stdout)[0]["checks"]
        return {c["check"]: (c["state"], c["reason"]) for c in checks if c["state"] != "ok"}, answer.returncode


class Clock(Health):
    def test_thirteen_minutes_fast(self):
        """Acceptance: offset stored, times corrected, raw kept, alert; then set by policy; history shows it."""
        first = self.visit({NAME: os.urandom(5000)}, clock=FAST)
        self.assertAlmostEqual(first["clock_offset_s"], FAST, delta=3)
        self.assertEqual(self.alerts("clock-drift"), ["recorder/R1"])
        self.assertEqual(len(self.station.log.find("ALERT_RAISED", alert="clock-drift")), 1)

        footage = self.station.footage()[0]
        started = datetime.datetime.fromisoformat(footage["started_at"]).timestamp()
        self.assertAlmostEqual(footage["clock_offset_s"], first["clock_offset_s"], places=6)
        self.assertAlmostEqual(RECORDED - started, FAST, delta=3)
        self.assertEqual((footage["name"], footage["device_time"]), (NAME, "20261101T081300"))
        self.assertEqual(footage["time_doubts"], [])

        self.assertEqual(first["clock_answer"], "set")
        self.assertEqual(first["clock_asked"], first["clock_set_to"])
        self.assertLess(abs(first["clock_set_offset_s"]), 3)
        self.assertLess(abs(self.control.stats("a")["clock"]), 3)
        filed = self.station.log.records.index(self.station.log.find("FOOTAGE_FILED")[0])
        clock_set = self.station.log.records.index(self.station.log.find("CLOCK_SET")[0])
        self.assertLess(filed, clock_set, "the clock is set when everything is filed, not before")
        entry = self.station.json("ledger", "list", "--act", "recorder.clock-set")[0]
        self.assertEqual((entry["subject"], entry["detail"]["docking"]), ("recorder/R1", 1))
        self.assertAlmostEqual(entry["detail"]["offset_s"], FAST, delta=3)
        self.assertLess(abs(entry["detail"]["offset_after_s"]), 3)

        second = self.again(files={"y.bin": b"y" * 100}, clock=0)
        self.assertLess(abs(second["clock_offset_s"]), 3)
        self.assertFalse(second["clock_moved"], "this station itself has set it")
        self.assertEqual(self.alerts("clock-drift"), [])
        self.assertEqual(self.alerts("clock-drift", "no"), ["recorder/R1"])
        history = self.station.json("recorder", "history", "R1")
        self.assertEqual([h["docking"] for h in history], [2, 1])
        table = self.station.ctl("recorder", "history", "R1").stdout
        self.assertIn("+780", table.replace("+779", "+780").replace("+781", "+780"))
        self.assertIn("set", table)
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_a_clock_that_keeps_another_zone(self):
        for zone in ("Z", "-0530"):
            with self.subTest(zone):
                row = self.again(clock=FAST, clock_zone=zone)
                self.assertAlmostEqual(row["clock_offset_s"], FAST, delta=3)
                self.assertTrue(row["clock_set_to"].endswith(zone))
                self.assertLess(abs(row["clock_set_offset_s"]), 3)
                self.assertLess(abs(self.control.stats("a")["clock"]), 3)

    def test_one_that_refuses_is_told_once(self):
        for _ in range(2):
            row = self.again(clock=FAST, fault="refuse,op=0x1016,times=always")
            self.assertEqual((row["state"], row["clock_answer"]), ("released", "denied"))
            self.assertEqual((row["clock_set_to"], row["clock_set_offset_s"]), (None, None))
        self.assertEqual(len(self.station.log.find("CLOCK_NOT_SET")), 1)
        self.assertEqual(len(self.station.json("ledger", "list", "--act", "recorder.clock-not-set")), 2)
        self.assertEqual(self.alerts("docking-failed"), [])
        self.assertEqual(self.alerts("clock-drift"), ["recorder/R1"])
        self.assertEqual(self.ready()[0]["clock"], ("not-ok", "off"))

    def test_one_that_says_yes_and_does_not(self):
        row = self.visit(clock=FAST, fault="clock-stuck")
        self.assertEqual((row["clock_answer"], row["clock_set_to"]), ("not-kept", None))
        self.assertAlmostEqual(row["clock_set_offset_s"], FAST, delta=3)
        self.assertEqual(len(self.station.log.find("CLOCK_NOT_SET")), 1)

    def test_what_was_measured_first_stands(self):
        """The worker that sets the clock dies of it; the next one sees a clock that is right."""
        self.station.crash_worker("offload", "offload-clock-set")
        row = self.visit(clock=FAST)
        self.assertEqual(len(self.station.log.find("WORKER_DIED")), 1)
        self.assertAlmostEqual(row["clock_offset_s"], FAST, delta=3)
        self.assertLess(abs(row["clock_set_offset_s"]), 3)
        self.assertLess(abs(self.control.stats("a")["clock"]), 3)

    def test_drift_needs_a_past(self):
        self.visit()
        shown = self.station.ctl("recorder", "show", "R1").stdout
        self.assertRegex(shown, r"Clock drift per day +unknown")
        health = self.station.json("recorder", "show", "R1")[0]["health"]
        self.assertIsNone(health["drift_s_per_day"])
        self.assertEqual((health["battery"], health["firmware"]), (80, "1.0"))


class ClockSetByHand(Health):
    config = ""

    def test_somebody_has_set_it(self):
        first = self.visit({"x.bin": b"x" * 100}, clock=FAST)
        self.assertIsNone(first["clock_asked"])
        self.assertEqual(self.control.stats("a")["clock_sets"], 0)
        second = self.again(files={"y.bin": b"y" * 100}, clock=0)
        self.assertTrue(second["clock_moved"])
        moved = self.station.log.find("CLOCK_MOVED")
        self.assertEqual(len(moved), 1)
        self.assertIn("+780", moved[0]["MESSAGE"].replace("+779", "+780"))
        doubts = {f["name"]: f["time_doubts"] for f in self.station.footage()}
        self.assertNotIn("clock-moved", doubts["x.bin"])
        self.assertIn("clock-moved", doubts["y.bin"])
        third = self.again(files={"z.bin": b"z" * 100}, clock=1)
        self.assertFalse(third["clock_moved"])

    def test_dated_by_the_docking_that_listed_it_first(self):
        """It could not be pulled, and somebody set the clock before it was."""
        self.visit(
            {NAME: b"x" * 5000}, ends="DOCKING_FAILED", clock=FAST, fault=f"refuse,op=0x1009,object={NAME},times=always"
        )
        self.unplug("a")
        second = self.visit({NAME: b"x" * 5000}, clock=0)
        self.assertTrue(second["clock_moved"])
        footage = self.station.footage()[0]
        self.assertAlmostEqual(footage["clock_offset_s"], FAST, delta=3)
        started = datetime.datetime.fromisoformat(footage["started_at"]).timestamp()
        self.assertAlmostEqual(RECORDED - started, FAST, delta=3)
        self.assertNotIn("clock-moved", footage["time_doubts"])


class Values(Health):
    def test_battery(self):
        self.visit(battery=7)
        self.assertEqual(self.alerts("battery-low"), ["recorder/R1"])
        self.assertEqual(self.ready()[0]["battery"], ("not-ok", "low"))
        row = self.again(battery=255)
        self.assertIsNone(row["battery"])
        self.assertEqual(self.alerts("battery-low"), ["recorder/R1"], "unknown clears nothing")
        self.again(battery=20)
        self.assertEqual(self.alerts("battery-low"), [])
        self.again(battery=255)
        self.assertEqual(self.alerts("battery-low"), [], "unknown raises nothing")
        self.again(battery=0)
        self.assertEqual(self.alerts("battery-low"), ["recorder/R1"], "empty is not unknown")

    def test_storage(self):
        files = {"x.bin": b"x" * 9500}
        row = self.visit(files, capacity=10000)
        self.assertEqual((row["free"], row["total"]), (500, 10000))
        self.assertEqual(self.alerts("recorder-storage-low"), ["recorder/R1"])
        counts = [a["count"] for a in self.station.json("alert", "list", "--kind", "recorder-storage-low")]
        self.assertEqual(counts, [1], "once in a docking")
        self.assertEqual(self.ready()[0]["storage"], ("not-ok", "low"))
        self.again(files=files, capacity=20000)
        self.assertEqual(self.alerts("recorder-storage-low"), [])

    def test_storage_that_clearing_gives_back(self):
        self.station.stop()
        self.station.configure("[Docking]\nRelease=clear\n[Health]\nStorageLow=1000\n")
        self.station.start()
        clip = next(f.path for f in os.scandir(SAMPLES) if f.name.endswith(".mp4"))
        size = os.path.getsize(clip)
        row = self.visit({"good.mp4": open(clip, "rb").read()}, capacity=size + 999)
        self.assertEqual((row["free"], row["freed"], row["removed"]), (999, size, 1))
        self.assertEqual(self.station.log.find("ALERT_RAISED", alert="recorder-storage-low"), [])
        self.again(files={"kept.bin": b"x" * 5000}, capacity=5999)
        self.assertEqual(self.alerts("recorder-storage-low"), ["recorder/R1"])

    def test_what_is_not_told(self):
        self.station.ctl("officer", "add", "200417", "王芳")
        self.station.ctl("recorder", "assign", "R1", "200417", "--from", "-1d")
        row = self.visit(battery=255, clock_readable="no")
        self.assertEqual((row["battery"], row["clock_offset_s"], row["clock_asked"]), (None, None, None))
        kinds = {a["kind"] for a in self.station.json("alert", "list")}
        self.assertFalse(kinds & {"clock-drift", "battery-low", "recorder-storage-low"})
        lines, code = self.ready()
        self.assertEqual(lines, {"clock": ("unknown", "not-told"), "battery": ("unknown", "not-told")})
        self.assertEqual(code, 1)
        self.assertEqual(self.ready("--accept-unknown")[1], 0)


class Ready(Health):
    def setUp(self):
        super().setUp()
        self.station.ctl("unit", "add", "U1", "一大队")
        self.station.ctl("officer", "add", "200417", "王芳")
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB", "--unit", "U1")

    def test_from_the_first_day_on(self):
        lines, code = self.ready()
        self.assertEqual(lines["assigned"], ("not-ok", "not-assigned"))
        self.assertEqual(lines["exported"], ("unknown", "never-docked"))
        self.assertEqual(code, 1)
        self.station.ctl("recorder", "assign", "R1", "200417", "--from", "-1d")
        self.assertEqual(self.ready("--accept-unknown")[1], 0)
        self.assertEqual(self.ready()[1], 1, "what nobody knows is not ready")
        self.visit()
        self.assertEqual(self.ready(), ({}, 0))
        text = self.station.ctl("recorder", "ready", "R1").stdout
        self.assertIn("recorder R1 is ready", text)
        self.assertIn("200417", text)
        self.unplug("a")
        self.station.ctl("checkout", "R1", "--officer", "200417")
        self.assertEqual(self.ready()[0], {"returned": ("not-ok", "out")})
        self.station.ctl("return", "R1")
        self.assertEqual(self.ready()[0], {"exported": ("not-ok", "not-docked-since-return")})
        refused = self.station.ctl("checkout", "R1", "--officer", "200417", check=False)
        self.assertEqual((refused.returncode, refused.stdout), (6, ""))
        self.assertIn("recorder 'R1' is not ready: exported not-docked-since-return", refused.stderr)
        self.assertEqual(self.station.json("duty", "list", "--out=yes"), [])
        self.station.ctl("checkout", "R1", "--officer", "200417", "--override", "火警")
        entry = self.station.json("ledger", "list", "--act", "duty.checked-out")[0]
        self.assertEqual(entry["detail"]["override"], "火警")
        self.assertIn("not-docked-since-return", entry["detail"]["not_ready"])
        self.station.ctl("return", "R1")
        self.visit()
        self.assertEqual(self.ready(), ({}, 0))
        self.station.ctl("recorder", "retire", "R1", "--reason", "broken")
        self.assertEqual(self.ready()[0]["registered"], ("not-ok", "retired"))

    def test_many(self):
        one = self.station.ctl("recorder", "ready", "--unit", "U1", "--json", check=False)
        self.assertEqual((one.returncode, [r["recorder"] for r in json.loads(one.stdout)]), (1, ["R2"]))
        two = self.station.ctl("recorder", "ready", "R2", "R1", "--json", check=False)
        self.assertEqual([r["recorder"] for r in json.loads(two.stdout)], ["R2", "R1"])

    def test_bad_input_is_refused(self):
        for args, code, words in (
            (("ready",), 2, "--unit=NUMBER"),
            (("ready", "R1", "--unit", "U1"), 2, "--unit=NUMBER"),
            (("ready", "R1", "--colour"), 2, "--colour"),
            (("ready", "R1", "R9"), 5, "'R9'"),
            (("ready", ""), 5, "''"),
            (("ready", "--unit", "U9"), 5, "'U9'"),
            (("ready", "--unit", ""), 6, "unit ''"),
            (("history",), 2, "recorder history"),
            (("history", "R1", "R2"), 2, "'R2'"),
            (("history", "R9"), 5, "'R9'"),
            (("history", "R1", "--since", "soon"), 6, "'soon'"),
            (("history", "R1", "--limit", "0"), 6, "'0'"),
            (("history", "R1", "--limit"), 2, "--limit"),
            (("show", "R9"), 5, "'R9'"),
        ):
            with self.subTest(args):
                before = len(self.station.json("ledger", "list"))
                refused = self.station.ctl("recorder", *args, check=False)
                self.assertEqual((refused.returncode, refused.stdout), (code, ""))
                self.assertIn(words, refused.stderr)
                self.assertEqual(len(self.station.json("ledger", "list")), before)

    def test_history_by_time(self):
        self.visit()
        self.again()
        self.assertEqual(len(self.station.json("recorder", "history", "R1", "--limit", "1")), 1)
        self.assertEqual(len(self.station.json("recorder", "history", "R1", "--since", "-1h")), 2)
        self.assertEqual(self.station.json("recorder", "history", "R1", "--since", "tomorrow"), [])
        self.assertEqual(self.station.json("recorder", "history", "R2"), [])


if __name__ == "__main__":
    tap.main("__main__")
