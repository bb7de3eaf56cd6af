#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every event of daemon/event.h has one entry, with a subject and a text, in each journal catalog, and no catalog has others.

    check-catalog.py EVENT_HEADER CATALOG…
"""

import re
import sys

# Fields an event may carry; anything else between @ and @ would stay empty.
FIELDS = {'RECDOCK_BAY', 'RECDOCK_RECORDER', 'RECDOCK_DOCKING', 'RECDOCK_ITEM', 'RECDOCK_FOOTAGE', 'RECDOCK_ALERT'}


def events(path):
    """MESSAGE_ID → name."""
    with open(path, encoding='utf-8') as f:
        return {m[2]: m[1] for m in re.finditer(r'X\((\w+),\s*"([0-9a-f]{32})",', f.read())}


def findings(path, wanted):
    with open(path, encoding='utf-8') as f:
        _, *entries = re.split(r'^-- ', f.read(), flags=re.MULTILINE)
    seen = set()
    for entry in entries:
        head, _, text = entry.partition('\n\n')
        message_id, *headers = head.splitlines()
        if message_id not in wanted:
            yield f'{path}: {message_id} is no event'
        if message_id in seen:
            yield f'{path}: {message_id} has two entries'
        seen.add(message_id)
        if not any(re.match(r'Subject: \S', h) for h in headers):
            yield f'{path}: {message_id} has no subject'
        if not text.strip():
            yield f'{path}: {message_id} has no text'
        for field in set(re.findall(r'@(\w+)@', entry)) - FIELDS:
            yield f'{path}: {message_id} uses the field {field}, which no event has'
    for message_id in wanted.keys() - seen:
        yield f'{path}: no entry for {wanted[message_id]} ({message_id})'


def main():
    wanted = events(sys.argv[1])
    if not wanted:
        sys.exit(f'{sys.argv[1]}: no events found')
    found = [text for path in sys.argv[2:] for text in findings(path, wanted)]
    if found:
        sys.exit('\n'.join(found))


if __name__ == '__main__':
    main()
