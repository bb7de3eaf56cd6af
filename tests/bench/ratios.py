# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock against its peers on one device in one run, medians of several rounds. A round measures everybody once, so that what the machine
does beside it meets all of them.

  pull    recdock-offload, first command to the last byte synced, digest included, against the peer's copy + sync
  read    where the bench has it: the driver alone, into nothing, against dd off the disk; pull is then held against dd, too
  digested  the same: recdock-offload as for pull, on files in memory
  proved  recdockd, plug to the last file committed (digest, fsync, uncached read-back, verdict), against the peer's copy + sync +
          drop caches + sha256sum + ffprobe

Nothing is in the caches but the programs themselves, which on a station are in memory. Nothing is asserted: the figures are ratios,
for people.
"""

import os
import re
import statistics

from peers import PeerFailed

SLOW = 10  # a peer that takes so many times as long is measured once
ROUNDS = int(os.environ.get("RECDOCK_BENCH_RUNS", "5"))
WORKLOADS = {"large": (1, 256 << 20), "small": (500, 256 << 10)}


def make_files(folder, clip, count, size):
    """Files of 'size' bytes, each another one, that begin as the clip does."""
    with open(clip, "rb") as f:
        block = f.read()
    os.makedirs(os.path.join(folder, "DCIM"))
    for n in range(count):
        with open(os.path.join(folder, "DCIM", f"F{n:05}.ts"), "wb") as f:
            f.write((block * (size // len(block) + 1))[: size - 8] + n.to_bytes(8, "big"))


def rounds(bench, count):
    """Name → what → list of seconds, and the figures of the last pull."""
    seconds, figures, failed = {}, {}, {}

    def note(name, what, value):
        seconds.setdefault(name, {}).setdefault(what, []).append(value)

    for _ in range(ROUNDS):
        figures = bench.pull()
        note("recdock", "pull", figures["seconds"])
        note("recdock", "proved", bench.proved())
        for name, what, value in bench.reads():
            note(name, what, value)
        for name in bench.peers:
            if name in seconds and seconds[name]["pull"][0] > SLOW * seconds["recdock"]["pull"][0]:
                continue
            for what in ("pull", "proved"):
                if (name, "pull") in failed or (name, what) in failed:
                    break
                try:
                    note(name, what, bench.peer(name, count, what == "proved"))
                except PeerFailed as e:
                    failed[name, what] = str(e)
    return seconds, figures, failed


def ratio(what, ours, peers, failed):
    """Against the fastest that ended; where none did, against what they were given."""
    if peers:
        return f"{min(peers) / ours:.2f}× as fast as the fastest peer"
    limits = [found for found in (re.search(r"did not end in (\d+) s", reason) for (_, w), reason in failed.items() if w == what) if found]
    return f"more than {min(int(found.group(1)) for found in limits) / ours:.1f}× as fast as a peer" if limits else None


def report(title, bench, count, size):
    mib = count * size / (1 << 20)
    seconds, figures, failed = rounds(bench, count)
    median = {name: {what: statistics.median(values) for what, values in row.items()} for name, row in seconds.items()}
    columns = [what for what in ("read", "digested", "pull", "proved") if any(what in row for row in median.values())]
    print(f"\n{title}: {count} × {size >> 10} KiB, median of {ROUNDS}\n  {'':14}" +
          "".join(f"{what + ' s':>11}{'MiB/s':>9}" for what in columns))
    for name, row in median.items():
        print(f"  {name:14}" + "".join(f"{row[what]:11.2f}{mib / row[what]:9.1f}" if what in row else " " * 20 for what in columns))
    for (_, what), reason in failed.items():
        print(f"  {what}, left out: {reason}")
    ours = median.pop("recdock")
    for what in columns:
        told = ratio(what, ours[what], [row[what] for row in median.values() if what in row], failed)
        if told:
            print(f"  {what}: {told}")
    if "dd" in median:
        print(f"  pull: {median['dd']['read'] / ours['pull']:.2f}× as fast as dd, which digests and writes nothing; "
              f"{median['dd']['read'] / ours['digested']:.2f}× with its files in memory")
    print(f"  recdock's worker: {figures['cpu'] / mib * 1024:.2f} CPU s/GiB, {figures['transfers']} bulk reads of "
          f"{figures['transfer_size'] >> 10} KiB at most, {figures['depth']} in flight", flush=True)
