#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Alerts with the whole station: told once, answered by people, told again when nobody does, and handed on to hooks of the site."""

import json
import os
import re
import socket
import subprocess

import tap
from testbed import BUILD, StationTest

PORT = "[Bay \"9\"]\nPort=1-1\n"
# What a hook gets, one line for each run.
WRITES = """#!/bin/sh
[ $# = 0 ] || exit 1
printf '%s|' "$RECDOCK_ALERT_STATE" "$RECDOCK_ALERT_ID" "$RECDOCK_ALERT_KIND" "$RECDOCK_ALERT_SEVERITY" "$RECDOCK_ALERT_SUBJECT" \\
    "$RECDOCK_ALERT_COUNT" "$RECDOCK_ALERT_SINCE" "$RECDOCK_ALERT_TEXT" "$RECDOCK_ALERT_NOTE" "$RECDOCK_STATION" >>{0}.new
echo >>{0}.new
cp {0}.new {0}.tmp && mv {0}.tmp {0}
"""


def kinds():
    path = os.path.join(os.environ["RECDOCK_SOURCE"], "lib/catalogue/alert_kind.h")
    with open(path, encoding="utf-8") as f:
        return dict(re.findall(r'X\("([a-z-]+)", \w+,\s*"([0-9a-f]{32})"', f.read()))


class AlertTest(StationTest):
    def overdue(self, number="R1"):
        """An alert that the station watches itself. Returns its row."""
        self.station.ctl("recorder", "register", number, "--usb-serial", f"SER{number}")
        self.station.ctl("return", number, "--at", "-25h")
        self.station.wait("ALERT_RAISED", alert="offload-overdue")
        return self.rows("offload-overdue")[0]

    def rows(self, kind, *more):
        return self.station.json("alert", "list", f"--kind={kind}", *more)

    def refused(self, code, *words):
        result = self.station.ctl("alert", *words, check=False)
        self.assertEqual((result.returncode, result.stdout), (code, ""))
        return result.stderr


