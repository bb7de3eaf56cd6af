# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes for tests: what a station would put on them, made by make_volume."""

import json
import os
import pathlib
import subprocess

MAKE = os.environ.get("MAKE_VOLUME", "make_volume")
# Whose volumes are looked at with other programs need not wait for a disk.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
IMPRINT = {"number": "37-2026-0001", "station": "37", "organization": "济南市历下区消防救援大队", "custodian": "王强",
           "medium": "USB disk", "made_at": 1796000000000000}


def row(i, name, **more):
    """As recdockctl list --json prints it."""
    return {"id": i, "unit": "370102000001", "officer": "200401", "recorder": "3700102", "bay": "1", "name": name, "source": "dock",
            "source_path": f"card/DCIM/100MEDIA/{i}", "started_at": f"2026-11-{i % 28 + 1:02}T18:20:00+08:00",
            "ended_at": f"2026-11-{i % 28 + 1:02}T18:50:00+08:00", "duration_s": 1800.5, "size": 0, "sha256": "", "sm3": None,
            "verdict": "complete", "verdict_reasons": [], "container": "mp4", "kind": "video", "path": f"store/a/b/c/{i}",
            "offloaded_at": "2026-11-29T19:00:00+08:00", "docking": 7, "deadline": "2026-11-30T18:50:00+08:00", "late": None,
            "case": None, "time_source": "name", "device_time": "20261119T182000", "clock_offset_s": -2.5, "time_doubts": [], **more}


def file(i, case, name, source, officer="李雷", unit="历下区消防救援大队", **more):
    return {"id": i, "case": case, "name": name, "source": str(source), "officer_name": officer, "unit_name": unit,
            "row": row(i, name, **more)}


def run(*args):
    got = subprocess.run([MAKE, *map(str, args)], stdout=subprocess.PIPE, check=False)
    lines = [json.loads(line) for line in got.stdout.decode().splitlines()]
    return got.returncode, lines


def spec_write(folder, files, cases=(), **more):
    path = pathlib.Path(folder) / "spec.json"
    path.write_text(json.dumps({"imprint": IMPRINT, "cases": list(cases), "files": files, **more}, ensure_ascii=False))
    return path


def write(folder, files, cases=(), **more):
    """A new volume below 'folder'; its path."""
    volume = pathlib.Path(folder) / "volume"
    volume.mkdir()
    status, lines = run("write", volume, spec_write(folder, files, cases, **more))
    assert status == 0, lines[-5:]
    return volume


def cost(folder, form, cluster=0):
    got = subprocess.run([MAKE, "cost", form, str(cluster), pathlib.Path(folder) / "spec.json"], stdout=subprocess.PIPE, check=True)
    return int(got.stdout)
