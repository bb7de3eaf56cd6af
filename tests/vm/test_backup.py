#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A backup to where a drop-in lets the hardened unit write, a machine that is emptied and restored from it, and footage that is lost and
mended."""

import os

import card
from station import STORE, StationCase, main

# A disk of its own, as far as the kernel is concerned.
BACKUP_DISK = '''
truncate -s 100M /root/backup.img
mkfs.ext4 -q /root/backup.img
mkdir /srv/backup
mount -o loop /root/backup.img /srv/backup
chown recdock: /srv/backup
chmod 0750 /srv/backup
'''
# As recdockd(8) has it.
BACKUP_DROP_IN = '''[Unit]
RequiresMountsFor=/srv/backup

[Service]
ReadWritePaths=/srv/backup
'''


class Backup(StationCase):
    @classmethod
    def make_cards(cls, cache):
        cls.card = card.Card(os.path.join(cls.folder, 'card'), cache)
        card.fill_visit(cls.card)

    def test_1_offload(self):
        self.station.register()
        self.check_end(self.station.offload('recorder', self.card.folder))
        self.station.unplug('recorder')
        self.station.wait_until('recdockctl docking list --json --limit=1 | grep -q "\\"unplugged_at\\":\\"2"', 60)
        self.station.wait_no_parts()

    def test_2_backup_goes_where_the_drop_in_says_and_nowhere_else(self):
        station = self.station
        station.run(BACKUP_DISK, 60)
        station.run("printf '[Backup]\\nTarget=/srv/backup\\n' >/etc/recdock/recdock.conf.d/backup.conf && systemctl restart recdockd")
        status, text = station.call('recdockctl backup init')
        self.assertEqual(status, 6, text)
        self.assertIn('Read-only file system', text)
        self.assertEqual(station.run('ls -A /srv/backup').split(), ['lost+found'])
        station.run("mkdir -p /etc/systemd/system/recdockd.service.d && "
                    f"cat >/etc/systemd/system/recdockd.service.d/backup.conf <<'EOF'\n{BACKUP_DROP_IN}EOF\n"
                    'systemctl daemon-reload && systemctl restart recdockd && recdockctl backup init')
        station.wait_until('recdockctl backup list --json | grep -q \'"outcome":"good"\'', 120)
        row = station.json('recdockctl backup list --json')[0]
        self.say(f'{row["generation"]}: {row["copied"]} files, {row["bytes"] >> 20} MiB')
        self.assertEqual((row['footage'], row['lacking']), (len(self.card.files), 0))
        station.run('recdockctl backup verify')
        copies = station.run('cd /srv/backup/recdock-backup && find store -type f -exec sha256sum {} +', 120).splitlines()
        self.assertEqual({line[66:]: line[:64] for line in copies}, station.digests())

    def test_3_an_emptied_machine_is_what_it_was(self):
        station = self.station
        before = (station.footage(), station.dockings(), station.digests())
        ledger = station.json('recdockctl ledger list --json --limit=1000')
        self.assertEqual(len(before[0]), len(self.card.files))
        status, text = station.call('systemctl stop recdockd && recdockd --restore=/srv/backup')
        self.assertEqual(status, 1, 'a machine that has footage was restored over')
        self.assertIn('nothing was changed', text)
        station.run(f'find {STORE} -mindepth 1 -delete && [ -z "$(ls -A {STORE})" ]')
        self.say(station.run('recdockd --restore=/srv/backup', 180).splitlines()[-1])
        station.run('systemctl start recdockd')
        self.assertEqual((station.footage(), station.dockings(), station.digests()), before)
        self.assertEqual(station.unsealed(), [])
        self.assertEqual(station.run(f'find {STORE} ! -user recdock'), '')
        station.run('recdockctl verify', 120)
        after = {e['sequence']: e for e in station.json('recdockctl ledger list --json --limit=1000')}
        restored = [e['sequence'] for e in after.values() if e['act'] == 'catalogue.restored']
        self.assertEqual(len(restored), 1)
        lost = [e for e in ledger if e['sequence'] < restored[0] and e != after[e['sequence']]]
        self.assertEqual(lost, [])

    def test_4_lost_footage_is_mended_out_of_the_backup(self):
        """recdockd could not open the file itself; what it gets is the descriptor. The copy is sealed, as all footage."""
        station = self.station
        row = max(station.footage(), key=lambda r: r['size'])
        path, copy = f'{STORE}/{row["path"]}', '/root/copy'
        station.run(f"cp '/srv/backup/recdock-backup/{row['path']}' {copy} && chmod 0600 {copy} && rm '{path}' && echo else >'{path}'")
        self.assertEqual(station.call('recdockctl verify', 120)[0], 1)
        answer = station.json(f'recdockctl mend {row["id"]} {copy} --json', 120)[0]
        self.assertEqual((answer['outcome'], answer['found']), ('mended', 'mismatch'))
        self.assertEqual(station.run(f"cat '{STORE}/{answer['kept']}'"), 'else\n')
        self.assertEqual(station.unsealed(), [])
        self.assertEqual(station.run(f'find {STORE}/store -type f ! -perm 0440; ls {STORE}/mending'), '')
        station.run('recdockctl verify', 120)
        self.assertEqual([a for a in station.json('recdockctl alert list --json') if a['kind'] == 'digest-mismatch'], [])


if __name__ == '__main__':
    main()
