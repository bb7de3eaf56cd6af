#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What cannot dock is brought in by hand: byte-identical, with who, whose and why, never twice, and never half without saying so."""

import json
import os
import select
import signal
import socket
import subprocess
import time

import tap
from testbed import BUILD, SLOW, StationTest, sha256_file

SAMPLES = os.environ["RECDOCK_SAMPLES"]
REASON = "读卡器 card of a broken recorder"
BIG = 256 << 20


def sample(ending=".mp4"):
    return next(os.path.join(SAMPLES, n) for n in sorted(os.listdir(SAMPLES)) if n.endswith(ending))


class ImportTest(StationTest):
    def setUp(self):
        super().setUp()
        ctl = self.station.ctl
        ctl("unit", "add", "410100", "郑州支队")
        ctl("officer", "add", "200417", "王芳", "--unit", "410100")
        ctl("officer", "add", "200500", "李雷", "--unit", "410100")
        ctl("recorder", "register", "R1", "--usb-serial", "SERA", "--unit", "410100")

    def card(self, files, name="card"):
        return self.recorder_folder(name, files)

    def arguments(self, *given):
        return ["import", *given, "--recorder=R1", "--officer=200417", f"--reason={REASON}"]

    def bring_in(self, *given, code=0):
        """Imports; returns the receipt."""
        result = self.station.ctl(*self.arguments(*given), "--json", check=False)
        self.assertEqual(result.returncode, code, result.stderr)
        self.said = result.stderr
        return json.loads(result.stdout)[0] if result.stdout else None

    def begin(self, *given):
        """An import that goes on by itself."""
        return subprocess.Popen(
            [os.path.join(BUILD, "cli/recdockctl"), *self.arguments(*given)],
            env=self.station.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def parts(self):
        return [os.path.join(self.station.store, "incoming", p) for p in self.files_below(os.path.join(self.station.store, "incoming"))]

    def stop_worker_within(self, size):
        """Stops the worker in the middle of a file of that size, behind a checkpoint; returns its process number. It goes there by
        small steps: on a busy machine it would be through before somebody who only watches gets to stop it."""
        end = time.monotonic() + 60 * SLOW
        self.station.until(self.station.workers)
        (pid,) = self.station.workers()
        os.kill(pid, signal.SIGSTOP)
        while self.greatest_part() <= size // 2:
            self.assertLess(time.monotonic(), end, "no part grows")
            os.kill(pid, signal.SIGCONT)
            select.select([], [], [], 0.002)  # a file: there is no event to wait for
            os.kill(pid, signal.SIGSTOP)
        self.assertLess(self.greatest_part(), size, "the file is whole already")
        return pid

    def assert_filed_once(self, *folders):
        expected = {sha256_file(os.path.join(root, f)) for folder in folders for root, _, files in os.walk(folder) for f in files}
        rows = self.station.footage()
        self.assertEqual(sorted(r["sha256"] for r in rows), sorted(expected))
        for row in rows:
            self.assertEqual(sha256_file(os.path.join(self.station.store, row["path"])), row["sha256"])
        return rows


class Import(ImportTest):
    def test_files_become_footage(self):
        files = {f"DCIM/{n}": os.path.join(SAMPLES, n) for n in os.listdir(SAMPLES) if n.endswith((".mp4", ".jpg", ".wav"))}
        files["DCIM/empty.bin"] = b""
        files["DCIM/资料/现场 记录.mp4"] = open(sample(), "rb").read() + b"\0" * 8
        card = self.card(files)
        receipt = self.bring_in(card)
        rows = self.assert_all_filed(card)
        self.assertEqual({r["source"] for r in rows}, {"import"})
        self.assertEqual({r["bay"] for r in rows}, {None})
        self.assertEqual({(r["recorder"], r["officer"], r["unit"]) for r in rows}, {("R1", "200417", "410100")})
        self.assertIn("import:/recorder-card/DCIM/资料/现场 记录.mp4", [r["source_path"] for r in rows])
        self.assertEqual((receipt["state"], receipt["seen"], receipt["pulled"], receipt["failed"]), ("released", len(files), len(files), 0))
        self.assertEqual((receipt["source"], receipt["import_officer"], receipt["import_reason"]), ("import", "200417", REASON))
        self.assertIn(f"uid={os.geteuid()}(", receipt["actor"])
        self.assertEqual((receipt["bay"], receipt["clock_offset_s"]), (None, None))
        self.assertEqual({i["state"] for i in receipt["items"]}, {"footage"})
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [])
        self.assertEqual(self.station.ctl("verify").returncode, 0)
        self.assertIn("seccomp on", self.station.wait("WORKER_SANDBOX")[0]["MESSAGE"])
        self.assertEqual(len(self.station.wait("IMPORT_DONE")), 1)

    def test_ledger_has_who_whose_and_why(self):
        self.bring_in(self.card({"a.bin": b"abc"}))
        (entry,) = self.station.json("ledger", "list", "--act", "import.begun")
        self.assertIn(f"uid={os.geteuid()}(", entry["actor"])
        self.assertIn("recdockctl", entry["actor"])
        self.assertEqual(entry["subject"], "docking/1")
        self.assertEqual(entry["detail"], {"recorder": "R1", "officer": "200417", "reason": REASON})
        (filed,) = self.station.json("ledger", "list", "--act", "footage.filed")
        self.assertEqual((filed["detail"]["recorder"], filed["detail"]["officer"]), ("R1", "200417"))

    def test_show_says_why_and_by_whom(self):
        card = self.card({"a.bin": b"abc"})
        self.bring_in(card)
        (row,) = self.station.json("show", "1")
        self.assertEqual((row["source"], row["import_reason"]), ("import", REASON))
        self.assertIn(f"uid={os.geteuid()}(", row["imported_by"])
        for words in (("show", "1"), ("docking", "show", "1")):
            self.assertIn(REASON, self.station.ctl(*words).stdout)
        self.plug("a", self.card({"b.bin": b"docked"}, "docked"), serial="SERA")
        self.station.wait("DOCKING_RELEASED")
        (row,) = self.station.json("show", "2")
        self.assertEqual(row["source"], "dock")
        self.assertNotIn("import_reason", row)
        self.assertNotIn("Imported", self.station.ctl("show", "2").stdout)

    def test_given_officer_goes_before_name_and_assignment(self):
        name = "DCAM_CAM001_200500_20261101_080000.mp4"
        self.station.ctl("recorder", "assign", "R1", "200500", "--from", "2020-01-01")
        self.bring_in(self.card({name: sample()}))
        (row,) = self.station.footage()
        self.assertEqual((row["officer"], row["unit"]), ("200417", "410100"))
        self.assertEqual(row["started_at"], "2026-11-01T08:00:00+08:00")
        alerts = self.station.json("alert", "list", "--kind", "unassigned")
        self.assertEqual(len(alerts), 1)
        self.assertIn("given at its import", alerts[0]["text"])

    def test_deadline_is_as_any_other(self):
        card = self.card({"old.bin": b"old", "new.bin": b"new"})
        now = int(time.time())
        os.utime(os.path.join(card, "old.bin"), (now - 3 * 86400, now - 3 * 86400))
        os.utime(os.path.join(card, "new.bin"), (now - 60, now - 60))
        receipt = self.bring_in(card)
        rows = {r["name"]: r for r in self.station.footage()}
        self.assertEqual(rows["new.bin"]["late"], 0)
        self.assertAlmostEqual(rows["old.bin"]["late"], 2 * 1440, delta=2)
        self.assertEqual(receipt["late"], 1)

    def test_a_file_larger_than_the_store_pauses_nobody(self):
        card = self.card({"a.bin": b"a"})
        with open(os.path.join(card, "huge.bin"), "wb") as f:
            f.truncate(4 << 40)
        receipt = self.bring_in(card, code=1)
        self.assertEqual((receipt["state"], receipt["seen"]), ("failed", 2))
        self.assertIn("no room for a file of 4398046511104 bytes", receipt["reason"])
        self.assertFalse(self.station.json("status")[0]["store"]["paused"])
        self.assertEqual(self.station.log.find("STORE_PAUSED"), [])

    def test_single_files_and_folders_together(self):
        card = self.card({"DCIM/a.bin": b"a", "DCIM/b.bin": b"b"})
        other = self.card({"c.bin": b"c"}, "other")
        self.bring_in(os.path.join(card, "DCIM", "a.bin"), other + "/")
        self.assertEqual(sorted(r["source_path"] for r in self.station.footage()), ["import:/a.bin", "import:/recorder-other/c.bin"])

    def test_what_is_no_file_of_the_card_is_left_out(self):
        card = self.card({"a.bin": b"a"})
        os.symlink("/etc/passwd", os.path.join(card, "link"))
        os.symlink("/etc", os.path.join(card, "folder"))
        os.mkfifo(os.path.join(card, "pipe"))
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(os.path.join(card, "socket"))
            receipt = self.bring_in(card)
        self.assertEqual((receipt["seen"], receipt["pulled"]), (1, 1))
        self.assertEqual(self.said.count("leaving out"), 4, self.said)

    def test_status_shows_it(self):
        card = self.card({})
        with open(os.path.join(card, "big.bin"), "wb") as f:
            f.truncate(BIG)
        process = self.begin(card)
        pid = self.stop_worker_within(BIG)
        (docking,) = self.station.json("status")[0]["dockings"]
        self.assertEqual((docking["source"], docking["bay"], docking["recorder"]), ("import", None, "R1"))
        self.assertEqual(docking["bytes_total"], BIG)
        self.assertIn("(import)", self.station.ctl("status").stdout)
        os.kill(pid, signal.SIGCONT)
        out, _ = process.communicate(timeout=120 * SLOW)
        self.assertEqual(process.returncode, 0)
        self.assertIn("Receipt of import", out)
        self.assertIn(REASON, out)
        self.assertEqual(self.station.json("status")[0]["dockings"], [])


