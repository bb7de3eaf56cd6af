#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The media hash list of a volume against its schema, and every digest in it computed again by Python: SHA-512, then base 58. The
reference implementation of the format reads it as well where it is installed."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as tree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import tap
import sample_volume as sample
from test_volume import HOSTILE, bag_problems, names_below, tool

SCHEMA = pathlib.Path(__file__).with_name("ascmhl.rng")
LIST, CHAIN = "{urn:ASC:MHL:v2.0}", "{urn:ASC:MHL:DIRECTORY:v2.0}"
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def c4(data):
    n, text = int.from_bytes(hashlib.sha512(data).digest(), "big"), ""
    while n:
        n, digit = divmod(n, 58)
        text = BASE58[digit] + text
    return "c4" + text.rjust(88, "1")


class HashLists(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="recdock-hash-list.", dir=sample.MEMORY)
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def volume(self, **more):
        source = self.root / "source"
        source.mkdir(exist_ok=True)
        files = []
        for i, name in enumerate(HOSTILE + ["a & b &&.mp4", "empty.mp4"]):
            path = source / str(i)
            path.write_bytes(b"" if name == "empty.mp4" else name.encode() * (1 << 14))
            files.append(sample.file(i + 1, [None, "A&1", "济消行罚决字〔2026〕第0012号"][i % 3], name, path))
        return sample.write(self.root, files, **{"hash_list": True, **more})

    def lists(self, volume):
        found = list((volume / "ascmhl").glob("*.mhl"))
        self.assertEqual(len(found), 1)
        return found[0], volume / "ascmhl" / "ascmhl_chain.xml"

    def valid(self, path, *schema):
        got = subprocess.run(["xmllint", "--noout", "--nonet", *schema, path], stderr=subprocess.PIPE, check=False)
        return got.returncode == 0

    def test_none_unless_asked_for(self):
        volume = self.volume(hash_list=False)
        self.assertFalse((volume / "ascmhl").exists())

    def test_each_digest(self):
        volume = self.volume()
        path, chain = self.lists(volume)
        self.assertEqual(path.name, f"0001_{sample.IMPRINT['number']}_2026-11-30_005320Z.mhl")
        listed = {}
        for entry in tree.parse(path).getroot().find(LIST + "hashes"):
            name = entry.find(LIST + "path")
            self.assertNotIn(name.text, listed)
            listed[name.text] = entry.find(LIST + "c4").text
            self.assertEqual(int(name.get("size")), (volume / name.text).stat().st_size)
        for name, digest in listed.items():
            self.assertEqual(c4((volume / name).read_bytes()), digest, name)
        rest = set(names_below(volume)) - set(listed)
        self.assertEqual(rest, {f"ascmhl/{path.name}", "ascmhl/ascmhl_chain.xml", "tagmanifest-sha256.txt"})
        ignored = [p.text for p in tree.parse(path).getroot().iter(LIST + "pattern")]
        self.assertEqual(ignored, [".DS_Store", "ascmhl", "ascmhl/", "tagmanifest-sha256.txt"])
        link = tree.parse(chain).getroot().find(CHAIN + "hashlist")
        self.assertEqual(link.get("sequencenr"), "1")
        self.assertEqual(link.find(CHAIN + "path").text, path.name)
        self.assertEqual(link.find(CHAIN + "c4").text, c4(path.read_bytes()))

    def test_the_bag_has_it(self):
        volume = self.volume()
        self.assertEqual(bag_problems(volume), [])
        subprocess.run(["sha256sum", "-c", "--strict", "--quiet", "tagmanifest-sha256.txt"], cwd=volume, check=True)
        tags = (volume / "tagmanifest-sha256.txt").read_text()
        self.assertEqual(len(re.findall(r"  ascmhl/", tags)), 2)
        self.assertEqual(sample.run("verify", volume)[0], 0)
        path, _ = self.lists(volume)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes().replace(b"original", b"verified", 1))
        status, lines = sample.run("verify", volume)
        self.assertEqual((status, lines[0]["path"], lines[0]["result"]), (1, f"ascmhl/{path.name}", "differs"))

    @tool("xmllint")
    def test_schema(self):
        volume = self.volume()
        for path in self.lists(volume):
            self.assertTrue(self.valid(path, "--relaxng", SCHEMA), path)
            # The schema can refuse.
            wrong = self.root / "wrong.xml"
            wrong.write_text(re.sub("<c4([^>]*)>c4", r"<c4\1>c5", path.read_text(), count=1))
            self.assertFalse(self.valid(wrong, "--relaxng", SCHEMA))

    @unittest.skipUnless(os.environ.get("RECDOCK_ASCMHL_XSD"), "RECDOCK_ASCMHL_XSD names no folder with the authors' schema")
    @tool("xmllint")
    def test_schema_of_its_authors(self):
        schema = pathlib.Path(os.environ["RECDOCK_ASCMHL_XSD"])
        # The chain's schema imports the list's by an address on the network.
        (self.root / "ASCMHL.xsd").write_bytes((schema / "ASCMHL.xsd").read_bytes())
        directory = (schema / "ASCMHLDirectory.xsd").read_text()
        (self.root / "Directory.xsd").write_text(re.sub('schemaLocation="[^"]*"', 'schemaLocation="ASCMHL.xsd"', directory))
        path, chain = self.lists(self.volume())
        for document, name in ((path, "ASCMHL.xsd"), (chain, "Directory.xsd")):
            self.assertTrue(self.valid(document, "--schema", self.root / name), name)
            wrong = self.root / "wrong.xml"
            wrong.write_text(document.read_text().replace("<c4", "<sha256").replace("</c4", "</sha256"))
            self.assertFalse(self.valid(wrong, "--schema", self.root / name), name)

    @tool("ascmhl")
    def test_reference_implementation(self):
        """It appends a generation for what it has found: verified, or failed."""
        volume = self.volume()
        run = lambda *args: subprocess.run(["ascmhl", *args, volume], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        got = run("diff")
        self.assertEqual(got.returncode, 0, got.stdout)
        got = run("create", "-h", "c4")
        self.assertEqual(got.returncode, 0, got.stdout)
        second = next((volume / "ascmhl").glob("0002_*.mhl")).read_text()
        self.assertIn('action="verified"', second)
        self.assertNotIn('action="original"', second)
        victim = next((volume / "data" / "no-case").iterdir())
        victim.chmod(0o644)
        victim.write_bytes(b"!" + victim.read_bytes()[1:])
        got = run("create", "-h", "c4")
        self.assertNotEqual(got.returncode, 0)
        self.assertIn(victim.name.encode(), got.stdout)

    def test_long_number(self):
        before, sample.IMPRINT["number"] = sample.IMPRINT["number"], "37〔2026〕" + "长" * 80
        try:
            path, chain = self.lists(self.volume())
        finally:
            sample.IMPRINT["number"] = before
        self.assertEqual(len(path.name), 64)
        self.assertEqual(tree.parse(chain).getroot()[0].find(CHAIN + "path").text, path.name)

    def test_gone_on_with(self):
        """What is there already is not copied again, and is in the list all the same."""
        volume = self.volume()
        whole = {n: (volume / n).read_bytes() for n in names_below(volume)}
        for name in ("bagit.txt", "tagmanifest-sha256.txt", "ascmhl/ascmhl_chain.xml", *[n for n in whole if n.startswith("data/A&1/")]):
            (volume / name).unlink()
        (volume / self.lists(volume)[0]).write_bytes(b"half")
        status, lines = sample.run("write", volume, self.root / "spec.json")
        self.assertEqual(status, 0, lines)
        self.assertEqual({n: (volume / n).read_bytes() for n in names_below(volume)}, whole)


if __name__ == "__main__":
    tap.main("__main__")
