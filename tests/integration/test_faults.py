#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that stalls, lies, babbles or vanishes: the outcome a user would want, in bounded time."""

import os
import select
import signal
import time

import tap
from testbed import SLOW, StationTest, sha256_file

GET_OBJECT = "0x1009"


class SharedSerial(StationTest):
    """Cheap recorders share one serial. What cannot be told apart is never filed as one recorder's without a word."""

    def conflicts(self):
        return [a["text"] for a in self.station.json("alert", "list") if a["kind"] == "identity-conflict"]

    def test_the_first_of_three_wins(self):
        folders = [self.recorder_folder(f"r{i}", {"x.bin": os.urandom(300000 + i)}) for i in range(3)]
        self.plug("r0", folders[0], port="1-1", serial="SAME", rate=400000)
        self.station.wait("DOCKING_IDENTIFIED")
        for i in (1, 2):
            self.plug(f"r{i}", folders[i], port=f"1-{i + 1}", serial="SAME")
            refused = self.station.wait("DOCKING_REFUSED", count=i)[i - 1]
            self.assertIn("identity conflict", refused["MESSAGE"])
            self.assertEqual(self.control.stats(f"r{i}")["object_bytes"], 0)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folders[0])
        self.assertEqual(len(self.conflicts()), 1)
        self.assertEqual([d["recorder"] for d in self.station.json("docking", "list")], [None, None, "SAME"])

    def test_one_after_the_other_with_files_that_were_not_there(self):
        old = {name: self.recorder_folder(name, {f"{name}.bin": os.urandom(4000)}) for name in ("r0", "r1")}
        for name, folder in old.items():
            day = time.time() - 86400
            os.utime(os.path.join(folder, f"{name}.bin"), (day, day))
        for n, (name, folder) in enumerate(old.items()):
            self.plug(name, folder, serial="SAME")
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.assertEqual(len(self.conflicts()), n)
            self.unplug(name)
        self.assertIn("r1.bin", self.conflicts()[0])

    def test_one_after_the_other_of_two_makes(self):
        for n, model in enumerate(("A8", "A9")):
            self.plug("a", self.recorder_folder("a", {}), serial="SAME", model=model)
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.unplug("a")
        self.assertIn("A9", self.conflicts()[0])

    def test_new_recordings_are_no_conflict(self):
        folder = self.recorder_folder("a", {"x.bin": os.urandom(4000)})
        for n in range(2):
            later = time.time() + 3600 * n
            path = os.path.join(folder, f"y{n}.bin")
            with open(path, "wb") as f:
                f.write(os.urandom(300))
            os.utime(path, (later, later))
            self.plug("a", folder, clock=3600 * n)
            self.station.wait("DOCKING_RELEASED", count=n + 1)
            self.unplug("a")
        self.assertEqual(self.conflicts(), [])

    def test_plugged_again_while_its_worker_is_leaving(self):
        """Dockings of one recorder take turns: the next waits for the worker that may still write to a part."""
        folder = self.recorder_folder("a", {"x.bin": os.urandom(900000)})
        self.plug("a", folder, rate=300000)
        self.station.wait("DOCKING_LISTED")
        first = self.station.workers()[0]
        os.kill(first, signal.SIGSTOP)
        self.unplug("a")
        self.plug("a", folder, port="1-2", rate=300000)
        self.station.wait("DOCKING_IDENTIFIED", count=2)
        os.kill(next(pid for pid in self.station.workers() if pid != first), signal.SIGKILL)
        self.station.wait("WORKER_DIED")
        os.kill(first, signal.SIGKILL)  # the turn comes to one that has no worker just now
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.conflicts(), [])


class SharedSerialOfDisks(StationTest):
    kind = "exfat"

    def test_the_first_wins(self):
        folders = [self.recorder_folder(f"r{i}", {"x.bin": os.urandom(300000 + i)}) for i in range(2)]
        self.dock("r0", folders[0], port="1-1", serial="SAME", rate=400000)
        self.station.wait("DOCKING_IDENTIFIED")
        self.dock("r1", folders[1], port="1-2", serial="SAME")
        self.assertIn("identity conflict", self.station.wait("DOCKING_REFUSED")[0]["MESSAGE"])
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folders[0])


