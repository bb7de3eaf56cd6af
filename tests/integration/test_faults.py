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
    """Cheap recorders share one serial: to the station they are one recorder, whose dockings take turns."""

    def plug_some(self, n):
        folders = [self.recorder_folder(f"r{i}", {"x.bin": os.urandom(600000 + i)}) for i in range(n)]
        for i, folder in enumerate(folders):
            self.plug(f"r{i}", folder, port=f"1-{i + 1}", serial="SAME", rate=400000)
            self.station.wait("DOCKING_IDENTIFIED", count=i + 1)
        return folders

    def test_three_at_once_take_turns(self):
        folders = self.plug_some(3)
        self.station.wait("DOCKING_RELEASED", count=3)
        wanted = {sha256_file(os.path.join(f, "x.bin")) for f in folders}
        self.assertEqual({r["sha256"] for r in self.station.footage()}, wanted)
        self.assertIn("shared-serial", [a["kind"] for a in self.station.json("alert", "list")])

    def test_worker_killed_while_it_waits_its_turn(self):
        self.plug_some(2)
        first, second = sorted(self.station.workers())
        os.kill(second, signal.SIGKILL)
        self.station.wait("WORKER_DIED")
        os.kill(first, signal.SIGKILL)  # the turn comes to one that has no worker just now
        self.station.wait("DOCKING_RELEASED", count=2)


class HostFaults(StationTest):
    """What this host could not file is not lost, and does not wait for a restart."""

    config = "[Docking]\nWarnTimeout=2s\nKillTimeout=5s\n"

    def test_inspect_worker_that_hangs_is_killed(self):
        self.station.wait("STATION_READY")
        for pid in self.station.workers("recdock-inspect"):
            os.kill(pid, signal.SIGSTOP)
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000)})
        self.plug("a", folder)
        self.station.wait("WORKER_KILLED")
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)

    def test_what_could_not_be_filed_is_filed_at_the_next_docking(self):
        obstacle = os.path.join(self.station.store, "store", "unassigned")
        open(obstacle, "w", encoding="utf-8").close()
        folder = self.recorder_folder("a", {"x.bin": os.urandom(300000), "y.bin": os.urandom(1000)})
        self.plug("a", folder)
        self.station.wait("DOCKING_FAILED")
        self.assertEqual(self.station.footage(), [])
        self.unplug("a")
        os.unlink(obstacle)
        self.plug("a", folder)
        self.station.wait("DOCKING_RELEASED")
        self.assert_all_filed(folder)
        self.assertEqual(self.control.stats("a")["object_bytes"], 0, "it was here already")


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

    def fails_but_keeps_the_rest(self, fault, timeout=120):
        """One object cannot be had: the others are filed, the docking says that it failed, nothing false is filed."""
        self.plug("a", self.recorder, fault=fault)
        self.station.wait("DOCKING_FAILED", timeout=timeout)
        digests = {sha256_file(os.path.join(self.recorder, name)) for name in self.files}
        rows = self.station.footage()
        self.assertLessEqual({r["sha256"] for r in rows}, digests)
        self.assertGreaterEqual(len(rows), 2)
        self.assertIn("docking-failed", [a["kind"] for a in self.station.json("alert", "list")])

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
        part = os.path.join(self.station.store, "incoming/1")
        self.station.wait("FOOTAGE_FILED")
        self.wait_for(lambda: any(os.path.getsize(os.path.join(part, n)) > 300000 for n in os.listdir(part)))
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

    def wait_any(self, *events, timeout):
        end = time.monotonic() + timeout * SLOW
        while time.monotonic() < end:
            self.station.log.read()
            for event in events:
                if found := self.station.log.find(event):
                    return found
            select.select([], [], [], 0.05)
        return None


if __name__ == "__main__":
    tap.main("__main__")
