#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds the guest's kernel, initrd and root file system, and keeps them.

The image holds Debian and what recdock needs at run time, never recdock itself: that is installed after boot (guest.py),
so a change of recdock does not cost a new image. The folder's name is a digest of everything that goes in, so that an
image is never built twice. The packages come from the mirrors that apt on this machine uses, asked at build time.

    vmimage.py build CACHE     prints the folder with vmlinuz, initrd.img and root.img
"""

import fcntl
import gzip
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

# Programs built on the host must run in the guest, so the guest is what the host is.
PACKAGES = {
    'bookworm': [
        'systemd', 'systemd-sysv', 'udev', 'dbus', 'kmod', 'polkitd', 'locales', 'tzdata', 'e2fsprogs', 'usbutils',
        # libraries recdock is linked with
        'libavformat59', 'libinih1', 'libjson-c5', 'libseccomp2', 'libsmartcols1', 'libsqlite3-0', 'libssl3',
        'libsystemd0', 'libudev1', 'libusb-1.0-0', 'libblkid1', 'libqrencode4', 'libutf8proc2', 'libburn4', 'libisofs6',
        # programs it starts, besides those of e2fsprogs
        'exfatprogs',
        # rivals for a recorder: their rules and mtp-probe are what ours must stand beside
        'libmtp-runtime', 'libgphoto2-6',
        # a burner: tgt is one, and the kernel reaches it by iSCSI
        'tgt', 'open-iscsi',
    ],
}

# Kernel folders (under /lib/modules/*/kernel) that a headless guest with USB gadgets can use; the rest is most of it.
MODULE_FOLDERS = [
    'arch', 'block', 'crypto', 'fs', 'lib', 'mm', 'net/9p', 'net/core', 'net/ipv6', 'net/packet',
    'drivers/ata', 'drivers/block', 'drivers/cdrom', 'drivers/char', 'drivers/net/net_failover.ko',
    'drivers/net/virtio_net.ko', 'drivers/scsi', 'drivers/usb', 'drivers/virtio',
]
# What the initrd must load to reach the root disk; what these depend on is looked up.
INITRD_MODULES = ['virtio_pci', 'virtio_blk', 'ext4', 'crc32c_generic']
ROOT_SIZE = '6G'  # sparse
EXEC_PORT = 515

INIT = '''#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done </modules/order
until [ -b /dev/vda ]; do :; done
mount -t ext4 /dev/vda /root || exec sh
umount /proc /sys
mount --move /dev /root/dev
exec switch_root /root /lib/systemd/systemd
'''

# Files of the guest that no package brings. One connection to the port runs one script: what comes back is its output,
# a NUL and its exit status.
FILES = {
    'etc/hostname': 'station\n',
    'etc/fstab': '/dev/vda / ext4 defaults 0 1\n',
    'etc/locale.gen': 'zh_CN.UTF-8 UTF-8\n',
    'etc/systemd/network/10-eth.network':
        '[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n',
    'etc/systemd/journald.conf.d/vm.conf': '[Journal]\nStorage=persistent\nRateLimitBurst=0\nSyncIntervalSec=5s\n',
    'etc/systemd/system/vm-exec.socket':
        f'[Socket]\nListenStream=0.0.0.0:{EXEC_PORT}\nFreeBind=yes\nAccept=yes\nMaxConnections=64\n'
        '[Install]\nWantedBy=sockets.target\n',
    'etc/systemd/system/vm-exec@.service':
        '[Unit]\nDescription=A command from the test\nCollectMode=inactive-or-failed\n'
        '[Service]\nExecStart=/usr/local/sbin/vm-exec\nStandardInput=socket\nStandardOutput=socket\n'
        'StandardError=journal\n',
    'usr/local/sbin/vm-exec':
        '#!/bin/bash\nscript=$(cat)\nbash -c "$script" </dev/null 2>&1\nprintf \'\\0%d\' $?\n',
    'etc/systemd/system/vm-ready.service':
        '[Unit]\nDescription=Tell the test that commands are taken\n'
        'After=multi-user.target systemd-networkd-wait-online.service\nWants=systemd-networkd-wait-online.service\n'
        '[Service]\nType=oneshot\nExecStart=/bin/sh -c "echo recdock-vm-ready >/dev/ttyS0"\n'
        '[Install]\nWantedBy=multi-user.target\n',
    'etc/systemd/system/mnt-host.mount':
        '[Unit]\nDescription=Folder shared with the host\n[Mount]\nWhat=host\nWhere=/mnt/host\nType=9p\n'
        'Options=trans=virtio,version=9p2000.L,msize=262144\n[Install]\nWantedBy=multi-user.target\n',
}
ENABLED = ['systemd-networkd.service', 'vm-exec.socket', 'vm-ready.service', 'mnt-host.mount']
MASKED = ['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'fstrim.timer', 'e2scrub_all.timer',
          'e2scrub_reap.service', 'systemd-timesyncd.service', 'getty@tty1.service', 'serial-getty@ttyS0.service',
          'tgt.service', 'iscsid.socket', 'iscsid.service', 'open-iscsi.service']


def codename():
    with open('/etc/os-release', encoding='utf-8') as f:
        return dict(line.rstrip().split('=', 1) for line in f if '=' in line).get('VERSION_CODENAME', '').strip('"')


def missing():
    """Why no image can be built here, or None."""
    for tool in ('mmdebstrap', 'qemu-system-x86_64', 'mkfs.ext4', 'dpkg-deb'):
        if not shutil.which(tool, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin'):
            return f'{tool} is not installed'
    if codename() not in PACKAGES:
        return f'the guest is known for {", ".join(PACKAGES)} only, and this is "{codename()}"'
    if os.geteuid() != 0:
        return 'building the image needs root (a cached one does not)'
    return None


def key(extra=()):
    digest = hashlib.sha256()
    with open(__file__, 'rb') as f:
        digest.update(f.read())
    digest.update(' '.join([codename(), *extra]).encode())
    return digest.hexdigest()[:16]


def sources():
    """apt's own mirrors as one-line sources."""
    out = run('apt-get', 'indextargets', '--format', '$(CODENAME) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages',
              stdout=subprocess.PIPE).stdout
    wanted = []
    for name, component, uri in (line.split() for line in out.splitlines() if len(line.split()) == 3):
        if name.split('-')[0] == codename() and component == 'main':
            wanted.append(f'deb {uri} {name} main')
    if not wanted:
        raise RuntimeError(f'apt has no package list of {codename()}: run apt-get update first')
    return list(dict.fromkeys(wanted))


