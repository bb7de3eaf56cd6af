#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules beside those of systemd, libmtp and libgphoto2: who gets a recorder's node, and who is kept off it."""

import contextlib
import os
import struct
import subprocess

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

# A disk that is something else besides. The keyboard's report is that of HID 1.11, appendix B.1, shortened to its keys.
DISK_AND_MORE = '''
modprobe -a libcomposite dummy_hcd usb_f_mass_storage usb_f_hid usb_f_ecm
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
truncate -s 8M /run/both.img
g=/sys/kernel/config/usb_gadget/{function}
mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/mass_storage.0 $g/functions/{function}.0
echo 0x1d6b >$g/idVendor
echo 0x0105 >$g/idProduct
echo BOTH-{function} >$g/strings/0x409/serialnumber
echo /run/both.img >$g/functions/mass_storage.0/lun.0/file
if [ {function} = hid ]; then
    echo 1 >$g/functions/hid.0/protocol
    echo 1 >$g/functions/hid.0/subclass
    echo 8 >$g/functions/hid.0/report_length
    printf '\\x05\\x01\\x09\\x06\\xa1\\x01\\x05\\x07\\x19\\x00\\x29\\x65\\x15\\x00\\x25\\x65\\x75\\x08\\x95\\x08\\x81\\x00\\xc0' \
        >$g/functions/hid.0/report_desc
fi
ln -s $g/functions/mass_storage.0 $g/configs/c.1
ln -s $g/functions/{function}.0 $g/configs/c.1
echo dummy_udc.0 >$g/UDC
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
        # Only the rules are looked at; nobody is to claim anything. The names of makers are most of what hwdb compiles each time.
        cls.station.run('systemctl stop recdockd; cd /lib/udev/hwdb.d; rm 20-OUI.hwdb 20-pci-vendor-model.hwdb 20-usb-vendor-model.hwdb')

    def properties(self, device):
        lines = self.station.run(f'udevadm info --query=property {device}').splitlines()
        return dict(line.split('=', 1) for line in lines)

    def wait_device(self, condition):
        self.station.wait_until(f'{condition} && udevadm settle', 30)

    def test_1_recorder_is_recdocks_and_hidden_from_others(self):
        self.station.plug('recorder', self.card.folder, card.RECORDER)
        self.wait_device('[ -e /sys/bus/usb/devices/1-1/serial ]')
        found = self.properties('/sys/bus/usb/devices/1-1')
        self.assertEqual(found.get('ID_RECDOCK'), 'mtp')
        for name in ('ID_MTP_DEVICE', 'ID_GPHOTO2', 'GPHOTO2_DRIVER', 'ID_MEDIA_PLAYER', 'ID_USB_INTERFACES'):
            self.assertNotIn(name, found)
        tags = found['TAGS'].strip(':').split(':')
        self.assertIn('recdock', tags)
        self.assertNotIn('uaccess', tags)
        self.assertEqual(self.station.run(f'stat -c "%a %U %G" {found["DEVNAME"]}').strip(), '660 root recdock')
        self.assertEqual(self.station.run('cat /sys/bus/usb/devices/1-1/power/control').strip(), 'on')
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

    @contextlib.contextmanager
    def disk(self, serial='', label='', partition=False):
        """Plugs a USB disk of 8 MiB, with a serial and the label of its volume when given, which may lie in a
        partition. Gives the sysfs name of its USB device; pulls it out in the end."""
        path = os.path.join(self.folder, 'disk.img')
        with open(path, 'wb') as f:
            f.truncate(8 << 20)
        if label:
            subprocess.run(['mkswap', '-q', '-L', label, path], check=True)
        if partition:
            # Behind one MiB with the table of a single partition (type 0c) that is all the rest.
            with open(path, 'r+b') as f:
                volume = f.read()
                f.seek(0)
                f.write(bytes(446) + struct.pack('<B3sB3sII', 0, bytes(3), 0x0c, bytes(3), 2048, len(volume) // 512)
                        + bytes(48) + b'\x55\xaa' + bytes((1 << 20) - 512) + volume)
        self.station.plug_disk('disk', path, serial, 2)
        try:
            self.wait_device('[ -b /dev/sda ]')
            yield self.station.run('basename $(realpath /sys/block/sda/device/../../../..)').strip()
        finally:
            self.station.unplug('disk')
            self.wait_device('[ ! -b /dev/sda ]')

    def hwdb(self, text):
        """Local entries of the hwdb, in place of those before."""
        self.station.run(f"cat >/etc/udev/hwdb.d/61-recdock-local.hwdb <<'EOF'\n{text}EOF\n"
                         'systemd-hwdb update; udevadm control --reload')

    def check_untouched(self, device):
        usb, disk = self.properties(f'/sys/bus/usb/devices/{device}'), self.properties('/dev/sda')
        self.assertNotIn('ID_RECDOCK', usb)
        self.assertNotIn('recdock', usb.get('TAGS', ''))
        self.assertEqual(self.station.run(f'stat -c "%a %U %G" {usb["DEVNAME"]}').strip(), '664 root root')
        for name in ('UDISKS_IGNORE', 'UDISKS_AUTO', 'ID_RECDOCK'):
            self.assertNotIn(name, disk)
        self.assertNotEqual(disk.get('SYSTEMD_READY'), '0')
        self.assertEqual(self.station.run('cat /sys/block/sda/ro').strip(), '0')
        self.assertEqual(self.station.run(f'basename $(realpath /sys/bus/usb/devices/{device}/{device}:1.0/driver)').strip(),
                         'usb-storage')

    def check_recorder(self, device):
        condition = f'udevadm info --query=property /sys/bus/usb/devices/{device} | grep -qx ID_RECDOCK=ums'
        self.wait_device(condition)
        usb, disk = self.properties(f'/sys/bus/usb/devices/{device}'), self.properties('/dev/sda')
        self.assertEqual(self.station.run(f'stat -c "%a %U %G" {usb["DEVNAME"]}').strip(), '660 root recdock')
        self.assertNotIn('uaccess', usb['TAGS'])
        self.assertEqual((disk.get('UDISKS_IGNORE'), disk.get('SYSTEMD_READY')), ('1', '0'))
        self.assertEqual(self.station.run('cat /sys/block/sda/ro').strip(), '1')
        # The kernel refuses it, not only the tools.
        status, _ = self.station.call('dd if=/dev/zero of=/dev/sda bs=512 count=1 conv=fsync,notrunc')
        self.assertNotEqual(status, 0)

    def test_3_unknown_disk_is_not_touched(self):
        with self.disk(serial='STICK1', label='HOLIDAYS') as device:
            self.check_untouched(device)

    def test_4_registered_disk_is_a_recorder(self):
        self.station.run('systemctl start recdockd')
        for number, serial in (('D1', 'DISK 1/x'), ('D2', '../../../etc/passwd')):
            self.station.run(f"recdockctl recorder register {number} --usb-serial='{serial}' --vendor-id=46f4 "
                             '--product-id=0001')
        self.station.run('recdockctl recorder register D3 --usb-serial=DISK3')
        # The files outlive the daemon: a recorder is kept from the system while recdockd is down, too.
        self.station.run('systemctl stop recdockd')
        self.assertEqual(self.station.run('ls /var/lib/recdock/registered').split(),
                         ['0000:0000:DISK3', '46f4:0001:.._.._.._etc_passwd', '46f4:0001:DISK_1_x'])
        for serial, known in (('DISK 1/x', True), ('DISK3', True), ('../../../etc/passwd', True), ('DISK4', False),
                              ('../registered/46f4:0001:DISK_1_x', False)):
            self.say(f'serial {serial!r}')
            with self.disk(serial=serial) as device:
                (self.check_recorder if known else self.check_untouched)(device)
        self.station.run('systemctl start recdockd; recdockctl recorder retire D3 --reason=test; systemctl stop recdockd')
        with self.disk(serial='DISK3') as device:
            self.check_untouched(device)

    def test_5_disk_is_known_by_its_ids_by_inquiry_or_by_label(self):
        for entry in ('usb:v46F4p0001*\n', 'recdock:inquiry:vQEMU:mQEMU HARDDISK:\n', 'recdock:label:CAM[0-9]*\n'):
            self.say(f'entry {entry!r}')
            self.hwdb(f'{entry} ID_RECDOCK=ums\n')
            with self.disk(label='CAM01') as device:
                self.check_recorder(device)
                # What udev is asked again for must not undo it, nor that the disk goes and comes back.
                self.station.run(f'udevadm trigger --settle --action=change /sys/bus/usb/devices/{device}')
                self.check_recorder(device)
                self.station.run(f'echo {device}:1.0 >/sys/bus/usb/drivers/usb-storage/unbind; '
                                 f'udevadm trigger --settle --action=change /sys/bus/usb/devices/{device}; '
                                 f'echo {device}:1.0 >/sys/bus/usb/drivers/usb-storage/bind')
                self.wait_device('[ -b /dev/sda ]')
                self.check_recorder(device)
        with self.disk(label='CAMERA') as device:
            self.check_untouched(device)
        with self.disk(label='CAM02', partition=True) as device:
            self.wait_device('[ "$(cat /sys/block/sda/ro /sys/block/sda/sda1/ro | tr -d "\\n")" = 11 ]')
            self.assertEqual(self.properties('/dev/sda1').get('UDISKS_IGNORE'), '1')
            self.check_recorder(device)

    def test_6_disk_in_a_bay_is_alerted(self):
        self.hwdb('')
        with self.disk(serial='STICK2') as device:
            self.station.run(f"printf '[Bay \"9\"]\\nPort={device}\\n' >/etc/recdock/recdock.conf.d/bay.conf; "
                             'systemctl start recdockd')
            alerts = 'recdockctl alert list --open=yes --kind=unknown-device --json'
            self.station.wait_until(f'{alerts} | grep -q STICK2', 30)
            self.assertEqual(self.station.json(alerts)[0]['subject'], 'bay/9')
            self.check_untouched(device)
            # The alert survives a restart and is not doubled by it.
            self.station.run('systemctl restart recdockd')
            self.assertEqual(len(self.station.json(alerts)), 1)
        self.station.wait_until(f'! {alerts} | grep -q STICK2', 30)
        with self.disk(serial='STICK2'):
            self.station.wait_until(f'{alerts} | grep -q STICK2', 30)
            self.station.run('systemctl stop recdockd')
        # What left while nobody looked is cleared at the next start.
        self.station.run('systemctl start recdockd')
        self.assertEqual(self.station.json(alerts), [])
        self.assertEqual(self.station.json('recdockctl docking list --json'), [])
        self.station.run('systemctl stop recdockd')

    def test_7_recorder_that_is_more_than_a_disk_is_refused(self):
        self.hwdb('usb:v1D6Bp0105*\n ID_RECDOCK=ums\n')
        self.station.run('systemctl start recdockd')
        alerts = 'recdockctl alert list --open=yes --kind=suspicious-device --json'
        for more, function, interface_class in (('keyboard', 'hid', '03'), ('network', 'ecm', '02')):
            self.say(more)
            self.station.run(DISK_AND_MORE.format(function=function))
            self.wait_device(f'[ -b /dev/sda ] && ls /sys/bus/usb/devices/*/*/bInterfaceClass | xargs grep -lx {interface_class}')
            device = self.station.run('basename $(dirname $(grep -lx 0105 /sys/bus/usb/devices/*/idProduct))').strip()
            usb = self.properties(f'/sys/bus/usb/devices/{device}')
            self.assertEqual(self.station.run(f'stat -c "%a %U %G" {usb["DEVNAME"]}').strip(), '664 root root')
            self.station.wait_until(f'{alerts} | grep -q {more}', 30)
            self.assertEqual(self.station.json('recdockctl docking list --json'), [])
            self.station.run(f'echo >/sys/kernel/config/usb_gadget/{function}/UDC')
            self.station.wait_until(f'! {alerts} | grep -q {more}', 30)
            self.wait_device('[ ! -b /dev/sda ]')
        self.station.run('systemctl stop recdockd')

    def test_8_hwdb_decides_and_a_recorders_disk_is_kept_from_udisks(self):
        self.hwdb('usb:v46F4p0001*\n ID_RECDOCK=mtp\n\nusb:v46F4p0004*\n ID_RECDOCK=none\n')
        with self.disk():
            self.station.plug('recorder', self.card.folder, card.RECORDER)
            self.wait_device('[ -e /sys/bus/usb/devices/1-1/serial ]')
            self.assertEqual(self.properties('/dev/sda').get('UDISKS_IGNORE'), '1')
            self.assertNotIn('ID_RECDOCK', self.properties('/sys/bus/usb/devices/1-1'))


if __name__ == '__main__':
    main()
