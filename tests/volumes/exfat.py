# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes exFAT volumes, after Microsoft's specification of 2019."""

import struct

from model import Allocator, File, Folder, is_run

SLOT = 32
END = 0xFFFFFFFF
REGION = 12


def upcase_units():
    units = []
    for code in range(0x10000):
        upper = chr(code).upper() if not 0xD800 <= code <= 0xDFFF else chr(code)
        units.append(ord(upper) if len(upper) == 1 and ord(upper) < 0x10000 else code)
    return units


UPCASE = upcase_units()


def upcase_table(compressed):
    if not compressed:
        return struct.pack("<65536H", *UPCASE)
    out, code = [], 0
    while code < 0x10000:
        run = code
        while run < 0x10000 and UPCASE[run] == run:
            run += 1
        if run - code > 2 or (run > code and UPCASE[code] == 0xFFFF):
            n = min(run - code, 0xFFFF)
            out += [0xFFFF, n]
            code += n
        else:
            out.append(UPCASE[code])
            code += 1
    return struct.pack(f"<{len(out)}H", *out)


def sum32(data, skip=()):
    total = 0
    for i, byte in enumerate(data):
        if i not in skip:
            total = ((total << 31 | total >> 1) + byte) & 0xFFFFFFFF
    return total


def set_checksum(data):
    total = 0
    for i, byte in enumerate(data):
        if i not in (2, 3):
            total = ((total << 15 | total >> 1) + byte) & 0xFFFF
    return total


def name_hash(name):
    total = 0
    units = name.encode("utf-16-le")
    for at in range(0, len(units), 2):
        for byte in struct.pack("<H", UPCASE[units[at] | units[at + 1] << 8]):
            total = ((total << 15 | total >> 1) + byte) & 0xFFFF
    return total


TABLES = {}  # by compression: the table and its checksum, which is slow to compute


