#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Lets children of recdock-inspect crash, hang, eat memory, lie and try to get out; holds the service to its protocol.

    check-sandbox.py INSPECT SAMPLES

Prints TAP. The misdeeds need a build with -Dinjection=true (RECDOCK_INJECTION=1 in the environment) and are skipped
without.
"""

import hashlib
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile

VICTIM = "h264.ts"
BYSTANDER = "tone.wav"

# What a child does -> the reasons its file may be given. A killed call shows as a crash, a denied one as "refused".
MISDEEDS = {
    "crash": {"crashed"}, "hang": {"timed-out"}, "memory": {"out-of-memory"}, "garbage": {"crashed"},
    # No processor time is used: only the clock on the wall can tell.
    "wait": {"timed-out"},
    # A complete result that is followed by more, or by a failure, is not believed.
    "excess": {"crashed"}, "failure": {"crashed"},
    # Of all descriptors the file is the only one that can be read.
    "descriptors": {"refused"},
    # Sorting much is lawful: its one call is denied without dying.
    "sort": {"refused"},
    "open": {"refused", "crashed"}, "socket": {"crashed"}, "exec": {"crashed"}, "fork": {"crashed"}, "jit": {"crashed"},
}

READY, RESULT, REQUEST = 1, 2, 64
READY_FORMAT = "<iIII"
REQUEST_FORMAT = "<QIIq256s"
RESULT_HEAD_FORMAT = "<QiIIIq"
VERDICT_COMPLETE, VERDICT_UNREADABLE = 1, 5


class Tap:
    def __init__(self):
        self.count = self.failures = 0

    def check(self, good, title, detail=""):
        self.count += 1
        self.failures += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {title}")
        if not good:
            print(f"# {detail}")

    def skip(self, title, why):
        self.count += 1
        print(f"ok {self.count} - {title} # SKIP {why}")

    def end(self):
        print(f"1..{self.count}")
        sys.exit(1 if self.failures else 0)


def check_files(program, files, misdeed=None, options=()):
    environment = dict(os.environ)
    if misdeed:
        environment["RECDOCK_INSPECT_INJECT"] = f"{misdeed}:{VICTIM}"
    done = subprocess.run([program, "--check", "--json", *options, *files], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, env=environment, check=False)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_misdeeds(tap, program, samples):
    files = [os.path.join(samples, VICTIM), os.path.join(samples, BYSTANDER)]
    for misdeed, lawful in MISDEEDS.items():
        title = f"misdeed '{misdeed}' is contained, the next file is checked"
        if os.environ.get("RECDOCK_INJECTION") != "1":
            tap.skip(title, "built without injection")
            continue
        if misdeed == "memory" and os.environ.get("RECDOCK_SANITIZED") == "1":
            tap.skip(title, "the address sanitizer takes no memory limit")
            continue
        _, results, errors = check_files(program, files, misdeed, ["--timeout=1" if misdeed in ("hang", "wait") else "--timeout=60"])
        good = (len(results) == 2 and results[0].get("reasons") in lawful and "sha256" not in results[0]
                and results[1].get("verdict") == "complete")
        tap.check(good, title, f"{results} {errors}")


class Service:
    """recdock-inspect as recdockd starts it: a message socket as descriptor 3."""

    def __init__(self, program, misdeed=None, parallel=2):
        self.socket, child = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        environment = dict(os.environ)
        if misdeed:
            environment["RECDOCK_INSPECT_INJECT"] = misdeed
        saved = child.fileno()

        def arrange():
            os.dup2(saved, 3)

        self.process = subprocess.Popen([program, f"--parallel={parallel}"], preexec_fn=arrange, close_fds=True,
                                        pass_fds=(3, saved) if saved != 3 else (3,), env=environment)
        child.close()

    def receive(self):
        data = self.socket.recv(65536)
        kind, size = struct.unpack_from("<II", data)
        assert size == len(data) - 8, "a packet whose size is not its own"
        return kind, data[8:]

    def request(self, job, path, flags=0, timeout=2):
        fd = os.open(path, os.O_RDONLY)
        name = os.path.basename(path).encode()
        payload = struct.pack(REQUEST_FORMAT, job, flags, timeout, os.fstat(fd).st_size, name)
        socket.send_fds(self.socket, [struct.pack("<II", REQUEST, len(payload)) + payload], [fd])
        os.close(fd)

    def result(self):
        kind, payload = self.receive()
        assert kind == RESULT, f"a message of type {kind}"
        job, error, verdict, _kind, digested, size = struct.unpack_from(RESULT_HEAD_FORMAT, payload)
        return {"job": job, "error": error, "verdict": verdict, "digested": digested, "size": size}

    def close(self):
        self.socket.close()
        return self.process.wait(timeout=60)


def test_service(tap, program, samples):
    service = Service(program)
    kind, payload = service.receive()
    _abi, seccomp, children, _ = struct.unpack(READY_FORMAT, payload)
    tap.check(kind == READY and seccomp == 1 and children == 2, "READY comes first, locked in", f"{kind} {payload}")
    path = os.path.join(samples, BYSTANDER)
    # More than the service holds at a time: the rest waits in the socket.
    for job in range(100, 140):
        service.request(job, path, timeout=0)
    results = sorted((service.result() for _ in range(40)), key=lambda r: r["job"])
    good = [r["job"] for r in results] == list(range(100, 140)) and all(
        r["verdict"] == VERDICT_COMPLETE and r["digested"] == 1 and r["size"] == os.path.getsize(path) for r in results)
    tap.check(good, "40 requests at once get 40 results", str(results))
    tap.check(service.close() == 0, "the service ends when recdockd closes the socket")


def test_thread(tap, program):
    """A large file's digest has a thread of its own, which has to be made and to end inside both locks."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as large:
        large.write(os.urandom(9 << 20) + b"odd")
        large.flush()
        _, results, errors = check_files(program, [large.name])
        with open(large.name, "rb") as f:
            expected = hashlib.sha256(f.read()).hexdigest()
        tap.check(results[0].get("sha256") == expected, "a large file has its digest", f"{results} {errors}")
        service = Service(program)
        service.receive()
        service.request(1, large.name, timeout=60)
        result = service.result()
        tap.check(result["error"] == 0 and result["digested"] == 1, "and has it in the service", str(result))
        service.close()


