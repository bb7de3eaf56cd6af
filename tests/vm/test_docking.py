#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""From the package to the receipt on a real kernel, udev and systemd: rules, unit, an offload, a cable pulled half way."""

import os
import struct

import card
import tap
from station import EVENTS, STORE, check_footage, main

suite = tap.Suite()
SECURITY_LIMIT = 18  # tenths


def prepare(station):
    station.card = card.Card(os.path.join(station.folder, 'card'), station.cache)
    card.fill_shift(station.card)
    station.set_up(station.build)


def properties(station, device):
    return dict(line.split('=', 1) for line in station.run(f'udevadm info --query=property {device}').splitlines())


@suite.case('the unit starts, says so, and is reloaded, stopped and started')
def unit_behaves(station):
    tap.equal(station.run('systemctl is-active recdockd').strip(), 'active', 'state')
    tap.check(station.run('systemctl show -P StatusText recdockd').strip(), 'systemctl status has no Status: line')
    pid = station.run('systemctl show -P MainPID recdockd')
    events = station.events()
    station.run('systemctl reload recdockd')
    events.wait(station.is_event('STATION_RELOADED'), 30)
    tap.equal(station.run('systemctl show -P MainPID recdockd'), pid, 'PID after reload')
    station.run('systemctl stop recdockd')
    events.wait(station.is_event('STATION_STOPPING'), 30)
    tap.equal(station.run('systemctl show -P Result recdockd').strip(), 'success', 'result of stopping')
    station.run('systemctl start recdockd')
    events.wait(station.is_event('STATION_READY'), 30)
    station.run('systemctl restart recdockd && systemctl is-active recdockd')
    events.close()


@suite.case('systemd-analyze rates the unit at 1.8 or better')
def unit_is_hardened(station):
    output = station.run(f'systemd-analyze --no-pager security --threshold={SECURITY_LIMIT} recdockd')
    tap.say(output.splitlines()[-1])


@suite.case('people are registered')
def people(station):
    station.register()
    tap.equal(len(station.json('recdockctl recorder list --json')), 1, 'recorders')


@suite.case('a stranger is refused, and nothing is read')
def stranger(station):
    events = station.events()
    station.plug('stranger', station.card.folder, 'UNKNOWN7', port=2)
    events.wait(station.is_event('DOCKING_REFUSED'), 60)
    station.unplug('stranger')
    events.wait(station.is_event('DOCKING_UNPLUGGED', 'DOCKING_INTERRUPTED'), 60)
    events.close()
    tap.equal(station.footage(), [], 'footage')
    tap.check(station.json('recdockctl alert list --json'), 'no alert was raised')


@suite.case('a recorder with forty files is offloaded with no hand on the keyboard')
def offload(station):
    events = station.events()
    station.plug('recorder', station.card.folder, card.RECORDER)
    events.wait(station.is_event('WORKER_SANDBOX'), 60)
    station.confinement = station.run(
        'for p in $(cat /sys/fs/cgroup/system.slice/recdockd.service/cgroup.procs); do '
        'echo "$(cat /proc/$p/comm) $(sed -n "s/^\\(Uid\\|CapEff\\|CapBnd\\|Seccomp\\|NoNewPrivs\\):\\s*\\(\\S*\\).*/\\2/p" /proc/$p/status | tr "\\n" " ")"; done')
    entry = events.wait(station.is_event('DOCKING_RELEASED', 'DOCKING_FAILED'), 300)
    events.close()
    tap.say(entry['MESSAGE'])
    tap.equal(entry['MESSAGE_ID'], EVENTS['DOCKING_RELEASED'], 'end of the docking')
    check_footage(station, station.card.files)


@suite.case('the receipt counts what was done')
def receipt(station):
    row = station.dockings()[-1]
    due = {'state': 'released', 'seen': 40, 'pulled': 40, 'already_held': 0, 'failed': 0, 'late': 0,
           'bytes': sum(f.size for f in station.card.files)}
    tap.equal({k: row[k] for k in due}, due, 'docking row')


