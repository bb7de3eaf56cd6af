#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Debian guest in QEMU with real USB devices that can be plugged, pulled and cut off from power.

One connection to the guest's command port runs one script, so commands can run beside one another. Recorders are
QEMU's usb-mtp on xHCI with a host folder as memory card. KVM is never asked for: /dev/kvm may exist without working.

    guest.py shell BUILD       a guest with recdock of that build folder installed, and a command line into it
"""

import datetime
import json
import os
import queue
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import vmimage
from frozen import installed

# By the guest's clock, UTC: two hours after the shift that the recorders recorded (card.py).
FIRST_START = datetime.datetime(2026, 11, 1, 2, 30)
# /lib of the archive is a link in the guest. What follows is what a package's scripts do.
INSTALL = '''set -e
# When its unit looked, the channel of virtio may not have been there yet.
mountpoint -q /mnt/host || systemctl restart mnt-host.mount
tar -C / --keep-directory-symlink --no-overwrite-dir -xf /mnt/host/recdock.tar
rm /mnt/host/recdock.tar
systemd-sysusers
systemd-tmpfiles --create
systemd-hwdb update
journalctl --update-catalog
udevadm control --reload
systemctl daemon-reload
systemctl reload dbus
'''
BOOT_TIMEOUT = 180
COMMAND_TIMEOUT = 60


class GuestError(Exception):
    """The guest or QEMU did not do what it was told."""


class CommandFailed(GuestError):
    def __init__(self, script, status, output):
        super().__init__(f'exit status {status} of {script!r}: {output.strip()[-2000:]}')
        self.status, self.output = status, output


class Qmp:
    """QEMU's control socket. Events are kept until somebody asks for them."""

    def __init__(self, path, process):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self._connect(path, process)
        self.lines = self.socket.makefile('r', encoding='utf-8')
        self.events = []
        json.loads(self.lines.readline())  # greeting
        self.execute('qmp_capabilities')

    def _connect(self, path, process):
        limit = time.monotonic() + 30
        while True:
            try:
                self.socket.connect(path)
                return
            except (FileNotFoundError, ConnectionRefusedError):
                if process.poll() is not None or time.monotonic() > limit:
                    raise GuestError('QEMU did not start') from None
                threading.Event().wait(0.02)

    def _read(self):
        line = self.lines.readline()
        if not line:
            raise GuestError('QEMU closed its control socket')
        return json.loads(line)

    def execute(self, command, **arguments):
        self.socket.sendall(json.dumps({'execute': command, 'arguments': arguments}).encode() + b'\n')
        while True:
            message = self._read()
            if 'event' in message:
                self.events.append(message)
            elif 'error' in message:
                raise GuestError(f'{command}: {message["error"]["desc"]}')
            else:
                return message['return']

    def wait_event(self, name, **data):
        def wanted(m):
            return m['event'] == name and all(m['data'].get(k) == v for k, v in data.items())
        while True:
            for message in self.events:
                if wanted(message):
                    self.events.remove(message)
                    return message
            message = self._read()
            if 'event' in message:
                self.events.append(message)


class Follow:
    """The journal from now on, entry by entry; of one unit, if one is given."""

    def __init__(self, guest, unit=None):
        # From a cursor: what is logged while journalctl starts is seen too. Without matches: journalctl takes the first entry that it
        # finds for the one at the cursor and leaves it out, and among those that match it is the first new one.
        self.unit = unit
        cursor = guest.run("journalctl --quiet --lines=0 --show-cursor | sed 's/^-- cursor: //'").strip()
        self.connection = guest.connect(
            f"exec journalctl --follow --no-tail --after-cursor='{cursor}' --output=json")
        self.lines = self.connection.makefile('r', encoding='utf-8', errors='replace')

    def wait(self, wanted, timeout):
        """The first entry that 'wanted' accepts."""
        limit = time.monotonic() + timeout
        while True:
            self.connection.settimeout(max(limit - time.monotonic(), 0.01))
            try:
                line = self.lines.readline()
            except (TimeoutError, OSError) as e:
                raise GuestError(f'the journal did not show it within {timeout} s') from e
            if not line:
                raise GuestError('the journal ended')
            entry = json.loads(line) if line.startswith('{') else {}
            if entry and self.unit in (None, entry.get('_SYSTEMD_UNIT')) and wanted(entry):
                return entry

    def close(self):
        self.connection.close()


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


