#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Breaks media files the way power cuts, worn cards and lost clusters do.

    damage.py KIND[:ARGUMENT] IN OUT

Each kind is a function of the file's bytes; --list names them. All places are derived from the file, so that the same
input gives the same output.
"""

import random
import struct
import sys

SECTOR = 512


def aligned(offset):
    return offset // SECTOR * SECTOR


def boxes(data, start=0, end=None):
    """Top-level or nested MP4 boxes: (type, header offset, end)."""
    end = len(data) if end is None else end
    while start + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, start)
        if size == 1:
            size = struct.unpack_from(">Q", data, start + 8)[0]
        if size < 8:
            return
        yield kind, start, start + size
        start += size


def payload(data):
    """Where coded data certainly is: an MP4's largest mdat, or the middle half of anything else."""
    mdats = [(end - start, start, end) for kind, start, end in boxes(data) if kind == b"mdat"]
    if mdats:
        return max(mdats)[1:]
    return len(data) // 4, len(data) * 3 // 4


def middle(data, size):
    start, end = payload(data)
    return aligned((start + end) // 2 - size // 2)


def overwrite(data, offset, piece):
    return data[:offset] + piece + data[offset + len(piece):]


def cut(data, argument):
    """Keeps a percentage of the file."""
    return data[:len(data) * int(argument) // 100]


def cut_end(data, argument):
    """Takes bytes off the end."""
    return data[:len(data) - int(argument)]


def zero(data, argument):
    """Zeroed sectors in the middle of the coded data."""
    size = int(argument)
    return overwrite(data, middle(data, size), bytes(size))


def noise(data, argument):
    size = int(argument)
    return overwrite(data, middle(data, size), random.Random(1).randbytes(size))


def repeat(data, argument):
    """A cluster that holds the one before it."""
    size = int(argument)
    at = middle(data, size)
    return overwrite(data, at, data[at - size:at])


def drop(data, argument):
    """Transport packets lost in the middle."""
    size = int(argument) * 188
    at = len(data) // 2 // 188 * 188
    return data[:at] + data[at + size:]


def without_box(data, argument):
    """An MP4 without one of its top-level boxes; what was behind it stays where it was."""
    kind = argument.encode("ascii")
    for name, start, end in boxes(data):
        if name == kind:
            return data[:start] + data[end:] if end == len(data) else overwrite(data, start + 4, b"free")
    raise ValueError(f"no '{argument}' box")


def table(data, argument, change):
    """Changes the entries of an stco or stsz of the first track that has more than four."""
    name = argument.encode("ascii")
    at = data.find(name)
    while at >= 0:
        head = 12 if name == b"stsz" else 8
        count = struct.unpack_from(">I", data, at + head)[0]
        if count > 4:
            first = at + head + 4
            entries = list(struct.unpack_from(f">{count}I", data, first))
            return overwrite(data, first, struct.pack(f">{count}I", *change(entries)))
        at = data.find(name, at + 4)
    raise ValueError(f"no {argument} table")


def stco(data, _argument):
    """Chunk offsets off by some bytes from the middle on."""
    return table(data, "stco", lambda e: e[:len(e) // 2] + [v + 100 for v in e[len(e) // 2:]])


def stco_back(data, _argument):
    """A chunk that lies inside the one before it."""
    return table(data, "stco", lambda e: e[:len(e) // 2] + [e[len(e) // 2 - 1] + 1] + e[len(e) // 2 + 1:])


def stco_past(data, _argument):
    """The last chunk behind the file's end."""
    return table(data, "stco", lambda e: e[:-1] + [len(data) + 512])


def unfinished_wav(data, _argument):
    """The sizes as they are while a recording runs."""
    at = data.index(b"data")
    return data[:4] + struct.pack("<I", len(data) - 8) + data[8:at + 4] + bytes(4) + data[at + 8:]


def restart(data, argument):
    """Restart markers of these numbers in a JPEG's coded data."""
    at = data.index(b"\xff\xda")
    for number in argument:
        at += 4096
        while data[at - 1] == 0xff:
            at += 1
        data = data[:at] + bytes([0xff, 0xd0 + int(number)]) + data[at:]
    return data


def stsz(data, _argument):
    """A wrong sample size in the middle."""
    return table(data, "stsz", lambda e: e[:len(e) // 2] + [e[len(e) // 2] + 77] + e[len(e) // 2 + 1:])


def index_at(data):
    at = data.rfind(b"idx1")
    if at < 0:
        raise ValueError("no idx1")
    return at


def no_idx1(data, _argument):
    return data[:index_at(data)]


def garbage_idx1(data, _argument):
    at = index_at(data) + 8
    return data[:at] + random.Random(2).randbytes(len(data) - at)


def flip(data, _argument):
    """One bit: only the digest can tell."""
    at = middle(data, 1) + 300
    return overwrite(data, at, bytes([data[at] ^ 1]))


def encrypt(data, _argument):
    """The whole file as cipher text."""
    return random.Random(3).randbytes(len(data))


def protect(data, _argument):
    """Sample entries renamed as ISO/IEC 14496-12 section 8.12 does for protected ones."""
    return data.replace(b"avc1", b"encv").replace(b"mp4a", b"enca")


def head(data, argument):
    """Noise over the first bytes."""
    return overwrite(data, 0, random.Random(4).randbytes(int(argument)))


def trail(data, argument):
    """Noise behind the end."""
    return data + random.Random(5).randbytes(int(argument))


KINDS = {
    "cut": cut, "cut-end": cut_end, "zero": zero, "noise": noise, "repeat": repeat, "drop": drop,
    "without-box": without_box, "stco": stco, "back-stco": stco_back, "past-stco": stco_past, "stsz": stsz, "unfinished-wav": unfinished_wav,
    "restart": restart, "no-idx1": no_idx1, "garbage-idx1": garbage_idx1,
    "flip": flip, "encrypt": encrypt, "protect": protect, "head": head, "trail": trail,
}


def damage(kind, data):
    name, _, argument = kind.partition(":")
    return KINDS[name](data, argument)


def main():
    if sys.argv[1:] == ["--list"]:
        for name, function in KINDS.items():
            print(f"{name:14}{function.__doc__ or ''}")
        return
    if len(sys.argv) != 4 or sys.argv[1].partition(":")[0] not in KINDS:
        sys.exit("usage: damage.py KIND[:ARGUMENT] IN OUT (--list names the kinds)")
    with open(sys.argv[2], "rb") as f:
        data = f.read()
    with open(sys.argv[3], "wb") as f:
        f.write(damage(sys.argv[1], data))


if __name__ == "__main__":
    main()
