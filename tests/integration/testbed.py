# SPDX-License-Identifier: LGPL-2.1-or-later
"""
A station for a test: the real recdockd, workers and recdockctl on a private bus, and simulated recorders in its bays.

The script runs below recsim-station, which gives the emulated USB and the bus (RECSIM_CONTROL names its socket). Nothing here
waits by sleeping: it waits for an event in the station log, for a line of recsim, or for a process.
"""

import contextlib
import hashlib
import json
import mmap
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

BUILD = os.environ["RECDOCK_BUILD"]
SOURCE = os.environ["RECDOCK_SOURCE"]
SLOW = float(os.environ.get("RECDOCK_TEST_SLOWNESS", "1"))


def read_events():
    text = open(os.path.join(SOURCE, "daemon/event.h"), encoding="utf-8").read()
    events = dict((m[1], m[0]) for m in re.findall(r'X\((\w+), "([0-9a-f]{32})"', text))
    # An alert that is raised has the id of its kind.
    text = open(os.path.join(SOURCE, "lib/catalogue/alert_kind.h"), encoding="utf-8").read()
    return events | dict.fromkeys(re.findall(r'"([0-9a-f]{32})"', text), "ALERT_RAISED")


EVENTS = read_events()  # MESSAGE_ID → name


def make_card(image, folder, **options):
    """An image of a memory card with the files of a folder: see tests/recsim/make-card."""
    words = [f"--{k.replace('_', '-')}={v}" for k, v in options.items() if k != "delete"]
    words += [f"--delete={path}" for path in options.get("delete", ())]
    subprocess.run([os.path.join(SOURCE, "tests/recsim/make-card"), image, folder, *words], check=True, stdout=subprocess.DEVNULL)
    return image


