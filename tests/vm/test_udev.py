#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules beside those of systemd, libmtp and libgphoto2: who gets a recorder's node, and who is kept off it."""

import os
import struct

import card
from station import StationCase, main

# A USB device made by the kernel's gadget framework on its dummy controller; the functionfs file must stay open.
GADGET = '''
modprobe -a libcomposite dummy_hcd usb_f_fs
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
g=/sys/kernel/config/usb_gadget/{name}
mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/ffs.{name} /run/{name}
echo 0x1d6b >$g/idVendor
echo 0x0104 >$g/idProduct
ln -s $g/functions/ffs.{name} $g/configs/c.1
mount -t functionfs {name} /run/{name}
systemd-run --quiet --unit={name} --property=Type=exec bash -c '
    exec 3<>/run/{name}/ep0
    cat /mnt/host/{name}.descriptors >&3
    cat /mnt/host/{name}.strings >&3
    echo dummy_udc.0 >'$g'/UDC
    exec cat <&3 >/dev/null'
'''


def functionfs_interface(name):
    """What a gadget writes to ep0: an interface ff/ff/00 of this name, with a bulk pair (linux/usb/functionfs.h)."""
    interface = struct.pack('<BBBBBBBBB', 9, 4, 0, 0, 2, 0xff, 0xff, 0, 1)
    endpoints = b''.join(struct.pack('<BBBBHB', 7, 5, address, 2, 512, 0) for address in (0x81, 0x02))
    descriptors = struct.pack('<IIII', 3, 16 + len(interface + endpoints), 2, 3) + interface + endpoints
    text = struct.pack('<H', 0x409) + name.encode() + b'\0'
    return descriptors, struct.pack('<IIII', 2, 16 + len(text), 1, 1) + text


class Udev(StationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Only the rules are looked at; nobody is to claim anything.
        cls.station.run('systemctl stop recdockd')

    def properties(self, device):
        lines = self.station.run(f'udevadm info --query=property {device}').splitlines()
        return dict(line.split('=', 1) for line in lines)

    def wait_device(self, condition):
        self.station.wait_until(f'{condition} && udevadm settle', 30)

    def test_1_recorder_is_recdocks_and_hidden_from_others(self):
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        self.wait_device('[ -e /sys/bus/usb/devices/2-1/serial ]')
        found = self.properties('/sys/bus/usb/devices/2-1')
        self.assertEqual(found.get('ID_RECDOCK'), 'mtp')
        for name in ('ID_MTP_DEVICE', 'ID_GPHOTO2', 'GPHOTO2_DRIVER', 'ID_MEDIA_PLAYER', 'ID_USB_INTERFACES'):
            self.assertNotIn(name, found)
        tags = found['TAGS'].strip(':').split(':')
        self.assertIn('recdock', tags)
        self.assertNotIn('uaccess', tags)
        self.assertEqual(self.station.run(f'stat -c "%a %U %G" {found["DEVNAME"]}').strip(), '660 root recdock')
        self.assertEqual(self.station.run('cat /sys/bus/usb/devices/2-1/power/control').strip(), 'on')
        self.station.unplug('recorder')

    def gadget_properties(self, name, interface_name):
        """udev's properties of a gadget with a vendor-class interface of this name."""
        for part, data in zip(('descriptors', 'strings'), functionfs_interface(interface_name)):
            with open(os.path.join(self.station.share, f'{name}.{part}'), 'wb') as f:
                f.write(data)
        self.station.run(GADGET.format(name=name))
        interfaces = f'grep -lsx {interface_name} /sys/bus/usb/devices/*/interface'
        self.wait_device(interfaces)
        found = self.properties(self.station.run(f'dirname $(realpath $(dirname $({interfaces})))').strip())
        self.station.run(f'echo >/sys/kernel/config/usb_gadget/{name}/UDC; systemctl stop {name}; umount /run/{name}')
        return found

    def test_2_vendor_class_is_known_by_the_name_mtp(self):
        self.assertEqual(self.gadget_properties('gadget1', 'MTP').get('ID_RECDOCK'), 'mtp')
        self.assertNotIn('ID_RECDOCK', self.gadget_properties('gadget2', 'Scanner'))

    def test_3_hwdb_decides_and_a_recorders_disk_is_kept_from_udisks(self):
        self.station.run("printf 'usb:v46F4p0001*\\n ID_RECDOCK=mtp\\n\\nusb:v46F4p0004*\\n ID_RECDOCK=none\\n' "
                         '>/etc/udev/hwdb.d/61-recdock-local.hwdb; systemd-hwdb update; udevadm control --reload')
        disk = os.path.join(self.folder, 'disk.img')
        with open(disk, 'wb') as f:
            f.truncate(8 << 20)
        self.station.qmp.execute('blockdev-add', **{'driver': 'raw', 'node-name': 'card',
                                                    'file': {'driver': 'file', 'filename': disk}})
        self.station.qmp.execute('device_add', driver='usb-storage', id='disk', bus='xhci.0', port='2', drive='card')
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        self.wait_device('[ -b /dev/sda ] && [ -e /sys/bus/usb/devices/2-1/serial ]')
        self.assertEqual(self.properties('/dev/sda').get('UDISKS_IGNORE'), '1')
        self.assertNotIn('ID_RECDOCK', self.properties('/sys/bus/usb/devices/2-1'))


if __name__ == '__main__':
    main()