class Guest:
    """A guest. 'folder' holds the disk overlay, the console's log and 'share', which the guest sees as /mnt/host. With the folder
    of a frozen station (frozen.py) it starts in its state; started again, it boots with the disk as it was left.

    'durable' is for power cuts: what the guest has flushed stays in the overlay whatever becomes of QEMU. 'drives' are images
    that it finds as /dev/vdb and so on, read-only."""

    # The plainest is the quickest to emulate. Vector instructions are not: where libcrypto finds AVX2 it makes 78 MiB/s of SHA-256,
    # without 101, the wrong way round for any real processor. Without rdrand the pool of random numbers stays empty for minutes, and
    # journalctl waits for it.
    cpu = 'qemu64,+rdrand'

    def __init__(self, image, build, folder, durable=False, drives=(), frozen=None):
        self.image, self.build, self.folder, self.durable, self.drives = image, build, folder, durable, drives
        self.share = os.path.join(folder, 'share')
        self.overlay = os.path.join(folder, 'disk.qcow2')
        self.process = self.qmp = None
        self.disks = set()
        self.first_start = None
        self.frozen = frozen
        self.clock_shift = datetime.timedelta()  # of the next start; what is set stays for those after it
        os.makedirs(self.share, exist_ok=True)
        if not os.path.exists(self.overlay):
            below = (os.path.join(frozen, 'disk.qcow2'), 'qcow2') if frozen else (os.path.join(image, 'root.img'), 'raw')
            subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', below[0], '-F', below[1], self.overlay], check=True)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def _argv(self, thaws):
        cache = 'writeback' if self.durable else 'unsafe'
        drives = [word for path in self.drives for word in
                  ('-drive', f'if=virtio,file={path},format=raw,readonly=on')]
        return [
            'qemu-system-x86_64', '-nodefaults', '-display', 'none',
            '-machine', 'q35,usb=off', '-accel', 'tcg,thread=multi,tb-size=512', '-cpu', self.cpu, '-smp', '2', '-m', '2G', '-no-reboot',
            '-rtc', f'base={self._clock()}',
            '-kernel', f'{self.image}/vmlinuz', '-initrd', f'{self.image}/initrd.img',
            '-append', 'quiet console=ttyS0 net.ifnames=0 mitigations=off random.trust_cpu=on',
            '-serial', 'stdio', '-qmp', f'unix:{self.folder}/qmp,server=on,wait=off',
            '-drive', f'if=none,id=disk,file={self.overlay},format=qcow2,cache={cache},discard=unmap',
            '-device', 'virtio-blk-pci,drive=disk', *drives, '-device', 'virtio-rng-pci',
            '-netdev', f'user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self.port}-:{vmimage.EXEC_PORT}',
            '-device', 'virtio-net-pci,netdev=net',
            '-virtfs', f'local,path={self.share},mount_tag=host,security_model=none,multidevs=remap',
            '-device', 'qemu-xhci,id=xhci,p2=8,p3=8',
            *(['-incoming', 'defer'] if thaws else []),
        ]

    def _clock(self):
        """The guest's date does not depend on today's, and goes on across a power cut, by 'clock_shift' more."""
        if self.first_start is None:
            self.first_start = time.monotonic() - self._age()
        gone = datetime.timedelta(seconds=time.monotonic() - self.first_start)
        return (FIRST_START + self.clock_shift + gone).isoformat(timespec='seconds')

    def _age(self):
        """How long a frozen station had been running, in seconds."""
        if not self.frozen:
            return 0
        with open(os.path.join(self.frozen, 'age'), encoding='ascii') as f:
            return float(f.read())

    def start(self):
        thaws = self.frozen is not None and self.first_start is None
        self._run_qemu(thaws)
        if thaws:
            self._migrate('migrate-incoming', f'exec:cat {shlex.quote(os.path.join(self.frozen, "state"))}')
            self.qmp.execute('cont')
            self.run('systemctl start mnt-host.mount')
            return
        try:
            if not self.ready.get(timeout=BOOT_TIMEOUT):
                raise GuestError(f'the guest died while booting, see {self.folder}/console.log')
        except queue.Empty:
            raise GuestError(f'the guest has not booted in {BOOT_TIMEOUT} s, see {self.folder}/console.log') from None

    def freeze(self, state):
        """Leaves the guest's state in a file, and what belongs to it in the overlay. The guest has ended then."""
        # While it runs, pages that it writes to meanwhile are not always noticed: one guest in two was thawed broken.
        self.qmp.execute('stop')
        self._migrate('migrate', f'exec:cat >{shlex.quote(state)}')
        self.qmp.execute('quit')
        self.process.wait(timeout=60)

    def _migrate(self, command, uri):
        self.qmp.execute('migrate-set-capabilities', capabilities=[{'capability': 'events', 'state': True}])
        self.qmp.execute(command, uri=uri)
        self.qmp.wait_event('MIGRATION', status='completed')

    def _run_qemu(self, thaws):
        self.port = free_port()
        # usb-mtp takes names to be in the locale's encoding.
        preload = os.path.join(self.build, 'tests', 'vm', 'libqemu_locale.so')
        env = dict(os.environ, LC_ALL='C.UTF-8', LD_PRELOAD=preload)
        with open(f'{self.folder}/qemu.log', 'ab') as log:
            self.process = subprocess.Popen(self._argv(thaws), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            env=env)
        self.ready = queue.Queue()
        threading.Thread(target=self._read_console, args=(self.process.stdout, self.ready), daemon=True).start()
        self.qmp = Qmp(f'{self.folder}/qmp', self.process)

    def _read_console(self, stream, ready):
        with open(f'{self.folder}/console.log', 'ab', buffering=0) as log:
            for line in stream:
                log.write(line)
                if b'recdock-vm-ready' in line:
                    ready.put(True)
        ready.put(False)

    def connect(self, script):
        """A connection that runs 'script'; what it prints can be read from it."""
        connection = socket.create_connection(('127.0.0.1', self.port), timeout=30)
        connection.sendall(script.encode())
        connection.shutdown(socket.SHUT_WR)
        return connection

    def call(self, script, timeout=COMMAND_TIMEOUT):
        """Exit status and output (stdout and stderr) of a shell script run as root in the guest."""
        limit = time.monotonic() + timeout
        data = bytearray()
        with self.connect(script) as connection:
            while True:
                connection.settimeout(max(limit - time.monotonic(), 0.01))
                try:
                    block = connection.recv(1 << 16)
                except TimeoutError:
                    raise GuestError(f'{script!r} took longer than {timeout} s; so far: {bytes(data[-500:])!r}') from None
                if not block:
                    break
                data += block
        output, nul, status = bytes(data).rpartition(b'\0')
        if not nul:
            raise GuestError(f'no exit status of {script!r}: {bytes(data[-500:])!r}')
        return int(status), output.decode(errors='replace')

    def run(self, script, timeout=COMMAND_TIMEOUT):
        """Output of a script that must succeed."""
        status, output = self.call(script, timeout)
        if status != 0:
            raise CommandFailed(script, status, output)
        return output

    def json(self, script, timeout=COMMAND_TIMEOUT):
        """What a command prints as JSON: one value, or a list of the values of its lines."""
        output = self.run(script, timeout)
        try:
            return json.loads(output)
        except ValueError:
            return [json.loads(line) for line in output.splitlines()]

    def wait_until(self, condition, timeout=COMMAND_TIMEOUT):
        """Returns as soon as the shell condition holds; looked at in the guest, many times a second."""
        pause = 'read -r -t 0.02 _ <> <(:)'
        self.run(f'end=$((SECONDS + {timeout})); until {condition}; do [ $SECONDS -lt $end ] || exit 1; {pause}; done; true',
                 timeout + 10)

    def follow(self, unit=None):
        return Follow(self, unit)

    def plug(self, name, card, serial, port=1):
        """Pushes a recorder with the host folder 'card' as its memory into the bay of port path 1-PORT."""
        self.qmp.execute('device_add', driver='usb-mtp', id=name, bus='xhci.0', port=str(port), rootdir=card,
                         serial=serial)

    def plug_disk(self, name, image, serial='', port=1):
        """Pushes a USB disk with this image on it into the bay of port path 2-PORT: it is faster than usb-mtp."""
        self._open_image(name, image)
        self.qmp.execute('device_add', driver='usb-storage', id=name, bus='xhci.0', port=str(port), drive=f'{name}-image',
                         **({'serial': serial} if serial else {}))

    def plug_uas_disk(self, name, image, serial, port=1):
        """The same with a disk that speaks USB Attached SCSI and nothing else."""
        self._open_image(name, image)
        self.qmp.execute('device_add', driver='usb-uas', id=name, bus='xhci.0', port=str(port), serial=serial)
        self.qmp.execute('device_add', driver='scsi-hd', id=f'{name}-unit', bus=f'{name}.0', drive=f'{name}-image')
        self.qmp.execute('qom-set', path=f'/machine/peripheral/{name}', property='attached', value=True)

    def _open_image(self, name, image):
        self.qmp.execute('blockdev-add', **{'driver': 'raw', 'node-name': f'{name}-image',
                                            'file': {'driver': 'file', 'filename': image}})
        self.disks.add(name)

    def writes(self, name):
        """How many commands have written to a disk, or would have."""
        for entry in self.qmp.execute('query-blockstats'):
            if f'/{name}/' in entry.get('qdev', '') + '/':
                return sum(entry['stats'][k] for k in ('wr_operations', 'failed_wr_operations', 'invalid_wr_operations',
                                                       'unmap_operations'))
        raise GuestError(f'no statistics of disk {name!r}')

    def unplug(self, name):
        """Pulls it out; returns when QEMU has let go of it."""
        self.qmp.execute('device_del', id=name)
        self.qmp.wait_event('DEVICE_DELETED', device=name)
        if name in self.disks:
            self.disks.remove(name)
            self.qmp.execute('blockdev-del', **{'node-name': f'{name}-image'})

    def kill(self):
        """The power cut. The overlay stays."""
        self.disks.clear()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process:
            self.process.wait()

    def shut_down(self):
        self.connect('systemctl --no-block poweroff').close()
        self.process.wait(timeout=60)

    def install(self):
        """Installs recdock of the build folder the way a package does: files, users, folders, rules. It is not started."""
        installed(self.build, os.path.join(self.share, 'recdock.tar'))
        self.run(INSTALL, timeout=120)


