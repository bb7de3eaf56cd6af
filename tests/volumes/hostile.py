# SPDX-License-Identifier: LGPL-2.1-or-later
"""Volumes with one thing wrong, and what a reader has to say of each."""

import dataclasses
import random
import struct
import zlib

import campaign
from campaign import Case
from exfat import REGION, set_checksum, sum32
from model import Folder

SLOT = 32


class Victim:
    """A volume of known contents that can be patched and put back."""

    def __init__(self, case, path):
        self.case, self.path, self.volume, self.root = case, path, None, None
        self.want = campaign.make(case, path, self.tree)
        self.base = self.want["offset"]
        self.file = open(path, "r+b")
        self.file.seek(0, 2)
        self.size = self.file.tell()
        self.undo = []

    def tree(self, case, volume):
        t = campaign.Tree(case, random.Random(case.name), volume.cluster_size)
        c = volume.cluster_size
        root, sub, inner = t.folder(""), t.folder("SUB"), t.folder("INNER")
        inner.children = [t.file("D.TXT", 10)]
        sub.children = [t.file("C.TXT", c), inner]
        root.children = [t.file("A.TXT", 4 * c), t.file("B.TXT", 3 * c), t.file("a long name indeed.mp4", 2 * c), sub]
        for folder in (root, sub, inner):
            for child in folder.children:
                child.valid = None
                child.chained = True
        volume.label, volume.fats, volume.compressed_upcase = "", 2 if case.kind != "exfat" else 1, True
        if case.kind != "exfat":
            volume.__init__(volume.image, volume.offset, volume.kind, volume.rng, clusters=volume.clusters, fats=2)
        self.volume, self.root = volume, root
        return root

    def node(self, name):
        return next(n for _, n, _ in self.root.walk() if n.name == name)

    # patches

    def read(self, at, n):
        self.file.seek(at)
        return self.file.read(n)

    def put(self, at, data):
        self.undo.append((at, self.read(at, len(data))))
        self.file.seek(at)
        self.file.write(data)
        self.file.flush()

    def cut(self, size):
        self.undo.append((size, self.read(size, self.size - size)))
        self.file.truncate(size)

    def restore(self):
        self.file.truncate(self.size)
        for at, data in reversed(self.undo):
            self.file.seek(at)
            self.file.write(data)
        self.file.flush()
        self.undo = []

    def boot(self, at, form, value, also_backup=True):
        """A field of the boot sector, and of its copy."""
        copies = [0]
        if also_backup:
            copies.append(REGION if self.case.kind == "exfat" else 6)
        for sector in copies if self.case.kind in ("exfat", "fat32") else [0]:
            self.put(self.base + sector * self.volume.sector + at, struct.pack(form, value))

    def boot_sums(self):
        for copy in (0, REGION):
            at = self.base + copy * self.volume.sector
            region = self.read(at, (REGION - 1) * self.volume.sector)
            total = struct.pack("<I", sum32(region, (106, 107, 112)))
            self.put(at + len(region), total * (self.volume.sector // 4))

    def link(self, cluster, value, copies=(0, 1)):
        v = self.volume
        start = v.fat_sector if v.kind == "exfat" else v.reserved
        form, size = ("<H", 2) if v.kind == "fat16" else ("<I", 4)
        for copy in copies[: v.fats]:
            self.put(self.base + (start + copy * v.fat_sectors) * v.sector + cluster * size, struct.pack(form, value))

    def cluster(self, number):
        return self.base + self.volume.cluster_offset(number)

    def folder_at(self, folder):
        if folder.clusters:
            return self.cluster(folder.clusters[0])
        return self.base + self.volume.root_sector * self.volume.sector

    def slot(self, name):
        """Where the entry of a node is: its first slot, and in FAT the 8.3 one."""
        parent = next((f for _, f, _ in self.root.walk() if isinstance(f, Folder) and self.node(name) in f.children),
                      self.root)
        at = self.folder_at(parent)
        for child in parent.children:
            if self.volume.kind == "exfat":
                n = 2 + self.volume._name_slots(child.name)
                first = at + (2 * SLOT if parent is self.root else 0)
            else:
                n = 1 + self.volume._long_slots(child)
                first = at + (2 * SLOT if parent is not self.root else 0)
            if child.name == name:
                return first, first + (n - 1) * SLOT
            at += n * SLOT
        raise KeyError(name)

    def short(self, name, at, form, value):
        self.put(self.slot(name)[1] + at, struct.pack(form, value))

    def entry(self, name, at, form, value, summed=True):
        """A field of an exFAT set, 'at' from its first slot."""
        first = self.slot(name)[0]
        self.put(first + at, struct.pack(form, value))
        if summed:
            n = self.read(first + 1, 1)[0]
            self.put(first + 2, struct.pack("<H", set_checksum(self.read(first, (1 + n) * SLOT))))


@dataclasses.dataclass
class Wrong:
    victim: str
    name: str
    change: object
    findings: set  # words that must be told
    outcome: str | None = "ok"  # of the only volume; None: there is none
    lists: set = dataclasses.field(default_factory=lambda: {"v/B.TXT"})  # paths that must be there all the same
    complete: bool | None = None


def fat_table():
    def of(victim):
        end = 0xFFFF if victim == "fat16" else 0x0FFFFFFF
        clusters = lambda v, name: v.node(name).clusters
        yield Wrong(victim, "a cluster that follows itself", lambda v: v.link(clusters(v, "A.TXT")[1], clusters(v, "A.TXT")[1]),
                    {"cycle"})
        yield Wrong(victim, "the last cluster leads to the first", lambda v: v.link(clusters(v, "A.TXT")[3], clusters(v, "A.TXT")[0]),
                    {"cycle"})
        yield Wrong(victim, "two files share clusters", lambda v: v.link(clusters(v, "B.TXT")[0], clusters(v, "A.TXT")[1]),
                    {"cross-link"})
        yield Wrong(victim, "two files have one first cluster", lambda v: v.short("B.TXT", 26, "<H", clusters(v, "A.TXT")[0]),
                    {"cross-link"})
        yield Wrong(victim, "a chain into a free cluster", lambda v: v.link(clusters(v, "A.TXT")[1], 0), {"chain-bad", "chain-short"})
        yield Wrong(victim, "a chain out of the volume", lambda v: v.link(clusters(v, "A.TXT")[1], end - 16), {"chain-bad", "chain-short"})
        yield Wrong(victim, "a chain to cluster 1", lambda v: v.link(clusters(v, "A.TXT")[1], 1), {"chain-bad", "chain-short"})
        yield Wrong(victim, "a bad cluster in a chain", lambda v: v.link(clusters(v, "A.TXT")[1], end - 8), {"chain-bad", "chain-short"})
        yield Wrong(victim, "a chain that ends early", lambda v: v.link(clusters(v, "A.TXT")[1], end), {"chain-short"})
        yield Wrong(victim, "a chain longer than the file", lambda v: v.short("A.TXT", 28, "<I", 100), {"chain-long"})
        yield Wrong(victim, "a recording that was not closed", lambda v: v.short("A.TXT", 28, "<I", 0), {"chain-long"})
        yield Wrong(victim, "a size of 4 GiB", lambda v: v.short("A.TXT", 28, "<I", 0xFFFFFFFF), {"chain-short"})
        yield Wrong(victim, "a size without a cluster", lambda v: v.short("A.TXT", 26, "<H", 0), {"chain-short"})
        yield Wrong(victim, "the mark of no clean end", lambda v: v.link(1, end & ~(0x8000 if victim == "fat16" else 0x08000000)),
                    {"dirty"}, complete=True)
        yield Wrong(victim, "the mark of a failing medium", lambda v: v.link(1, end & ~(0x4000 if victim == "fat16" else 0x04000000)),
                    {"media-failure"}, complete=True)
        yield Wrong(victim, "a folder that is a folder above it", lambda v: v.short("INNER", 26, "<H", clusters(v, "SUB")[0]),
                    {"cycle"}, complete=False)
        yield Wrong(victim, "a folder that follows itself",
                    lambda v: (v.put(v.cluster(clusters(v, "SUB")[0]), (b"X" * 11 + b" " + b"\0" * 20) * (v.volume.cluster_size // 32)),
                               v.link(clusters(v, "SUB")[0], clusters(v, "SUB")[0])), {"cycle"}, complete=False)
        yield Wrong(victim, "a folder without a cluster", lambda v: v.short("SUB", 26, "<H", 0), {"folder-damaged"}, complete=False)
        yield Wrong(victim, "a folder outside the volume", lambda v: (v.short("SUB", 26, "<H", 0xFFF0), v.short("SUB", 20, "<H", 0xFFF)), {"folder-damaged"}, complete=False)
        yield Wrong(victim, "a folder whose '.' is another one", lambda v: v.put(v.cluster(clusters(v, "SUB")[0]) + 26, b"\x07\0"),
                    {"folder-damaged"})
        yield Wrong(victim, "a long name of another entry", lambda v: v.put(v.slot("a long name indeed.mp4")[0] + 13, b"\x55"),
                    {"name-damaged"}, lists={"v/B.TXT", "v/A_LONG~3.MP4"}, complete=True)
        yield Wrong(victim, "a long name out of order", lambda v: v.put(v.slot("a long name indeed.mp4")[0], b"\x43"),
                    {"name-damaged"}, lists={"v/B.TXT", "v/A_LONG~3.MP4"}, complete=True)
        yield Wrong(victim, "a long name that climbs", lambda v: long_name_set(v, "a long name indeed.mp4", "../../../etc/passwd.xx"),
                    set(), lists={"v/B.TXT", "v/.._.._.._etc_passwd.xx"}, complete=True)
        yield Wrong(victim, "a long name of control characters and halves", lambda v: long_name_set(v, "a long name indeed.mp4", "\x01\x1f\x7f\ud800x\udc00" + "y" * 16),
                    set(), lists={"v/B.TXT", "v/???\ufffdx\ufffd" + "y" * 16}, complete=True)
        yield Wrong(victim, "a long name of dots", lambda v: long_name_set(v, "a long name indeed.mp4", ".." + "\0" * 20),
                    set(), lists={"v/B.TXT", "v/object-00000002"}, complete=True)
        yield Wrong(victim, "an entry that is none", lambda v: v.put(v.slot("A.TXT")[1], b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\xff"),
                    {"entry-damaged"}, complete=False)
        yield Wrong(victim, "a volume cut in the middle of its files", lambda v: v.cut(v.cluster(clusters(v, "A.TXT")[2])),
                    {"truncated", "chain-short"}, lists={"v/A.TXT"})
    yield from of("fat16")
    yield from of("fat32")
    yield Wrong("fat16", "FATs that differ", lambda v: v.link(3000, 7, (1,)), {"fat-copies"}, complete=True)
    yield Wrong("fat32", "FATs that differ", lambda v: v.link(60000, 7, (1,)), {"fat-copies"}, complete=True)
    yield Wrong("fat32", "a count of free clusters that is wrong", lambda v: v.put(v.base + v.volume.sector + 488, b"\x07\0\0\0"),
                {"free-count"}, complete=True)


def long_name_set(v, name, text):
    first, last = v.slot(name)
    units = (text + "\0").encode("utf-16-le", "surrogatepass").ljust(26 * ((last - first) // SLOT), b"\xff")
    for i, at in enumerate(range(last - SLOT, first - 1, -SLOT)):
        part = units[i * 26 : i * 26 + 26]
        v.put(at + 1, part[:10])
        v.put(at + 14, part[10:22])
        v.put(at + 28, part[22:])


FAT_FIELDS = [("sector size 0", 11, "<H", 0), ("sector size 3", 11, "<H", 3), ("sector size 8192", 11, "<H", 8192),
              ("sector size 256", 11, "<H", 256), ("no sectors in a cluster", 13, "<B", 0), ("3 sectors in a cluster", 13, "<B", 3),
              ("no reserved sector", 14, "<H", 0), ("no FAT", 16, "<B", 0),
              ("255 FATs", 16, "<B", 255), ("media byte 0", 21, "<B", 0)]


def fat_boot():
    for name, at, form, value in FAT_FIELDS:
        yield Wrong("fat16", name, lambda v, a=(at, form, value): v.boot(*a), {"boot-damaged"}, "protocol", set())
        yield Wrong("fat32", name + ", the backup is sound", lambda v, a=(at, form, value): v.boot(*a, False), {"boot-damaged"},
                    complete=True)
        yield Wrong("fat32", name + ", and in the backup", lambda v, a=(at, form, value): v.boot(*a), {"boot-damaged"}, "protocol", set())
    yield Wrong("fat16", "no sectors", lambda v: (v.boot(19, "<H", 0), v.boot(32, "<I", 0)), {"boot-damaged"}, "protocol", set())
    yield Wrong("fat16", "a FAT of one sector", lambda v: v.boot(22, "<H", 1), {"boot-damaged"}, None, set())
    yield Wrong("fat16", "a root folder of 65535 entries", lambda v: v.boot(17, "<H", 0xFFFF), {"chain-bad"}, None, set())
    yield Wrong("fat16", "all sectors reserved", lambda v: v.boot(14, "<H", 0xFFFF), {"boot-damaged"}, "protocol", set())
    yield Wrong("fat32", "all sectors reserved, not in the backup", lambda v: v.boot(14, "<H", 0xFFFF, False), {"boot-damaged"}, None, set())
    yield Wrong("fat16", "more clusters than FAT16 has", lambda v: (v.boot(19, "<H", 0), v.boot(32, "<I", 0xFFFFFFFF)), {"boot-damaged"},
                "protocol", set())
    yield Wrong("fat32", "a FAT of 2^32-1 sectors", lambda v: v.boot(36, "<I", 0xFFFFFFFF), {"boot-damaged"}, "protocol", set())
    yield Wrong("fat32", "2^32-1 sectors", lambda v: v.boot(32, "<I", 0xFFFFFFFF), {"boot-damaged"}, "protocol", set())
    yield Wrong("fat32", "a root folder without a cluster", lambda v: v.boot(44, "<I", 0), {"boot-damaged"}, "protocol", set())
    yield Wrong("fat32", "a root folder outside the volume", lambda v: v.boot(44, "<I", 0x0FFFFFF0), {"chain-bad"}, "ok", set(), False)
    yield Wrong("fat32", "an active FAT that there is not", lambda v: v.boot(40, "<H", 0x8F), set())
    yield Wrong("fat32", "a boot sector of zeros", lambda v: v.put(v.base, bytes(512)), {"boot-damaged"}, complete=True)
    yield Wrong("fat16", "a boot sector of zeros", lambda v: v.put(v.base, bytes(512)), set(), "unsupported", set())


EXFAT_FIELDS = [("sectors of 2^0", 108, "<B", 0), ("sectors of 2^13", 108, "<B", 13), ("clusters of 2^60", 109, "<B", 51),
                ("no FAT", 110, "<B", 0), ("three FATs", 110, "<B", 3), ("the FAT in the boot region", 80, "<I", 1),
                ("a FAT of no length", 84, "<I", 0), ("a FAT of 2^32-1 sectors", 84, "<I", 0xFFFFFFFF),
                ("clusters that begin in the FAT", 88, "<I", 25), ("no clusters", 92, "<I", 0),
                ("2^32-1 clusters", 92, "<I", 0xFFFFFFFF), ("a volume of no length", 72, "<Q", 0),
                ("a volume of 2^63 sectors", 72, "<Q", 1 << 63), ("a root folder without a cluster", 96, "<I", 0),
                ("a root folder outside the volume", 96, "<I", 0xFFFFFFF0), ("revision 2", 104, "<H", 0x200),
                ("something where zeros must be", 20, "<B", 1)]


def exfat_boot():
    for name, at, form, value in EXFAT_FIELDS:
        yield Wrong("exfat", name + ", the backup is sound", lambda v, a=(at, form, value): v.boot(*a, False), {"boot-damaged"},
                    complete=True)
        yield Wrong("exfat", name + ", and in the backup", lambda v, a=(at, form, value): (v.boot(*a), v.boot_sums()),
                    {"boot-damaged"}, "protocol", set())
    yield Wrong("exfat", "a checksum of the boot region", lambda v: v.put(v.base + 11 * v.volume.sector, b"\1\2\3\4"), {"boot-damaged"},
                complete=True)
    yield Wrong("exfat", "no checksum of a boot region", lambda v: (v.put(v.base + 11 * v.volume.sector, b"\1\2\3\4"),
                v.put(v.base + 23 * v.volume.sector, b"\1\2\3\4")), {"boot-damaged"}, complete=True)
    yield Wrong("exfat", "a boot sector of zeros", lambda v: v.put(v.base, bytes(512)), {"boot-damaged"}, complete=True)
    yield Wrong("exfat", "the mark of no clean end", lambda v: v.boot(106, "<H", 2), {"dirty"}, complete=True)
    yield Wrong("exfat", "the mark of a failing medium", lambda v: v.boot(106, "<H", 4), {"media-failure"}, complete=True)
    yield Wrong("exfat", "a percentage that is wrong", lambda v: v.boot(112, "<B", 77), {"free-count"}, complete=True)


def exfat_entries():
    clusters = lambda v, name: v.node(name).clusters
    w = lambda name, change, findings, **more: Wrong("exfat", name, change, findings, **more)
    yield w("the checksum of a set", lambda v: v.entry("A.TXT", 2, "<H", 0x1234, False), {"entry-damaged"}, lists={"v/A.TXT", "v/B.TXT"}, complete=True)
    yield w("a name hash", lambda v: v.entry("A.TXT", 36, "<H", 0x1234), {"name-damaged"}, lists={"v/A.TXT", "v/B.TXT"}, complete=True)
    for n in (0, 1, 19, 255):
        yield w(f"{n} entries behind a file's", lambda v, n=n: v.entry("A.TXT", 1, "<B", n, False), {"entry-damaged"}, complete=False)
    yield w("a name of no length", lambda v: v.entry("A.TXT", 35, "<B", 0), {"entry-damaged"}, complete=False)
    yield w("a name longer than its entries", lambda v: v.entry("A.TXT", 35, "<B", 255), {"entry-damaged"}, complete=False)
    yield w("a set without a stream", lambda v: v.entry("A.TXT", 32, "<B", 0xC1), {"entry-damaged"}, complete=False)
    yield w("a set without a name", lambda v: v.entry("A.TXT", 64, "<B", 0xC0), {"entry-damaged"}, complete=False)
    yield w("a name that climbs", lambda v: v.put(v.slot("A.TXT")[0] + 66, "../.x".encode("utf-16-le")), {"name-damaged", "entry-damaged"},
            lists={"v/.._.x", "v/B.TXT"})
    yield w("a valid length above the length", lambda v: v.entry("A.TXT", 40, "<Q", 1 << 62), {"entry-damaged"})
    yield w("a length of 2^63", lambda v: v.entry("A.TXT", 56, "<Q", 1 << 63), {"chain-short"})
    yield w("a length of 2^64-1 that is contiguous", lambda v: (v.entry("A.TXT", 33, "<B", 3), v.entry("A.TXT", 56, "<Q", (1 << 64) - 1),
            v.entry("A.TXT", 40, "<Q", (1 << 64) - 1)), {"cross-link"})
    yield w("a cluster outside the volume", lambda v: v.entry("A.TXT", 52, "<I", 0xFFFFFFF0), {"chain-bad", "chain-short"})
    yield w("contiguous clusters past the end", lambda v: (v.entry("A.TXT", 33, "<B", 3), v.entry("A.TXT", 52, "<I", v.volume.clusters)),
            {"chain-bad", "chain-short"})
    yield w("a cluster that follows itself", lambda v: v.link(clusters(v, "A.TXT")[1], clusters(v, "A.TXT")[1]), {"cycle"})
    yield w("two files that share clusters", lambda v: v.link(clusters(v, "B.TXT")[0], clusters(v, "A.TXT")[1]), {"cross-link"})
    yield w("a chain into a free cluster", lambda v: v.link(clusters(v, "A.TXT")[1], 0), {"chain-bad", "chain-short"})
    yield w("a bitmap without a file", lambda v: v.put(v.cluster(v.volume.bitmap_clusters[0]), b"\0" * 8), {"unallocated"})
    yield w("no bitmap", lambda v: v.put(v.folder_at(v.root), b"\xa0"), {"bitmap-damaged"}, complete=True)
    yield w("a bitmap that is too short", lambda v: v.put(v.folder_at(v.root) + 24, b"\1\0\0\0\0\0\0\0"), {"bitmap-damaged"}, complete=True)
    yield w("a bitmap outside the volume", lambda v: v.put(v.folder_at(v.root) + 20, b"\xf0\xff\xff\xff"), {"bitmap-damaged"}, complete=True)
    yield w("no up-case table", lambda v: v.put(v.folder_at(v.root) + SLOT, b"\xa0"), {"upcase-damaged"}, complete=True)
    yield w("the checksum of the up-case table", lambda v: v.put(v.folder_at(v.root) + SLOT + 4, b"\1\2\3\4"), {"upcase-damaged"}, complete=True)
    yield w("an up-case table of 2^40 bytes", lambda v: v.put(v.folder_at(v.root) + SLOT + 24, struct.pack("<Q", 1 << 40)), {"upcase-damaged"}, complete=True)
    yield w("an up-case table outside the volume", lambda v: v.put(v.folder_at(v.root) + SLOT + 20, b"\xf0\xff\xff\xff"), {"upcase-damaged"}, complete=True)
    yield w("a folder that is a folder above it", lambda v: v.entry("INNER", 52, "<I", clusters(v, "SUB")[0]), {"cycle"}, complete=False)
    yield w("a folder that is the root", lambda v: v.entry("SUB", 52, "<I", v.root.clusters[0]), {"cycle"}, complete=False)
    yield w("a folder outside the volume", lambda v: v.entry("SUB", 52, "<I", 0), {"folder-damaged"}, complete=False)
    yield w("a folder of no whole clusters", lambda v: v.entry("SUB", 56, "<Q", v.volume.cluster_size - 32), {"folder-damaged"})
    yield w("an entry that must be understood", lambda v: v.entry("A.TXT", 0, "<B", 0x86, False), {"entry-damaged"}, complete=False)
    yield w("a volume cut in the middle of its files", lambda v: v.cut(v.cluster(clusters(v, "A.TXT")[2]) // 512 * 512),
            {"truncated", "chain-short"}, lists={"v/A.TXT"})


def gpt_put(v, at, form, value, header=True):
    """A field of the first GPT's header, with its checksum."""
    s = v.case.sector
    v.put((s if header else 2 * s) + at, struct.pack(form, value))
    v.put(s + 88, struct.pack("<I", zlib.crc32(v.read(2 * s, 128 * 128))))
    v.put(s + 16, bytes(4))
    v.put(s + 16, struct.pack("<I", zlib.crc32(v.read(s, 92))))


def tables():
    s = 512
    yield Wrong("gpt", "the signature of a GPT", lambda v: v.put(s, b"X"), {"table-damaged"}, complete=True)
    yield Wrong("gpt", "the checksum of a GPT", lambda v: v.put(s + 16, b"\0\0\0\0"), {"table-damaged"}, complete=True)
    yield Wrong("gpt", "the checksum of its entries", lambda v: v.put(2 * s + 40, b"\0"), {"table-damaged"}, complete=True)
    yield Wrong("gpt", "both GPTs", lambda v: (v.put(s, b"X"), v.put(v.size - s, b"X")), {"table-damaged"}, None, set())
    yield Wrong("gpt", "a unit that is cut, without the backup", lambda v: (v.put(s, b"X"), v.cut(v.size - 4096)), {"table-damaged"}, None, set())
    for n in (0, 1025, 0xFFFFFFFF):
        yield Wrong("gpt", f"a GPT of {n} entries", lambda v, n=n: gpt_put(v, 80, "<I", n), {"table-damaged"}, complete=True)
    for n in (0, 64, 129, 8192, 0xFFFFFFFF):
        yield Wrong("gpt", f"GPT entries of {n} bytes", lambda v, n=n: gpt_put(v, 84, "<I", n), {"table-damaged"}, complete=True)
    yield Wrong("gpt", "a GPT header of 8 bytes", lambda v: v.put(s + 12, b"\x08\0\0\0"), {"table-damaged"}, complete=True)
    yield Wrong("gpt", "GPT entries outside the unit", lambda v: gpt_put(v, 72, "<Q", 1 << 60), {"table-damaged"}, complete=True)
    yield Wrong("gpt", "a partition that ends before it begins", lambda v: gpt_put(v, 40, "<Q", 5, False), {"table-damaged"}, None, set())
    yield Wrong("gpt", "a partition outside the unit", lambda v: (gpt_put(v, 32, "<Q", 1 << 50, False), gpt_put(v, 40, "<Q", 1 << 51, False)),
                {"table-damaged"}, None, set())
    yield Wrong("gpt", "a partition that goes past the unit", lambda v: gpt_put(v, 40, "<Q", 1 << 50, False), {"table-damaged"}, complete=True)
    yield Wrong("mbr", "a partition outside the unit", lambda v: v.put(446 + 8, b"\xff\xff\xff\xff"), {"table-damaged"}, None, set())
    yield Wrong("mbr", "a partition that goes past the unit", lambda v: v.put(446 + 12, b"\xff\xff\xff\xff"), {"table-damaged"}, complete=True)
    yield Wrong("mbr", "a partition that is too small", lambda v: v.put(446 + 12, b"\x80\0\0\0"), {"truncated"}, None, set())
    yield Wrong("logical", "a chain of logical partitions in a circle", lambda v: v.put(512 * 512 + 446 + 24, b"\0\0\0\0"), {"table-damaged"}, None, set())
    yield Wrong("logical", "a chain of logical partitions out of the unit", lambda v: v.put(512 * 512 + 446 + 24, b"\xff\xff\xff\xff"),
                {"table-damaged"}, None, set())


def wrongs():
    for part in (fat_table, fat_boot, exfat_boot, exfat_entries, tables):
        yield from part()


VICTIMS = {"fat16": Case("fat16", "hostile", 512, 1, 5000), "fat32": Case("fat32", "hostile", 512, 1, 66000),
           "exfat": Case("exfat", "hostile", 512, 2, 3000), "gpt": Case("fat16", "hostile", 512, 1, 5000, "gpt"),
           "mbr": Case("fat16", "hostile", 512, 1, 5000, "mbr"), "logical": Case("fat16", "hostile", 512, 1, 5000, "logical")}
