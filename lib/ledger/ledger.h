/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The hash chain of the ledger: pure computation, no storage. The hash of an entry is SHA-256 over the
 * previous entry's hash and each field as "<decimal length>:<bytes>,", in the order of the structure, so
 * that no two different entries have one encoding.
 */

#include "base/clock.h"
#include "base/digest.h"

struct ledger_entry {
        int64_t sequence;  /* from 1, no holes */
        instant_t at;      /* encoded as decimal microseconds */
        const char *actor; /* "recdockd", or "uid=1000(name) pid=… exe" of the bus sender's credentials */
        const char *act;   /* "footage.filed", "recorder.registered", … */
        const char *subject; /* "footage/17", "recorder/1234567" */
        const char *detail;  /* JSON object, canonical as written */
};

/* Hash of 'entry' after 'previous' (32 zero bytes before the first). */
int ledger_hash(const uint8_t previous[DIGEST_SIZE], const struct ledger_entry *entry,
                uint8_t ret[DIGEST_SIZE]);