@suite.case('the station log tells of the docking, in both languages')
def station_log(station):
    for name in ('DOCKING_PLUGGED', 'DOCKING_IDENTIFIED', 'DOCKING_LISTED', 'FOOTAGE_FILED', 'DOCKING_RELEASED'):
        tap.check(station.run(f'journalctl --quiet -o cat MESSAGE_ID={EVENTS[name]} RECDOCK_BAY=1').strip(), f'no {name} in the journal')
    explained = f'journalctl --quiet -x -n 1 MESSAGE_ID={EVENTS["DOCKING_RELEASED"]}'
    tap.check(f'Recorder {card.RECORDER} is done' in station.run(explained), 'no explanation in English')
    tap.check(f'执法记录仪 {card.RECORDER} 采集完毕' in station.run(f'LC_ALL=zh_CN.UTF-8 {explained}'), 'no explanation in Chinese')


@suite.case('daemon and workers hold no privilege')
def confined(station):
    uid = station.run('id -u recdock').strip()
    tap.say(station.confinement)
    processes = [line.split() for line in station.confinement.splitlines()]
    tap.check({'recdockd', 'recdock-offload'} <= {p[0] for p in processes}, 'recdockd and recdock-offload were not both seen')
    for name, *status in processes:
        tap.equal(status, [uid, '0000000000000000', '0000000000000000', '1', '2'], f'Uid, CapEff, CapBnd, NoNewPrivs, Seccomp of {name}')


@suite.case('footage is read-only and sealed by fs-verity')
def sealed(station):
    tap.equal(station.run(f'find {STORE}/store -type f ! -perm 0440').strip(), '', 'files with another mode')
    unsealed = [line for line in station.run(f'find {STORE}/store -type f -exec lsattr {{}} +').splitlines() if 'V' not in line.split()[0]]
    tap.equal(unsealed, [], 'files without fs-verity')
    tap.check(station.call(f'echo >>"$(find {STORE}/store -type f | head -n 1)"')[0] != 0, 'root could write to footage')


@suite.case('udev gives the recorder to recdock and hides it from everybody else')
def udev_tags(station):
    found = properties(station, '/sys/bus/usb/devices/2-1')
    tap.equal(found.get('ID_RECDOCK'), 'mtp', 'ID_RECDOCK')
    for name in ('ID_MTP_DEVICE', 'ID_GPHOTO2', 'GPHOTO2_DRIVER', 'ID_MEDIA_PLAYER', 'ID_USB_INTERFACES'):
        tap.check(name not in found, f'{name} is set')
    tags = found['TAGS'].strip(':').split(':')
    tap.check('recdock' in tags and 'uaccess' not in tags, f'tags: {tags}')
    tap.equal(station.run(f'stat -c "%a %U %G" {found["DEVNAME"]}').strip(), '660 root recdock', 'node')
    tap.equal(station.run('cat /sys/bus/usb/devices/2-1/power/control').strip(), 'on', 'power/control')
    station.unplug('recorder')


@suite.case('a cable pulled half way through a large file costs next to nothing')
def unplugged(station):
    large = station.card.add_large(128, 'DCIM/103/DSJ0001_J121000_%Y%m%d%H%M%S_0041.mp4')
    events = station.events()
    station.plug('recorder', station.card.folder, card.RECORDER)
    station.wait_until(f'[ -n "$(find {STORE}/incoming -name "*.part" -size +40M)" ]', 120)
    station.unplug('recorder')
    events.wait(station.is_event('DOCKING_INTERRUPTED'), 60)
    events.close()
    tap.check(station.run(f'find {STORE}/incoming -name "*.part" -size +40M').strip(), 'the part was not kept')
    station.offload('recorder', station.card.folder)
    check_footage(station, station.card.files)
    first, second = station.dockings()[-2:]
    tap.say(f'{first["bytes"]} + {second["bytes"]} bytes for a file of {large.size}')
    tap.check(first['bytes'] > 0 and second['bytes'] < large.size, 'the second docking began anew')
    tap.check(first['bytes'] + second['bytes'] <= large.size * 1.05, 'more than 5 % was read twice')
    tap.equal(second['already_held'], 40, 'held already')
    tap.equal(station.run(f'find {STORE}/incoming -name "*.part"').strip(), '', 'parts left over')
    station.unplug('recorder')


