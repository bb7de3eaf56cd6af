#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Release=clear on disks, by the kernel's own driver: exactly the right files go, and the disk is left as it was found."""

import tempfile

import card
from clear_case import ClearCase
from station import main

NOBODY_ASKS = """setpriv --reuid=nobody --clear-groups perl -MSocket -e '
socket(my $s, PF_UNIX, 5, 0); connect($s, pack_sockaddr_un("/run/recdock-clear")) or die "connect: $!\\n"'"""


class Clear(ClearCase):
    def test_1_without_the_socket_all_stays(self):
        self.station.run('systemctl stop recdock-clear.socket')
        type(self).fat = self.mixed('fat', 'fat32')
        with open(self.fat, 'r+b') as f:  # one that has no time of modification
            f.seek(f.read().index(b'P       JPG') + 22)
            f.write(bytes(4))
        before = card.digest(self.fat)
        docking = self.docked(self.fat, 'FAT32')
        self.assertEqual((docking['seen'], docking['removed']), (5, 0))
        self.unplug()
        self.assertEqual(card.digest(self.fat), before)

    def clear(self, path, serial):
        docking = self.docked(path, serial)
        self.assertEqual((docking['seen'], docking['removed'], docking['failed']), (5, 3, 0))
        self.assertEqual(self.open_alerts('clearing-mismatch'), [])
        self.assertEqual(list(self.removals(docking['docking']).values()), ['ok'] * 3)
        self.check_left_alone()
        rows = {row['name']: row for row in self.station.footage() if row['recorder'] == serial}
        self.assertEqual(len(rows), 5)
        return rows['notes.bin']

    def check_changed_stays(self, row):
        time, flushes = '20261101T080000', self.flushes()
        self.assertEqual(self.ask('notes.bin', row['size'] + 1, time), 'outcome 1\nfinished 0 removed 0\n')
        self.assertEqual(self.ask('notes.bin', row['size'], '20200101T000000'), 'outcome 1\nfinished 0 removed 0\n')
        self.assertEqual(self.ask('none.bin', row['size'], time), 'outcome 2\nfinished 0 removed 0\n')
        self.assertGreaterEqual(self.flushes() - flushes, 3, 'each time before it has finished')
        self.check_left_alone()

    def test_2_fat32(self):
        self.station.run('systemctl start recdock-clear.socket')
        self.assertEqual(self.station.run('stat -c "%U %a" /run/recdock-clear').strip(), 'recdock 600')
        self.assertGreaterEqual(int(self.station.run('systemctl show --property=MaxConnections --value recdock-clear.socket')), 32)
        self.say(self.station.run('systemd-analyze security --no-pager recdock-clear@0.service | tail -n 1').strip())
        self.check_changed_stays(self.clear(self.fat, 'FAT32'))
        self.unplug()
        self.assertEqual(self.names(self.fat), ['cut.mp4', 'notes.bin'])
        self.check_volume(self.fat, ['fsck.fat', '-n'])

    def test_3_exfat(self):
        path = self.mixed('exfat', 'exfat')
        self.check_changed_stays(self.clear(path, 'EXFAT'))
        self.unplug()
        self.check_volume(path, ['fsck.exfat', '-n'])
        docking = self.docked(path, 'EXFAT')
        self.assertEqual((docking['seen'], docking['removed']), (2, 0))
        self.unplug()

    def test_4_file_that_changed_since_it_was_listed(self):
        """Somebody writes to the recorder while it is in its bay."""
        path = self.mixed('changed', 'fat32')
        events = self.hold_helper(path, 'FAT32')
        with tempfile.NamedTemporaryFile(dir=self.folder) as other:
            other.write(b'another one')
            other.flush()
            self.mtools('mdel', path, '::p.jpg')
            self.mtools('mcopy', path, other.name, '::p.jpg')
        self.let_helper_go()
        self.end(events)
        docking = self.station.dockings()[-1]
        self.assertEqual(sorted(self.removals(docking['docking']).values()), ['changed', 'ok', 'ok'])
        self.assertEqual((docking['removed'], self.open_alerts('clearing-mismatch')), (2, []))
        self.assertEqual([a['subject'] for a in self.open_alerts('changed-on-recorder')], ['recorder/FAT32'])
        self.check_left_alone()
        self.unplug()
        self.assertEqual(self.names(path), ['cut.mp4', 'notes.bin', 'p.jpg'])

    def test_5_nobody_else_may_ask(self):
        self.assertEqual(self.station.call(NOBODY_ASKS)[1], 'connect: Permission denied\n')


if __name__ == '__main__':
    main()
