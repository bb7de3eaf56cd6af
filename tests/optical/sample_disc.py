# SPDX-License-Identifier: LGPL-2.1-or-later
"""Discs for tests: burnt by burn_volume into files, and into blank DVD+R of a burner that Debian's tgt makes."""

import ctypes
import hashlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

for folder in ("integration", "archive"):
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / folder))
import sample_volume as sample

BURN = os.environ.get("BURN_VOLUME", "burn_volume")
PRELOAD = os.environ.get("DRIVE_PRELOAD")
NUMBER = sample.IMPRINT["number"]
DONE, FULL, MEDIUM_FAILED, SOURCE_UNREADABLE, SOURCE_DIFFERS, FOREIGN, NO_VOLUME, NOT_PROVED, CANCELLED = range(9)
HOSTILE = ["../../../etc/passwd", "..", "/abs", "a/b", "con.mp4", "x" * 255, "长" * 85 + ".mp4", "a.mp4", "A.MP4", "a.mp4", "é.mp4", "e\u0301.mp4",
           "tab\there", "100%.mp4", "=cmd|' /C calc'!A0", " lead", "trail.", "🚒.mp4", "back\\slash.mp4", "semi;colon.mp4", "\"q\".mp4", "-rf",
           "执法记录仪_3700102_20261119182000_现场录像.MP4"]


def tool(name):
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


def output(*args, **more):
    more.setdefault("env", {**os.environ, "LC_ALL": "C.UTF-8"})
    return subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, **more).stdout


def names_below(folder):
    return sorted(str(p.relative_to(folder)) for p in pathlib.Path(folder).rglob("*") if p.is_file())


def digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


class Burnt:
    """What burn_volume said."""

    def __init__(self, got):
        self.status = got.returncode
        self.lines = [json.loads(line) for line in got.stdout.decode().splitlines()]
        self.last = self.lines[-1] if self.lines else {}
        self.results = {line["path"]: line["result"] for line in self.lines if "result" in line}
        self.messages = got.stderr.decode(errors="replace")

    @property
    def outcome(self):
        return self.last.get("outcome")

    def __str__(self):
        return f"{self.lines[-5:]} {self.messages[-2000:]}"


class Discs(unittest.TestCase):
    """Sources, a specification of a volume, and what is burnt of it."""

    memory = sample.MEMORY

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="recdock-disc.", dir=self.memory)
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        self.disc = self.root / "disc.iso"
        self.drive = f"stdio:{self.disc}"
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        self.said = None

    def failure_report(self):
        return [str(self.said)] if self.said else []

    def source(self, name, data):
        path = self.root / "source" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path

    def hostile(self):
        return [sample.file(i + 1, [None, "济消行罚决字〔2026〕第0012号", "../x", "A/1", "A:1", "CON"][i % 6], name,
                            self.source(str(i), name.encode() * (i * 97 + 1)))
                for i, name in enumerate(HOSTILE)]

    def some(self, n=4, size=700001):
        return [sample.file(i + 1, "A 1", f"现场{i}.mp4", self.source(str(i), random.Random(i).randbytes(size))) for i in range(n)]

    def spec(self, files, number=NUMBER, **more):
        path = self.root / "spec.json"
        path.write_text(json.dumps({"imprint": {**sample.IMPRINT, "number": number}, "cases": [], "files": files, **more},
                                   ensure_ascii=False))
        return path

    def run_program(self, *args, **more):
        got = subprocess.run([BURN, *map(str, args)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment, timeout=240,
                             check=False, **more)
        self.said = Burnt(got)
        return self.said

    def burn(self, files, *words, number=NUMBER, **more):
        return self.run_program("write", self.drive, self.spec(files, number), *words, **more)

    def verify(self, *words):
        return self.run_program("verify", self.drive, *words)

    def look(self):
        return self.run_program("look", self.drive).last

    def is_volume(self, folder, files):
        """The files of a folder are those of the volume, byte for byte."""
        for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
            lines = output("sha256sum", "-c", "--strict", manifest, cwd=folder).decode().splitlines()
            self.assertTrue(all(line.endswith(": OK") for line in lines))
        have = sorted(digest(p) for p in (folder / "data").rglob("*") if p.is_file())
        self.assertEqual(have, sorted(digest(f["source"]) for f in files))

    def extract(self, image):
        out = self.root / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        output("bsdtar", "-xf", image, "-C", out)
        for p in [out, *out.rglob("*")]:
            p.chmod(0o755 if p.is_dir() else 0o644)
        return out


class Burner:
    """tgtd on a portal of its own, with the discs that tests put into its drive."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="recdock-burner.", dir=sample.MEMORY)
        self.root = pathlib.Path(self.folder.name)
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]
        # Its control port is a number in the name of a socket.
        self.environment = {**os.environ, "TGT_IPC_SOCKET": str(self.root / "control")}
        self.log = open(self.root / "log", "wb")
        self.process = subprocess.Popen(["tgtd", "-f", "--iscsi", f"portal=127.0.0.1:{self.port}"], env=self.environment, stdout=self.log,
                                        stderr=self.log, preexec_fn=lambda: ctypes.CDLL(None).prctl(1, 9))  # it dies with us
        self.targets = 0
        while self.admin("--op", "show", "--mode", "sys", check=False).returncode != 0:
            if self.process.poll() is not None:
                raise RuntimeError((self.root / "log").read_text())

    def admin(self, *args, check=True):
        return subprocess.run(["tgtadm", "--lld", "iscsi", *args], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=check, timeout=20)

    def insert_blank(self):
        """A new DVD+R in a drive of its own; the file behind it, and its address."""
        self.targets += 1
        tid = str(self.targets)
        image = self.root / f"{tid}.img"
        output("tgtimg", "--op", "new", "--device-type", "cd", "--type", "dvd+r", "--file", image)
        name = f"iqn.2026-11.test.recdock:{tid}"
        self.admin("--mode", "target", "--op", "new", "--tid", tid, "--targetname", name)
        self.admin("--mode", "logicalunit", "--op", "new", "--tid", tid, "--lun", "1", "--device-type", "cd", "-b", str(image))
        self.admin("--mode", "target", "--op", "bind", "--tid", tid, "-I", "ALL")
        return image, f"iscsi://127.0.0.1:{self.port}/{name}/1"

    def end(self):
        self.process.kill()  # it does not go by itself while it has targets
        self.process.wait(20)
        self.log.close()
        self.folder.cleanup()
