#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Long-term copies on a USB disk: a blank one becomes a medium, is written by itself when it is plugged in, and is whole and released
then. What is somebody else's is refused, and what was pulled out half way counts only when it came back and was written. And second
copies on discs, by recdock-archive as it is installed, whose filter no test bed widens: one that a file stands in for, and those that
are put into a drive."""

import contextlib
import os
import re
import shutil
import subprocess

import card
from burner import Burner
from guest import GuestError
from station import STORE, StationCase, is_event, main

PORT, OTHER = '2-1', '2-2'
SIZE = 192 << 20
RECORDER, LARGE = 'CARD1', 'CARD2'
# Has the writer wait when it has the first part of a file, and says so.
STOP = r'''
worker() { grep -lx recdock-archive /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }
until pid=$(worker) && [ "$pid" ] && [ "$(sed -n 's/^wchar: //p' /proc/$pid/io)" -gt 4000000 ]; do read -r -t 0.02 _ <> <(:); done
kill -STOP $pid
echo $pid >/run/stopped
'''


class Archive(StationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.station.run('systemctl start recdock-medium.socket')
        for number, name in card.UNITS.items():
            cls.station.run(f"recdockctl unit add {number} '{name}'")
        for number in (RECORDER, LARGE):
            cls.station.run(f'recdockctl recorder register {number} --usb-serial={number} --vendor-id=46f4 --product-id=0001 --unit=3301')

    @classmethod
    def make_cards(cls, cache):
        cls.cards = {}
        for number, mebibytes in ((RECORDER, 2), (LARGE, 24)):
            one = card.Card(os.path.join(cls.folder, number), cache, number, disk=True)
            one.add('h264-faststart.mp4', '现场执法/消防检查@%Y-%m-%d_%H-%M-%S.mp4')
            one.add_large(mebibytes, f'DCIM/103/{number}_J121000_%Y%m%d%H%M%S_0040.mp4')
            path = cls.cards[number] = one.folder + '.img'
            subprocess.run([os.path.join(card.SOURCE_ROOT, 'tests/recsim/make-card'), path, one.folder, '--fs=fat32', '--zone=Asia/Shanghai'],
                           check=True, stdout=subprocess.DEVNULL)

    def tearDown(self):
        with contextlib.suppress(GuestError):
            self.station.call('kill -KILL $(cat /run/stopped 2>/dev/null) 2>/dev/null; rm -f /run/stopped')
            for name, port in (('other', OTHER), ('card', OTHER)):
                if name in self.station.disks:
                    self.unplug(name, port)

    def failure_report(self):
        return super().failure_report() + self.station.call(
            'journalctl --no-pager -n 40 -o short-precise -t recdock-medium -t recdock-archive; recdockctl archive list; '
            'recdockctl archive media; recdockctl archive status; recdockctl alert list')[1].splitlines()

    # disks

    def image(self, name, size=SIZE):
        path = os.path.join(self.folder, name + '.img')
        with open(path, 'wb') as f:
            f.truncate(size)
        return path

    def plug(self, path, serial='MEDIUM', name='disk', port=PORT):
        self.station.plug_disk(name, path, serial, int(port[-1]))
        self.station.wait_until(f'ls -d /sys/bus/usb/devices/{port}/{port}:1.0/host*/target*/*/block/* 2>/dev/null && udevadm settle', 30)
        return self.station.run(f'ls /sys/bus/usb/devices/{port}/{port}:1.0/host*/target*/*/block').strip()

    def unplug(self, name='disk', port=PORT):
        self.station.unplug(name)
        self.station.wait_until(f'[ ! -e /sys/bus/usb/devices/{port} ] && udevadm settle', 30)

    def check_free(self, block):
        """Nothing has it mounted, seen or unseen, and no recdock-medium is left."""
        self.station.wait_until('[ -z "$(systemctl list-units --all --no-legend "recdock-medium@*")" ] && '
                                f"perl -MFcntl -e 'exit !sysopen(my $f, \"/dev/{block}\", O_RDONLY | O_EXCL)' && "
                                f'! grep -q "/dev/{block}" /proc/1/mountinfo', 60)

    # the station

    def case(self, number, recorder):
        """Footage of this recorder in a case that is closed: it is due."""
        events = self.station.events()
        self.station.plug_disk('card', self.cards[recorder], recorder, int(OTHER[-1]))
        self.check_end(events.wait(is_event('DOCKING_RELEASED', 'DOCKING_FAILED', 'DOCKING_REFUSED'), 120))
        events.close()
        self.unplug('card', OTHER)
        ids = ' '.join(str(row['id']) for row in self.station.footage() if row['recorder'] == recorder)
        self.station.run(f"recdockctl case open {number} --unit=3301 --long-term=L1 --party='Zhang San' --handler='Li Si' && "
                         f'recdockctl case tag {number} {ids} && recdockctl case close {number}')

    def copies(self):
        number, = {f['copies'] for f in self.station.footage()}
        return number

    def volumes(self):
        return self.station.json('recdockctl archive list --json')

    def wait_written(self, events):
        entry = events.wait(is_event('ARCHIVE_WRITTEN'), 180)
        self.say(entry['MESSAGE'])

    def refused(self, command):
        status, text = self.station.call(command)
        self.assertNotEqual(status, 0, text)
        return text.strip()

    def check_image(self, path, volume):
        """What is on the medium that is out, without recdock."""
        folder = path + '.mounted'
        os.makedirs(folder, exist_ok=True)
        result = subprocess.run(['e2fsck', '-fn', path], capture_output=True, text=True, check=False)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        subprocess.run(['debugfs', '-R', f'rdump /{volume["number"]} {folder}', path], check=True, capture_output=True)
        root = os.path.join(folder, volume['number'])
        for manifest in ('manifest-sha256.txt', 'tagmanifest-sha256.txt'):
            checked = subprocess.run(['sha256sum', '-c', '--strict', '--quiet', manifest], cwd=root, capture_output=True, text=True, check=False)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertEqual(card.digest(os.path.join(root, 'tagmanifest-sha256.txt')), volume['seal'])

    def configure_discs(self, drive, copies, more=''):
        self.station.run(f"cat >/etc/recdock/recdock.conf.d/disc.conf <<'EOF'\n[Archive]\nDrive={drive}\nCopies={copies}\n{more}EOF\n"
                         'systemctl reload recdockd')

    def bring(self, program):
        """Into the guest, with the libraries that it lacks: an image that had all of a desktop would take minutes more to build."""
        path = shutil.which(program)
        self.assertIsNotNone(path, f'{program} is not installed')
        needed = subprocess.run(['ldd', path], stdout=subprocess.PIPE, text=True, check=True).stdout
        subprocess.run(['tar', '-chPf', os.path.join(self.station.share, 'program.tar'), path, *re.findall(r'=> (/\S+)', needed)], check=True)
        self.station.run('tar -C / --skip-old-files --keep-directory-symlink -xPf /mnt/host/program.tar && ldconfig', 60)

    def check_recovery(self, disc):
        """A twentieth of a copy is destroyed, and comes back by dvdisaster alone."""
        self.station.run(f'cp {disc} /mnt/host/disc', 60)
        path = os.path.join(self.station.share, 'disc')
        whole, sectors = card.digest(path), os.path.getsize(path) // 2048
        with open(path, 'r+b') as f:
            f.seek(sectors // 2 * 2048)
            f.write(os.urandom(sectors // 20 * 2048))
        self.assertNotEqual(card.digest(path), whole)
        subprocess.run(['dvdisaster', '-i', path, '-f'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        self.assertEqual(card.digest(path), whole)
        os.unlink(path)

    def wait_wanted(self, why):
        self.station.wait_until(f"recdockctl alert list --json --kind=archive-medium-wanted | grep -qF '{why}'", 60)

    def check_disc(self, disc, volume, n):
        """What the kernel finds on it."""
        self.station.run(f'mount -t iso9660 -o ro {disc} /mnt', 30)
        checked = self.station.run('cd /mnt && sha256sum -c --strict manifest-sha256.txt tagmanifest-sha256.txt && '
                                   'sha256sum tagmanifest-sha256.txt; cd / && umount /mnt', 90).splitlines()
        self.assertEqual(checked[-1].split()[0], volume['seal'])
        self.assertEqual(sum(line.startswith('data/') and line.endswith(': OK') for line in checked), n)

    # cases

    def test_1_blank_disk_is_made_and_written_when_it_is_plugged_in(self):
        path = type(self).medium = self.image('medium')
        self.plug(path)
        self.say(self.station.run(f"recdockctl archive init --port={PORT} --label=V0001 --place='shelf 3'").strip())
        row, = self.station.json('recdockctl archive media --json')
        self.assertEqual((row['kind'], row['type'], row['state'], row['capacity'], row['place']), ('removable', 'ext4', 'active', SIZE, 'shelf 3'))
        entry, = [e for e in self.station.json('recdockctl ledger list --json --limit=1000') if e['act'] == 'medium.registered']
        self.assertEqual(entry['detail']['serial'], 'MEDIUM')
        self.unplug()
        self.case('C1', RECORDER)
        self.assertEqual((self.volumes(), self.station.json('recdockctl archive status --json')[0]['due_files']), ([], 2))
        events = self.station.events()
        block = self.plug(path)
        self.wait_written(events)
        events.close()
        volume, = self.volumes()
        self.assertEqual((volume['state'], volume['files']), ('written', 2))
        self.check_free(block)
        self.assertEqual({(f['copies'], *f['volumes']) for f in self.station.footage()}, {(1, volume['number'])})
        self.assertIn('0 of 2 files are not good', self.station.run(f"recdockctl archive verify {volume['number']}", 90))
        self.check_free(block)
        self.unplug()
        self.check_image(path, volume)
        text = self.refused(f"recdockctl archive verify {volume['number']}")
        self.say(text)
        self.assertIn('which is not plugged in', text)
        self.assertIn('shelf 3', text)

    def test_2_what_is_somebody_elses_is_refused(self):
        foreign = self.image('foreign', 64 << 20)
        subprocess.run(['mkfs.ext4', '-q', '-L', 'FOREIGN', foreign], check=True)
        before = card.digest(foreign)
        block = self.plug(foreign, 'FOREIGN', 'other', OTHER)
        for text, words in (("serial 'FOREIGN', is not empty: it holds ext4", f'--port={OTHER}'),
                            ('neither its serial nor a UUID', f'--device=/dev/{block} --force=MEDIUM'),
                            ('expected ext4 or exfat', f'--port={OTHER} --format=ntfs'),
                            ('cannot be one', f'--port={OTHER} --label=-x'),
                            ("there is a medium 'C3301-01-M0001' already", f'--port={OTHER} --number=C3301-01-M0001 --force=FOREIGN'),
                            ("port '2_9' is no USB port", '--port=2_9'),
                            ('is no disk', '--device=/dev/null'),
                            ('expected one of --port', f'--port={OTHER} /srv'),
                            ('is of a disk', '--label=x')):
            self.assertIn(text, self.refused(f'recdockctl archive init {words}'))
        self.assertEqual([row['number'] for row in self.station.json('recdockctl archive media --json')], ['C3301-01-M0001'])
        self.unplug('other', OTHER)
        self.assertEqual(card.digest(foreign), before, 'the foreign disk was written to')

    def test_3_pulled_out_half_way(self):
        self.case('C2', LARGE)
        self.station.run(f"cat >/run/stop.sh <<'EOF'\n{STOP}EOF\nsystemd-run --quiet --collect bash /run/stop.sh")
        self.plug(self.medium)
        self.station.wait_until('[ -s /run/stopped ]', 90)
        self.unplug()
        self.station.wait_until("recdockctl alert list --json | grep -q 'plug it in again'", 60)
        volume = self.volumes()[0]
        self.assertEqual(volume['state'], 'writing')
        self.assertEqual({f['copies'] for f in self.station.footage() if f['recorder'] == LARGE}, {0})
        events = self.station.events()
        block = self.plug(self.medium)
        self.wait_written(events)
        events.close()
        number, volume = volume['number'], self.volumes()[0]
        self.assertEqual((volume['number'], volume['state']), (number, 'written'))
        self.check_free(block)
        self.assertEqual({f['copies'] for f in self.station.footage()}, {1})
        self.station.wait_until('[ "$(recdockctl alert list --json --kind=archive-medium-wanted)" = "" ] || '
                                '[ "$(recdockctl alert list --json --kind=archive-medium-wanted)" = "[]" ]', 30)
        self.unplug()
        self.check_image(self.medium, volume)

    def test_4_disc_with_recovery_data_is_burnt_and_the_kernel_reads_it(self):
        drive = f'stdio:{STORE}/disc.iso'
        copies = self.copies() + 1
        self.bring('dvdisaster')
        self.configure_discs(drive, copies, 'Recovery=20\n')
        n = len(self.station.footage())
        self.say(self.station.run(f'recdockctl archive start --wait --drive={drive}', 120).strip())
        self.assertEqual(self.copies(), copies)
        volume = self.volumes()[0]
        self.assertEqual((volume['state'], volume['files']), ('written', n))
        self.check_disc(f'{STORE}/disc.iso', volume, n)
        self.check_recovery(f'{STORE}/disc.iso')
        self.assertIn(f'0 of {n} files are not good', self.station.run(f"recdockctl archive verify {volume['number']}", 90))

    def test_5_disc_is_burnt_in_a_drive_when_it_is_put_in(self):
        burner = type(self).burner = Burner(self.station)
        self.assertIsNone(burner.medium())
        self.configure_discs('/dev/sr0', self.copies() + 1, 'Burn=auto\n')
        self.wait_wanted('drive /dev/sr0: there is no disc in it')
        events = self.station.events()
        disc = burner.insert_blank('1')
        self.assertEqual(burner.medium(), 'blank')
        self.wait_written(events)
        events.close()
        n, volume = len(self.station.footage()), self.volumes()[0]
        self.assertEqual((volume['state'], volume['files']), ('written', n))
        medium = self.station.json('recdockctl archive media --json')[-1]
        self.assertEqual((medium['kind'], medium['type'], medium['state']), ('disc', 'DVD+R', 'active'))
        burner.insert(disc)  # the kernel knows its size then
        self.check_disc('/dev/sr0', volume, n)
        self.assertIn(f'0 of {n} files are not good', self.station.run(f"recdockctl archive verify {volume['number']}", 90))

    def test_6_disc_after_disc(self):
        copies, written = self.copies() + 1, self.volumes()[0]['number']
        self.configure_discs('/dev/sr0', copies, 'Burn=auto\n')
        self.wait_wanted(f'drive /dev/sr0: the disc is volume {written} already')
        events = self.station.events()
        disc = self.burner.insert_blank('2')
        self.wait_written(events)
        events.close()
        self.assertEqual(self.copies(), copies)
        self.assertIn(f'volume {written} is in no drive', self.refused(f'recdockctl archive verify {written}'))
        self.burner.insert(disc)
        self.check_disc('/dev/sr0', self.volumes()[0], len(self.station.footage()))


if __name__ == '__main__':
    main()
