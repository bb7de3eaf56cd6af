#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Recorders that are disks, on a real kernel: offloaded by themselves, never mounted, never written, whatever happens to the
cable and to the power. The kernel's own driver fills the cards, as long as they are nobody's."""

import contextlib
import os
import shutil
import subprocess
import tempfile

import card
from guest import GuestError
from station import BUILD, DOCKING_ENDS, EVENTS, OFFLOAD_TIMEOUT, StationCase, is_event, main

SHIFT_SIZE, VISIT_SIZE = 320 << 20, 96 << 20
VOLUME_OFFSET = 1 << 20
GADGET_ID = ('0525', 'a4a5')
QEMU_ID = ('46f4', '0001')
QEMU_UAS_ID = ('46f4', '0003')
RECSIM_ID = ('4255', '1000')

# Port, partition, and options that make times those of the recorder's zone.
MOUNTS = {'vfat': (1, '1', 'utf8,codepage=936,time_offset=480'), 'exfat': (2, '', 'iocharset=utf8')}

BAYS = '''[Bay "3"]
Port=2-1
[Bay "4"]
Port=2-2
'''

# The kernel's mass-storage gadget on its dummy controller.
GADGET = '''set -e
modprobe -a libcomposite usb_f_mass_storage
lsmod | grep -q dummy_hcd || modprobe dummy_hcd num=2 is_super_speed=Y
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
g=/sys/kernel/config/usb_gadget/{serial}
mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/mass_storage.0
echo {speed} >$g/max_speed
echo 0x{vendor} >$g/idVendor
echo 0x{product} >$g/idProduct
echo {serial} >$g/strings/0x409/serialnumber
echo {image} >$g/functions/mass_storage.0/lun.0/file
ln -s $g/functions/mass_storage.0 $g/configs/c.1
echo {udc} >$g/UDC
'''

# Imports a device of a USB/IP server: OP_REQ_IMPORT, whose answer has bus and device number 296 bytes in.
ATTACH = '''
exec 3<>/dev/tcp/127.0.0.1/3240
printf '\\x01\\x11\\x80\\x03\\0\\0\\0\\0' >&3
printf 1-1 | dd bs=32 conv=sync status=none | tr ' ' '\\0' >&3
reply=$(dd bs=1 count=320 status=none <&3 | od -An -v -tx1 | tr -d ' \\n') # all of it: the kernel goes on behind it
id=${reply:592:16}
port=$(awk '$1 == "ss" { print $2 + 0; exit }' /sys/devices/platform/vhci_hcd.0/status)
echo "$port 3 $((0x${id:0:8} << 16 | 0x${id:8:8})) 5" >/sys/devices/platform/vhci_hcd.0/attach
echo $port >/run/usbip-port
'''


def card_make(image, folder, *options):
    """FAT32 by mkfs.fat and mtools, with local times."""
    subprocess.run([os.path.join(card.SOURCE_ROOT, 'tests', 'recsim', 'make-card'), image, folder, '--zone', 'Asia/Shanghai',
                    *options], check=True)


class Disk(StationCase):
    durable = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.station.run(f"cat >/etc/recdock/recdock.conf.d/disk.conf <<'EOF'\n{BAYS}EOF\nsystemctl reload recdockd")

    @classmethod
    def make_cards(cls, cache):
        """The shift's goes onto FAT32, the visit's onto exFAT and, by mtools, onto FAT32 once more."""
        share = os.path.join(cls.folder, 'share')
        os.makedirs(share)
        cls.card = card.Card(os.path.join(share, 'SHIFT'), cache, 'DSJ0001', disk=True)
        cls.visit = card.Card(os.path.join(share, '执法记录'), cache, 'DSJ0002', disk=True)
        cls.other = card.Card(os.path.join(share, 'OTHER'), cache, 'DSJ0004', disk=True)
        card.fill_shift(cls.card, 8)
        card.fill_visit(cls.visit)
        card.fill_visit(cls.other)
        with tempfile.TemporaryDirectory() as nothing:
            card_make(cls.card.folder + '.img', nothing, '--label', 'SHIFT', '--size', str(SHIFT_SIZE), '--cluster', '4096')
        with open(cls.visit.folder + '.img', 'wb') as f:
            f.truncate(VISIT_SIZE)
        subprocess.run(['mkfs.exfat', '-L', os.path.basename(cls.visit.folder), f.name], check=True, stdout=subprocess.DEVNULL)
        card_make(cls.other.folder + '.img', cls.other.folder, '--label', 'OTHER', '--table', 'none')

    # what the guest shows

    def wait_device(self, condition):
        self.station.wait_until(f'{condition} && udevadm settle', 30)

    def block_of(self, port):
        """The name of the disk on a port, when the kernel has one."""
        names = self.station.run(f'ls /sys/bus/usb/devices/{port}/{port}:1.0/host*/target*/*/block 2>/dev/null || :').split()
        return names[-1] if names else ''

    def wait_block(self, port):
        self.wait_device(f'ls -d /sys/bus/usb/devices/{port}/{port}:1.0/host*/target*/*/block/*')
        return self.block_of(port)

    def mounts(self):
        """Every mount and umount so far."""
        return self.station.run('cat /run/mounts.log').splitlines()

    def watch_mounts(self):
        """From now on mounts are on record, and there are none yet."""
        self.station.run('systemd-run --quiet --unit=mounts --property=StandardOutput=append:/run/mounts.log '
                         'stdbuf -oL findmnt --poll --noheadings --output=ACTION,SOURCE,TARGET')
        type(self).by_hand = 0

    def check_nothing_mounted(self):
        self.assertEqual(self.station.run('grep -E "/dev/sd|vfat|exfat" /proc/*/mounts 2>/dev/null || :'), '')
        self.assertEqual(self.mounts()[self.by_hand:], [])

    def check_given_back(self, port, driver='usb-storage'):
        """The kernel has the disk again, but may not write to it, and nobody else is to touch it."""
        name = self.wait_block(port)
        self.assertEqual(self.station.run(f'basename $(realpath /sys/bus/usb/devices/{port}/{port}:1.0/driver)').strip(),
                         driver)
        lines = self.station.run(f'udevadm info --query=property /dev/{name}').splitlines()
        self.assertLessEqual({'UDISKS_IGNORE=1', 'UDISKS_AUTO=0', 'SYSTEMD_READY=0'}, set(lines))
        self.assertEqual(set(self.station.run(f'cat /sys/block/{name}/ro /sys/block/{name}/{name}*/ro 2>/dev/null || :').split()),
                         {'1'})
        status, _ = self.station.call(f'dd if=/dev/zero of=/dev/{name} bs=512 count=1 conv=fsync,notrunc')
        self.assertNotEqual(status, 0, 'the disk could be written to')

    def no_findings(self, docking):
        """Nothing is wrong with the volumes. Numbers between names may be missing, as far as this goes; and Linux's exFAT never
        writes how full the volume is."""
        rows = self.station.json(f'recdockctl finding list --docking={docking["docking"]} --json')
        self.assertEqual([row for row in rows if row['kind'] != 'sequence-gap' and row['word'] != 'free-count'], [])

    @contextlib.contextmanager
    def docked(self, of, plug, take_out, ends='DOCKING_RELEASED'):
        """One docking from plug to end, with the card's digest the same before and after. The caller sees it at its end."""
        before, events = card.digest(of.folder + '.img'), self.station.events()
        try:
            plug()
            listed = events.wait(is_event('DOCKING_LISTED', *DOCKING_ENDS), 60)
            if listed['MESSAGE_ID'] == EVENTS['DOCKING_LISTED']:
                self.check_nothing_mounted()
                end = events.wait(is_event(*DOCKING_ENDS), OFFLOAD_TIMEOUT)
            else:
                end = listed
            self.say(end['MESSAGE'])
            self.assertEqual(end['MESSAGE_ID'], EVENTS[ends])
            yield self.station.dockings()[-1]
            self.check_nothing_mounted()
            take_out()
            events.wait(is_event('DOCKING_UNPLUGGED'), 60)
        except BaseException:
            with contextlib.suppress(GuestError):
                take_out()  # what follows is to have its bay
            raise
        finally:
            events.close()
        self.assertEqual(card.digest(of.folder + '.img'), before, 'the card has been changed')

    def qemu_docked(self, of, port):
        def take_out():
            writes = self.station.writes('disk')
            self.station.unplug('disk')
            self.assertEqual(writes, 0)
        return self.docked(of, lambda: self.station.plug_disk('disk', of.folder + '.img', of.recorder, port), take_out)

    def plug_gadget(self, serial, image, udc, speed):
        self.station.run(GADGET.format(serial=serial, image=image, udc=udc, speed=speed, vendor=GADGET_ID[0],
                                       product=GADGET_ID[1]))

    def port_of(self, serial):
        return self.station.run(f'basename $(dirname $(grep -lx {serial} /sys/bus/usb/devices/*/serial))').strip()

    def gadget_docked(self, of, udc, speed, megabits):
        """The same with the kernel's gadget, which lets itself be written to, too."""
        image = f'/mnt/host/{os.path.basename(of.folder)}.img'
        with self.docked(of, lambda: self.plug_gadget(of.recorder, image, udc, speed),
                         lambda: self.station.run(f'echo >/sys/kernel/config/usb_gadget/{of.recorder}/UDC')) as docking:
            port = self.port_of(of.recorder)
            self.assertEqual(self.station.run(f'cat /sys/bus/usb/devices/{port}/speed').strip(), megabits)
            self.check_footage(of)
            self.no_findings(docking)
            self.check_given_back(port)

    @contextlib.contextmanager
    def mounted_by_hand(self, of):
        """As long as it is nobody's the kernel's driver may write to a card, as somebody's computer would: on /run/card."""
        port, part, options = MOUNTS['vfat' if of is self.card else 'exfat']
        self.station.plug_disk('stranger', of.folder + '.img', 'STICK', port)
        try:
            disk = self.wait_block(f'2-{port}') + part
            self.wait_device(f'[ -b /dev/{disk} ]')
            self.station.run(f'mkdir -p /run/card && mount -o {options} /dev/{disk} /run/card')
            yield
            self.station.run('umount /run/card', 120)
            self.assertGreater(self.station.writes('stranger'), 0)
        finally:
            self.station.unplug('stranger')
        self.station.wait_until('tail -n 1 /run/mounts.log | grep -q "^umount.*/run/card"', 30)
        type(self).by_hand = len(self.mounts())

    # cases

    def test_01_stranger_is_left_alone_and_can_be_used(self):
        """Which is how the cards get their files: with times in the recorder's zone."""
        station = self.station
        self.watch_mounts()
        alerts = 'recdockctl alert list --open=yes --kind=unknown-device --json'
        for of in (self.card, self.visit):
            with self.mounted_by_hand(of):
                station.wait_until(f'{alerts} | grep -q STICK', 30)
                station.run(f'cp -a --no-preserve=ownership,mode /mnt/host/{os.path.basename(of.folder)}/. /run/card/', 120)
            station.wait_until(f'! {alerts} | grep -q STICK', 30)
        self.assertEqual(station.dockings(), [])
        self.assertGreaterEqual(self.by_hand, 4, 'mounts are not seen')

    def test_02_fat32_with_no_hand_on_the_keyboard(self):
        self.register()
        with self.qemu_docked(self.card, 1) as docking:
            self.check_footage()
            due = {'state': 'released', 'driver': 'ums', 'seen': 40, 'pulled': 40, 'failed': 0,
                   'bytes': sum(f.size for f in self.card.files)}
            self.assertEqual({k: docking[k] for k in due}, due)
            self.no_findings(docking)
            self.check_given_back('2-1')

    def register(self):
        for number, name in card.UNITS.items():
            self.station.run(f"recdockctl unit add {number} '{name}'")
        for number, unit in card.OFFICERS.items():
            self.station.run(f'recdockctl officer add {number} 执法员{number} --unit={unit}')
        ids = {'DSJ0001': QEMU_ID, 'DSJ0002': QEMU_ID, 'DSJ0003': GADGET_ID, 'DSJ0004': GADGET_ID, 'DSJ0005': QEMU_UAS_ID,
               'DSJ0006': RECSIM_ID}
        for number, (vendor, product) in ids.items():
            self.station.run(f'recdockctl recorder register {number} --usb-serial={number} --vendor-id={vendor} '
                             f'--product-id={product} --unit=3301')
            self.station.run(f"recdockctl recorder assign {number} {card.ASSIGNED} --from='2026-10-01 00:00'")

    def test_03_exfat(self):
        with self.qemu_docked(self.visit, 2) as docking:
            self.check_footage(self.visit)
            self.no_findings(docking)
            self.check_given_back('2-2')

    def test_04_gadget_at_high_speed(self):
        self.visit.recorder = 'DSJ0003'
        self.gadget_docked(self.visit, 'dummy_udc.0', 'high-speed', '480')

    def test_05_gadget_at_super_speed(self):
        self.gadget_docked(self.other, 'dummy_udc.1', 'super-speed', '5000')

    def test_06_disk_that_speaks_uas_alone_is_told(self):
        """QEMU's has no other setting. What is wrong is in the docking, and what is to be done about it."""
        plug = lambda: self.station.plug_uas_disk('disk', self.other.folder + '.img', 'DSJ0005', 2)
        with self.docked(self.other, plug, lambda: self.station.unplug('disk'), 'DOCKING_FAILED') as docking:
            self.assertEqual(docking['state'], 'failed')
            self.assertIn('USB Attached SCSI', docking['reason'])
            self.assertIn('2-2', self.station.run('ls /sys/bus/usb/drivers/uas | tr "\\n" " "'))

    def test_07_uas_disk_is_read_by_its_other_setting(self):
        shutil.copy(os.path.join(BUILD, 'tests', 'recsim', 'recsim-usbip'), self.station.share)
        self.other.recorder = 'DSJ0006'
        self.station.run('modprobe vhci_hcd; systemd-run --quiet --unit=usbip --property=Type=exec /mnt/host/recsim-usbip '
                         '"a disk=/mnt/host/OTHER.img uas=yes speed=super serial=DSJ0006"')
        self.wait_device('grep -q :0CA8 /proc/net/tcp')
        with self.docked(self.other, lambda: self.station.run(ATTACH),
                         lambda: self.station.run('cat /run/usbip-port >/sys/devices/platform/vhci_hcd.0/detach')) as docking:
            self.check_footage(self.other)
            self.no_findings(docking)

    def copy_large(self, mebibytes):
        """A recording of so many MiB more on the FAT32 card, while that is out."""
        number = len(self.card.files) + 1
        path = f'DCIM/103/DSJ0001_J121000_%Y%m%d%H%M%S_{number:04}.mp4'
        large = self.card.add_large(mebibytes, path)
        name = large.source_path.partition('/')[2]
        subprocess.run(['mcopy', '-i', f'{self.card.folder}.img@@{VOLUME_OFFSET}', '-m', os.path.join(self.card.folder, name),
                        f'::{name}'], check=True, env=os.environ | {'TZ': 'Asia/Shanghai', 'MTOOLS_SKIP_CHECK': '1'})
        return large

    def test_08_cable_pulled_half_way_through_a_large_file(self):
        large = self.copy_large(64)
        image = self.card.folder + '.img'
        before = card.digest(image)
        events = self.station.events()
        self.station.plug_disk('disk', image, self.card.recorder)
        self.station.wait_part(20, 120)
        self.station.unplug('disk')
        events.wait(is_event('DOCKING_INTERRUPTED'), 60)
        events.close()
        self.assertEqual(len(self.station.parts('-size +20M')), 1, 'parts kept')
        with self.qemu_docked(self.card, 1):
            self.check_footage()
        first, second = self.station.dockings()[-2:]
        self.say(f'{first["bytes"]} + {second["bytes"]} bytes for a file of {large.size}')
        self.assertGreater(first['bytes'], 20 << 20)
        self.assertLessEqual(first['bytes'] + second['bytes'], large.size * 1.05, 'more than 5 % was read twice')
        self.assertEqual((second['already_held'], card.digest(image)), (40, before))

    def test_09_power_cut_in_the_middle_of_a_large_file(self):
        large = self.copy_large(128)
        before = {row['id']: row['sha256'] for row in self.station.footage()}
        self.station.plug_disk('disk', self.card.folder + '.img', self.card.recorder)
        self.station.wait_part(100, 120)
        self.station.kill()
        self.station.start()
        self.station.wait_until('systemctl is-active --quiet recdockd', 60)
        self.assertEqual({row['id']: row['sha256'] for row in self.station.footage()}, before)
        self.watch_mounts()
        with self.qemu_docked(self.card, 1) as docking:
            self.check_footage()
            # Of 100 MiB at most 64 are behind the last checkpoint (daemon/offload/part_writer.h); its record may lag a little.
            self.assertLess(docking['bytes'], large.size - (32 << 20), 'went on from its part')
        self.station.wait_no_parts()
        self.assertEqual(self.station.unsealed(), [])

    def test_10_daemon_that_is_up_before_the_kernel_knows_usb(self):
        """As it may be after a power cut: udev loads modules while services start."""
        self.station.run('systemctl stop recdockd && modprobe -r xhci_pci && modprobe -r uas && modprobe -r usbcore && '
                         '! grep usb_device /proc/devices && systemctl start recdockd && modprobe xhci_pci')
        with self.qemu_docked(self.card, 1) as docking:
            self.assertEqual(docking['already_held'], len(self.card.files))

    def test_11_deleted_by_the_kernels_driver_and_recovered(self):
        self.visit.recorder = 'DSJ0002'
        for of in (self.card, self.visit):
            name = os.path.basename(of.folder)
            gone = of.add('h264.ts', 'DCIM/103/DSJ_J121000_%Y%m%d%H%M%S_0099.ts')
            with self.mounted_by_hand(of):
                self.station.run(f'mkdir -p /run/card/DCIM/103 && cp -a --no-preserve=ownership,mode '
                                 f'/mnt/{os.path.join("host", gone.source_path)} /run/card/DCIM/103/')
            with self.mounted_by_hand(of):
                self.station.run(f'rm /run/card/{gone.source_path.partition("/")[2]}')
            with self.qemu_docked(of, MOUNTS['vfat' if of is self.card else 'exfat'][0]) as docking:
                self.check_recovered(of, gone, docking['docking'])
            self.say(f'{name}: recovered')

    def check_recovered(self, of, gone, docking):
        """It is a finding and an alert, and asked for, footage that says what it is."""
        findings = f'recdockctl finding list --docking={docking} --kind=deleted --json'
        root, _, path = gone.source_path.partition('/')
        self.assertEqual([(row['path'], row['size'], row['recoverable'], row['state']) for row in self.station.json(findings)],
                         [(f'{root}/(deleted)/{path}', gone.size, True, 'open')])
        alerts = self.station.json('recdockctl alert list --open=yes --kind=deleted-on-recorder --json')
        self.assertIn(f'recorder/{of.recorder}', [row['subject'] for row in alerts])
        events = self.station.events()
        self.station.run(f'recdockctl recover {docking}')
        self.check_end(events.wait(is_event(*DOCKING_ENDS), OFFLOAD_TIMEOUT))
        events.close()
        rows = [row for row in self.station.footage() if row['source'] == 'recovered' and row['recorder'] == of.recorder]
        self.assertEqual([(row['sha256'], row['size'], self.station.digests(of.recorder)[row['path']]) for row in rows],
                         [(gone.sha256, gone.size, gone.sha256)])
        self.assertEqual(self.station.json(findings)[0]['state'], 'recovered')


if __name__ == '__main__':
    main()
