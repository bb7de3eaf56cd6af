#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU is killed in the middle of an offload: after the next boot nothing is lost and nothing is there twice."""

import card
from station import StationCase, main


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
        self.station.wait_part(40, 300)
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
        self.assertEqual(self.station.parts(), [], 'parts left over')

    def test_4_footage_is_sealed_and_the_station_whole(self):
        self.assertEqual(self.station.unsealed(), [])
        self.station.run('recdockctl verify', 300)


if __name__ == '__main__':
    main()
