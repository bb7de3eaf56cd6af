#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Burning and proving a volume on a file that stands in for a disc, against writing the same image with dd and an fsync, and reading it back
past the cache: what the drive itself would have to do. One round measures each of the three once; medians of all rounds. Digests of the
sources, the image's making and two digests of the reading are in the first and not in the others.

  bench_burn.py [MIB]     in RECDOCK_BENCH_FOLDER, which is on a disk
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "optical"))
import sample_disc
import sample_volume as sample

MIB = int(sys.argv[1]) if len(sys.argv) > 1 else 2048
ROUNDS = int(os.environ.get("RECDOCK_BENCH_RUNS", "5"))


def timed(*args):
    os.sync()
    begun = time.monotonic()
    subprocess.run([str(a) for a in args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - begun


def main():
    with tempfile.TemporaryDirectory(prefix="recdock-bench.", dir=os.environ.get("RECDOCK_BENCH_FOLDER", "/var/tmp")) as folder:
        root = pathlib.Path(folder)
        files = []
        for i in range(8):
            source = root / f"source{i}"
            with open(source, "wb") as f:
                for _ in range(MIB // 8):
                    f.write(os.urandom(1 << 20))
            files.append(sample.file(i + 1, "A 1", f"{i}.mp4", source))
        spec = sample.spec_write(folder, files)
        seconds = {"burn + prove": [], "dd write": [], "dd read": []}
        for _ in range(ROUNDS):
            disc, raw = root / "disc.iso", root / "raw.iso"
            disc.unlink(missing_ok=True)
            os.sync()
            got = subprocess.run([sample_disc.BURN, "write", f"stdio:{disc}", spec], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
            seconds["burn + prove"].append(next(json.loads(line)["seconds"] for line in got.stdout.splitlines() if b"seconds" in line))
            size = disc.stat().st_size
            raw.unlink(missing_ok=True)
            subprocess.run(["dd", f"if={disc}", "of=/dev/null", "bs=1M"], check=True, stderr=subprocess.DEVNULL)  # dd reads from memory
            seconds["dd write"].append(timed("dd", f"if={disc}", f"of={raw}", "bs=1M", "conv=fsync"))
            seconds["dd read"].append(timed("dd", f"if={raw}", "of=/dev/null", "bs=1M", "iflag=direct"))
            raw.unlink()
        ratios = [b / (w + r) for b, w, r in zip(*seconds.values())]
        for name, values in seconds.items():
            value = statistics.median(values)
            print(f"{name:14} {value:7.2f} s  {size / value / 1e6:7.0f} MB/s  {' '.join(f'{v:.2f}' for v in values)}")
        print(f"ratio          {statistics.median(ratios):7.2f}    {' '.join(f'{r:.2f}' for r in ratios)}")


if __name__ == "__main__":
    main()
