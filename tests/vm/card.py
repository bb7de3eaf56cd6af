# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recorder's memory card: real media under the names that recorders give, and what the station must make of each."""

import dataclasses
import datetime
import fcntl
import hashlib
import os
import shutil
import subprocess

SOURCE_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAKE_SAMPLES = os.path.join(SOURCE_ROOT, 'tests', 'media', 'make-samples')

ZONE = datetime.timezone(datetime.timedelta(hours=8))
# The instant that make-samples writes into its containers.
RECORDED = datetime.datetime(2026, 11, 1, 8, 0, 0, tzinfo=ZONE)
END = datetime.timedelta(seconds=4)  # of a recording, after its start

RECORDER = 'DSJ0001'
# Who the station knows: officer → unit. The recorder belongs to 3301 and is assigned to J121000.
UNITS = {'3301': '监督一科', '3302': '监督二科'}
OFFICERS = {'000001': '3302', 'J121000': '3301'}
ASSIGNED = 'J121000'


@dataclasses.dataclass
class File:
    source_path: str  # as the recorder lists it: the storage's name, then the path in it
    sha256: str
    size: int
    officer: str
    started_at: datetime.datetime


def samples(cache):
    """The folder of samples, made once for each version of what makes them."""
    with open(MAKE_SAMPLES, 'rb') as f:
        folder = os.path.join(cache, 'samples-' + hashlib.sha256(f.read()).hexdigest()[:16])
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, 'samples-lock'), 'w', encoding='ascii') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run two at once
        if not os.path.isdir(folder):
            scratch = folder + '.making'
            shutil.rmtree(scratch, ignore_errors=True)
            subprocess.run(['python3', MAKE_SAMPLES, scratch], check=True, stdout=subprocess.DEVNULL)
            os.rename(scratch, folder)
    return folder


def digest(path):
    with open(path, 'rb') as f:
        return hashlib.file_digest(f, 'sha256').hexdigest()


class Card:
    """Files of one card in 'folder', each recorded a minute after the one before. The folder's name is that of the storage, or of
    the disk's volume. On a disk the files have the times that its volume will hold; usb-mtp shows the host's in UTC, where a
    recorder would show local time."""

    def __init__(self, folder, cache, recorder=RECORDER, disk=False):
        self.folder, self.samples, self.recorder, self.disk = folder, samples(cache), recorder, disk
        self.files = []

    def _time(self):
        return RECORDED + datetime.timedelta(minutes=len(self.files))

    def _note(self, path, officer, started_at):
        name = os.path.join(self.folder, path)
        ended = (started_at + END + (datetime.timedelta() if self.disk else ZONE.utcoffset(None))).timestamp()
        os.utime(name, (ended, ended))
        source = os.path.join(os.path.basename(self.folder), path)
        self.files.append(File(source, digest(name), os.path.getsize(name), officer, started_at))
        return self.files[-1]

    def _place(self, sample, path):
        target = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copyfile(os.path.join(self.samples, sample), target)

    def add(self, sample, pattern, officer=ASSIGNED):
        """'pattern' is a strftime text of the path."""
        at = self._time()
        # A name of no pattern leaves the container's time to count.
        started = at if '%' in pattern else RECORDED
        path = at.strftime(pattern)
        self._place(sample, path)
        return self._note(path, officer, started)

    def add_dated(self, sample, path, officer=ASSIGNED, duration=0):
        """One that nothing but the time of the file dates: of its end, so many seconds after it began."""
        self._place(sample, path)
        file = self._note(path, officer, self._time())
        file.started_at += END - datetime.timedelta(seconds=duration)
        return file

    def add_large(self, mebibytes, pattern, officer=ASSIGNED):
        """A recording of at least so many MiB, by going round a short one."""
        at = self._time()
        path = at.strftime(pattern)
        sample = os.path.join(self.samples, 'h264-moov-last.mp4')
        rounds = mebibytes * (1 << 20) // os.path.getsize(sample) + 1
        target = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        subprocess.run(['ffmpeg', '-hide_banner', '-nostdin', '-loglevel', 'error', '-y', '-stream_loop', str(rounds),
                        '-i', sample, '-c', 'copy', '-movflags', '+faststart', target], check=True)
        return self._note(path, officer, at)


def fill_visit(card):
    """Ten files of one visit, among them those that only their volume dates."""
    for sample, suffix in (('h264-faststart.mp4', 'mp4'), ('h264.avi', 'AVI'), ('h264.ts', 'ts')):
        card.add(sample, f'DCIM/100/DCAM_CAM001_000001_%Y%m%d_%H%M%S.{suffix}', '000001')
        card.add(sample, f'现场执法/消防检查@%Y-%m-%d_%H-%M-%S.{suffix}')
    card.add('h264.mov', '现场执法/第二层/很长的文件名称用来检查长文件名是否完整保留下来/王伟.mov')
    card.add_dated('tone.wav', '录音/问询.wav', duration=2)
    card.add_dated('photo.jpg', '照片/门面.jpg')
    card.add('mjpeg.avi', '录像/J121000_%Y%m%d%H%M%S_0002.avi')


def fill_shift(card, large=128):
    """Forty files of a shift: containers, kinds of name, folders, Chinese names, and at last one of so many MiB."""
    for sample, suffix in (('h264-faststart.mp4', 'mp4'), ('h264-moov-last.mp4', 'MP4'),
                           ('h264-fragmented.mp4', 'mp4'), ('h264.mov', 'mov'), ('h264.avi', 'avi'),
                           ('mjpeg.avi', 'avi'), ('h264.ts', 'ts'), ('h265-faststart.mp4', 'mp4')):
        card.add(sample, f'DCIM/100/DCAM_CAM001_000001_%Y%m%d_%H%M%S.{suffix}', '000001')
        card.add(sample, f'DCIM/101/DSJ0001_J121000_%Y%m%d%H%M%S_0001.{suffix}')
        card.add(sample, f'DCIM/102/J121000_%Y%m%d%H%M%S_0002.{suffix}')
        card.add(sample, f'现场执法/消防检查@%Y-%m-%d_%H-%M-%S.{suffix}')
    card.add('tone.wav', '录音/AUD_%Y%m%d_%H%M%S.wav')
    card.add('silence.wav', '录音/AUD_%Y%m%d_%H%M%S.wav')
    card.add('photo.jpg', '照片/IMG_%Y%m%d_%H%M%S.jpg')
    card.add('photo.jpg', '照片/IMG_%Y%m%d_%H%M%S.JPG')
    # The same name in two folders, and names that say nothing.
    card.add('h264-faststart.mp4', '现场/王伟.mp4')
    card.add('h264-faststart.mp4', '现场二/王伟.mp4')
    card.add('h264.mov', '备份/复查 (1).mov')
    card.add_large(large, 'DCIM/103/DSJ0001_J121000_%Y%m%d%H%M%S_0040.mp4')