def functionfs_interface(name):
    """What a gadget writes to ep0: one interface ff/ff/00 of this name with a bulk pair (linux/usb/functionfs.h)."""
    interface = struct.pack('<BBBBBBBBB', 9, 4, 0, 0, 2, 0xff, 0xff, 0, 1)
    endpoints = struct.pack('<BBBBHB', 7, 5, 0x81, 2, 512, 0) + struct.pack('<BBBBHB', 7, 5, 0x02, 2, 512, 0)
    body = interface + endpoints
    descriptors = struct.pack('<IIII', 3, 16 + len(body), 2, 3) + body  # version 2, high speed
    text = struct.pack('<H', 0x409) + name.encode() + b'\0'
    strings = struct.pack('<IIII', 2, 16 + len(text), 1, 1) + text
    return descriptors, strings


GADGET = '''
modprobe -a libcomposite dummy_hcd usb_f_fs
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
g=/sys/kernel/config/usb_gadget/{name}; mkdir -p $g/strings/0x409 $g/configs/c.1 $g/functions/ffs.{name}
echo 0x1d6b >$g/idVendor; echo 0x0104 >$g/idProduct; echo {name} >$g/strings/0x409/serialnumber
ln -s $g/functions/ffs.{name} $g/configs/c.1
mkdir -p /run/{name}; mount -t functionfs {name} /run/{name}
systemd-run --quiet --unit={name} --property=Type=exec bash -c '
exec 3<>/run/{name}/ep0; cat /mnt/host/{name}.descriptors >&3; cat /mnt/host/{name}.strings >&3
echo dummy_udc.0 >'$g'/UDC; exec cat <&3 >/dev/null'
'''


def gadget_property(station, name, interface_name):
    """ID_RECDOCK of a gadget with a vendor-class interface of this name."""
    for part, data in zip(('descriptors', 'strings'), functionfs_interface(interface_name)):
        with open(os.path.join(station.share, f'{name}.{part}'), 'wb') as f:
            f.write(data)
    station.run(GADGET.format(name=name))
    station.wait_until(f'grep -qsx {interface_name} /sys/bus/usb/devices/*/interface && udevadm settle', 30)
    device = station.run(f'dirname $(realpath $(dirname $(grep -lx {interface_name} /sys/bus/usb/devices/*/interface)))').strip()
    found = properties(station, device)
    station.run(f'echo >/sys/kernel/config/usb_gadget/{name}/UDC; systemctl stop {name}; umount /run/{name}')
    return found.get('ID_RECDOCK')


@suite.case('MTP under a vendor class is known by the name of its interface')
def vendor_class(station):
    tap.equal(gadget_property(station, 'gadget1', 'MTP'), 'mtp', 'ID_RECDOCK of a gadget called MTP')
    tap.equal(gadget_property(station, 'gadget2', 'Scanner'), None, 'ID_RECDOCK of a gadget called Scanner')


@suite.case('hwdb makes a device a recorder, or none; its disk is kept from udisks')
def hwdb(station):
    station.run("printf 'usb:v46F4p0001*\\n ID_RECDOCK=mtp\\n\\nusb:v46F4p0004*\\n ID_RECDOCK=none\\n' >/etc/udev/hwdb.d/61-recdock-local.hwdb;"
                'systemctl stop recdockd; systemd-hwdb update; udevadm control --reload')
    disk = os.path.join(station.folder, 'card.img')
    with open(disk, 'wb') as f:
        f.truncate(8 << 20)
    station.qmp.execute('blockdev-add', **{'driver': 'raw', 'node-name': 'card', 'file': {'driver': 'file', 'filename': disk}})
    station.qmp.execute('device_add', driver='usb-storage', id='disk', bus='xhci.0', port='2', drive='card')
    station.plug('recorder', station.card.folder, card.RECORDER)
    station.wait_until('[ -b /dev/sda ] && [ -e /sys/bus/usb/devices/2-1/serial ] && udevadm settle', 30)
    tap.equal(properties(station, '/dev/sda').get('UDISKS_IGNORE'), '1', 'UDISKS_IGNORE of the disk')
    tap.equal(properties(station, '/sys/bus/usb/devices/2-1').get('ID_RECDOCK'), None, 'ID_RECDOCK of the device excluded')


if __name__ == '__main__':
    tap.main_exit(main(suite, prepare))