class Life(AlertTest):
    config = "[Station]\nRegister=refuse\n" + PORT

    def test_log_has_what_it_is(self):
        row = self.overdue()
        entry = self.station.log.find("ALERT_RAISED")[0]
        self.assertEqual(entry["MESSAGE_ID"], kinds()["offload-overdue"])
        fields = {k[14:]: v for k, v in entry.items() if k.startswith("RECDOCK_ALERT_")}
        self.assertEqual(fields, {"ID": str(row["id"]), "STATE": "raised", "SEVERITY": "error", "SUBJECT": "recorder/R1",
                                  "SINCE": row["since"], "COUNT": "1"})
        self.assertEqual((entry["PRIORITY"], entry["RECDOCK_RECORDER"]), ("3", "R1"))

    def test_station_clears_what_it_watches(self):
        row = self.overdue()
        said = self.refused(6, "clear", str(row["id"]), "--reason=it will come")
        self.assertIn("the station clears it itself when the recorder is exported or was given more time", said)
        self.station.ctl("alert", "ack", str(row["id"]), "--note=王强 looks for it")
        self.assertEqual(self.rows("offload-overdue")[0]["note"], "王强 looks for it")
        self.station.ctl("extend", "R1", "--until=+2d", "--reason=remote-area", "--approver=赵六")
        self.station.wait("ALERT_CLEARED", alert="offload-overdue")
        self.assertEqual(self.rows("offload-overdue"), [])
        row = self.station.json("alert", "show", str(row["id"]))[0]
        self.assertEqual((row["cleared_by"], row["reason"]), ("recdockd", "its cause is gone"))
        acts = [(e["act"], "uid=" in e["actor"]) for e in self.station.json("ledger", "list", f"--subject=alert/{row['id']}")]
        self.assertEqual(acts, [("alert.cleared", False), ("alert.acknowledged", True)])
        self.assertEqual(self.station.ctl("verify").returncode, 0)

    def test_person_clears_and_it_may_come_again(self):
        folder = self.recorder_folder("a", {"a.bin": os.urandom(5000)})
        for count in (1, 2):
            self.plug("a", folder)
            self.station.wait("DOCKING_REFUSED", count=count)
            self.unplug("a")
            self.station.wait("DOCKING_UNPLUGGED", count=count)
        rows = self.rows("unknown-recorder")
        self.assertEqual([(r["count"], r["severity"]) for r in rows], [(2, "warning")])
        self.assertEqual(len(self.station.log.find("ALERT_RAISED", alert="unknown-recorder")), 1, "counted, not told")
        self.station.ctl("alert", "clear", str(rows[0]["id"]), "--reason=a visitor's telephone")
        cleared = self.station.wait("ALERT_CLEARED", alert="unknown-recorder")[0]
        self.assertIn("a visitor's telephone", cleared["MESSAGE"])
        self.assertIn("was cleared at", self.refused(6, "clear", str(rows[0]["id"]), "--reason=x"))
        self.plug("a", folder)
        self.station.wait("ALERT_RAISED", alert="unknown-recorder", count=2)
        again = self.rows("unknown-recorder", "--all")
        self.assertEqual([r["count"] for r in again], [1, 2])
        self.refused(5, "ack", "99")
        self.assertIn("no alert '99'", self.refused(5, "ack", str(again[0]["id"]), "99"))
        self.assertIsNone(self.rows("unknown-recorder")[0]["acknowledged_at"], "all of them or none")

    def test_watch(self):
        watch = subprocess.Popen([os.path.join(BUILD, "cli/recdockctl"), "alert", "watch", "--json"], env=self.station.environment(),
                                 stdout=subprocess.PIPE, text=True)
        with watch, watch.stdout:
            # The first line can only come when it listens: what comes before is among the open ones.
            row = self.overdue()
            first = json.loads(watch.stdout.readline())
            self.assertEqual((first["id"], first["state"], first["severity"]), (row["id"], "raised", "error"))
            self.station.ctl("alert", "ack", str(row["id"]))
            second = json.loads(watch.stdout.readline())
            self.assertEqual((second["id"], second["state"]), (row["id"], "acknowledged"))
            watch.terminate()


class Escalation(AlertTest):
    config = "[Alert]\nEscalateAfter=1s\n"

    def test_once_and_more_urgent(self):
        row = self.overdue()
        entry = self.station.wait("ALERT_ESCALATED", alert="offload-overdue")[0]
        self.assertEqual((entry["PRIORITY"], entry["RECDOCK_ALERT_STATE"]), ("2", "escalated"))
        self.assertIsNotNone(self.station.json("alert", "show", str(row["id"]))[0]["escalated_at"])
        self.station.stop()
        self.station.start()
        # Another one that comes after it has been escalated when this one would have been again.
        self.station.ctl("recorder", "register", "R2", "--usb-serial", "SERB")
        self.station.ctl("return", "R2", "--at", "-25h")
        entries = self.station.wait("ALERT_ESCALATED", count=2)
        self.assertEqual([e["RECDOCK_ALERT_SUBJECT"] for e in entries], ["recorder/R1", "recorder/R2"])

    def test_while_the_station_was_off(self):
        self.station.stop()
        self.station.configure("[Alert]\nEscalateAfter=0\n")
        self.station.start()
        self.overdue()
        self.station.stop()
        self.station.configure(self.config)
        self.station.start()
        self.station.wait("ALERT_ESCALATED", alert="offload-overdue")


