# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs unittest cases and reports them as TAP, which meson counts case by case."""

import os
import sys
import time
import traceback
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0
        self.failed_parts = []
        self.begun = time.monotonic()

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()

    def stopTest(self, test):
        super().stopTest(test)
        print(f"# {time.monotonic() - self.begun:.1f} s", flush=True)

    def _line(self, ok, test, directive=""):
        self.number += 1
        name = test.id().split(".", 1)[1]
        print(f"{'ok' if ok else 'not ok'} {self.number} - {name}{directive}", flush=True)

    def addSuccess(self, test):
        self._line(True, test)

    def _failed(self, test, err):
        self._line(False, test)
        for line in "".join(traceback.format_exception(*err)).splitlines():
            print(f"# {line}", flush=True)
        report = getattr(test, "failure_report", None)
        for line in report() if report else []:
            print(f"# {line}", flush=True)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None and test not in self.failed_parts:
            self.failed_parts.append(test)  # its other parts are not counted again
            self._failed(test, err)

    def addSkip(self, test, reason):
        self._line(True, test, f" # SKIP {reason}")


def main(module):
    """Runs the cases of a module; arguments select those whose name contains one of them."""
    suite = unittest.TestSuite()
    for case in unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module]):
        for test in case:
            if not sys.argv[1:] or any(word in test.id() for word in sys.argv[1:]):
                suite.addTest(test)
    print(f"1..{suite.countTestCases()}", flush=True)
    result = TapResult()
    suite.run(result)
    sys.stdout.flush()
    os._exit(0 if result.wasSuccessful() else 1)
