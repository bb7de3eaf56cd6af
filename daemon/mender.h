/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The mender: footage whose file is lost or damaged is given a good copy that somebody has, and the store is
 * whole again. A thread reads the store's file once more, then copies and proves what was given; the loop
 * puts it in place.
 *
 * Always: the store's file is sound and stays, or it is kept below displaced/ and one with the footage's
 * digests has its name; and who asked for it is on record before a name is changed. What a crash cuts off
 * after that, the next start finishes.
 */

#include "daemon/station.h"

struct mender;

int mender_new(struct mender **ret, struct station *s);
/* Drops what is under way. Never waits long for a file system that hangs. */
void mender_free(struct mender *m);
/* Ends what is under way before it changes anything: the station stops, or its catalogue has no room. 'm'
 * may be NULL. */
void mender_drop(struct mender *m);

struct mend_request {
        int64_t footage;
        int fd;             /* a regular file, open for reading; stays the caller's */
        const char *source; /* what the actor calls it */
        const char *actor;
};

/* On the loop, once. 'error' NULL: the file is good now. */
struct mend_answer {
        const char *error;
        const char *found; /* what the store had: "missing", "mismatch", "unreadable"; "ok": it was left */
        const char *kept;  /* where that is now, below the store's root; NULL: there was nothing to keep */
};
typedef void mend_done_fn(void *userdata, const struct mend_answer *answer);

/* -EBUSY: one is under way; -ENOSPC: there is no room for the copy; -ENOENT: there is no such footage;
 * -ESHUTDOWN: the station stops or is paused. */
int mender_begin(struct mender *m, const struct mend_request *request, mend_done_fn *on_done,
                 void *userdata);

/* What a run before was cut off at is finished or forgotten. For recovery. */
int mender_recover(struct station *s);
