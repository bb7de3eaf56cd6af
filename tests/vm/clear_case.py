# SPDX-License-Identifier: LGPL-2.1-or-later
"""A station that clears disks, and what it is asked."""

import contextlib
import os
import subprocess
import tempfile

import card
from guest import GuestError
from station import DOCKING_ENDS, EVENTS, OFFLOAD_TIMEOUT, StationCase, is_event

QEMU_ID = ('46f4', '0001')
RECORDERS = ('FAT32', 'EXFAT', 'MANY')
PORT = '2-1'

CONFIGURATION = '''[Docking]
Release=clear
'''

# So that it can be met half way.
SLOWLY = '''d=/run/systemd/system/recdock-clear@.service.d
mkdir -p $d
printf '[Service]\\nCPUQuota=6%%\\n' >$d/slowly.conf
systemctl daemon-reload
'''
NO_MORE = '''rm /run/systemd/system/recdock-clear@.service.d/slowly.conf
systemctl daemon-reload
systemctl set-property --runtime $(systemctl list-units --plain --no-legend 'recdock-clear@*' | cut -d' ' -f1) CPUQuota=
'''

# Stops recdock-clear when it has removed a file, and says so.
STOP = r'''
helper() { grep -lx recdock-clear /proc/[0-9]*/comm 2>/dev/null | cut -d/ -f3; }
until pid=$(helper); [ "$pid" ]; do read -r -t 0.02 _ <> <(:); done
grep -m1 -q ', removed$' < <(journalctl -f -n 100 -o cat _PID=$pid)
kill -STOP $pid
echo $pid >/run/stopped
'''

# Has it wait until somebody writes to the second.
HOLD_BEFORE = r'''
d=/run/systemd/system/recdock-clear@.service.d
mkdir -p $d
mkfifo /run/arrived /run/go
printf '[Service]\nExecStartPre=+sh -c "echo >/run/arrived; read _ </run/go"\n' >$d/hold-before.conf
systemctl daemon-reload
'''

# Asks recdock-clear, as recdockd does, for one file of the only SCSI disk there is. Prints what it answers.
ASK = r'''
use strict; use Socket;
my ($port, $path, $size, $time) = @ARGV;
my ($node) = grep { -e } glob('/dev/sd?1'), glob('/dev/sd?');
my $name = $node =~ s{/dev/}{}r;
sub slurp { open my $f, '<:raw', $_[0] or die "$_[0]: $!"; local $/ = $_[1] ? \512 : undef; my $t = <$f>; $t =~ s/\n$// unless $_[1]; $t }
my $boot = slurp($node, 1);
my $serial = unpack 'V', substr($boot, substr($boot, 3, 5) eq 'EXFAT' ? 100 : 67, 4);
my $start = -e "/sys/class/block/$name/start" ? slurp("/sys/class/block/$name/start") : 0;
my $usb = "/sys/bus/usb/devices/$port";
socket(my $s, PF_UNIX, 5, 0) or die $!;
connect($s, pack_sockaddr_un('/run/recdock-clear')) or die "connect: $!";
sub tell_it { send($s, pack('II', $_[0], length $_[1]) . $_[1], 0) or die $! }
tell_it(1, pack('a64a128LLqLL', $port, slurp("$usb/serial"), slurp("$usb/devnum"), 0, $start * 512, $serial, 1));
my $m;
while (defined recv($s, $m, 8192, 0) && length $m) {
    my ($type, undef, @rest) = unpack 'IIl*', $m;
    if ($type == 64) { tell_it(2, pack('Qqa40a1024', 7, $size, $time, $path)); tell_it(3, '') }
    elsif ($type == 65) { print "outcome $rest[2]\n" }
    elsif ($type == 66) { print "finished $rest[0] removed $rest[2]\n"; last }
}
'''