class NoFindings(ImportTest):
    """Who imports chooses what to give: numbers that are missing from it say nothing, and clear nothing."""

    def numbered(self, name, *numbers):
        return self.card({f"DCIM/J121000_20260101120000_{n:04}.mp4": b"number %d" % n for n in numbers}, name)

    def test_numbers_of_an_import(self):
        docked = self.numbered("docked", 1, 2, 5)
        self.plug("a", docked)
        self.station.wait("DOCKING_RELEASED")
        self.unplug("a")
        gaps = self.station.json("finding", "list", "--kind=sequence-gap")
        self.assertEqual([(g["docking"], g["count"]) for g in gaps], [(1, 2)])
        receipt = self.bring_in(self.numbered("card", 8, 10))
        self.assertEqual((receipt["state"], receipt["findings"], receipt["found"]), ("released", 0, []))
        self.assertEqual(self.station.json("finding", "list", "--kind=sequence-gap"), gaps)
        self.assertEqual(len(self.station.json("alert", "list", "--kind=sequence-gap", "--open=yes")), 1)


class Twice(ImportTest):
    def test_the_same_import_again_reads_nothing(self):
        card = self.card({"a.bin": os.urandom(5000), "b.bin": os.urandom(5000)})
        self.bring_in(card)
        again = self.bring_in(card)
        self.assertEqual((again["seen"], again["pulled"], again["already_held"], again["bytes"]), (2, 0, 2, 0))
        self.assert_filed_once(card)

    def test_other_names_of_the_same_bytes_are_held(self):
        data = os.urandom(300000)
        card = self.card({"a.bin": data})
        copy = self.card({"other/name.bin": data, "new.bin": b"new"}, "copy")
        self.bring_in(card)
        (first,) = self.station.footage()
        again = self.bring_in(copy)
        self.assertEqual((again["seen"], again["pulled"], again["already_held"], again["failed"]), (2, 1, 1, 0))
        held = [i for i in again["items"] if i["path"].endswith("name.bin")]
        self.assertEqual((held[0]["footage"], held[0]["state"]), (first["id"], "footage"))
        (event,) = self.station.wait("ITEM_HELD")
        self.assertEqual(event["RECDOCK_FOOTAGE"], str(first["id"]))
        (entry,) = self.station.json("ledger", "list", "--act", "item.already-held")
        self.assertEqual(entry["detail"], {"docking": again["docking"], "footage": first["id"]})
        self.assert_filed_once(card, copy)
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [])

    def test_twins_on_one_card_are_one_footage(self):
        card = self.card({f"{n}/same.bin": b"same" * 1000 for n in range(20)})
        receipt = self.bring_in(card)
        self.assertEqual((receipt["pulled"], receipt["already_held"]), (1, 19))
        self.assertEqual({i["footage"] for i in receipt["items"]}, {self.station.footage()[0]["id"]})
        self.assert_filed_once(card)

    def test_another_recorder_has_its_own(self):
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB")
        card = self.card({"a.bin": b"same"})
        self.bring_in(card)
        self.station.ctl("import", card, "--recorder=R2", "--officer=200417", "--reason=x")
        self.assertEqual(sorted(r["recorder"] for r in self.station.footage()), ["R1", "R2"])

    def test_a_card_that_was_docked_is_held(self):
        card = self.card({"DCIM/a.bin": os.urandom(100000), "DCIM/b.bin": os.urandom(100000)})
        self.plug("a", card)
        self.station.wait("DOCKING_RELEASED")
        self.unplug("a")
        receipt = self.bring_in(card)
        self.assertEqual((receipt["pulled"], receipt["already_held"]), (0, 2))
        self.assertEqual({r["source"] for r in self.assert_filed_once(card)}, {"dock"})

    def test_no_import_stands_in_for_what_is_docked(self):
        """The path, size and time of a recorder's file, but other bytes: what is docked is pulled all the same."""
        card = self.card({"DCIM/a.bin": b"A" * 5000})
        self.plug("a", card)
        self.station.wait("DOCKING_RELEASED")
        (docked,) = self.station.footage()
        (item,) = self.station.json("docking", "show", "1")[0]["items"]
        self.unplug("a")
        forged = os.path.join(self.folder, "forged")
        path = os.path.join(forged, item["path"])
        os.makedirs(os.path.dirname(path))
        with open(path, "wb") as f:
            f.write(b"F" * 5000)
        os.utime(path, (os.stat(os.path.join(card, "DCIM/a.bin")).st_mtime,) * 2)
        top = os.path.join(forged, item["path"].split("/")[0])
        receipt = self.bring_in(top)
        self.assertEqual(len(self.station.footage()), 2)
        # The time's form keeps the two apart as well, but a device without dates has none: the path has to.
        self.assertEqual([i["path"] for i in receipt["items"]], ["import:/" + item["path"]])
        # And the other way round, on a recorder that docks for the first time.
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB")
        self.station.ctl("import", top, "--recorder=R2", "--officer=200417", "--reason=x")
        self.plug("b", card)
        self.station.wait("DOCKING_RELEASED", count=2)
        rows = [r["sha256"] for r in self.station.footage("--recorder", "R2", "--source", "dock")]
        self.assertEqual(rows, [docked["sha256"]])