class HostFaults(StationTest):
    """What this host could not file is not lost, and does not wait for a restart."""

    config = "[Docking]\nWarnTimeout=2s\nKillTimeout=5s\n"

    def hang_inspect(self):
        self.station.until(lambda: self.station.workers("recdock-inspect"))
        for pid in self.station.workers("recdock-inspect"):
            os.kill(pid, signal.SIGSTOP)

    def test_inspect_worker_that_hangs_is_killed(self):
        self.hang_inspect()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000)})
        self.dock("a", folder)
        self.station.wait("WORKER_KILLED")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)

    def test_inspect_that_ends_at_once_is_told_of_and_given_up(self):
        self.station.stop()
        program = os.path.join(self.station.libexec, "recdock-inspect")
        real = os.readlink(program)
        os.unlink(program)
        starts = os.path.join(self.folder, "starts")
        with open(program, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\necho start >>{starts}\nexit 3\n")
        os.chmod(program, 0o755)
        self.station.start()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000)})
        self.plug("a", folder)
        self.station.wait("ALERT_RAISED", alert="inspect-failed")
        self.station.wait("DOCKING_FAILED")
        with open(starts, encoding="utf-8") as f:
            self.assertLessEqual(len(f.readlines()), 7, "slower each time")
        self.assertEqual(self.station.footage(), [])
        os.unlink(program)
        os.symlink(real, program)
        self.unplug("a")
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED", timeout=90)
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["object_bytes"], 0, "it was here already")
        self.station.wait("ALERT_CLEARED", alert="inspect-failed")

    def test_stopped_while_proving_is_interrupted_and_not_failed(self):
        self.hang_inspect()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000), "y.bin": os.urandom(3000)})
        self.plug("a", folder)
        self.station.wait("DOCKING_LISTED")
        self.station.until(lambda: self.station.json("status")[0]["store"]["proving"] == 2)
        self.assertEqual(self.station.stop(), 0)
        self.assertEqual(self.station.log.find("ITEM_FAILED"), [])
        self.station.start()
        self.station.wait("DOCKING_RELEASED")
        receipt = self.station.json("docking", "show", "1")[0]
        self.assertEqual((receipt["failed"], receipt["pulled"]), (0, 2))
        self.assertIn("interrupted", receipt["reason"])
        self.assert_all_filed(folder)

    def test_what_could_not_be_filed_is_filed_at_the_next_docking(self):
        obstacle = os.path.join(self.station.store, "store", "unassigned")
        open(obstacle, "w", encoding="utf-8").close()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000), "y.bin": os.urandom(1000)})
        self.dock("a", folder)
        self.station.wait("DOCKING_FAILED")
        self.assertEqual(self.station.footage(), [])
        self.unplug("a")
        os.unlink(obstacle)
        self.dock("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.station.json("docking", "show", "2")[0]["bytes"], 0, "it was here already")
        self.assertEqual(self.control.stats("a").get("object_bytes", 0), 0)


class HostFaultsWithDisk(HostFaults):
    kind = "fat32"


class FaultsTest(StationTest):
    """Every fault that a case plugs must have struck by its end, or the case shows nothing."""

    config = "[Docking]\nWarnTimeout=4s\nKillTimeout=12s\n"
    shapes = {"hostile-names", "cyclic", "endless-listing"}  # of the listing, from the start: they do not strike

    def setUp(self):
        super().setUp()
        self.faults = {}

    def plug(self, name, folder, **options):
        self.assert_struck(name)
        super().plug(name, folder, **options)
        self.faults[name] = options.get("fault", "").split(",")[0]

    def assert_struck(self, name):
        fault = self.faults.pop(name, "")
        if fault and fault not in self.shapes:
            self.assertIn(fault, self.control.stats(name)["faults"], "the fault never struck")

    def tearDown(self):
        try:
            for name in list(self.faults):
                self.assert_struck(name)
        finally:
            super().tearDown()


class Listing(FaultsTest):
    """The list by properties, of a product that is trusted with it: GetObjectHandles says what there is."""

    sound = {"vid": "0x18d1", "pid": "0x4ee1"}

    def setUp(self):
        super().setUp()
        self.recorder = self.recorder_folder("a", {f"DCIM/{n:02}.bin": os.urandom(20000 + 1000 * n) for n in range(12)})

    def plug_fault(self, fault):
        self.plug("a", self.recorder, fault=fault, **self.sound)

    def test_a_list_that_omits_is_not_believed(self):
        self.plug_fault("list-omits,object=05.bin")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(self.recorder)

    def test_a_list_that_omits_all_is_not_believed(self):
        self.plug_fault("list-omits")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(self.recorder)

    def assert_named_right(self):
        """No file goes under another's name: it could be another officer's."""
        names = {sha256_file(os.path.join(self.recorder, "DCIM", n)): n for n in os.listdir(os.path.join(self.recorder, "DCIM"))}
        rows = self.station.footage()
        for row in rows:
            self.assertEqual(names[row["sha256"]], row["name"])
        return rows

    def test_a_list_that_lies_names_nothing_wrongly(self):
        for fault in ("list-lies,object=05.bin", "list-lies"):
            with self.subTest(fault):
                mark = self.station.mark()
                self.plug_fault(fault)
                self.station.wait("DOCKING_RELEASED", start=mark)
                self.assert_all_filed(self.recorder)
                self.assert_named_right()
                self.unplug("a")

    def test_a_lie_between_files_of_one_size(self):
        self.recorder = self.recorder_folder("b", {f"DCIM/{n:02}.bin": os.urandom(20000) for n in range(12)})
        self.plug_fault("list-lies")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(self.recorder)
        self.assert_named_right()

    def test_sizes_of_the_list(self):
        for value, released in ((0xFFFFFFFF, True), (0, True), (1000, False)):
            with self.subTest(value):
                mark = self.station.mark()
                self.plug("a", self.recorder, serial=f"L{value}", fault=f"list-size,object=05.bin,value={value}", **self.sound)
                self.station.wait("DOCKING_RELEASED" if released else "DOCKING_FAILED", start=mark)
                rows = self.station.footage("--recorder", f"L{value}")
                self.assertEqual(len(rows), 12 if released else 11)
                self.assertEqual("05.bin" in {r["name"] for r in rows}, released)
                self.unplug("a")
        self.assert_named_right()


class Clocks(FaultsTest):
    """A recorder's clock that does not do as it is told: the docking is none the worse, and nothing false is on record."""

    config = "[Docking]\nSetClock=yes\n"

    def assert_not_set(self, sets=1, **options):
        folder = self.recorder_folder("a", {"x.bin": b"x" * 100})
        self.plug("a", folder, **options)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["clock_sets"], sets)
        acts = [e["act"] for e in self.station.json("ledger", "list")]
        self.assertIn("recorder.clock-not-set", acts)
        self.assertNotIn("recorder.clock-set", acts)
        self.assertEqual(self.station.log.find("CLOCK_SET"), [])
        self.assertIsNone(self.station.json("docking", "show", "1")[0]["clock_set_to"])

    def test_a_clock_that_is_stuck(self):
        self.assert_not_set(fault="clock-stuck", clock=780)
        self.assertIn("clock-drift", [a["kind"] for a in self.station.json("alert", "list")])

    def test_a_clock_that_runs_back(self):
        self.assert_not_set(fault="clock-back", clock=780)

    def test_a_clock_that_refuses(self):
        self.assert_not_set(sets=0, fault="refuse,op=0x1016,times=always", clock=780)


