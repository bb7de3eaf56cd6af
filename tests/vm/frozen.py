# SPDX-License-Identifier: LGPL-2.1-or-later
"""A station that was booted and furnished once, and is thawed for each test in the state it was frozen in: memory and disk.

Without KVM a boot takes a minute and an installation nearly as long; a thaw takes seconds. A frozen station belongs to an image, a
build of recdock and what these scripts do to it: when one of them changes, another is frozen. QEMU's migration to a file is what
it is made with; so the guest that is thawed must have the same devices, and nothing of the host may be mounted in it meanwhile.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

KEPT = 3  # of several builds, that share a cache
HERE = os.path.dirname(os.path.abspath(__file__))


def installed(build, archive):
    """Writes what 'meson install' of a build installs into a tar archive."""
    with tempfile.TemporaryDirectory() as tree:
        subprocess.run(['meson', 'install', '--quiet', '--no-rebuild', '-C', build, '--destdir', tree], check=True,
                       stdout=sys.stderr)
        subprocess.run(['tar', '--owner=0', '--group=0', '--sort=name', '--mtime=@0', '-C', tree, '-cf', archive, '.'], check=True)


def _key(image, build, cpu):
    """All that decides what is in a frozen station."""
    digest = hashlib.sha256(f'{image}\0{cpu}\0'.encode())
    digest.update(subprocess.run(['qemu-system-x86_64', '--version'], check=True, capture_output=True).stdout)
    with tempfile.NamedTemporaryFile() as archive:
        installed(build, archive.name)
        for path in (archive.name, *(os.path.join(HERE, name) for name in ('frozen.py', 'guest.py', 'station.py'))):
            with open(path, 'rb') as f:
                digest.update(hashlib.file_digest(f, 'sha256').digest())
    return 'station-' + digest.hexdigest()[:16]


def _forget_old(cache):
    paths = [os.path.join(cache, name) for name in os.listdir(cache) if name.startswith('station-')]
    for path in sorted(paths, key=os.path.getmtime)[:-KEPT]:
        shutil.rmtree(path)


def _freeze(guest, furnish, folder):
    """Boots the guest, lets 'furnish' make it what it shall be, and leaves its state and its age in the folder."""
    try:
        guest.start()
        furnish(guest)
        guest.run('systemctl stop mnt-host.mount')
        guest.freeze(os.path.join(folder, 'state'))
        os.rename(guest.overlay, os.path.join(folder, 'disk.qcow2'))
        with open(os.path.join(folder, 'age'), 'w', encoding='ascii') as f:
            f.write(str(time.monotonic() - guest.first_start))
    finally:
        guest.kill()


def frozen(cache, image, build, make_guest, furnish):
    """The folder of the frozen station of this build, which is made when it is not there: make_guest(FOLDER) and furnish(GUEST)
    give and furnish one."""
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, 'station-lock'), 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with tempfile.TemporaryDirectory(dir=cache, prefix='freezing-') as scratch:
            guest = make_guest(os.path.join(scratch, 'guest'))
            final = os.path.join(os.path.abspath(cache), _key(image, build, guest.cpu))
            if os.path.isdir(final):
                os.utime(final)
                return final
            folder = os.path.join(scratch, 'frozen')
            os.mkdir(folder)
            _freeze(guest, furnish, folder)
            os.rename(folder, final)
        _forget_old(cache)
    return final
