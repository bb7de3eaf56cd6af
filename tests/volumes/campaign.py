# SPDX-License-Identifier: LGPL-2.1-or-later
"""The volumes of the campaign: what varies, and how each is made from its name alone."""

import dataclasses
import random

from exfat import ExfatVolume
from fat import FatVolume
from image import Image, write_gpt, write_logical, write_mbr
from model import Content, File, Folder, random_stamp

GIB = 1 << 30
CHINESE = "现场执法记录视频音频照片重要标记派出所二〇二六年警号"
START = 2048  # sector at which a volume in a partition begins
SCHEMES = ["none", "mbr", "gpt", "logical"]


@dataclasses.dataclass(frozen=True)
class Case:
    kind: str
    style: str
    sector: int
    cluster_sectors: int
    clusters: int
    scheme: str = "none"

    @property
    def name(self):
        return (f"{self.kind}-{self.style}-{self.sector}x{self.cluster_sectors}x{self.clusters}-{self.scheme}")


class Tree:
    """Makes folders and files out of chance, with names that are unique in their folder."""

    def __init__(self, case, rng, cluster_size):
        self.case, self.rng, self.cluster_size = case, rng, cluster_size
        self.zoned = case.kind == "exfat"
        self.count = 0

    def stamp(self):
        return random_stamp(self.rng, self.zoned)

    def folder(self, name, **more):
        return Folder(name, self.stamp(), self.stamp(), **more)

    def size(self):
        c = self.cluster_size
        return self.rng.choice([0, 1, c - 1, c, c + 1, 3 * c, self.rng.randint(0, 4 * c), self.rng.randint(0, 20000)])

    def name(self):
        self.count += 1
        n, rng = self.count, self.rng
        chinese = "".join(rng.choice(CHINESE) for _ in range(rng.randint(1, 12)))
        return rng.choice([
            f"F{n:06d}.MP4", f"f{n:06d}.mp4", f"F{n:06d}.mp4", f"DCAM_CAM001_{n:06d}_20261101_080000.mp4",
            f"{chinese}{n}.mp4", f"{n} with blanks and.dots.a.avi", f"x{n}", f"Q{n:05d}@2018-04-27_16-38-16.mp4",
            f"\U0001f693{n}\U0001f46e.jpg", f"thirteen{n:05d}", f"{n:022d}.log"])

    def long_name(self):
        self.count += 1
        tail = f"{self.count:05d}.mp4"
        return self.rng.choice(["L" * (255 - len(tail)) + tail,
                                (CHINESE * 20)[: 255 - len(tail)] + tail,
                                "z" * self.rng.randint(20, 240) + tail])

    def file(self, name=None, size=None, **more):
        size = self.size() if size is None else size
        content = Content(size, f"{self.case.name}/{self.count}/{name}")
        file = File(name or self.name(), content, self.stamp(), self.stamp(),
                    attributes=self.rng.choice([0x20, 0x20, 0x21, 0x22, 0x06, 0]), **more)
        if self.case.kind == "exfat":
            file.chained = self.rng.random() < 0.3
            if self.rng.random() < 0.2 and size:
                file.valid = self.rng.randint(0, size)
        return file

    def plain(self):
        root = self.folder("")
        for name in ("DCIM", "MISC", "记录"):
            sub = self.folder(name)
            root.children += [sub, self.file()]
            sub.children += [self.file() for _ in range(self.rng.randint(0, 6))]
        root.children[0].children.append(self.folder("empty"))
        return root

    def fragmented(self):
        root = self.folder("", fragmented=True)
        for i in range(3):
            sub = self.folder(f"100RECNX{i}", fragmented=True)
            root.children.append(sub)
            sub.children = [self.file(size=self.rng.randint(0, 8 * self.cluster_size), fragmented=True)
                            for _ in range(20)]
        return root

    def deleted(self):
        root = self.folder("")
        sub, gone = self.folder("DCIM"), self.folder("GONE", deleted=True)
        for folder in (root, sub):
            for i in range(12):
                deleted = self.rng.random() < 0.6
                folder.children.append(self.file(deleted=deleted, reused=deleted and self.rng.random() < 0.3))
        gone.children = [self.file(deleted=True) for _ in range(5)]
        root.children += [sub, gone]
        # What comes last takes what was given back.
        sub.children.append(self.file(size=2 * self.cluster_size))
        return root

    def names(self):
        root = self.folder("")
        root.children = [self.file(self.long_name()) for _ in range(8)] + [self.file() for _ in range(12)]
        if self.case.kind != "exfat":
            root.children += [self.file(n, short_only=True) for n in ("视频.MP4", "录像一号.AVI", "UPPER", "宓A.TXT")]
        deep = self.folder(self.long_name()[:80])
        root.children.append(deep)
        deep.children.append(self.file())
        return root

    def deep(self):
        root = here = self.folder("")
        for i in range(30):
            sub = self.folder(f"level{i}")
            here.children += [sub, self.file(size=10)]
            here = sub
        here.children.append(self.file())
        return root

    def many(self):
        root, sub = self.folder(""), self.folder("DCIM")
        root.children.append(sub)
        sub.children = [self.file(f"DCAM_CAM001_000001_2026{i:010d}.mp4", size=self.rng.choice([0, 100]))
                        for i in range(10000)]
        return root

    def large(self):
        root = self.folder("")
        size = 4 * GIB - 1 if self.case.kind == "fat32" else 4 * GIB + 12345
        big = self.file("LARGE.MP4", size=size)
        big.content.pieces = [0, 123456789, 2 * GIB - 500, size - 700]
        big.valid = None
        root.children = [self.file(), big, self.file()]
        return root


