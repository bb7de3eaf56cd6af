#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Deadlines by the clock of a real machine: one that passes while it is off, and a clock that is set while it runs."""

import datetime

from station import StationCase, alert_ids, main

OFF, SECOND = 'R-off', 'R-second'


class Deadline(StationCase):
    @classmethod
    def make_cards(cls, cache):
        """Nothing is plugged in: no event of a device wakes the daemon."""

    def alerts(self, kind):
        """Open ones, by recorder."""
        rows = self.station.json(f'recdockctl alert list --kind={kind} --json')
        return {row['subject'].removeprefix('recorder/'): row for row in rows}

    def told(self, kind):
        """How often the journal has told that one was raised, in all boots."""
        return [entry['RECDOCK_ALERT_SUBJECT'].removeprefix('recorder/') for entry in self.entries(kind)
                if entry['RECDOCK_ALERT_STATE'] == 'raised']

    def entries(self, kind):
        found = self.station.json(f"journalctl -o json _SYSTEMD_UNIT=recdockd.service MESSAGE_ID={alert_ids()[kind]}")
        return found if isinstance(found, list) else [found]

    def boot_again(self, **later):
        """Shuts down, and starts with the clock of the hardware moved on by so much."""
        self.station.shut_down()
        self.station.clock_shift += datetime.timedelta(**later)
        self.station.start()
        self.station.wait_until('recdockctl status', 60)

    def look_again(self):
        """Has the deadline clock look once more: new settings may have moved every deadline."""
        self.station.run('recdockctl reload')

    def set_clock(self, seconds, count):
        """As an administrator does. Returns the alert as it is when that many jumps are counted."""
        self.station.run(f'date --set=@$(($(date +%s) + {seconds}))')
        # The next deadline and the next escalation are hours away: without word of the kernel nothing would be seen by now.
        self.station.wait_until(f"recdockctl alert list --kind=clock-jump --json | grep -q '\"count\":{count}'", 20)
        self.look_again()
        jump = self.alerts('clock-jump')['station']
        self.assertEqual(jump['count'], count, 'one jump is one')
        return jump['text']

    def test_1_missed_while_off(self):
        run = self.station.run
        for number in (OFF, SECOND):
            run(f'recdockctl recorder register {number} --usb-serial={number}')
        run(f'recdockctl return {OFF}')
        self.assertEqual(self.alerts('offload-overdue'), {})
        self.boot_again(hours=25)
        self.station.wait_until('recdockctl alert list --kind=offload-overdue --json | grep -q offload-overdue', 20)
        alert = self.alerts('offload-overdue')[OFF]
        self.assertEqual(alert['count'], 1)
        self.assertEqual(self.told('offload-overdue'), [OFF])
        self.say(alert['text'])

    def test_2_not_again(self):
        before = self.alerts('offload-overdue')
        self.boot_again()
        self.look_again()
        self.assertEqual(self.alerts('offload-overdue'), before)
        self.assertEqual(self.told('offload-overdue'), [OFF])
        self.assertEqual(self.alerts('clock-jump'), {}, 'a station that was off for a day has seen no jump')

    def test_3_set_back_an_hour(self):
        self.station.run(f'recdockctl return {SECOND} --at=-2h')
        before = self.alerts('offload-overdue')
        self.assertIn('went back by ', self.set_clock(-3600, 1))
        self.assertEqual(self.alerts('offload-overdue'), before, 'neither told again nor taken back')

    def test_4_set_forward_a_day(self):
        before = self.alerts('offload-overdue')
        self.assertIn('went forward by ', self.set_clock(86400, 2))
        overdue = self.alerts('offload-overdue')
        # It is escalated by now, which is another matter.
        for key in ('id', 'since', 'count'):
            self.assertEqual(overdue[OFF][key], before[OFF][key])
        self.assertEqual(overdue[SECOND]['count'], 1)
        self.assertEqual(sorted(overdue), [OFF, SECOND])
        self.assertEqual(self.told('offload-overdue'), [OFF, SECOND])


if __name__ == '__main__':
    main()
