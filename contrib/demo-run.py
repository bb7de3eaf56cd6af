#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The run of contrib/demo, below recsim-station: one docking from the plug to the index, as its station log tells it."""

import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ["RECDOCK_SOURCE"], "tests/integration"))
from testbed import Control, Station  # noqa: E402

OFFICER, UNIT, RECORDER = "200417", "410100000000", "X7K0042"


def make_recorder(folder, samples):
    """Names as GA/T 947 recorders write them; the samples are real clips of ffmpeg."""
    for number, name in enumerate(sorted(os.listdir(samples))[:8], 1):
        extension = name.rsplit(".", 1)[-1]
        stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(time.time() - 3600 + 300 * number))
        target = os.path.join(folder, "DCIM", f"DCAM_{RECORDER}_{OFFICER}_{stamp}.{extension}")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(samples, name), target)


def show(station, *command):
    print(f"\n$ recdockctl {' '.join(command)}")
    print(station.ctl(*command).stdout, end="", flush=True)


def print_log(station, shown):
    for record in station.log.records[shown:]:
        fields = " ".join(f"{k}={v}" for k, v in record.items() if k.startswith("RECDOCK_"))
        print(f"  {record['MESSAGE']}" + (f"  [{fields}]" if fields else ""))


def main():
    os.environ["TZ"] = "Asia/Shanghai"
    time.tzset()
    folder = tempfile.mkdtemp(dir=os.environ["RECDOCK_TEST_DIR"])
    recorder = os.path.join(folder, "recorder")
    make_recorder(recorder, os.environ["RECDOCK_SAMPLES"])
    station = Station(folder, '[Bay "1"]\nPort=1-1\n', number="410100-01")
    station.start()
    control = Control()
    try:
        station.ctl("unit", "add", UNIT, "郑州市消防救援支队")
        station.ctl("officer", "add", OFFICER, "王芳", "--unit", UNIT)
        station.ctl("recorder", "register", RECORDER, "--usb-serial", RECORDER, "--unit", UNIT)
        shown = station.mark()
        control.send(f"plug demo dir={recorder} port=1-1 serial={RECORDER}")
        station.wait("DOCKING_RELEASED", timeout=60)
        print("\nThe station log:")
        print_log(station, shown)
        show(station, "status")
        show(station, "docking", "show", "1")
        show(station, "list", "--from", "-1d")  # not "today": it may just have begun
        show(station, "verify")
        control.send("unplug demo")
    finally:
        station.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