def cases(slow):
    """About two hundred that take a moment each, or the few that take longer."""
    if slow:
        return [
            Case("fat32", "many", 512, 8, 80000), Case("exfat", "many", 512, 16, 60000, "mbr"),
            Case("fat32", "large", 512, 64, 140000, "mbr"), Case("exfat", "large", 512, 256, 34000, "gpt"),
        ]
    out = []
    geometry = {
        "fat12": [(512, 1, 2800), (512, 8, 4084), (1024, 2, 400), (2048, 4, 1000), (4096, 1, 2000)],
        "fat16": [(512, 1, 5000), (512, 4, 4085), (1024, 1, 9000), (2048, 2, 5000), (4096, 1, 6000)],
        "fat32": [(512, 1, 65525), (512, 8, 66001), (1024, 1, 65525), (2048, 1, 65600), (4096, 1, 65525)],
        "exfat": [(512, 1, 3000), (512, 8, 1000), (512, 64, 600), (512, 256, 300), (1024, 4, 1500), (2048, 2, 2001),
                  (4096, 1, 3003), (4096, 32, 333)],
    }
    for kind, places in geometry.items():
        for place in places:
            for style in ("plain", "fragmented", "deleted", "names", "deep"):
                for _ in range(2):
                    out.append(Case(kind, style, *place, scheme=SCHEMES[len(out) % len(SCHEMES)]))
    return [dataclasses.replace(c, clusters=c.clusters - i % 2) if c.clusters not in (4085, 65525) else c
            for i, c in enumerate(out)]


def volume_new(case, image, offset, rng):
    more = {"clusters": case.clusters, "cluster_sectors": case.cluster_sectors, "sector": case.sector,
            "label": rng.choice(["", "RECORDER", "CAM01", "执法记录"]), "serial": rng.getrandbits(32),
            "hidden": offset // case.sector}
    if case.kind == "exfat":
        return ExfatVolume(image, offset, rng, compressed_upcase=rng.random() < 0.7 and case.cluster_sectors > 1, **more)
    return FatVolume(image, offset, case.kind, rng, fats=rng.choice([1, 2, 2]), **more)


def make(case, path, tree=None):
    """Writes the image, by the case's style or by tree(case, volume); returns what should be seen on it."""
    rng = random.Random(case.name)
    image = Image(path)
    start = 0 if case.scheme == "none" else START
    volume = volume_new(case, image, start * case.sector, rng)
    root = tree(case, volume) if tree else getattr(Tree(case, rng, volume.cluster_size), case.style)()
    volume.write(root)
    kind = {"fat12": 1, "fat16": 6, "fat32": 0xC, "exfat": 7}[case.kind]
    if case.scheme == "mbr":
        write_mbr(image, case.sector, start, volume.sectors, kind)
    elif case.scheme == "logical":
        write_logical(image, case.sector, start, volume.sectors, kind)
    elif case.scheme == "gpt":
        write_gpt(image, case.sector, start, volume.sectors, "记录仪")
    image.close(case.sector)
    return expected(case, volume, root, start * case.sector)


def expected(case, volume, root, offset):
    files, deleted = [], []
    for folder, node, gone in root.walk():
        if isinstance(node, Folder):
            continue
        modified, created = volume.times(node)
        seen = {"size": node.content.size, "valid": volume.valid(node), "time": modified, "created": created,
                "attributes": node.attributes}
        if getattr(node, "short_only", False) and not node.name.isascii():
            seen["code_page"] = True
        if node.set_is_split:
            seen["set_is_split"] = True
        if gone and not node.deleted or folder_is_gone(root, folder):
            seen["in_deleted"] = True
        if not gone:
            seen |= {"path": f"v{folder}/{node.name}", "sha256": node.content.sha256(volume.valid(node))}
            files.append(seen)
            continue
        seen |= {"path": f"v/(deleted){shown_folder(volume, root, folder)}/{volume.shown_name(node)}",
                 "recoverable": volume.recoverable(node)}
        if seen["recoverable"] and volume.deleted_content_known(node):
            seen["sha256"] = node.content.sha256(volume.valid(node))
        deleted.append(seen)
    return {"case": case.name, "type": case.kind, "label": volume.label, "serial": f"{volume.serial:08x}",
            "sector_size": case.sector, "cluster_size": volume.cluster_size, "clusters": volume.clusters,
            "offset": offset, "free": volume.free_clusters() * volume.cluster_size, "files": files,
            "deleted": deleted}


def folder_is_gone(root, path):
    here = root
    for name in path.split("/")[1:]:
        here = next(c for c in here.children if c.name == name and isinstance(c, Folder))
        if here.deleted:
            return True
    return False


def shown_folder(volume, root, path):
    """The path with the names that deleted folders have now."""
    shown, here = "", root
    for name in path.split("/")[1:]:
        here = next(c for c in here.children if c.name == name and isinstance(c, Folder))
        shown += "/" + volume.shown_name(here)
    return shown
