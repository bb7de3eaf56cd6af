#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every event of daemon/event.h and every kind of alert of catalogue/alert_kind.h has one entry, with a subject and a text, in the
journal catalog of each language, and no catalog has others. Every alert that the sources raise or clear is of such a kind.

    check-catalog.py EVENT_HEADER KIND_HEADER CATALOG… [-- SOURCE…]

The language of a catalog is in its name: NAME.catalog, NAME.LANGUAGE.catalog. All of a language are taken together.
"""

import collections
import os
import re
import sys

# Fields an event may carry; anything else between @ and @ would stay empty.
FIELDS = {'RECDOCK_BAY', 'RECDOCK_RECORDER', 'RECDOCK_DOCKING', 'RECDOCK_ITEM', 'RECDOCK_FOOTAGE', 'RECDOCK_ALERT'}
# Those of alerts alone.
ALERT_FIELDS = FIELDS | {'RECDOCK_ALERT_' + name for name in ('ID', 'STATE', 'SEVERITY', 'SUBJECT', 'SINCE', 'COUNT')}
KIND = re.compile(r'X\("([a-z-]+)",\s*\w+,\s*"([0-9a-f]{32})",')
EVENT = re.compile(r'X\((\w+),\s*"([0-9a-f]{32})",')
# The kind in a call, and one that the source has a name for.
RAISED = re.compile(r'station_alert(?:_clear)?\([^,;()]+,\s*"([^"]*)"|(?:alert_kind|_device)\[\] = "([^"]*)"')


def declared(path, pattern):
    """(name, MESSAGE_ID) of each."""
    with open(path, encoding='utf-8') as f:
        found = pattern.findall(f.read())
    if not found:
        sys.exit(f'{path}: nothing is declared')
    return found


def twice(names):
    return [name for name, n in collections.Counter(names).items() if n > 1]


def entry_findings(path, entry, wanted):
    head, _, text = entry.partition('\n\n')
    message_id, *headers = head.splitlines()
    name = wanted.get(message_id)
    if not name:
        yield f'{path}: {message_id} is no event and no kind of alert'
    if not any(re.match(r'Subject: \S', h) for h in headers):
        yield f'{path}: {message_id} has no subject'
    if not text.strip():
        yield f'{path}: {message_id} has no text'
    allowed = ALERT_FIELDS if name and (name.islower() or name.startswith('ALERT_')) else FIELDS
    for field in set(re.findall(r'@(\w+)@', entry)) - allowed:
        yield f'{path}: {message_id} uses the field {field}, which it does not have'


def language_findings(language, paths, wanted):
    seen = []
    for path in paths:
        with open(path, encoding='utf-8') as f:
            _, *entries = re.split(r'^-- ', f.read(), flags=re.MULTILINE)
        seen += [entry.split('\n', 1)[0] for entry in entries]
        for entry in entries:
            yield from entry_findings(path, entry, wanted)
    for message_id in twice(seen):
        yield f'{language}: {message_id} has two entries'
    for message_id in wanted.keys() - set(seen):
        yield f'{language}: no entry for {wanted[message_id]} ({message_id})'


def source_findings(path, kinds):
    with open(path, encoding='utf-8') as f:
        found = {literal or name for literal, name in RAISED.findall(f.read())}
    for kind in found - kinds:
        yield f'{path}: the alert {kind} is of no kind that is declared'


def main():
    arguments = sys.argv[1:]
    end = arguments.index('--') if '--' in arguments else len(arguments)
    events, kinds = declared(arguments[0], EVENT), declared(arguments[1], KIND)
    wanted = {message_id: name for name, message_id in events + kinds}
    found = [f'the MESSAGE_ID {message_id} is given out twice' for message_id in twice([i for _, i in events + kinds])]
    languages = collections.defaultdict(list)
    for path in arguments[2:end]:
        languages['.'.join(os.path.basename(path).split('.')[1:-1]) or 'en'].append(path)
    if sorted(languages) != ['en', 'zh_CN']:
        found.append(f'catalogs of {sorted(languages)}, expected en and zh_CN')
    for language, paths in languages.items():
        found += language_findings(language, paths, wanted)
    for path in arguments[end + 1:]:
        found += source_findings(path, {name for name, _ in kinds})
    if found:
        sys.exit('\n'.join(found))


if __name__ == '__main__':
    main()
