#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Adds up the test reports that contrib/check leaves in a folder; the last line is 'N passed, N failed'."""

import glob
import os
import sys
import xml.etree.ElementTree as ET


def outcome(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def read_reports(folder):
    for path in sorted(glob.glob(os.path.join(folder, "*.junit.xml"))):
        tier = os.path.basename(path)[: -len(".junit.xml")]
        for suite in ET.parse(path).getroot().iter("testsuite"):
            cases = list(suite.iter("testcase"))
            for case in cases:
                yield outcome(case), f"{tier}: {suite.get('name')}: {case.get('name')}"
            # A runner that broke before its first case has no case to blame.
            if not cases and int(suite.get("errors", 0)) + int(suite.get("failures", 0)) > 0:
                yield "failed", f"{tier}: {suite.get('name')}"


def read_steps(folder):
    with open(os.path.join(folder, "steps"), encoding="utf-8") as f:
        for line in f:
            status, name = line.rstrip("\n").split(" ", 1)
            yield ("passed" if status == "0" else "failed"), name


def main():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for result, name in [*read_steps(sys.argv[1]), *read_reports(sys.argv[1])]:
        counts[result] += 1
        if result != "passed":
            print(f"{result}: {name}")
    if counts["skipped"]:
        print(f"{counts['skipped']} skipped")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] or not counts["passed"] else 0


if __name__ == "__main__":
    sys.exit(main())