def run(*argv, **kwargs):
    return subprocess.run(argv, check=True, text=True, **kwargs)


def chroot_run(root, *argv):
    env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'LC_ALL': 'C.UTF-8', 'DEBIAN_FRONTEND': 'noninteractive'}
    return run('chroot', root, *argv, env=env, stdout=subprocess.PIPE).stdout


def unpack_package(root, package, into):
    """Fetches a package with the guest's apt and unpacks it without its scripts: a kernel's would build an initrd."""
    os.makedirs(f'{root}/tmp/packages', exist_ok=True)
    chroot_run(root, 'sh', '-c', f'cd /tmp/packages && apt-get -qq -o APT::Sandbox::User=root download {package}')
    for name in os.listdir(f'{root}/tmp/packages'):
        run('dpkg-deb', '-x', f'{root}/tmp/packages/{name}', into)
    shutil.rmtree(f'{root}/tmp/packages')


def install_modules(root, kernel_tree):
    version = os.listdir(f'{kernel_tree}/lib/modules')[0]
    source, target = f'{kernel_tree}/lib/modules/{version}', f'{root}/lib/modules/{version}'
    for folder in MODULE_FOLDERS:
        path = f'{source}/kernel/{folder}'
        if os.path.isdir(path):
            shutil.copytree(path, f'{target}/kernel/{folder}')
        elif os.path.exists(path):
            os.makedirs(os.path.dirname(f'{target}/kernel/{folder}'), exist_ok=True)
            shutil.copy(path, f'{target}/kernel/{folder}')
    for name in os.listdir(source):
        if name.startswith('modules.'):
            shutil.copy(f'{source}/{name}', target)
    chroot_run(root, 'depmod', version)
    return version


def modules_in_order(root, version, names):
    """Paths under /lib/modules/VERSION, what is depended on first."""
    depends = {}
    with open(f'{root}/lib/modules/{version}/modules.dep', encoding='ascii') as f:
        for line in f:
            path, _, rest = line.partition(':')
            depends[path] = rest.split()
    by_name = {os.path.basename(path)[:-3]: path for path in depends}
    order = []

    def visit(path):
        for other in depends[path]:
            visit(other)
        if path not in order:
            order.append(path)

    for name in names:
        if name in by_name:  # else it is built into the kernel
            visit(by_name[name])
    return order


def cpio_entry(name, mode, data=b''):
    """One member of a 'newc' archive."""
    encoded = name.encode() + b'\0'
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
    head = b'070701' + b''.join(b'%08x' % f for f in fields) + encoded
    head += b'\0' * (-len(head) % 4)
    return head + data + b'\0' * (-len(data) % 4)


