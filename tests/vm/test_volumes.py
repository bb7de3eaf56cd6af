#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The volumes of tests/volumes as the kernel's drivers see them: what they list and read, and what the volume reader does, must
be the same in names, sizes, times and bytes."""

import collections
import datetime
import hashlib
import json
import os
import subprocess
import tempfile
import unittest

import card
from guest import Guest, cache_folder, image_or_reason
from station import BUILD, main

VOLUMES = os.path.join(card.SOURCE_ROOT, 'tests', 'volumes', 'test-volumes')
VOLUME_LIST = os.path.join(BUILD, 'tests', 'volumes', 'volume-list')
OPTIONS = {'vfat': 'utf8,codepage=936,tz=UTC', 'exfat': 'iocharset=utf8'}
AT_LEAST = 200

# All at once, since it is the start of a program that takes long here. What cannot be mounted is an empty folder.
LOOK = '''
set -e
# It would look at each loop device.
systemctl stop systemd-udevd-kernel.socket systemd-udevd-control.socket systemd-udevd.service
mkdir /volumes /volume
mount -o ro /dev/vdb /volumes
cd /volume
cut -d' ' -f2 /mnt/host/fstab | xargs mkdir
mount --all --fstab /mnt/host/fstab || :
stat --file-system --format='%n %f %S' * >/mnt/host/free
find . -type f -exec stat --printf='%a\\t%s\\t%.9Y\\t%.9W\\t%n\\n' {} + >/mnt/host/list
find . -type f -exec sha256sum {} + >/mnt/host/sums
'''


def instant(text):
    """Hundredths of a second since 1970 of "YYYYMMDDThhmmss[.cc][+hhmm]", where no zone is UTC."""
    fine, zone = text[15:18] if text[15:16] == '.' else '.00', text[-5:] if text[-5:-4] in '+-' else '+0000'
    at = datetime.datetime.strptime(text[:15] + zone, '%Y%m%dT%H%M%S%z')
    return round(at.timestamp()) * 100 + int(fine[1:])


class Volumes(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='recdock-vm-')
        cls.addClassCleanup(cls.folder.cleanup)
        cls.images = os.path.join(cls.folder.name, 'volumes')
        subprocess.run([VOLUMES, '--keep', cls.images], check=True, stdout=subprocess.DEVNULL)
        cls.names = sorted(name[:-5] for name in os.listdir(cls.images) if name.endswith('.json'))
        disk = cls.images + '.ext4'
        subprocess.run(['mkfs.ext4', '-q', '-d', cls.images, disk, '16G'], check=True, stdout=subprocess.DEVNULL)
        guest = Guest(image_or_reason(cache_folder(BUILD))[0], BUILD, cls.folder.name, drives=[disk])
        with open(os.path.join(guest.share, 'fstab'), 'w', encoding='ascii') as f:
            for name in cls.names:
                kind = 'exfat' if name.startswith('exfat') else 'vfat'
                f.write(f'/volumes/{name}.img /volume/{name} {kind} ro,loop,offset={cls.expected(name)["offset"]},{OPTIONS[kind]} 0 0\n')
        with guest:
            print('\n'.join('# ' + line for line in guest.run(LOOK, 600).splitlines()))
        cls.free, cls.found = cls.read_found(guest.share)

    @classmethod
    def expected(cls, name):
        with open(os.path.join(cls.images, name + '.json'), encoding='utf-8') as f:
            return json.load(f)

    @staticmethod
    def read_found(share):
        """What the kernel has: volume → its free bytes, and volume → path → facts."""
        free, found = {}, collections.defaultdict(dict)
        with open(os.path.join(share, 'free'), encoding='utf-8') as f:
            for line in f:
                name, blocks, size = line.split()
                free[name] = int(blocks) * int(size)
        with open(os.path.join(share, 'list'), encoding='utf-8') as f:
            for line in f:
                mode, length, modified, created, path = line.rstrip('\n').split('\t')
                _, name, path = path.split('/', 2)
                found[name][path] = {'read only': int(mode, 8) & 0o222 == 0, 'size': int(length),
                                     'modified': round(float(modified) * 100), 'created': round(float(created) * 100)}
        with open(os.path.join(share, 'sums'), encoding='utf-8') as f:
            for line in f:
                _, name, path = line[66:].rstrip('\n').split('/', 2)
                found[name][path]['sha256'] = line[:64]
        return free, found

    def seen_by_us(self, name):
        """The same. Before Linux 6.8 the kernel takes the valid length of a file on exFAT for its size."""
        image, sector = os.path.join(self.images, name + '.img'), str(self.expected(name)['sector_size'])
        command = [VOLUME_LIST, '--sector', sector]
        volume = json.loads(subprocess.run([*command, image], check=True, capture_output=True).stdout)['volumes'][0]
        found = {}
        for item in volume['files']:
            sha256 = item['sha256']
            if item['valid'] < item['size']:
                data = subprocess.run([*command, '--cat', item['path'], image], check=True, capture_output=True).stdout
                self.assertEqual(hashlib.sha256(data).hexdigest(), sha256)
                sha256 = hashlib.sha256(data[:item['valid']]).hexdigest()
            found[item['path'].removeprefix('v/')] = {
                'read only': item['attributes'] & 1 == 1, 'size': item['valid'], 'modified': instant(item['time']),
                'created': instant(item['created']), 'sha256': sha256}
        return volume['free'], found

    def compare(self, kind):
        names = [name for name in self.names if name.startswith(kind)]
        wrong, files = [], 0
        for name in names:
            kernel_free, kernel = self.free[name], self.found[name]
            free, ours = self.seen_by_us(name)
            files += len(ours)
            if free != kernel_free:
                wrong.append(f'{name}: {free} bytes free, the kernel has {kernel_free}')
            wrong += [f'{name}: {path}: {ours.get(path)}, the kernel has {kernel.get(path)}'
                      for path in sorted(ours.keys() | kernel.keys()) if ours.get(path) != kernel.get(path)]
        print(f'# {len(names)} volumes with {files} files', flush=True)
        self.assertEqual(wrong, [])
        self.assertGreater(files, 10 * len(names))

    def test_fat12(self):
        self.compare('fat12')

    def test_fat16(self):
        self.compare('fat16')

    def test_fat32(self):
        self.compare('fat32')

    def test_exfat(self):
        self.compare('exfat')

    def test_there_were_enough(self):
        self.assertGreaterEqual(len(self.names), AT_LEAST)


if __name__ == '__main__':
    main()
