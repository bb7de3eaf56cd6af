#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder that stalls, lies, babbles or vanishes: the outcome a user would want, in bounded time."""

import os
import signal
import time

import tap
from faults_case import GET_OBJECT, FileFaultsTest
from testbed import sha256_file


class Faults(FileFaultsTest):
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

    def test_busy_for_a_while(self):
        self.recovers_from("busy,times=3")

    def test_wrong_transaction_id_once(self):
        self.recovers_from("transaction")

    def test_stale_responses(self):
        self.recovers_from("stale,value=3")

    def test_garbage_container_once(self):
        self.recovers_from("garbage")

    def test_silence_in_the_middle(self):
        self.recovers_from(f"silence,op={GET_OBJECT},object=big.bin,at=1000000")

    def test_an_answer_that_is_late(self):
        self.recovers_from(f"delay,op={GET_OBJECT},object=a.bin,value=2500")
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])
        self.assertEqual(self.control.stats("a")["faults"]["delay"], 1, "asked once, waited for it")

    def test_every_answer_is_late(self):
        self.recovers_from("delay,value=300,times=always")
        self.assertEqual(self.station.log.find("WORKER_KILLED"), [])

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

    @staticmethod
    def jpeg():
        samples = os.environ["RECDOCK_SAMPLES"]
        return os.path.join(samples, next(n for n in os.listdir(samples) if n.endswith(".jpg")))


if __name__ == "__main__":
    tap.main("__main__")