def sha256_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class Control:
    """The line protocol of recsim-station."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60 * SLOW)
        self.socket.connect(os.environ["RECSIM_CONTROL"])
        self.file = self.socket.makefile("rw", encoding="utf-8")

    def send(self, line):
        self.file.write(line + "\n")
        self.file.flush()
        answer = self.file.readline().rstrip("\n")
        if not answer.startswith("ok"):
            raise AssertionError(f"recsim: '{line}': {answer}")
        return answer[3:]

    def stats(self, name):
        return json.loads(self.send(f"stats {name}"))


class Log:
    """The station log of one recdockd, one JSON record a line, read as it grows."""

    def __init__(self, path):
        self.path = path
        self.records = []
        self.plain = []
        self.offset = 0
        open(path, "a", encoding="utf-8").close()

    def read(self):
        with open(self.path, "rb") as f:
            f.seek(self.offset)
            data = f.read()
        whole = data.rfind(b"\n") + 1
        self.offset += whole
        for line in data[:whole].decode("utf-8", "replace").splitlines():
            try:
                record = json.loads(line)
                record["event"] = EVENTS.get(record.get("MESSAGE_ID"))
                self.records.append(record)
            except ValueError:
                self.plain.append(line)

    def find(self, event, start=0, **fields):
        return [
            r
            for r in self.records[start:]
            if r["event"] == event and all(str(r.get(f"RECDOCK_{k.upper()}")) == str(v) for k, v in fields.items())
        ]


class Station:
    """recdockd with a folder, configuration and log of its own."""

    def __init__(self, folder, config="", number="S1"):
        self.folder = folder
        self.state = os.path.join(folder, "state")
        self.store = os.path.join(folder, "store")
        self.configuration = os.path.join(folder, "etc")
        self.process = None
        self.crash_at = None
        self.quirks = os.path.join(SOURCE, "lib/recorder/recorders.quirks")
        self.told = threading.Condition()
        self.log = Log(os.path.join(folder, "station.log"))
        for path in (self.state, self.configuration, os.path.join(folder, "run")):
            os.makedirs(path, exist_ok=True)
        self.libexec = os.path.join(folder, "libexec")
        os.makedirs(self.libexec, exist_ok=True)
        for worker in ("offload", "inspect", "archive"):
            os.symlink(os.path.join(BUILD, f"daemon/{worker}/recdock-{worker}"), os.path.join(self.libexec, f"recdock-{worker}"))
        for name in ("recdock.conf.d", "retention.d"):
            shutil.copytree(os.path.join(SOURCE, "daemon", name), os.path.join(self.configuration, name))
        self.configure(config, number)

    def configure(self, config="", number="S1"):
        base = (
            f"[Station]\nNumber={number}\nCustodian=Li Wei\nTimeZone=Asia/Shanghai\nRegister=auto\n"
            f"[Store]\nPath={self.store}\nKeepFree=16M\n"
        )
        with open(os.path.join(self.configuration, "recdock.conf"), "w", encoding="utf-8") as f:
            f.write(base + config)

    def crash_worker(self, name, at):
        """The next recdock-NAME to start kills itself at this point; those after it live."""
        path = os.path.join(self.libexec, f"recdock-{name}")
        program = os.readlink(path)
        os.unlink(path)
        died = os.path.join(self.folder, f"died-{name}")
        with open(path, "w", encoding="utf-8") as f:
            f.write(
                "#!/bin/bash\n"
                f"mkdir '{died}' 2>&- && export RECDOCK_CRASH_AT='{at}'\n"
                f"exec -a \"$0\" '{program}' \"$@\"\n"
            )
        os.chmod(path, 0o755)

    def environment(self, **extra):
        env = dict(os.environ)
        env.update(
            STATE_DIRECTORY=self.state,
            CONFIGURATION_DIRECTORY=self.configuration,
            RUNTIME_DIRECTORY=os.path.join(self.folder, "run"),
            RECDOCK_LIBEXECDIR=self.libexec,
            RECDOCK_QUIRKS_PATH=self.quirks,
            LC_ALL="C.UTF-8",
        )
        env.pop("RECDOCK_CRASH_AT", None)
        env.update(extra)
        return env

    def start(self, crash_at=None, wait=True, wrapper=()):
        notify = os.path.join(self.folder, "notify")
        if os.path.exists(notify):
            os.unlink(notify)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self.notify.bind(notify)
        self.statuses = []
        threading.Thread(target=self._drain, args=(self.notify,), daemon=True).start()
        env = self.environment(NOTIFY_SOCKET=notify)
        if crash_at:
            env["RECDOCK_CRASH_AT"] = crash_at
        with open(self.log.path, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, os.path.join(BUILD, "daemon/recdockd"), "--log=json"], env=env, stderr=log, stdout=log, stdin=subprocess.DEVNULL
            )
        if wait:
            self.wait_notify("READY=1")

    def _drain(self, notify):
        """A service manager reads what it is told, at once: the sender would block on a full queue."""
        while True:
            try:
                text = notify.recv(4096).decode()
            except OSError:
                return
            with self.told:
                self.statuses.append(text)
                self.told.notify_all()

    def wait_notify(self, word, timeout=30):
        end = time.monotonic() + timeout * SLOW
        with self.told:
            while True:
                for text in self.statuses:
                    if word in text:
                        return text
                if self.process.poll() is not None:
                    raise AssertionError(f"recdockd ended with {self.process.returncode} before '{word}'")
                if time.monotonic() > end:
                    raise AssertionError(f"no '{word}' from recdockd")
                self.told.wait(0.2)

    def mark(self):
        """A place in the log: events before it do not count for wait(…, start=mark)."""
        self.log.read()
        return len(self.log.records)

    def wait(self, event, timeout=60, start=0, count=1, **fields):
        """Waits until the log has 'count' such events; returns them."""
        end = time.monotonic() + timeout * SLOW
        while True:
            self.log.read()
            found = self.log.find(event, start, **fields)
            if len(found) >= count:
                return found
            if self.process and self.process.poll() is not None and not self.crash_at:
                raise AssertionError(f"recdockd ended with {self.process.returncode} while waiting for {event}")
            if time.monotonic() > end:
                raise AssertionError(f"no {event} {fields or ''} in {timeout * SLOW:.0f} s")
            select.select([], [], [], 0.02)  # the log is a file: there is no event to wait for

    def wait_any(self, *events, timeout):
        """Waits until the log has one of these events; returns those of the first kind that is there, None when time is up."""
        end = time.monotonic() + timeout * SLOW
        while time.monotonic() < end:
            self.log.read()
            for event in events:
                if found := self.log.find(event):
                    return found
            select.select([], [], [], 0.05)
        return None

    def until(self, condition, timeout=60):
        """Asks until 'condition' holds, for what the log does not tell."""
        end = time.monotonic() + timeout * SLOW
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"did not come to be in {timeout * SLOW:.0f} s")
            select.select([], [], [], 0.02)

    def wait_exit(self, timeout=60):
        code = self.process.wait(timeout * SLOW)
        self.notify.shutdown(socket.SHUT_RDWR)
        self.notify.close()
        self.process = None
        return code

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            code = self.wait_exit(40)
            self.log.read()
            return code
        return None

    def kill(self):
        self.process.kill()
        self.wait_exit()

    def workers(self, name="recdock-offload"):
        """Process numbers of this station's workers."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                status = open(f"/proc/{pid}/status", encoding="utf-8").read()
                command = open(f"/proc/{pid}/cmdline", "rb").read().split(b"\0")[0].decode()
            except OSError:
                continue
            if command.startswith(self.folder) and command.endswith(name) and "State:\tZ" not in status:
                found.append(int(pid))
        return found

    def ctl(self, *args, check=True, env=None):
        result = subprocess.run(
            [os.path.join(BUILD, "cli/recdockctl"), *args],
            env=self.environment(**(env or {})),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            timeout=120 * SLOW,
            check=False,
            text=True,
        )
        if check and result.returncode != 0:
            raise AssertionError(f"recdockctl {' '.join(args)}: exit {result.returncode}: {result.stderr}")
        return result

    def json(self, *args):
        return json.loads(self.ctl(*args, "--json").stdout)

    def footage(self, *filters):
        return self.json("list", *filters)


