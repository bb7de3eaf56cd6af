# SPDX-License-Identifier: LGPL-2.1-or-later
"""A docking station in a guest: recdock installed as a user would, told who is who, and asked by recdockctl alone."""

import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import card
from frozen import frozen
from guest import Guest, GuestError, cache_folder, image_or_reason

sys.path.insert(0, os.path.join(card.SOURCE_ROOT, 'tests', 'integration'))
import tap  # pylint: disable=wrong-import-position

BUILD = os.environ.get('RECDOCK_BUILD', '')
STORE = '/var/lib/recdock'
CONFIGURATION = '''[Station]
Number=C3301-01
Custodian=陈静
TimeZone=Asia/Shanghai
[Store]
KeepFree=64M
[Bay "1"]
Port=1-1
[Bay "2"]
Port=1-2
'''
OFFLOAD_TIMEOUT = 300


def event_ids():
    """Name → MESSAGE_ID, from the table that the daemon is built with."""
    with open(os.path.join(card.SOURCE_ROOT, 'daemon', 'event.h'), encoding='utf-8') as f:
        return dict(re.findall(r'X\((\w+),\s*"([0-9a-f]{32})",', f.read()))


def alert_ids():
    """Kind of alert → MESSAGE_ID of one that is raised."""
    with open(os.path.join(card.SOURCE_ROOT, 'lib', 'catalogue', 'alert_kind.h'), encoding='utf-8') as f:
        return dict(re.findall(r'X\("([a-z-]+)", \w+,\s*"([0-9a-f]{32})"', f.read()))


EVENTS = event_ids()
DOCKING_ENDS = ('DOCKING_RELEASED', 'DOCKING_FAILED', 'DOCKING_REFUSED')


def is_event(*names):
    wanted = {EVENTS[name] for name in names}
    return lambda entry: entry.get('MESSAGE_ID') in wanted


class Station(Guest):
    def set_up(self):
        """Installs and configures recdock, and starts it the way a distribution does: by its preset."""
        self.install()
        self.run(f"cat >/etc/recdock/recdock.conf.d/vm.conf <<'EOF'\n{CONFIGURATION}EOF\n")
        self.run('systemctl preset recdockd.service && systemctl is-enabled recdockd.service')
        self.run('systemctl start recdockd.service')

    def register(self):
        for number, name in card.UNITS.items():
            self.run(f"recdockctl unit add {number} '{name}'")
        for number, unit in card.OFFICERS.items():
            self.run(f'recdockctl officer add {number} 执法员{number} --unit={unit}')
        self.run(f'recdockctl recorder register {card.RECORDER} --usb-serial={card.RECORDER} --vendor-id=46f4 '
                 '--product-id=0004 --unit=3301')
        self.run(f"recdockctl recorder assign {card.RECORDER} {card.ASSIGNED} --from='2026-10-01 00:00'")

    def events(self):
        return self.follow('recdockd.service')

    def offload(self, name, folder, timeout=OFFLOAD_TIMEOUT):
        """Plugs the recorder and waits for the docking's end. Returns the journal's entry of it."""
        events = self.events()
        try:
            self.plug(name, folder, card.RECORDER)
            return events.wait(is_event(*DOCKING_ENDS), timeout)
        finally:
            events.close()

    def footage(self):
        return self.json('recdockctl list --json --limit=1000')

    def dockings(self):
        """Oldest first."""
        return sorted(self.json('recdockctl docking list --json'), key=lambda row: row['docking'])

    def digests(self, recorder='*'):
        """Path below the store's root → SHA-256, of every file filed."""
        lines = self.run(f'cd {STORE} && find store -path "store/*/{recorder}/*" -type f -exec sha256sum {{}} +',
                         300).splitlines()
        return {line[66:]: line[:64] for line in lines}

    def unsealed(self):
        """Footage without fs-verity."""
        lines = self.run(f'find {STORE}/store -type f -exec lsattr {{}} +').splitlines()
        return [line for line in lines if 'V' not in line.split()[0]]

    def parts(self, condition=''):
        return self.run(f'find {STORE}/incoming -name "*.part" {condition}').split()

    def wait_no_parts(self):
        """Returns when all footage is sealed: its part stays until then. Fails when one is left over."""
        self.wait_until(f'[ -z "$(find {STORE}/incoming -name "*.part")" ]', 60)

    def wait_part(self, mebibytes, timeout):
        """Waits until so much of a file is on the disk."""
        self.wait_until(f'[ -n "$(find {STORE}/incoming -name "*.part" -size +{mebibytes}M)" ]', timeout)

    def report(self):
        """What somebody needs who sees a case fail."""
        try:
            return self.call('systemctl status --no-pager recdockd; journalctl --no-pager -k -n 15 -o cat;'
                             'journalctl --no-pager -u recdockd -n 60 -o short-precise')[1].splitlines()
        except (GuestError, OSError) as e:
            with open(f'{self.folder}/qemu.log', encoding='utf-8', errors='replace') as f:
                return [f'no report from the guest: {e}; QEMU has ended with {self.process.poll()}', *f.read().splitlines()[-5:]]


