/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From a pulled part to footage: proved (read back from the disk, digests compared, container checked),
 * settled (whose and when), filed (intent, link, sync, commit). Works on items by number and does not care
 * whether their recorder is still docked, so that recovery at start goes the same way. What is proved is
 * filed in batches when the loop is otherwise idle: each folder and each transaction is synced once per
 * batch. What is imported and is footage of its recorder already, by its digest, is not filed a second time.
 */

#include "media/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct station;
struct filing;

enum filing_outcome {
        FILING_FILED,
        FILING_HELD, /* it is footage already, byte for byte, 'footage' says which: an item that could not be
                        told from one that was filed, or an import of what its recorder brought before */
        FILING_MISMATCH, /* what is on the disk is not what the recorder sent: the part is gone, pull it
                            again */
        FILING_FAILED, /* this host failed; the part is kept and proved again at the next docking or start */
        FILING_INTERRUPTED, /* the station stops or pauses; the part is kept and proved when it goes on */
};

struct filing_result {
        enum filing_outcome outcome;
        int64_t docking; /* that pulled it */
        int64_t footage;
        int64_t size;
        int64_t late_us;
        int64_t unreadable; /* bytes that the medium did not give */
        enum media_verdict verdict;
        const char *error; /* FILING_FAILED, FILING_MISMATCH */
};

int filing_new(struct filing **ret, struct station *s);
void filing_free(struct filing *f);

/* Seals nothing more. Returns false while a file is being sealed all the same; its end tells the station. */
bool filing_stop(struct filing *f);
/* Forgets what is under way without a word to anybody: catalogue and store know how far it is. The inspector
 * has been freed. What is being sealed goes on. */
void filing_drop(struct filing *f);

/* Takes an item in state ITEM_PULLED. The docking that pulled it, and one that lists it meanwhile, hear of
 * the result by docking_on_filed(). */
int filing_submit(struct filing *f, int64_t item);
/* What becomes of the part of committed footage: it goes once the footage is sealed, and at once where
 * nothing is sealed. 'path' is NULL when the part is no file of footage: its bytes were filed before. */
void filing_part_done(struct filing *f, int64_t docking, int64_t item, const char *path);
/* Whether the item is on its way. One that is ITEM_PULLED and is not was given up by this host
 * (FILING_FAILED). */
bool filing_has(const struct filing *f, int64_t item);
/* Items on their way. */
size_t filing_pending(const struct filing *f);
