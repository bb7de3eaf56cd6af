# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is to be put on a volume, independent of its file system, and what a reader should say of it."""

import dataclasses
import hashlib
import random


@dataclasses.dataclass(frozen=True)
class Stamp:
    """A time as FAT and exFAT keep it: fields, hundredths above the second, quarters of an hour from UTC."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    hundredths: int = 0
    quarters: int | None = None

    @property
    def date_field(self):
        return (self.year - 1980) << 9 | self.month << 5 | self.day

    @property
    def time_field(self):
        return self.hour << 11 | self.minute << 5 | self.second // 2

    @property
    def ten_ms_field(self):
        return self.second % 2 * 100 + self.hundredths

    @property
    def offset_field(self):
        return 0 if self.quarters is None else 0x80 | self.quarters & 0x7F

    def text(self, fine, zoned):
        second = self.second if fine else self.second // 2 * 2
        text = f"{self.year:04d}{self.month:02d}{self.day:02d}T{self.hour:02d}{self.minute:02d}{second:02d}"
        if fine:
            text += f".{self.hundredths:02d}"
        if zoned and self.quarters is not None:
            sign, quarters = "-" if self.quarters < 0 else "+", abs(self.quarters)
            text += f"{sign}{quarters // 4:02d}{quarters % 4 * 15:02d}"
        return text


def random_stamp(rng, zoned):
    quarters = rng.choice([None, 0, 32, 32, -20, 23, -48, 56]) if zoned else None
    return Stamp(rng.randint(1980, 2107), rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23),
                 rng.randint(0, 59), rng.randint(0, 59), rng.randint(0, 99), quarters)


class Content:
    """Bytes of a file, by a seed. A sparse one is zeros with some pieces of noise."""

    def __init__(self, size, seed, pieces=None):
        self.size = size
        self.seed = seed
        self.pieces = pieces

    def parts(self):
        """(offset, bytes) of everything that is not left zero."""
        if self.pieces is None:
            if self.size:
                yield 0, random.Random(self.seed).randbytes(self.size)
            return
        for i, offset in enumerate(self.pieces):
            yield offset, random.Random(f"{self.seed}/{i}").randbytes(min(1000, self.size - offset))

    def sha256(self, valid=None):
        """The digest of all of it; what is behind the valid length reads as zeros."""
        valid = self.size if valid is None else valid
        digest, at, zeros = hashlib.sha256(), 0, bytes(1 << 20)

        def fill(end):
            nonlocal at
            while at < end:
                n = min(end - at, len(zeros))
                digest.update(zeros[:n])
                at += n

        for offset, data in self.parts():
            data = data[: max(0, valid - offset)]
            fill(offset)
            digest.update(data)
            at += len(data)
        fill(self.size)
        return digest.hexdigest()


@dataclasses.dataclass
class File:
    name: str
    content: Content
    modified: Stamp
    created: Stamp
    attributes: int = 0x20
    fragmented: bool = False
    deleted: bool = False
    reused: bool = False  # deleted, and its clusters go to whatever is written next
    short_only: bool = False  # FAT: no long name
    chained: bool = False  # exFAT: by the FAT, though its clusters follow each other
    valid: int | None = None  # exFAT: ValidDataLength
    set_is_split: bool = False  # exFAT: the folder goes on elsewhere in the middle of its entries
    clusters: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Folder:
    name: str
    modified: Stamp
    created: Stamp
    children: list = dataclasses.field(default_factory=list)
    attributes: int = 0x10
    fragmented: bool = False
    deleted: bool = False
    clusters: list = dataclasses.field(default_factory=list)

    def walk(self, path=""):
        """(path of the folder, node, deleted with a folder above) for everything below."""
        yield from self._walk(path, self.deleted)

    def _walk(self, path, gone):
        for child in self.children:
            yield path, child, gone or child.deleted
            if isinstance(child, Folder):
                yield from child._walk(f"{path}/{child.name}", gone or child.deleted)


class Allocator:
    """Clusters 2 … n+1. Fragmented ones leave holes that are used later."""

    def __init__(self, clusters, rng):
        self.end = clusters + 2
        self.cursor = 2
        self.holes = []  # to be used before the rest
        self.rng = rng
        self.used = set()
        self.owners = {}  # who had a cluster last

    def take(self, n, fragmented=False):
        taken = []
        while len(taken) < n:
            if self.holes and not fragmented and len(self.holes) >= n - len(taken) and not taken:
                run = self.holes[: n]
                if run == list(range(run[0], run[0] + n)):
                    taken, self.holes = run, self.holes[n:]
                    break
            if self.cursor >= self.end:
                if not self.holes:
                    raise RuntimeError("the volume is full")
                taken.append(self.holes.pop(0))
                continue
            taken.append(self.cursor)
            self.cursor += 1
            if fragmented and self.rng.random() < 0.4 and self.cursor + 3 < self.end:
                skip = self.rng.randint(1, 3)
                self.holes.extend(range(self.cursor, self.cursor + skip))
                self.cursor += skip
        if fragmented and n > 2 and self.rng.random() < 0.5:
            i = self.rng.randrange(1, n - 1)
            taken[i], taken[i + 1] = taken[i + 1], taken[i]
        self.used.update(taken)
        return taken

    def own(self, node):
        self.owners.update(dict.fromkeys(node.clusters, id(node)))

    def still_owned(self, node):
        """A run that nothing else was written to since."""
        return is_run(node.clusters) and all(self.owners[c] == id(node) for c in node.clusters)

    def free(self, clusters, reuse):
        self.used.difference_update(clusters)
        if reuse:
            self.holes[:0] = clusters


def is_run(clusters):
    return all(b == a + 1 for a, b in zip(clusters, clusters[1:]))