class CutOff(ImportTest):
    def big_card(self):
        card = self.card({"a-small.bin": os.urandom(1000)})
        with open(os.path.join(card, "big.bin"), "wb") as f:
            f.truncate(BIG)
            f.seek(BIG // 2)
            f.write(os.urandom(100000))
        return card

    def go_on(self, card, whole=BIG):
        """The same import again ends well, and does not begin the big file anew."""
        receipt = self.bring_in(card)
        self.assertEqual((receipt["state"], receipt["failed"]), ("released", 0))
        self.assertLess(receipt["bytes"], whole)
        self.assert_filed_once(card)
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [])
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_a_file_that_changes_while_it_is_read_is_not_filed(self):
        card = self.big_card()
        process = self.begin(card)
        pid = self.stop_worker_within(BIG)
        with open(os.path.join(card, "big.bin"), "ab") as f:
            f.write(b"x")
        os.kill(pid, signal.SIGCONT)
        out, err = process.communicate(timeout=120 * SLOW)
        self.assertEqual(process.returncode, 1, out + err)
        self.assertIn("1 of 2 files are filed or held", err)
        self.assertEqual([r["name"] for r in self.station.footage()], ["a-small.bin"])
        receipt = self.station.json("docking", "show", "1")[0]
        self.assertEqual((receipt["state"], receipt["failed"]), ("failed", 1))
        self.assertIn("mismatch", [i["error"] for i in receipt["items"]])
        self.assertIn("import-failed", [a["kind"] for a in self.station.json("alert", "list", "--open=yes")])
        again = self.bring_in(card)
        self.assertEqual((again["pulled"], again["already_held"]), (1, 1))
        self.assert_filed_once(card)
        self.assertNotIn("import-failed", [a["kind"] for a in self.station.json("alert", "list", "--open=yes")])

    def test_what_is_gone_or_a_link_when_its_turn_comes_is_not_filed(self):
        """The listing was true, the folder has changed since: the rest is filed, and the end is no success."""
        card = self.card({"gone.bin": b"gone", "link.bin": b"link", "DCIM/moved.bin": b"moved", "last.bin": b"last"})
        outside = self.card({"moved.bin": b"wrong", "link.bin": b"evil"}, "outside")
        with open(os.path.join(card, "big.bin"), "wb") as f:
            f.truncate(BIG)
        hour_ago = time.time() - 3600
        os.utime(os.path.join(card, "big.bin"), (hour_ago, hour_ago))  # the oldest is pulled first
        process = self.begin(card)
        pid = self.stop_worker_within(BIG)
        os.unlink(os.path.join(card, "gone.bin"))
        os.unlink(os.path.join(card, "link.bin"))
        os.symlink(os.path.join(outside, "link.bin"), os.path.join(card, "link.bin"))
        os.rename(os.path.join(card, "DCIM"), os.path.join(card, "aside"))
        os.symlink(outside, os.path.join(card, "DCIM"))
        os.kill(pid, signal.SIGCONT)
        out, err = process.communicate(timeout=120 * SLOW)
        self.assertEqual(process.returncode, 1, out + err)
        self.assertIn("2 of 5 files are filed or held", err)
        self.assertEqual(sorted(r["name"] for r in self.station.footage()), ["big.bin", "last.bin"])
        receipt = self.station.json("docking", "show", "1")[0]
        self.assertEqual((receipt["state"], receipt["seen"], receipt["failed"]), ("failed", 5, 3))
        errors = {i["path"].split("/")[-1]: i["error"] for i in receipt["items"]}
        self.assertEqual((errors["gone.bin"], errors["link.bin"], errors["moved.bin"]), ("absent", "mismatch", "mismatch"))

    def test_who_imports_is_killed(self):
        card = self.big_card()
        process = self.begin(card)
        pid = self.stop_worker_within(BIG)
        process.kill()
        process.communicate()
        self.station.wait("IMPORT_FAILED")
        os.kill(pid, signal.SIGCONT)
        self.wait_no_worker()
        receipt = self.station.json("docking", "show", "1")[0]
        self.assertEqual(receipt["state"], "failed")
        self.assertIn("cut off by who imports", receipt["reason"])
        self.station.wait("FOOTAGE_FILED")  # the small one, which was whole: it is proved and filed all the same
        self.assertEqual(len(self.parts()), 1)
        self.go_on(card)

    def wait_no_worker(self):
        end = time.monotonic() + 60 * SLOW
        while self.station.workers():
            self.assertLess(time.monotonic(), end, "the worker does not end")
            select.select([], [], [], 0.02)

    def test_ctrl_c_cancels_in_order(self):
        card = self.big_card()
        process = self.begin(card)
        pid = self.stop_worker_within(BIG)
        process.send_signal(signal.SIGINT)
        self.station.wait("IMPORT_FAILED")
        os.kill(pid, signal.SIGCONT)
        out, err = process.communicate(timeout=60 * SLOW)
        self.assertEqual(process.returncode, 1)
        self.assertIn("was cancelled", err)
        self.assertIn("import again to go on", err)
        self.assertIn("Receipt of import", out)
        self.wait_no_worker()
        self.go_on(card)

    def test_worker_killed(self):
        card = self.big_card()
        process = self.begin(card)
        os.kill(self.stop_worker_within(BIG), signal.SIGKILL)
        _, err = process.communicate(timeout=60 * SLOW)
        self.assertEqual(process.returncode, 1)
        self.assertIn("the worker ended: signal Killed", err)
        self.go_on(card, BIG + 1001)

    def test_daemon_killed(self):
        card = self.big_card()
        process = self.begin(card)
        self.stop_worker_within(BIG)
        self.station.kill()
        _, err = process.communicate(timeout=60 * SLOW)
        self.assertEqual(process.returncode, 3, err)
        self.assertIn("recdockd went away", err)
        self.station.start()
        receipt = self.station.json("docking", "show", "1")[0]
        self.assertEqual((receipt["state"], receipt["reason"]), ("failed", "interrupted: recdockd was started again"))
        self.go_on(card, BIG + 1001)

    def test_only_so_many_at_once(self):
        """And those of one recorder go on one after the other, however many wait."""
        cards = [self.card({"a.bin": os.urandom(1000 + n)}, f"card{n}") for n in range(4)]
        processes = [self.begin(self.big_card())]
        pid = self.stop_worker_within(BIG)
        processes += [self.begin(card) for card in cards[:3]]
        self.station.wait("IMPORT_BEGUN", count=4)
        self.bring_in(cards[3], code=6)
        self.assertIn("4 imports are under way", self.said)
        os.kill(pid, signal.SIGCONT)
        for process in processes:
            _, err = process.communicate(timeout=120 * SLOW)
            self.assertEqual(process.returncode, 0, err)
        self.bring_in(cards[3])
        self.assert_filed_once(os.path.join(self.folder, "recorder-card"), *cards)


if __name__ == "__main__":
    tap.main("__main__")
