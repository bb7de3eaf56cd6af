#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Between recdockd and a recdock-archive, and says one thing that is not so: archive_liar.py LIE FILE PROGRAM. What recdockd answers to a
question of its own goes into FILE. Numbers and structures are those of daemon/archive/archive_messages.h."""

import array
import errno
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys

WANT, RESULT, ENDED, BEGIN, SOURCE = 2, 4, 5, 64, 66
DIFFERS = 1
SEAL = 104  # in struct archive_ended


def receive(s):
    data, ancillary, _, _ = s.recvmsg(8192, socket.CMSG_SPACE(4))
    fds = array.array("i")
    for _, kind, payload in ancillary:
        if kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[:4])
    return data, list(fds)


def send(s, data, fds=()):
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
    for fd in fds:
        os.close(fd)


def message(kind, payload):
    return struct.pack("=II", kind, len(payload)) + payload


def result(footage, what, path):
    return message(RESULT, struct.pack("=qII1024s", footage, what, 0, path))


class Liar:
    def __init__(self, lie, path):
        self.lie, self.path, self.done, self.asked, self.stays = lie, path, False, None, False

    def of_worker(self, data):
        """What recdockd hears instead: packets."""
        kind, _ = struct.unpack_from("=II", data)
        if self.done or kind not in (RESULT, ENDED):
            return [data]
        if kind == RESULT:
            footage, what, _ = struct.unpack_from("=qII", data, 8)
            if self.lie == "omits-one":
                self.done = True
                return []
            if self.lie == "says-it-differs":
                self.done = True
                return [result(footage, DIFFERS, data[24:])]
            return [data]
        self.done = True
        if self.lie == "without-seal":
            return [data[:8 + SEAL] + bytes(32) + data[8 + SEAL + 32:]]
        if self.lie.startswith("ends-as="):
            return [data[:8] + struct.pack("=ii", int(self.lie[8:]), -errno.ENOSPC) + data[16:]]
        if self.lie == "own-file-differs":
            return [result(0, DIFFERS, b"index.html"), data]
        if self.lie == "tells-of-another":
            return [result(2, 0, b"data/C1/x"), data]
        if self.lie == "tells-of-another-and-stays":
            self.stays = True
            return [result(2, 0, b"data/C1/x")]
        if self.lie == "wants-another":
            self.asked = data
            return [message(WANT, struct.pack("=q", 2))]
        return [data]

    def of_recdockd(self, data, fds):
        """False: it is for us. The worker's last word follows then."""
        kind, _ = struct.unpack_from("=II", data)
        if self.lie == "dies-when-it-is-to-write" and kind == BEGIN and struct.unpack_from("=I", data, 8)[0] == 0:
            sys.exit(1)  # its worker sees that, and ends as well
        if self.asked is None or kind != SOURCE:
            return True
        footage, error = struct.unpack_from("=qi", data, 8)
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(f"{footage} {error} {len(fds)}")
        return False


def main():
    lie, path, program = sys.argv[1:]
    above = socket.socket(fileno=3)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs_fd = theirs.detach()
    worker = subprocess.Popen([program], pass_fds=[3], preexec_fn=lambda: os.dup2(theirs_fd, 3))
    os.close(theirs_fd)
    liar = Liar(lie, path)
    with selectors.DefaultSelector() as wait:
        wait.register(above, selectors.EVENT_READ)
        wait.register(ours, selectors.EVENT_READ)
        while True:
            for key, _ in wait.select():
                data, fds = receive(key.fileobj)
                if key.fileobj is above:
                    if not data:
                        worker.kill()
                        return 1
                    if liar.of_recdockd(data, fds):
                        send(ours, data, fds)
                    else:
                        send(above, liar.asked)
                elif data:
                    for packet in liar.of_worker(data):
                        send(above, packet)
                    while liar.stays:
                        signal.pause()
                else:
                    if liar.asked is not None:
                        wait.unregister(ours)
                        if os.path.exists(path):
                            return worker.wait()
                        continue
                    return worker.wait()


if __name__ == "__main__":
    sys.exit(main())
