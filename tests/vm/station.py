# SPDX-License-Identifier: LGPL-2.1-or-later
"""A docking station in a guest: recdock installed as a user would, told who is who, and asked by recdockctl alone."""

import datetime
import os
import re
import shutil
import subprocess
import sys
import tempfile

import card
import tap
from guest import CommandFailed, Guest, GuestError, cache_folder, image_or_reason

STORE = '/var/lib/recdock'
CONFIGURATION = '''[Station]
Number=C3301-01
Custodian=陈静
TimeZone=Asia/Shanghai
[Store]
KeepFree=64M
[Bay "1"]
Port=2-1
[Bay "2"]
Port=2-2
'''
OFFLOAD_TIMEOUT = 300


def event_ids():
    """Name → MESSAGE_ID, from the table that the daemon is built with."""
    with open(os.path.join(card.SOURCE_ROOT, 'daemon', 'event.h'), encoding='utf-8') as f:
        return dict(re.findall(r'X\((\w+),\s*"([0-9a-f]{32})",', f.read()))


EVENTS = event_ids()


class Station(Guest):
    def set_up(self, build):
        self.install(build)
        self.run(f"cat >/etc/recdock/recdock.conf.d/vm.conf <<'EOF'\n{CONFIGURATION}EOF\n")
        self.run('systemctl preset recdockd.service && systemctl is-enabled recdockd.service && systemctl start recdockd.service')

    def register(self):
        for number, name in card.UNITS.items():
            self.run(f"recdockctl unit add {number} '{name}'")
        for number, unit in card.OFFICERS.items():
            self.run(f'recdockctl officer add {number} 执法员{number} --unit={unit}')
        self.run(f'recdockctl recorder register {card.RECORDER} --usb-serial={card.RECORDER} --unit=3301')
        self.run(f"recdockctl recorder assign {card.RECORDER} {card.ASSIGNED} --from='2026-10-01 00:00'")

    def events(self):
        return self.follow('_SYSTEMD_UNIT=recdockd.service')

    @staticmethod
    def is_event(*names):
        wanted = {EVENTS[name] for name in names}
        return lambda entry: entry.get('MESSAGE_ID') in wanted

    def offload(self, name, folder, serial=card.RECORDER, port=1, timeout=OFFLOAD_TIMEOUT):
        """Plugs a recorder, and returns the journal's entry of the docking's end."""
        events = self.events()
        try:
            self.plug(name, folder, serial, port)
            entry = events.wait(self.is_event('DOCKING_RELEASED', 'DOCKING_FAILED', 'DOCKING_REFUSED'), timeout)
        finally:
            events.close()
        tap.equal(entry['MESSAGE_ID'], EVENTS['DOCKING_RELEASED'], f'the end of the docking ({entry["MESSAGE"]})')
        return entry

    def footage(self):
        return self.json('recdockctl list --json --limit=1000')

    def dockings(self):
        """Oldest first."""
        return sorted(self.json('recdockctl docking list --json'), key=lambda row: row['id'])

    def digests(self):
        """Path below the store's root → SHA-256, of every file filed."""
        lines = self.run(f'cd {STORE} && find store -type f -exec sha256sum {{}} +', 300).splitlines()
        return {line[66:]: line[:64] for line in lines}

    def worker_pids(self):
        """Every process of the unit."""
        return [int(p) for p in self.run('cat /sys/fs/cgroup/system.slice/recdockd.service/cgroup.procs').split()]

    def report(self):
        """What somebody needs who sees a case fail."""
        try:
            for line in self.call('systemctl status --no-pager recdockd; journalctl --no-pager -u recdockd -n 60 -o short-precise;'
                                  'journalctl --no-pager -k -n 15 -o cat')[1].splitlines():
                tap.say(line)
        except (GuestError, OSError) as e:
            tap.say(f'no report from the guest: {e}')


def check_footage(station, files):
    """Every file is footage exactly once, byte for byte, complete, and filed as what it is."""
    rows = station.footage()
    stored = station.digests()
    tap.equal(sorted(row['source_path'].lstrip('/') for row in rows), sorted(f.path for f in files), 'source paths')
    tap.equal(sorted(row['path'] for row in rows), sorted(stored), 'files in the store against the index')
    by_source = {row['source_path'].lstrip('/'): row for row in rows}
    wrong = []
    for file in files:
        row = by_source[file.path]
        seen = {'sha256': row['sha256'], 'stored': stored[row['path']], 'size': row['size'], 'verdict': row['verdict'],
                'recorder': row['recorder'], 'officer': row['officer'], 'unit': row['unit'],
                'started_at': datetime.datetime.fromisoformat(row['started_at']).astimezone(card.ZONE).isoformat(timespec='seconds')}
        due = {'sha256': file.sha256, 'stored': file.sha256, 'size': file.size, 'verdict': 'complete', 'recorder': card.RECORDER,
               'officer': file.officer, 'unit': card.OFFICERS[file.officer], 'started_at': file.started_at.isoformat(timespec='seconds')}
        wrong += [f'{file.path}: {k} {seen[k]!r}, expected {due[k]!r} {row.get("verdict_reasons") if k == "verdict" else ""}'
                  for k in due if seen[k] != due[k]]
    tap.check(not wrong, '\n'.join(wrong))


def main(suite, prepare, durable=False):
    """Runs a suite on a station of its own. Arguments: the build folder. RECDOCK_VM_KEEP names a folder that stays afterwards."""
    if len(sys.argv) != 2:
        sys.exit(f'usage: {sys.argv[0]} BUILD')
    build = os.path.abspath(sys.argv[1])
    cache = cache_folder(build)
    image, reason = image_or_reason(cache)
    if not reason and not shutil.which('ffmpeg'):
        reason = 'ffmpeg, which makes the recordings, is not installed'
    if reason:
        tap.skip_all(reason)
        return 0
    keep = os.environ.get('RECDOCK_VM_KEEP')
    folder = tempfile.mkdtemp(prefix='recdock-vm-')
    try:
        with Station(image, folder, durable) as station:
            try:
                station.build, station.cache = build, cache
                prepare(station)
            except (GuestError, subprocess.CalledProcessError, tap.Failed):
                station.report()
                raise
            return suite.run(station, station.report)
    finally:
        if keep:
            shutil.move(folder, keep)
        else:
            shutil.rmtree(folder, ignore_errors=True)


__all__ = ['CommandFailed', 'EVENTS', 'STORE', 'Station', 'check_footage', 'main']
