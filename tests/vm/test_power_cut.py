#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU is killed in the middle of an offload: after the next boot nothing is lost and nothing is there twice."""

import card
from station import StationCase, is_event, main


class PowerCut(StationCase):
    durable = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.station.register()
        # The installation itself is not what is put to the test.
        cls.station.run('sync')

    def test_1_cut_in_the_middle_of_the_large_file(self):
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        # More than a checkpoint: what a cut takes away is what came after the last one.
        self.station.wait_part(100, 300)
        type(self).before = self.station.footage()
        self.station.kill()
        self.assertTrue(self.before, 'nothing was filed before the cut')

    def test_2_starts_by_itself_with_all_it_had_filed(self):
        self.station.start()
        self.station.wait_until('systemctl is-active --quiet recdockd', 60)
        rows, stored = {row['id']: row for row in self.station.footage()}, self.station.digests()
        self.say(f'{len(self.before)} files were filed before the cut, {len(rows)} are after it')
        for row in self.before:
            self.assertEqual(rows[row['id']]['sha256'], row['sha256'])
            self.assertEqual(stored[row['path']], row['sha256'], row['path'])

    def test_3_plugged_again_nothing_lost_nothing_twice(self):
        self.check_end(self.station.offload('recorder', self.card.folder))
        self.check_footage()
        large = max(f.size for f in self.card.files)
        # Of 100 MiB at most 64 are behind the last checkpoint (daemon/offload/part_writer.h); its record may lag a little.
        self.assertLess(self.station.dockings()[-1]['bytes'], large - (32 << 20), 'went on from its part')

    def test_4_cut_when_a_file_has_just_been_filed(self):
        self.station.unplug('recorder')
        self.card.add('h264-moov-last.mp4', 'DCIM/104/DSJ0001_J121000_%Y%m%d%H%M%S_0041.mp4')
        events = self.station.events()
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        events.wait(is_event('FOOTAGE_FILED'), 60)
        self.station.kill()
        self.station.start()
        self.station.wait_until('systemctl is-active --quiet recdockd', 60)
        self.check_footage()

    def test_5_footage_is_sealed_and_the_station_whole(self):
        self.station.wait_no_parts()
        self.assertEqual(self.station.unsealed(), [])
        self.station.run('recdockctl verify', 300)


if __name__ == '__main__':
    main()
