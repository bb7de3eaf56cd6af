# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes FAT12, FAT16 and FAT32 volumes, after Microsoft's specification 1.03."""

import struct

from model import Allocator, File, Folder

SLOT = 32
END = {"fat12": 0xFFF, "fat16": 0xFFFF, "fat32": 0x0FFFFFFF}
SHORT_PUNCTUATION = "$%'-_@~`!(){}^#&"


def checksum(short):
    total = 0
    for byte in short:
        total = ((total << 7 | total >> 1) & 0xFF) + byte & 0xFF
    return total


def is_short(name):
    """Fits into 8.3 as it is, each half in one case."""
    base, dot, ext = name.rpartition(".") if "." in name else (name, "", "")
    if not 1 <= len(base) <= 8 or len(ext) > 3 or (dot and not ext):
        return False
    for half in (base, ext):
        if half not in (half.upper(), half.lower()):
            return False
        if not all(c.isascii() and (c.isalnum() or c in SHORT_PUNCTUATION) for c in half):
            return False
    return True


class FatVolume:
    def __init__(self, image, offset, kind, rng, *, clusters, cluster_sectors=1, sector=512, fats=2, label="",
                 serial=0x12345678, root_entries=512, hidden=0):
        self.image, self.offset, self.kind, self.rng = image, offset, kind, rng
        self.sector, self.cluster_sectors, self.clusters, self.fats = sector, cluster_sectors, clusters, fats
        self.label, self.serial, self.hidden = label, serial, hidden
        self.cluster_size = sector * cluster_sectors
        self.reserved = 32 if kind == "fat32" else 1
        self.root_entries = 0 if kind == "fat32" else root_entries
        bits = {"fat12": 12, "fat16": 16, "fat32": 32}[kind]
        self.fat_sectors = ((clusters + 2) * bits // 8 + 1 + sector - 1) // sector
        self.root_sector = self.reserved + fats * self.fat_sectors
        self.heap_sector = self.root_sector + (self.root_entries * SLOT + sector - 1) // sector
        self.sectors = self.heap_sector + clusters * cluster_sectors
        self.table = [0] * (clusters + 2)
        self.table[0] = self.table[1] = END[kind]
        self.allocator = Allocator(clusters, rng)
        self.root = None

    @property
    def size(self):
        return self.sectors * self.sector

    # the tree

    def write(self, root):
        self.root = root
        if self.kind == "fat32":
            root.clusters = self.allocator.take(max(1, self._folder_clusters(root, True)), root.fragmented)
        self._allocate(root)
        self._write_folder(root, None)
        self._chain_all(root)
        self._write_table()
        self._write_boot()
        self.image.reach(self.offset + self.size)

    def _folder_slots(self, folder, is_root):
        slots = (1 if self.label else 0) if is_root else 2
        for child in folder.children:
            slots += 1 + self._long_slots(child)
        return slots

    def _folder_clusters(self, folder, is_root):
        return -(-(self._folder_slots(folder, is_root) * SLOT) // self.cluster_size)

    def _long_slots(self, node):
        if getattr(node, "short_only", False) or is_short(node.name):
            return 0
        return -(-(len(node.name.encode("utf-16-le")) // 2) // 13)

    def _allocate(self, folder):
        for child in folder.children:
            if isinstance(child, Folder):
                child.clusters = self.allocator.take(self._folder_clusters(child, False), child.fragmented)
                self.allocator.own(child)
                self._allocate(child)
                if child.deleted:
                    self.allocator.free(child.clusters, False)
                continue
            n = -(-child.content.size // self.cluster_size)
            child.clusters = self.allocator.take(n, child.fragmented)
            self.allocator.own(child)
            for offset, data in child.content.parts():
                self._write_clusters(child.clusters, offset, data)
            if child.deleted:
                self.allocator.free(child.clusters, child.reused)

    def _write_clusters(self, clusters, offset, data):
        while data:
            i, into = divmod(offset, self.cluster_size)
            run = 1
            while i + run < len(clusters) and clusters[i + run] == clusters[i] + run:
                run += 1
            n = min(len(data), run * self.cluster_size - into)
            self.image.write(self.offset + self.cluster_offset(clusters[i]) + into, data[:n])
            data, offset = data[n:], offset + n

    def cluster_offset(self, cluster):
        return (self.heap_sector + (cluster - 2) * self.cluster_sectors) * self.sector

    def _chain_all(self, root):
        nodes = [root] if root.clusters else []
        nodes += [node for _, node, gone in root.walk() if not gone]
        for node in nodes:
            for a, b in zip(node.clusters, node.clusters[1:] + [END[self.kind]]):
                self.table[a] = b

    # slots

    def _write_folder(self, folder, parent):
        taken, slots = set(), []
        if parent is None and self.label:
            slots.append(self._short_slot(self.label.encode("gbk").ljust(11), 0x08, folder, 0, 0))
        elif parent is not None:
            above = parent.clusters[0] if parent.clusters and parent is not self.root else 0
            slots.append(self._short_slot(b".".ljust(11), 0x10, folder, folder.clusters[0], 0))
            slots.append(self._short_slot(b"..".ljust(11), 0x10, folder, above, 0))
        for child in folder.children:
            slots.extend(self._node_slots(child, taken))
            if isinstance(child, Folder):
                self._write_folder(child, folder)
        data = b"".join(slots)
        if folder.clusters:
            # What was in the clusters before is not to be taken for entries.
            self._write_clusters(folder.clusters, 0, data.ljust(len(folder.clusters) * self.cluster_size, b"\0"))
        else:
            if len(data) > self.root_entries * SLOT:
                raise RuntimeError("the root folder is full")
            self.image.write(self.offset + self.root_sector * self.sector, data)

    def _node_slots(self, node, taken):
        short, case = self._short_name(node, taken)
        size = node.content.size if isinstance(node, File) else 0
        cluster = node.clusters[0] if node.clusters else 0
        long_slots = []
        if self._long_slots(node):
            long_slots = self._long_name_slots(node.name, checksum(short))
        slots = long_slots + [self._short_slot(short, node.attributes, node, cluster, size, case)]
        if node.deleted:
            slots = [b"\xe5" + slot[1:] for slot in slots]
        return slots

    def _short_slot(self, short, attributes, node, cluster, size, case=0):
        created, modified = node.created, node.modified
        return struct.pack("<11sBBBHHHHHHHI", short, attributes, case, created.ten_ms_field, created.time_field,
                           created.date_field, modified.date_field, cluster >> 16 if self.kind == "fat32" else 0,
                           modified.time_field, modified.date_field, cluster & 0xFFFF, size)

    def _long_name_slots(self, name, total):
        units = name.encode("utf-16-le")
        n = -(-len(units) // 26)
        if len(units) % 26:
            units = (units + b"\0\0").ljust(n * 26, b"\xff")
        slots = []
        for i in range(n, 0, -1):
            part = units[(i - 1) * 26 : i * 26]
            slots.append(struct.pack("<B10sBBB12sH4s", i | (0x40 if i == n else 0), part[:10], 0x0F, 0, total,
                                     part[10:22], 0, part[22:]))
        return slots

    def _short_name(self, node, taken):
        name = node.name
        base, _, ext = name.rpartition(".") if "." in name.strip(".") else (name, "", "")
        if getattr(node, "short_only", False) or is_short(name):
            case = (0x08 if base.lower() == base != base.upper() else 0) | (
                0x10 if ext.lower() == ext != ext.upper() else 0)
            short = base.upper().encode("gbk").ljust(8) + ext.upper().encode("gbk").ljust(3)
            if short[0] == 0xE5:
                short = b"\x05" + short[1:]
            taken.add(short)
            return short, case
        clean = "".join(c if c.isascii() and c.isalnum() else "_" for c in base.upper())[:6] or "_"
        tail = "".join(c if c.isascii() and c.isalnum() else "_" for c in ext.upper())[:3]
        number = len(taken) + 1
        while True:
            mark = f"~{number}"
            short = (clean[: 8 - len(mark)] + mark).encode().ljust(8) + tail.encode().ljust(3)
            if short not in taken:
                taken.add(short)
                return short, 0
            number += 1

    # the table and the boot sector

    def _table_bytes(self):
        table = [END[self.kind] & ~0xFF | 0xF8] + self.table[1:]
        if self.kind == "fat16":
            return struct.pack(f"<{len(table)}H", *table)
        if self.kind == "fat32":
            return struct.pack(f"<{len(table)}I", *table)
        out = bytearray()
        for a, b in zip(table[::2], table[1::2] + [0] * (len(table) % 2)):
            out += bytes([a & 0xFF, a >> 8 | (b & 0xF) << 4, b >> 4])
        return bytes(out)

    def free_clusters(self):
        return sum(1 for value in self.table[2:] if value == 0)

    def _write_table(self):
        data = self._table_bytes()
        for i in range(self.fats):
            self.image.write(self.offset + (self.reserved + i * self.fat_sectors) * self.sector, data)

    def _write_boot(self):
        small = self.sectors < 0x10000 and self.kind != "fat32"
        head = struct.pack("<3s8sHBHBHHBHHHII", b"\xeb\x58\x90", b"RECDOCK ", self.sector, self.cluster_sectors,
                           self.reserved, self.fats, self.root_entries, self.sectors if small else 0, 0xF8,
                           0 if self.kind == "fat32" else self.fat_sectors, 63, 255, self.hidden,
                           0 if small else self.sectors)
        if self.kind == "fat32":
            head += struct.pack("<IHHIHH12x", self.fat_sectors, 0, 0, self.root.clusters[0], 1, 6)
        label = (self.label or "NO NAME").encode("gbk").ljust(11)
        head += struct.pack("<BBBI11s8s", 0x80, 0, 0x29, self.serial, label, self.kind.upper().encode().ljust(8))
        boot = head.ljust(510, b"\0") + b"\x55\xaa"
        self.image.write(self.offset, boot)
        if self.kind == "fat32":
            self.image.write(self.offset + 6 * self.sector, boot)
            info = struct.pack("<I480xIII12xI", 0x41615252, 0x61417272, self.free_clusters(), 0xFFFFFFFF, 0xAA550000)
            self.image.write(self.offset + self.sector, info)

    # what a reader should say

    def shown_name(self, node):
        if node.deleted and self._long_slots(node) == 0:
            return "_" + node.name[1:]
        return node.name

    def recoverable(self, node):
        n = -(-node.content.size // self.cluster_size)
        if n == 0 or not node.clusters:
            return False
        first = node.clusters[0]
        return first + n <= self.clusters + 2 and all(self.table[c] == 0 for c in range(first, first + n))

    def deleted_content_known(self, node):
        return self.allocator.still_owned(node)

    def times(self, node):
        return node.modified.text(False, False), node.created.text(True, False)

    def valid(self, node):
        return node.content.size
