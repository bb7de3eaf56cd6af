#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The metrics as their readers read them: the parser of OpenMetrics, and the older one of the textfile collector."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import tap
from sample_report import sample

try:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
    from prometheus_client.parser import text_string_to_metric_families as textfile
except ImportError:
    openmetrics = textfile = None

STATUS = {"station": {"version": "1.0"}, "bays": [{"bay": "1", "docking": 7}, {"bay": "2", "docking": None}],
          "store": {"free": 1 << 40, "keep_free": 1 << 30, "paused": False}, "alerts_open": 3}
ALERTS = [{"kind": "same-day"}, {"kind": "same-day"}, {"kind": "clock-drift"}]


def render(status, report, alerts):
    got = subprocess.run([os.environ["RENDER_REPORT"], "metrics"], input=json.dumps([status, report, alerts]).encode(),
                         stdout=subprocess.PIPE, check=True)
    return got.stdout.decode()


@unittest.skipUnless(openmetrics, "python3-prometheus-client is not installed")
class OpenMetrics(unittest.TestCase):
    def samples(self, text):
        """Both parsers see the same."""
        seen = [{(s.name, tuple(sorted(s.labels.items()))): s.value for f in parse(text) for s in f.samples}
                for parse in (openmetrics, textfile)]
        self.assertEqual(*seen)
        return seen[0]

    def test_values(self):
        text = render(STATUS, sample(), ALERTS)
        s = self.samples(text)
        self.assertEqual(s["recdock_up", ()], 1)
        self.assertEqual((s["recdock_bays", ()], s["recdock_bays_occupied", ()]), (2, 1))
        self.assertEqual(s["recdock_store_free_bytes", ()], 1 << 40)
        self.assertEqual(s["recdock_alerts_open", (("kind", "same-day"),)], 2)
        self.assertEqual(s["recdock_month_files", (("result", "late"),)], 23)
        self.assertEqual(s["recdock_month_duties", (("result", "overdue"),)], 2)
        self.assertAlmostEqual(s["recdock_month_duties_on_time_ratio", ()], 164 / 168)
        self.assertEqual(s["recdock_month_late_seconds_max", ()], 1577 * 60)
        self.assertEqual(s["recdock_overdue_recorders", ()], 2)
        self.assertEqual(s["recdock_missing_recorders", ()], 2)
        self.assertEqual(s["recdock_recorder_clock_offset_seconds", (("recorder", "3700102"),)], -31)
        self.assertEqual(s["recdock_recorder_clock_drift_seconds_per_day", (("recorder", "3700102"),)], -3.72)
        self.assertNotIn(("recdock_recorder_clock_drift_seconds_per_day", (("recorder", "3700105"),)), s)
        self.assertEqual([s["recdock_month_gaps", (("result", r),)] for r in ("explained", "unexplained")], [2, 4])
        self.assertEqual((s["recdock_month_gap_seconds", ()], s["recdock_month_unexplained_gap_seconds", ()]), (7757.5, 1052.5))
        self.assertEqual(s["recdock_month_sequence_gaps", ()], 1)
        families = {f.name: f for f in openmetrics(text)}
        self.assertEqual(families["recdock_store_free_bytes"].unit, "bytes")
        for f in families.values():
            self.assertTrue(f.documentation, f.name)
            self.assertEqual(f.type, "gauge")

    def test_names_of_strangers(self):
        report = sample()
        names = ['a"} 1\nforged 7', "back\\slash", "\\n", "{}", "执法记录仪", "x" * 255]
        for clock, name in zip(report["clocks"], names):
            clock["recorder"] = name
        s = self.samples(render(STATUS, report, []))
        self.assertEqual({k[1][0][1] for k in s if k[0] == "recdock_recorder_clock_offset_seconds"}, set(names))
        self.assertNotIn(("forged", ()), s)

    def test_what_is_not_known_has_no_sample(self):
        report = sample()
        report["footage"]["on_time_rate"] = None
        s = self.samples(render({**STATUS, "store": {"free": None}}, report, []))
        self.assertNotIn(("recdock_month_on_time_ratio", ()), s)
        self.assertNotIn(("recdock_store_free_bytes", ()), s)

    def test_no_station(self):
        self.assertEqual(self.samples(render(None, None, None)), {("recdock_up", ()): 0})


if __name__ == "__main__":
    tap.main("__main__")