class ClearCase(StationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.station.run(f"cat >/etc/recdock/recdock.conf.d/clear.conf <<'EOF'\n{CONFIGURATION}EOF\nsystemctl reload recdockd\n"
                        f"cat >/run/ask.pl <<'EOF'\n{ASK}EOF\n")
        for number, name in card.UNITS.items():
            cls.station.run(f"recdockctl unit add {number} '{name}'")
        for number in RECORDERS:
            cls.station.run(f'recdockctl recorder register {number} --usb-serial={number} --vendor-id={QEMU_ID[0]} '
                            f'--product-id={QEMU_ID[1]} --unit=3301')

    @classmethod
    def make_cards(cls, cache):
        cls.samples = card.samples(cache)

    def tearDown(self):
        """What follows is to have its bay, also after a failure."""
        with contextlib.suppress(GuestError):
            self.station.call('kill -KILL $(cat /run/stopped 2>/dev/null) 2>/dev/null; rm -f /run/stopped /run/arrived /run/go '
                              '/run/systemd/system/recdock-clear@.service.d/hold-before.conf; systemctl daemon-reload\n'
                              'systemctl stop "recdock-clear@*.service"')
            if 'disk' in self.station.disks:
                self.unplug()

    def failure_report(self):
        return super().failure_report() + self.station.call('journalctl --no-pager -n 40 -o short-precise -t recdock-clear -t systemd')[1].splitlines()

    def image(self, name, kind, files):
        """A card with these files: path → sample, or None for noise, and how much of it."""
        path = os.path.join(self.folder, name + '.img')
        with tempfile.TemporaryDirectory() as folder:
            for target, (sample, size) in files.items():
                target = os.path.join(folder, target)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(os.path.join(self.samples, sample) if sample else '/dev/urandom', 'rb') as f, open(target, 'wb') as to:
                    to.write(f.read(size))
                os.utime(target, (card.RECORDED.timestamp(),) * 2)
            subprocess.run([os.path.join(card.SOURCE_ROOT, 'tests/recsim/make-card'), path, folder, f'--fs={kind}',
                            '--zone=Asia/Shanghai'], check=True, stdout=subprocess.DEVNULL)
        return path

    def mixed(self, name, kind):
        """Three whole recordings, one that was cut off, and a file that is no recording."""
        return self.image(name, kind, {'DCIM/a.mp4': ('h264-faststart.mp4', -1), 'DCIM/现场/王伟 记录.ts': ('h264.ts', -1),
                                       'p.jpg': ('photo.jpg', -1), 'DCIM/cut.mp4': ('h264-moov-last.mp4', 20000),
                                       'notes.bin': (None, 5000)})

    def docked(self, path, serial):
        """Docks to the end; the disk is still plugged. Returns the docking's row."""
        events = self.station.events()
        self.station.plug_disk('disk', path, serial)
        self.end(events)
        return self.station.dockings()[-1]

    def end(self, events):
        end = events.wait(is_event(*DOCKING_ENDS), OFFLOAD_TIMEOUT)
        events.close()
        self.say(end['MESSAGE'])
        self.assertEqual(end['MESSAGE_ID'], EVENTS['DOCKING_RELEASED'])

    def unplug(self):
        self.station.unplug('disk')
        self.station.wait_until(f'[ ! -e /sys/bus/usb/devices/{PORT} ] && udevadm settle', 30)

    def flags(self):
        return self.station.run('cat /sys/class/block/sd*/ro').split()

    def driver(self):
        return self.station.run(f'basename $(realpath /sys/bus/usb/devices/{PORT}/{PORT}:1.0/driver)').strip()

    def mounts(self):
        return self.station.run('grep -hE "/dev/sd|vfat|exfat" /proc/*/mounts 2>/dev/null || :')

    def locked(self):
        node = 'printf /dev/bus/usb/%03d/%03d $(cat /sys/bus/usb/devices/{0}/busnum /sys/bus/usb/devices/{0}/devnum)'.format(PORT)
        return self.station.call(f'flock --nonblock $({node}) true')[0] != 0

    def wait_helpers_gone(self):
        self.station.wait_until('[ -z "$(systemctl list-units --all --no-legend "recdock-clear@*")" ]', 60)

    def check_left_alone(self):
        """The kernel has it again, read-only, and nothing is mounted."""
        self.station.wait_until('ls /sys/block | grep -q "^sd" && udevadm settle', 30)
        self.wait_helpers_gone()
        self.assertEqual((set(self.flags()), self.mounts(), self.driver()), ({'1'}, '', 'usb-storage'))
        self.assertEqual(self.station.run('ls /run | grep "^recdock-clear-" || :'), '')

    def flushes(self):
        """How often the disk was told to write what it holds in its cache."""
        return next(entry['stats']['flush_operations'] for entry in self.station.qmp.execute('query-blockstats')
                    if '/disk/' in entry.get('qdev', '') + '/')

    def ask(self, path, size, time):
        return self.station.run(f"perl /run/ask.pl {PORT} '{path}' {size} {time}")

    def open_alerts(self, kind):
        return self.station.json(f'recdockctl alert list --open=yes --kind={kind} --json')

    def removals(self, docking):
        """Item → outcome, and that each was asked for before it, once."""
        rows = [row for row in self.station.json('recdockctl ledger list --json --limit=5000')
                if row['act'] in ('item.removal-asked', 'item.removed-from-recorder') and row['detail']['docking'] == docking]
        rows.sort(key=lambda row: row['sequence'])
        open_ones, outcomes = set(), {}
        for row in rows:
            item = row['subject']
            if row['act'] == 'item.removal-asked':
                self.assertNotIn(item, open_ones)
                open_ones.add(item)
            else:
                open_ones.remove(item)
                outcomes[item] = row['detail']['outcome']
        self.assertEqual(open_ones, set(), 'asked for, and no result')
        return outcomes

    @staticmethod
    def offset(path):
        with open(path, 'rb') as f:
            f.seek(446 + 8)
            return int.from_bytes(f.read(4), 'little') * 512

    def mtools(self, program, path, *arguments, **more):
        return subprocess.run([program, '-i', f'{path}@@{self.offset(path)}', *arguments], check=True, text=True,
                              stdout=subprocess.PIPE, env=os.environ | {'MTOOLS_SKIP_CHECK': '1', 'TZ': 'Asia/Shanghai'}, **more).stdout

    def names(self, path):
        """What is on a FAT card that is out."""
        listing = self.mtools('mdir', path, '-/', '-b', '::')
        return sorted(line.rsplit('/', 1)[1] for line in listing.split('\n') if line and not line.endswith('/'))

    def check_volume(self, path, command):
        with tempfile.NamedTemporaryFile(dir=self.folder) as volume:
            subprocess.run(['dd', f'if={path}', f'of={volume.name}', 'bs=512', f'skip={self.offset(path) // 512}', 'conv=sparse',
                            'status=none'], check=True)
            result = subprocess.run([*command, volume.name], capture_output=True, text=True, check=False)
            self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def hold_helper(self, path, serial):
        """Docks, and has recdock-clear held before it begins. Returns the journal from the plug on."""
        self.station.run(HOLD_BEFORE)
        events = self.station.events()
        self.station.plug_disk('disk', path, serial)
        self.station.run('read _ </run/arrived', OFFLOAD_TIMEOUT)
        return events

    def let_helper_go(self):
        self.station.run('rm /run/systemd/system/recdock-clear@.service.d/hold-before.conf; systemctl daemon-reload\n'
                         'echo >/run/go; rm /run/arrived /run/go')

    def stop_helper(self, path, serial):
        """Docks, and has recdock-clear stopped when it has removed a file. Returns the journal from the plug on."""
        self.station.run('rm -f /run/stopped\n' + SLOWLY)
        self.station.run(f"cat >/run/stop.sh <<'EOF'\n{STOP}EOF\nsystemd-run --quiet --collect bash /run/stop.sh")
        events = self.station.events()
        self.station.plug_disk('disk', path, serial)
        self.station.wait_until('[ -s /run/stopped ]', OFFLOAD_TIMEOUT)
        self.station.run(NO_MORE)
        return events

    def signal_helper(self, name):
        self.station.run(f'kill -{name} $(cat /run/stopped)')