class Hooks(AlertTest):
    config = "[Station]\nRegister=refuse\n"

    def setUp(self):
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.path = f"{os.environ['RECDOCK_TEST_DIR']}/alert-{self.id().split('.')[-1]}"[:100]
        self.listener.bind(self.path)
        self.listener.listen(256)
        os.environ["RECDOCK_ALERT_SOCKET"] = self.path
        self.runner = None
        super().setUp()
        self.hooks = [os.path.join(self.folder, name) for name in ("etc-hooks", "lib-hooks")]
        for folder in self.hooks:
            os.mkdir(folder)
        self.written = os.path.join(self.folder, "written")

    def tearDown(self):
        del os.environ["RECDOCK_ALERT_SOCKET"]
        self.end_hooks()
        self.listener.close()
        os.unlink(self.path)
        super().tearDown()

    def hook(self, name, script, folder=0):
        path = os.path.join(self.hooks[folder], name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(script)
        os.chmod(path, 0o755)

    def run_hooks(self, *options):
        """As systemd starts it: the socket is its descriptor 3."""
        program = os.path.join(BUILD, "daemon/alert/recdock-alert")
        self.runner = subprocess.Popen(
            ["/bin/sh", "-c", f'exec 3<&{self.listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh", program,
             f"--hooks={':'.join(self.hooks)}", "--idle=60", *options],
            pass_fds=[self.listener.fileno()], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
            env=self.station.environment(JOURNAL_STREAM=""))

    def end_hooks(self):
        """Returns what the runner has logged."""
        if not self.runner:
            return None
        self.runner.terminate()
        said = self.runner.communicate()[1]
        self.runner = None
        return said

    def told(self, count):
        """The first runs of the hook, as lists of what it got."""
        def there():
            if not os.path.exists(self.written):
                return []
            with open(self.written, encoding="utf-8") as f:
                return [line.split("|")[:-1] for line in f.read().splitlines()]
        self.station.until(lambda: len(there()) >= count)
        return there()

    def test_called_with_the_alert(self):
        self.hook("50-write", WRITES.format(self.written))
        self.run_hooks()
        row = self.overdue()
        raised = self.told(1)[0]
        self.assertEqual(raised, ["raised", str(row["id"]), "offload-overdue", "error", "recorder/R1", "1", row["since"], row["text"], "",
                                  "S1"])
        self.station.ctl("alert", "ack", str(row["id"]), "--note=$(reboot) '王强'")
        self.station.ctl("extend", "R1", "--until=+2d", "--reason=remote-area", "--approver=赵六")
        told = self.told(3)
        self.assertEqual([t[0] for t in told], ["raised", "acknowledged", "cleared"])
        self.assertEqual([t[8] for t in told], ["", "$(reboot) '王强'", "its cause is gone"])

    def test_bad_ones_disturb_nobody(self):
        self.hook("10-fails", "#!/bin/sh\nexit 5\n")
        self.hook("20-hangs", "#!/bin/sh\nsleep 1000\n")
        self.hook("30-is-nothing", "nothing")
        self.hook("90-write", WRITES.format(self.written), folder=1)
        self.run_hooks("--timeout=1")
        self.overdue()
        self.told(1)
        self.assertEqual(self.station.json("status")[0]["alerts_open"], 1)
        said = self.end_hooks()
        for piece in ("10-fails' failed with exit status 5", "20-hangs' took longer than 1 s", "30-is-nothing' cannot be started"):
            self.assertIn(piece, said)

    def test_what_waits_is_told_when_the_runner_comes(self):
        self.hook("50-write", WRITES.format(self.written))
        row = self.overdue()
        self.station.ctl("alert", "ack", str(row["id"]))
        self.run_hooks()
        self.assertEqual([t[0] for t in self.told(2)], ["raised", "acknowledged"])

    def test_wrong_command_lines(self):
        program = os.path.join(BUILD, "daemon/alert/recdock-alert")
        for words, piece in ((["--timeout=0"], "--timeout='0': expected a number of seconds from 1 to 3600"),
                             (["--idle=soon"], "--idle='soon'"), (["word"], "unexpected argument 'word'"),
                             ([], "no socket was passed"), (["--colour"], "colour")):
            result = subprocess.run([program, *words], capture_output=True, text=True, check=False, env=self.station.environment())
            self.assertEqual(result.returncode, 2)
            self.assertIn(piece, result.stderr)
        self.assertIn("--hooks", subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    tap.main("__main__")
