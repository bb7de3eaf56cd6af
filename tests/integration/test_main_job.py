#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The main job: a recorder docks, its footage is pulled, proved, filed, indexed and found."""

import os
import shutil
import subprocess

import tap
from testbed import BUILD, StationTest, sha256_file

SAMPLES = os.environ["RECDOCK_SAMPLES"]
KEYS = (
    "id unit officer recorder bay name source source_path started_at ended_at duration_s size sha256 sm3 verdict verdict_reasons"
    " container kind path offloaded_at docking deadline late case time_source device_time clock_offset_s"
    " time_doubts case_unit annotated retain_until retain_basis copies volumes"
).split()


def samples():
    return {name: os.path.join(SAMPLES, name) for name in sorted(os.listdir(SAMPLES)) if name.endswith((".mp4", ".mov", ".ts", ".wav", ".jpg"))}


class MainJob(StationTest):
    config = '[Bay "7"]\nPort=1-1\n'

    def test_all_formats_are_filed_complete(self):
        files = {f"DCIM/{name}": path for name, path in samples().items()}
        files["DCIM/资料/现场 记录.mp4"] = next(p for n, p in samples().items() if n.endswith(".mp4"))
        folder = self.recorder_folder("a", files)
        self.plug("a", folder)
        receipt = self.station.wait("DOCKING_RELEASED")[0]
        self.assertEqual(receipt["RECDOCK_BAY"], "7")
        rows = self.assert_all_filed(folder)
        self.assertEqual(list(rows[0]), KEYS)
        self.assertEqual({r["verdict"] for r in rows}, {"complete"}, [(r["name"], r["verdict_reasons"]) for r in rows])
        self.assertEqual({r["bay"] for r in rows}, {"7"})
        self.assertEqual({r["source"] for r in rows}, {"dock"})
        chinese = [r for r in rows if r["name"] == "现场 记录.mp4"]
        self.assertEqual(len(chinese), 1)
        self.assertTrue(chinese[0]["source_path"].endswith("DCIM/资料/现场 记录.mp4"))
        docking = self.station.json("docking", "show", "1")[0]
        self.assertEqual((docking["seen"], docking["pulled"], docking["failed"]), (len(files), len(files), 0))
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_workers_are_locked_in(self):
        """As the kernel sees them, not as they say: no call that is not listed, no new right, no file but the parts."""
        self.plug("a", self.recorder_folder("a", {f"{n}.bin": os.urandom(200000) for n in range(6)}), rate=300000)
        self.station.wait("FOOTAGE_FILED")
        workers = self.station.workers("recdock-offload") + self.station.workers("recdock-inspect")
        self.assertGreaterEqual(len(workers), 2)
        for pid in workers:
            with open(f"/proc/{pid}/status", encoding="utf-8") as f:
                status = dict(line.split(":", 1) for line in f.read().splitlines())
            self.assertEqual((status["Seccomp"].strip(), status["NoNewPrivs"].strip()), ("2", "1"))
            if os.geteuid() == 0:
                for fd in os.listdir(f"/proc/{pid}/fd"):
                    self.assert_lawful_descriptor(pid, fd)
        self.station.wait("DOCKING_RELEASED")

    def assert_lawful_descriptor(self, pid, fd):
        try:
            target = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            return
        self.assertNotIn(".db", target)
        if target.startswith(self.station.store):
            self.assertIn("/incoming/", target)
            self.assertTrue(target.endswith(".part"), target)

    def test_docking_again_reads_no_data(self):
        folder = self.recorder_folder("a", {"DCIM/one.bin": os.urandom(300000), "DCIM/two.bin": os.urandom(1000)})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.unplug("a")
        self.plug("a", folder)
        again = self.station.wait("DOCKING_RELEASED", count=2)[1]
        self.assertIn("2 seen, 0 pulled, 2 already held", again["MESSAGE"])
        self.assertEqual(self.control.stats("a")["object_bytes"], 0)
        self.assertEqual(len(self.station.footage()), 2)

    def test_owner_and_time_come_from_name_and_registry(self):
        name = "DCAM_CAM001_200417_20261101_080000.mp4"
        clip = next(p for n, p in samples().items() if n.endswith(".mp4"))
        folder = self.recorder_folder("a", {f"DCIM/{name}": clip, "DCIM/plain.mp4": clip})
        ctl = self.station.ctl
        ctl("unit", "add", "410100", "郑州支队")
        ctl("unit", "add", "410200", "开封支队")
        ctl("officer", "add", "200417", "王芳", "--unit", "410100")
        ctl("officer", "add", "200500", "李雷", "--unit", "410200")
        ctl("recorder", "register", "R1", "--usb-serial", "SERA", "--unit", "410200")
        ctl("recorder", "assign", "R1", "200500", "--from", "2020-01-01")
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        named = self.station.footage("--name", name)[0]
        self.assertEqual((named["officer"], named["unit"], named["recorder"]), ("200417", "410100", "R1"))
        self.assertEqual(named["started_at"], "2026-11-01T08:00:00+08:00")
        self.assertEqual(named["path"], f"store/410100/R1/200417/2026-11-01/{name}")
        plain = self.station.footage("--name", "plain.mp4")[0]
        self.assertEqual((plain["officer"], plain["unit"]), ("200500", "410200"))
        self.assertEqual(self.station.footage("--officer", "200417", "--on", "2026-11-01"), [named])
        self.assertEqual(self.station.footage("--officer", "200417", "--from", "2026-11-02"), [])

    def test_nobody_is_named_for_certain_on_a_guess(self):
        ctl = self.station.ctl
        ctl("officer", "add", "200500", "李雷")
        ctl("recorder", "register", "R1", "--usb-serial", "SERA")
        ctl("recorder", "assign", "R1", "200500", "--from", "2020-01-01")
        folder = self.recorder_folder("a", {"DCAM_CAM001_299999_20261101_080000.bin": b"says another", "undated.bin": b"?"})
        os.utime(os.path.join(folder, "undated.bin"), (0, 0))
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        alerts = {a["subject"]: a["text"] for a in self.station.json("alert", "list") if a["kind"] == "unassigned"}
        rows = {r["name"]: r for r in self.station.footage()}
        self.assertEqual(rows["DCAM_CAM001_299999_20261101_080000.bin"]["officer"], "200500")
        stranger = rows["DCAM_CAM001_299999_20261101_080000.bin"]["id"]
        self.assertIn("no officer 299999", alerts[f"footage/{stranger}"])
        self.assertIsNone(rows["undated.bin"]["officer"])
        self.assertIn("when it was recorded", alerts[f"footage/{rows['undated.bin']['id']}"])

    def test_a_name_that_tells_another_recorder_is_not_believed(self):
        ctl = self.station.ctl
        ctl("recorder", "register", "DSJ0001", "--usb-serial", "SERA")
        ctl("recorder", "register", "DSJ0002", "--usb-serial", "ELSE")
        own = [f"DSJ0001_J121000_20260101120000_000{n}.MP4" for n in (1, 2)]
        others = [f"DSJ0002_J121000_20260101130000_000{n}.MP4" for n in (3, 4)]
        for names, alerts in ((own, 0), (own + others, 1)):
            self.plug("a", self.recorder_folder("a", {name: name.encode() for name in names}))
            self.station.wait("DOCKING_RELEASED", count=alerts + 1)
            self.unplug("a")
            found = [a for a in self.station.json("alert", "list") if a["kind"] == "name-contradicts"]
            self.assertEqual([(a["subject"], a["count"]) for a in found], [("recorder/DSJ0001", 2)] * alerts)
        self.assertIn("DSJ0002", found[0]["text"])
        self.assertEqual({r["recorder"] for r in self.station.footage()}, {"DSJ0001"})

    def test_damaged_footage_is_kept_alerted_and_never_removed(self):
        self.station.stop()
        self.station.configure("[Docking]\nRelease=clear\n")
        self.station.start()
        clip = next(p for n, p in samples().items() if n.endswith(".mp4") and "moov" in n)
        cut = open(clip, "rb").read()
        folder = self.recorder_folder("a", {"good.mp4": clip, "cut.mp4": cut[: len(cut) * 2 // 3]})
        kept = {name: sha256_file(os.path.join(folder, name)) for name in ("good.mp4", "cut.mp4")}
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        rows = {r["name"]: r for r in self.station.footage()}
        self.assertEqual(rows["good.mp4"]["verdict"], "complete")
        self.assertEqual(rows["cut.mp4"]["verdict"], "truncated")
        self.assertTrue(rows["cut.mp4"]["verdict_reasons"])
        self.assertEqual({n: r["sha256"] for n, r in rows.items()}, kept)
        self.assertEqual(os.listdir(folder), ["cut.mp4"])
        self.assertEqual(len(self.station.log.find("FOOTAGE_BAD_VERDICT")), 1)
        alerts = [a["kind"] for a in self.station.json("alert", "list")]
        self.assertIn("verdict-bad", alerts)
        removed = [e for e in self.station.json("ledger", "list") if e["act"] == "item.removed-from-recorder"]
        self.assertEqual(len(removed), 1)

    def test_keep_is_the_default_and_removes_nothing(self):
        folder = self.recorder_folder("a", {"good.mp4": next(iter(samples().values()))})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(os.listdir(folder), ["good.mp4"])
        self.assertNotIn("0x100b", self.control.stats("a")["ops"])

    def test_clock_offset_is_measured_then_set_by_policy(self):
        self.station.stop()
        self.station.configure("[Docking]\nSetClock=yes\n")
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": b"x" * 100})
        self.plug("a", folder, clock=780)
        self.station.wait("DOCKING_RELEASED")
        docking = self.station.json("docking", "show", "1")[0]
        self.assertAlmostEqual(docking["clock_offset_s"], 780, delta=3)
        self.assertIn("clock-drift", [a["kind"] for a in self.station.json("alert", "list")])
        self.assertEqual(len(self.station.log.find("CLOCK_SET")), 1)
        self.unplug("a")
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED", count=2)

    def test_clock_is_not_set_while_footage_is_left_behind(self):
        self.station.stop()
        self.station.configure("[Docking]\nSetClock=yes\n")
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": b"x" * 100, "y.bin": b"y" * 5000})
        self.plug("a", folder, clock=7200, fault="refuse,op=0x1009,object=y.bin,times=always")
        self.station.wait("DOCKING_FAILED", timeout=90)
        self.assertEqual(self.control.stats("a")["clock_sets"], 0)
        self.unplug("a")
        self.plug("a", folder, clock=7200)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["clock_sets"], 1)

    def test_a_clock_that_was_never_set_hides_no_recording(self):
        """A recorder whose clock starts at 1970 and whose names start at 1: a new recording looks like the old one."""
        self.station.stop()
        self.station.configure("[Docking]\nRelease=clear\n")
        self.station.start()
        clip = open(next(p for n, p in samples().items() if n.endswith(".mp4")), "rb").read()
        digests = []
        for n, mark in enumerate((b"first...", b"second..", b"second..")):
            folder = self.recorder_folder("a", {"VID0001.mp4": clip + (16).to_bytes(4, "big") + b"free" + mark})
            os.utime(os.path.join(folder, "VID0001.mp4"), (0, 0))
            digests.append(sha256_file(os.path.join(folder, "VID0001.mp4")))
            self.plug("a", folder)
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.assertEqual(os.listdir(folder), [], "complete, so it was removed")
            self.unplug("a")
        self.assertEqual(sorted(r["sha256"] for r in self.station.footage()), sorted(digests[:2]))
        again = self.station.json("docking", "show", "3")[0]
        self.assertEqual((again["seen"], again["pulled"], again["already_held"]), (1, 0, 1))

    def test_a_recorder_without_a_serial_is_nobody(self):
        """Registering itself anew at each docking, it would have all it holds filed again each time."""
        folder = self.recorder_folder("a", {"x.bin": b"x" * 5000})
        for n, serial in enumerate(("", "0000000000", "")):
            self.plug("a", folder, serial=serial)
            refused = self.station.wait("DOCKING_REFUSED", count=n + 1)[n]
            self.assertIn("without a serial number", refused["MESSAGE"])
            self.unplug("a")
        self.assertEqual(self.station.footage(), [])
        self.assertEqual(self.station.json("recorder", "list"), [])
        alert = [a for a in self.station.json("alert", "list") if a["kind"] == "unknown-recorder"][0]
        self.assertIn("serial number of its own", alert["text"])

    def test_same_names_and_same_content_are_all_kept(self):
        folder = self.recorder_folder("a", {"100/F.bin": b"a" * 1000, "101/F.bin": b"a" * 1000, "102/F.bin": b"b" * 1000})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        rows = self.assert_all_filed(folder)
        self.assertEqual(len({r["path"] for r in rows}), 3)

    def test_hostile_names_stay_inside_the_store(self):
        folder = self.recorder_folder("a", {"ok.bin": b"ok"})
        self.plug("a", folder, fault="hostile-names")
        self.station.wait("DOCKING_RELEASED", timeout=90)
        outside = [f for f in self.files_below(self.folder) if "recdock-escape" in f]
        self.assertEqual(outside, [])
        for row in self.station.footage():
            self.assertTrue(os.path.isfile(os.path.join(self.station.store, row["path"])))
            self.assertNotIn("/../", row["path"])

    def test_texts_longer_than_their_column_are_cut_between_characters(self):
        bay = "一号采集站左侧第三排接口"
        self.station.stop()
        self.station.configure(f'[Bay "{bay}"]\nPort=1-1\n')
        self.station.start()
        self.plug("a", self.recorder_folder("a", {"ok.bin": b"ok"}), fault="hostile-names")
        self.station.wait("DOCKING_RELEASED", timeout=90)
        rows = self.station.footage()
        long = [r for r in rows if r["name"].startswith("A警警")]
        self.assertEqual(len(long), 1)
        self.assertGreater(len(long[0]["name"].encode()), 250)
        self.assertTrue(long[0]["path"].endswith("警.mp4"), "its extension was cut off")
        self.assertTrue(all(bay.startswith(r["bay"]) for r in rows))

    def test_sm3_beside_sha256_when_asked_for(self):
        self.station.stop()
        self.station.configure("")
        with open(os.path.join(self.station.configuration, "recdock.conf"), "a", encoding="utf-8") as f:
            f.write("SM3=yes\n")
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": b"abc"})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        row = self.station.footage()[0]
        # GB/T 32905-2016, A.1
        self.assertEqual(row["sm3"], "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0")

    def test_vendor_class_interface_without_lists_or_partials(self):
        folder = self.recorder_folder("a", {"a/b/c.bin": os.urandom(70000), "d.bin": b""})
        self.plug("a", folder, **{"class": "vendor"}, proplist="no", partial64="no", partial="no")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)


class Registry(StationTest):
    config = ""

    def setUp(self):
        super().setUp()
        self.station.stop()
        path = os.path.join(self.station.configuration, "recdock.conf")
        text = open(path, encoding="utf-8").read().replace("Register=auto", "Register=refuse")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.station.start()

    def test_unregistered_recorder_is_refused_alerted_then_admitted(self):
        folder = self.recorder_folder("a", {"x.bin": b"x" * 5000})
        self.plug("a", folder)
        self.station.wait("DOCKING_REFUSED")
        self.assertEqual(self.control.stats("a")["object_bytes"], 0)
        self.assertIn("unknown-recorder", [a["kind"] for a in self.station.json("alert", "list")])
        self.assertEqual(self.station.footage(), [])
        self.station.ctl("recorder", "register", "X7", "--docking", "1")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(self.station.footage()[0]["recorder"], "X7")
        self.assertNotIn("unknown-recorder", [a["kind"] for a in self.station.json("alert", "list") if not a["cleared_at"]])

    def test_retired_recorder_is_refused(self):
        self.station.ctl("recorder", "register", "X7", "--usb-serial", "SERA")
        self.station.ctl("recorder", "retire", "X7", "--reason", "broken")
        self.plug("a", self.recorder_folder("a", {"x.bin": b"x"}))
        refused = self.station.wait("DOCKING_REFUSED")[0]
        self.assertIn("retired", refused["MESSAGE"])


class Service(StationTest):
    """What the service manager and the administrator see."""

    def test_status_reload_and_stop(self):
        folder = self.recorder_folder("a", {"x.bin": b"x"})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.station.wait_notify("STATUS=1 recorder docked")
        status = self.station.json("status")
        self.assertTrue(status)
        self.station.configure('[Bay "front left"]\nPort=1-1\n')
        self.station.process.send_signal(1)
        self.station.wait_notify("RELOADING=1")
        self.station.wait("STATION_RELOADED")
        self.assertIn("front left", self.station.ctl("status").stdout)
        self.assertEqual(self.station.stop(), 0)

    def test_what_a_reload_cannot_change_is_named_and_kept(self):
        before = self.station.json("status")[0]
        path = os.path.join(self.station.configuration, "recdock.conf")
        text = open(path, encoding="utf-8").read()
        changed = text.replace("Number=S1", "Number=S2").replace(self.station.store, self.folder + "/other").replace("TimeZone=Asia/Shanghai\n", "")
        with open(path, "w", encoding="utf-8") as f:
            f.write(changed.replace("Li Wei", "Wang Fang") + "[Inspect]\nParallel=7\n")
        self.station.ctl("reload")
        self.station.wait("STATION_RELOADED")
        warnings = [r["MESSAGE"] for r in self.station.log.records if "next start" in r["MESSAGE"]]
        for key in ("Number=", "Path=", "TimeZone=", "Parallel="):
            self.assertEqual(len([w for w in warnings if key in w]), 1, (key, warnings))
        after = self.station.json("status")[0]
        self.assertEqual(after["store"]["path"], before["store"]["path"])
        self.assertEqual(after["station"] | {"now": 0}, before["station"] | {"now": 0, "custodian": "Wang Fang"})
        self.plug("a", self.recorder_folder("a", {"x.bin": b"x"}))
        self.station.wait("DOCKING_RELEASED")
        self.assertFalse(os.path.exists(self.folder + "/other"))
        self.assertEqual(self.station.stop(), 0)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        self.station.start()

    def test_bad_value_at_reload_keeps_the_default_and_says_so(self):
        self.station.configure("[Docking]\nWarnTimeout=soon\n")
        self.station.ctl("reload")
        self.station.wait("STATION_RELOADED")
        self.station.log.read()
        self.assertTrue(any("WarnTimeout" in r["MESSAGE"] and "soon" in r["MESSAGE"] for r in self.station.log.records))

    def test_restart_while_docked_goes_on(self):
        folder = self.recorder_folder("a", {f"{n}.bin": os.urandom(20000) for n in range(20)})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.station.stop()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", count=2)
        self.assert_all_filed(folder)


class BadInput(StationTest):
    start_station = False

    def run_daemon(self, *args):
        return subprocess.run(
            [os.path.join(BUILD, "daemon/recdockd"), *args],
            env=self.station.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def test_check_config_names_file_line_key_and_expectation(self):
        self.station.configure("[Docking]\nWarnTimeout=soon\n[Nowhere]\nX=1\n")
        result = self.run_daemon("--check-config")
        self.assertEqual(result.returncode, 1)
        self.assertIn("WarnTimeout", result.stderr)
        self.assertIn("Nowhere", result.stderr)
        self.assertRegex(result.stderr, r"recdock\.conf:\d+")

    def test_good_configuration(self):
        self.assertEqual(self.run_daemon("--check-config").returncode, 0)

    def test_no_custodian_refuses_to_start(self):
        with open(os.path.join(self.station.configuration, "recdock.conf"), "w", encoding="utf-8") as f:
            f.write(f"[Station]\nNumber=S1\n[Store]\nPath={self.station.store}\n")
        result = self.run_daemon()
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("Custodian", result.stderr)
        self.assertFalse(os.path.exists(self.station.store))

    def test_unknown_option(self):
        result = self.run_daemon("--frobnicate")
        self.assertEqual(result.returncode, 2)
        self.assertIn("frobnicate", result.stderr)

    def test_damaged_catalogue_is_left_alone(self):
        path = os.path.join(self.station.state, "catalogue.sqlite")
        with open(path, "wb") as f:
            f.write(b"this is no database" * 1000)
        before = sha256_file(path)
        result = self.run_daemon("--log=console")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("damaged", result.stderr)
        self.assertEqual(sha256_file(path), before)

    def test_missing_store_is_not_made_anew(self):
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": b"x"})
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.station.stop()
        moved = self.station.store + ".unmounted"
        shutil.move(self.station.store, moved)
        os.mkdir(self.station.store)
        result = self.run_daemon("--log=console")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("mounted", result.stderr)
        self.assertEqual(os.listdir(self.station.store), [])
        os.rmdir(self.station.store)
        shutil.move(moved, self.station.store)
        self.station.start()
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_no_daemon(self):
        result = self.station.ctl("list", check=False)
        self.assertEqual(result.returncode, 3)
        self.assertEqual(result.stdout, "")
        self.assertTrue(result.stderr)

    def test_bad_filters(self):
        self.station.start()
        for args, word in (
            (["list", "--from", "someday"], "someday"),
            (["list", "--verdict", "lovely"], "lovely"),
            (["list", "--sha256", "xyz"], "xyz"),
            (["show", "99999"], "99999"),
            (["frobnicate"], "frobnicate"),
            (["list", "--colour", "red"], "colour"),
            (["docking", "show", "0"], "0"),
        ):
            result = self.station.ctl(*args, check=False)
            self.assertNotEqual(result.returncode, 0, args)
            self.assertEqual(result.stdout, "", args)
            self.assertIn(word, result.stderr, args)


if __name__ == "__main__":
    tap.main("__main__")
