#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Holds recdock-inspect against the samples, whole and broken.

    check-damage.py INSPECT SAMPLES WORKDIR

Prints TAP. Whole samples must be complete without a reason; each breach must give the verdict its row asks for. What no
check short of the digest can find (one bit, an unfinished Matroska file that ends between clusters) has no row.
"""

import json
import os
import subprocess
import sys

import damage

TRUNCATED = {"truncated"}
DAMAGED = {"damaged"}
BROKEN = {"damaged", "truncated", "unreadable"}

MP4 = ["h264-faststart.mp4", "h264-moov-last.mp4", "h264-fragmented.mp4", "h264.mov", "h265-faststart.mp4"]
INDEXED = ["h264-faststart.mp4", "h264-moov-last.mp4", "h264.mov", "h265-faststart.mp4"]
MATROSKA = ["h264.mkv", "h265.mkv"]
TS = ["h264.ts", "h265.ts"]
AVI = ["h264.avi", "mjpeg.avi"]
CODED = MP4 + MATROSKA + TS + AVI + ["h264.mpg"]

ROWS = [
    # kind, samples, lawful verdicts
    ("cut:20", MP4 + MATROSKA + AVI + ["photo.jpg", "photo.png", "tone.wav"], TRUNCATED),
    ("cut:50", MP4 + MATROSKA + AVI + ["photo.jpg", "photo.png", "tone.wav"], TRUNCATED),
    ("cut:90", MP4 + MATROSKA + AVI + ["photo.jpg", "photo.png", "tone.wav"], TRUNCATED),
    ("cut:99", MP4 + MATROSKA + AVI + ["photo.jpg", "photo.png", "tone.wav"], TRUNCATED),
    ("cut-end:512", MP4 + MATROSKA + AVI + ["photo.jpg", "photo.png", "tone.wav"], TRUNCATED),
    ("cut-end:512", TS, TRUNCATED),
    ("cut-end:100", TS, TRUNCATED),
    ("cut:50", ["tone.mp3", "tone.aac", "h264.mpg"], BROKEN),
    ("without-box:moov", INDEXED, TRUNCATED),
    ("without-box:mdat", ["h264-faststart.mp4"], BROKEN),
    ("zero:512", MP4 + MATROSKA + TS + AVI, DAMAGED),
    ("zero:4096", CODED, DAMAGED),
    ("zero:65536", CODED, BROKEN),
    ("zero:4096", ["bare.h264", "bare.h265"], DAMAGED),
    ("zero:512", ["photo.jpg", "photo.png"], DAMAGED),
    ("zero:4096", ["photo.jpg", "photo.png"], DAMAGED),
    # Noise inside one coded picture of an MP4 or Matroska file is the digest's to find; 64 KiB reach into the next.
    ("noise:4096", TS + ["mjpeg.avi", "photo.jpg", "photo.png"], BROKEN),
    ("noise:65536", MP4 + MATROSKA + TS + AVI + ["photo.jpg"], BROKEN),
    ("repeat:32768", ["h264-faststart.mp4", "h264-moov-last.mp4", "h265-faststart.mp4", "h264.mov", "h264.ts",
                      "h265.ts", "h264.mkv", "h265.mkv"], BROKEN),
    ("drop:10", TS, DAMAGED),
    ("no-idx1", AVI, TRUNCATED),
    ("garbage-idx1", AVI, DAMAGED),
    ("stco", INDEXED, BROKEN),
    ("stsz", INDEXED, BROKEN),
    ("back-stco", INDEXED, BROKEN),
    ("past-stco", INDEXED, TRUNCATED),
    ("unfinished-wav", ["tone.wav"], TRUNCATED),
    ("restart:012", ["photo.jpg"], {"complete"}),
    ("restart:013", ["photo.jpg"], DAMAGED),
    ("trail:4096", ["h264-moov-last.mp4", "h264.avi"], DAMAGED),
    ("head:4096", ["h264-moov-last.mp4"], DAMAGED),
    ("encrypt", ["h264-faststart.mp4", "h264.ts"], {"encrypted"}),
    ("protect", ["h264-faststart.mp4"], {"encrypted"}),
    ("cut:0", ["h264-faststart.mp4", "photo.jpg"], TRUNCATED),
]

# The word that an operator has to find: most breaches are noticed by several checks, and each of them has to work. By
# kind (or its beginning) and sample (or its end).
REASONS = [
    ("cut", "h264-faststart.mp4", "missing-packets"), ("cut", "-faststart.mp4", "past-end"),
    ("cut", "-moov-last.mp4", "no-moov"), ("cut", ".mov", "no-moov"),
    ("cut", "-fragmented.mp4", "cut"), ("cut", "-fragmented.mp4", "past-end"),
    ("cut", ".mkv", "past-end"), ("cut:20", ".mkv", "short-duration"),
    ("cut", ".avi", "riff-size"), ("cut:", ".avi", "no-index"), ("cut", ".avi", "past-end"),
    ("cut", "tone.wav", "riff-size"), ("cut", "tone.wav", "past-end"),
    ("cut", "photo.", "cut"), ("cut-end", ".ts", "ts-cut"), ("cut:50", "tone.mp3", "short-duration"),
    ("without-box:moov", ".mp4", "no-moov"), ("without-box:mdat", ".mp4", "no-content"),
    ("zero:512", "264.avi", "zero-sectors"), ("zero:512", ".mp4", "zero-sectors"), ("zero:512", ".mkv", "zero-sectors"),
    ("zero", "264.ts", "zero-sectors"), ("zero:4096", "", "zero-sectors"), ("zero:512", "photo.jpg", "zero-sectors"),
    ("noise", "mjpeg.avi", "bad-frames"), ("noise", "photo.jpg", "bad-structure"), ("noise", ".mp4", "bad-nal"),
    ("noise", ".ts", "ts-sync"), ("repeat", ".mp4", "bad-nal"), ("repeat", ".ts", "dts-order"),
    ("drop", ".ts", "ts-continuity"), ("no-idx1", ".avi", "no-index"), ("garbage-idx1", ".avi", "bad-index"),
    ("stco", "", "bad-nal"), ("stsz", "", "bad-nal"), ("trail", "", "trailing-garbage"), ("head", "", "header-lost"),
    ("unfinished-wav", "tone.wav", "riff-size"), ("restart:013", "", "bad-structure"),
    ("back-stco", "", "bad-index"), ("past-stco", "", "past-end"),
    ("encrypt", "", "high-entropy"), ("protect", "", "protected"),
]

NOT_MEDIA = ["notes.txt", "track.nmea"]


def inspect(program, files):
    done = subprocess.run([program, "--check", "--json", *files], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"Bail out! recdock-inspect ended with {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def broken_files(samples, workdir):
    """Makes every broken file; gives (title, path, lawful verdicts)."""
    cases = []
    for kind, names, lawful in ROWS:
        for name in names:
            with open(os.path.join(samples, name), "rb") as f:
                data = f.read()
            path = os.path.join(workdir, f"{kind.replace(':', '-')}-{name}")
            with open(path, "wb") as f:
                f.write(damage.damage(kind, data))
            cases.append((f"{kind} {name}", path, lawful))
    return cases


def whole_files(samples):
    for name in sorted(os.listdir(samples)):
        if not name.startswith("."):
            yield name, os.path.join(samples, name), {"not-media"} if name in NOT_MEDIA else {"complete"}


def words_wanted(title):
    """What the reasons of a breach have to say; a PNG only knows that a checksum is wrong."""
    kind, _, name = title.partition(" ")
    if kind == "cut:0":
        return {"empty"}
    if not name or name == "photo.png":
        return set()
    return {word for k, n, word in REASONS if kind.startswith(k) and n in name}


def case_ok(title, result, lawful):
    reasons = result.get("reasons", "")
    if not words_wanted(title) <= {word.partition("@")[0] for word in reasons.split(",")}:
        return False
    if lawful <= {"complete", "not-media"} and reasons:
        return False
    return result.get("verdict") in lawful and (lawful <= {"complete", "not-media"} or reasons != "")


def main():
    program, samples, workdir = sys.argv[1:]
    os.makedirs(workdir, exist_ok=True)
    cases = list(whole_files(samples)) + broken_files(samples, workdir)
    results = inspect(program, [path for _, path, _ in cases])
    print(f"1..{len(cases)}")
    failed = len(results) != len(cases)
    for number, ((title, _, lawful), result) in enumerate(zip(cases, results), 1):
        good = case_ok(title, result, lawful)
        failed |= not good
        print(f"{'ok' if good else 'not ok'} {number} - {title}: {result.get('verdict')} {result.get('reasons', '')}")
        if not good:
            print(f"# expected one of {sorted(lawful)}, and {sorted(words_wanted(title))} among the reasons")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
