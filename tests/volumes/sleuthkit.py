# SPDX-License-Identifier: LGPL-2.1-or-later
"""What sleuthkit 4.11 (fls, istat, icat) says of a volume, against what was written to it.

Where it is wrong it is not asked: it garbles FAT names of more than fifteen slots, does not decode 8.3 names, has no
time after 2037 and no zone of exFAT, loses an odd second without hundredths, reads the stream of an exFAT file
behind its entry even where the folder goes on elsewhere, and passes over some entries of deleted FAT folders, whose
long names it then gives to others.
"""

import hashlib
import os
import re
import subprocess

LINE = re.compile(r"^(?P<kind>./.) (?P<deleted>\* )?(?P<inode>\d+):\t(?P<rest>.*)$")
FAT_NAME_MAX = 182  # thirteen characters less than fifteen slots: what it makes of longer ones may be shorter
ENVIRONMENT = os.environ | {"TZ": "UTC", "LC_ALL": "C.UTF-8"}


def run(tool, case, path, offset, *arguments):
    kind = "exfat" if case.kind == "exfat" else "fat"
    image = [path] if not arguments or tool == "fls" else [path, *arguments[-1:]]
    flags = arguments if tool == "fls" else arguments[:-1]
    command = [tool, "-f", kind, "-b", str(case.sector), "-o", str(offset // case.sector), *flags, *image]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, env=ENVIRONMENT)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: {done.stderr.decode()}")
    return done.stdout


def listing(case, path, offset):
    """{(path, deleted): (inode, modified, created, size)} of everything that is a file."""
    found = {}
    for line in run("fls", case, path, offset, "-r", "-p", "-l", "-z", "UTC").decode("utf-8", "replace").splitlines():
        match = LINE.match(line)
        if not match or match["kind"] != "r/r":
            continue
        name, modified, _, _, created, size = match["rest"].split("\t")[:6]
        if name.startswith(("$ALLOC_BITMAP", "$UPCASE_TABLE", "$VOLUME_GUID", "$TEX_FAT")) or name.endswith("(Volume Label Entry)"):
            continue
        found[name, bool(match["deleted"])] = match["inode"], modified, created, int(size)
    return found


def shown_name(case, item):
    name = item["path"].removeprefix("v/").removeprefix("(deleted)/")
    if case.kind == "exfat":
        return name
    folder, slash, last = name.rpartition("/")
    if item.get("code_page"):
        last = "".join("^" if byte > 0x7F else chr(byte) for byte in last.encode("gbk"))
    return folder + slash + last


def stamps(text):
    """Ours as fls may print it; nothing: any."""
    if int(text[:4]) > 2037:
        return []
    second = int(text[13:15])
    odd_and_whole = second % 2 == 1 and text[15:18] == ".00"
    return [f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[9:11]}:{text[11:13]}:{s:02d} (UTC)"
            for s in ([second, second - 1] if odd_and_whole else [second])]


def check(case, path, want):
    offset = want["offset"]
    found = listing(case, path, offset)
    items = {(shown_name(case, item), gone): item for kind, gone in (("files", False), ("deleted", True))
             for item in want[kind]}
    if case.kind != "exfat":
        unasked = {key[0].rpartition("/")[0] for key, item in items.items() if item.get("in_deleted")}
        found, items = ({key: value for key, value in of.items()
                         if key[0].rpartition("/")[0] not in unasked and len(key[0].rpartition("/")[2]) < FAT_NAME_MAX}
                        for of in (found, items))
    if set(found) != set(items):
        raise AssertionError(f"fls: has {sorted(set(found) - set(items))!r}, lacks {sorted(set(items) - set(found))!r}")
    for key, (_, modified, created, size) in found.items():
        item = items[key]
        if size != item["size"] and not item.get("set_is_split"):
            raise AssertionError(f"fls: {key} has {size} bytes, expected {item['size']}")
        for what, text, ours in (("modified", modified, item["time"]), ("created", created, item["created"])):
            if text not in (stamps(ours) or [text]):
                raise AssertionError(f"fls: {key} {what} {text}, expected {stamps(ours)[0]}")
    contents_check(case, path, offset, [(found[key][0], *key, items[key]) for key in items])


def contents_check(case, path, offset, items):
    items = [i for i in items if not i[3].get("set_is_split")]
    some = [i for i in items if not i[2] and i[3]["size"]][:2] + [i for i in items if i[2] and "sha256" in i[3]][:2]
    for inode, name, gone, item in some:
        if item["valid"] != item["size"]:
            continue  # sleuthkit gives what lies behind the valid length
        data = run("icat", case, path, offset, *(["-r"] if gone else []), inode)
        if hashlib.sha256(data).hexdigest() != item["sha256"]:
            raise AssertionError(f"icat: {name} differs")
    for inode, name, _, item in some[:1]:
        text = run("istat", case, path, offset, "-z", "UTC", inode).decode("utf-8", "replace")
        if f"Size: {item['size']}\n" not in text:
            raise AssertionError(f"istat: {name}: {text}, expected {item['size']} bytes")
