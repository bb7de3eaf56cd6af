#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""An alert in the journal with its fields and its text in both languages, and at a hook of the site that systemd starts."""

import re

import card
from station import StationCase, alert_ids, main

FORWARDS = r'''#!/bin/sh
{ echo called; id -u; env | grep ^RECDOCK_ | sort; ls /var/lib/recdock; } 2>&1 | systemd-cat -t alert-hook
'''


class Alert(StationCase):
    @classmethod
    def make_cards(cls, cache):
        """Nothing is plugged in: what never comes is alerted too."""

    def failure_report(self):
        return super().failure_report() + self.station.call('systemctl status --no-pager recdock-alert.socket recdock-alert.service;'
                                                            'journalctl --no-pager -n 40 -o short-precise -u recdock-alert -t alert-hook')[1].splitlines()

    def hook_said(self, state, also):
        """What the hook found when it was called for this state."""
        self.station.wait_until(f"journalctl -o cat -t alert-hook | grep -A99 '^RECDOCK_ALERT_STATE={state}$' | grep -q '{also}'", 30)
        text = self.station.run('journalctl -o cat -t alert-hook')
        runs = re.split(r'^(?=called$)', text, flags=re.MULTILINE)
        return next(run for run in runs if f'RECDOCK_ALERT_STATE={state}\n' in run)

    def test_1_raised(self):
        run = self.station.run
        run(f"cat >/etc/recdock/alert.d/50-forward <<'EOF'\n{FORWARDS}EOF\nchmod 755 /etc/recdock/alert.d/50-forward")
        self.assertEqual(run('systemctl is-active recdock-alert.socket').strip(), 'active')
        self.assertEqual(run('stat -c "%U %a" /run/recdock-alert').strip(), 'recdock 600')
        run(f'recdockctl recorder register {card.RECORDER} --usb-serial={card.RECORDER}')
        run(f'recdockctl return {card.RECORDER} --at=-25h')
        journal = f"journalctl -o json _SYSTEMD_UNIT=recdockd.service MESSAGE_ID={alert_ids()['offload-overdue']}"
        self.station.wait_until(f'{journal} | grep -q offload-overdue', 30)
        entry = self.station.json(journal)
        row = self.station.json('recdockctl alert list --json')[0]
        fields = {k: v for k, v in entry.items() if k.startswith('RECDOCK_') or k == 'PRIORITY'}
        self.assertEqual(fields, {'PRIORITY': '3', 'RECDOCK_ALERT': 'offload-overdue', 'RECDOCK_ALERT_ID': str(row['id']),
                                  'RECDOCK_ALERT_STATE': 'raised', 'RECDOCK_ALERT_SEVERITY': 'error',
                                  'RECDOCK_ALERT_SUBJECT': f'recorder/{card.RECORDER}', 'RECDOCK_ALERT_SINCE': row['since'],
                                  'RECDOCK_ALERT_COUNT': '1', 'RECDOCK_RECORDER': card.RECORDER})

    def test_2_explained_in_both_languages(self):
        explain = f"journalctl --no-pager -x -o short RECDOCK_ALERT=offload-overdue MESSAGE_ID={alert_ids()['offload-overdue']}"
        english = self.station.run(f'LANG=C.UTF-8 {explain}')
        self.assertIn(f'recorder/{card.RECORDER} has missed the deadline of its export', english)
        self.assertIn('The regulation gives 24 hours', english)
        chinese = self.station.run(f'LANG=zh_CN.UTF-8 {explain}')
        self.assertIn(f'recorder/{card.RECORDER} 已超过导出时限', chinese)
        self.assertIn('规定要求在归还后 24 小时内导出', chinese)

    def test_3_hook_was_called(self):
        row = self.station.json('recdockctl alert list --json')[0]
        said = self.hook_said('raised', 'ls: ')
        for line in ('RECDOCK_ALERT_KIND=offload-overdue', 'RECDOCK_ALERT_SEVERITY=error', f'RECDOCK_ALERT_ID={row["id"]}',
                     f'RECDOCK_ALERT_SUBJECT=recorder/{card.RECORDER}', f'RECDOCK_ALERT_SINCE={row["since"]}', 'RECDOCK_ALERT_COUNT=1',
                     f'RECDOCK_ALERT_TEXT={row["text"]}', 'RECDOCK_STATION=C3301-01'):
            self.assertIn(line + '\n', said)
        self.assertGreaterEqual(int(said.split('\n')[1]), 61184, 'a user that exists while it runs')
        self.assertIn('ls: cannot open directory', said, 'the station\'s files are none of its business')
        self.say(self.station.run('systemd-analyze security --no-pager recdock-alert.service | tail -n 1').strip())

    def test_4_answered(self):
        run = self.station.run
        number = str(self.station.json('recdockctl alert list --json')[0]['id'])
        run(f"recdockctl alert ack {number} --note='陈静 asks'")
        self.assertIn('RECDOCK_ALERT_NOTE=陈静 asks\n', self.hook_said('acknowledged', 'RECDOCK_STATION='))
        status, said = self.station.call(f'recdockctl alert clear {number} --reason=x')
        self.assertEqual(status, 6)
        self.assertIn('the station clears it itself', said)
        run('date --set=@$(($(date +%s) + 7200))')
        self.station.wait_until("recdockctl alert list --kind=clock-jump --json | grep -q '\"clock-jump\"'", 30)
        jump = str(self.station.json('recdockctl alert list --kind=clock-jump --json')[0]['id'])
        run(f"recdockctl alert clear {jump} --reason='set by hand'")
        self.assertEqual(self.station.json('recdockctl alert list --kind=clock-jump --json'), [])
        self.assertIn('RECDOCK_ALERT_NOTE=set by hand\n', self.hook_said('cleared', 'RECDOCK_STATION='))
        acts = [row['act'] for row in self.station.json('recdockctl ledger list --json') if row['act'].startswith('alert.')]
        self.assertEqual(acts, ['alert.cleared', 'alert.acknowledged'])

    def test_5_hook_that_fails_is_logged_and_disturbs_nobody(self):
        run = self.station.run
        run("printf '#!/bin/sh\\nexit 3\\n' >/etc/recdock/alert.d/60-fails && chmod 755 /etc/recdock/alert.d/60-fails")
        run('date --set=@$(($(date +%s) - 7200))')
        self.station.wait_until("journalctl -o cat -u recdock-alert | grep -q \"60-fails' failed with exit status 3\"", 30)
        self.assertEqual(run('systemctl is-active recdockd.service').strip(), 'active')

    def test_6_timer_writes_metrics_for_a_monitor(self):
        """Here every few seconds, and also that recdockd is not there."""
        metrics = '/var/lib/prometheus/node-exporter/recdock.prom'
        often = '/run/systemd/system/recdock-metrics.timer.d'
        self.station.run(f'mkdir -p {metrics.rsplit("/", 1)[0]} {often}\n'
                         f"printf '[Timer]\\nOnCalendar=\\nOnCalendar=*:*:0/5\\n' >{often}/often.conf\n"
                         'systemctl daemon-reload; systemctl start recdock-metrics.timer')
        self.station.wait_until(f"grep -qs '^recdock_up.* 1$' {metrics}", 90)
        self.assertEqual(self.station.run(f'stat -c "%U %a" {metrics}').strip(), 'root 644')
        self.station.run('systemctl stop recdockd')
        self.station.wait_until(f"grep -qs '^recdock_up.* 0$' {metrics}", 90)
        self.assertEqual(self.station.run('systemctl show --property=Result --value recdock-metrics.service').strip(), 'success')


if __name__ == '__main__':
    main()
