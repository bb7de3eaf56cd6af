# SPDX-License-Identifier: LGPL-2.1-or-later
"""A sparse image file, and partition tables on it."""

import os
import struct
import uuid
import zlib

BASIC_DATA = uuid.UUID("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7")


class Image:
    def __init__(self, path):
        self.file = open(path, "w+b")
        self.end = 0

    def write(self, offset, data):
        os.pwrite(self.file.fileno(), data, offset)
        self.end = max(self.end, offset + len(data))

    def reach(self, size):
        """Makes it at least so long."""
        self.end = max(self.end, size)

    def close(self, sector=512):
        self.end = -(-self.end // sector) * sector
        self.file.truncate(self.end)
        self.file.close()


def mbr_entry(kind, start, sectors):
    return struct.pack("<B3sB3sII", 0, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, sectors)


def mbr_sector(entries):
    return b"\0" * 446 + b"".join(entries).ljust(64, b"\0") + b"\x55\xaa"


def write_mbr(image, sector, start, sectors, kind):
    image.write(0, mbr_sector([mbr_entry(kind, start, sectors)]))


def write_logical(image, sector, start, sectors, kind):
    """An extended partition with one empty link in it and then one logical volume; 'start' is where that lies."""
    outer, inner = start // 4, start // 2
    image.write(0, mbr_sector([mbr_entry(0x0F, outer, start + sectors - outer)]))
    image.write(outer * sector, mbr_sector([b"\0" * 16, mbr_entry(0x05, inner - outer, start + sectors - inner)]))
    image.write(inner * sector, mbr_sector([mbr_entry(kind, start - inner, sectors)]))


def write_gpt(image, sector, start, sectors, name):
    entries = bytearray(128 * 128)
    entries[:128] = struct.pack("<16s16sQQQ72s", BASIC_DATA.bytes_le, uuid.UUID(int=1).bytes_le, start,
                                start + sectors - 1, 0, name.encode("utf-16-le"))
    entry_sectors = -(-len(entries) // sector)
    last = max(start + sectors, image.end // sector) + entry_sectors
    entry_sum = zlib.crc32(entries)

    def header(own, other, at):
        head = bytearray(struct.pack("<8sIIIIQQQQ16sQIII", b"EFI PART", 0x10000, 92, 0, 0, own, other,
                                     2 + entry_sectors, last - entry_sectors - 1, uuid.UUID(int=2).bytes_le, at, 128,
                                     128, entry_sum))
        struct.pack_into("<I", head, 16, zlib.crc32(head))
        return bytes(head)

    image.write(0, mbr_sector([mbr_entry(0xEE, 1, min(last, 0xFFFFFFFF))]))
    image.write(sector, header(1, last, 2))
    image.write(2 * sector, entries)
    image.write((last - entry_sectors) * sector, entries)
    image.write(last * sector, header(last, 1, last - entry_sectors))
    image.reach((last + 1) * sector)
