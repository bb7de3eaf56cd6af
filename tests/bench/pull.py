#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
recdock-offload driven as recdockd drives it: lists one recorder and pulls all it holds into a folder, digests included.

    pull.py PROGRAM NODE TARGET     prints its figures as one JSON object

Stands alone, so that it can be taken into a guest.
"""

import array
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time

# lib/recorder/offload_messages.h
IDENTITY, ITEM, LISTED, FETCHED, FAILED, LIST, FETCH, CLOSE = 2, 3, 4, 7, 11, 64, 65, 69
FETCH_FORMAT = "=QIIqqI32sI"
FETCHED_FORMAT = "=QiiqqB"
FIGURES_FORMAT, FIGURES_OFFSET = "=IIII", 104
FETCHES_AHEAD = 4


class WorkerFailed(RuntimeError):
    pass


class Worker:
    def __init__(self, program, node):
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.posix_spawn(program, [program, "--node", node], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)])
        theirs.close()

    def send(self, kind, payload=b"", fd=None):
        fds = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.socket.sendmsg([struct.pack("=II", kind, len(payload)) + payload], fds)

    def receive(self):
        data = self.socket.recv(8192)
        if not data:
            raise WorkerFailed(f"recdock-offload has ended with status {self.wait()}")
        kind, size = struct.unpack_from("=II", data)
        if kind == FAILED:
            raise WorkerFailed(f"recdock-offload failed: {data[16:].rstrip(bytes(1)).decode(errors='replace')}")
        return kind, data[8 : 8 + size]

    def list(self):
        """[(index, size)] of what the recorder holds."""
        items = []
        while True:
            kind, payload = self.receive()
            if kind == IDENTITY:
                self.send(LIST)
            elif kind == ITEM:
                index, _, size = struct.unpack_from("=IIq", payload)
                items.append((index, size))
            elif kind == LISTED:
                return items

    def fetch(self, number, item, target):
        """Sends the FETCH; returns the part's descriptor."""
        index, size = item
        fd = os.open(os.path.join(target, f"{number}.part"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self.send(FETCH, struct.pack(FETCH_FORMAT, number, index, 0, 0, size, 0, b"\0" * 32, 0), fd)
        return fd

    def fetched(self):
        """(number, bulk transfers, bytes of one, in flight) of the next item that is whole."""
        while True:
            kind, payload = self.receive()
            if kind != FETCHED:
                continue
            number, outcome = struct.unpack_from(FETCHED_FORMAT, payload)[:2]
            if outcome != 0:
                raise WorkerFailed(f"item {number}: outcome {outcome}")
            transfers, size, depth, _ = struct.unpack_from(FIGURES_FORMAT, payload, FIGURES_OFFSET)
            return number, transfers, size, depth

    def close(self):
        self.send(CLOSE)
        self.wait()

    def wait(self):
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def pull(program, node, target):
    """From the first command to the last byte synced. The program is in memory, as on a station."""
    subprocess.run([program, "--version"], stdout=subprocess.DEVNULL, check=True)
    cpu, started = cpu_seconds(), time.monotonic()
    worker = Worker(program, node)
    items = worker.list()
    waiting, files = list(enumerate(items)), {}
    figures = {"transfers": 0, "transfer_size": 0, "depth": 0}
    for _ in items:
        while waiting and len(files) < FETCHES_AHEAD:
            number, item = waiting.pop(0)
            files[number] = worker.fetch(number, item, target)
        number, transfers, size, depth = worker.fetched()
        os.close(files.pop(number))
        figures["transfers"] += transfers
        figures.update(transfer_size=size, depth=depth)
    os.sync()
    figures["seconds"] = time.monotonic() - started
    worker.close()
    figures["cpu"] = cpu_seconds() - cpu
    figures["files"] = len(items)
    return figures


if __name__ == "__main__":
    print(json.dumps(pull(*sys.argv[1:])))