def test_service_survives(tap, program, samples):
    if os.environ.get("RECDOCK_INJECTION") != "1":
        tap.skip("the service goes on after a crash", "built without injection")
        return
    service = Service(program, misdeed=f"crash:{VICTIM}")
    service.receive()
    service.request(1, os.path.join(samples, VICTIM))
    first = service.result()
    service.request(2, os.path.join(samples, BYSTANDER))
    second = service.result()
    good = (first["verdict"], first["digested"], second["verdict"]) == (VERDICT_UNREADABLE, 0, VERDICT_COMPLETE)
    tap.check(good, "the service goes on after a crash", f"{first} {second}")
    service.request(3, os.path.join(samples, VICTIM), flags=2)
    third = service.result()
    tap.check(third["verdict"] == 0 and third["error"] < 0, "a digest alone that crashes is an error, not a verdict",
              str(third))
    service.close()


def test_protocol(tap, program):
    service = Service(program)
    service.receive()
    service.socket.send(struct.pack("<II", REQUEST, 4) + b"abcd")
    tap.check(service.process.wait(timeout=60) == 1, "a malformed request ends the service")
    service.socket.close()


def test_usage(tap, program, samples):
    _, results, _ = check_files(program, [os.path.join(samples, BYSTANDER)], options=["--sync", "--sm3"])
    tap.check("sm3" in results[0] and "sha256" in results[0], "--sync --sm3 gives both digests", str(results))
    for arguments, word in ((["--check"], "at least one file"), (["--parallel=0"], "from 1 to 16"),
                            (["--check", "--timeout=soon", "x"], "'soon'"), (["stray"], "'stray'"),
                            (["--log=moon", "--check", "x"], "'moon'")):
        done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        tap.check(done.returncode == 2 and word in done.stderr and done.stdout == "", f"refuses {' '.join(arguments)}",
                  f"{done.returncode} {done.stderr}")
    status, results, _ = check_files(program, [os.path.join(samples, "missing.mp4"), os.path.join(samples, BYSTANDER)])
    tap.check(status == 2 and "error" in results[0] and results[1]["verdict"] == "complete",
              "a file that is not there is named, the others are checked", str(results))


def main():
    program, samples = sys.argv[1:]
    tap = Tap()
    test_misdeeds(tap, program, samples)
    test_service(tap, program, samples)
    test_thread(tap, program)
    test_service_survives(tap, program, samples)
    test_protocol(tap, program)
    test_usage(tap, program, samples)
    tap.end()


if __name__ == "__main__":
    main()