def image_or_reason(cache):
    """(image folder, None), or (None, why the test cannot run here)."""
    if not shutil.which('qemu-system-x86_64'):
        return None, 'qemu-system-x86_64 is not installed'
    if not os.path.isdir(os.path.join(cache, vmimage.key())) and vmimage.missing():
        return None, vmimage.missing()
    return vmimage.build(cache), None


def cache_folder(build):
    return os.environ.get('RECDOCK_VM_CACHE') or os.path.join(build, 'vm-cache')


def shell(build):
    image, reason = image_or_reason(cache_folder(build))
    if reason:
        sys.exit(reason)
    with tempfile.TemporaryDirectory(prefix='recdock-vm-') as folder, Guest(image, build, folder) as guest:
        guest.install()
        print(f'files: {guest.share} is /mnt/host; console: {folder}/console.log\n'
              'plug NAME FOLDER SERIAL, unplug NAME, quit; anything else runs in the guest')
        for line in iter(lambda: input('station# '), 'quit'):
            words = line.split()
            try:
                if words[:1] == ['plug'] and len(words) == 4:
                    guest.plug(*words[1:])
                elif words[:1] == ['unplug'] and len(words) == 2:
                    guest.unplug(words[1])
                elif words:
                    status, output = guest.call(line, 600)
                    print(output, end='' if output.endswith('\n') else '\n')
                    if status:
                        print(f'exit status {status}')
            except GuestError as e:
                print(e)


if __name__ == '__main__':
    if len(sys.argv) != 3 or sys.argv[1] != 'shell':
        sys.exit(f'usage: {sys.argv[0]} shell BUILD')
    try:
        shell(os.path.abspath(sys.argv[2]))
    except (EOFError, KeyboardInterrupt):
        pass