class Faults(FaultsTest):
    def setUp(self):
        super().setUp()
        self.files = {"a.bin": os.urandom(400000), "big.bin": os.urandom(3000000), "z.bin": os.urandom(5000)}
        self.recorder = self.recorder_folder("a", self.files)

    def released(self, timeout=120):
        self.station.wait("DOCKING_RELEASED", timeout=timeout)
        return self.assert_all_filed(self.recorder)

    def recovers_from(self, fault, **options):
        self.plug("a", self.recorder, fault=fault, **options)
        self.released()

    def current_name(self):
        dockings = self.station.json("status")[0]["dockings"]
        return (dockings[0]["current"] or {}).get("name") if dockings else None

    def fails_but_keeps_the_rest(self, fault, timeout=120):
        """One object cannot be had: the others are filed, the docking says that it failed, nothing false is filed."""
        self.plug("a", self.recorder, fault=fault)
        self.station.wait("DOCKING_FAILED", timeout=timeout)
        digests = {sha256_file(os.path.join(self.recorder, name)) for name in self.files}
        rows = self.station.footage()
        self.assertLessEqual({r["sha256"] for r in rows}, digests)
        self.assertGreaterEqual(len(rows), 2)
        self.assertIn("docking-failed", [a["kind"] for a in self.station.json("alert", "list")])

    def test_an_item_that_ends_its_worker_lets_the_others_through(self):
        for age, name in enumerate(("z.bin", "a.bin", "big.bin")):  # the oldest is pulled first
            then = time.time() - 7200 + age * -600
            os.utime(os.path.join(self.recorder, name), (then, then))
        self.plug("a", self.recorder, rate=150000)
        for death in range(3):
            self.station.until(lambda: self.current_name() == "big.bin")
            if death > 0:
                self.assertEqual({r["name"] for r in self.station.footage()}, {"z.bin", "a.bin"}, "the others came first")
            for pid in self.station.workers():
                os.kill(pid, signal.SIGKILL)
            self.station.wait("WORKER_DIED", count=death + 1)
        self.station.wait("DOCKING_FAILED")
        self.assertIn("1 of 3", self.station.json("docking", "show", "1")[0]["reason"])
        self.assertIn("item-stuck", [a["kind"] for a in self.station.json("alert", "list")])
        self.unplug("a")
        self.plug("a", self.recorder)
        self.released()
        self.assertEqual([a for a in self.station.json("alert", "list") if a["kind"] == "item-stuck" and not a["cleared_at"]], [])

    def test_stall_once(self):
        self.recovers_from(f"stall,op={GET_OBJECT},object=big.bin,at=1000000")

    def test_stall_always(self):
        self.fails_but_keeps_the_rest("stall,object=big.bin,at=1000000,times=always")

    def test_short_once(self):
        self.recovers_from(f"short,op={GET_OBJECT},object=big.bin,at=1500000")

    def test_short_always(self):
        self.fails_but_keeps_the_rest("short,object=big.bin,at=1500000,times=always")

    def test_babble_once(self):
        self.recovers_from(f"babble,op={GET_OBJECT},object=a.bin,value=4096")

    def test_corrupt_bytes_on_the_wire_are_filed_as_sent(self):
        # Nothing on the host can know: MTP has no checksum. What is filed is what was sent, and proved to be just that.
        self.plug("a", self.recorder, fault=f"corrupt,op={GET_OBJECT},object=z.bin,at=100")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_size_unknown_is_no_fact(self):
        for value in ("0xffffffff", "0"):
            with self.subTest(value):
                self.plug("a", self.recorder, serial=f"S{value}", fault=f"info-size,object=big.bin,value={value}", proplist="no")
                self.station.wait("DOCKING_RELEASED", count=1 + (value == "0"))
                digests = {r["sha256"] for r in self.station.footage("--name", "big.bin")}
                self.assertEqual(digests, {sha256_file(os.path.join(self.recorder, "big.bin"))})
                self.unplug("a")

    def test_size_too_small_is_an_error_not_a_truncation(self):
        self.plug("a", self.recorder, fault="info-size,object=big.bin,value=1000", proplist="no")
        self.station.wait("DOCKING_FAILED", timeout=90)
        self.assertEqual(self.station.footage("--name", "big.bin"), [])
        self.assertEqual(len(self.station.footage()), 2)

    def test_size_too_big_is_an_error_not_a_truncation(self):
        self.fails_but_keeps_the_rest("size,object=big.bin,value=4000000")

    def test_a_file_the_card_cannot_give_does_not_stop_the_rest(self):
        # GeneralError; many readings of one file must not use up the docking's steps of recovery.
        self.fails_but_keeps_the_rest(f"refuse,op={GET_OBJECT},object=a.bin,value=0x2002,times=always")
        self.assertEqual(len(self.station.footage()), 2)
        self.assertEqual([n for n in self.station.log.find("WORKER_NOTICE") if "out of step" in str(n)], [])

    def test_size_beyond_any_disk_holds_up_nobody_else(self):
        honest = self.recorder_folder("b", {f"{n}.bin": os.urandom(50000) for n in range(20)})
        self.plug("b", honest, port="1-2", rate=200000)
        self.station.wait("FOOTAGE_FILED")
        self.plug("a", self.recorder, fault=f"size,object=big.bin,value={1 << 50}")
        self.station.wait("ALERT_RAISED", alert="store-low")
        self.station.wait("DOCKING_RELEASED", docking=1)
        self.assertEqual(self.station.log.find("STORE_PAUSED"), [])

    def test_an_item_without_size_and_end_is_cut_off(self):
        self.station.configure("[Docking]\nItemMax=8M\n")
        self.station.ctl("reload")
        self.plug("a", self.recorder, proplist="no", rate=8000000, fault=self.endless("a.bin"))
        self.station.wait("DOCKING_FAILED")
        self.assertEqual({r["name"] for r in self.station.footage()}, {"big.bin", "z.bin"}, "the others came through")
        alert = [a for a in self.station.json("alert", "list") if a["kind"] == "item-endless"][0]
        self.assertIn("a.bin", alert["text"])
        self.assertEqual(self.files_below(os.path.join(self.station.store, "incoming")), [], "its part takes no room")

    def test_busy_for_a_while(self):
        self.recovers_from("busy,times=3")

    def test_busy_for_ever_ends(self):
        self.plug("a", self.recorder, fault="busy,times=always")
        self.station.wait("DOCKING_FAILED", timeout=150)
        self.assertEqual(self.station.footage(), [])

    def test_wrong_transaction_id_once(self):
        self.recovers_from("transaction")

    def test_stale_responses(self):
        self.recovers_from("stale,value=3")

    def test_stale_responses_for_ever_end(self):
        self.plug("a", self.recorder, fault="stale,value=0,times=always")
        self.station.wait("DOCKING_FAILED", timeout=150)

    def test_garbage_container_once(self):
        self.recovers_from("garbage")

    def test_silence_in_the_middle(self):
        self.recovers_from(f"silence,op={GET_OBJECT},object=big.bin,at=1000000")

    def test_silence_for_ever_ends(self):
        self.plug("a", self.recorder, fault="silence,times=always")
        self.station.wait("DOCKING_FAILED", timeout=200)
        self.assertEqual(self.station.footage(), [])

    def test_endless_data_is_cut_where_the_object_ends(self):
        self.recovers_from(f"endless-data,op={GET_OBJECT},object=a.bin,times=always")

    def test_endless_listing_ends(self):
        self.plug("a", self.recorder, fault="endless-listing")
        mark = self.station.mark()
        self.station.wait("DOCKING_IDENTIFIED", start=0)
        self.assertIsNotNone(mark)
        done = self.wait_any("DOCKING_RELEASED", "DOCKING_FAILED", timeout=150)
        self.assertTrue(done)

    def test_cyclic_folders_end(self):
        self.plug("a", self.recorder, fault="cyclic")
        self.assertTrue(self.wait_any("DOCKING_RELEASED", "DOCKING_FAILED", timeout=120))

    def test_an_answer_that_is_late(self):
        self.recovers_from(f"delay,op={GET_OBJECT},object=a.bin,value=2500")
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])
        self.assertEqual(self.control.stats("a")["faults"]["delay"], 1, "asked once, waited for it")

    def test_every_answer_is_late(self):
        self.recovers_from("delay,value=300,times=always")
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])

    def test_an_answer_that_is_too_late(self):
        # Longer than any answer is waited for: it comes in the middle of what is done about it.
        self.recovers_from(f"delay,op={GET_OBJECT},object=a.bin,value=40000")

    def test_a_cancel_that_is_ignored_does_not_hold_up_the_stop(self):
        self.plug("a", self.recorder, fault="cancel-ignored", rate=300000)
        self.station.wait("FOOTAGE_FILED")
        self.wait_for(lambda: self.greatest_part() > 300000)
        begun = time.monotonic()
        self.assertEqual(self.station.stop(), 0)
        self.assertLess(time.monotonic() - begun, 20 * SLOW)
        mark = self.station.mark()
        self.station.start()
        self.station.wait("DOCKING_RELEASED", start=mark, timeout=120)
        self.assert_all_filed(self.recorder)

    def test_endless_data_and_a_cancel_that_is_ignored(self):
        self.plug("a", self.recorder, fault=f"endless-data,op={GET_OBJECT},object=a.bin")
        self.control.send("fault a cancel-ignored")
        self.released()

    def test_unknown_handles_do_not_stop_the_rest(self):
        self.plug("a", self.recorder, fault="unknown-handles", proplist="no")
        self.assertTrue(self.wait_any("DOCKING_RELEASED", "DOCKING_FAILED", timeout=120))
        self.assertEqual(len(self.station.footage()), 3)

    def test_vanish_then_resume(self):
        self.plug("a", self.recorder, fault=f"vanish,op={GET_OBJECT},object=big.bin,at=2000000")
        self.station.wait("DOCKING_INTERRUPTED")
        self.plugged.pop("a")
        try:
            self.control.send("unplug a")
        except AssertionError:
            pass
        self.plug("a", self.recorder)
        self.released()
        read = self.control.stats("a")["objects"]
        big = next(v for k, v in read.items() if k.endswith("big.bin"))
        # What was in flight when it vanished, up to the worker's 1 MiB of reads, is read again; what had come is not.
        self.assertLess(big, 1000000 + (1 << 20), "resumed from its part")

    def test_locked_recorder_waits_for_its_operator(self):
        self.plug("a", self.recorder, locked="yes")
        self.station.wait("WORKER_NOTICE", timeout=60)
        self.assertEqual(self.station.log.find("DOCKING_RELEASED"), [])
        self.control.send("set a locked=no")
        self.released()

    def test_a_failure_before_anybody_knew_whose_it_was_is_cleared(self):
        self.plug("a", self.recorder, fault="silence,times=always")
        self.station.wait("ALERT_RAISED", alert="docking-failed", timeout=200)
        alert = [a for a in self.station.json("alert", "list") if a["kind"] == "docking-failed"][0]
        self.assertEqual(alert["subject"], "bay/1-1")
        self.unplug("a")
        self.plug("a", self.recorder)
        self.released()
        self.assertEqual([a["cleared_at"] is None for a in self.station.json("alert", "list", "--all") if a["kind"] == "docking-failed"], [False])

    def test_interface_held_by_somebody_else(self):
        self.plug("a", self.recorder, claimed="yes")
        self.station.wait("WORKER_DIED", timeout=60)
        self.control.send("set a claimed=no")
        self.released()

    def test_delete_that_lies_is_noticed(self):
        self.station.configure("[Docking]\nRelease=clear\n")
        self.station.ctl("reload")
        clip_folder = self.recorder_folder("b", {"c.jpg": self.jpeg()})
        self.plug("b", clip_folder, port="1-2", fault="delete-lies")
        self.station.wait("DOCKING_RELEASED")
        self.assertEqual(self.station.json("docking", "show", "1")[0]["removed"], 0)

    def test_slow_recorder_is_not_taken_for_dead(self):
        self.plug("a", self.recorder, rate=600000)
        self.released()
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])

    def test_packet_boundaries(self):
        for packet in (64, 512, 1024):
            with self.subTest(packet):
                folder = self.recorder_folder(
                    f"p{packet}", {f"{n}.bin": os.urandom(packet * 8 + n - 13) for n in range(0, 28)}
                )
                count = len(self.station.log.find("DOCKING_RELEASED"))
                self.plug("p", folder, serial=f"P{packet}", packet=packet)
                self.station.wait("DOCKING_RELEASED", count=count + 1)
                wanted = sorted(sha256_file(os.path.join(folder, f)) for f in os.listdir(folder))
                self.assertEqual(sorted(r["sha256"] for r in self.station.footage("--recorder", f"P{packet}")), wanted)
                self.unplug("p")

    def test_packet_boundaries_of_devices_that_bend_the_rules(self):
        # No empty packet behind whole ones, header and data in packets of their own, and sizes that nobody knows.
        unknown = {"fault": "info-size,value=0", "proplist": "no"}
        for number, options in enumerate(({"zlp": "no"}, {"split": "yes"}, {"zlp": "no", "split": "yes"}, {"zlp": "no", **unknown})):
            with self.subTest(options):
                folder = self.recorder_folder(f"b{number}", {f"{n}.bin": os.urandom(512 * 8 + n - 13) for n in range(0, 28)})
                self.plug("p", folder, serial=f"B{number}", packet=512, **options)
                self.station.wait("DOCKING_RELEASED", count=number + 1)
                wanted = sorted(sha256_file(os.path.join(folder, f)) for f in os.listdir(folder))
                self.assertEqual(sorted(r["sha256"] for r in self.station.footage("--recorder", f"B{number}")), wanted)
                self.unplug("p")

    def wait_for(self, condition, timeout=60):
        """For what is in no log."""
        end = time.monotonic() + timeout * SLOW
        while not condition():
            self.assertLess(time.monotonic(), end, "it never came to be")
            select.select([], [], [], 0.02)

    @staticmethod
    def jpeg():
        samples = os.environ["RECDOCK_SAMPLES"]
        return os.path.join(samples, next(n for n in os.listdir(samples) if n.endswith(".jpg")))


if __name__ == "__main__":
    tap.main("__main__")
