#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""QEMU is killed in the middle of an offload: after the next boot nothing is lost and nothing is there twice."""

import os

import card
import tap
from station import STORE, check_footage, main

suite = tap.Suite()


def prepare(station):
    station.card = card.Card(os.path.join(station.folder, 'card'), station.cache)
    card.fill_shift(station.card)
    station.set_up(station.build)
    station.register()
    # The installation itself is not what is put to the test.
    station.run('sync')


@suite.case('the power is cut in the middle of the large file')
def cut(station):
    station.plug('recorder', station.card.folder, card.RECORDER)
    station.wait_until(f'[ -n "$(find {STORE}/incoming -name "*.part" -size +40M)" ]', 300)
    station.before = station.footage()
    tap.check(station.before, 'nothing was filed yet')
    station.kill()


@suite.case('the station starts by itself and has kept what it had filed')
def starts(station):
    station.start()
    station.wait_until('systemctl is-active --quiet recdockd', 60)
    rows = {row['id']: row for row in station.footage()}
    stored = station.digests()
    for row in station.before:
        tap.equal(rows.get(row['id'], {}).get('sha256'), row['sha256'], f'footage {row["id"]}')
        tap.equal(stored.get(row['path']), row['sha256'], row['path'])


@suite.case('the recorder plugged again: nothing lost, nothing twice')
def again(station):
    station.offload('recorder', station.card.folder)
    check_footage(station, station.card.files)
    tap.equal(station.run(f'find {STORE}/incoming -name "*.part"').strip(), '', 'parts left over')


@suite.case('footage is sealed and the station finds itself whole')
def whole(station):
    unsealed = [line for line in station.run(f'find {STORE}/store -type f -exec lsattr {{}} +').splitlines() if 'V' not in line.split()[0]]
    tap.equal(unsealed, [], 'files without fs-verity')
    station.run('recdockctl verify', 300)


if __name__ == '__main__':
    tap.main_exit(main(suite, prepare, durable=True))
