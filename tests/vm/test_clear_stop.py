#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clearing that is cut short: nothing stays mounted or writable, nobody takes the disk meanwhile, and what is not known is not
claimed."""

from clear_case import ClearCase
from station import is_event, main

MANY = 40  # more than the 32 that recdockd asks for at once

# The unit does not end before it may.
HOLD = '''mkdir -p /run/systemd/system/recdock-clear@.service.d
printf '[Service]\\nExecStopPost=/bin/sh -c "while [ -e /run/hold ]; do sleep 0.2; done"\\n' \\
    >/run/systemd/system/recdock-clear@.service.d/hold.conf
touch /run/hold
'''


class ClearStop(ClearCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.station.run('systemctl start recdock-clear.socket')

    def test_1_killed_half_way(self):
        """Nothing stays mounted, the disk is read-only again, and what is not known is not claimed."""
        type(self).many = self.image('many', 'fat32', {f'DCIM/{n:03}.jpg': ('photo.jpg', -1) for n in range(MANY)})
        self.station.run(HOLD)
        events = self.stop_helper(self.many, 'MANY')
        self.assertEqual((set(self.flags()), self.mounts(), self.driver(), self.locked()), ({'0'}, '', 'usb-storage', True))
        self.signal_helper('KILL')
        self.station.wait_until('! grep -qx 0 /sys/class/block/sd*/ro', 60)
        self.assertTrue(self.locked(), 'systemd keeps the lock until the unit has ended')
        self.station.run('rm /run/hold /run/systemd/system/recdock-clear@.service.d/hold.conf; systemctl daemon-reload')
        self.end(events)
        self.check_left_alone()
        self.assertFalse(self.locked())
        docking = self.station.dockings()[-1]
        outcomes = self.removals(docking['docking'])
        self.assertEqual((set(outcomes.values()), len(outcomes)), ({'unknown'}, 32))
        self.assertEqual(self.open_alerts('clearing-mismatch'), [])
        self.unplug()
        left = self.names(self.many)
        self.say(f'{MANY - len(left)} of {len(outcomes)} were removed before it was killed')
        self.assertTrue(MANY - 32 < len(left) < MANY, len(left))
        self.assertEqual(docking['removed'], MANY - len(left))
        self.check_volume(self.many, ['fsck.fat', '-n'])

    def test_2_recdockd_killed_half_way(self):
        """Its successor finds the recorder still docked: its worker waits until recdock-clear has ended."""
        self.stop_helper(self.many, 'MANY').close()
        first = self.station.dockings()[-1]['docking']
        events = self.station.events()
        self.station.run('systemctl kill --signal=KILL --kill-whom=main recdockd')
        self.station.wait_until('grep -qsx recdock-offload /proc/[0-9]*/comm', 60)
        self.assertEqual((self.locked(), self.driver(), set(self.flags())), (True, 'usb-storage', {'0'}))
        self.assertEqual(self.station.dockings()[-1]['state'], 'plugged')
        self.signal_helper('CONT')
        self.end(events)
        self.check_left_alone()
        self.assertEqual(set(self.removals(first).values()), {'unknown'})
        last = self.station.dockings()[-1]
        self.assertGreater(last['docking'], first)
        self.assertEqual(set(self.removals(last['docking']).values()), {'ok'})
        self.unplug()
        self.assertEqual(self.names(self.many), [])
        self.check_volume(self.many, ['fsck.fat', '-n'])

    def test_3_recdockd_restarted_half_way(self):
        """It waits for what is asked for: all of that is known, the rest is for the next docking."""
        path = self.image('again', 'fat32', {f'DCIM/{n:03}.jpg': ('photo.jpg', -1) for n in range(MANY)})
        self.stop_helper(path, 'MANY').close()
        first = self.station.dockings()[-1]['docking']
        events = self.station.events()
        self.station.run('systemctl --no-block restart recdockd')
        events.wait(is_event('STATION_STOPPING'), 60)
        self.signal_helper('CONT')
        self.end(events)
        self.check_left_alone()
        outcomes = self.removals(first)
        self.assertEqual((set(outcomes.values()), len(outcomes)), ({'ok'}, 32))
        self.assertEqual(set(self.removals(self.station.dockings()[-1]['docking']).values()), {'ok'})
        self.unplug()
        self.assertEqual(self.names(path), [])
        self.check_volume(path, ['fsck.fat', '-n'])


if __name__ == '__main__':
    main()
