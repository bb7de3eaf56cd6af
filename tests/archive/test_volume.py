#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A volume as other programs see it: sha256sum, the rules of RFC 8493, ISO 9660 images of xorriso, bsdtar and isoinfo, FAT of mtools and
ext4 of mke2fs; and the model that packing counts with, held against what those images really take."""

import csv
import hashlib
import io
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unicodedata
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import tap
import sample_volume as sample

try:
    import bagit
except ImportError:
    bagit = None

HOSTILE = ["../../../etc/passwd", "..", "/abs", "a/b", "con.mp4", "x" * 255, "长" * 85 + ".mp4", "a.mp4", "A.MP4", "a.mp4", "é.mp4", "e\u0301.mp4",
           "tab\there", "nl\nhere", "cr\rhere", "100%.mp4", "=cmd|' /C calc'!A0", "\u202egpj.exe", " lead", "trail ", "trail.", "\x1b[2J", "🚒.mp4",
           "back\\slash.mp4", "semi;colon.mp4", "<script>.mp4", "\"q\".mp4", "#hash?query.mp4", "-rf"]


def tool(name):
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


def output(*args, **more):
    return subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}, **more).stdout


def names_below(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if p.is_file())


def digest(path, algorithm="sha256"):
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


def bag_problems(folder):
    """The rules of RFC 8493 for a complete and valid bag of version 1.0; what it breaks, in words."""
    problems = []
    declaration = (folder / "bagit.txt").read_bytes()
    if declaration != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        problems.append("bagit.txt is not the two lines of section 2.1.1")
    payload = {n for n in names_below(folder) if n.startswith("data/")}
    manifests = [p for p in folder.glob("manifest-*.txt")]
    if not manifests:
        problems.append("no payload manifest (2.1.3)")
    for manifest in manifests + list(folder.glob("tagmanifest-*.txt")):
        algorithm = manifest.stem.split("-")[1]
        if not re.fullmatch("[a-z0-9]+", algorithm):
            problems.append(f"{manifest.name}: algorithm is not in lower case without punctuation (2.4)")
        listed = set()
        for line in manifest.read_bytes().decode().splitlines():
            match = re.fullmatch(r"([0-9a-fA-F]+)[ \t]+(\S.*)", line)
            if not match:
                problems.append(f"{manifest.name}: {line!r}")
                continue
            path = re.sub("%(0[aAdD]|25)", lambda m: chr(int(m[1], 16)), match[2])
            if path.startswith(("/", "./", "~")) or ".." in path.split("/") or path in listed:
                problems.append(f"{manifest.name}: path {path!r}")
            listed.add(path)
            if not (folder / path).is_file():
                problems.append(f"{manifest.name}: {path} is missing")
            elif digest(folder / path, algorithm) != match[1].lower():
                problems.append(f"{manifest.name}: {path} differs")
        if manifest.name.startswith("manifest-") and listed != payload:
            problems.append(f"{manifest.name} does not list each payload file (2.1.3)")
        if manifest.name.startswith("tagmanifest-") and {p.name for p in manifests} - listed:
            problems.append(f"{manifest.name} does not list the payload manifests (2.2.1)")
    info = dict(re.findall("^([^:\n]+): (.*)$", (folder / "bag-info.txt").read_text(), re.M))
    sizes = [(folder / n).stat().st_size for n in payload]
    if info.get("Payload-Oxum") != f"{sum(sizes)}.{len(sizes)}":
        problems.append(f"Payload-Oxum is {info.get('Payload-Oxum')}")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", info.get("Bagging-Date", "")):
        problems.append("Bagging-Date")
    return problems


class Volumes(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="recdock-volume.", dir=sample.MEMORY)
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)

    def source(self, name, data):
        path = self.root / "source" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def hostile(self, **more):
        files = [sample.file(i + 1, [None, "济消行罚决字〔2026〕第0012号", "../x", "A/1", "A:1", "CON"][i % 6], name,
                             self.source(str(i), name.encode() * (i + 1)))
                 for i, name in enumerate(HOSTILE)]
        return files, sample.write(self.root, files, **more)

    def test_verifies_with_sha256sum(self):
        _, volume = self.hostile()
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            lines = output("sha256sum", "-c", "--strict", manifest, cwd=volume).decode().splitlines()
            self.assertTrue(all(line.endswith(": OK") for line in lines), lines)
        self.assertEqual(len((volume / "manifest-sha256.txt").read_text().splitlines()), len(HOSTILE))
        # The line for PowerShell is the same in words: two blanks, then the path to the end.
        for line in (volume / "manifest-sha256.txt").read_text().splitlines():
            h, p = line.split("  ", 1)
            self.assertEqual(digest(volume / p), h)

    def test_is_a_bag(self):
        for sm3 in (False, True):
            _, volume = self.hostile(sm3=sm3)
            self.assertEqual((volume / "manifest-sm3.txt").exists(), sm3)
            self.assertEqual(bag_problems(volume), [])
            # The rules above can fail.
            (volume / "data" / "more").write_text("x")
            self.assertEqual(len(bag_problems(volume)), 2 + sm3)
            shutil.rmtree(volume)

    @unittest.skipUnless(bagit, "bagit of the Library of Congress, which Debian 12 has no package of, is not installed")
    def test_is_a_bag_for_others(self):
        _, volume = self.hostile(sm3=True, hash_list=True)
        bagit.Bag(str(volume)).validate()
        payload = next((volume / "data" / "A_1").iterdir())
        for victim in (payload, volume / "index.html", volume / "manifest-sha256.txt", volume / "ascmhl" / "ascmhl_chain.xml"):
            victim.chmod(0o644)
            whole = victim.read_bytes()
            victim.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
            with self.assertRaises(bagit.BagError, msg=victim):
                bagit.Bag(str(volume)).validate()
            victim.write_bytes(whole)
        bagit.Bag(str(volume)).validate()
        payload.unlink()
        with self.assertRaises(bagit.BagError):
            bagit.Bag(str(volume)).validate()

    def test_sm3_is_what_openssl_says(self):
        _, volume = self.hostile(sm3=True)
        for line in (volume / "manifest-sm3.txt").read_text().splitlines():
            h, p = line.split("  ", 1)
            self.assertEqual(output("openssl", "dgst", "-sm3", "-r", volume / p).decode().split()[0], h)

    def test_index_tells_of_every_file(self):
        files, volume = self.hostile(cases=[{"number": "A/1"}])
        text = (volume / "index.csv").read_bytes()
        self.assertTrue(text.startswith(b"\xef\xbb\xbf"))
        table = {int(r["id"]): r for r in csv.DictReader(io.StringIO(text[3:].decode(), newline=""), strict=True)}
        data = json.loads((volume / "index.json").read_text())
        self.assertEqual((data["format"], data["volume"]["number"], data["volume"]["files"]), ("recdock-volume-1", "37-2026-0001", len(files)))
        rows = {r["id"]: r for r in data["footage"]}
        for f in files:
            path = rows[f["id"]]["volume_path"]
            self.assertEqual((volume / path).read_bytes(), pathlib.Path(f["source"]).read_bytes())
            self.assertEqual(table[f["id"]]["volume_path"], path)
            self.assertEqual(table[f["id"]]["sha256"], digest(volume / path))
            # What it was called comes back, and so does all else that recdockctl says of it.
            self.assertIn(table[f["id"]]["name"], (f["name"], "'" + f["name"]))
            self.assertEqual({**f["row"], "case": f["case"]}, {k: rows[f["id"]][k] for k in f["row"]})
            self.assertNotRegex(table[f["id"]]["name"], r"^[=+@\t\r-]")
            self.assertEqual(table[f["id"]]["clock_offset_s"], "-2.5")
        keys = [unicodedata.normalize("NFKC", r["volume_path"]).casefold() for r in rows.values()]
        self.assertEqual(len(set(keys)), len(files))

    def test_descriptions(self):
        _, volume = self.hostile(cases=[{"number": "A/1", "party": "<b>某公司</b>", "handler": "赵六", "place": "泉城路1号", "category": "L2"}])
        names = {p.name for p in (volume / "descriptions").iterdir()}
        self.assertEqual(names, {p.name + ".html" for p in (volume / "data").iterdir()})
        page = (volume / "descriptions" / "A_1.html").read_text()
        for piece in ("文字说明材料", "取证人员", "李雷", "取证时间", "2026-11-", "取证地点", "泉城路1号", "3700102", "-2.5 s（执法记录仪时钟比采集站慢", "0:30:01",
                      "&lt;b&gt;某公司", "赵六", "L2"):
            self.assertIn(piece, page)
        self.assertEqual(page.count("SHA-256"), len([n for i, n in enumerate(HOSTILE) if i % 6 == 3]))
        self.assertNotIn("<script", page)

    @tool("xmllint")
    def test_label(self):
        _, volume = self.hostile()
        output("xmllint", "--noout", volume / "label.svg")
        if not shutil.which("rsvg-convert") or not shutil.which("zbarimg"):
            self.skipTest("rsvg-convert or zbarimg is not installed")
        output("rsvg-convert", "--zoom", "4", "--background-color", "white", "-o", self.root / "label.png", volume / "label.svg")
        expected = "recdock:37-2026-0001\nsha256:" + digest(volume / "manifest-sha256.txt")
        self.assertEqual(output("zbarimg", "-q", "--raw", self.root / "label.png").decode().strip(), expected)
        if not shutil.which("pdftoppm"):
            self.skipTest("pdftoppm is not installed")
        # The way to a PDF that recdockctl(1) tells: one page of the label's size, its text as text, the same code.
        output("rsvg-convert", "--format=pdf", "-o", self.root / "label.pdf", volume / "label.svg")
        told = output("pdfinfo", self.root / "label.pdf").decode()
        width, height = (float(n) * 25.4 / 72 for n in re.search(r"Page size: +([\d.]+) x ([\d.]+) pts", told).groups())
        self.assertEqual((re.search(r"Pages: +(\d+)", told)[1], round(width), round(height)), ("1", 100, 60))
        self.assertIn("37-2026-0001", output("pdftotext", self.root / "label.pdf", "-").decode())
        output("pdftoppm", "-r", "200", "-png", "-singlefile", self.root / "label.pdf", self.root / "printed")
        self.assertEqual(output("zbarimg", "-q", "--raw", self.root / "printed.png").decode().strip(), expected)

    def test_instructions(self):
        _, volume = self.hostile()
        text = (volume / "README.txt").read_bytes()
        self.assertTrue(text.startswith(b"\xef\xbb\xbf"))
        self.assertEqual(text.count(b"\n"), text.count(b"\r\n"))
        self.assertNotIn(b"@", text)
        for piece in ("sha256sum -c manifest-sha256.txt", "37-2026-0001", f"文件数：{len(HOSTILE)}", "No special software"):
            self.assertIn(piece, text.decode())

    def test_changed_volume_is_told(self):
        _, volume = self.hostile()
        victim = next((volume / "data" / "A_1").iterdir())
        victim.chmod(0o644)
        victim.write_bytes(victim.read_bytes()[:-1] + b"!")
        status, lines = sample.run("verify", volume)
        self.assertEqual(status, 1)
        self.assertEqual(lines[0], {"path": str(victim.relative_to(volume)), "result": "differs"})
        self.assertEqual(len(lines), 2)

    def image(self, volume):
        image = self.root / "image.iso"
        image.unlink(missing_ok=True)
        output("xorriso", "-outdev", f"stdio:{image}", "-volid", "RECDOCK", "-joliet", "on", "-compliance", "iso_9660_level=3", "-md5", "on",
               "-map", volume, "/", "-commit")
        return image

    @tool("xorriso")
    def test_iso_9660_holds_all_names(self):
        _, volume = self.hostile()
        image, names = self.image(volume), names_below(volume)
        listed = output("xorriso", "-indev", f"stdio:{image}", "-find", "/", "-type", "f", "-exec", "echo", "--").decode()
        self.assertEqual(sorted(shlex.split(n)[0][1:] for n in listed.splitlines()), names)
        # Rock Ridge, then Joliet: both have each name as it is, in full.
        self.assertEqual(sorted(l for l in output("bsdtar", "-tf", image).decode().splitlines() if not (volume / l).is_dir()), names)
        joliet = output("bsdtar", "--options", "iso9660:!rockridge", "-tf", image).decode().splitlines()
        self.assertEqual(sorted(l for l in joliet if not (volume / l).is_dir()), names)
        if shutil.which("isoinfo"):
            ridge = output("isoinfo", "-R", "-f", "-i", image).decode().splitlines()
            self.assertEqual(sorted(l[1:] for l in ridge if not (volume / l[1:]).is_dir()), names)
            # It knows no charset with Chinese: of Joliet it can only count.
            self.assertEqual(len(output("isoinfo", "-J", "-f", "-i", image).splitlines()), len(ridge))
        out = self.root / "out"
        out.mkdir()
        output("bsdtar", "-xf", image, "-C", out)
        self.assertEqual(sample.run("verify", out)[0], 0)

    def many(self, n, size):
        random.seed(n)
        case = lambda i: None if i % 50 == 0 else f"济消行罚决字〔2026〕第{i // 40:04}号"
        data = random.randbytes(2 * size)
        return [sample.file(i, case(i), f"执法记录仪_3700102_2026{i:06}_现场录像.MP4", self.source(str(i), data[i % size:i % size + size - i % 7]))
                for i in range(1, n + 1)]

    def close_to(self, real, model, most):
        print(f"# real {real}, model {model}: +{100 * (model - real) / real:.2f} %")
        self.assertGreaterEqual(model, real)
        self.assertLessEqual(model, real * most)

    @tool("xorriso")
    def test_model_of_iso_9660(self):
        for n, size, most in ((5000, 300, 1.25), (60, 1 << 20, 1.01)):
            for hash_list in (False, True):
                volume = sample.write(self.root, self.many(n, size), hash_list=hash_list)
                self.close_to(self.image(volume).stat().st_size, sample.cost(self.root, "iso9660"), most)
                shutil.rmtree(volume)

    @tool("xorriso")
    def test_model_of_hostile_names(self):
        self.hostile(sm3=True, hash_list=True)
        self.close_to(self.image(self.root / "volume").stat().st_size, sample.cost(self.root, "iso9660"), 1.2)

    @tool("xorriso")
    def test_model_of_names_that_grow_in_markup(self):
        files = [sample.file(i, "&" * 40, "&'" * 30 + str(i), self.source(str(i), b"x")) for i in range(1, 2000)]
        volume = sample.write(self.root, files, hash_list=True)
        self.close_to(self.image(volume).stat().st_size, sample.cost(self.root, "iso9660"), 1.5)

    @tool("mke2fs")
    def test_model_of_ext4(self):
        volume = sample.write(self.root, self.many(1500, 20000), hash_list=True)
        image = self.root / "ext4"
        def free(*options):
            image.unlink(missing_ok=True)
            output("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-N", "8192", *options, image, "200m")
            return int(re.search(r"Free blocks: +(\d+)", output("dumpe2fs", "-h", image).decode())[1]) * 4096
        self.close_to(free() - free("-d", volume), sample.cost(self.root, "ext4", 4096), 1.1)

    @tool("mcopy")
    def test_model_of_fat(self):
        volume = sample.write(self.root, self.many(300, 20000), hash_list=True)
        image = self.root / "fat"
        def free():
            return int(re.search(r"free clusters=(\d+)", output("minfo", "-i", image, "::").decode())[1]) * 4096
        output("truncate", "-s", "400M", image)
        output("mkfs.fat", "-F", "32", "-s", "8", image)
        before = free()
        output("mcopy", "-Q", "-s", "-i", image, *volume.iterdir(), "::")
        self.close_to(before - free(), sample.cost(self.root, "fat32", 4096), 1.1)


if __name__ == "__main__":
    tap.main("__main__")
