#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Media of the archive on a real kernel: a blank disk becomes one, is hidden from the system, is mounted for recdockd alone, and
nothing is left of the mount whoever dies. What is no registered medium is not touched."""

import contextlib
import os
import re
import shutil
import struct
import subprocess

from guest import GuestError
from station import BUILD, EVENTS, StationCase, is_event, main

PORT, OTHER = '2-1', '2-2'
SIZE = 96 << 20
EPERM, EBUSY, EEXIST, EROFS, EPIPE, EUCLEAN = 1, 16, 17, 30, 32, 117
FOREIGN = '11111111-2222-3333-4444-555555555555'
AS_RECDOCK = 'setpriv --reuid=recdock --regid=recdock --init-groups --inh-caps=-all'
NOBODY_ASKS = """setpriv --reuid=nobody --clear-groups perl -MSocket -e '
socket(my $s, PF_UNIX, 5, 0); connect($s, pack_sockaddr_un("/run/recdock-medium")) or die "connect: $!\\n"'"""
HIDDEN = {'ID_RECDOCK_MEDIUM=1', 'UDISKS_IGNORE=1', 'UDISKS_AUTO=0', 'SYSTEMD_READY=0'}


class Medium(StationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        shutil.copy(os.path.join(BUILD, 'tests', 'vm', 'medium-client'), cls.station.share)
        cls.station.run('cp /mnt/host/medium-client /run/ && systemctl start recdock-medium.socket')

    @classmethod
    def make_cards(cls, cache):
        pass

    def tearDown(self):
        """The medium stays where it is, unless the case has pulled it out."""
        with contextlib.suppress(GuestError):
            self.station.call('rm -f /run/arrived /run/go /var/lib/recdock/registered/*; umount -q /mnt/elsewhere')
            if 'other' in self.station.disks:
                self.unplug('other', OTHER)

    def failure_report(self):
        return super().failure_report() + self.station.call(
            'journalctl --no-pager -n 40 -o short-precise -t recdock-medium -t mkfs.ext4 -t mkfs.exfat -t systemd; dmesg | tail -20')[1].splitlines()

    # disks

    def image(self, name, size=SIZE):
        path = os.path.join(self.folder, name + '.img')
        with open(path, 'wb') as f:
            f.truncate(size)
        return path

    def settle(self, condition):
        self.station.wait_until(f'{condition} && udevadm settle', 30)

    def plug(self, path, serial='MEDIUM', name='disk', port=PORT):
        self.station.plug_disk(name, path, serial, int(port[-1]))
        self.settle(f'ls -d /sys/bus/usb/devices/{port}/{port}:1.0/host*/target*/*/block/* 2>/dev/null')
        return self.station.run(f'ls /sys/bus/usb/devices/{port}/{port}:1.0/host*/target*/*/block').strip()

    def medium_block(self):
        """The disk of the first case, plugged."""
        if 'disk' not in self.station.disks:
            return self.plug(self.medium)
        return self.station.run(f'ls /sys/bus/usb/devices/{PORT}/{PORT}:1.0/host*/target*/*/block').strip()

    def unplug(self, name='disk', port=PORT):
        self.station.unplug(name)
        self.settle(f'[ ! -e /sys/bus/usb/devices/{port} ]')

    def properties(self, block):
        return set(self.station.run(f'udevadm info --query=property /dev/{block}').splitlines())

    def check_free(self, block):
        """Nothing has it mounted, seen or unseen, and no recdock-medium is left."""
        self.station.wait_until('[ -z "$(systemctl list-units --all --no-legend "recdock-medium@*")" ] && '
                                f"perl -MFcntl -e 'exit !sysopen(my $f, \"/dev/{block}\", O_RDONLY | O_EXCL)' && "
                                '! grep -qE "/dev/sd|exfat" /proc/1/mounts /proc/self/mounts', 60)

    def check_volume(self, path, *command):
        result = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    # asking

    def ask(self, *words, timeout=90):
        quoted = ' '.join("'" + word.replace("'", "'\\''") + "'" for word in words)
        return self.station.run(f'{AS_RECDOCK} /run/medium-client {quoted}', timeout).splitlines()

    def make(self, port, kind, label, force=''):
        line, = self.ask('init', port, kind, label, *([force] if force else []))
        word, uuid, made, _, size = line.split()
        self.assertEqual((word, made, int(size)), ('made', kind, SIZE))
        self.settle('true')
        return uuid

    def check_refused(self, questions):
        """Each is an error, a text, what makes it so, and what is asked for."""
        lines = self.station.run('\n'.join(f'{before or ":"}\n{AS_RECDOCK} /run/medium-client {" ".join(words)}'
                                           for _, _, before, words in questions), 120).splitlines()
        self.assertEqual(len(lines), len(questions), lines)
        for line, (error, text, _, _) in zip(lines, questions):
            self.assertTrue(line.startswith(f'refused -{error} ') and text in line, f'{line}: expected {error}, {text}')

    def begin(self, uuid, command):
        """Opens the medium, runs the command there and stays until end(). Returns where its output can be read from."""
        self.station.run('rm -f /run/arrived /run/go; mkfifo -m 666 /run/arrived /run/go')
        connection = self.station.connect(f"{AS_RECDOCK} /run/medium-client open {uuid} '{command}; echo >/run/arrived; read _ </run/go; "
                                          "dd if=/dev/zero of=after bs=64k count=16 conv=fsync 2>/dev/null'")
        self.station.run('read _ </run/arrived')
        return connection

    def end(self, connection):
        self.station.run('echo >/run/go')
        connection.settimeout(120)
        with connection, connection.makefile('rb') as f:
            return f.read().partition(b'\0')[0].decode().splitlines()

    # cases

    def test_1_blank_disk_becomes_a_medium(self):
        path = type(self).medium = self.image('medium')
        events = self.station.events()
        self.addCleanup(events.close)
        block = self.plug(path)
        self.assertFalse(HIDDEN & self.properties(block), 'a disk that nobody has registered')
        uuid = type(self).uuid = self.make(PORT, 'ext4', 'V0001')
        self.settle(f'udevadm info --query=property /dev/{block} | grep -qx ID_RECDOCK_MEDIUM=1')
        self.assertLessEqual(HIDDEN | {f'ID_FS_UUID={uuid}', 'ID_FS_LABEL=V0001'}, self.properties(block))
        entry = events.wait(is_event('MEDIUM_APPEARED'), 30)
        self.assertEqual(entry['RECDOCK_MEDIUM'], uuid)
        self.say(entry['MESSAGE'])
        self.check_free(block)
        self.unplug()
        self.assertEqual(events.wait(is_event('MEDIUM_GONE'), 30)['RECDOCK_MEDIUM'], uuid)
        self.check_volume(path, 'e2fsck', '-fn')
        block = self.plug(path)
        self.assertEqual(events.wait(is_event('MEDIUM_APPEARED'), 30)['RECDOCK_MEDIUM'], uuid)
        self.assertLessEqual(HIDDEN, self.properties(block))
        self.assertEqual(self.station.run('systemctl list-units --all --no-legend "dev-sd*.device" "*.mount" | grep sd || :'), '')

    def flushes(self):
        return next(entry['stats']['flush_operations'] for entry in self.station.qmp.execute('query-blockstats')
                    if '/disk/' in entry.get('qdev', '') + '/')

    def test_2_written_and_released(self):
        block, flushes = self.medium_block(), self.flushes()
        lines = self.ask('open', self.uuid, 'mkdir V0001 && echo proof >V0001/a.txt && cp /bin/true V0001/ && id -un && ls -d lost+found '
                         '&& grep -c /dev/sd /proc/self/mountinfo; V0001/true; stat -c "%U %a" .')
        self.assertEqual(lines[0], f'opened {self.uuid} ext4 MEDIUM {SIZE}')
        self.assertEqual(lines[1:4], ['recdock', 'lost+found', '0'])
        self.assertRegex(lines[4], 'Permission denied')  # noexec
        self.assertEqual(lines[5:], ['recdock 755', 'command 0', 'released 0'])
        self.assertGreater(self.flushes(), flushes)
        self.check_free(block)
        self.say(self.station.run('systemd-analyze security --no-pager recdock-medium@0.service | tail -n 1').strip())
        self.unplug()
        self.check_volume(self.medium, 'e2fsck', '-fn')
        cat = subprocess.run(['debugfs', '-R', 'cat V0001/a.txt', self.medium], capture_output=True, text=True, check=True)
        self.assertEqual(cat.stdout, 'proof\n')

    def test_3_what_is_no_medium_is_refused(self):
        foreign, block = self.image('foreign'), self.medium_block()
        type(self).foreign = foreign
        subprocess.run(['mkfs.ext4', '-q', '-L', 'FOREIGN', '-U', FOREIGN, foreign], check=True)
        with open(foreign, 'rb') as f:
            before = f.read()
        other = self.plug(foreign, 'FOREIGN', 'other', OTHER)
        self.assertFalse(HIDDEN & self.properties(other))
        again = ('init', PORT, 'ext4', 'V0002', 'MEDIUM')
        self.check_refused([
            (EPERM, 'no registered medium', '', ('open', FOREIGN, 'true')),
            (EEXIST, f"serial 'FOREIGN', is not empty: it holds ext4 {FOREIGN}", '', ('init', OTHER, 'ext4', 'V0002')),
            (EEXIST, 'neither its serial nor a UUID', '', ('init', OTHER, 'ext4', 'V0002', 'MEDIUM')),
            # What the system is on, even if somebody had registered that.
            (EPERM, 'no removable disk', 'touch /var/lib/recdock/media/$(findmnt -no UUID /)', ('open', '$(findmnt -no UUID /)', 'true')),
            # A registered medium is never made anew, a recorder's disk is never one.
            (EPERM, 'holds a registered medium', '', again),
            (EPERM, 'is a recorder', 'touch /var/lib/recdock/registered/46f4:0001:MEDIUM', ('open', self.uuid, 'true')),
            (EPERM, 'is a recorder', '', again),
            (EROFS, 'write-protected', f'rm /var/lib/recdock/registered/*:MEDIUM; blockdev --setro /dev/{block}', ('open', self.uuid, 'true')),
        ])
        self.station.run(f'blockdev --setrw /dev/{block}')
        self.assertEqual(self.station.call(NOBODY_ASKS)[1], 'connect: Permission denied\n')
        self.unplug('other', OTHER)
        with open(foreign, 'rb') as f:
            self.assertTrue(f.read() == before, 'the foreign disk was written to')

    def test_4_only_one_has_it(self):
        """Who has it may be another of us, or somebody who has mounted it. Both are waited for, side by side."""
        block, other = self.medium_block(), self.plug(self.foreign, 'FOREIGN', 'other', OTHER)
        connection = self.begin(self.uuid, 'echo one >one')
        self.station.run(f'mkdir -p /mnt/elsewhere && mount /dev/{other} /mnt/elsewhere && touch /var/lib/recdock/media/{FOREIGN}')
        lines = self.station.run(f'{AS_RECDOCK} /run/medium-client open {FOREIGN} true & {AS_RECDOCK} /run/medium-client open {self.uuid} true; '
                                 'wait').splitlines()
        self.assertEqual(sorted(lines), [f'refused -{EBUSY} /dev/{other} is mounted, or in use in another way',
                                         f'refused -{EBUSY} somebody else works with /dev/{block}'])
        self.station.run(f'rm /var/lib/recdock/media/{FOREIGN}; umount /mnt/elsewhere')
        lines = self.end(connection)
        self.assertEqual(lines[-2:], ['command 0', 'released 0'])
        self.check_free(block)

    def test_5_killed(self):
        """Whoever dies: nothing stays mounted, and the file system is whole."""
        block = self.medium_block()
        connection = self.begin(self.uuid, 'echo two >two')
        self.station.run('kill -KILL $(pidof recdock-medium)')
        lines = self.end(connection)
        self.assertEqual(lines[-1], f'released -{EPIPE}')
        self.check_free(block)
        connection = self.begin(self.uuid, 'test -e two && echo three >three')
        self.station.run('kill -KILL $(pidof medium-client) && echo >/run/go')
        connection.close()
        self.check_free(block)
        lines = self.ask('open', self.uuid, 'cat two three')
        self.assertEqual(lines[1:], ['two', 'three', 'command 0', 'released 0'])
        connection = self.begin(self.uuid, 'echo four >four')
        self.station.run('systemctl stop "recdock-medium@*.service"')
        self.assertRegex(self.end(connection)[-1], 'released -(16|125)$')  # in use still, or stopped
        self.check_free(block)
        self.unplug()
        self.check_volume(self.medium, 'e2fsck', '-fn')

    def test_6_yanked(self):
        self.medium_block()
        connection = self.begin(self.uuid, 'echo five >five')
        self.unplug()
        lines = self.end(connection)
        self.say(', '.join(lines))
        self.assertNotEqual(lines[-2], 'command 0', 'what was written after that is nowhere')
        self.assertLess(int(re.fullmatch(r'released (-?\d+)', lines[-1])[1]), 0)
        block = self.plug(self.medium)
        self.assertEqual(self.ask('open', self.uuid, 'cat one')[1:], ['one', 'command 0', 'released 0'])
        self.check_free(block)
        self.unplug()
        self.check_volume(self.medium, 'e2fsck', '-fn')

    def test_7_exfat_in_the_place_of_something(self):
        """A disk with partitions, as it is bought; its serial was typed."""
        path = self.image('bought')
        with open(path, 'r+b') as f:  # two partitions of 40 MiB
            f.seek(446)
            f.write(b''.join(struct.pack('<B3xB3xII', 0, 0x83, 2048 + i * 81920, 81920) for i in range(2)))
            f.seek(510)
            f.write(b'\x55\xaa')
        block = self.plug(path, 'BOUGHT')
        self.station.wait_until(f'[ -b /dev/{block}2 ]', 30)
        self.check_refused([(EEXIST, "serial 'BOUGHT', is not empty: it holds dos", '', ('init', PORT, 'exfat', 'V0003'))])
        uuid = self.make(PORT, 'exfat', 'V0003', 'BOUGHT')
        self.settle(f'[ ! -e /dev/{block}1 ] && udevadm info --query=property /dev/{block} | grep -qx ID_RECDOCK_MEDIUM=1')
        lines = self.ask('open', uuid, 'echo 现场 >现场.txt && stat -c "%U %a" 现场.txt')
        self.assertEqual(lines[0], f'opened {uuid} exfat BOUGHT {SIZE}')
        self.assertRegex(lines[1], '^recdock ')
        self.assertEqual(lines[2:], ['command 0', 'released 0'])
        self.check_free(block)
        self.unplug()
        self.check_volume(path, 'fsck.exfat', '-n')
        type(self).exfat = path, uuid

    def test_8_what_is_not_sound_is_not_written_to(self):
        """A flag that fsck.exfat does not look at, and damage that no flag tells of. A journal is no damage: see test_6_yanked."""
        path, uuid = self.exfat
        checksum = 11 * 512  # of the boot region
        for at, bits, text in ((106, 2, 'it was taken out before it was released'), (checksum, 0xff, 'fsck.exfat -n')):
            with open(path, 'r+b') as f:
                f.seek(at)
                whole = f.read(1)
                f.seek(at)
                f.write(bytes([whole[0] | bits]))
            with open(path, 'rb') as f:
                before = f.read()
            self.plug(path, 'BOUGHT')
            self.check_refused([(EUCLEAN, text, '', ('open', uuid, 'true'))])
            self.unplug()
            with open(path, 'r+b') as f:
                self.assertTrue(f.read() == before, 'it was written to')
                f.seek(at)
                f.write(whole)
        block = self.plug(path, 'BOUGHT')
        self.assertEqual(self.ask('open', uuid, 'ls')[-3:], ['现场.txt', 'command 0', 'released 0'])
        self.check_free(block)
        checked = self.station.run('journalctl --no-pager -o cat -t recdock-medium | grep -c "checked in"')
        self.assertGreater(int(checked), 2)


if __name__ == '__main__':
    main()
