#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deadlines with the whole station: who had the recorder, when it came back, and who is late, plugged in or not."""

import contextlib
import os
import sqlite3

import tap
from testbed import StationTest

NAME = "DCAM_CAM001_200417_20261101_080000.bin"


class Duty(StationTest):
    def setUp(self):
        super().setUp()
        self.station.ctl("officer", "add", "200417", "王芳")
        self.station.ctl("recorder", "register", "R1", "--usb-serial", "SERA")

    def alerts(self, kind, state="yes"):
        return [a["subject"] for a in self.station.json("alert", "list", "--kind", kind, f"--open={state}")]

    def dock(self, **files):
        folder = self.recorder_folder("a", files or {NAME: os.urandom(5000)})
        self.plug("a", folder)
        return self.station.wait("DOCKING_RELEASED")

    def test_never_docked_is_seen(self):
        self.station.ctl("return", "R1", "--at", "-25h")
        self.station.wait("ALERT_RAISED", alert="offload-overdue")
        self.assertEqual(self.alerts("offload-overdue"), ["recorder/R1"])
        self.station.stop()
        mark = self.station.mark()
        self.station.start()
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB")
        self.station.ctl("return", "R2", "--at", "-25h")
        again = self.station.wait("ALERT_RAISED", alert="offload-overdue", start=mark)
        self.assertIn("recorder/R2", again[0]["MESSAGE"])
        self.assertEqual(sorted(self.alerts("offload-overdue")), ["recorder/R1", "recorder/R2"])
        self.assertEqual(self.alerts("offload-overdue", "no"), [])
        self.dock()
        self.station.wait("ALERT_CLEARED", alert="offload-overdue")
        self.assertEqual(self.alerts("offload-overdue"), ["recorder/R2"])
        self.assertEqual([d["recorder"] for d in self.station.json("duty", "list", "--waiting", "yes")], ["R2"])

    def test_missed_while_the_station_was_off(self):
        self.station.ctl("return", "R1", "--at", "-23h")
        self.station.ctl("extend", "R1", "--until", "+2d", "--reason", "continuous-duty", "--approver", "赵六")
        self.assertEqual(self.alerts("offload-overdue"), [])
        self.station.stop()
        self.station.configure("[Recording]\nDeadline=1h\n")
        self.station.start()
        self.assertEqual(self.alerts("offload-overdue"), [])
        self.station.ctl("return", "R1", check=False)
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB")
        self.station.ctl("return", "R2", "--at", "-2h")
        self.station.wait("ALERT_RAISED", alert="offload-overdue")
        self.assertEqual(self.alerts("offload-overdue"), ["recorder/R2"])

    def test_passed_while_the_station_was_off(self):
        self.station.ctl("return", "R1", "--at", "-2h")
        self.station.stop()
        self.station.configure("[Recording]\nDeadline=1h\n")
        mark = self.station.mark()
        self.station.start()
        self.station.wait("ALERT_RAISED", alert="offload-overdue", start=mark)
        self.station.stop()
        self.station.start()
        self.assertEqual([a["count"] for a in self.station.json("alert", "list", "--kind", "offload-overdue")], [1])

    def test_counted_from_the_return(self):
        self.station.ctl("return", "R1", "--at", "2026-11-03 18:00")
        self.dock()
        row = self.station.footage()[0]
        self.assertEqual(row["deadline"], "2026-11-04T18:00:00+08:00")
        self.assertGreater(row["late"], 0)
        self.assertEqual(self.alerts("arrived-late"), ["docking/1"])
        duty = self.station.json("duty", "list")[0]
        self.assertEqual((duty["returned_at"], duty["docking"]), ("2026-11-03T18:00:00+08:00", None))
        self.assertIsNotNone(duty["offloaded_at"])

    def test_counted_from_the_recording_when_nobody_knows_better(self):
        self.dock()
        row = self.station.footage()[0]
        self.assertEqual(row["deadline"][:10], "2026-11-02")
        self.assertEqual(self.alerts("arrived-late"), ["docking/1"])

    def test_more_time(self):
        self.station.ctl("return", "R1", "--at", "2026-11-03 18:00")
        self.station.ctl("extend", "R1", "--until", "2099-01-01", "--reason", "remote-area", "--approver", "赵六")
        self.dock()
        row = self.station.footage()[0]
        self.assertEqual((row["deadline"], row["late"]), ("2099-01-01T00:00:00+08:00", 0))
        self.assertEqual(self.alerts("arrived-late"), [])
        entry = self.station.json("ledger", "list", "--act", "deadline.extended")[0]
        self.assertEqual((entry["subject"], entry["detail"]["approver"]), ("recorder/R1", "赵六"))

    def test_docking_implies_return(self):
        self.station.ctl("checkout", "R1", "--officer", "200417", "--until", "+10h")
        refused = self.station.ctl("checkout", "R1", "--officer", "200417", check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn("200417", refused.stderr)
        self.dock()
        duty = self.station.json("duty", "list")[0]
        self.assertEqual((duty["recorder"], duty["officer"], duty["docking"]), ("R1", "200417", 1))
        self.assertIsNotNone(duty["offloaded_at"])
        acts = {e["act"]: e["actor"] for e in self.station.json("ledger", "list", "--subject", "recorder/R1")}
        self.assertEqual((acts["duty.returned"], acts["duty.offloaded"]), ("recdockd", "recdockd"))
        self.assertNotEqual(acts["duty.checked-out"], "recdockd")
        self.assertEqual(self.station.ctl("verify").returncode, 0)


class Undocking(Duty):
    """Taking a recorder out of its bay is its checkout, where the site says so."""
    config = "[Duty]\nUndockingIsCheckout=yes\nMissingAfter=1s\n"

    def setUp(self):
        super().setUp()
        self.station.ctl("recorder", "assign", "R1", "200417", "--from", "-1d")

    def database(self, sql):
        """Only while the station is off: it is the only one that writes."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.station.state, "catalogue.sqlite"))) as db, db:
            return db.execute(sql).fetchall()

    def take_out(self):
        mark = self.station.mark()
        self.unplug("a")
        self.station.wait("DOCKING_UNPLUGGED", start=mark)
        self.assertEqual(self.station.json("duty", "list", "--out=yes"), [])

    def test_is_a_checkout(self):
        """The minutes it waits are taken off its row while the station is off, which is a restart as well."""
        self.dock()
        self.take_out()
        self.station.stop()
        self.assertEqual(self.database("SELECT docking, duty FROM undocking"), [(1, None)])
        self.database("UPDATE undocking SET at = at - 180000000")
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DUTY_IMPLIED", recorder="R1", docking="1", start=mark)
        duty = self.station.json("duty", "list", "--out=yes")[0]
        self.assertEqual((duty["recorder"], duty["officer"], duty["until"], duty["undocking"]), ("R1", "200417", None, 1))
        entry = self.station.json("ledger", "list", "--act", "duty.checked-out")[0]
        self.assertEqual((entry["actor"], entry["detail"]["undocking"]), ("recdockd", 1))
        self.assertIn("OUT OF DOCKING", self.station.ctl("duty", "list").stdout)
        self.station.wait("ALERT_RAISED", alert="recorder-missing", start=mark)
        alert = self.station.json("alert", "list", "--kind", "recorder-missing")[0]
        refused = self.station.ctl("alert", "clear", str(alert["id"]), "--reason", "x", check=False)
        self.assertEqual(refused.returncode, 6)
        self.assertIn("the recorder is back, was given more time or is retired", refused.stderr)
        self.plug("a", self.recorder_folder("b", {NAME: os.urandom(5000)}))
        self.station.wait("ALERT_CLEARED", alert="recorder-missing", start=mark)
        self.assertEqual(self.station.json("duty", "list", "--out=yes"), [])
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_pushed_in_again(self):
        self.dock()
        self.take_out()
        mark = self.station.mark()
        self.plug("a", self.recorder_folder("b", {NAME: os.urandom(5000)}))
        self.station.wait("DOCKING_RELEASED", start=mark)
        self.station.stop()
        self.assertEqual(self.database("SELECT count(*) FROM undocking"), [(0,)])
        self.assertEqual(self.database("SELECT count(*) FROM duty WHERE out_at IS NOT NULL"), [(0,)])

    def test_retired_is_not_missing(self):
        self.station.ctl("checkout", "R1", "--officer", "200417")
        self.station.wait("ALERT_RAISED", alert="recorder-missing")
        self.station.ctl("recorder", "retire", "R1", "--reason", "lost")
        self.station.wait("ALERT_CLEARED", alert="recorder-missing")
        self.assertEqual(self.alerts("recorder-missing"), [])


if __name__ == "__main__":
    tap.main("__main__")
