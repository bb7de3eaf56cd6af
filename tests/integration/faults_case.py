# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that is plugged with a fault."""

import os
import select
import time

from testbed import SLOW, StationTest

GET_OBJECT = "0x1009"


class FaultsTest(StationTest):
    """Every fault that a case plugs must have struck by its end, or the case shows nothing."""

    config = "[Docking]\nWarnTimeout=4s\nKillTimeout=12s\n"
    shapes = {"hostile-names", "cyclic", "endless-listing"}  # of the listing, from the start: they do not strike

    def setUp(self):
        super().setUp()
        self.faults = {}

    def plug(self, name, folder, **options):
        self.assert_struck(name)
        super().plug(name, folder, **options)
        self.faults[name] = options.get("fault", "").split(",")[0]

    def assert_struck(self, name):
        fault = self.faults.pop(name, "")
        if fault and fault not in self.shapes:
            self.assertIn(fault, self.control.stats(name)["faults"], "the fault never struck")

    def tearDown(self):
        try:
            for name in list(self.faults):
                self.assert_struck(name)
        finally:
            super().tearDown()


class FileFaultsTest(FaultsTest):
    """Three files on the recorder."""

    def setUp(self):
        super().setUp()
        self.files = {"a.bin": os.urandom(400000), "big.bin": os.urandom(3000000), "z.bin": os.urandom(5000)}
        self.recorder = self.recorder_folder("a", self.files)

    def released(self, timeout=120):
        self.station.wait("DOCKING_RELEASED", timeout=timeout)
        return self.assert_all_filed(self.recorder)

    def recovers_from(self, fault, **options):
        self.plug("a", self.recorder, fault=fault, **options)
        self.released()

    def wait_for(self, condition, timeout=60):
        """For what is in no log."""
        end = time.monotonic() + timeout * SLOW
        while not condition():
            self.assertLess(time.monotonic(), end, "it never came to be")
            select.select([], [], [], 0.02)