class ExfatVolume:
    kind = "exfat"
    fats = 1

    def __init__(self, image, offset, rng, *, clusters, cluster_sectors=8, sector=512, label="", serial=0x12345678,
                 compressed_upcase=True, hidden=0):
        self.image, self.offset, self.rng = image, offset, rng
        self.sector, self.cluster_sectors, self.clusters = sector, cluster_sectors, clusters
        self.label, self.serial, self.hidden = label, serial, hidden
        self.cluster_size = sector * cluster_sectors
        self.fat_sector = 2 * REGION + rng.randint(0, 40)
        self.fat_sectors = -(-(clusters + 2) * 4 // sector)
        self.heap_sector = self.fat_sector + self.fat_sectors + rng.randint(0, 40)
        self.sectors = self.heap_sector + clusters * cluster_sectors + rng.randint(0, 20)
        self.table = {}
        self.allocator = Allocator(clusters, rng)
        self.compressed_upcase = compressed_upcase
        self.root = None

    @property
    def size(self):
        return self.sectors * self.sector

    def cluster_offset(self, cluster):
        return (self.heap_sector + (cluster - 2) * self.cluster_sectors) * self.sector

    def write(self, root):
        self.root = root
        if self.compressed_upcase not in TABLES:
            data = upcase_table(self.compressed_upcase)
            TABLES[self.compressed_upcase] = data, sum32(data)
        self.upcase, self.upcase_sum = TABLES[self.compressed_upcase]
        self.bitmap_clusters = self._take(-(-self.clusters // 8))
        self.upcase_clusters = self._take(len(self.upcase))
        root.clusters = self._take(self._folder_slots(root, True) * SLOT, root.fragmented)
        for clusters in (self.bitmap_clusters, self.upcase_clusters, root.clusters):
            self._chain(clusters)
        self._allocate(root)
        self._write_folder(root, True)
        self._write_clusters(self.upcase_clusters, 0, self.upcase)
        self._write_bitmap()
        self._write_table()
        self._write_boot()
        self.image.reach(self.offset + self.size)

    def _take(self, size, fragmented=False):
        return self.allocator.take(-(-size // self.cluster_size), fragmented)

    def _chain(self, clusters):
        for a, b in zip(clusters, clusters[1:] + [END]):
            self.table[a] = b

    @staticmethod
    def _name_slots(name):
        return -(-(len(name.encode("utf-16-le")) // 2) // 15)

    def _folder_slots(self, folder, is_root):
        slots = 3 if is_root else 1  # never without a cluster
        return slots + sum(2 + self._name_slots(child.name) for child in folder.children)

    @staticmethod
    def is_chained(node):
        return not is_run(node.clusters) or getattr(node, "chained", False)

    def _allocate(self, folder):
        for child in folder.children:
            if isinstance(child, Folder):
                child.clusters = self._take(self._folder_slots(child, False) * SLOT, child.fragmented)
                self._allocate(child)
            else:
                child.clusters = self._take(child.content.size, child.fragmented)
                for offset, data in child.content.parts():
                    self._write_clusters(child.clusters, offset, data)
            self.allocator.own(child)
            if self.is_chained(child):
                self._chain(child.clusters)
            if child.deleted:
                self.allocator.free(child.clusters, getattr(child, "reused", False))

    def _write_clusters(self, clusters, offset, data):
        while data:
            i, into = divmod(offset, self.cluster_size)
            run = 1
            while i + run < len(clusters) and clusters[i + run] == clusters[i] + run:
                run += 1
            n = min(len(data), run * self.cluster_size - into)
            self.image.write(self.offset + self.cluster_offset(clusters[i]) + into, data[:n])
            data, offset = data[n:], offset + n

    # entries

    def _write_folder(self, folder, is_root):
        out = []
        if is_root:
            units = self.label.encode("utf-16-le")
            if self.label:
                out.append(struct.pack("<BB22s8x", 0x83, len(units) // 2, units))
            out.append(struct.pack("<BB18xIQ", 0x81, 0, self.bitmap_clusters[0], -(-self.clusters // 8)))
            out.append(struct.pack("<B3xI12xIQ", 0x82, self.upcase_sum, self.upcase_clusters[0], len(self.upcase)))
        size = sum(map(len, out))
        for child in folder.children:
            out.append(self._entry_set(child))
            first, last = size // self.cluster_size, (size + len(out[-1]) - 1) // self.cluster_size
            child.set_is_split = not is_run(folder.clusters[first : last + 1])
            size += len(out[-1])
            if isinstance(child, Folder):
                self._write_folder(child, False)
        data = b"".join(out)
        self._write_clusters(folder.clusters, 0, data.ljust(len(folder.clusters) * self.cluster_size, b"\0"))

    def _entry_set(self, node):
        units = node.name.encode("utf-16-le")
        names = self._name_slots(node.name)
        size = node.content.size if isinstance(node, File) else len(node.clusters) * self.cluster_size
        created, modified = node.created, node.modified
        flags = 0x01 if self.is_chained(node) else 0x03
        data = bytearray(struct.pack("<BBHH2xHHHHHHBBBBB7x", 0x85, 1 + names, 0, node.attributes, created.time_field,
                                     created.date_field, modified.time_field, modified.date_field,
                                     modified.time_field, modified.date_field, created.ten_ms_field,
                                     modified.ten_ms_field, created.offset_field, modified.offset_field,
                                     modified.offset_field))
        data += struct.pack("<BBxBH2xQ4xIQ", 0xC0, flags if node.clusters else 0x01, len(units) // 2,
                            name_hash(node.name), self.valid(node) if isinstance(node, File) else size,
                            node.clusters[0] if node.clusters else 0, size)
        for i in range(names):
            data += struct.pack("<BB30s", 0xC1, 0, units[i * 30 : i * 30 + 30])
        struct.pack_into("<H", data, 2, set_checksum(data))
        if node.deleted:
            for at in range(0, len(data), SLOT):
                data[at] &= 0x7F
        return bytes(data)

    # the tables and the boot region

    def _write_bitmap(self):
        bits = bytearray(-(-self.clusters // 8))
        for cluster in self.allocator.used:
            bits[(cluster - 2) // 8] |= 1 << (cluster - 2) % 8
        self._write_clusters(self.bitmap_clusters, 0, bytes(bits))

    def free_clusters(self):
        return self.clusters - len(self.allocator.used)

    def _write_table(self):
        last = max(self.table)
        entries = [0xFFFFFFF8, END] + [self.table.get(c, 0) for c in range(2, last + 1)]
        self.image.write(self.offset + self.fat_sector * self.sector, struct.pack(f"<{len(entries)}I", *entries))

    def _write_boot(self):
        used = len(self.allocator.used) * 100 // self.clusters
        boot = struct.pack("<3s8s53xQQIIIIIIHHBBBBB7x", b"\xeb\x76\x90", b"EXFAT   ", self.hidden, self.sectors,
                           self.fat_sector, self.fat_sectors, self.heap_sector, self.clusters, self.root.clusters[0],
                           self.serial, 0x100, 0, self.sector.bit_length() - 1, self.cluster_sectors.bit_length() - 1,
                           1, 0x80, used)
        region = bytearray((REGION - 1) * self.sector)
        region[: len(boot)] = boot
        region[510:512] = b"\x55\xaa"
        for i in range(1, 9):
            region[(i + 1) * self.sector - 4 : (i + 1) * self.sector] = b"\0\0\x55\xaa"
        total = struct.pack("<I", sum32(region, (106, 107, 112)))
        data = bytes(region) + total * (self.sector // 4)
        self.image.write(self.offset, data + data)

    # what a reader should say

    def shown_name(self, node):
        return node.name

    def recoverable(self, node):
        n = -(-node.content.size // self.cluster_size)
        if n == 0 or not node.clusters:
            return False
        first = node.clusters[0]
        return first + n <= self.clusters + 2 and not self.allocator.used & set(range(first, first + n))

    def deleted_content_known(self, node):
        return self.allocator.still_owned(node)

    def times(self, node):
        return node.modified.text(True, True), node.created.text(True, True)

    def valid(self, node):
        return node.content.size if node.valid is None else node.valid