def row_facts(row, stored):
    started = datetime.datetime.fromisoformat(row['started_at']).astimezone(card.ZONE)
    return {'sha256': row['sha256'], 'bytes on disk': stored[row['path']], 'size': row['size'],
            'verdict': row['verdict'], 'recorder': row['recorder'], 'officer': row['officer'], 'unit': row['unit'],
            'started_at': started.isoformat(timespec='seconds')}


def file_facts(file, recorder):
    return {'sha256': file.sha256, 'bytes on disk': file.sha256, 'size': file.size,
            'verdict': 'complete', 'recorder': recorder, 'officer': file.officer,
            'unit': card.OFFICERS[file.officer], 'started_at': file.started_at.isoformat(timespec='seconds')}


def furnish(station):
    try:
        station.set_up()
    except (GuestError, subprocess.CalledProcessError):
        print('\n'.join('# ' + line for line in station.report()))
        raise


class StationCase(unittest.TestCase):
    """Cases that share one station, in the order of their names: booting costs more than most of them."""

    durable = False
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix='recdock-vm-')
        cls.addClassCleanup(cls._put_away)
        cache = cache_folder(BUILD)
        cls.make_cards(cache)
        image = image_or_reason(cache)[0]
        cls.station = Station(image, BUILD, cls.folder, cls.durable,
                              frozen=frozen(cache, image, BUILD, lambda folder: Station(image, BUILD, folder), furnish))
        cls.addClassCleanup(cls.station.kill)
        cls.station.start()

    @classmethod
    def make_cards(cls, cache):
        cls.card = card.Card(os.path.join(cls.folder, 'card'), cache)
        card.fill_shift(cls.card)

    @classmethod
    def _put_away(cls):
        keep = os.environ.get('RECDOCK_VM_KEEP')
        if keep:
            shutil.move(cls.folder, keep)
        else:
            shutil.rmtree(cls.folder, ignore_errors=True)

    def failure_report(self):
        return self.station.report()

    def say(self, text):
        """Lines of the test's log."""
        for line in text.splitlines():
            print(f'# {line}', flush=True)

    def check_end(self, entry):
        self.say(entry['MESSAGE'])
        self.assertEqual(entry['MESSAGE_ID'], EVENTS['DOCKING_RELEASED'], 'end of the docking')

    def check_footage(self, of=None):
        """Every file of the card is footage exactly once, byte for byte, complete, and filed as what it is."""
        of = of or self.card
        rows = [row for row in self.station.footage() if row['recorder'] == of.recorder]
        stored = self.station.digests(of.recorder)
        self.assertEqual(sorted(row['source_path'] for row in rows), sorted(f.source_path for f in of.files))
        self.assertEqual(sorted(row['path'] for row in rows), sorted(stored), 'the index against the store')
        by_source = {row['source_path']: row for row in rows}
        wrong = []
        for file in of.files:
            found, due = row_facts(by_source[file.source_path], stored), file_facts(file, of.recorder)
            wrong += [f'{file.source_path}: {key} {found[key]!r}, expected {due[key]!r}'
                      for key in due if found[key] != due[key]]
        self.assertEqual(wrong, [])


def main():
    """Runs the calling script's cases, or says why they cannot run here."""
    reason = image_or_reason(cache_folder(BUILD))[1] if BUILD else 'RECDOCK_BUILD does not name a build folder'
    if not reason and not shutil.which('ffmpeg'):
        reason = 'ffmpeg, which makes the recordings, is not installed'
    if reason:
        print(f'1..0 # SKIP {reason}')
    else:
        tap.main('__main__')
