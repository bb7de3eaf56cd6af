#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the package to the receipt on a real kernel, udev and systemd: unit, offload, a cable pulled half way."""

import card
from station import DOCKING_ENDS, EVENTS, OFFLOAD_TIMEOUT, STORE, StationCase, is_event, main

SECURITY_LIMIT = 18  # tenths

# One line for each process of the unit: Name, Uid, CapEff, CapBnd, NoNewPrivs, Seccomp, as the kernel orders them.
CONFINEMENT = '''
for p in $(cat /sys/fs/cgroup/system.slice/recdockd.service/cgroup.procs); do
    # awk prints nothing of a process that has just ended.
    echo $(awk '/^(Name|Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):/ {print $2}' /proc/$p/status 2>/dev/null)
done
'''


class Docking(StationCase):
    def test_01_unit_is_reloaded_stopped_and_started(self):
        station = self.station
        self.assertTrue(station.run('systemctl show -P StatusText recdockd').strip(), 'no Status: line')
        pid = station.run('systemctl show -P MainPID recdockd')
        events = station.events()
        station.run('systemctl reload recdockd')
        events.wait(is_event('STATION_RELOADED'), 30)
        self.assertEqual(station.run('systemctl show -P MainPID recdockd'), pid, 'reload started another process')
        station.run('systemctl stop recdockd')
        events.wait(is_event('STATION_STOPPING'), 30)
        self.assertEqual(station.run('systemctl show -P Result recdockd').strip(), 'success')
        station.run('systemctl start recdockd')
        events.wait(is_event('STATION_READY'), 30)
        station.run('systemctl restart recdockd && systemctl is-active recdockd')
        events.close()

    def test_02_unit_is_hardened(self):
        self.say(self.station.run('systemd-analyze --no-pager security recdockd | tail -n 1').strip())
        self.station.run(f'systemd-analyze --no-pager security --threshold={SECURITY_LIMIT} recdockd')

    def test_03_stranger_is_refused_and_not_read(self):
        self.station.register()
        events = self.station.events()
        self.station.plug('stranger', self.card.folder, 'UNKNOWN7', port=2)
        events.wait(is_event('DOCKING_REFUSED'), 60)
        self.station.unplug('stranger')
        events.wait(is_event('DOCKING_UNPLUGGED', 'DOCKING_INTERRUPTED'), 60)
        events.close()
        self.assertEqual(self.station.footage(), [])
        self.assertTrue(self.station.json('recdockctl alert list --all --json'), 'no alert was raised')

    def test_04_forty_files_with_no_hand_on_the_keyboard(self):
        events = self.station.events()
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        events.wait(is_event('WORKER_SANDBOX'), 60)
        type(self).confinement = self.station.run(CONFINEMENT)
        self.check_end(events.wait(is_event(*DOCKING_ENDS), OFFLOAD_TIMEOUT))
        events.close()
        self.check_footage()

    def test_05_receipt_counts_what_was_done(self):
        row = self.station.dockings()[-1]
        due = {'state': 'released', 'seen': 40, 'pulled': 40, 'already_held': 0, 'failed': 0, 'late': 0,
               'bytes': sum(f.size for f in self.card.files)}
        self.assertEqual({k: row[k] for k in due}, due)

    def test_06_station_log_explains_in_both_languages(self):
        for name in ('DOCKING_PLUGGED', 'DOCKING_IDENTIFIED', 'DOCKING_LISTED', 'FOOTAGE_FILED', 'DOCKING_RELEASED'):
            found = self.station.run(f'journalctl --quiet -o cat MESSAGE_ID={EVENTS[name]} RECDOCK_BAY=1')
            self.assertTrue(found.strip(), f'no {name} in the journal')
        explain = f'journalctl --quiet -x -n 1 MESSAGE_ID={EVENTS["DOCKING_RELEASED"]}'
        self.assertIn(f'Recorder {card.RECORDER} is done', self.station.run(explain))
        self.assertIn(f'执法记录仪 {card.RECORDER} 采集完毕', self.station.run(f'LC_ALL=zh_CN.UTF-8 {explain}'))

    def test_07_daemon_and_workers_hold_no_privilege(self):
        uid = self.station.run('id -u recdock').strip()
        processes = [line.split() for line in self.confinement.splitlines() if line]
        self.say(self.confinement)
        self.assertLessEqual({'recdockd', 'recdock-offload', 'recdock-inspect'}, {p[0] for p in processes})
        for name, *status in processes:
            self.assertEqual(status, [uid, '0' * 16, '0' * 16, '1', '2'], name)

    def test_08_footage_is_read_only_and_sealed(self):
        self.station.wait_no_parts()
        self.assertEqual(self.station.run(f'find {STORE}/store -type f ! -perm 0440'), '')
        self.assertEqual(self.station.unsealed(), [])
        status, _ = self.station.call(f'echo >>"$(find {STORE}/store -type f | head -n 1)"')
        self.assertNotEqual(status, 0, 'root could write to footage')

    def test_09_cable_pulled_half_way_through_a_large_file(self):
        self.station.unplug('recorder')
        large = self.card.add_large(128, 'DCIM/103/DSJ0001_J121000_%Y%m%d%H%M%S_0041.mp4')
        events = self.station.events()
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        self.station.wait_part(40, 120)
        self.station.unplug('recorder')
        events.wait(is_event('DOCKING_INTERRUPTED'), 60)
        events.close()
        self.assertEqual(len(self.station.parts('-size +40M')), 1, 'parts kept')
        self.check_end(self.station.offload('recorder', self.card.folder))
        self.check_footage()
        first, second = self.station.dockings()[-2:]
        self.say(f'{first["bytes"]} + {second["bytes"]} bytes for a file of {large.size}')
        self.assertGreater(first['bytes'], 40 << 20)
        self.assertLessEqual(first['bytes'] + second['bytes'], large.size * 1.05, 'more than 5 % was read twice')
        self.assertEqual(second['already_held'], 40)
        self.station.wait_no_parts()


if __name__ == '__main__':
    main()