class StationTest(unittest.TestCase):
    """
    A case with a station, and recorders that are unplugged after it. 'kind' says what dock() makes of a folder: an MTP recorder, or
    a disk with a card of this file system. Every card has to be at the end what it was before anybody had seen it.
    """

    config = ""
    start_station = True
    kind = "mtp"
    patience = 0  # milliseconds that a worker waits for an answer of a simulated recorder, if not as long as usual

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="recdock-test-", dir=os.environ.get("RECDOCK_TEST_DIR"))
        self.control = Control()
        self.plugged = {}
        self.cards = {}  # path of the image → digest
        self.violations = []
        self.station = Station(self.folder, self.config)
        if self.patience:
            with open(os.path.join(self.folder, "patience.quirks"), "w", encoding="utf-8") as f:
                f.write(f"[4255:*]\ntimeout = {int(self.patience * SLOW)}\n")
            self.station.quirks += f":{f.name}"
        if self.start_station:
            self.station.start()

    def tearDown(self):
        for name in list(self.plugged):
            self.unplug(name)
        try:
            code = self.station.stop()
            self.assertIn(code, (None, 0), "recdockd did not end cleanly")
            self.assert_no_sanitizer_report()
            self.assertEqual(self.violations, [], "commands that alter a disk")
            self.assert_cards_untouched()
        finally:
            if self.station.process:
                self.station.kill()
            if not os.environ.get("RECDOCK_TEST_KEEP"):
                shutil.rmtree(self.folder, ignore_errors=True)

    def assert_no_sanitizer_report(self):
        self.station.log.read()
        bad = [x for x in self.station.log.plain if "Sanitizer" in x or "runtime error" in x]
        self.assertEqual(bad, [], "a sanitizer has something to say")

    def failure_report(self):
        self.station.log.read()
        yield from (f"log: {r.get('event') or ''} {r.get('MESSAGE')}" for r in self.station.log.records[-60:])
        yield from (f"stderr: {line}" for line in self.station.log.plain[-40:])

    def recorder_folder(self, name, files):
        """A recorder's memory: {path: bytes or path of a file to copy}. Returns its folder."""
        root = os.path.join(self.folder, f"recorder-{name}")
        for path, content in files.items():
            target = os.path.join(root, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if isinstance(content, bytes):
                with open(target, "wb") as f:
                    f.write(content)
            else:
                shutil.copyfile(content, target)
        os.makedirs(root, exist_ok=True)
        return root

    def card(self, name, folder, **options):
        """The image of a card with the files of a folder; made at the first call of this name, without options the one that is."""
        image = os.path.join(self.folder, f"card-{name}")
        if options or image not in self.cards:
            if self.kind != "mtp":
                options.setdefault("fs", self.kind)
            make_card(image, folder, **options)
            self.cards[image] = sha256_file(image)
        return image

    def assert_cards_untouched(self):
        for image, digest in self.cards.items():
            self.assertEqual(sha256_file(image), digest, f"{image} is not what it was")

    def place(self, image, path):
        """Where on a fresh card the bytes of a file of some size begin: it lies there in one piece."""
        with open(path, "rb") as f:
            begin = f.read(4096)
        with open(image, "rb") as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as m:
            at = m.find(begin)
        self.assertTrue(at >= 0 and at % 512 == 0, f"{path} is not on {image}")
        return at

    def fault_in(self, kind, name, folder, path, at, **more):
        """A fault behind a byte of a file, in the words of what dock() makes of the folder."""
        more = "".join(f",{k}={v}" for k, v in more.items())
        if self.kind == "mtp":
            return f"{kind},op=0x1009,object={os.path.basename(path)},at={at}{more}"
        return f"{kind},at={self.place(self.card(name, folder), os.path.join(folder, path)) + at}{more}"

    def dock(self, name, folder, port="1-1", **options):
        """Plugs a recorder with the files of a folder."""
        if self.kind == "mtp":
            self.plug(name, folder, port, **options)
        else:
            self.plug_disk(name, self.card(name, folder), port=port, **options)

    def plug(self, name, folder, port="1-1", **options):
        options.setdefault("serial", f"SER{name.upper()}")
        words = " ".join(f"{k.replace('_', '-')}={v}" for k, v in options.items())
        self.control.send(f"plug {name} dir={folder} port={port} {words}")
        self.plugged[name] = port

    def plug_disk(self, name, *cards, port="1-1", **options):
        """A recorder that is a disk, with a card (or "none") in each of its slots; fault=[…] sets several faults."""
        options.setdefault("serial", f"SER{name.upper()}")
        faults = options.pop("fault", ())
        words = [f"disk={card}" for card in cards] + [f"{k.replace('_', '-')}={v}" for k, v in options.items()]
        words += [f"fault={fault}" for fault in ((faults,) if isinstance(faults, str) else faults)]
        self.control.send(f"plug {name} port={port} {' '.join(words)}")
        self.plugged[name] = port

    def wait_any(self, *events, timeout):
        found = self.station.wait_any(*events, timeout=timeout)
        self.assertTrue(found, f"none of {', '.join(events)} in time")
        return found

    @staticmethod
    def endless(name):
        """Faults that give an object no size, neither in its information nor in front of its data, and no end."""
        return (
            f"size,object={name},value=0 fault=endless-data,op=0x1009,object={name},value=0xffffffff,times=always"
        )

    def unplug(self, name):
        try:
            self.control.send(f"unplug {name}")
        except AssertionError as e:
            if "no such" not in str(e) and "not plugged" not in str(e):
                raise
        if self.plugged.pop(name, None):
            stats = self.control.stats(name)
            if stats.get("violations") or stats.get("sector_bytes_written"):
                self.violations.append((name, stats["violations"], stats["sector_bytes_written"]))

    def assert_all_filed(self, folder, station=None):
        """Every file of a recorder's folder is footage exactly once, byte-identical in the store."""
        station = station or self.station
        rows = station.footage()
        expected = sorted(
            sha256_file(os.path.join(root, f)) for root, _, files in os.walk(folder) for f in files
        )
        self.assertEqual(sorted(r["sha256"] for r in rows), expected)
        for row in rows:
            path = os.path.join(station.store, row["path"])
            self.assertEqual(sha256_file(path), row["sha256"], path)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o440, path)
            self.assertEqual(os.stat(path).st_nlink, 1, path)
        self.assertEqual(sorted(self.files_below(os.path.join(station.store, "store"))), sorted(r["path"][6:] for r in rows))
        return rows

    def greatest_part(self):
        """The bytes on disk of the file that is furthest; a part goes away when it is footage."""
        incoming = os.path.join(self.station.store, "incoming")
        sizes = [0]
        for name in self.files_below(incoming):
            with contextlib.suppress(FileNotFoundError):
                sizes.append(os.path.getsize(os.path.join(incoming, name)))
        return max(sizes)

    @staticmethod
    def files_below(folder):
        return [os.path.relpath(os.path.join(root, f), folder) for root, _, files in os.walk(folder) for f in files]
