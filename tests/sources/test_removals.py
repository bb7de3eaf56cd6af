#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""No code path removes footage: nothing in lib, daemon and cli takes a file or a row away but what removals.txt has, with a
reason for each, and the store's library gives nobody a function for it (store-functions.txt).

Looked at are the sources, and beside them the objects, which show what a macro or another spelling would hide."""

import os
import re
import subprocess
import sys
import unittest
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "integration"))
import tap  # noqa: E402

SOURCE = os.environ["RECDOCK_SOURCE"]
BUILD = os.environ["RECDOCK_BUILD"]
HERE = os.path.join(SOURCE, "tests", "sources")
ROOMS = ("lib", "daemon", "cli")

# Of the C library, by name.
FILE_CALLS = ("unlink unlinkat remove rmdir rename renameat renameat2 truncate truncate64 ftruncate ftruncate64 creat creat64"
              " fallocate fallocate64 posix_fallocate copy_file_range sendfile tmpfile nftw ftw shred blkid_do_wipe").split()
PROGRAM_CALLS = "system popen execv execve execvp execvpe execl execlp execle fexecve posix_spawn posix_spawnp".split()
# Spelt in the source, whatever calls them.
WORDS = ("O_TRUNC SYS_unlink SYS_unlinkat SYS_rename SYS_renameat SYS_renameat2 SYS_truncate SYS_ftruncate SYS_rmdir SYS_creat"
         " __NR_unlink __NR_unlinkat __NR_rename __NR_renameat __NR_renameat2 __NR_truncate __NR_ftruncate IORING_OP_UNLINKAT"
         " IORING_OP_RENAMEAT FALLOC_FL_PUNCH_HOLE FALLOC_FL_COLLAPSE_RANGE FALLOC_FL_ZERO_RANGE RENAME_EXCHANGE BLKDISCARD"
         " BLKSECDISCARD BLKZEROOUT FICLONE FIDEDUPERANGE").split()

TOKENS = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.S)
CALL = re.compile(r"(?<![\w.>])(" + "|".join(FILE_CALLS + PROGRAM_CALLS) + r")\s*\(")
WORD = re.compile(r"\b(" + "|".join(WORDS) + r")\b")
WRITING_STREAM = re.compile(r'\b(f(?:re)?open)\s*\((?:[^;"]|"[^"\n]*")*?"[^"\n]*w[^"\n]*"')
ROWS = re.compile(r"\b(?:DELETE\s+FROM|DROP\s+TABLE(?:\s+IF\s+EXISTS)?)\s+(\w+)", re.I)


def code_and_texts(text):
    """The source without comments and texts, and its texts, those that the compiler joins on one line."""
    code, texts, end = "", "", 0
    for match in TOKENS.finditer(text):
        between = text[end : match.start()]
        code += between
        if match.group().startswith('"'):
            texts += ("" if between.strip() == "" else "\n") + match.group()[1:-1]
            code += '""'
        else:
            code += " "
        end = match.end()
    return code + text[end:], texts


def found_in(text):
    """What one source file has, by name."""
    code, texts = code_and_texts(text)
    found = Counter(CALL.findall(code))
    found.update(WORD.findall(code))
    found.update("stream" for _ in WRITING_STREAM.findall(re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)))
    found.update(f"delete:{table}" for table in ROWS.findall(texts))
    return found


def sources():
    for room in ROOMS:
        for folder, _, names in os.walk(os.path.join(SOURCE, room)):
            for name in sorted(names):
                if name.endswith((".c", ".h")):
                    path = os.path.join(folder, name)
                    yield os.path.relpath(path, SOURCE), path


def allowed():
    entries = {}
    with open(os.path.join(HERE, "removals.txt"), encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                match = re.fullmatch(r"(\S+) (\S+) (\d+): (\S.*)\n", line)
                assert match, f"removals.txt: expected FILE CALL TIMES: reason, got {line!r}"
                assert (match[1], match[2]) not in entries, f"removals.txt: twice: {line!r}"
                entries[match[1], match[2]] = int(match[3])
    return entries


def differences(found, entries):
    told = []
    for key in sorted(found.keys() | entries.keys()):
        if found.get(key, 0) != entries.get(key, 0):
            told.append(f"{key[0]}: {key[1]} {found.get(key, 0)} times, removals.txt has {entries.get(key, 0)}")
    return told


def found_everywhere():
    found = {}
    for name, path in sources():
        with open(path, encoding="utf-8") as f:
            for call, times in found_in(f.read()).items():
                found[name, call] = times
    return found


class Removals(unittest.TestCase):
    def test_every_removal_has_its_reason(self):
        self.assertEqual(differences(found_everywhere(), allowed()), [])

    def test_one_that_is_added_is_found(self):
        """Red when somebody adds one, however it is spelt: the list is held against sources that have one more."""
        added = {
            "unlink(path);": "unlink",
            "return unlinkat (folder, name,\n 0) < 0;": "unlinkat",
            "(void)remove(path);": "remove",
            "r = rename(a, b);": "rename",
            "renameat2(d, a, d, b, RENAME_EXCHANGE);": "RENAME_EXCHANGE",
            "ftruncate(fd, 0);": "ftruncate",
            "fd = open(path, O_WRONLY | O_TRUNC);": "O_TRUNC",
            "fd = creat(path, 0600);": "creat",
            'f = fopen(path, "we");': "stream",
            'f = freopen(path, "w+", stdout);': "stream",
            "fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, n);": "FALLOC_FL_PUNCH_HOLE",
            "syscall(SYS_unlinkat, fd, name, 0);": "SYS_unlinkat",
            'system("rm -rf store");': "system",
            'statement_run(c, "DELETE FROM footage WHERE id = ?1", VALUES(ID(1)));': "delete:footage",
            'run("delete "\n "from " "hold");': "delete:hold",
            "int x; /* harmless */ unlink(p); // unlink(q)": "unlink",
        }
        entries = allowed()
        for text, call in added.items():
            for name in ("daemon/bus_retention.c", "lib/store/footage.c"):
                with self.subTest(text=text, file=name):
                    with open(os.path.join(SOURCE, name), encoding="utf-8") as f:
                        found = {(name, c): n for c, n in found_in(f.read() + text).items()}
                    before = {key: n for key, n in entries.items() if key[0] == name}
                    told = differences(found, before)
                    self.assertTrue(any(f": {call} " in line for line in told), told)

    def test_what_is_no_removal_is_let_be(self):
        for text in ("/* unlink(path) */", "// rename(a, b)", 'log("unlink(%s)", p);', "r->remove(r, item);", "ops.rename(x);",
                     "store_part_remove(s, 1, 2);", 'fopen(path, "re");', 'f = fopen(path, "ae");', 'fdopen(fd, "w");', "recorder_remove (item);"):
            with self.subTest(text=text):
                self.assertEqual(found_in(text), Counter())


def symbols(paths, *options):
    """The symbols of objects, or of one archive, by file."""
    output = subprocess.run(["nm", "-A", "--no-sort", *options, *paths], stdout=subprocess.PIPE, check=True, text=True).stdout
    found = {path: set() for path in paths}
    for line in output.splitlines():
        where, _, rest = line.partition(":")
        kind, name = rest.split()[-2:]
        found.setdefault(where, set()).add((kind, name.split("@")[0]))
    return found


def objects():
    """Each object of lib, daemon and cli with the source it is of: meson names it after the path below its folder."""
    for room in ROOMS:
        for folder, _, names in os.walk(os.path.join(BUILD, room)):
            for name in names:
                if name.endswith(".c.o") and folder.endswith(".p"):
                    home = os.path.relpath(os.path.dirname(folder), BUILD)
                    yield os.path.join(folder, name), home, name[:-2]


class Objects(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        by_object = {}
        for name, _ in sources():
            parts = name.split("/")
            for i in range(1, len(parts)):
                by_object["/".join(parts[:i]), "_".join(parts[i:])] = name
        found = {path: by_object.get((home, name.replace(".._", ""))) for path, home, name in objects()}
        cls.n = len(found)
        cls.unknown = [path for path, source in found.items() if source is None]
        cls.calls = {}
        for path, called in symbols(list(found), "--undefined-only").items():
            cls.calls.setdefault(found[path], set()).update({name for _, name in called} & set(FILE_CALLS + PROGRAM_CALLS))

    def test_every_object_is_of_a_source(self):
        self.assertGreater(self.n, 200)
        self.assertEqual(self.unknown, [])

    def test_objects_call_what_the_sources_say(self):
        """A name that the C library has for another, and a macro, show here."""
        same = {"truncate64": "truncate", "ftruncate64": "ftruncate", "fallocate64": "fallocate", "creat64": "creat"}
        called = {(source, same.get(call, call)) for source, calls in self.calls.items() for call in calls}
        listed = {key for key in allowed() if key[1] in FILE_CALLS + PROGRAM_CALLS}
        injected = {key for key in listed if "_inject" in key[0]}  # not in every build
        self.assertEqual(sorted((called - listed) | (listed - called - injected)), [])

    def test_store_gives_no_function_for_it(self):
        with open(os.path.join(HERE, "store-functions.txt"), encoding="utf-8") as f:
            listed = sorted(line.split(":")[0] for line in f if line.strip() and not line.startswith("#"))
        archive = os.path.join(BUILD, "lib", "store", "librecdock-store.a")
        found = symbols([archive], "--extern-only", "--defined-only")[archive]
        given = sorted(name for kind, name in found if kind == "T")
        self.assertEqual(given, listed)


if __name__ == "__main__":
    tap.main(__name__)
