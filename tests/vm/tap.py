# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test cases in order, reported as TAP. The cases of one file share a guest: booting costs more than most of them."""

import sys
import time
import traceback


class Skip(Exception):
    """Raised by a case that cannot run here; the text says why."""


class Failed(AssertionError):
    pass


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(found, expected, what):
    if found != expected:
        raise Failed(f'{what}: found {found!r}, expected {expected!r}')


def say(text):
    for line in str(text).rstrip().splitlines():
        print(f'# {line}', flush=True)


def skip_all(reason):
    print(f'1..0 # SKIP {reason}')


class Suite:
    def __init__(self):
        self.cases = []

    def case(self, description):
        def register(function):
            self.cases.append((description, function))
            return function
        return register

    def run(self, station, on_failure):
        """Runs every case, also after a failure: what a case stands on is checked by itself. Returns the exit status."""
        print(f'TAP version 13\n1..{len(self.cases)}', flush=True)
        failures = 0
        for number, (description, function) in enumerate(self.cases, 1):
            began = time.monotonic()
            try:
                function(station)
                result, note = 'ok', ''
            except Skip as e:
                result, note = 'ok', f' # SKIP {e}'
            except Exception as e:  # pylint: disable=broad-except
                failures += 1
                result, note = 'not ok', ''
                say(e if isinstance(e, Failed) else traceback.format_exc())
                on_failure()
            say(f'{time.monotonic() - began:.1f} s')
            print(f'{result} {number} - {description}{note}', flush=True)
        return 1 if failures else 0


def main_exit(status):
    sys.stdout.flush()
    sys.exit(status)
