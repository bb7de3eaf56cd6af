# SPDX-License-Identifier: LGPL-2.1-or-later
"""A drive that writes DVD+R, in the guest: Debian's tgt, reached by the kernel over iSCSI. So it is the kernel's /dev/sr0, of which udev
knows what is in it, and which takes SG_IO as any drive does; discs are files."""

FOLDER = '/run/burner'
UNIT = 'tgtadm --lld iscsi --mode logicalunit --tid 1 --lun 1'
# Between the kernel and tgt: RESERVE TRACK (53h), which any drive has and this tgt has not, becomes TEST UNIT READY. A PDU of iSCSI is
# a header of 48 bytes, with the command in it, more headers and data (RFC 7143, 11.2).
PROXY = r'''
use strict;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

sub take {
    my ($from, $n) = @_;
    my $data = '';
    while (length $data < $n) {
        read($from, $data, $n - length $data, length $data) or exit;
    }
    return $data;
}

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1:3260', Listen => 1, ReuseAddr => 1) or die;
while (my $initiator = $listener->accept) {
    next if fork;
    my $target = IO::Socket::INET->new(PeerAddr => '127.0.0.1:3261') or die;
    setsockopt($_, IPPROTO_TCP, TCP_NODELAY, 1) for $initiator, $target;
    if (!fork) {
        print $initiator $_ while sysread($target, $_, 1 << 16);
        exit;
    }
    for (;;) {
        my $head = take($initiator, 48);
        my ($code, $more, $high, $low) = unpack('Cx3CCn', $head);
        my $rest = take($initiator, 4 * $more + (($high << 16 | $low) + 3 & ~3));
        substr($head, 32, 16) = "\0" x 16 if ($code & 0x3f) == 1 && ord(substr($head, 32)) == 0x53;
        print $target $head . $rest;
    }
}
'''
SERVE = f'''set -e
modprobe -a sr_mod isofs iscsi_tcp
mkdir -p {FOLDER}
cat >{FOLDER}/proxy.pl <<'EOF'
{PROXY}
EOF
systemd-run --quiet --unit=burner tgtd -f --iscsi portal=127.0.0.1:3261
systemd-run --quiet --unit=burner-proxy perl {FOLDER}/proxy.pl
until tgtadm --lld iscsi --op show --mode sys >/dev/null 2>&1; do systemctl --quiet is-active burner; done
tgtadm --lld iscsi --mode target --op new --tid 1 --targetname iqn.2026-11.test.recdock:drive
{UNIT} --op new --device-type cd
tgtadm --lld iscsi --mode target --op bind --tid 1 -I ALL
until ( : 3<>/dev/tcp/127.0.0.1/3260 ) 2>/dev/null; do systemctl --quiet is-active burner-proxy; done
iscsistart -i iqn.2026-11.test.recdock:station -t iqn.2026-11.test.recdock:drive -g 1 -a 127.0.0.1 -p 3260
until [ -b /dev/sr0 ]; do read -r -t 0.02 _ <> <(:); done
udevadm settle
'''
# The kernel asks this drive for news only when it is opened: it has no GET EVENT STATUS NOTIFICATION. What udev hears is the kernel's.
# udev holds the tray of a drive with a disc in it until it hears that the button was pressed; tgt has none.
NOTICE = ': 2>/dev/null </dev/sr0; udevadm settle; /lib/udev/cdrom_id --unlock-media /dev/sr0 >/dev/null'


class Burner:
    """Empty at first. Taken out, a disc of tgt's still shows in what udev asks for: nobody sees the drive empty again."""

    def __init__(self, guest):
        self.guest = guest
        guest.run(SERVE)

    def insert(self, disc):
        """Puts a disc into the drive in place of the one that is there."""
        self.guest.run(f'{{ {NOTICE}; }}; {UNIT} --op update --params online=No; {{ {NOTICE}; }}; '
                       f'{UNIT} --op update --params path={disc} && {{ {NOTICE}; }}')

    def insert_blank(self, name):
        """The disc's path in the guest."""
        disc = f'{FOLDER}/{name}'
        self.guest.run(f'tgtimg --op new --device-type cd --type dvd+r --file {disc}')
        self.insert(disc)
        return disc

    def medium(self):
        """What udev knows of the disc: the state that it is in, None without one."""
        text = self.guest.run('udevadm info --query=property /dev/sr0')
        values = dict(line.split('=', 1) for line in text.splitlines() if '=' in line)
        return values.get('ID_CDROM_MEDIA_STATE', 'unknown') if 'ID_CDROM_MEDIA' in values else None