def make_initrd(root, version, busybox, out):
    order = modules_in_order(root, version, INITRD_MODULES)
    parts = [cpio_entry(folder, 0o40755) for folder in ('bin', 'dev', 'proc', 'sys', 'root', 'modules')]
    with open(busybox, 'rb') as f:
        parts.append(cpio_entry('bin/busybox', 0o100755, f.read()))
    for applet in ('sh', 'mount', 'umount', 'insmod', 'switch_root'):
        parts.append(cpio_entry(f'bin/{applet}', 0o120777, b'busybox'))
    for path in order:
        with open(f'{root}/lib/modules/{version}/{path}', 'rb') as f:
            parts.append(cpio_entry(f'modules/{os.path.basename(path)}', 0o100644, f.read()))
    parts.append(cpio_entry('modules/order', 0o100644, ''.join(os.path.basename(p) + '\n' for p in order).encode()))
    parts.append(cpio_entry('init', 0o100755, INIT.encode()))
    parts.append(cpio_entry('TRAILER!!!', 0))
    with gzip.open(out, 'wb', 1) as f:
        f.write(b''.join(parts))


def configure(root):
    for name, text in FILES.items():
        path = f'{root}/{name}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        os.chmod(path, 0o755 if '/sbin/' in path else 0o644)
    os.makedirs(f'{root}/mnt/host', exist_ok=True)
    os.makedirs(f'{root}/var/log/journal', exist_ok=True)
    chroot_run(root, 'locale-gen')
    chroot_run(root, 'systemctl', 'enable', *ENABLED)
    chroot_run(root, 'systemctl', 'mask', *MASKED)
    chroot_run(root, 'passwd', '-d', 'root')
    for name in ('usr/share/info', 'usr/share/i18n', 'var/cache/apt/archives', 'var/lib/apt/lists'):
        shutil.rmtree(f'{root}/{name}', ignore_errors=True)


def finish(root, out):
    """mmdebstrap's customise hook: the tree is whole, apt in it still works."""
    with tempfile.TemporaryDirectory(dir=out) as scratch:
        depends = chroot_run(root, 'apt-cache', 'depends', 'linux-image-amd64')
        kernel = next(line.split()[1] for line in depends.splitlines() if 'Depends:' in line)
        unpack_package(root, kernel, f'{scratch}/kernel')
        unpack_package(root, 'busybox-static', f'{scratch}/busybox')
        version = install_modules(root, f'{scratch}/kernel')
        make_initrd(root, version, f'{scratch}/busybox/bin/busybox', f'{out}/initrd.img')
        shutil.copy(f'{scratch}/kernel/boot/vmlinuz-{version}', f'{out}/vmlinuz')
    configure(root)
    # The verity feature lets recdockd switch fs-verity on, file by file. The bind mount leaves out what is mounted in the
    # tree, such as /proc.
    os.mkdir(f'{out}/tree')
    run('unshare', '--mount', 'sh', '-ec', 'mount --bind "$1" "$2/tree"; exec mkfs.ext4 -q -F -O verity '
        '-E lazy_itable_init=1,lazy_journal_init=1 -L station -d "$2/tree" "$2/root.img" "$3"', 'sh', root, out, ROOT_SIZE)
    os.rmdir(f'{out}/tree')


def build(cache, extra=()):
    """Returns the folder of the image with these packages more, building it when it is not there."""
    os.makedirs(cache, exist_ok=True)
    final = os.path.join(os.path.abspath(cache), key(extra))
    with open(os.path.join(cache, 'lock'), 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.isdir(final):
            return final
        reason = missing()
        if reason:
            raise RuntimeError(reason)
        with tempfile.TemporaryDirectory(dir=cache, prefix='building-') as scratch:
            os.chmod(scratch, 0o755)
            out = f'{scratch}/image'
            os.mkdir(out)
            run('mmdebstrap', '--quiet', '--variant=minbase', '--format=null', '--skip=cleanup/apt',
                '--dpkgopt=path-exclude=/usr/share/doc/*', '--dpkgopt=path-exclude=/usr/share/man/*',
                '--dpkgopt=path-exclude=/usr/share/locale/*',
                '--dpkgopt=path-include=/usr/share/locale/locale.alias',
                '--aptopt=Apt::Install-Recommends "false"', '--include=' + ','.join([*PACKAGES[codename()], *extra]),
                f'--customize-hook={os.path.abspath(__file__)} finish "$1" {out}',
                codename(), '/dev/null', *sources(), stdout=sys.stderr)
            os.rename(out, final)
    return final


def main():
    if len(sys.argv) == 3 and sys.argv[1] == 'build':
        print(build(sys.argv[2]))
    elif len(sys.argv) == 4 and sys.argv[1] == 'finish':
        finish(sys.argv[2], sys.argv[3])
    else:
        sys.exit(f'usage: {sys.argv[0]} build CACHE')


if __name__ == '__main__':
    main()
